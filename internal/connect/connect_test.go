package connect_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/account/oidctest"
	"sluice/internal/integration"
	"sluice/internal/link"
	"sluice/internal/mcpserver"
	"sluice/internal/node"
	"sluice/internal/octapipe"
	"sluice/internal/permission"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

// house is a whole Sluice over HTTP, with an environment, an Octapipe and a vendor that is signed in to.
type house struct {
	*node.Node
	url, environment string
	sandbox          *octapipe.Sandbox
	octapipe         string
	provider         *oidctest.Provider
	vendor           *oidctest.Vendor
	context          map[string]string // of the vendor
	log              *strings.Builder
}

func newHouse(t *testing.T, database string, workspaces ...string) *house {
	t.Helper()
	h := &house{log: &strings.Builder{}}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	h.url = server.URL
	var mu sync.Mutex
	var err error
	h.Node, err = node.Open(t.Context(), node.Settings{
		Database: database, MasterKey: base64.StdEncoding.EncodeToString([]byte("an installation's key in a test!")), PublicURL: h.url,
		AllowAddresses: []string{"loopback"}, Version: "test",
		Log: slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return h.log.Write(p) }), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Node.Close)
	handler = h.Handler()
	e, err := h.Environments.Create(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	h.environment = e.ID
	if h.sandbox, err = octapipe.Open(octapipe.Config{Seed: true, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	box := httptest.NewServer(h.sandbox.Handler())
	t.Cleanup(func() {
		box.Close()
		h.sandbox.Close()
	})
	h.octapipe = box.URL

	h.provider = oidctest.New(t, h.url+"/connect/callback")
	h.vendor = oidctest.NewVendor(t, h.provider, workspaces...)
	h.context = map[string]string{"base_url": h.vendor.URL, "issuer": h.provider.URL}
	def, err := integration.Load(os.DirFS("../account/testdata"), "shipyard")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Catalog.Put(t.Context(), h.environment, "test", def); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Accounts.SetVendorClient(t.Context(), h.environment, "shipyard", "test", oidctest.ClientID, oidctest.ClientSecret); err != nil {
		t.Fatal(err)
	}
	if err := h.Links.SetRedirectURIs(t.Context(), h.environment, []string{"https://app.example.com/done?from=sluice"}); err != nil {
		t.Fatal(err)
	}
	return h
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// link makes a link and answers its page.
func (h *house) link(t *testing.T, d link.Draft) (*link.Link, string) {
	t.Helper()
	d.Environment, d.CreatedBy = h.environment, "test"
	l, token, err := h.Links.Create(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return l, h.url + "/connect/" + token
}

func (h *house) shipyard() link.Draft {
	return link.Draft{TenantID: "acme", Integration: "shipyard", Context: h.context, RedirectURI: "https://app.example.com/done?from=sluice"}
}

func (h *house) accounts(t *testing.T) []*account.Account {
	t.Helper()
	list, _, err := h.Accounts.List(t.Context(), h.environment, account.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// browser goes from page to page as a person's does. It keeps cookies and follows redirects, within Sluice.
type browser struct {
	http.Client
	at, host string
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	b := &browser{host: h.url}
	b.Jar = jar
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), h.url) {
			return http.ErrUseLastResponse
		}
		b.at = r.URL.String()
		return nil
	}
	return b
}

// seen is a page as a person sees it.
type seen struct {
	status int
	header http.Header
	text   string // without markup
	html   string
}

var markup = regexp.MustCompile(`(?s)<title>.*?</title>|<[^>]*>`)

func (b *browser) do(t *testing.T, r *http.Request) *seen {
	t.Helper()
	b.at = r.URL.String()
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(string(body), " "))), " ")
	return &seen{answer.StatusCode, answer.Header, text, string(body)}
}

func (b *browser) get(t *testing.T, address string) *seen {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.do(t, r)
}

// send sends the form of the page that the browser is at.
func (b *browser) send(t *testing.T, values ...string) *seen {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(t, r)
}

func (s *seen) shows(t *testing.T, status int, texts ...string) *seen {
	t.Helper()
	if s.status != status {
		t.Errorf("got status %d, want %d: %s", s.status, status, s.text)
	}
	for _, text := range texts {
		if !strings.Contains(s.text, text) {
			t.Errorf("the page does not say %q: %s", text, s.text)
		}
	}
	return s
}

// refresh is where the page leads by itself.
func (s *seen) refresh(t *testing.T) string {
	t.Helper()
	_, address, ok := strings.Cut(s.header.Get("Refresh"), "url=")
	if !ok || !strings.Contains(html.UnescapeString(s.html), `href="`+address+`"`) {
		t.Fatalf("the page leads nowhere, or has no link to where it leads (%q): %s", address, s.html)
	}
	return address
}

func TestAPersonConnectsByTheForm(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		h := newHouse(t, database)
		l, page := h.link(t, link.Draft{TenantID: "acme", Name: "Ann's", Integration: "octapipe", Context: map[string]string{"base_url": h.octapipe}})
		b, login := h.browser(), h.sandbox.Login()
		b.get(t, page).shows(t, 200, "Connect Octapipe", "Company domain", "The company's name in Octapipe's address.", "Password")
		if got := b.get(t, page); strings.Contains(got.html, "base_url") || got.header.Get("Content-Security-Policy") == "" {
			t.Error("the page asks for what the link gives, or has no policy")
		}
		b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", "ann", "credentials.password", "").
			shows(t, 422, "Email must be an e-mail address")
		got := b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", "not-the-password").
			shows(t, 422, "What you entered was refused by Octapipe")
		if strings.Contains(got.html, "not-the-password") || !strings.Contains(got.html, login.Email) {
			t.Error("the password is sent back, or the rest is lost")
		}
		if len(h.accounts(t)) != 0 {
			t.Fatal("an account was kept that is not proven")
		}
		b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password).
			shows(t, 200, "Octapipe is connected", "You can close this page")
		list := h.accounts(t)
		if len(list) != 1 || list[0].Status != account.Active || list[0].TenantID != "acme" || list[0].Name != "Ann's" || list[0].Context["base_url"] != h.octapipe {
			t.Fatalf("got %+v", list)
		}
		if now, err := h.Links.Get(t.Context(), h.environment, l.ID); err != nil || now.State() != link.Used || now.AccountID != list[0].ID {
			t.Errorf("the link is %+v, %v", now, err)
		}
		b.get(t, page).shows(t, 410, "This link was used already")
		b.send(t, "way", "0").shows(t, 410, "This link was used already")
		if strings.Contains(h.log.String(), login.Password) {
			t.Errorf("the log shows the password: %s", h.log)
		}
	})
}

func TestAPersonSignsInWithTheVendorChoosesAndIsSentBack(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		h := newHouse(t, database, "North", "South")
		_, page := h.link(t, h.shipyard())
		b := h.browser()
		b.get(t, page).shows(t, 200, "Connect Shipyard", "You sign in on Shipyard's own page", "Continue to Shipyard")
		at := b.send(t, "way", "0").shows(t, 200, "On to Shipyard").refresh(t)
		back := h.provider.SignIn(t, at)
		b.get(t, back.String()).shows(t, 200, "One more thing", "Workspace", "North", "South", "Hulls are looked for here.")
		if list := h.accounts(t); len(list) != 1 || list[0].Status != account.Connecting {
			t.Fatalf("got %+v", list)
		}
		b.get(t, page).shows(t, 200, "One more thing") // gone away and come back
		b.send(t, "choice", "context.workspace").shows(t, 422, "Choose one.")
		b.send(t, "choice", "context.workspace", "context.workspace", "ws-west").shows(t, 422, "is none that the account has")
		got := b.send(t, "choice", "context.workspace", "context.workspace", "ws-south").shows(t, 200, "Shipyard is connected", "You are being taken back to app.example.com")
		list := h.accounts(t)
		if len(list) != 1 || list[0].Status != account.Active || list[0].Context["workspace"] != "ws-south" {
			t.Fatalf("got %+v", list)
		}
		u, err := url.Parse(got.refresh(t))
		if err != nil || u.Host != "app.example.com" || u.Query().Get("status") != "active" || u.Query().Get("integrated_account_id") != list[0].ID || u.Query().Get("from") != "sluice" {
			t.Errorf("it leads back to %v, %v", u, err)
		}
		b.get(t, back.String()).shows(t, 400, "This answer cannot be taken", "it was taken before")
		b.get(t, page).shows(t, 410, "This link was used already")
	})
}

func TestADeadAccountsCallsSayWhereItIsConnectedAgainAndItKeepsItsServers(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, h.shipyard())
	b := h.browser()
	b.get(t, page)
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
	acct := h.accounts(t)[0]
	_, token, err := h.Servers.Create(t.Context(), mcpserver.Draft{Environment: h.environment, AccountID: acct.ID, Name: "All"})
	if err != nil {
		t.Fatal(err)
	}
	call := func() string {
		t.Helper()
		answer, err := http.Post(h.MCPURL(token), "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_all_shipyard_hulls","arguments":{}}}`))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var got struct {
			Result struct{ Content []struct{ Text string } }
		}
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || len(got.Result.Content) == 0 {
			t.Fatalf("the call is answered %+v, %v", got, err)
		}
		return got.Result.Content[0].Text
	}
	if got := call(); !strings.Contains(got, `"workspace":"ws-north"`) {
		t.Fatalf("got %s", got)
	}

	h.provider.Revoke(t, h.provider.Given()[0].Refresh)
	where := h.url + "/connect/account/" + acct.ID
	for range 2 { // the call that finds out, and those that follow
		if got := call(); !strings.Contains(got, "must be connected to Shipyard again by its owner at "+where+": it no longer renews the access: ") {
			t.Fatalf("got %s", got)
		}
	}
	h.browser().get(t, where).shows(t, 200, "Welcome to Sluice") // nobody is signed in, and here nobody is known yet

	_, page = h.link(t, link.Draft{AccountID: acct.ID})
	b.get(t, page).shows(t, 200, "Connect Shipyard again")
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
	if list := h.accounts(t); len(list) != 1 || list[0].ID != acct.ID || list[0].Status != account.Active {
		t.Fatalf("got %+v", list)
	}
	if got := call(); !strings.Contains(got, `"workspace":"ws-north"`) {
		t.Errorf("got %s", got)
	}

	h.vendor.Forbid()
	if got := call(); !strings.Contains(got, "says that a permission is missing (403)") || !strings.Contains(got, "Missing: hulls.read hulls.write.") {
		t.Errorf("got %s", got)
	}
	if got := h.accounts(t)[0].Status; got != account.Active {
		t.Errorf("a missing permission made the account %s", got)
	}
}

func TestALinkThatLeadsNowhereSaysSo(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	b := h.browser()
	for _, token := range []string{"nothing", strings.Repeat("x", 43), strings.Repeat("x", 5000), "%00"} {
		b.get(t, h.url+"/connect/"+token).shows(t, 404, "There is no such link")
	}
	b.get(t, h.url+"/connect/a/b/c").shows(t, 404, "No such page")
	_, page := h.link(t, h.shipyard())
	if err := h.Store.Exec(t.Context(), "UPDATE link_tokens SET expires_at = 1000"); err != nil {
		t.Fatal(err)
	}
	b.get(t, page).shows(t, 410, "This link has expired", "1970-01-01")
	b.send(t, "way", "0").shows(t, 410, "This link has expired")
	l, page := h.link(t, link.Draft{TenantID: "acme", Integration: "octapipe"})
	if err := h.Store.Exec(t.Context(), "UPDATE link_tokens SET integration = 'gone' WHERE id = '"+l.ID+"'"); err != nil {
		t.Fatal(err)
	}
	b.get(t, page).shows(t, 410, "is not there any more")
}

func TestAnAnswerThatBelongsNowhereIsNotTaken(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	callback := h.url + "/connect/callback"
	b := h.browser()
	for _, query := range []string{"", "?code=x", "?state=x&code=x", "?state=" + strings.Repeat("x", 43) + "&code=x"} {
		b.get(t, callback+query).shows(t, 400, "This answer cannot be taken")
	}
	begin := func() (back *url.URL, page string) {
		_, page = h.link(t, h.shipyard())
		b.get(t, page)
		return h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)), page
	}

	// Somebody has another person sign in for them.
	back, page := begin()
	h.browser().get(t, back.String()).shows(t, 403, "It was asked for in another browser")
	b.get(t, back.String()).shows(t, 400, "it was taken before")
	b.get(t, page).shows(t, 200, "Connect Shipyard")

	// The state of one flow with the code of another.
	one, _ := begin()
	two, _ := begin()
	q := one.Query()
	q.Set("code", two.Query().Get("code"))
	b.get(t, callback+"?"+q.Encode()).shows(t, 200, "The account is not connected", "Shipyard did not take its own answer")

	// It took too long.
	back, page = begin()
	if err := h.Store.Exec(t.Context(), "UPDATE vendor_authorizations SET expires_at = 1000"); err != nil {
		t.Fatal(err)
	}
	b.get(t, back.String()).shows(t, 400, "it took too long")

	// The person, or the vendor, says no. The link can be used again, and whoever sent the person hears of it.
	for answer, text := range map[string]string{"error=access_denied": "The access to Shipyard was declined.", "error=server_error&error_description=Sorry": "Shipyard did not allow it (server_error): Sorry."} {
		b.get(t, page)
		at, err := url.Parse(b.send(t, "way", "0").refresh(t))
		if err != nil {
			t.Fatal(err)
		}
		got := b.get(t, callback+"?state="+at.Query().Get("state")+"&"+answer).shows(t, 200, text, "Try again", "Back to app.example.com")
		if code := strings.TrimPrefix(strings.Split(answer, "&")[0], "error="); !strings.Contains(got.html, "error="+code) || !strings.Contains(got.html, "status=error") {
			t.Errorf("the page does not lead back with %s: %s", code, got.html)
		}
	}

	// The provider is down, and comes back.
	back, page = begin()
	h.provider.Down(503)
	b.get(t, back.String()).shows(t, 502, "Shipyard could not be asked", "Nothing was lost")
	h.provider.Down(0)
	b.get(t, page).shows(t, 200, "Connect Shipyard")
	if list := h.accounts(t); len(list) != 0 {
		t.Fatalf("accounts were kept: %+v", list)
	}
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
}

func TestALinkConnectsOneAccountHoweverOftenItIsUsedAtOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		h := newHouse(t, database, "North")
		_, page := h.link(t, link.Draft{TenantID: "acme", Integration: "octapipe", Context: map[string]string{"base_url": h.octapipe}})
		login := h.sandbox.Login()
		var wg sync.WaitGroup
		var mu sync.Mutex
		count := map[int]int{}
		for range 6 {
			b := h.browser()
			b.get(t, page)
			wg.Go(func() {
				got := b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password)
				mu.Lock()
				defer mu.Unlock()
				count[got.status]++
			})
		}
		wg.Wait()
		if count[200] != 1 || count[410] != 5 || len(h.accounts(t)) != 1 {
			t.Errorf("got the answers %v and %d accounts", count, len(h.accounts(t)))
		}

		// Two flows of one link, both of which come back.
		_, page = h.link(t, h.shipyard())
		var backs []string
		b := h.browser()
		for range 2 {
			b.get(t, page)
			backs = append(backs, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String())
		}
		b.get(t, backs[0]).shows(t, 200, "Shipyard is connected")
		b.get(t, backs[1]).shows(t, 410, "This link was used already")
		if n := len(h.accounts(t)); n != 2 {
			t.Errorf("%d accounts, want 2", n)
		}
	})
}

func TestAPersonChoosesTheIntegrationAndTheWay(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, link.Draft{TenantID: "acme"})
	b := h.browser()
	b.get(t, page).shows(t, 200, "What do you want to connect?", "Octapipe", "Shipyard", "Hulls, and who builds them.")
	b.get(t, page+"?integration=nothing").shows(t, 200, "What do you want to connect?")
	b.get(t, page+"?integration=octapipe").shows(t, 200, "Connect Octapipe", "Sign in", "API key", "API address", "Connect something else")
	got := b.get(t, page+"?integration=octapipe&way=1").shows(t, 200, "API key", "An administrator of the company mints it")
	if strings.Contains(got.html, "credentials.password") {
		t.Error("the page asks for the other way's fields")
	}
	b.get(t, page+"?integration=octapipe&way=99").shows(t, 200, "Company domain")
	b.send(t, "integration", "octapipe", "way", "1", "credentials.api_key", h.sandbox.AdminToken(), "context.base_url", "http://169.254.169.254").
		shows(t, 422, "API address cannot be used")
	b.send(t, "integration", "octapipe", "way", "1", "credentials.api_key", h.sandbox.AdminToken(), "context.base_url", h.octapipe).shows(t, 200, "Octapipe is connected")
}

func TestAnAccountOfTheFormIsConnectedAgainUnderItsId(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	acct, err := h.Accounts.Create(t.Context(), h.environment, account.NewAccount{Integration: "octapipe", TenantID: "acme",
		Credentials: map[string]string{"api_key": h.sandbox.AdminToken()}, Context: map[string]string{"base_url": h.octapipe}})
	if err != nil {
		t.Fatal(err)
	}
	_, page := h.link(t, link.Draft{AccountID: acct.ID})
	b, login := h.browser(), h.sandbox.Login()
	got := b.get(t, page).shows(t, 200, "Connect Octapipe again")
	if !strings.Contains(got.html, `value="`+h.octapipe+`"`) || strings.Contains(got.html, h.sandbox.AdminToken()) {
		t.Errorf("the form does not hold what is known, or shows a secret")
	}
	b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password, "context.base_url", h.octapipe).
		shows(t, 200, "Octapipe is connected")
	if list := h.accounts(t); len(list) != 1 || list[0].ID != acct.ID || list[0].Status != account.Active {
		t.Errorf("got %+v", list)
	}
}

func TestAVendorThatDoesNotTakeItsTokenCanBeTriedAgainByTheSameLink(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, h.shipyard())
	b := h.browser()
	h.vendor.Answer(500)
	b.get(t, page)
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard does not let the account be used", "it answered 500", "Try again")
	first := h.accounts(t)
	if len(first) != 1 || first[0].Status != account.ValidationError {
		t.Fatalf("got %+v", first)
	}
	h.vendor.Answer(0)
	b.get(t, page).shows(t, 200, "Connect Shipyard")
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
	if list := h.accounts(t); len(list) != 1 || list[0].ID != first[0].ID || list[0].Status != account.Active {
		t.Errorf("got %+v", list)
	}
}

func TestAFormOfAnotherSiteIsNotTaken(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, h.shipyard())
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"X-None", ""}} {
		r, err := http.NewRequest(http.MethodPost, page, strings.NewReader("way=0"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header[0], header[1])
		h.browser().do(t, r).shows(t, 403, "Not sent from here")
	}
	if fmt.Sprint(h.accounts(t)) != "[]" {
		t.Error("an account was made")
	}
}

func TestWhoeverIsSignedInAndMayConnectsAnAccountAgainByItsAddress(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	acct, err := h.Accounts.Create(t.Context(), h.environment, account.NewAccount{Integration: "octapipe", Name: "The office's",
		Credentials: map[string]string{"api_key": h.sandbox.AdminToken()}, Context: map[string]string{"base_url": h.octapipe}})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := h.Environments.Create(t.Context(), "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	where := h.url + "/connect/account/" + acct.ID
	signedIn := func(environment, name string, role permission.Role) *browser {
		t.Helper()
		u, err := h.Users.Create(t.Context(), user.Draft{Environment: environment, Email: name + "@example.com", Name: name, Role: role}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := h.Users.NewLink(t.Context(), environment, u.ID, user.SignInLink, time.Hour, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		b := h.browser()
		b.get(t, h.SignIn.SignInURL(token))
		return b
	}
	owner := signedIn(h.environment, "ann", permission.Owner)
	owner.get(t, where).shows(t, 200, "Connect Octapipe again", "The office's keeps its MCP servers", "works as far as Sluice knows")
	owner.send(t).shows(t, 200, "Connect Octapipe again", "Company domain")
	if !strings.HasPrefix(owner.at, h.url+"/connect/") || strings.Contains(owner.at, acct.ID) {
		t.Errorf("the person is at %s", owner.at)
	}
	signedIn(h.environment, "vic", permission.Viewer).get(t, where).shows(t, 404, "or you may not change it")
	signedIn(elsewhere.ID, "eve", permission.Owner).get(t, where).shows(t, 404, "or you may not change it")
	if got := h.browser().get(t, where); strings.Contains(got.html, "The office") {
		t.Errorf("a stranger is told of the account: %s", got.text)
	}
}
