package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"sluice/internal/account"
	"sluice/internal/confirmation"
	"sluice/internal/integration"
	"sluice/internal/mcpserver"
	"sluice/internal/toolset"
)

// listBudget keeps a page below what clients refuse to hand to a model: Claude Code stops at 25,000 tokens, and JSON of
// ids and names takes about three bytes a token.
const listBudget = 64 << 10

// Open finds the account, the definition and the compiled tools behind an MCP server. The Caller is the door's to complete.
func (g *Gateway) Open(ctx context.Context, server *mcpserver.Server) (*Caller, error) {
	return g.open(ctx, server, false)
}

// OpenReading is Open for somebody who may change nothing: they are shown the tools that do not.
func (g *Gateway) OpenReading(ctx context.Context, server *mcpserver.Server) (*Caller, error) {
	return g.open(ctx, server, true)
}

func (g *Gateway) open(ctx context.Context, server *mcpserver.Server, readOnly bool) (*Caller, error) {
	acct, err := g.accounts.Get(ctx, server.Environment, server.AccountID)
	if err != nil {
		return nil, fmt.Errorf("open account of MCP server %s: %w", server.ID, err)
	}
	def, err := g.definitions.FindFor(ctx, acct.Environment, acct.Integration, acct.ID)
	if err != nil {
		return nil, fmt.Errorf("open integration of account %s: %w", acct.ID, err)
	}
	confirm := string(confirmation.Stricter(server.Config.Confirm, acct.Settings.Confirm))
	tools, err := g.toolsets.ofServer(server, def, readOnly, nil, confirm)
	if err != nil {
		return nil, fmt.Errorf("compile tools of MCP server %s: %w", server.ID, err)
	}
	c := &Caller{
		Environment: server.Environment, Account: acct, Tools: tools,
		Door: "mcp", ServerID: server.ID, ServerName: server.Name, MaxBytes: listBudget, Brief: true,
		NeedsApproval: server.Config.ConfirmBy == mcpserver.ByDashboard,
	}
	if values := g.boundValues(ctx, c, server.Config.Bind); values != nil {
		if c.Tools, err = g.toolsets.ofServer(server, def, readOnly, values, confirm); err != nil {
			return nil, fmt.Errorf("compile tools of MCP server %s: %w", server.ID, err)
		}
	}
	return c, nil
}

// OpenAccount is Open for the callers who hold an API token of the account's environment: the account's tools under options, which ask a person first where
// the account says so.
func (g *Gateway) OpenAccount(ctx context.Context, acct *account.Account, options toolset.Options) (*Caller, error) {
	def, err := g.definitions.FindFor(ctx, acct.Environment, acct.Integration, acct.ID)
	if err != nil {
		return nil, fmt.Errorf("open integration of account %s: %w", acct.ID, err)
	}
	options.Confirm = string(acct.Settings.Confirm)
	tools, err := g.toolsets.compiled(def, options)
	if err != nil {
		return nil, fmt.Errorf("compile tools of account %s: %w", acct.ID, err)
	}
	return &Caller{Environment: acct.Environment, Account: acct, Tools: tools, Door: "api"}, nil
}

// toolsets caches compiled toolsets, which are shared by all servers with the same definition and options. Both maps are dropped
// whole when they grow past what is useful: what is in use is compiled again within milliseconds.
type toolsets struct {
	mu       sync.RWMutex
	compiles map[string]*toolset.Toolset // definition's digest and options → tools
	servers  map[string]serverTools      // MCP server's id → what it was opened with
}

const (
	maxToolsets = 512
	maxServers  = 65536
)

// serverTools remembers the pointers that a server's toolset was chosen by: the caches behind them answer another pointer after a change.
type serverTools struct {
	server  *mcpserver.Server
	def     *integration.Definition
	fields  string // the custom fields that were written in
	confirm string // which tools ask first, by the server and its account
	tools   *toolset.Toolset
}

// ofServer answers a server's tools. values are the custom fields to write into them, which make the toolset this account's own; confirm is toolset.Options.Confirm.
func (t *toolsets) ofServer(server *mcpserver.Server, def *integration.Definition, readOnly bool, values *boundValues, confirm string) (*toolset.Toolset, error) {
	key, fields := server.ID, ""
	if values != nil {
		key, fields = key+" with fields", values.key
	}
	if readOnly {
		key += " to read"
	}
	t.mu.RLock()
	known, ok := t.servers[key]
	t.mu.RUnlock()
	if ok && known.server == server && known.def == def && known.fields == fields && known.confirm == confirm {
		return known.tools, nil
	}
	tools, err := t.compiled(def, toolset.Options{
		Methods: server.Config.Methods, Tags: server.Config.Tags, ReadOnly: readOnly,
		StructuredOutput: server.Config.StructuredOutput, Bind: server.Config.Bind, Values: values.schemas(), Confirm: confirm,
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.servers == nil || len(t.servers) >= maxServers {
		t.servers = map[string]serverTools{}
	}
	t.servers[key] = serverTools{server, def, fields, confirm, tools}
	return tools, nil
}

func (t *toolsets) compiled(def *integration.Definition, options toolset.Options) (*toolset.Toolset, error) {
	shape, err := json.Marshal(options) // maps are written in the order of their keys
	if err != nil {
		return nil, err
	}
	key := def.Digest + string(shape)
	t.mu.RLock()
	tools, ok := t.compiles[key]
	t.mu.RUnlock()
	if ok {
		return tools, nil
	}
	if tools, err = toolset.Compile(def, options); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.compiles == nil || len(t.compiles) >= maxToolsets {
		t.compiles = map[string]*toolset.Toolset{}
	}
	t.compiles[key] = tools
	return tools, nil
}
