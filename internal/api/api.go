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
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/catalog"
	"sluice/internal/environment"
	"sluice/internal/gateway"
	"sluice/internal/mcpserver"
)

// Config is what the API is made of.
type Config struct {
	Environments *environment.Service
	Accounts     *account.Service
	Servers      *mcpserver.Service
	Catalog      *catalog.Catalog
	Audit        *audit.Log
	Gateway      *gateway.Gateway
	MCPURL       func(token string) string // the URL of an MCP server
	Ready        func(context.Context) error
	Version      string
	Log          *slog.Logger
}

type api struct {
	Config
	huma huma.API
	mux  *http.ServeMux
}

// maxBody bounds a request's body.
const maxBody = 4 << 20

// New returns the handler of every path of the API.
func New(c Config) http.Handler {
	config := huma.DefaultConfig("Sluice", c.Version)
	config.Info.Description = "Administers Sluice, and calls the methods of integrated accounts. Every call but /health wants Authorization: Bearer <API token>."
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"apiToken": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"apiToken": {}}}
	a := &api{Config: c, mux: http.NewServeMux()}
	a.huma = humago.New(a.mux, config)
	a.environments()
	a.apiTokens()
	a.accounts()
	a.mcpServers()
	a.tools()
	a.integrations()
	a.logs()
	a.proxy()
	a.health()
	return http.HandlerFunc(a.serve)
}

// open are the paths that need no API token: they tell nothing of any tenant.
var open = map[string]bool{"/": true, "/health": true, "/openapi.json": true, "/openapi.yaml": true}

// serve finds out who asks before anything else is looked at.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	if open[r.URL.Path] {
		a.route(w, r)
		return
	}
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(bearer) == "" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sluice"`)
		write(w, problem(http.StatusUnauthorized, "Send an API token: Authorization: Bearer <token>; `sluice token create` makes one."))
		return
	}
	token, err := a.Environments.Authenticate(r.Context(), strings.TrimSpace(bearer))
	if err != nil {
		failed := a.fail(r.Context(), err)
		if failed.StatusCode == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="sluice", error="invalid_token"`)
		}
		write(w, failed)
		return
	}
	a.route(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, token)))
}

// route hands on to the path's handler, and answers in the API's own shape where there is none.
func (a *api) route(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	_, pattern := a.mux.Handler(r)
	if pattern != "" && pattern != "/" {
		a.mux.ServeHTTP(w, r)
		return
	}
	if allowed := a.allowed(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		write(w, problem(http.StatusMethodNotAllowed, r.Method+" is not a method of this path; it takes "+strings.Join(allowed, ", ")+"."))
		return
	}
	write(w, problem(http.StatusNotFound, "There is no such path; /openapi.json lists them all."))
}

// allowed answers the methods that the path of r would take.
func (a *api) allowed(r *http.Request) []string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := a.mux.Handler(other); pattern != "" {
			methods = append(methods, m)
		}
	}
	return methods
}

type callerKey struct{}

// caller is the token that the request was made with.
func caller(ctx context.Context) *environment.Token {
	return ctx.Value(callerKey{}).(*environment.Token)
}

func (a *api) health() {
	type health struct {
		Body struct {
			Status string `json:"status" example:"ok"`
		}
	}
	register(a, operation{"get-health", http.MethodGet, "/health", "Tell whether this node can serve", 0}, func(ctx context.Context, _ *struct{}) (*health, error) {
		if err := a.Ready(ctx); err != nil {
			a.Log.ErrorContext(ctx, "api: not ready", "error", err)
			return nil, problem(http.StatusServiceUnavailable, "The database does not answer.")
		}
		h := &health{}
		h.Body.Status = "ok"
		return h, nil
	})
}

// operation names one path and method for the OpenAPI document.
type operation struct {
	id, method, path, summary string
	status                    int // of success; 0: 200
}

// register adds an operation whose errors come in the API's shape whatever they are.
func register[I, O any](a *api, o operation, handle func(context.Context, *I) (*O, error)) {
	op := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, DefaultStatus: o.status, MaxBodyBytes: maxBody,
		Tags: []string{strings.SplitN(o.path, "/", 3)[1]},
	}
	if open[o.path] {
		op.Security = []map[string][]string{}
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return out, nil
	})
}
