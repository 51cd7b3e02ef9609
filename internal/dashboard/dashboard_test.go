package dashboard_test

import (
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/confirmation"
	"sluice/internal/connection"
	"sluice/internal/dashboard"
	"sluice/internal/mcpserver"
	"sluice/internal/node"
	"sluice/internal/oauth"
	"sluice/internal/octapipe"
	"sluice/internal/permission"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
	"sluice/internal/webhook"
)

// house is a whole Sluice with an environment, an account on a sandbox, an MCP server on it, and a person of each role.
type house struct {
	*node.Node
	URL      string
	Env      string
	Account  *account.Account
	Server   *mcpserver.Server
	Sandbox  *octapipe.Sandbox
	VendorAt string
	places   *strings.Replacer // what stands for the names in routes' paths
}

const password = "correct horse battery staple"

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{}
	sandbox, err := octapipe.Open(octapipe.Config{Seed: true, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	vendor := httptest.NewServer(sandbox.Handler())
	t.Cleanup(func() { vendor.Close(); sandbox.Close() })
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	h.Node, err = node.Open(t.Context(), node.Settings{
		Database: storetest.SQLite(t), MasterKey: base64.StdEncoding.EncodeToString([]byte("an installation's key in a test!")),
		PublicURL: server.URL, AllowAddresses: []string{"loopback"}, AllowFiles: []string{"loopback"}, AllowWebhooks: []string{"loopback"}, Log: slog.New(slog.DiscardHandler), Version: "test",
	})
	must(t, err)
	t.Cleanup(h.Node.Close)
	handler = h.Handler()
	env, err := h.Environments.Create(t.Context(), "acme")
	must(t, err)
	h.URL, h.Env, h.Sandbox, h.VendorAt = server.URL, env.ID, sandbox, vendor.URL
	login := sandbox.Login()
	h.Account, err = h.Accounts.Create(t.Context(), env.ID, account.NewAccount{
		Integration: "octapipe", Name: "Müller & Co", Context: map[string]string{"base_url": vendor.URL},
		Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password},
	})
	must(t, err)
	h.Server, _, err = h.Servers.Create(t.Context(), mcpserver.Draft{Environment: env.ID, AccountID: h.Account.ID, Name: "All"})
	must(t, err)
	for _, role := range permission.Roles() {
		_, err := h.Users.Create(t.Context(), user.Draft{Environment: env.ID, Email: string(role) + "@acme.example", Name: "The " + string(role), Role: role, Password: password}, user.Operator)
		must(t, err)
	}
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is somebody with a cookie jar who does not follow redirects by themselves.
type browser struct {
	t *testing.T
	h *house
	http.Client
}

func (h *house) browser(t *testing.T) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t, h, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as signs somebody of a role in.
func (h *house) as(t *testing.T, role permission.Role) *browser {
	t.Helper()
	b := h.browser(t)
	r := b.post("/sign-in", "email", string(role)+"@acme.example", "password", password)
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign in as %s: %d\n%s", role, r.StatusCode, r.text)
	}
	return b
}

type reply struct {
	*http.Response
	text string
}

func (b *browser) do(method, path string, form url.Values, headers ...string) reply {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.h.URL+path, body)
	must(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.Do(r)
	must(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(b.t, err)
	return reply{response, string(text)}
}

func (b *browser) get(path string) reply { b.t.Helper(); return b.do("GET", path, nil) }

func (b *browser) post(path string, pairs ...string) reply {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, form)
}

// want fails unless a page is there and says all this.
func (b *browser) want(r reply, status int, words ...string) reply {
	b.t.Helper()
	if r.StatusCode != status {
		b.t.Fatalf("%s %s: %d, want %d\n%s", r.Request.Method, r.Request.URL, r.StatusCode, status, r.text)
	}
	for _, w := range words {
		if !strings.Contains(r.text, w) {
			b.t.Errorf("%s %s lacks %q:\n%s", r.Request.Method, r.Request.URL, w, r.text)
		}
	}
	return r
}

// fill makes one of everything that a page can be about.
func (h *house) fill(t *testing.T) {
	t.Helper()
	hook, _, err := h.Webhooks.Create(t.Context(), webhook.Draft{Environment: h.Env, URL: h.VendorAt + "/events"})
	must(t, err)
	token, _, err := h.Environments.CreateToken(t.Context(), h.Env, "A token", "", time.Time{})
	must(t, err)
	somebody, err := h.Users.ByEmail(t.Context(), "viewer@acme.example")
	must(t, err)
	attempt := h.Connections.Record(t.Context(), connection.From{Environment: h.Env, ServerID: h.Server.ID, UserAgent: "a client"}, connection.Step{Name: connection.Challenge, At: time.Now(), Status: 401})
	question := &confirmation.Confirmation{Environment: h.Env, AccountID: h.Account.ID, Tool: "delete_a_octapipe_task_by_id", Question: "Delete it?", NeedsApproval: true}
	must(t, h.Confirmations.Ask(t.Context(), question, time.Hour))
	client, _, err := h.OAuth.CreateClient(t.Context(), h.Env, oauth.ClientDraft{Name: "A client", RedirectURIs: []string{"https://client.example/callback"}})
	must(t, err)
	h.places = strings.NewReplacer("{client}", client.ID, "{id}", h.Account.ID, "{mcp}", h.Server.ID, "{integration}", "octapipe", "{name}", "octapipe", "{resource}", "pipelines",
		"{tool}", "list_all_octapipe_pipelines", "{call}", h.call(t), "{$}", "", "{webhook}", hook.ID, "{token}", token.ID, "{user}", somebody.ID, "{attempt}", attempt, "{confirmation}", question.ID)
}

// path puts what there is into a route's path.
func (h *house) path(t *testing.T, pattern string) (method, path string) {
	t.Helper()
	if h.places == nil {
		h.fill(t)
	}
	method, path, _ = strings.Cut(pattern, " ")
	path = h.places.Replace(path)
	if strings.Contains(path, "{") {
		t.Fatalf("nothing stands for a name in %s: fill has to make one", pattern)
	}
	return method, path
}

// call makes a call that the log then has, and answers its id.
func (h *house) call(t *testing.T) string {
	t.Helper()
	b := h.as(t, permission.Owner)
	b.want(b.post("/dashboard/accounts/"+h.Account.ID+"/tools/list_all_octapipe_pipelines", "do", "call", "a/limit", "2"), http.StatusOK)
	found := regexp.MustCompile(`/dashboard/logs/(log_\w+)`).FindStringSubmatch(b.want(b.get("/dashboard/logs"), http.StatusOK).text)
	if found == nil {
		t.Fatal("the log does not show the call")
	}
	return found[1]
}

func TestEachPageIsForThoseWhoseRoleHoldsItsPermission(t *testing.T) {
	h := newHouse(t)
	people := map[permission.Role]*browser{}
	for _, role := range permission.Roles() {
		people[role] = h.as(t, role)
	}
	routes := dashboard.Routes()
	for pattern, needs := range routes {
		method, path := h.path(t, pattern)
		for role, b := range people {
			if method == "POST" && (needs == "" || role.Permissions().Has(needs)) {
				continue // it would do it; tests of the pages see that
			}
			r := b.do(method, path, map[string]url.Values{"POST": {}}[method])
			allowed := needs == "" || role.Permissions().Has(needs)
			switch {
			case !allowed && (r.StatusCode != http.StatusForbidden || !strings.Contains(r.text, string(needs))):
				t.Errorf("%s as %s: %d, want 403 that names %s", pattern, role, r.StatusCode, needs)
			case allowed && r.StatusCode != http.StatusOK && r.StatusCode != http.StatusSeeOther && pattern != "GET /dashboard/logs/export":
				t.Errorf("%s as %s: %d, want a page\n%s", pattern, role, r.StatusCode, r.text)
			}
		}
	}
}

func TestEachPageWantsASignIn(t *testing.T) {
	h := newHouse(t)
	nobody := h.browser(t)
	for pattern := range dashboard.Routes() {
		method, path := h.path(t, pattern)
		r := nobody.do(method, path, map[string]url.Values{"POST": {}}[method])
		if r.StatusCode != http.StatusSeeOther || !strings.HasPrefix(r.Header.Get("Location"), "/sign-in") {
			t.Errorf("%s for nobody: %d to %q, want the page to sign in", pattern, r.StatusCode, r.Header.Get("Location"))
		}
	}
	if r := nobody.do("GET", "/dashboard/accounts/"+h.Account.ID+"/servers/bind", nil, "Sec-Fetch-Dest", "empty"); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("a part of a page for nobody: %d, want 401", r.StatusCode)
	}
}

func TestEachActionIsRefusedToAnotherSite(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)
	for pattern := range dashboard.Routes() {
		method, path := h.path(t, pattern)
		if method != "POST" {
			continue
		}
		for name, headers := range map[string][]string{
			"another site": {"Sec-Fetch-Site", "cross-site"}, "nothing said": {"Sec-Fetch-Site", ""}, "another origin": {"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
		} {
			if r := b.do(method, path, url.Values{}, headers...); r.StatusCode != http.StatusForbidden || !strings.Contains(r.text, "Not sent from here") {
				t.Errorf("%s from %s: %d", pattern, name, r.StatusCode)
			}
		}
	}
	if _, err := h.Servers.Get(t.Context(), h.Env, h.Account.ID, h.Server.ID); err != nil {
		t.Errorf("another site had an MCP server revoked: %v", err)
	}
}

func TestEveryPageIsSmallAndKeepsToTheStrictPolicy(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+="|<script>|javascript:`)
	for pattern := range dashboard.Routes() {
		method, path := h.path(t, pattern)
		if method != "GET" {
			continue
		}
		r := b.get(path)
		if size := len(r.text); size > 100<<10 {
			t.Errorf("%s is %d bytes, want at most 100 KiB", pattern, size)
		}
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			continue
		}
		policy := r.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: policy %q, caching %q", pattern, policy, r.Header.Get("Cache-Control"))
		}
		if found := inline.FindString(r.text); found != "" {
			t.Errorf("%s holds %q inline", pattern, found)
		}
	}
}

func TestOneEnvironmentSeesNothingOfAnother(t *testing.T) {
	h := newHouse(t)
	other, err := h.Environments.Create(t.Context(), "other")
	must(t, err)
	_, err = h.Users.Create(t.Context(), user.Draft{Environment: other.ID, Email: "eve@other.example", Name: "Eve", Role: permission.Owner, Password: password}, user.Operator)
	must(t, err)
	eve := h.browser(t)
	eve.post("/sign-in", "email", "eve@other.example", "password", password)
	var once sync.Once
	for pattern := range dashboard.Routes() {
		if !strings.Contains(pattern, "{") || strings.Contains(pattern, "{integration}") || strings.Contains(pattern, "{name}") || strings.Contains(pattern, "{$}") {
			continue
		}
		method, path := h.path(t, pattern)
		if r := eve.do(method, path, map[string]url.Values{"POST": {}}[method]); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s of another environment: %d, want 404", pattern, r.StatusCode)
		}
		once.Do(func() {
			if r := eve.get("/dashboard/accounts"); strings.Contains(r.text, "Müller") {
				t.Error("another environment's account is listed")
			}
			if r := eve.get("/dashboard/logs"); strings.Contains(r.text, "list_all_octapipe") {
				t.Error("another environment's calls are listed")
			}
		})
	}
	if _, err := h.Accounts.Get(t.Context(), h.Env, h.Account.ID); err != nil {
		t.Errorf("another environment's owner deleted the account: %v", err)
	}
}

// unescaped takes a page's text out of HTML, as far as these tests need.
var unescaped = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#43;", "+")

// records are the calls in the log, the newest first.
func (h *house) records(t *testing.T, f audit.Filter) []*audit.Record {
	t.Helper()
	f.Environment = h.Env
	found, _, err := h.Audit.List(t.Context(), f, "", 100)
	must(t, err)
	return found
}
