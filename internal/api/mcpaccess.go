package api

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/connection"
	"sluice/internal/oauth"
	"sluice/internal/permission"
)

// MCPClient is a program that connects to MCP servers that people sign in to.
type MCPClient struct {
	ID           string     `json:"id" doc:"Its client_id"`
	Kind         oauth.Kind `json:"kind" enum:"entered,registered" doc:"By hand, for all MCP servers of the environment; or by itself, at one"`
	Name         string     `json:"name"`
	RedirectURIs []string   `json:"redirect_uris" nullable:"false"`
	ServerID     *string    `json:"mcp_server_id" doc:"Where it registered itself; null: at all"`
	Confidential bool       `json:"confidential" doc:"Whether it proves itself by a secret"`
	CreatedBy    string     `json:"created_by"`
	CreatedAt    *time.Time `json:"created_at"`
	LastUsedAt   *time.Time `json:"last_used_at" doc:"When it was last given tokens by a sign-in"`
	Secret       string     `json:"client_secret,omitempty" doc:"Shown this once"`
}

func showMCPClient(c *oauth.Client) MCPClient {
	return MCPClient{
		ID: c.ID, Kind: c.Kind, Name: c.Name, RedirectURIs: c.RedirectURIs, ServerID: text(c.ServerID), Confidential: c.Confidential(),
		CreatedBy: c.CreatedBy, CreatedAt: moment(c.CreatedAt), LastUsedAt: moment(c.LastUsedAt),
	}
}

// MCPGrant is what one person allowed one program to do at one MCP server.
type MCPGrant struct {
	ID         string     `json:"id"`
	ServerID   string     `json:"mcp_server_id"`
	UserID     string     `json:"user_id"`
	ClientID   string     `json:"client_id"`
	ClientName string     `json:"client_name"`
	Scopes     []string   `json:"scopes" nullable:"false" doc:"What was allowed; the person's role may allow less by now"`
	CreatedAt  *time.Time `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"Some minutes late"`
	ExpiresAt  *time.Time `json:"expires_at" doc:"Unless it is used again before"`
}

func showMCPGrant(g *oauth.Grant) MCPGrant {
	return MCPGrant{
		ID: g.ID, ServerID: g.ServerID, UserID: g.UserID, ClientID: g.ClientID, ClientName: g.ClientName, Scopes: g.Scopes.Names(),
		CreatedAt: moment(g.CreatedAt), LastUsedAt: moment(g.LastUsedAt), ExpiresAt: moment(g.ExpiresAt),
	}
}

// ConnectionAttempt is how a client's attempt to connect went.
type ConnectionAttempt struct {
	ID         string           `json:"id"`
	ServerID   string           `json:"mcp_server_id"`
	State      connection.State `json:"state" enum:"connected,failed,waiting,stopped"`
	Step       string           `json:"step" doc:"Which failed, or never came"`
	Message    string           `json:"message" doc:"What happened"`
	Mend       string           `json:"mend,omitempty" doc:"What to do about it"`
	ClientID   *string          `json:"client_id"`
	ClientName string           `json:"client_name"`
	UserID     *string          `json:"user_id"`
	Address    string           `json:"address"`
	UserAgent  string           `json:"user_agent"`
	Revision   *string          `json:"revision" doc:"Of MCP, as far as the client said it"`
	StartedAt  *time.Time       `json:"started_at"`
	UpdatedAt  *time.Time       `json:"updated_at"`
	Steps      []ConnectionStep `json:"steps" nullable:"false"`
}

// ConnectionStep is one step of it.
type ConnectionStep struct {
	Step   string     `json:"step" enum:"challenge,resource_metadata,server_metadata,registration,client_metadata,authorization,sign_in,consent,token,call,refresh"`
	At     *time.Time `json:"at"`
	Status *int       `json:"status" doc:"Of HTTP, as it was answered"`
	Fault  string     `json:"fault,omitempty" doc:"Why it failed"`
	Detail string     `json:"detail,omitempty"`
}

func showAttempt(a *connection.Attempt) ConnectionAttempt {
	v := a.Verdict(time.Now())
	out := ConnectionAttempt{
		ID: a.ID, ServerID: a.ServerID, State: v.State, Step: string(v.Step), Message: v.Words, Mend: v.Mend, ClientID: text(a.ClientID), ClientName: a.ClientName,
		UserID: text(a.UserID), Address: a.Address, UserAgent: a.UserAgent, Revision: text(a.Revision), StartedAt: moment(a.StartedAt), UpdatedAt: moment(a.UpdatedAt),
		Steps: []ConnectionStep{},
	}
	for _, s := range a.Steps {
		step := ConnectionStep{Step: string(s.Name), At: moment(s.At), Fault: s.Fault, Detail: s.Detail}
		if s.Status != 0 {
			step.Status = &s.Status
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

// mcpAccess is about who connects to MCP servers that people sign in to: by which programs, by whose leave, and how connecting went.
func (a *api) mcpAccess() {
	type byID struct {
		ID string `path:"id"`
	}
	register(a, operation{"list-mcp-clients", http.MethodGet, "/mcp-client", "List the programs that connect to MCP servers, but for those known by a document of their own", 0, permission.ServersRead},
		func(ctx context.Context, in *Paging) (*listed[MCPClient], error) {
			before, err := in.below("ocl")
			if err != nil {
				return nil, err
			}
			page, next, err := a.OAuth.ListClients(ctx, caller(ctx).Environment, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(page, next, showMCPClient), nil
		})
	register(a, operation{"create-mcp-client", http.MethodPost, "/mcp-client", "Enter a program by hand, for clients that ask for a client id", http.StatusCreated, permission.ServersWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				Name         string   `json:"name" minLength:"1" maxLength:"100"`
				RedirectURIs []string `json:"redirect_uris" minItems:"1" maxItems:"20" doc:"Where the browser is sent back to: https, http on the person's own machine, or the program's own scheme"`
				Confidential bool     `json:"confidential,omitempty" doc:"Whether it is given a secret, which a program on people's own machines cannot keep"`
			}
		}) (*one[MCPClient], error) {
			c, secret, err := a.OAuth.CreateClient(ctx, caller(ctx).Environment, oauth.ClientDraft{
				Name: in.Body.Name, RedirectURIs: in.Body.RedirectURIs, Confidential: in.Body.Confidential, CreatedBy: caller(ctx).ID,
			})
			if err != nil {
				return nil, err
			}
			out := showMCPClient(c)
			out.Secret = secret
			return &one[MCPClient]{out}, nil
		})
	register(a, operation{"delete-mcp-client", http.MethodDelete, "/mcp-client/{id}", "Remove a program, and revoke all that was granted to it", http.StatusNoContent, permission.ServersWrite},
		func(ctx context.Context, in *byID) (*struct{}, error) {
			return nil, a.OAuth.DeleteClient(ctx, caller(ctx).Environment, in.ID)
		})
	grants := func(ctx context.Context, in *Paging, server, user string) (*listed[MCPGrant], error) {
		before, err := in.below("gra")
		if err != nil {
			return nil, err
		}
		page, next, err := a.OAuth.ListGrants(ctx, caller(ctx).Environment, server, user, before, in.Limit)
		if err != nil {
			return nil, err
		}
		return listOf(page, next, showMCPGrant), nil
	}
	register(a, operation{"list-mcp-grants", http.MethodGet, "/mcp-grant", "List what people allowed programs to do at MCP servers, newest first", 0, permission.ServersRead},
		func(ctx context.Context, in *struct {
			Paging
			ServerID string `query:"mcp_server_id"`
			UserID   string `query:"user_id"`
		}) (*listed[MCPGrant], error) {
			return grants(ctx, &in.Paging, in.ServerID, in.UserID)
		})
	register(a, operation{"delete-mcp-grant", http.MethodDelete, "/mcp-grant/{id}", "Revoke what a person allowed a program to do", http.StatusNoContent, permission.ServersWrite},
		func(ctx context.Context, in *byID) (*struct{}, error) {
			return nil, a.OAuth.Revoke(ctx, caller(ctx).Environment, in.ID)
		})
	register(a, operation{"list-my-mcp-grants", http.MethodGet, "/me/mcp-grant", "List what one allowed programs to do oneself", 0, inPerson},
		func(ctx context.Context, in *Paging) (*listed[MCPGrant], error) {
			return grants(ctx, in, "", caller(ctx).user.ID)
		})
	register(a, operation{"delete-my-mcp-grant", http.MethodDelete, "/me/mcp-grant/{id}", "Take back what one allowed a program", http.StatusNoContent, inPerson},
		func(ctx context.Context, in *byID) (*struct{}, error) {
			by := caller(ctx)
			g, err := a.OAuth.GetGrant(ctx, by.Environment, in.ID)
			if err == nil && g.UserID != by.user.ID {
				err = oauth.ErrNotFound
			}
			if err != nil {
				return nil, err
			}
			return nil, a.OAuth.Revoke(ctx, by.Environment, in.ID)
		})
	register(a, operation{"list-connection-attempts", http.MethodGet, "/connection-attempt", "List how clients' attempts to connect to MCP servers went that people sign in to, newest first", 0, permission.LogsRead},
		func(ctx context.Context, in *struct {
			Paging
			ServerID string `query:"mcp_server_id"`
		}) (*listed[ConnectionAttempt], error) {
			before, err := in.below("att")
			if err != nil {
				return nil, err
			}
			page, next, err := a.Connections.List(ctx, caller(ctx).Environment, in.ServerID, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(page, next, showAttempt), nil
		})
	register(a, operation{"get-connection-attempt", http.MethodGet, "/connection-attempt/{id}", "Get how one attempt to connect went", 0, permission.LogsRead},
		func(ctx context.Context, in *byID) (*one[ConnectionAttempt], error) {
			attempt, err := a.Connections.Get(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			return &one[ConnectionAttempt]{showAttempt(attempt)}, nil
		})
}
