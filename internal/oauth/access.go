package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Access is what a bearer token gives at one MCP server.
type Access struct {
	TokenID    string // "": the token is of another authorization server
	GrantID    string // as TokenID
	UserID     string
	ClientID   string
	ClientName string
	Scopes     permission.Set // what the person allowed
	May        permission.Set // what of that, and of more, the person may do themselves: no consent gives more
	Expires    time.Time

	first     bool   // it ends a timeline
	attemptID string // which, where that is known
}

// Writes reports whether tools that change something may be called. Whoever has access at all may call the others.
func (a *Access) Writes() bool { return a.Scopes.Both(a.May).Has(permission.ToolsWrite) }

// MayWrite reports whether the person may call tools that change something, allowed or not.
func (a *Access) MayWrite() bool { return a.May.Has(permission.ToolsWrite) }

// Denied is a request without a right to what it asks. The challenge tells the client how to get one (RFC 6750, section 3; RFC 9728, section 5.1).
type Denied struct {
	Status    int // 401 or 403
	Words     string
	Challenge string
}

func (e *Denied) Error() string { return e.Words }

// accessToken is what is kept of a token in memory.
type accessToken struct {
	ID, Environment, GrantID string
	Scopes                   permission.Set
	Expires                  time.Time
}

const signInWords = "This MCP server wants people to sign in: connect with a client that does OAuth, which finds the way by the WWW-Authenticate header."

// Access finds out whose a bearer token is and what it may do at a server. It returns a *Denied where it may do nothing there.
func (s *Service) Access(ctx context.Context, server *mcpserver.Server, bearer string) (*Access, error) {
	switch {
	case bearer == "":
		return nil, &Denied{http.StatusUnauthorized, signInWords, s.challenge(server, "", "", bothScopes)}
	case s.external != nil:
		return s.externalAccess(ctx, server, bearer)
	case !strings.HasPrefix(bearer, accessPrefix):
		return nil, s.invalidToken(server, "it is none of this server's.")
	}
	_, hash := s.Keys.HashToken(bearer)
	token, err := s.tokens.Get(ctx, hash, func(ctx context.Context) (*accessToken, error) { return s.lookUp(ctx, bearer) })
	if errors.Is(err, ErrNotFound) {
		return nil, s.invalidToken(server, "it is unknown, or was revoked.")
	}
	if err != nil {
		return nil, err
	}
	now := s.Now()
	if !now.Before(token.Expires) {
		return nil, s.invalidToken(server, "it has expired.")
	}
	g, err := s.grants.Get(ctx, token.GrantID, func(ctx context.Context) (*Grant, error) { return s.GetGrant(ctx, token.Environment, token.GrantID) })
	if errors.Is(err, ErrNotFound) {
		return nil, s.invalidToken(server, "it was revoked.")
	}
	if err != nil {
		return nil, err
	}
	if g.ServerID != server.ID || g.Environment != server.Environment {
		return nil, s.invalidToken(server, "it is for another MCP server.") // its audience (RFC 8707)
	}
	person, err := s.People.Find(ctx, g.Environment, g.UserID)
	if err != nil {
		return nil, fmt.Errorf("find the person: %w", err)
	}
	if person == nil || !person.Permissions.Has(permission.ToolsRead) {
		return nil, s.invalidToken(server, "the person who allowed it may not use these tools any more.")
	}
	return &Access{
		TokenID: token.ID, GrantID: g.ID, UserID: g.UserID, ClientID: g.ClientID, ClientName: g.ClientName, Scopes: token.Scopes, May: person.Permissions.Both(bothScopes),
		Expires: token.Expires, first: s.touch(g, now), attemptID: g.attemptID,
	}, nil
}

func (s *Service) lookUp(ctx context.Context, bearer string) (*accessToken, error) {
	for _, hash := range s.Keys.TokenHashes(bearer) {
		row, err := s.Store.GetOAuthTokenByHash(ctx, hash[:])
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look up an access token: %w", err)
		}
		if row.Kind != accessKind {
			break
		}
		return &accessToken{row.ID, row.Environment, row.GrantID, parseScopes(row.Scopes), store.Time(row.ExpiresAt)}, nil
	}
	return nil, ErrNotFound
}

// touchEvery is how often the use of a grant is written down.
const touchEvery = 5 * time.Minute

// touch notes that a grant is in use, off the call's path. It reports whether this is its first use.
func (s *Service) touch(g *Grant, now time.Time) (first bool) {
	before := g.touched.Load()
	if now.UnixMilli()-before < touchEvery.Milliseconds() || !g.touched.CompareAndSwap(before, now.UnixMilli()) {
		return false
	}
	s.background.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Store.TouchOAuthGrant(ctx, db.TouchOAuthGrantParams{LastUsedAt: now.UnixMilli(), Environment: g.Environment, ID: g.ID}); err != nil {
			s.Log.Warn("could not write down when a grant was last used", "grant", g.ID, "error", err)
		}
	})
	return before == 0
}

// Called ends the timeline of connecting with a token's first use: what was asked, by which revision of MCP, and how it was answered.
func (s *Service) Called(ctx context.Context, server *mcpserver.Server, a *Access, method, revision, userAgent string, status int) {
	if a == nil || !a.first {
		return
	}
	a.first = false
	step := connection.Step{Name: connection.Call, Status: status, Detail: method}
	if status >= 400 {
		step.Fault = fmt.Sprintf("The first call, %s, was answered with HTTP %d.", method, status)
	}
	s.Connections.Record(ctx, connection.From{
		AttemptID: a.attemptID, Environment: server.Environment, ServerID: server.ID, ClientID: a.ClientID, ClientName: a.ClientName, UserID: a.UserID,
		Revision: revision, UserAgent: userAgent,
	}, step)
}

// Challenged begins a timeline: somebody asked without a right to it, and was told where to get one.
func (s *Service) Challenged(server *mcpserver.Server, r *http.Request, revision string, e *Denied) {
	from := s.from(server, r)
	from.Revision = revision
	if s.external != nil {
		s.external.sentAway(server.ID)
	}
	step := connection.Step{Name: connection.Challenge, Status: e.Status}
	if r.Header.Get("Authorization") != "" {
		step.Detail = e.Words
	}
	s.Connections.Record(r.Context(), from, step)
}

// NeedsWrite is the answer to a client whose person allowed it to read alone, or was asked for that alone: it can ask again for more (MCP 2026-07-28, Scope Challenge
// Handling). Both scopes are named, since some clients ask for what they are told and nothing else.
func (s *Service) NeedsWrite(server *mcpserver.Server, tool string) *Denied {
	words := fmt.Sprintf("%s changes something, and the person allowed reading alone: it needs the scope %s.", tool, permission.ToolsWrite)
	return &Denied{http.StatusForbidden, words, s.challenge(server, "insufficient_scope", words, bothScopes)}
}

func (s *Service) invalidToken(server *mcpserver.Server, why string) *Denied {
	why = "The access token opens nothing here: " + why
	return &Denied{http.StatusUnauthorized, why + " Connect again to sign in.", s.challenge(server, "invalid_token", why, bothScopes)}
}

func (s *Service) challenge(server *mcpserver.Server, code, description string, scopes permission.Set) string {
	var b strings.Builder
	b.WriteString("Bearer ")
	if code != "" {
		fmt.Fprintf(&b, `error="%s", error_description="%s", `, code, printable(description))
	}
	fmt.Fprintf(&b, `scope="%s", resource_metadata="%s"`, scopeText(scopes), s.metadataURL(server))
	return b.String()
}
