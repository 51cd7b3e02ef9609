package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sluice/internal/environment"
	pages "sluice/internal/page"
	"sluice/internal/permission"
	"sluice/internal/prose"
	"sluice/internal/user"
)

// What a path may need beside one of the permissions.
const (
	everybody permission.Permission = "everybody" // no caller at all: it tells nothing of any tenant
	anyCaller permission.Permission = "caller"    // whoever is let in
	inPerson  permission.Permission = "session"   // a user in their browser: what no API token does in their place
)

// The security schemes' names in the OpenAPI document.
const (
	apiToken      = "apiToken"
	sessionCookie = "session"
)

// People signs in those who come without an API token: a browser with the cookie of a session.
type People interface {
	// Session is nil, nil, nil where nobody is signed in.
	Session(r *http.Request) (*user.Session, *user.User, error)
	InvitationURL(token string) string
	PasswordURL(token string) string
}

// handle serves a pattern for those who hold what it needs.
func (a *api) handle(pattern string, needs permission.Permission, h http.HandlerFunc) {
	a.demand(pattern, needs)
	a.mux.HandleFunc(pattern, h)
}

// demand notes what a pattern needs. One that came to the mux without it needs the zero permission, which nobody holds.
func (a *api) demand(pattern string, needs permission.Permission) {
	if needs != everybody && needs != anyCaller && needs != inPerson && !permission.Everything.Has(needs) {
		panic(fmt.Sprintf("api: %s needs %q, which is no permission", pattern, needs))
	}
	a.needs[pattern] = needs
}

// access notes what an operation needs, for serve and for the OpenAPI document. Its security requirements name the permission as a scope, as OpenAPI 3.1 has
// it for every scheme.
func (a *api) access(op *huma.Operation, needs permission.Permission) {
	a.demand(op.Method+" "+op.Path, needs)
	switch needs {
	case everybody:
		op.Security = []map[string][]string{}
	case anyCaller:
		op.Security = []map[string][]string{{apiToken: {}}, {sessionCookie: {}}}
	case inPerson:
		op.Security = []map[string][]string{{sessionCookie: {}}}
	default:
		op.Security = []map[string][]string{{apiToken: {string(needs)}}, {sessionCookie: {string(needs)}}}
	}
}

// party is who makes a request, and what they may do.
type party struct {
	ID          string // tok_… or usr_…
	Environment string
	permissions permission.Set
	token       *environment.Token // nil: a user in their browser
	session     *user.Session      // nil: an API token
	user        *user.User         // whose session it is, or whose token; nil: the environment's token
}

type callerKey struct{}

// caller is who makes the request.
func caller(ctx context.Context) *party { return ctx.Value(callerKey{}).(*party) }

// by is the caller for those who keep users.
func (c *party) by() user.By {
	by := user.By{ID: c.ID, Permissions: c.permissions}
	if c.user != nil {
		by.ID = c.user.ID
	}
	return by
}

// tokenID is the API token that a call is recorded with, if it was one.
func (c *party) tokenID() string {
	if c.token == nil {
		return ""
	}
	return c.token.ID
}

func (c *party) userID() string {
	if c.user == nil {
		return ""
	}
	return c.user.ID
}

// may is nil if the caller holds a permission, and else says that it is missing.
func (c *party) may(needs permission.Permission) *Problem {
	switch {
	case needs == anyCaller, needs == inPerson && c.session != nil, c.permissions.Has(needs):
		return nil
	case needs == inPerson:
		return problem(http.StatusForbidden, "This is done in person: sign in to Sluice in a browser; no API token will do.")
	case c.session != nil:
		return problem(http.StatusForbidden, fmt.Sprintf("This needs the permission %s, which your role %s does not have.", needs, c.user.Role))
	case c.token.Scopes.Has(needs):
		return problem(http.StatusForbidden, fmt.Sprintf("This needs the permission %s, which the role %s of the user whose API token it is does not have.", needs, c.user.Role))
	}
	return problem(http.StatusForbidden, fmt.Sprintf("This needs the permission %s, which is not among the API token's scopes: %s.", needs, c.token.Scopes))
}

// admit finds out who asks, and whether they may.
func (a *api) admit(w http.ResponseWriter, r *http.Request, needs permission.Permission) (*party, *Problem) {
	c, p := a.identify(w, r)
	if p != nil {
		return nil, p
	}
	return c, c.may(needs)
}

// identify finds out who asks: by the API token that the request shows or, if it shows none, by the session of a browser.
func (a *api) identify(w http.ResponseWriter, r *http.Request) (*party, *Problem) {
	if _, shown := r.Header["Authorization"]; !shown && a.People != nil {
		session, u, err := a.People.Session(r)
		if err != nil {
			return nil, a.fail(r.Context(), err)
		}
		if session != nil {
			if err := pages.CheckOrigin(r); err != nil {
				return nil, problem(http.StatusForbidden, "This was sent by another site, or by a browser that does not say from where, so nothing was done.")
			}
			return &party{ID: u.ID, Environment: u.Environment, permissions: u.Permissions(), session: session, user: u}, nil
		}
	}
	token, p := a.authenticate(w, r)
	if p != nil {
		return nil, p
	}
	c := &party{ID: token.ID, Environment: token.Environment, permissions: token.Scopes, token: token}
	if token.UserID != "" {
		u, err := a.Users.Find(r.Context(), token.UserID)
		if errors.Is(err, user.ErrNotFound) {
			err = environment.ErrUnknownToken
		}
		if err != nil {
			return nil, a.unauthorized(w, r, err)
		}
		c.user, c.permissions = u, token.Scopes.Both(u.Permissions())
	}
	return c, nil
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
		return nil, a.unauthorized(w, r, err)
	}
	return token, nil
}

func (a *api) unauthorized(w http.ResponseWriter, r *http.Request, err error) *Problem {
	p := a.fail(r.Context(), err)
	if p.StatusCode == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="sluice", error="invalid_token"`)
	}
	return p
}

// grantable is what an API token may be given by the caller: the scopes that were asked for, or all that the caller holds, until the caller's own token ends.
// Nobody gives what they have not.
func (c *party) grantable(names []string, expires time.Time) (permission.Set, time.Time, error) {
	scopes := c.permissions
	if names != nil {
		var err error
		if scopes, err = permission.Parse(names); err != nil {
			return 0, expires, problem(http.StatusUnprocessableEntity, "scopes: "+prose.Sentence(err.Error())).at("scopes")
		}
		if lacks := scopes.Without(c.permissions); lacks != 0 {
			return 0, expires, problem(http.StatusForbidden, fmt.Sprintf("Nobody gives what they have not: you lack %s; you have %s.", lacks, c.permissions)).at("scopes")
		}
	}
	if c.token == nil || c.token.ExpiresAt.IsZero() {
		return scopes, expires, nil
	}
	switch end := c.token.ExpiresAt; {
	case expires.IsZero():
		expires = end
	case expires.After(end):
		return 0, expires, problem(http.StatusForbidden, "No API token outlives the one that it is made with, which ends at "+end.Format(time.RFC3339)+".").at("expires_at")
	}
	return scopes, expires, nil
}
