// Package audit records every call. The intent of a write is durable before Begin returns, so that a crash never hides one; the outcome of
// writes, and reads, are written in batches off the call's path by one writer that owns the queue and is waited for on Close.
//
// It imports store.
package audit

import "time"

// Record is one call.
type Record struct {
	ID          string // log_…
	Environment string
	Door        string // mcp, api, cli, dashboard
	AccountID   string
	ServerID    string // MCP server, "" for the API
	TokenID     string // API token, "" for a URL alone
	ClientName  string
	RequestID   string
	Integration string
	Tool        string
	Resource    string
	Method      string
	Write       bool
	Arguments   []byte // JSON, secrets masked; copied by Begin and Finish
	Outcome     string // started, ok, invalid, refused, rate_limited, unsent, unknown, cancelled
	Status      int    // the vendor's
	Error       string // one sentence, no secrets
	StartedAt   time.Time
	Duration    time.Duration
}
