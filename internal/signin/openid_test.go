package signin_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"sluice/internal/permission"
	"sluice/internal/user"
)

// company is a real OpenID provider of some people's. It tells their addresses at its UserInfo endpoint alone.
type company struct {
	url    string
	people map[string]*storage.User
	answer atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool] // stands before the provider, if it is set
}

// The provider's library keeps its clients in a map of the whole process.
var registering sync.Mutex

// openCompany starts a provider that the house is registered with.
func openCompany(t *testing.T, h *house) *company {
	t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // by which it logs each request
	c := &company{people: map[string]*storage.User{}}
	var provider http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := c.answer.Load(); answer != nil && (*answer)(w, r) {
			return
		}
		registering.Lock()
		defer registering.Unlock()
		provider.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	registering.Lock()
	storage.RegisterClients(storage.WebClient(h.url, "secret", h.url+"/sign-in/openid/callback"))
	registering.Unlock()
	provider = exampleop.SetupServer(c.url, storage.NewStorage(c), nil, false)
	return c
}

// GetUserByID, GetUserByUsername and ExampleClientID implement storage.UserStore.
func (c *company) GetUserByID(id string) *storage.User         { return c.people[id] }
func (c *company) GetUserByUsername(name string) *storage.User { return c.people[name] }
func (c *company) ExampleClientID() string                     { return "service" }

func (c *company) hire(name, email string, verified bool) {
	c.people[name] = &storage.User{ID: name, Username: name, Password: "at work", FirstName: name, LastName: "Worker", Email: email, EmailVerified: verified}
}

// join makes the company's provider the house's.
func (c *company) join(t *testing.T, h *house, environment string, role permission.Role, domains ...string) {
	t.Helper()
	err := h.users.SetProvider(t.Context(), user.Provider{
		Environment: environment, Label: "Example ID", Issuer: c.url, ClientID: h.url, ClientSecret: "secret", Domains: domains, Role: role,
	}, user.Operator)
	if err != nil {
		t.Fatal(err)
	}
}

// through signs somebody in at the provider, from the page that led there, and answers what the house shows then.
func (b *browser) through(start, name string) *answer {
	b.t.Helper()
	shown := b.get(start)
	if b.at.Path != "/login/username" {
		b.t.Fatalf("%s leads to %s and not to the provider: %s", start, b.at, plain(shown.body))
	}
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(shown.body)
	return b.post("http://"+b.at.Host+"/login/username", "id", id[1], "username", name, "password", "at work")
}

func TestPeopleSignInByTheirCompanysProvider(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := openCompany(t, h)
		ada := h.user(t, "ada@example.com", permission.Owner)
		c.hire("ada", "Ada@Example.com", true)
		c.hire("new", "new@example.com", true)
		c.hire("mallory", "ada@example.com", false)
		c.hire("guest", "guest@elsewhere.example", true)
		c.join(t, h, ada.Environment, "", "example.com")

		b := h.browser(t)
		link := regexp.MustCompile(`href="(/sign-in/openid[^"]*)"`).FindStringSubmatch(b.get("/sign-in?next=/logs").says(t, 200, "Sign in with Example ID").body)
		if link == nil {
			t.Fatal("the page to sign in does not lead to the provider")
		}
		b.through(strings.ReplaceAll(link[1], "&amp;", "&"), "ada").says(t, 200, "here is ada@example.com as owner at /logs")
		if u, err := h.users.ByEmail(t.Context(), "ada@example.com"); err != nil || u.Subject != "ada" || u.Issuer != c.url {
			t.Errorf("ada is %+v (%v), want her known to the provider", u, err)
		}
		// Again, with the address gone elsewhere: the subject decides.
		c.hire("ada", "other@elsewhere.example", false)
		h.browser(t).through("/sign-in/openid", "ada").says(t, 200, "here is ada@example.com")
		c.hire("ada2", "ada@example.com", true)
		h.browser(t).through("/sign-in/openid", "ada2").says(t, 403, "another person")
		h.browser(t).through("/sign-in/openid", "mallory").says(t, 403, "has not verified")
		h.browser(t).through("/sign-in/openid", "guest").says(t, 403, "The address guest@elsewhere.example is of no domain")
		h.browser(t).through("/sign-in/openid", "new").says(t, 403, "was not invited")

		_, token, err := h.users.Invite(t.Context(), user.Draft{Environment: ada.Environment, Email: "new@example.com", Role: permission.Member}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		b = h.browser(t)
		join := regexp.MustCompile(`href="(/sign-in/openid[^"]*)"`).FindStringSubmatch(b.get(h.door.InvitationURL(token)).says(t, 200, "Join with Example ID").body)
		b.through(strings.ReplaceAll(join[1], "&amp;", "&"), "new").says(t, 200, "here is new@example.com as member")
		b.get(h.door.InvitationURL(token)).says(t, 404)
	})
}

func TestAnAddressSaysWhoseProviderWhereThereAreSeveral(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		c := openCompany(t, h)
		ada := h.user(t, "ada@example.com", permission.Owner)
		other, err := h.environments.Create(t.Context(), "other")
		if err != nil {
			t.Fatal(err)
		}
		c.hire("bob", "bob@example.com", true)
		c.join(t, h, ada.Environment, permission.Viewer, "example.com")
		c.join(t, h, other.ID, permission.Viewer, "example.org")
		b := h.browser(t)
		b.get("/sign-in?next=/logs").says(t, 200, "Sign in with your company’s account")
		b.get("/sign-in/openid?next=/logs").says(t, 200, "Email address")
		b.get("/sign-in/openid?next=/logs&email=bob@nowhere.example").says(t, 200, "Nobody with an address of this domain")
		on := regexp.MustCompile(`href="(/sign-in/openid[^"]*)"`).FindStringSubmatch(b.get("/sign-in/openid?next=/logs&email=bob@example.com").says(t, 200, "Go on to Example ID").body)
		b.through(strings.ReplaceAll(on[1], "&amp;", "&"), "bob").says(t, 200, "here is bob@example.com as viewer at /logs")
		// The other environment's provider has no say in it.
		h.browser(t).through("/sign-in/openid?go=1&email=x@example.org", "bob").says(t, 403, "The address bob@example.com is of no domain")
	})
}

func TestAnAnswerThatTheProviderDidNotGiveUsIsRefused(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		c := openCompany(t, h)
		ada := h.user(t, "ada@example.com", permission.Owner)
		c.hire("ada", "ada@example.com", true)
		c.hire("eve", "eve@example.com", true)
		c.join(t, h, ada.Environment, permission.Viewer, "example.com")
		b := h.browser(t)
		b.get("/sign-in/openid/callback?code=x&state=y").says(t, 400, "not begun here")

		// Eve begins, and has the answer sent to somebody else (RFC 6749, 10.12).
		callback := func(b *browser, name string) string {
			var at string
			b.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
				if strings.HasSuffix(r.URL.Path, "/callback") && "http://"+r.URL.Host == h.url {
					at = r.URL.RequestURI()
					return http.ErrUseLastResponse
				}
				return nil
			}
			b.through("/sign-in/openid", name)
			b.client.CheckRedirect = nil
			return at
		}
		eves := callback(h.browser(t), "eve")
		victim := h.browser(t)
		victim.get(eves).says(t, 400, "not begun here")
		callback(victim, "ada") // one of their own is under way
		victim.get(eves).says(t, 400, "not begun here")

		// An answer is taken once.
		b = h.browser(t)
		mine := callback(b, "ada")
		b.get(mine).says(t, 200, "here is ada@example.com")
		b.post("/sign-out")
		b.get(mine).says(t, 400, "not begun here")

		// The provider's own refusal, and another issuer's answer (RFC 9207).
		b = h.browser(t)
		at, _ := url.Parse(callback(b, "ada"))
		q := at.Query()
		b.get(at.Path+"?state="+q.Get("state")+"&error=access_denied").says(t, 403, "access_denied")
		b = h.browser(t)
		b.get(callback(b, "ada")+"&iss=https://evil.example").says(t, 400, "not begun here")

		// A code that is none.
		b = h.browser(t)
		at, _ = url.Parse(callback(b, "ada"))
		b.get(at.Path+"?code=made-up&state="+at.Query().Get("state")).says(t, 502, "cannot be taken")
		if b.session() != "" {
			t.Error("somebody is signed in by a code that is none")
		}
	})
}

func TestATokenThatWasMadeForAnotherSignInIsRefused(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		c := openCompany(t, h)
		ada := h.user(t, "ada@example.com", permission.Owner)
		c.hire("ada", "ada@example.com", true)
		c.join(t, h, ada.Environment, permission.Viewer, "example.com")
		// What the token endpoint answered the first time is answered for ever: its nonce is the first sign-in's.
		var kept []byte
		again := func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/oauth/token" {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			w.Write(kept)
			return true
		}
		record := func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/oauth/token" {
				return false
			}
			c.answer.Store(nil)
			response, err := http.DefaultClient.Do(forward(r, c.url))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return true
			}
			defer response.Body.Close()
			var token map[string]any
			json.NewDecoder(response.Body).Decode(&token)
			kept, _ = json.Marshal(token)
			c.answer.Store(&again)
			w.Header().Set("Content-Type", "application/json")
			w.Write(kept)
			return true
		}
		c.answer.Store(&record)
		h.browser(t).through("/sign-in/openid", "ada").says(t, 200, "here is ada@example.com")
		b := h.browser(t)
		b.through("/sign-in/openid", "ada").says(t, 502, "cannot be taken")
		if b.session() != "" || !strings.Contains(h.log.String(), "nonce is not ours") {
			t.Errorf("the log does not say why: %s", h.log)
		}
	})
}

// forward is a request as it came, to another address.
func forward(r *http.Request, to string) *http.Request {
	out, _ := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.RequestURI(), r.Body)
	out.Header = r.Header.Clone()
	return out
}

func TestAProviderThatDoesNotAnswerIsSaidSo(t *testing.T) {
	one(t, func(t *testing.T, h *house) {
		ada := h.user(t, "ada@example.com", permission.Owner)
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		err := h.users.SetProvider(t.Context(), user.Provider{
			Environment: ada.Environment, Label: "Example ID", Issuer: gone.URL, ClientID: "x", ClientSecret: "hush-hush", Domains: []string{"example.com"},
		}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		h.browser(t).get("/sign-in/openid").says(t, 502, "Example ID does not answer")
		if strings.Contains(fmt.Sprint(h.log), "hush-hush") {
			t.Error("the log holds the client's secret")
		}
	})
}
