package account_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/account"
	"sluice/internal/account/oidctest"
	"sluice/internal/await"
	"sluice/internal/integration"
)

// isGood asks the provider about an access token.
func isGood(t testing.TB, p *oidctest.Provider, token string) bool {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func TestADeletedAccountTakesItsGrantAlong(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a, other := y.connect(t), y.connect(t)
	token, stays := credential(t, y.Service, a).Token, credential(t, y.Service, other).Token
	if !isGood(t, y.provider, token) {
		t.Fatal("the token is good for nothing as it is")
	}
	got, err := y.Delete(t.Context(), environment, a.ID)
	if err != nil || got.Status != account.Revoked || got.Message != "Shipyard has revoked its access." {
		t.Fatalf("got %+v, %v", got, err)
	}
	if isGood(t, y.provider, token) {
		t.Error("the access token outlived its account")
	}
	if !isGood(t, y.provider, stays) {
		t.Error("another account lost its token")
	}
	if n := y.provider.Asked("/revoke"); n != 2 {
		t.Errorf("want the refresh token and the access token revoked, got %d requests", n)
	}
}

func TestAVendorThatIsDownKeepsNobodyFromDeleting(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a := y.connect(t)
	given := y.provider.Given()
	y.provider.Down(503)
	got, err := y.Delete(t.Context(), environment, a.ID)
	if err != nil || got.Status != account.RevocationFailed || !strings.HasPrefix(got.Message, "Shipyard did not revoke its access: withdraw it there (") || !strings.Contains(got.Message, "503") {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := y.Get(t.Context(), environment, a.ID); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the account is still there: %v", err)
	}
	for _, secret := range []string{given[0].Access, given[0].Refresh, oidctest.ClientSecret} {
		if strings.Contains(got.Message+y.log.String(), secret) {
			t.Errorf("%q is told", secret)
		}
	}
}

func TestATokenThatComesForADeletedAccountIsGivenBack(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a := y.connect(t)
	old := credential(t, y.Service, a)
	before, gate := y.provider.Asked("/oauth/token"), make(chan struct{})
	y.provider.Gate(gate)
	renewed := make(chan error, 1)
	go func() { _, err := y.Renew(t.Context(), a, old); renewed <- err }()
	await.True(t, "a token to be asked for", func() bool { return y.provider.Asked("/oauth/token") > before })
	y.provider.HoldRevocations(true) // or the grant ends before the token is given
	if _, err := y.Delete(t.Context(), environment, a.ID); err != nil {
		t.Fatal(err)
	}
	y.provider.HoldRevocations(false)
	close(gate)
	if err := await.From(t, "the renewal", renewed); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	given := y.provider.Given()
	if fresh := given[len(given)-1].Access; len(given) < 2 || isGood(t, y.provider, fresh) {
		t.Errorf("the token that came late is good, of %d", len(given))
	}
}

func TestWhatADeletionAsksOfTheVendor(t *testing.T) {
	type request struct{ path, auth, body string }
	for name, c := range map[string]struct {
		change func(*integration.Definition)
		status int
		body   string
		want   account.RevocationStatus
		says   string
		asked  []request
	}{
		"an authorization server": {change: func(d *integration.Definition) { d.Credentials.OAuth2.RevocationURL = "/revoke" }, want: account.Revoked, says: "Reef has revoked its access.",
			asked: []request{{"/revoke", "diver:mask-and-snorkel", "token=again-1&token_type_hint=refresh_token"}, {"/revoke", "diver:mask-and-snorkel", "token=coral-1&token_type_hint=access_token"}}},
		"one that wants the client in the body": {change: func(d *integration.Definition) {
			d.Credentials.OAuth2.RevocationURL, d.Credentials.OAuth2.ClientAuthentication = "/revoke", "body"
		}, want: account.Revoked, says: "Reef has revoked its access.", asked: []request{
			{"/revoke", "", "client_id=diver&client_secret=mask-and-snorkel&token=again-1&token_type_hint=refresh_token"},
			{"/revoke", "", "client_id=diver&client_secret=mask-and-snorkel&token=coral-1&token_type_hint=access_token"}}},
		"one that says that the token has ended": {change: func(d *integration.Definition) { d.Credentials.OAuth2.RevocationURL = "/revoke" }, status: 400, body: `{"error":"invalid_token"}`,
			want: account.Revoked, says: "Reef has revoked its access."},
		"one that refuses the client": {change: func(d *integration.Definition) { d.Credentials.OAuth2.RevocationURL = "/revoke" }, status: 401,
			body: `{"error":"invalid_client","error_description":"mask-and-snorkel is wrong"}`, want: account.RevocationFailed,
			says: "Reef did not revoke its access: withdraw it there (it answered: ••• is wrong.)."},
		"a logout of its own": {change: func(d *integration.Definition) {
			d.Credentials.Revoke = &integration.Request{Method: "delete", Path: "/sessions", Headers: map[string]string{"Authorization": "Bearer {{token.access}}"}}
		}, want: account.Revoked, says: "Reef has revoked its access.", asked: []request{{"/sessions", "", ""}}},
		"one that knows the token no more": {change: func(d *integration.Definition) {
			d.Credentials.Revoke = &integration.Request{Method: "post", Path: "/logout", Body: map[string]string{"again": "{{token.refresh}}"}}
		}, status: 401, want: account.Revoked, says: "Reef has revoked its access.", asked: []request{{"/logout", "", `{"again":"again-1"}`}}},
		"one that knows no way": {change: func(*integration.Definition) {}, want: account.NotRevoked, says: "Reef is not known to take a token back: withdraw the access there."},
	} {
		t.Run(name, func(t *testing.T) {
			def := reefDefinition(nil)
			c.change(def)
			w, r := newWorldOf(t, sqlite(t), def), newReef(t)
			a, err := w.dive(t, r)
			if err != nil {
				t.Fatal(err)
			}
			before := r.count()
			r.says(max(200, c.status), "application/json", c.body)
			got, err := w.Delete(t.Context(), environment, a.ID)
			if err != nil || got.Status != c.want || got.Message != c.says {
				t.Errorf("got %+v, %v", got, err)
			}
			if c.asked != nil && r.count() != before+len(c.asked) {
				t.Errorf("got %d requests", r.count()-before)
			}
			for i, want := range c.asked {
				at := r.request(before + i)
				auth := ""
				if user, password, ok := at.BasicAuth(); ok {
					auth = user + ":" + password
				}
				if body := at.PostForm.Encode() + r.body(before+i); at.URL.Path != want.path || auth != want.auth || body != want.body {
					t.Errorf("got %s by %q with %q, want %v", at.URL.Path, auth, body, want)
				}
			}
		})
	}
}

func TestADeletionSaysWhatIsLeftToDo(t *testing.T) {
	def := definition()
	def.Credentials.Revoke = &integration.Request{Method: "post", Path: "/logout", Body: map[string]string{"refresh": "{{token.refresh}}"}}
	w, h := newWorldOf(t, sqlite(t), def), newHarbor(t)
	a := w.connect(t, h)
	if got, err := w.Delete(t.Context(), environment, a.ID); err != nil || got.Status != account.Revoked || len(h.once) != 0 {
		t.Errorf("a login that ends by a logout: got %+v, %v; the vendor still knows %v", got, err, h.once)
	}
	a, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "harbor", Credentials: map[string]string{"api_key": "access-1"}, Context: map[string]string{"base_url": h.URL}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.Delete(t.Context(), environment, a.ID); err != nil || *got != (account.Revocation{Status: account.NotRevoked, Message: "Its credential is good until it is withdrawn at Harbor."}) {
		t.Errorf("an API key: got %+v, %v", got, err)
	}
}

func TestARefreshTokenIsKeptHoweverOddTheAnswerItCameIn(t *testing.T) {
	for name, c := range map[string]struct{ odd, want string }{
		"of another type":   {`{"access_token":"coral-2","token_type":"mac","refresh_token":"again-2"}`, `one of the type "mac"`},
		"without a token":   {`{"token_type":"bearer","refresh_token":"again-2"}`, "holds no access_token"},
		"with an error too": {`{"error":"server_error","refresh_token":"again-2"}`, "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := newWorldOf(t, sqlite(t), reefDefinition(nil)), newReef(t)
			a, err := w.dive(t, r)
			if err != nil {
				t.Fatal(err)
			}
			old := credential(t, w.Service, a)
			r.says(200, "application/json", c.odd)
			if _, err := w.Renew(t.Context(), a, old); !isUnavailable(err) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v", err)
			}
			if got := w.get(t, a.ID); got.Status != account.Active {
				t.Errorf("got the status %s", got.Status)
			}
			kept := credential(t, w.Service, a)
			if kept.Token != old.Token {
				t.Errorf("want the old token for as long as it lasts, got %q", kept.Token)
			}
			r.says(200, "application/json", `{"access_token":"coral-3","token_type":"Bearer","refresh_token":"again-3"}`)
			c, err := w.Renew(t.Context(), a, kept)
			if err != nil || c.Token != "coral-3" || r.last().Get("refresh_token") != "again-2" {
				t.Errorf("got %v, %v by %q: want the refresh token that was given last", c, err, r.last().Get("refresh_token"))
			}
		})
	}
}

func TestALifetimeThatIsNoIntegerCostsNothing(t *testing.T) {
	for _, life := range []string{`""`, `"soon"`, `3600.5`, `"3600.0"`, `1e3`, `-1`, `99999999999`, `null`, `{}`} {
		w, r := newWorldOf(t, sqlite(t), reefDefinition(nil)), newReef(t)
		r.says(200, "application/json", fmt.Sprintf(`{"access_token":"coral-1","token_type":"Bearer","refresh_token":"again-1","expires_in":%s}`, life))
		if a, err := w.dive(t, r); err != nil || a.Status != account.Active {
			t.Errorf("%s: got %v, %v", life, a, err)
		}
	}
}

func TestChoicesAreReadToTheirLastPage(t *testing.T) {
	for name, choices := range map[string]integration.Choices{
		"by a cursor":      {Path: "/cursor?kind=bay", Items: "places", Value: "id", Next: "more.token", Cursor: "after"},
		"by an address":    {Path: "/address", Items: "places", Value: "id", Next: "more.href"},
		"by a Link header": {Path: "/link", Items: "places", Value: "id"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.String()+" "+r.Header.Get("Authorization"))
				n := 1
				fmt.Sscan(r.URL.Query().Get("after"), &n)
				token, href := "", ""
				if n < 3 {
					token, href = fmt.Sprint(n+1), fmt.Sprintf("?after=%d", n+1)
					if r.URL.Path == "/link" {
						w.Header().Set("Link", fmt.Sprintf(`<http://%s/link>; rel=first, </link?after=%d>; rel="next"`, r.Host, n+1))
					}
				}
				fmt.Fprintf(w, `{"places":[{"id":"p%d"},{"id":"q%[1]d"}],"more":{"token":%q,"href":%q}}`, n, token, href)
			}))
			defer vendor.Close()
			a, q, err := withChoices(t, choices, vendor.URL)
			if err != nil || a.Status != account.Connecting || len(q.Options) != 6 || q.Options[5].Value != "q3" {
				t.Fatalf("got %+v, %+v, %v after %q", a, q, err, asked)
			}
			for _, request := range asked {
				if !strings.HasSuffix(request, " Bearer shell-key") || strings.HasPrefix(request, "/cursor") && !strings.Contains(request, "kind=bay") {
					t.Errorf("the page is asked by %q", request)
				}
			}
		})
	}
}

func TestChoicesAreAskedOfTheVendorAlone(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host is asked with %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"places":[{"id":"a"},{"id":"b"}],"next":%q}`, elsewhere.URL+"/places")
	}))
	defer vendor.Close()
	_, _, err := withChoices(t, integration.Choices{Path: "/places", Items: "places", Value: "id", Next: "next"}, vendor.URL)
	if !isUnavailable(err) || !strings.Contains(err.Error(), "its next page is at another host") {
		t.Errorf("got %v", err)
	}
}

func TestPagesOfChoicesEnd(t *testing.T) {
	asked := 0
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		fmt.Fprintf(w, `{"places":[{"id":"p%d"}],"next":"%[1]d"}`, asked)
	}))
	defer vendor.Close()
	_, q, err := withChoices(t, integration.Choices{Path: "/places", Items: "places", Value: "id", Next: "next", Cursor: "after"}, vendor.URL)
	if err != nil || len(q.Options) != 20 {
		t.Errorf("got %v, %v after %d requests", q, err, asked)
	}
}

// withChoices connects an account that has something to choose, and answers the question.
func withChoices(t *testing.T, choices integration.Choices, url string) (*account.Account, *account.FormField, error) {
	def := reefDefinition(nil)
	def.Credentials = integration.Credentials{Format: "static", Fields: integration.Fields{{Name: "key", Type: "password"}}, Token: "{{credentials.key}}"}
	def.Context = append(def.Context, integration.Field{Name: "place", Choices: &choices})
	w := newWorldOf(t, sqlite(t), def)
	a, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "reef", Credentials: map[string]string{"key": "shell-key"}, Context: map[string]string{"base_url": url}})
	if err != nil {
		return nil, nil, err
	}
	q, err := w.Question(t.Context(), environment, a.ID)
	return a, q, err
}
