// Package gateway is the only place where a tool call happens: a known caller's tool and arguments become a checked call, the intent of a write
// is recorded, the request sent, and the outcome recorded. Whatever must hold for every call holds here, once, whichever door it came through.
//
// It imports toolset, vendor, account, mcpserver, integration and audit; doors (mcp, api, dashboard) import it.
package gateway

import (
	"sluice/internal/account"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// Caller is who calls, found out by a door.
type Caller struct {
	Environment string
	Account     *account.Account
	Tools       *toolset.Toolset
	Door        string // mcp, api, cli, dashboard
	ServerID    string // the MCP server, if one
	TokenID     string // the API token, if one
	ClientName  string
	RequestID   string
	Traceparent string
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

	// Errors.
	Message   string              // one sentence that says what went wrong and what to do; "" on success
	Field     string              // the first argument at fault
	Fields    map[string][]string // the vendor's reasons
	Details   []byte              // the vendor's body, secrets out
	RateLimit vendor.RateLimit
}

// Failed reports whether the call did not do what was asked.
func (r *Result) Failed() bool { return r.Invalid || r.Outcome != vendor.OK }
