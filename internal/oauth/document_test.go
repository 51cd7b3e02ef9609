package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluice/internal/oauth"
	"sluice/internal/outbound"
	"sluice/internal/permission"
)

const documentID = "https://app.example/oauth/client.json"

// publish is a web on which documents are published.
func publish(documents map[string]*oauth.Fetched, reads *atomic.Int64) func(*settings) {
	return func(s *settings) {
		s.fetch = func(_ context.Context, url string) (*oauth.Fetched, error) {
			reads.Add(1)
			if d := documents[url]; d != nil {
				return d, nil
			}
			return nil, fmt.Errorf("no such host")
		}
	}
}

func published(body string) *oauth.Fetched {
	return &oauth.Fetched{Status: 200, ContentType: "application/json; charset=utf-8", Body: []byte(body)}
}

func TestAClientIsKnownByTheDocumentThatItsIDNames(t *testing.T) {
	var reads atomic.Int64
	body := `{"client_id":"` + documentID + `","client_name":"App","redirect_uris":["` + callback + `","https://app.example/cb"],"token_endpoint_auth_method":"none"}`
	i := install(t, publish(map[string]*oauth.Fetched{documentID: published(body)}, &reads))
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)

	request := i.request(server, documentID)
	send(t, http.MethodGet, request, "").want(t, 303)
	if reads.Load() != 0 {
		t.Error("a document is read for somebody who is not signed in")
	}
	page := string(look(t, ada, request).want(t, 200).body)
	if !strings.Contains(page, "App</strong> of <strong>app.example") || strings.Contains(page, "nobody has checked it") || !strings.Contains(page, "a program on this computer") {
		t.Error("the page does not say who vouches for the client, or that any program of this computer could have asked")
	}
	if page := string(look(t, ada, i.request(server, documentID, "redirect_uri", "https://app.example/cb")).want(t, 200).body); strings.Contains(page, "a program on this computer") {
		t.Error("the page warns of this computer, which has no part in it")
	}
	got := tokensOf(t, i.exchange(t, server, documentID, i.allow(t, ada, request)))
	i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 200)
	tokensOf(t, i.refresh(t, server, documentID, got.refresh))
	if n := reads.Load(); n != 1 {
		t.Errorf("the document was read %d times", n)
	}
	look(t, ada, i.request(server, documentID, "redirect_uri", "https://evil.example/cb")).want(t, 400)
}

func TestADocumentThatCannotBeTrustedIsNone(t *testing.T) {
	good := `{"client_id":"%s","client_name":"App","redirect_uris":["` + callback + `"]}`
	var reads atomic.Int64
	at := func(name string) string { return "https://app.example/" + name }
	documents := map[string]*oauth.Fetched{
		at("other"):    published(strings.Replace(good, "%s", documentID, 1)),
		at("missing"):  {Status: 404, ContentType: "application/json"},
		at("moved"):    {Status: 302, ContentType: "application/json"},
		at("page"):     {Status: 200, ContentType: "text/html", Body: []byte(strings.Replace(good, "%s", at("page"), 1))},
		at("broken"):   published(`{"client_id":`),
		at("nameless"): published(`{"client_id":"` + at("nameless") + `","redirect_uris":["` + callback + `"]}`),
		at("nowhere"):  published(`{"client_id":"` + at("nowhere") + `","client_name":"App"}`),
		at("secret"):   published(`{"client_id":"` + at("secret") + `","client_name":"App","redirect_uris":["` + callback + `"],"client_secret":"s"}`),
		at("post"):     published(`{"client_id":"` + at("post") + `","client_name":"App","redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"client_secret_post"}`),
		at("keyless"):  published(`{"client_id":"` + at("keyless") + `","client_name":"App","redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"private_key_jwt"}`),
	}
	i := install(t, publish(documents, &reads))
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	for url := range documents {
		if a := look(t, ada, i.request(server, url)); a.status != 400 || a.header.Get("Location") != "" || !strings.Contains(string(a.body), "document") {
			t.Errorf("%s is answered with %d", url, a.status)
		}
	}
	before := reads.Load()
	for _, id := range []string{
		"http://app.example/client.json", "https://app.example", "https://app.example/", "https://user:pw@app.example/c.json", "https://app.example/c.json#f",
		"https://app.example/../c.json", "https://app.example/./c.json", "HTTPS://app.example/c.json", "https://" + strings.Repeat("a", 2100) + ".example/c",
	} {
		look(t, ada, i.request(server, id)).want(t, 400)
	}
	if reads.Load() != before {
		t.Error("an address that cannot be an id is read")
	}
}

func TestADocumentOnTheOperatorsOwnNetworkIsNotRead(t *testing.T) {
	client := outbound.New(outbound.Options{}) // the policy that an operator begins with
	t.Cleanup(client.Close)
	i := install(t, func(s *settings) {
		s.fetch = func(ctx context.Context, url string) (*oauth.Fetched, error) {
			r, err := client.Do(ctx, &outbound.Request{Method: http.MethodGet, URL: url, Once: true})
			if err != nil {
				return nil, err
			}
			return &oauth.Fetched{Status: r.Status, Body: r.Body}, nil
		}
	})
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	for _, host := range []string{"127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"} {
		a := look(t, ada, i.request(server, "https://"+host+"/client.json"))
		if a.status != 400 || !strings.Contains(string(a.body), "could not be read") {
			t.Errorf("%s is answered with %d %s", host, a.status, a.body)
		}
	}
}

func TestAClientProvesItselfByTheKeyThatItsDocumentNames(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strange, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256"}}})
	if err != nil {
		t.Fatal(err)
	}
	var reads atomic.Int64
	i := install(t, publish(map[string]*oauth.Fetched{
		documentID: published(`{"client_id":"` + documentID + `","client_name":"App","redirect_uris":["` + callback + `"],"token_endpoint_auth_method":"private_key_jwt","jwks":` + string(keys) + `}`),
	}, &reads))
	server, other := i.server(t, `{"auth":"oauth"}`), i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	assertion := func(key *ecdsa.PrivateKey, change func(*jwt.Claims)) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		claims := jwt.Claims{Issuer: documentID, Subject: documentID, Audience: jwt.Audience{i.Resource(server)}, Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)), ID: "1"}
		change(&claims)
		text, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	request := i.request(server, documentID)
	for name, text := range map[string]string{
		"nothing":        "",
		"another key":    assertion(strange, func(*jwt.Claims) {}),
		"another server": assertion(key, func(c *jwt.Claims) { c.Audience = jwt.Audience{i.Resource(other)} }),
		"an old one":     assertion(key, func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Hour)) }),
		"an endless one": assertion(key, func(c *jwt.Claims) { c.Expiry = nil }),
		"of another":     assertion(key, func(c *jwt.Claims) { c.Subject = "https://evil.example/c" }),
	} {
		if a := i.exchange(t, server, documentID, i.allow(t, ada, request), "client_assertion_type", kind, "client_assertion", text); a.status != 401 {
			t.Errorf("%s is answered with %d %s", name, a.status, a.body)
		}
	}
	a := i.exchange(t, server, "", i.allow(t, ada, request), "client_assertion_type", kind, "client_assertion", assertion(key, func(*jwt.Claims) {}))
	tokensOf(t, a)
}

func TestAStrangerHasNoDocumentRead(t *testing.T) {
	var reads atomic.Int64
	i := install(t, publish(map[string]*oauth.Fetched{
		documentID: published(`{"client_id":"` + documentID + `","client_name":"App","redirect_uris":["` + callback + `"]}`),
	}, &reads))
	server, other := i.server(t, `{"auth":"oauth"}`), i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	client, theirs := i.connect(t, server, ada)
	code := i.allow(t, ada, i.request(server, client))
	for name, a := range map[string]*answer{
		"nothing":                   i.exchange(t, server, documentID, ""),
		"a code that is none":       i.exchange(t, server, documentID, "slc_none"),
		"another client's code":     i.exchange(t, server, documentID, code),
		"a refresh token of none":   i.refresh(t, server, documentID, "slr_none"),
		"another client's token":    i.refresh(t, server, documentID, theirs.refresh),
		"a token of another server": i.refresh(t, other, documentID, theirs.refresh),
	} {
		if a.status != 400 || a.json(t)["error"] != "invalid_grant" {
			t.Errorf("%s is answered with %d %s", name, a.status, a.body)
		}
	}
	form(t, i.URL+"/oauth/"+server.ID+"/revoke", "client_id", documentID, "token", theirs.refresh).want(t, 200)
	if n := reads.Load(); n != 0 {
		t.Errorf("the document was read %d times", n)
	}
	i.rpc(t, server, theirs.access, "tools/list", `{}`).want(t, 200) // what is another's was not revoked
	own := tokensOf(t, i.exchange(t, server, documentID, i.allow(t, ada, i.request(server, documentID))))
	form(t, i.URL+"/oauth/"+server.ID+"/revoke", "client_id", documentID, "token", own.refresh).want(t, 200)
	i.rpc(t, server, own.access, "tools/list", `{}`).want(t, 401)
}
