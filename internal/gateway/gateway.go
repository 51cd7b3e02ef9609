// Package gateway is the only place where a tool call happens: a known caller's tool and arguments become a checked call, the
// intent of a write is recorded, the request sent, and the outcome recorded. Whatever must hold for every call holds here,
// once, whichever door it came through.
//
// It imports toolset, customfield, confirmation, filetype, vendor, account, mcpserver, integration, audit and jsonscan; doors (mcp, api, dashboard) import it. A door asks Open or
// OpenAccount who may call what, hands a name and arguments as bytes to Call, and puts the Result into its own language.
package gateway

import (
	"context"
	"time"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/confirmation"
	"sluice/internal/integration"
	"sluice/internal/mcpserver"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// Caller is who calls and what they may call, found out by Open or OpenAccount; the door fills in the rest.
type Caller struct {
	Environment string
	Account     *account.Account
	Tools       *toolset.Toolset
	Door        string // mcp, api, cli, dashboard, file
	ServerID    string // the MCP server, if one
	ServerName  string
	TokenID     string // the API token, or the grant of a person who signed in
	UserID      string // that person
	ClientName  string
	RequestID   string
	Trace       vendor.Trace
	MaxBytes    int  // budget of a list's answer, after which the rest is left for next_cursor; 0: none
	Brief       bool // answers are for a model: in the short form that the definition gives them, unless the call names fields

	// Where tools ask a person first.
	CanAsk        bool    // the door can put a question to the person, and bring the answer with the same call
	NeedsApproval bool    // whoever is at the client cannot agree, only a person who looks at what waits
	Answer        *Answer // what this call brings of a question that was put before; nil: nothing
	gathered      string  // what its person told in earlier answers, sealed, to stand before the next question's state
}

// Result is what became of a call, in no door's language.
type Result struct {
	Tool    *toolset.Tool
	Outcome vendor.Outcome
	Invalid bool // the arguments were refused by us: nothing was sent

	// Body is the answer as JSON: the vendor's object as it is, or the array of a list's items. nil when the vendor sent nothing.
	Body        []byte
	ContentType string
	File        *File // instead of Body, where the answer is a file
	Status      int   // the vendor's HTTP status, 0 if none came

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

	Location string // where what was made is, or what tells of a work that is accepted; "" where the vendor does not say

	// Where a person is asked first.
	Question *Question // instead of an outcome: a person has to agree first, and nothing was sent
	Declined bool      // a person said no, and nothing was sent

	Notes       []string // what was understood of the arguments that the caller should see: dates that were said relative to today
	Retries     *Retries // attempts before the last, where the account has a retry policy that acted; else nil
	NeedsReauth bool     // the account's credential is dead: its owner has to connect it again
}

// Failed reports whether the call did not do what was asked.
func (r *Result) Failed() bool { return r.Invalid || r.Outcome != vendor.OK }

// Definitions finds the definition that an account follows; it answers the same pointer until that changes.
type Definitions interface {
	FindFor(ctx context.Context, environment, name, account string) (*integration.Definition, error)
}

// Accounts finds an integrated account; it answers the same pointer until the account changes.
type Accounts interface {
	Get(ctx context.Context, environment, id string) (*account.Account, error)
	// Mask hides the secrets of an account's own credential in text.
	Mask(ctx context.Context, acct *account.Account, text []byte) []byte
}

// Vendor makes one HTTP call. An error means that nothing could even be tried; what the vendor or the network did is in the response.
type Vendor interface {
	Do(ctx context.Context, acct *account.Account, def *integration.Definition, req *vendor.Request) (*vendor.Response, error)
	// Open is Do for an answer that is a file: where all is well there is a Content, to be closed.
	Open(ctx context.Context, acct *account.Account, def *integration.Definition, req *vendor.Request) (*vendor.Content, *vendor.Response, error)
	// Describe tells what Do would send, and sends nothing.
	Describe(ctx context.Context, acct *account.Account, def *integration.Definition, req *vendor.Request) (*vendor.Outgoing, error)
}

// Servers finds an MCP server of an account, or an error that wraps mcpserver.ErrNotFound.
type Servers interface {
	Get(ctx context.Context, environment, accountID, id string) (*mcpserver.Server, error)
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

// Confirmations keeps the questions that calls put to a person. *confirmation.Service is one.
type Confirmations interface {
	Ask(ctx context.Context, c *confirmation.Confirmation, life time.Duration) error
	Get(ctx context.Context, environment, id string) (*confirmation.Confirmation, error)
	Use(ctx context.Context, environment, id string) (bool, error)
	Decline(ctx context.Context, environment, id, by string) error
	Replace(ctx context.Context, environment, id string) error
}

// Config is what a Gateway is made of.
type Config struct {
	Definitions   Definitions
	Accounts      Accounts
	Servers       Servers
	Vendor        Vendor
	Audit         Recorder
	Sealer        Sealer
	Confirmations Confirmations
	FileURL       func(token string) string // the URL at which a link to a file is served
	MaxFile       int64                     // bytes of a file, and of all files of one upload; 0: DefaultMaxFile
	MaxCalls      int                       // of one environment that are under way at once; 0: any number
	// FieldsChanged is told when an account's custom fields are found changed. It must not wait. nil: nobody wants to know.
	FieldsChanged func(*account.Account)
	// Fetch reads a public file whole. Its error is a clause without secrets.
	Fetch func(ctx context.Context, url string) ([]byte, error)
}

// Gateway makes calls. It is safe for concurrent use.
type Gateway struct {
	definitions   Definitions
	accounts      Accounts
	servers       Servers
	vendor        Vendor
	audit         Recorder
	sealer        Sealer
	confirmations Confirmations
	fileURL       func(token string) string
	maxFile       int64
	changed       func(*account.Account)
	fetch         func(ctx context.Context, url string) ([]byte, error)
	underWay      underWay
	toolsets      toolsets
	fields        fields
	listed        listed
}

// New returns a Gateway over its parts.
func New(c Config) *Gateway {
	if c.MaxFile <= 0 {
		c.MaxFile = DefaultMaxFile
	}
	return &Gateway{
		definitions: c.Definitions, accounts: c.Accounts, servers: c.Servers, vendor: retrying{c.Vendor}, audit: c.Audit, sealer: c.Sealer, confirmations: c.Confirmations,
		fileURL: c.FileURL, maxFile: c.MaxFile, changed: c.FieldsChanged, fetch: c.Fetch,
		underWay: underWay{most: c.MaxCalls},
	}
}
