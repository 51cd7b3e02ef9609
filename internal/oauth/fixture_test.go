package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/integrations"
	"sluice/internal/account"
	"sluice/internal/connection"
	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/origin"
	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// installation is a Sluice as its clients see it: the authorization server and the MCP endpoint, over HTTP, with tools that do nothing.
type installation struct {
	*oauth.Service
	URL     string
	Store   *store.Store
	Servers *mcpserver.Service
	Log     *connection.Log
	people  *people
	clock   *clock
	called  *calls
	env     string
	account string
}

// clock is the time of these tests, which passes when they say so.
type clock struct {
	mu   sync.Mutex
	past time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.past)
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past += d
}

// people are those of these tests. A browser says in a header who is signed in.
type people struct {
	mu   sync.Mutex
	byID map[string]*oauth.Person
}

func (p *people) Current(r *http.Request) (*oauth.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byID[r.Header.Get("X-Signed-In")], nil
}

func (p *people) SignInURL(next string) string { return "/sign-in?next=" + url.QueryEscape(next) }

func (p *people) Find(_ context.Context, environment, id string) (*oauth.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if person := p.byID[id]; person != nil && person.Environment == environment {
		return person, nil
	}
	return nil, nil
}

func (p *people) FindByEmail(_ context.Context, environment, email string) (*oauth.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, person := range p.byID {
		if person.Email == email && person.Environment == environment {
			return person, nil
		}
	}
	return nil, nil
}

func (p *people) become(id string, role permission.Role) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed := *p.byID[id]
	changed.Permissions = role.Permissions()
	p.byID[id] = &changed
}

func (p *people) leave(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byID, id)
}

// calls is a gateway whose tools are Octapipe's and do nothing.
type calls struct {
	definition *integration.Definition
	mu         sync.Mutex
	made       []gateway.Caller
}

func (c *calls) Open(_ context.Context, server *mcpserver.Server) (*gateway.Caller, error) {
	return c.open(server, false)
}

func (c *calls) OpenReading(_ context.Context, server *mcpserver.Server) (*gateway.Caller, error) {
	return c.open(server, true)
}

func (c *calls) open(server *mcpserver.Server, readOnly bool) (*gateway.Caller, error) {
	tools, err := toolset.Compile(c.definition, toolset.Options{Methods: server.Config.Methods, ReadOnly: readOnly})
	if err != nil {
		return nil, err
	}
	return &gateway.Caller{Environment: server.Environment, Account: &account.Account{ID: server.AccountID, Name: "Sales"}, Tools: tools, ServerID: server.ID}, nil
}

func (c *calls) Call(_ context.Context, caller *gateway.Caller, tool string, _ []byte) (*gateway.Result, error) {
	c.mu.Lock()
	c.made = append(c.made, *caller)
	c.mu.Unlock()
	t, ok := caller.Tools.Tool(tool)
	if !ok {
		return nil, fmt.Errorf("%w %q", gateway.ErrUnknownTool, tool)
	}
	return &gateway.Result{Tool: t, Outcome: vendor.OK, Status: 200, Total: -1, Body: []byte(`{}`)}, nil
}

func (c *calls) last(t *testing.T) gateway.Caller {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.made) == 0 {
		t.Fatal("no tool was called")
	}
	return c.made[len(c.made)-1]
}

const masterText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// settings are what a test wants otherwise than usual.
type settings struct {
	database string
	fetch    oauth.Fetch
	external *oauth.External
	proxies  []string
}

func install(t *testing.T, change ...func(*settings)) *installation {
	t.Helper()
	s := settings{fetch: func(_ context.Context, url string) (*oauth.Fetched, error) {
		return nil, fmt.Errorf("nothing is at %s", url)
	}}
	for _, c := range change {
		c(&s)
	}
	if s.database == "" {
		s.database = storetest.SQLite(t)
	}
	st := storetest.Open(t, s.database)
	keys, err := secret.Load(t.Context(), st, secret.Given(masterText))
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{
		URL: "http://" + l.Addr().String(), Store: st, people: &people{byID: map[string]*oauth.Person{}}, clock: &clock{}, called: &calls{},
	}
	for _, d := range definitions {
		if d.Name == "octapipe" {
			i.called.definition = d
		}
	}
	policy, err := origin.New(origin.Settings{PublicURL: i.URL, Proxies: s.proxies})
	if err != nil {
		t.Fatal(err)
	}
	silent := slog.New(slog.DiscardHandler)
	i.Servers = mcpserver.New(st, keys, mcpserver.Options{Log: silent})
	t.Cleanup(i.Servers.Close)
	i.Log = connection.New(st, silent)
	i.Service = oauth.New(oauth.Config{
		Store: st, Keys: keys, Servers: i.Servers, People: i.people, Fetch: s.fetch, Connections: i.Log, Origin: policy, PublicURL: i.URL, External: s.external,
		Log: silent, Now: i.clock.now, Offers: i.offer,
	})
	t.Cleanup(i.Service.Close)
	door := oauth.NewDoor(i.Service)
	endpoint := mcp.New(mcp.Options{Gateway: i.called, Servers: i.Servers, SignIns: i.Service, Origin: policy, Log: silent})
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if oauth.Serves(r.URL.Path) {
			door.ServeHTTP(w, r)
			return
		}
		endpoint.ServeHTTP(w, r)
	})}}
	server.Start()
	t.Cleanup(server.Close)
	i.env, i.account = i.newEnvironment(t)
	return i
}

func (i *installation) offer(ctx context.Context, server *mcpserver.Server) (*oauth.Offer, error) {
	caller, err := i.called.Open(ctx, server)
	if err != nil {
		return nil, err
	}
	o := &oauth.Offer{Account: "Sales", Integration: "Octapipe"}
	for _, tool := range caller.Tools.Tools {
		o.Tools = append(o.Tools, oauth.OfferedTool{Name: tool.Name, Title: tool.Title, Write: !tool.ReadOnly, Destructive: tool.Destructive})
	}
	return o, nil
}

func (i *installation) newEnvironment(t *testing.T) (env, acc string) {
	t.Helper()
	env, acc = store.NewID("env"), store.NewID("acc")
	if err := i.Store.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: env, Name: env}); err != nil {
		t.Fatal(err)
	}
	if err := i.Store.CreateAccount(t.Context(), db.CreateAccountParams{ID: acc, Environment: env, Integration: "octapipe", Context: "{}"}); err != nil {
		t.Fatal(err)
	}
	return env, acc
}

// server makes an MCP server that people sign in to.
func (i *installation) server(t *testing.T, config string) *mcpserver.Server {
	t.Helper()
	return i.serverOf(t, i.env, i.account, config)
}

func (i *installation) serverOf(t *testing.T, env, acc, config string) *mcpserver.Server {
	t.Helper()
	server, token, err := i.Servers.Create(t.Context(), mcpserver.Draft{Environment: env, AccountID: acc, Name: "Sales for Claude", Config: []byte(config)})
	if err != nil || token != "" {
		t.Fatalf("create an MCP server: token %q, error %v", token, err)
	}
	return server
}

// person adds somebody to an environment.
func (i *installation) person(t *testing.T, env string, role permission.Role) *oauth.Person {
	t.Helper()
	p := &oauth.Person{ID: store.NewID("usr"), Environment: env, Name: "Ada", Permissions: role.Permissions()}
	p.Email = p.ID + "@example.com"
	if err := i.Store.CreateUser(t.Context(), db.CreateUserParams{ID: p.ID, Environment: env, Email: p.Email, Name: p.Name, Role: string(role)}); err != nil {
		t.Fatal(err)
	}
	i.people.mu.Lock()
	i.people.byID[p.ID] = p
	i.people.mu.Unlock()
	return p
}

// answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("the answer %d %s is no JSON: %v", a.status, a.body, err)
	}
	return v
}

func (a *answer) want(t *testing.T, status int) *answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// wantError wants an OAuth error with a word of its description.
func (a *answer) wantError(t *testing.T, status int, code, words string) {
	t.Helper()
	if got := a.want(t, status).json(t); got["error"] != code || !strings.Contains(fmt.Sprint(got["error_description"]), words) {
		t.Errorf("the error is %s, want %s with %q", a.body, code, words)
	}
}

// send makes a request. Redirects are answers.
func send(t *testing.T, method, address, body string, headers ...string) *answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "shipyard-client/1.0 (tests)")
	for n := 0; n < len(headers); n += 2 {
		if headers[n] == "Host" {
			r.Host = headers[n+1]
		}
		r.Header.Set(headers[n], headers[n+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &answer{response.StatusCode, response.Header, text}
}

// form posts parameters, as pairs.
func form(t *testing.T, address string, pairs ...string) *answer {
	t.Helper()
	values := url.Values{}
	for n := 0; n < len(pairs); n += 2 {
		values.Add(pairs[n], pairs[n+1])
	}
	return send(t, http.MethodPost, address, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

const (
	callback = "http://127.0.0.1:33333/callback"
	verifier = "a-verifier-that-is-long-enough-to-be-one-of-pkce"
)

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// register registers a public client and returns its id.
func (i *installation) register(t *testing.T, server *mcpserver.Server, redirect string) string {
	t.Helper()
	body := fmt.Sprintf(`{"client_name":"Shipyard","redirect_uris":[%q],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"]}`, redirect)
	got := send(t, http.MethodPost, i.URL+"/oauth/"+server.ID+"/register", body, "Content-Type", "application/json").want(t, 201).json(t)
	return got["client_id"].(string)
}

// request is an authorization request; pairs change or, where empty, remove parameters.
func (i *installation) request(server *mcpserver.Server, client string, pairs ...string) string {
	values := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {callback}, "state": {"xyzzy"}, "code_challenge": {challengeOf(verifier)},
		"code_challenge_method": {"S256"}, "resource": {i.Resource(server)},
	}
	for n := 0; n < len(pairs); n += 2 {
		if values.Set(pairs[n], pairs[n+1]); pairs[n+1] == "" {
			values.Del(pairs[n])
		}
	}
	return i.URL + "/oauth/" + server.ID + "/authorize?" + values.Encode()
}

// look opens a page in the browser of a person.
func look(t *testing.T, person *oauth.Person, address string) *answer {
	t.Helper()
	return send(t, http.MethodGet, address, "", "X-Signed-In", person.ID, "User-Agent", "Mozilla/5.0 (a browser)")
}

// decide answers a consent page, as pairs of its form's fields.
func decide(t *testing.T, person *oauth.Person, address string, fields ...string) *answer {
	t.Helper()
	values := url.Values{"person": {person.ID}}
	for n := 0; n < len(fields); n += 2 {
		values.Set(fields[n], fields[n+1])
	}
	return send(t, http.MethodPost, address, values.Encode(), "Content-Type", "application/x-www-form-urlencoded",
		"X-Signed-In", person.ID, "Sec-Fetch-Site", "same-origin", "User-Agent", "Mozilla/5.0 (a browser)")
}

// sentBack reads where a browser is sent back to.
func sentBack(t *testing.T, a *answer) url.Values {
	t.Helper()
	u, err := url.Parse(a.want(t, 303).header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// allow lets a person allow a request, and returns the code.
func (i *installation) allow(t *testing.T, person *oauth.Person, request string) string {
	t.Helper()
	code := sentBack(t, decide(t, person, request, "decision", "allow", "write", "on")).Get("code")
	if code == "" {
		t.Fatal("there is no code")
	}
	return code
}

// exchange turns a code into tokens; pairs change parameters.
func (i *installation) exchange(t *testing.T, server *mcpserver.Server, client, code string, pairs ...string) *answer {
	t.Helper()
	values := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
		"resource": {i.Resource(server)},
	}
	for n := 0; n < len(pairs); n += 2 {
		values.Set(pairs[n], pairs[n+1])
	}
	return send(t, http.MethodPost, i.URL+"/oauth/"+server.ID+"/token", values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func (i *installation) refresh(t *testing.T, server *mcpserver.Server, client, token string, pairs ...string) *answer {
	t.Helper()
	return form(t, i.URL+"/oauth/"+server.ID+"/token", append([]string{"grant_type", "refresh_token", "client_id", client, "refresh_token", token}, pairs...)...)
}

// tokens are what a client was given.
type tokens struct{ access, refresh, scope string }

func tokensOf(t *testing.T, a *answer) tokens {
	t.Helper()
	got := a.want(t, 200).json(t)
	access, _ := got["access_token"].(string)
	refresh, _ := got["refresh_token"].(string)
	if access == "" || refresh == "" || got["token_type"] != "Bearer" || got["expires_in"].(float64) < 3600 {
		t.Fatalf("the tokens are %s", a.body)
	}
	return tokens{access, refresh, got["scope"].(string)}
}

// connect goes the whole way.
func (i *installation) connect(t *testing.T, server *mcpserver.Server, person *oauth.Person, pairs ...string) (client string, got tokens) {
	t.Helper()
	client = i.register(t, server, callback)
	return client, tokensOf(t, i.exchange(t, server, client, i.allow(t, person, i.request(server, client, pairs...))))
}

// rpc asks the MCP endpoint.
func (i *installation) rpc(t *testing.T, server *mcpserver.Server, access, method, params string) *answer {
	t.Helper()
	headers := []string{"Content-Type", "application/json", "Accept", "application/json", "MCP-Protocol-Version", "2025-11-25"}
	if access != "" {
		headers = append(headers, "Authorization", "Bearer "+access)
	}
	return send(t, http.MethodPost, i.URL+"/mcp/"+server.ID, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params), headers...)
}
