package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"sluice/internal/mcpserver"
	"sluice/internal/permission"
	"sluice/internal/toolset"
)

// MCPServer is one tokenised, filtered view of an integrated account.
type MCPServer struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Config    mcpserver.Config `json:"config"`
	AccountID string           `json:"integrated_account_id"`
	CreatedBy string           `json:"created_by"`
	ExpiresAt *time.Time       `json:"expires_at"`
	CreatedAt *time.Time       `json:"created_at"`
	UpdatedAt *time.Time       `json:"updated_at"`
	URL       string           `json:"url,omitempty" doc:"What a client connects to: shown this once, but for servers that people sign in to (auth: oauth), where it is no secret"`
	Token     string           `json:"token,omitempty" doc:"The secret part of the URL, shown this once"`
}

func (a *api) showServer(s *mcpserver.Server) MCPServer {
	out := MCPServer{
		ID: s.ID, Name: s.Name, Config: s.Config, AccountID: s.AccountID, CreatedBy: s.CreatedBy,
		ExpiresAt: moment(s.ExpiresAt), CreatedAt: moment(s.CreatedAt), UpdatedAt: moment(s.UpdatedAt),
	}
	if s.Config.Auth != "" {
		out.URL = a.MCPURL(s.ID)
	}
	return out
}

// ServerByID is the path of one MCP server.
type ServerByID struct {
	ID    string `path:"id" doc:"The integrated account"`
	MCPID string `path:"mcp_id"`
}

func (a *api) mcpServers() {
	register(a, operation{"list-mcp-servers", http.MethodGet, "/integrated-account/{id}/mcp", "List the MCP servers of an integrated account", 0, permission.ServersRead},
		func(ctx context.Context, in *struct {
			AccountByID
			Paging
		}) (*listed[MCPServer], error) {
			if _, err := a.Accounts.Get(ctx, caller(ctx).Environment, in.ID); err != nil {
				return nil, err
			}
			before, err := in.below("mcp")
			if err != nil {
				return nil, err
			}
			servers, next, err := a.Servers.List(ctx, caller(ctx).Environment, in.ID, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(servers, next, a.showServer), nil
		})
	register(a, operation{"create-mcp-server", http.MethodPost, "/integrated-account/{id}/mcp", "Create an MCP server on an integrated account", http.StatusCreated, permission.ServersWrite},
		func(ctx context.Context, in *struct {
			AccountByID
			Body struct {
				Name      *string `json:"name,omitempty" minLength:"1" maxLength:"200" doc:"The account's name if left out"`
				Config    raw     `json:"config,omitempty" doc:"methods, tags, auth, require_api_token_auth, structured_output, bind, confirm, confirm_by; without it all tools are offered"`
				ExpiresAt raw     `json:"expires_at,omitempty" doc:"RFC 3339, in the future; never if left out or null"`
				APIToken  *bool   `json:"require_api_token_auth,omitempty" doc:"As in config"`
			}
		}) (*one[MCPServer], error) {
			expires, err := expiry(in.Body.ExpiresAt)
			if err != nil {
				return nil, err
			}
			draft := mcpserver.Draft{
				Environment: caller(ctx).Environment, AccountID: in.ID, Config: in.Body.Config,
				RequireAPITokenAuth: in.Body.APIToken, CreatedBy: caller(ctx).ID,
			}
			if expires != nil {
				draft.ExpiresAt = *expires
			}
			if in.Body.Name != nil {
				draft.Name = *in.Body.Name
			} else {
				acct, err := a.Accounts.Get(ctx, draft.Environment, in.ID)
				if err != nil {
					return nil, err
				}
				draft.Name = cmp.Or(acct.Name, acct.Integration)
			}
			config, err := mcpserver.ParseConfig(in.Body.Config)
			if err == nil {
				err = a.mayOffer(ctx, in.ID, config)
			}
			if err != nil {
				return nil, err
			}
			server, token, err := a.Servers.Create(ctx, draft)
			if err != nil {
				return nil, err
			}
			out := a.showServer(server)
			if token != "" {
				out.URL, out.Token = a.MCPURL(token), token
			}
			return &one[MCPServer]{out}, nil
		})
	register(a, operation{"get-mcp-server", http.MethodGet, "/integrated-account/{id}/mcp/{mcp_id}", "Get an MCP server", 0, permission.ServersRead},
		func(ctx context.Context, in *ServerByID) (*one[MCPServer], error) {
			server, err := a.Servers.Get(ctx, caller(ctx).Environment, in.ID, in.MCPID)
			if err != nil {
				return nil, err
			}
			return &one[MCPServer]{a.showServer(server)}, nil
		})
	register(a, operation{"update-mcp-server", http.MethodPatch, "/integrated-account/{id}/mcp/{mcp_id}", "Change an MCP server; config is merged key by key", 0, permission.ServersWrite},
		func(ctx context.Context, in *struct {
			ServerByID
			Body struct {
				Name      *string `json:"name,omitempty" maxLength:"200"`
				Config    raw     `json:"config,omitempty" doc:"Keys that are not given stay; null takes one back"`
				ExpiresAt raw     `json:"expires_at,omitempty" doc:"RFC 3339, in the future; null lifts it"`
				APIToken  *bool   `json:"require_api_token_auth,omitempty"`
			}
		}) (*one[MCPServer], error) {
			expires, err := expiry(in.Body.ExpiresAt)
			if err != nil {
				return nil, err
			}
			if len(in.Body.Config) > 0 {
				before, err := a.Servers.Get(ctx, caller(ctx).Environment, in.ID, in.MCPID)
				if err != nil {
					return nil, err
				}
				config, err := before.Config.Merge(in.Body.Config)
				if err == nil {
					err = a.mayOffer(ctx, in.ID, config)
				}
				if err != nil {
					return nil, err
				}
			}
			server, err := a.Servers.Update(ctx, caller(ctx).Environment, in.ID, in.MCPID, mcpserver.Patch{
				Name: in.Body.Name, Config: in.Body.Config, RequireAPITokenAuth: in.Body.APIToken, ExpiresAt: expires,
			})
			if err != nil {
				return nil, err
			}
			return &one[MCPServer]{a.showServer(server)}, nil
		})
	register(a, operation{"delete-mcp-server", http.MethodDelete, "/integrated-account/{id}/mcp/{mcp_id}", "Revoke an MCP server", http.StatusNoContent, permission.ServersWrite},
		func(ctx context.Context, in *ServerByID) (*struct{}, error) {
			return nil, a.Servers.Delete(ctx, caller(ctx).Environment, in.ID, in.MCPID)
		})
}

// mayOffer refuses an MCP server whose tools its maker may not call: its URL would let them.
func (a *api) mayOffer(ctx context.Context, accountID string, config mcpserver.Config) error {
	by := caller(ctx)
	if by.permissions.HasAll(permission.Of(permission.ToolsRead, permission.ToolsWrite)) {
		return nil
	}
	if p := by.may(permission.ToolsRead); p != nil {
		return p
	}
	acct, err := a.Accounts.Get(ctx, by.Environment, accountID)
	if err != nil {
		return err
	}
	c, err := a.Gateway.OpenAccount(ctx, acct, toolset.Options{Methods: config.Methods, Tags: config.Tags, Bind: config.Bind})
	if err != nil {
		return err
	}
	for _, t := range c.Tools.Tools {
		if !t.ReadOnly {
			p := by.may(permission.ToolsWrite)
			p.Message = "The MCP server would offer " + t.Name + ", which is not safe; offer \"read\" alone. " + p.Message
			return p.at("config.methods")
		}
	}
	return nil
}

// expiry reads expires_at: nil when it is absent, the zero time when it is null.
func expiry(given raw) (*time.Time, error) {
	switch {
	case given == nil:
		return nil, nil
	case bytes.Equal(given, []byte("null")):
		return &time.Time{}, nil
	}
	var text string
	if err := json.Unmarshal(given, &text); err != nil {
		return nil, &mcpserver.InvalidError{Field: "expires_at", Message: "must be a time in RFC 3339, such as 2027-01-31T18:00:00Z, or null for never"}
	}
	t, err := mcpserver.ParseExpiry(text)
	if err != nil {
		return nil, err
	}
	return &t, nil
}
