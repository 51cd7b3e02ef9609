// Package oidctest starts a real OpenID provider for tests, zitadel/oidc's example server, and a small vendor's API that asks it who holds a token.
//
// It imports none of Sluice's packages.
package oidctest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// The clients that the provider knows: one for signing people in, and a service user for itself.
const (
	ClientID, ClientSecret   = "sluice", "between-us"
	ServiceID, ServiceSecret = "sid1", "verysecret"
)

// Provider is an OpenID provider on loopback. It rotates refresh tokens and refuses one that was used.
type Provider struct {
	URL string

	server *httptest.Server
	mu     sync.Mutex
	down   int           // status of every answer, while not 0
	gate   chan struct{} // a token request waits for it, unless nil
	holds  bool          // revocations are answered and not done
	asked  map[string]int
	tokens []Tokens
}

// Tokens is what the token endpoint gave.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// New starts a provider that sends people back to redirectURI.
func New(t testing.TB, redirectURI string) *Provider {
	t.Helper()
	p := &Provider{asked: map[string]int{}}
	var handler http.Handler
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(handler, w, r) }))
	t.Cleanup(p.server.Close)
	p.URL = p.server.URL
	st := storage.NewStorageWithClients(users{storage.NewUserStore(p.URL)}, map[string]*storage.Client{ClientID: storage.WebClient(ClientID, ClientSecret, redirectURI)})
	handler = exampleop.SetupServer(p.URL, st, nil, false)
	return p
}

// users has the service user among them, so that the provider can tell of it as of the others.
type users struct{ storage.UserStore }

func (u users) GetUserByID(id string) *storage.User {
	if id == ServiceID {
		return &storage.User{ID: id}
	}
	return u.UserStore.GetUserByID(id)
}

func (p *Provider) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	down, gate, holds := p.down, p.gate, p.holds && r.URL.Path == "/revoke"
	p.mu.Unlock()
	if holds {
		return
	}
	if down != 0 {
		http.Error(w, "down for maintenance", down)
		return
	}
	if r.URL.Path != "/oauth/token" {
		next.ServeHTTP(w, r)
		return
	}
	if gate != nil {
		<-gate
	}
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	var given Tokens
	if json.Unmarshal(answer.Body.Bytes(), &given) == nil && given.Access != "" {
		p.mu.Lock()
		p.tokens = append(p.tokens, given)
		p.mu.Unlock()
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}

// Down has every answer be of that status, until it is 0.
func (p *Provider) Down(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = status
}

// Gate has token requests wait until it is closed.
func (p *Provider) Gate(gate chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gate = gate
}

// HoldRevocations has revocations answered and not done, while it is set.
func (p *Provider) HoldRevocations(holds bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds = holds
}

// Asked is how often a path was asked for: /oauth/token.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// Given is what the token endpoint gave, the newest last.
func (p *Provider) Given() []Tokens {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Tokens(nil), p.tokens...)
}

// Revoke revokes a token at the provider's own endpoint (RFC 7009); a refresh token takes its access token with it.
func (p *Provider) Revoke(t testing.TB, token string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.URL+"/revoke", strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(ClientID, ClientSecret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the provider revokes nothing: %s", answer.Status)
	}
}

var loginID = regexp.MustCompile(`name="id" value="([^"]*)"`)

// SignIn goes from an authorization request through the provider's form to the address that the provider sends back to.
func (p *Provider) SignIn(t testing.TB, authorization string) *url.URL {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), p.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := browser.Get(authorization)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	html, err := io.ReadAll(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	id := loginID.FindSubmatch(html)
	if id == nil {
		t.Fatalf("the provider shows no form (%s): %s", page.Status, html)
	}
	username := "test-user@" + strings.Split(strings.TrimPrefix(p.URL, "http://"), ":")[0]
	answer, err := browser.PostForm(p.URL+"/login/username", url.Values{"id": {string(id[1])}, "username": {username}, "password": {"verysecure"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		t.Fatalf("the provider sends nobody back (%s)", answer.Status)
	}
	return back
}

// Vendor is an API whose callers the provider knows. It has workspaces, and a hull in each.
type Vendor struct {
	URL string

	mu         sync.Mutex
	workspaces []string
	status     int // of every answer, while not 0
	forbidden  bool
}

// NewVendor starts an API with the named workspaces.
func NewVendor(t testing.TB, p *Provider, workspaces ...string) *Vendor {
	t.Helper()
	v := &Vendor{workspaces: workspaces}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { v.serve(p, w, r) }))
	t.Cleanup(server.Close)
	v.URL = server.URL
	return v
}

// SetWorkspaces replaces the workspaces.
func (v *Vendor) SetWorkspaces(names ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.workspaces = names
}

// Answer has every answer be of that status, until it is 0.
func (v *Vendor) Answer(status int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status = status
}

// Forbid has hulls need a scope that no token has.
func (v *Vendor) Forbid() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forbidden = true
}

func (v *Vendor) serve(p *Provider, w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	workspaces, status, forbidden := v.workspaces, v.status, v.forbidden
	v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	say := func(status int, format string, args ...any) {
		w.WriteHeader(status)
		fmt.Fprintf(w, format, args...)
	}
	if status != 0 {
		say(status, `{"message":"Out of order."}`)
		return
	}
	if !known(p, r.Header.Get("Authorization")) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		say(http.StatusUnauthorized, `{"message":"The token is not valid."}`)
		return
	}
	switch {
	case r.URL.Path == "/me":
		say(http.StatusOK, `{"ok":true}`)
	case r.URL.Path == "/workspaces":
		type workspace struct {
			ID    string `json:"id"`
			Title string `json:"title"`
		}
		list := []workspace{}
		for _, name := range workspaces {
			list = append(list, workspace{"ws-" + strings.ToLower(name), name})
		}
		b, _ := json.Marshal(map[string]any{"workspaces": list})
		w.Write(b)
	case forbidden:
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="hulls.read hulls.write", error_description="More is needed."`)
		say(http.StatusForbidden, `{"message":"Not allowed."}`)
	case r.URL.Path == "/hulls":
		say(http.StatusOK, `[{"id":"h1","workspace":%q}]`, r.Header.Get("X-Workspace"))
	default:
		say(http.StatusNotFound, `{"message":"Nothing here."}`)
	}
}

// known asks the provider about a token.
func known(p *Provider, authorization string) bool {
	r, err := http.NewRequest(http.MethodGet, p.URL+"/userinfo", nil)
	if err != nil {
		return false
	}
	r.Header.Set("Authorization", authorization)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
