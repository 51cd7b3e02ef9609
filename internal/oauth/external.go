package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"sluice/internal/mcpserver"
	"sluice/internal/permission"
)

// External is an authorization server of somebody else's whose tokens are trusted instead of our own.
type External struct {
	Issuer   string // as its tokens name it
	Audience string // that its tokens must be for; "": the MCP server's own URL
	KeysURL  string // where its keys are; "": as its OpenID discovery document says
}

// externalVerifier checks tokens that are signed JWTs (RFC 9068).
type externalVerifier struct {
	External
	client *http.Client

	mu    sync.Mutex
	keys  oidc.KeySet
	calls map[string]map[string]time.Time // by server: by whom, and when it was last told of
}

func newExternalVerifier(e External, fetch Fetch) *externalVerifier {
	return &externalVerifier{External: e, client: &http.Client{Transport: fetchTransport{fetch}}}
}

// fetchTransport lets go-oidc read documents under our own bounds and policy of addresses.
type fetchTransport struct{ fetch Fetch }

func (t fetchTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		return nil, fmt.Errorf("only GET is made, not %s", r.Method)
	}
	fetched, err := t.fetch(r.Context(), r.URL.String())
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: fetched.Status, Status: http.StatusText(fetched.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {fetched.ContentType}, "Cache-Control": {fetched.CacheControl}},
		Body:   io.NopCloser(bytes.NewReader(fetched.Body)), ContentLength: int64(len(fetched.Body)),
	}, nil
}

// keySet finds the issuer's keys, the first time that a token is to be checked: an issuer that is down must not keep Sluice from starting.
func (v *externalVerifier) keySet(ctx context.Context) (oidc.KeySet, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != nil {
		return v.keys, nil
	}
	// The set outlives the request that it is first needed by.
	background := oidc.ClientContext(context.WithoutCancel(ctx), v.client)
	keysURL := v.KeysURL
	if keysURL == "" {
		provider, err := oidc.NewProvider(background, v.Issuer)
		if err != nil {
			return nil, fmt.Errorf("read the metadata of %s: %w", v.Issuer, err)
		}
		var document struct {
			Keys string `json:"jwks_uri"`
		}
		if err := provider.Claims(&document); err != nil || document.Keys == "" {
			return nil, fmt.Errorf("the metadata of %s names no keys", v.Issuer)
		}
		keysURL = document.Keys
	}
	v.keys = oidc.NewRemoteKeySet(background, keysURL)
	return v.keys, nil
}

// first reports whether a call may end a client's way to a server: nobody has told of one by the same person and client for a while, or since somebody was sent
// away to sign in. A grant of our own would remember that.
func (v *externalVerifier) first(serverID, by string, now time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if now.Sub(v.calls[serverID][by]) < touchEvery {
		return false
	}
	if v.calls == nil || len(v.calls) >= maxCalls {
		v.calls = map[string]map[string]time.Time{}
	}
	if v.calls[serverID] == nil || len(v.calls[serverID]) >= maxCalls {
		v.calls[serverID] = map[string]time.Time{}
	}
	v.calls[serverID][by] = now
	return true
}

const maxCalls = 4096

// sentAway notes that whoever calls a server next may have signed in for it.
func (v *externalVerifier) sentAway(serverID string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.calls, serverID)
}

// externalClaims are those that tell whose a token is and what it may.
type externalClaims struct {
	Email    string          `json:"email"`
	Verified *truth          `json:"email_verified"`
	Client   string          `json:"client_id"`
	Party    string          `json:"azp"`
	Scope    json.RawMessage `json:"scope"`
	Scp      json.RawMessage `json:"scp"`
}

// externalAccess is Access for a token of the other authorization server. It must be for this MCP server, and be of somebody who is a user of the server's
// environment: they may what their role allows, and no more than the token's scopes say where it has any of ours.
func (s *Service) externalAccess(ctx context.Context, server *mcpserver.Server, bearer string) (*Access, error) {
	keys, err := s.external.keySet(ctx)
	if err != nil {
		return nil, err
	}
	audience := s.external.Audience
	if audience == "" {
		audience = s.Resource(server)
	}
	verifier := oidc.NewVerifier(s.external.Issuer, keys, &oidc.Config{
		ClientID: audience, Now: s.Now, SupportedSigningAlgs: []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"},
	})
	token, err := verifier.Verify(ctx, bearer)
	if expired, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
		return nil, s.invalidToken(server, "it expired at "+expired.Expiry.UTC().Format("15:04:05")+" UTC.")
	}
	if err != nil {
		s.Log.InfoContext(ctx, "a token of the external authorization server was refused", "mcp_server", server.ID, "error", err)
		return nil, s.invalidToken(server, "it is not of "+s.external.Issuer+", or not for "+audience+".")
	}
	var claims externalClaims
	if err := token.Claims(&claims); err != nil {
		return nil, s.invalidToken(server, "its claims cannot be read.")
	}
	if claims.Email == "" || claims.Verified != nil && !*claims.Verified {
		return nil, s.invalidToken(server, "it names no verified e-mail address, by which people are known here.")
	}
	person, err := s.People.FindByEmail(ctx, server.Environment, claims.Email)
	if err != nil {
		return nil, fmt.Errorf("find the person: %w", err)
	}
	if person == nil || !person.Permissions.Has(permission.ToolsRead) {
		return nil, s.invalidToken(server, "its person may not use these tools: they are no user of this environment.")
	}
	scopes := parseScopes(scopeWords(claims.Scope) + " " + scopeWords(claims.Scp))
	if scopes == 0 {
		scopes = bothScopes
	}
	name := claims.Client
	if name == "" {
		name = claims.Party
	}
	return &Access{
		UserID: person.ID, ClientID: name, ClientName: name, Scopes: scopes, May: person.Permissions.Both(bothScopes), Expires: token.Expiry,
		first: s.external.first(server.ID, person.ID+" "+name, s.Now()),
	}, nil
}

// truth reads true as some servers write it, too: as a text.
type truth bool

func (t *truth) UnmarshalJSON(b []byte) error {
	*t = string(b) == `true` || string(b) == `"true"`
	return nil
}

// scopeWords reads scopes as a text, or as the list that some servers make of them.
func scopeWords(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil {
		return text
	}
	var list []string
	json.Unmarshal(v, &list)
	return strings.Join(list, " ")
}
