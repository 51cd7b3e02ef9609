// Package mcpserver keeps MCP servers: one tokenised, filtered view of one integrated account each, with its config, expiry
// and revocation. A token is found by its hash (cached; a change anywhere reaches every node within a second).
//
// It imports store and secret.
package mcpserver

import "time"

// Server is one MCP server.
type Server struct {
	ID          string // mcp_…
	Environment string // env_…
	AccountID   string // acc_…
	Name        string
	Config      Config
	CreatedBy   string
	ExpiresAt   time.Time // zero: never
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Config narrows what a server offers, and to whom. Unknown keys are refused when it is read.
type Config struct {
	Methods             []string          `json:"methods,omitempty"`
	Tags                []string          `json:"tags,omitempty"`
	RequireAPITokenAuth bool              `json:"require_api_token_auth,omitempty"`
	StructuredOutput    bool              `json:"structured_output,omitempty"`
	Bind                map[string]string `json:"bind,omitempty"`
}
