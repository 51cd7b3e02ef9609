package signin_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/environment"
	"sluice/internal/page"
	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/signin"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

const (
	masterText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	good       = "correct horse battery"
)

// house is the door on a database, as browsers reach it. Beside it there is a page that says who is signed in.
type house struct {
	url          string
	door         *signin.Door
	users        *user.Service
	environments *environment.Service
	store        *store.Store
	log          *strings.Builder
}

// open makes a house. publicURL is what it takes itself to be called; "": what it is.
func open(t *testing.T, st *store.Store, publicURL string) *house {
	t.Helper()
	keys, err := secret.Load(t.Context(), st, secret.Given(masterText))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{store: st, log: &strings.Builder{}}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	h.users = user.New(user.Config{Store: st, Keys: keys, Log: log})
	h.environments = environment.New(st, keys, log)
	static := page.Static()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case h.door.Serves(r.URL.Path):
			h.door.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, page.StaticPath):
			static.ServeHTTP(w, r)
		default:
			u, err := h.door.Current(r)
			switch {
			case err != nil:
				http.Error(w, err.Error(), http.StatusInternalServerError)
			case u == nil:
				http.Redirect(w, r, h.door.URL(r.URL.RequestURI()), http.StatusSeeOther)
			default:
				io.WriteString(w, "here is "+u.Email+" as "+string(u.Role)+" at "+r.URL.RequestURI())
			}
		}
	}))
	h.url = server.URL
	if publicURL == "" {
		publicURL = server.URL
	}
	h.door = signin.New(signin.Options{
		Users: h.users, Environments: h.environments, Keys: keys, PublicURL: publicURL, HTTP: http.DefaultClient, Log: log,
		Address: func(r *http.Request) string {
			at, _ := netip.ParseAddrPort(r.RemoteAddr)
			return at.Addr().String()
		},
	})
	t.Cleanup(func() {
		server.Close()
		h.users.Close()
		h.environments.Close()
		if t.Failed() {
			t.Logf("the log:\n%s", h.log)
		}
	})
	return h
}

// one runs a test on one database, for what is the door's own business.
func one(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	test(t, open(t, storetest.Open(t, storetest.SQLite(t)), ""))
}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { test(t, open(t, st, "")) })
}

func (h *house) user(t *testing.T, email string, role permission.Role) *user.User {
	t.Helper()
	e, err := h.environments.ByName(t.Context(), "here")
	if err != nil {
		if e, err = h.environments.Create(t.Context(), "here"); err != nil {
			t.Fatal(err)
		}
	}
	u, err := h.users.Create(t.Context(), user.Draft{Environment: e.ID, Email: email, Role: role, Password: good}, user.Operator)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// browser keeps cookies and says where its forms were, as browsers do. It follows redirects, and remembers where it ended.
type browser struct {
	t      *testing.T
	house  *house
	client *http.Client
	at     *url.URL
}

func (h *house) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, house: h, client: &http.Client{Jar: jar}}
}

type answer struct {
	status int
	body   string
	header http.Header
}

func (b *browser) send(r *http.Request, err error) *answer {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.at = response.Request.URL
	return &answer{response.StatusCode, string(body), response.Header}
}

// address makes a path of the house's into a URL, and leaves a URL as it is.
func (b *browser) address(path string) string {
	if strings.HasPrefix(path, "/") {
		return b.house.url + path
	}
	return path
}

func (b *browser) get(path string) *answer {
	b.t.Helper()
	return b.send(http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.address(path), nil))
}

// post sends a form from a page of the same site.
func (b *browser) post(path string, pairs ...string) *answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.address(path), strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.send(r, err)
}

// says checks an answer's status and words.
func (a *answer) says(t *testing.T, status int, words ...string) *answer {
	t.Helper()
	text := plain(a.body)
	if a.status != status {
		t.Fatalf("want %d, got %d: %s", status, a.status, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("the page does not say %q: %s", w, text)
		}
	}
	return a
}

var tags = regexp.MustCompile(`(?s)<[^>]*>`)

func plain(body string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&lt;", "<").Replace(tags.ReplaceAllString(body, " "))), " ")
}

// session is the session's cookie, "" for none.
func (b *browser) session() string {
	u, _ := url.Parse(b.house.url)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == "sluice_session" {
			return c.Value
		}
	}
	return ""
}

func (b *browser) signIn(email string) *answer {
	b.t.Helper()
	return b.post("/sign-in", "email", email, "password", good)
}

func TestWhoSignsInComesToWhereTheyWanted(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.user(t, "ada@example.com", permission.Owner)
		b := h.browser(t)
		shown := b.get("/logs?outcome=ok&x=1").says(t, 200, "Sign in", "Email address")
		if b.at.Path != "/sign-in" {
			t.Fatalf("somebody who is nobody is led to %s", b.at)
		}
		next := regexp.MustCompile(`name="next" value="([^"]*)"`).FindStringSubmatch(shown.body)
		if next == nil || plain(next[1]) != "/logs?outcome=ok&x=1" {
			t.Fatalf("the form leads on to %q", next)
		}
		b.post("/sign-in", "email", "Ada@Example.com", "password", "a wrong password", "next", "/logs?outcome=ok&x=1").says(t, 422, "not right")
		b.post("/sign-in", "email", "nobody@example.com", "password", good).says(t, 422, "not right")
		b.post("/sign-in", "email", "Ada@Example.com", "password", good, "next", "/logs?outcome=ok&x=1").says(t, 200, "here is ada@example.com as owner at /logs?outcome=ok&x=1")
		b.get("/sign-in?next=/mine").says(t, 200, "at /mine") // one who is signed in already
		b.get("/sign-out").says(t, 200, "ada@example.com")
		if b.session() == "" {
			t.Error("looking at the page to sign out signs out")
		}
		old := b.session()
		b.post("/sign-out").says(t, 200, "You are signed out.")
		if b.session() != "" {
			t.Error("the cookie is still there after signing out")
		}
		if _, _, err := h.users.Session(t.Context(), old); err == nil {
			t.Error("the session is still there after signing out")
		}
		b.get("/").says(t, 200, "Sign in")
		b.get("/sign-out").says(t, 200, "Sign in")
	})
}

func TestNextLeadsNowhereElse(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		h.user(t, "ada@example.com", permission.Owner)
		for _, next := range []string{
			"https://evil.example/", "//evil.example/", "///evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
			" //evil.example", "javascript:alert(1)", "http:evil.example", "evil.example", "", "/ /evil.example", "/\x00/evil.example", "/sign-in?next=//evil.example",
			"/sign-out", "/sign-in/link/x", "/start", "//user@evil.example", "/%",
		} {
			b := h.browser(t)
			b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got := b.post("/sign-in", "email", "ada@example.com", "password", good, "next", next).says(t, 303)
			if to := got.header.Get("Location"); to != "/" {
				t.Errorf("next=%q leads to %q", next, to)
			}
			if to := h.door.URL(next); to != "/sign-in" {
				t.Errorf("URL(%q) is %s", next, to)
			}
		}
		for next, want := range map[string]string{"/a?b=c&d=%2F": "/sign-in?next=%2Fa%3Fb%3Dc%26d%3D%252F", "/signing": "/sign-in?next=%2Fsigning", "/": "/sign-in"} {
			if got := h.door.URL(next); got != want {
				t.Errorf("URL(%q) is %s, want %s", next, got, want)
			}
		}
	})
}

func TestASessionThatSomebodyElsePutThereGainsNothing(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		h.user(t, "ada@example.com", permission.Owner)
		h.user(t, "eve@example.com", permission.Viewer)
		eve := h.browser(t)
		eve.signIn("eve@example.com").says(t, 200, "eve@example.com")
		at, _ := url.Parse(h.url)
		for what, planted := range map[string]string{"made up": strings.Repeat("a", 43), "eve's own": eve.session(), "too long": strings.Repeat("a", 3000)} {
			b := h.browser(t)
			b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "sluice_session", Value: planted, Path: "/"}})
			b.signIn("ada@example.com").says(t, 200, "ada@example.com")
			if b.session() == planted {
				t.Errorf("%s: the session is the one that was planted", what)
			}
			if _, u, err := h.users.Session(t.Context(), planted); err == nil && u.Email == "ada@example.com" {
				t.Errorf("%s: the planted session is ada's", what)
			}
		}
	})
}

func TestFormsOfOtherSitesDoNothing(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		h.user(t, "ada@example.com", permission.Owner)
		b := h.browser(t)
		b.signIn("ada@example.com").says(t, 200)
		for what, headers := range map[string][]string{
			"another site": {"Sec-Fetch-Site", "cross-site"}, "another origin": {"Origin", "https://evil.example"}, "nobody says": {},
		} {
			for _, path := range []string{"/sign-out", "/sign-in", "/start"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+path, strings.NewReader("email=ada@example.com&password="+url.QueryEscape(good)))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				for i := 0; i < len(headers); i += 2 {
					r.Header.Set(headers[i], headers[i+1])
				}
				if got := b.send(r, nil); got.status != http.StatusForbidden || got.header.Get("Set-Cookie") != "" {
					t.Errorf("%s, %s: got %d with the cookie %q", what, path, got.status, got.header.Get("Set-Cookie"))
				}
			}
		}
		b.get("/").says(t, 200, "ada@example.com")
	})
}

func TestCookiesAreOutOfReach(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	for publicURL, prefix := range map[string]string{"https://sluice.example.com": "__Host-", "http://sluice.internal": ""} {
		h := open(t, st, publicURL)
		if _, err := h.users.ByEmail(t.Context(), "ada@example.com"); err != nil {
			h.user(t, "ada@example.com", permission.Owner)
		}
		b := h.browser(t)
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		got := b.signIn("ada@example.com").says(t, 303)
		set := (&http.Response{Header: got.header}).Cookies()
		if len(set) != 2 {
			t.Errorf("%s: %d cookies are set, want the session's and the browser's mark", publicURL, len(set))
		}
		for _, c := range set {
			secure := prefix != ""
			if !strings.HasPrefix(c.Name, prefix+"sluice_") || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.Path != "/" || c.Domain != "" {
				t.Errorf("%s: %s", publicURL, c.Raw)
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", publicURL, policy)
		}
	}
}

func TestWhoGuessesIsToldWhenToTryAgain(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		h.user(t, "ada@example.com", permission.Owner)
		known := h.browser(t)
		known.signIn("ada@example.com").says(t, 200, "ada@example.com")
		known.post("/sign-out")
		b := h.browser(t)
		for range 6 {
			b.post("/sign-in", "email", "ada@example.com", "password", "a wrong password")
		}
		if err := h.store.Exec(t.Context(), "UPDATE sign_in_attempts SET blocked_until = blocked_until + 100000 WHERE blocked_until > 0"); err != nil { // however slow the machine is
			t.Fatal(err)
		}
		got := b.post("/sign-in", "email", "ada@example.com", "password", good).says(t, 429, "too many attempts", "seconds")
		if got.header.Get("Retry-After") == "" {
			t.Error("a 429 without Retry-After")
		}
		if !strings.Contains(got.body, `value="ada@example.com"`) || strings.Contains(got.body, good) {
			t.Error("the form has lost the address, or tells the password")
		}
		known.signIn("ada@example.com").says(t, 200, "here is ada@example.com") // who is not kept out by that
	})
}

func TestTheFirstOwnerIsWhoeverHasTheCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser(t)
		b.get("/").says(t, 200, "Welcome to Sluice", "Start code")
		start, err := h.door.StartURL()
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(start)
		code := u.Query().Get("code")
		if len(code) != 16 {
			t.Errorf("the code is %q", code)
		}
		if got := b.get(u.RequestURI()).says(t, 200, "Welcome"); !strings.Contains(got.body, `value="`+code+`"`) {
			t.Error("the page does not hold the code of its address")
		}
		form := []string{"email", "ada@example.com", "name", "Ada", "password", good}
		for _, wrong := range []string{"", "x", code[:15], code[:15] + "!", strings.Repeat("0", 16), code + "0"} {
			b.post("/start", append(form, "code", wrong)...).says(t, 422, "not the start code")
		}
		b.post("/start", "email", "ada@example.com", "password", "short", "code", code).says(t, 422, "12 characters")
		b.post("/start", "email", "ada@example.com", "code", code).says(t, 422, "Choose a password")
		if some, _, _ := h.environments.List(t.Context(), "", 2); len(some) != 0 {
			t.Error("an environment was made for nobody")
		}
		b.post("/start", append(form, "code", " "+strings.ToUpper(code)+" ")...).says(t, 200, "here is ada@example.com as owner")
		e, err := h.environments.ByName(t.Context(), "default")
		if err != nil {
			t.Fatal(err)
		}
		if first, err := h.users.ByEmail(t.Context(), "ada@example.com"); err != nil || first.Environment != e.ID || first.Name != "Ada" {
			t.Errorf("the first is %+v (%v)", first, err)
		}
		other := h.browser(t)
		other.post("/start", "email", "eve@example.com", "password", good, "code", code).says(t, 200, "Sign in")
		other.get("/start?code="+code).says(t, 200, "Sign in")
		if n, _ := h.users.Count(t.Context()); n != 1 {
			t.Errorf("there are %d users", n)
		}
	})
}

func TestTheFirstOwnerJoinsTheEnvironmentThatThereIs(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		e, err := h.environments.Create(t.Context(), "production")
		if err != nil {
			t.Fatal(err)
		}
		start, err := h.door.StartURL()
		if err != nil {
			t.Fatal(err)
		}
		code := start[strings.Index(start, "code=")+5:]
		h.browser(t).post("/start", "email", "ada@example.com", "password", good, "code", code).says(t, 200, "here is ada@example.com")
		if u, err := h.users.ByEmail(t.Context(), "ada@example.com"); err != nil || u.Environment != e.ID {
			t.Errorf("the owner is %+v (%v), want one of %s", u, err, e.ID)
		}
	})
}

func TestGuessingTheStartCodeIsSlowedDown(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		b := h.browser(t)
		for range 40 {
			if b.post("/start", "email", "a@example.com", "password", good, "code", "0000000000000000").status == http.StatusTooManyRequests {
				return
			}
		}
		t.Error("forty codes were tried, and nobody had to wait")
	})
}

func TestAnInvitationAndALinkForAPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner := h.user(t, "ada@example.com", permission.Owner)
		_, token, err := h.users.Invite(t.Context(), user.Draft{Environment: owner.Environment, Email: "bob@example.com", Name: "Bob", Role: permission.Member}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		b := h.browser(t)
		at := h.door.InvitationURL(token)
		b.get(at).says(t, 200, "bob@example.com", "here", "member")
		b.post(at, "name", "Bob", "password", "short").says(t, 422, "12 characters")
		b.post(at, "name", "Robert", "password", good).says(t, 200, "here is bob@example.com as member")
		b.get(at).says(t, 404, "does not work any more")
		b.post(at, "password", good).says(t, 404, "does not work any more")

		bob, err := h.users.ByEmail(t.Context(), "bob@example.com")
		if err != nil || bob.Name != "Robert" {
			t.Fatalf("bob is %+v (%v)", bob, err)
		}
		link, _, err := h.users.NewLink(t.Context(), bob.Environment, bob.ID, user.PasswordLink, time.Hour, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		other := h.browser(t)
		at = h.door.PasswordURL(link)
		other.get(at).says(t, 200, "bob@example.com")
		other.post(at, "password", "short").says(t, 422, "12 characters", "bob@example.com")
		other.post(at, "password", "another good password").says(t, 200, "here is bob@example.com")
		other.get(at).says(t, 404, "does not work any more")
		b.get("/").says(t, 200, "Sign in") // signed out by it
		b.signIn("bob@example.com").says(t, 422, "not right")
		b.post("/sign-in", "email", "bob@example.com", "password", "another good password").says(t, 200, "here is bob")
	})
}

func TestALinkSignsInOnce(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		ada := h.user(t, "ada@example.com", permission.Owner)
		link, _, err := h.users.NewLink(t.Context(), ada.Environment, ada.ID, user.SignInLink, time.Hour, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		at := h.door.SignInURL(link)
		b := h.browser(t)
		b.send(http.NewRequestWithContext(t.Context(), http.MethodHead, at, nil)) // what a preview does
		b.get(at+"?next=/logs").says(t, 200, "here is ada@example.com as owner at /logs")
		b.get(at).says(t, 200, "here is ada@example.com") // in the same browser it does no harm
		h.browser(t).get(at).says(t, 404, "does not work any more")
		h.browser(t).get("/sign-in/link/nothing").says(t, 404, "does not work any more")
		h.browser(t).get("/sign-in/nothing").says(t, 404, "No such page")
	})
}

func TestNoSecretIsLogged(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		ada := h.user(t, "ada@example.com", permission.Owner)
		link, _, err := h.users.NewLink(t.Context(), ada.Environment, ada.ID, user.PasswordLink, time.Hour, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		b := h.browser(t)
		b.signIn("ada@example.com").says(t, 200)
		session := b.session()
		// Nothing that is asked of the database is answered any more.
		if err := h.store.Exec(t.Context(), "ALTER TABLE users RENAME TO gone"); err != nil {
			t.Fatal(err)
		}
		for _, got := range []*answer{h.browser(t).get("/sign-in"), b.get("/password/" + link), b.post("/password/"+link, "password", good), b.signIn("ada@example.com")} {
			got.says(t, 500, "Something went wrong")
		}
		logged := h.log.String()
		if !strings.Contains(logged, "a request failed") {
			t.Fatalf("nothing is logged: %s", logged)
		}
		for what, secret := range map[string]string{"link": link, "session": session, "password": good} {
			if strings.Contains(logged, secret) {
				t.Errorf("the log holds the %s", what)
			}
		}
	})
}
