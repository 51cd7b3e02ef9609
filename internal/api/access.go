package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sluice/internal/environment"
	"sluice/internal/permission"
)

// What a path may need beside one of the permissions.
const (
	everybody permission.Permission = "everybody" // no caller at all: it tells nothing of any tenant
	anyCaller permission.Permission = "caller"    // whoever is let in
)

// apiToken is the security scheme's name in the OpenAPI document.
const apiToken = "apiToken"

// handle serves a pattern for those who hold what it needs. A pattern that came to the mux in another way is served to nobody who lacks everything: its need
// is the zero one, which no caller holds.
func (a *api) handle(pattern string, needs permission.Permission, h http.HandlerFunc) {
	a.demand(pattern, needs)
	a.mux.HandleFunc(pattern, h)
}

func (a *api) demand(pattern string, needs permission.Permission) {
	if needs != everybody && needs != anyCaller && !permission.Everything.Has(needs) {
		panic(fmt.Sprintf("api: %s needs %q, which is no permission", pattern, needs))
	}
	a.needs[pattern] = needs
}

// access notes what an operation needs, for serve and for the OpenAPI document.
func (a *api) access(op *huma.Operation, needs permission.Permission) {
	a.demand(op.Method+" "+op.Path, needs)
	switch needs {
	case everybody:
		op.Security = []map[string][]string{}
	case anyCaller:
		op.Security = []map[string][]string{{apiToken: {}}}
	default:
		op.Security = []map[string][]string{{apiToken: {string(needs)}}}
	}
}

// callerID is who makes a request, and what they may do.
type callerID struct {
	*environment.Token
	permissions permission.Set
}

// may is nil if the caller holds a permission, and else says that it is missing.
func (c *callerID) may(needs permission.Permission) *Problem {
	if needs == anyCaller || c.permissions.Has(needs) {
		return nil
	}
	return problem(http.StatusForbidden, fmt.Sprintf("This needs the permission %s, which the API token has not; it has %s.", needs, c.permissions))
}

type callerKey struct{}

// caller is who makes the request.
func caller(ctx context.Context) *callerID { return ctx.Value(callerKey{}).(*callerID) }

// admit finds out who asks, and whether they may.
func (a *api) admit(w http.ResponseWriter, r *http.Request, needs permission.Permission) (*callerID, *Problem) {
	token, p := a.authenticate(w, r)
	if p != nil {
		return nil, p
	}
	c := &callerID{token, permission.Everything}
	return c, c.may(needs)
}

// authenticate finds the API token that a request comes with.
func (a *api) authenticate(w http.ResponseWriter, r *http.Request) (*environment.Token, *Problem) {
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if bearer = strings.TrimSpace(bearer); !strings.EqualFold(scheme, "Bearer") || bearer == "" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sluice"`)
		return nil, problem(http.StatusUnauthorized, "Send an API token: Authorization: Bearer <token>; `sluice token create` makes one.")
	}
	token, err := a.Environments.Authenticate(r.Context(), bearer)
	if err != nil {
		p := a.fail(r.Context(), err)
		if p.StatusCode == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="sluice", error="invalid_token"`)
		}
		return nil, p
	}
	return token, nil
}
