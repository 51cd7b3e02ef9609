// Package api is the door for programs that hold an API token: Sluice's REST API, its OpenAPI document, and the same methods that MCP servers offer as
// plain REST (/proxy) and as tool descriptions (/integrated-account/{id}/tools).
//
// It imports gateway and the services it administers. Requests enter at the handler that New returns; one file holds the paths of one thing.
// A token belongs to one environment, which every query carries: what belongs to another is answered as if it were not there.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/danielgtaylor/huma/v2"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/catalog"
	"sluice/internal/confirmation"
	"sluice/internal/connection"
	"sluice/internal/environment"
	"sluice/internal/gateway"
	"sluice/internal/link"
	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/permission"
	"sluice/internal/user"
	"sluice/internal/webhook"
)

// Config is what the API is made of.
type Config struct {
	Environments  *environment.Service
	Users         *user.Service
	People        People // nil: nobody comes in by a session
	Accounts      *account.Service
	Links         *link.Service
	Servers       *mcpserver.Service
	Catalog       *catalog.Catalog
	Audit         *audit.Log
	Webhooks      *webhook.Service
	Gateway       *gateway.Gateway
	Confirmations *confirmation.Service
	OAuth         *oauth.Service
	Connections   *connection.Log
	MCPURL        func(token string) string // the URL of an MCP server
	LinkURL       func(token string) string // the page of a link
	CallbackURL   string                    // what an OAuth client is registered with at a vendor
	Fetch         func(ctx context.Context, url string) ([]byte, error)
	Ready         func(context.Context) error
	Version       string
	Log           *slog.Logger
}

type api struct {
	Config
	huma  huma.API
	mux   *http.ServeMux
	needs map[string]permission.Permission // by the mux's pattern
}

// New returns the handler of every path of the API.
func New(c Config) http.Handler {
	a := &api{Config: c, mux: http.NewServeMux(), needs: map[string]permission.Permission{}}
	a.huma = newHuma(a.mux, c.Version)
	a.environments()
	a.apiTokens()
	a.users()
	a.me()
	a.openIDProvider()
	a.accounts()
	a.links()
	a.vendorClients()
	a.mcpServers()
	a.mcpAccess()
	a.tools()
	a.integrations()
	a.importing()
	a.overrides()
	a.logs()
	a.confirmations()
	a.webhooks()
	a.proxy()
	a.health()
	a.index()
	a.document()
	return http.HandlerFunc(a.serve)
}

// serve answers one request. Whether there is such a path is told to everybody, since the API's document does so too: clients that look for
// something else here, as those of MCP do for its authorization, get a 404 and not a challenge.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	defer a.recover(w, r)
	pattern, p := a.route(w, r)
	if p != nil {
		write(w, p)
		return
	}
	if needs := a.needs[pattern]; needs != everybody {
		c, p := a.admit(w, r, needs)
		if p != nil {
			write(w, p)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
		w.Header().Set("Cache-Control", "no-store")
	}
	if p := checkQuery(r); p != nil {
		write(w, p)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// recover turns a panic into an answer and a log entry.
func (a *api) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler || r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // nobody is there to answer; huma panics when it cannot write
	}
	a.Log.ErrorContext(r.Context(), "api: panic", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	write(w, problem(http.StatusInternalServerError, internalWords))
}

func (a *api) health() {
	type health struct {
		Body struct {
			Status string `json:"status" example:"ok"`
		}
	}
	register(a, operation{"get-health", http.MethodGet, "/health", "Tell whether this node can serve", 0, everybody}, func(ctx context.Context, _ *struct{}) (*health, error) {
		if err := a.Ready(ctx); err != nil {
			a.Log.ErrorContext(ctx, "api: not ready", "error", err)
			return nil, problem(http.StatusServiceUnavailable, "The database does not answer.")
		}
		h := &health{}
		h.Body.Status = "ok"
		return h, nil
	})
}
