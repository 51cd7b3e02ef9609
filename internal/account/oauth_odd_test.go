package account_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// reef is a token endpoint that answers what no real provider can be told to.
type reef struct {
	*httptest.Server
	mu     sync.Mutex
	answer func(w http.ResponseWriter, form url.Values)
	forms  []url.Values
	basic  []string
	asked  []*http.Request
	bodies []string // that are no form
}

func newReef(t testing.TB) *reef {
	r := &reef{}
	r.says(200, "application/json", `{"access_token":"coral-1","token_type":"Bearer","expires_in":3600,"refresh_token":"again-1"}`)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		q.ParseForm()
		rest, _ := io.ReadAll(q.Body)
		user, _, _ := q.BasicAuth()
		r.mu.Lock()
		r.forms, r.basic, r.asked, r.bodies = append(r.forms, q.PostForm), append(r.basic, user), append(r.asked, q), append(r.bodies, string(rest))
		answer := r.answer
		r.mu.Unlock()
		answer(w, q.PostForm)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *reef) does(answer func(http.ResponseWriter, url.Values)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *reef) says(status int, kind, body string) {
	r.does(func(w http.ResponseWriter, _ url.Values) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
}

func (r *reef) last() url.Values {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.forms[len(r.forms)-1]
}

func (r *reef) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked)
}

func (r *reef) request(i int) *http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[i]
}

func (r *reef) body(i int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bodies[i]
}

func reefDefinition(change func(*integration.OAuth2)) *integration.Definition {
	o := &integration.OAuth2{AuthorizationURL: "{{context.base_url}}/authorize", TokenURL: "/token", Scopes: []string{"read"}}
	if change != nil {
		change(o)
	}
	return &integration.Definition{Name: "reef", Label: "Reef", BaseURL: "{{context.base_url}}", Context: integration.Fields{{Name: "base_url", Format: "uri"}},
		Credentials: integration.Credentials{Format: "oauth2_authorization_code", OAuth2: o}, Authorization: integration.Authorizations{{Format: "bearer"}}}
}

// dive connects an account to a reef as it answers now.
func (w *world) dive(t testing.TB, r *reef) (*account.Account, error) {
	t.Helper()
	if _, err := w.SetVendorClient(t.Context(), environment, "reef", "test", account.NewVendorClient{ID: "diver", Secret: "mask-and-snorkel", Server: r.URL}); err != nil {
		t.Fatal(err)
	}
	p, err := w.Begin(t.Context(), environment, account.Connection{Integration: "reef", Context: map[string]string{"base_url": r.URL}}, "s")
	if err != nil {
		t.Fatal(err)
	}
	return w.Complete(t.Context(), environment, p, url.Values{"code": {"c"}}, nil)
}

func TestWhatAProviderAnswersToACode(t *testing.T) {
	const json = "application/json"
	for name, c := range map[string]struct {
		status     int
		kind, body string
		want       string // of the error; "": the account is connected
	}{
		"a web page":                   {200, "text/html", "<html>Sign in</html>", "its answer is not what a token endpoint says"},
		"a web page with an error":     {400, "text/html", "<html>Bad</html>", "it answered 400"},
		"nothing":                      {200, json, "{}", "holds no access_token"},
		"another token type":           {200, json, `{"access_token":"a","token_type":"mac"}`, `one of the type "mac"`},
		"an error with status 200":     {200, json, `{"error":"bad_verification_code","error_description":"The code is old."}`, "The code is old. (bad_verification_code)."},
		"an error that echoes":         {400, json, `{"error":"invalid_grant","error_description":"mask-and-snorkel is wrong"}`, "••• is wrong (invalid_grant)."},
		"a failure":                    {503, "text/plain", "later", "it answered 503"},
		"a redirect":                   {302, "text/html", "", "it answered 302"},
		"no type and no end":           {200, json, `{"access_token":"a"}`, ""},
		"an end as a text":             {200, json, `{"access_token":"a","token_type":"bearer","expires_in":"60"}`, ""},
		"a form":                       {200, "application/x-www-form-urlencoded", "access_token=a&token_type=bearer&scope=read&expires_in=60", ""},
		"the vendor's word for bearer": {200, json, `{"access_token":"a","token_type":"bot"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := newWorldOf(t, sqlite(t), reefDefinition(func(o *integration.OAuth2) { o.TokenType = "bot" })), newReef(t)
			r.says(c.status, c.kind, c.body)
			a, err := w.dive(t, r)
			if c.want == "" {
				if err != nil || a.Status != account.Active || credential(t, w.Service, a).Token != "a" {
					t.Errorf("got %+v, %v", a, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "mask-and-snorkel") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if page, _, err := w.List(t.Context(), environment, account.Filter{}); err != nil || len(page) != 0 {
				t.Errorf("want nothing kept, got %v, %v", page, err)
			}
		})
	}
}

func TestATokenWithoutAnEndIsRefreshedAtA401Alone(t *testing.T) {
	w, r := newWorldOf(t, sqlite(t), reefDefinition(nil)), newReef(t)
	r.says(200, "application/json", `{"access_token":"coral-1","token_type":"Bearer","refresh_token":"again-1"}`)
	a, err := w.dive(t, r)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(1000 * time.Hour)
	old := credential(t, w.Service, a)
	if old.Token != "coral-1" {
		t.Fatalf("got %q", old.Token)
	}
	r.says(200, "application/json", `{"access_token":"coral-2"}`) // and no new refresh token
	c, err := w.Renew(t.Context(), a, old)
	if err != nil || c.Token != "coral-2" || r.last().Get("refresh_token") != "again-1" {
		t.Fatalf("got %v, %v", c, err)
	}
	r.says(200, "application/json", `{"access_token":"coral-3","refresh_token":"again-3"}`)
	if c, err = w.Renew(t.Context(), a, c); err != nil || r.last().Get("refresh_token") != "again-1" {
		t.Fatalf("the refresh token was not kept: sent %q, %v", r.last().Get("refresh_token"), err)
	}
	if _, err = w.Renew(t.Context(), a, c); err != nil || r.last().Get("refresh_token") != "again-3" {
		t.Fatalf("the new refresh token was not taken: sent %q, %v", r.last().Get("refresh_token"), err)
	}
}

func TestWithoutARefreshTokenAnAccountEndsWithItsToken(t *testing.T) {
	w, r := newWorldOf(t, sqlite(t), reefDefinition(nil)), newReef(t)
	r.says(200, "application/json", `{"access_token":"coral-1","expires_in":600}`)
	a, err := w.dive(t, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Renew(t.Context(), a, credential(t, w.Service, a)); !errors.Is(err, account.ErrNotRenewable) || w.get(t, a.ID).Status != account.Active {
		t.Errorf("while it lasts: got %v, %s", err, w.get(t, a.ID).Status)
	}
	w.pass(time.Hour)
	_, err = w.Credential(t.Context(), a)
	if e, ok := errors.AsType[*account.StatusError](err); !ok || e.Status != account.NeedsReauth || !strings.Contains(e.Message, "no refresh token was given") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyARefusalOfTheGrantCostsIt(t *testing.T) {
	const json = "application/json"
	for name, c := range map[string]struct {
		status     int
		kind, body string
		dead       bool
	}{
		"invalid_grant":            {400, json, `{"error":"invalid_grant","error_description":"Revoked."}`, true},
		"a vendor's own word":      {200, json, `{"error":"bad_refresh_token"}`, true},
		"the client":               {401, json, `{"error":"invalid_client"}`, false},
		"the request":              {400, json, `{"error":"invalid_request"}`, false},
		"later":                    {400, json, `{"error":"temporarily_unavailable"}`, false},
		"a refusal with a 5xx":     {500, json, `{"error":"invalid_grant"}`, false},
		"too many":                 {429, json, `{"error":"invalid_grant"}`, false},
		"a proxy's page":           {403, "text/html", "<html>Blocked</html>", false},
		"a page instead of JSON":   {200, "text/html", "<html>Maintenance</html>", false},
		"a token of another type":  {200, json, `{"access_token":"x","token_type":"mac"}`, false},
		"an empty answer":          {200, json, "", false},
		"a connection that breaks": {0, "", "", false},
		"an answer without a body": {400, json, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := newWorldOf(t, sqlite(t), reefDefinition(nil)), newReef(t)
			a, err := w.dive(t, r)
			if err != nil {
				t.Fatal(err)
			}
			old := credential(t, w.Service, a)
			r.says(c.status, c.kind, c.body)
			if c.status == 0 {
				r.does(func(http.ResponseWriter, url.Values) { panic(http.ErrAbortHandler) })
			}
			_, err = w.Renew(t.Context(), a, old)
			got := w.get(t, a.ID)
			if c.dead {
				if e, ok := errors.AsType[*account.StatusError](err); !ok || got.Status != account.NeedsReauth || got.LastError == "" {
					t.Errorf("got %v, %+v", e, got)
				}
				return
			}
			if !isUnavailable(err) || got.Status != account.Active {
				t.Errorf("got %v, %s", err, got.Status)
			}
			r.says(200, json, `{"access_token":"coral-2","refresh_token":"again-2"}`)
			if c, err := w.Renew(t.Context(), a, old); err != nil || c.Token != "coral-2" || r.last().Get("refresh_token") != "again-1" {
				t.Errorf("the grant was lost: %v", err)
			}
		})
	}
}

// A node that was held up so long that its lease ended finds another's token stored, and the vendor refuses the one that it sent.
func TestARefusalOfARefreshTokenThatIsNoLongerTheAccountsCountsForNothing(t *testing.T) {
	w, r := newWorldOf(t, sqlite(t), reefDefinition(nil)), newReef(t)
	a, err := w.dive(t, r)
	if err != nil {
		t.Fatal(err)
	}
	old := credential(t, w.Service, a)
	r.does(func(rw http.ResponseWriter, _ url.Values) {
		sealed, err := w.keys.Seal([]byte(`{"access":"winner","refresh":"again-2","issued":1}`), []byte(a.ID+"/token"))
		if err != nil {
			t.Error(err)
		}
		n, err := w.store.UpdateAccountToken(t.Context(), db.UpdateAccountTokenParams{Token: sealed, Environment: environment, ID: a.ID, CredentialVersion: old.Version, UpdatedAt: 1})
		if err != nil || n != 1 {
			t.Errorf("the winner's token: %d rows, %v", n, err)
		}
		if err := w.store.Publish(t.Context(), store.Accounts, a.ID); err != nil {
			t.Error(err)
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(400)
		fmt.Fprint(rw, `{"error":"invalid_grant"}`)
	})
	c, err := w.Renew(t.Context(), a, old)
	if err != nil || c.Token != "winner" {
		t.Fatalf("got %v, %v", c, err)
	}
	if got := w.get(t, a.ID).Status; got != account.Active {
		t.Errorf("got %s", got)
	}
	if told := w.events(t, a.ID); len(told) != 1 {
		t.Errorf("told %v", told)
	}
}

func TestTheClientIsNamedWhereTheVendorWantsIt(t *testing.T) {
	for place, c := range map[string]struct{ basic, form string }{"header": {"diver", ""}, "body": {"", "mask-and-snorkel"}} {
		w, r := newWorldOf(t, sqlite(t), reefDefinition(func(o *integration.OAuth2) { o.ClientAuthentication = place })), newReef(t)
		if _, err := w.dive(t, r); err != nil {
			t.Fatal(err)
		}
		if r.basic[0] != c.basic || r.last().Get("client_secret") != c.form || r.last().Get("code_verifier") == "" {
			t.Errorf("%s: by header %q, by body %q", place, r.basic[0], r.last().Get("client_secret"))
		}
	}
}

func TestWhatAVendorLetsChooseMayBeNothingOrNotTold(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		body, want string
	}{
		"none":     {200, `{"places":[]}`, "has none for this account"},
		"no list":  {200, `{"places":7}`, "holds no list at places"},
		"a page":   {200, `<html>`, "holds no list"},
		"refused":  {401, `{"message":"No."}`, "were refused by Reef"},
		"a number": {200, `{"places":[{"id":7,"name":"Seven"}]}`, ""},
		"gone":     {404, ``, "it answered 404"},
	} {
		t.Run(name, func(t *testing.T) {
			def := reefDefinition(nil)
			def.Credentials = integration.Credentials{Format: "static", Fields: integration.Fields{{Name: "key", Type: "password"}}, Token: "{{credentials.key}}"}
			def.Context = append(def.Context, integration.Field{Name: "place", Choices: &integration.Choices{Path: "/places", Items: "places", Value: "id", Label: "name"}})
			w, r := newWorldOf(t, sqlite(t), def), newReef(t)
			r.says(c.status, "application/json", c.body)
			a, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "reef", Credentials: map[string]string{"key": "shell-key"}, Context: map[string]string{"base_url": r.URL}})
			if c.want == "" {
				if err != nil || a.Context["place"] != "7" || a.Status != account.Active {
					t.Errorf("got %+v, %v", a, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
