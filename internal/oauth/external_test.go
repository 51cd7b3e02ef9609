package oauth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluice/internal/connection"
	"sluice/internal/oauth"
	"sluice/internal/permission"
)

// elsewhere is another authorization server: its documents, and tokens that it signs.
type elsewhere struct {
	key       *rsa.PrivateKey
	documents map[string]*oauth.Fetched
}

const elsewhereIssuer = "https://id.example/tenant"

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	return &elsewhere{key, map[string]*oauth.Fetched{
		elsewhereIssuer + "/.well-known/openid-configuration": published(`{"issuer":"` + elsewhereIssuer + `","jwks_uri":"https://id.example/keys","authorization_endpoint":"https://id.example/a","token_endpoint":"https://id.example/t"}`),
		"https://id.example/keys":                             published(string(keys)),
	}}
}

func (e *elsewhere) token(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTokensOfAnotherAuthorizationServerAreTrustedWhereTheOperatorSaysSo(t *testing.T) {
	e := newElsewhere(t)
	i := install(t, func(s *settings) {
		s.external = &oauth.External{Issuer: elsewhereIssuer}
		s.fetch = func(_ context.Context, url string) (*oauth.Fetched, error) {
			if d := e.documents[url]; d != nil {
				return d, nil
			}
			return &oauth.Fetched{Status: 404}, nil
		}
	})
	server, other := i.server(t, `{"auth":"oauth"}`), i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	env, _ := i.newEnvironment(t)
	stranger := i.person(t, env, permission.Owner)

	metadata := send(t, http.MethodGet, i.URL+"/.well-known/oauth-protected-resource/mcp/"+server.ID, "").want(t, 200).json(t)
	if got := metadata["authorization_servers"].([]any); len(got) != 1 || got[0] != elsewhereIssuer {
		t.Errorf("people sign in at %v", got)
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server/mcp/" + server.ID, "/oauth/" + server.ID + "/register", "/oauth/" + server.ID + "/authorize"} {
		send(t, http.MethodGet, i.URL+path, "").want(t, 404)
	}
	claims := func(change func(map[string]any)) map[string]any {
		c := map[string]any{
			"iss": elsewhereIssuer, "aud": []string{i.Resource(server)}, "sub": "42", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
			"email": ada.Email, "email_verified": true, "scope": "openid tools:read tools:write", "client_id": "cli",
		}
		change(c)
		return c
	}
	good := e.token(t, e.key, claims(func(map[string]any) {}))
	i.rpc(t, server, good, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`).want(t, 200)
	if made := i.called.last(t); made.UserID != ada.ID || made.ClientName != "cli" {
		t.Errorf("the call was made for %q by %q", made.UserID, made.ClientName)
	}
	i.rpc(t, other, good, "tools/list", `{}`).want(t, 401)
	reading := e.token(t, e.key, claims(func(c map[string]any) { c["scope"] = nil; c["scp"] = []string{"tools:read"} }))
	i.rpc(t, server, reading, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`).want(t, 403)

	strange, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + "."
	for name, token := range map[string]string{
		"another issuer":               e.token(t, e.key, claims(func(c map[string]any) { c["iss"] = "https://evil.example" })),
		"another audience":             e.token(t, e.key, claims(func(c map[string]any) { c["aud"] = "https://other.example/mcp" })),
		"another key":                  e.token(t, strange, claims(func(map[string]any) {})),
		"no signature":                 unsigned,
		"an old one":                   e.token(t, e.key, claims(func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() })),
		"somebody unknown":             e.token(t, e.key, claims(func(c map[string]any) { c["email"] = "eve@example.com" })),
		"somebody unproven":            e.token(t, e.key, claims(func(c map[string]any) { c["email_verified"] = false })),
		"somebody nameless":            e.token(t, e.key, claims(func(c map[string]any) { delete(c, "email") })),
		"somebody of another tenant":   e.token(t, e.key, claims(func(c map[string]any) { c["email"] = stranger.Email })),
		"a token of Sluice's own kind": "sla_" + strings.Repeat("a", 43),
	} {
		if a := i.rpc(t, server, token, "tools/list", `{}`); a.status != 401 || !strings.Contains(a.header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s is answered with %d %s", name, a.status, a.body)
		}
	}
}

func TestTheFirstCallByATokenOfAnotherServerEndsTheTimeline(t *testing.T) {
	e := newElsewhere(t)
	i := install(t, func(s *settings) {
		s.external = &oauth.External{Issuer: elsewhereIssuer}
		s.fetch = func(_ context.Context, url string) (*oauth.Fetched, error) { return e.documents[url], nil }
	})
	server, ada := i.server(t, `{"auth":"oauth"}`), i.person(t, i.env, permission.Member)
	token := e.token(t, e.key, map[string]any{"iss": elsewhereIssuer, "aud": i.Resource(server), "exp": time.Now().Add(time.Hour).Unix(), "email": ada.Email,
		"email_verified": "true", "azp": "cli"}) // a text, as some write it
	attempts := func(want int) []*connection.Attempt {
		t.Helper()
		list, _, err := i.Log.List(t.Context(), i.env, server.ID, "", 10)
		if err != nil || len(list) != want {
			t.Fatalf("%d attempts are kept, %v; want %d", len(list), err, want)
		}
		return list
	}
	i.rpc(t, server, token, "tools/list", `{}`).want(t, 200)
	attempts(0) // who had a token before is not connecting
	for n := 1; n <= 2; n++ {
		i.rpc(t, server, "", "tools/list", `{}`).want(t, 401)
		send(t, http.MethodGet, i.URL+"/.well-known/oauth-protected-resource/mcp/"+server.ID, "").want(t, 200)
		for range 3 {
			i.rpc(t, server, token, "tools/list", `{}`).want(t, 200)
		}
		list := attempts(n)
		if v := list[0].Verdict(time.Now()); v.State != connection.Connected || list[0].ClientName != "cli" || list[0].UserID != ada.ID || len(list[0].Steps) != 3 {
			t.Errorf("attempt %d: the verdict is %+v of %+v", n, v, list[0])
		}
	}
}

func TestAnAuthorizationServerThatIsDownIsNobodysFault(t *testing.T) {
	i := install(t, func(s *settings) { s.external = &oauth.External{Issuer: elsewhereIssuer} })
	server := i.server(t, `{"auth":"oauth"}`)
	if a := i.rpc(t, server, "some.token.here", "tools/list", `{}`); a.status != 500 {
		t.Errorf("the call is answered with %d %s, and sends the client to sign in again", a.status, a.body)
	}
}
