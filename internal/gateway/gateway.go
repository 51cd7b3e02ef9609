// Package gateway is the only place where a tool call happens: a known caller's tool and arguments become a checked call, the
// intent of a write is recorded, the request sent, and the outcome recorded. Whatever must hold for every call holds here,
// once, whichever door it came through.
//
// It imports toolset, customfield, vendor, account, mcpserver, integration, audit and jsonscan; doors (mcp, api, dashboard) import it. A door asks Open or
// OpenAccount who may call what, hands a name and arguments as bytes to Call, and puts the Result into its own language.
package gateway

import (
	"context"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/integration"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// Caller is who calls and what they may call, found out by Open or OpenAccount; the door fills in the rest.
type Caller struct {
	Environment string
	Account     *account.Account
	Tools       *toolset.Toolset
	Door        string // mcp, api, cli, dashboard
	ServerID    string // the MCP server, if one
	ServerName  string
	TokenID     string // the API token, if one
	ClientName  string
	RequestID   string
	Traceparent string
	MaxBytes    int // budget of a list's answer, after which the rest is left for next_cursor; 0: none
}

// Result is what became of a call, in no door's language.
type Result struct {
	Tool    *toolset.Tool
	Outcome vendor.Outcome
	Invalid bool // the arguments were refused by us: nothing was sent

	// Body is the answer as JSON: the vendor's object as it is, or the array of a list's items. nil when the vendor sent nothing.
	Body        []byte
	ContentType string
	Status      int // the vendor's HTTP status, 0 if none came

	// Lists.
	Items       int
	NextCursor  string // "" when the list ends here
	MoreUnknown bool   // NextCursor is set, but the vendor does not say whether anything follows
	Total       int    // -1: not known
	Partial     bool   // a page after the first failed: Body holds what came before, Message says why, NextCursor goes on there

	// Errors.
	Message   string              // one sentence that says what went wrong and what to do; "" on success
	Field     string              // the first argument at fault
	Fields    map[string][]string // the vendor's reasons
	Details   []byte              // the vendor's body, secrets out
	RateLimit vendor.RateLimit

	Notes       []string // what was understood of the arguments that the caller should see: dates that were said relative to today
	NeedsReauth bool     // the account's credential is dead: its owner has to connect it again
}

// Failed reports whether the call did not do what was asked.
func (r *Result) Failed() bool { return r.Invalid || r.Outcome != vendor.OK }

// Definitions finds the definition that an environment's accounts follow; it answers the same pointer until that changes.
type Definitions interface {
	Find(ctx context.Context, environment, name string) (*integration.Definition, error)
}

// Accounts finds an integrated account; it answers the same pointer until the account changes.
type Accounts interface {
	Get(ctx context.Context, environment, id string) (*account.Account, error)
}

// Vendor makes one HTTP call. An error means that nothing could even be tried; what the vendor or the network did is in the response.
type Vendor interface {
	Do(ctx context.Context, acct *account.Account, def *integration.Definition, req *vendor.Request) (*vendor.Response, error)
}

// Recorder keeps the audit: Begin is durable before it returns, Finish is not waited for.
type Recorder interface {
	Begin(ctx context.Context, rec *audit.Record) error
	Finish(rec *audit.Record)
}

// Sealer makes cursors opaque and authentic; bound is what a cursor belongs to and is not part of it.
type Sealer interface {
	SealCursor(plain, bound []byte) (string, error)
	OpenCursor(cursor string, bound []byte) ([]byte, error)
}

// Config is what a Gateway is made of.
type Config struct {
	Definitions Definitions
	Accounts    Accounts
	Vendor      Vendor
	Audit       Recorder
	Sealer      Sealer
	// FieldsChanged is told when an account's custom fields are found changed. It must not wait. nil: nobody wants to know.
	FieldsChanged func(*account.Account)
}

// Gateway makes calls. It is safe for concurrent use.
type Gateway struct {
	definitions Definitions
	accounts    Accounts
	vendor      Vendor
	audit       Recorder
	sealer      Sealer
	changed     func(*account.Account)
	toolsets    toolsets
	fields      fields
}

// New returns a Gateway over its parts.
func New(c Config) *Gateway {
	return &Gateway{definitions: c.Definitions, accounts: c.Accounts, vendor: c.Vendor, audit: c.Audit, sealer: c.Sealer, changed: c.FieldsChanged}
}
