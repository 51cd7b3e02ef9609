// Package oauth is the authorization server for MCP clients, and the door that people meet when they let one in: /oauth/…, and the well-known addresses that
// lead there. An MCP server that people sign in to is a protected resource whose own issuer it is, so that everything a client learns, registers or is given
// belongs to that one server and to no other.
//
// It is a profile of OAuth 2.1 as MCP 2026-07-28 wants it (Authorization), and as clients of 2025 do it. Requests, errors, client authentication and PKCE are read
// and checked by zitadel/oidc; its Provider and Storage are not used, since they keep tokens in a form that can be read, let a code be replayed without consequence,
// match any loopback host for another, and know neither resource indicators nor an issuer a resource. Tokens are random, kept as keyed hashes, and looked up at
// each use, so that what is revoked is over everywhere within a second, however long it was meant to live.
//
// It imports store, secret, mcpserver, connection, origin, page and permission. Requests enter at Door.ServeHTTP; the MCP door asks Service.Access whose a token
// is; the API lists and revokes what was granted. The files follow a client's way:
//
//	metadata.go   where to sign in to what (RFC 9728, RFC 8414, OpenID Connect Discovery)
//	register.go   programs that register themselves (RFC 7591)
//	client.go     which program it is: registered, entered by hand, or named by its document
//	document.go   a program's document under its own URL (Client ID Metadata Documents)
//	redirect.go   where a browser may be sent back to
//	authorize.go  the authorization request, up to the person's answer
//	consent.go    what the person is shown
//	token.go      codes and refresh tokens become access tokens
//	revoke.go     a client gives its tokens back (RFC 7009)
//	assertion.go  a client proves itself by a key (RFC 7523)
//	grant.go      what was allowed: listed, revoked, ended
//	access.go     whose an access token is, and what it may
//	external.go   tokens of another authorization server
package oauth

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/origin"
	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store"
)

// Person is somebody who may sign in.
type Person struct {
	ID, Environment, Name, Email string
	Permissions                  permission.Set
}

// People knows who is there.
type People interface {
	// Current is who the browser of a request is signed in as; nil: nobody.
	Current(r *http.Request) (*Person, error)
	// SignInURL is the page that signs a person in and then leads to next, a path of Sluice's own.
	SignInURL(next string) string
	// Find returns a person of an environment as they are now; nil: they are no longer there.
	Find(ctx context.Context, environment, id string) (*Person, error)
	// FindByEmail does so by an address that somebody trusted vouches for.
	FindByEmail(ctx context.Context, environment, email string) (*Person, error)
}

// Servers finds MCP servers. *mcpserver.Service is one.
type Servers interface {
	ByID(ctx context.Context, id string) (*mcpserver.Server, error)
	Only(ctx context.Context) (*mcpserver.Server, error)
}

// Offer is what an MCP server gives, as a person is told of it.
type Offer struct {
	Account     string // which account of theirs
	Integration string // of which vendor
	Tools       []OfferedTool
}

// OfferedTool is one tool of it.
type OfferedTool struct {
	Name, Title        string
	Write, Destructive bool
}

// Offers tells what a server gives.
type Offers func(ctx context.Context, server *mcpserver.Server) (*Offer, error)

// Fetched is a document of somebody's.
type Fetched struct {
	Status                    int
	ContentType, CacheControl string
	Body                      []byte
}

// Fetch reads one, under a policy of addresses that the operator decides, within bounds of time and size, without following redirects.
type Fetch func(ctx context.Context, url string) (*Fetched, error)

// Config is what a Service is made of.
type Config struct {
	Store       *store.Store
	Keys        *secret.Keys
	Servers     Servers
	People      People
	Offers      Offers
	Fetch       Fetch
	Connections *connection.Log
	Origin      *origin.Policy
	PublicURL   string    // without a slash at its end
	External    *External // nil: Sluice is the authorization server
	Log         *slog.Logger
	Now         func() time.Time // nil: time.Now
}

// Service keeps clients, codes, grants and tokens. It is safe for concurrent use; Close ends what it does in the background.
type Service struct {
	Config
	tokens     *store.Cache[secret.TokenHash, *accessToken]
	grants     *store.Cache[string, *Grant]
	documents  documents
	external   *externalVerifier
	sweeping   *store.Sweep
	background sync.WaitGroup
}

const (
	resourcePath = "/mcp/"   // an MCP server's URL, followed by its id
	oauthPath    = "/oauth/" // its endpoints: /oauth/{mcp_id}/…

	maxCached = 65536
)

// How long things are good for. An access token lives long because a revocation reaches it at once, and many clients never refresh.
const (
	codeLife    = 2 * time.Minute
	accessLife  = 30 * 24 * time.Hour
	refreshLife = 90 * 24 * time.Hour // from its last use
	grace       = 10 * time.Second    // in which a refresh token may be used again: two windows of one client, or an answer that was lost
	replayKept  = 24 * time.Hour      // in which a code that was used is recognised
)

// New makes a Service.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Service{Config: c}
	s.tokens = store.NewCache[secret.TokenHash](c.Store, store.OAuthTokens, maxCached, func(t *accessToken) string { return t.ID })
	s.grants = store.NewCache[string](c.Store, store.OAuthGrants, maxCached, func(g *Grant) string { return g.ID })
	s.documents.fetch = c.Fetch
	if c.External != nil {
		s.external = newExternalVerifier(*c.External, c.Fetch)
	}
	s.sweeping = store.StartSweep(sweepEvery, s.sweep)
	return s
}

// Close ends what is under way in the background.
func (s *Service) Close() {
	s.sweeping.Stop()
	s.background.Wait()
	s.tokens.Close()
	s.grants.Close()
}

const sweepEvery = 10 * time.Minute

func (s *Service) sweep(ctx context.Context) {
	if err := s.removeExpired(ctx); err != nil && ctx.Err() == nil {
		s.Log.Warn("could not remove what has expired of sign-ins; the next sweep tries again", "error", err)
	}
}

// Resource is the URL of an MCP server that people sign in to: its resource identifier (RFC 8707), and its issuer.
func (s *Service) Resource(server *mcpserver.Server) string {
	return s.PublicURL + resourcePath + server.ID
}

// endpoint is the URL of one of a server's endpoints.
func (s *Service) endpoint(server *mcpserver.Server, name string) string {
	return s.PublicURL + oauthPath + server.ID + "/" + name
}

// samePlace reports whether a resource indicator names the server. Scheme and host are compared without case (MCP 2026-07-28, Canonical Server URI), and a slash
// that people or programs put at the end does no harm.
func (s *Service) samePlace(server *mcpserver.Server, resource string) bool {
	fold := func(u string) string {
		scheme, rest, ok := strings.Cut(strings.TrimSuffix(u, "/"), "://")
		host, path, _ := strings.Cut(rest, "/")
		if !ok {
			return u
		}
		return strings.ToLower(scheme) + "://" + strings.ToLower(host) + "/" + path
	}
	return fold(resource) == fold(s.Resource(server))
}

// from is what a request shows of who makes it, for the timeline.
func (s *Service) from(server *mcpserver.Server, r *http.Request) connection.From {
	return connection.From{Environment: server.Environment, ServerID: server.ID, Address: s.Origin.Address(r), UserAgent: r.UserAgent()}
}

// find returns the server behind an id as it stands in a path; nil: there is none.
func (s *Service) find(ctx context.Context, id string) (*mcpserver.Server, error) {
	server, err := s.Servers.ByID(ctx, id)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find the MCP server: %w", err)
	}
	return server, nil
}
