package account_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/account/oidctest"
	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

const callback = "http://127.0.0.1:1/connect/callback"

// loadShipyard reads the complete definition of a vendor that is signed in to.
func loadShipyard() (*integration.Definition, error) {
	return integration.Load(os.DirFS("testdata"), "shipyard")
}

// yard is a world with a provider, a vendor and the environment's client there.
type yard struct {
	*world
	provider *oidctest.Provider
	vendor   *oidctest.Vendor
	context  map[string]string
}

func newYard(t testing.TB, st *store.Store, workspaces ...string) *yard {
	t.Helper()
	def, err := loadShipyard()
	if err != nil {
		t.Fatal(err)
	}
	y := &yard{world: newWorldOf(t, st, def), provider: oidctest.New(t, callback)}
	y.vendor = oidctest.NewVendor(t, y.provider, workspaces...)
	y.context = map[string]string{"base_url": y.vendor.URL, "issuer": y.provider.URL}
	if _, err := y.SetVendorClient(t.Context(), environment, "shipyard", "test", account.NewVendorClient{ID: oidctest.ClientID, Secret: oidctest.ClientSecret, Server: y.provider.URL}); err != nil {
		t.Fatal(err)
	}
	return y
}

// begin begins a connection and signs in at the provider.
func (y *yard) begin(t testing.TB, accountID string) (*account.Pending, url.Values) {
	t.Helper()
	p, err := y.Begin(t.Context(), environment, account.Connection{AccountID: accountID, Integration: "shipyard", TenantID: "acme", Name: "Yard", Context: y.context}, "the-state")
	if err != nil {
		t.Fatal(err)
	}
	back := y.provider.SignIn(t, p.URL)
	if !strings.HasPrefix(back.String(), callback+"?") || back.Query().Get("state") != "the-state" {
		t.Fatalf("the provider sends back to %s", back)
	}
	return p, back.Query()
}

func (y *yard) connect(t testing.TB) *account.Account {
	t.Helper()
	p, answer := y.begin(t, "")
	a, err := y.Complete(t.Context(), environment, p, answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnAccountIsConnectedBySigningInWithARealProvider(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		y := newYard(t, st, "North")
		p, answer := y.begin(t, "")
		u, err := url.Parse(p.URL)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || q.Get("client_id") != oidctest.ClientID || q.Get("redirect_uri") != callback ||
			q.Get("scope") != "openid email offline_access" || q.Get("prompt") != "consent" || strings.Contains(p.URL, oidctest.ClientSecret) {
			t.Errorf("the authorization request is %s", p.URL)
		}
		a, err := y.Complete(t.Context(), environment, p, answer, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != account.Active || a.TenantID != "acme" || a.Name != "Yard" || a.Context["workspace"] != "ws-north" { // the only one is taken unasked
			t.Errorf("got %+v", a)
		}
		if c := credential(t, y.Service, a); c.Token != y.provider.Given()[0].Access {
			t.Error("want the token that the provider gave")
		}
		if got := y.events(t, a.ID); len(got) != 1 || got[0] != "active" {
			t.Errorf("told %v", got)
		}
		// A code is good once.
		if _, err := y.Complete(t.Context(), environment, p, answer, nil); !isDenied(err) {
			t.Errorf("a code that was used: got %v", err)
		}
	})
}

func isDenied(err error) bool {
	_, ok := errors.AsType[*account.DeniedError](err)
	return ok
}

func TestAVerifierOfAnotherFlowIsRefusedByTheProvider(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	p, answer := y.begin(t, "")
	p.Verifier = strings.Repeat("x", 43)
	if _, err := y.Complete(t.Context(), environment, p, answer, nil); !isDenied(err) {
		t.Errorf("got %v", err)
	}
}

func TestATokenIsRefreshedBeforeItExpiresAndTheRotatedOneIsKept(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a := y.connect(t)
	first := credential(t, y.Service, a)
	y.pass(5*time.Minute - 10*time.Second) // the provider's tokens last five minutes
	if c := credential(t, y.Service, a); c != first {
		t.Error("want the old token while it works")
	}
	y.Service.Close() // waits for the renewal
	y.Service = y.node(t, y.store)
	for want := 2; want <= 4; want++ { // each refresh needs the token that the one before gave
		given := y.provider.Given()
		if c := credential(t, y.Service, a); len(given) != want || c.Token != given[want-1].Access {
			t.Fatalf("want token %d, the provider gave %d", want, len(given))
		}
		if want < 4 {
			y.pass(10 * time.Minute)
			credential(t, y.Service, a)
		}
	}
	if got := y.get(t, a.ID).Status; got != account.Active {
		t.Errorf("got %s", got)
	}
}

// The provider's clock runs ahead of ours: it refuses a token that we take for good.
func TestATokenThatTheProviderEndsEarlyIsRenewedAtThe401(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a := y.connect(t)
	old := credential(t, y.Service, a)
	y.pass(-10 * time.Minute)
	c, err := y.Renew(t.Context(), a, old)
	if err != nil || c.Token == old.Token || c.Token != y.provider.Given()[1].Access {
		t.Fatalf("got %v, %v", c, err)
	}
}

func TestManyCallersOnTwoNodesRefreshAGrantOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, address string) {
		y := newYard(t, storetest.Open(t, address), "North")
		a := y.connect(t)
		nodes := []*account.Service{y.Service, y.node(t, storetest.Open(t, address))}
		old := credential(t, nodes[0], a)
		credential(t, nodes[1], a)
		asked := y.provider.Asked("/oauth/token")
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				c, err := nodes[i%2].Renew(context.WithoutCancel(t.Context()), a, old)
				if err != nil || c.Token == old.Token {
					t.Errorf("got %v, %v", c, err)
				}
			})
		}
		wg.Wait()
		if n := y.provider.Asked("/oauth/token") - asked; n != 1 {
			t.Errorf("want one refresh, got %d", n)
		}
		if c, err := nodes[0].Renew(t.Context(), a, credential(t, nodes[0], a)); err != nil || c == nil {
			t.Errorf("the grant is good no more: %v", err)
		}
	})
}

func TestARevokedGrantNeedsItsOwnerAndIsConnectedAgainUnderItsId(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a := y.connect(t)
	old := credential(t, y.Service, a)
	y.provider.Revoke(t, y.provider.Given()[0].Refresh)
	_, err := y.Renew(t.Context(), a, old)
	e, ok := errors.AsType[*account.StatusError](err)
	if !ok || e.Status != account.NeedsReauth {
		t.Fatalf("got %v", err)
	}
	if want := "must be connected to Shipyard again by its owner at https://sluice.example/connect/account/" + a.ID + ": it no longer renews the access: "; !strings.Contains(e.Error(), want) || !strings.HasSuffix(e.Error(), "invalid_grant.") ||
		strings.Count(strings.TrimSuffix(e.Error(), "."), ". ") > 0 {
		t.Errorf("got %q, want %q with the provider's reason in one sentence", e, want)
	}
	for range 3 { // it is not asked again
		if _, err := y.Credential(t.Context(), a); err == nil {
			t.Error("want the account refused")
		}
	}
	if n := y.provider.Asked("/oauth/token"); n != 2 {
		t.Errorf("want the provider asked once more, got %d", n-1)
	}

	p, answer := y.begin(t, a.ID)
	got, err := y.Complete(t.Context(), environment, p, answer, nil)
	if err != nil || got.ID != a.ID || got.Status != account.Active || got.LastError != "" || got.TenantID != "acme" || got.Context["workspace"] != "ws-north" {
		t.Fatalf("got %+v, %v", got, err)
	}
	credential(t, y.Service, a)
	if got := strings.Join(y.events(t, a.ID), " "); got != "active needs_reauth reactivated" {
		t.Errorf("told %s", got)
	}
	if strings.Contains(y.log.String(), y.provider.Given()[0].Refresh) || strings.Contains(y.log.String(), oidctest.ClientSecret) {
		t.Errorf("the log shows a secret: %s", y.log)
	}
}

func TestAProviderThatIsDownCostsNoGrant(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a := y.connect(t)
	old := credential(t, y.Service, a)
	for _, status := range []int{500, 502, 503, 429, 404} {
		y.provider.Down(status)
		if _, err := y.Renew(t.Context(), a, old); !isUnavailable(err) {
			t.Fatalf("status %d: got %v", status, err)
		}
	}
	y.provider.Down(0)
	if got := y.get(t, a.ID).Status; got != account.Active {
		t.Fatalf("got %s", got)
	}
	if c, err := y.Renew(t.Context(), a, old); err != nil || c.Token == old.Token {
		t.Errorf("the grant is good no more: %v", err)
	}
}

func isUnavailable(err error) bool {
	_, ok := errors.AsType[*account.UnavailableError](err)
	return ok
}

func TestAWorkspaceIsChosenOnceTheAccountIsSignedIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		y := newYard(t, st, "North", "South")
		a := y.connect(t)
		if a.Status != account.Connecting {
			t.Fatalf("got %+v", a)
		}
		if _, err := y.Credential(t.Context(), a); err == nil || !strings.Contains(err.Error(), "finish connecting it first at https://sluice.example/connect/account/"+a.ID) {
			t.Errorf("got %v", err)
		}
		y.pass(time.Hour) // a person takes their time, and the token has expired
		q, err := y.Question(t.Context(), environment, a.ID)
		if err != nil || q == nil || q.Name != "context.workspace" || len(q.Options) != 2 || q.Options[1] != (account.Option{Value: "ws-south", Label: "South"}) {
			t.Fatalf("asked %+v, %v", q, err)
		}
		for _, status := range []account.Status{account.Disabled, account.Active} { // switched off and on, it is no further
			if a, err = y.Update(t.Context(), environment, a.ID, account.Change{Status: &status}); err != nil {
				t.Fatal(err)
			}
		}
		if a.Status != account.Connecting {
			t.Errorf("switched on again, the account is %s", a.Status)
		}
		west := "ws-west"
		_, err = y.Update(t.Context(), environment, a.ID, account.Change{Context: map[string]*string{"workspace": &west}})
		if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Field != "context.workspace" || !strings.Contains(e.Message, "ws-north (North), ws-south (South)") {
			t.Errorf("got %v", err)
		}
		south := "ws-south"
		got, err := y.Update(t.Context(), environment, a.ID, account.Change{Context: map[string]*string{"workspace": &south}})
		if err != nil || got.Status != account.Active || got.Context["workspace"] != south {
			t.Fatalf("got %+v, %v", got, err)
		}
		if told := strings.Join(y.events(t, a.ID), " "); told != "connecting disabled connecting active" {
			t.Errorf("told %s", told)
		}
		if q, err := y.Question(t.Context(), environment, a.ID); err != nil || q != nil {
			t.Errorf("still asks %+v, %v", q, err)
		}
		// The address that a grant was given for does not change under it.
		other := "http://127.0.0.1:2"
		_, err = y.Update(t.Context(), environment, a.ID, account.Change{Context: map[string]*string{"base_url": &other}})
		if e, ok := errors.AsType[*account.InvalidError](err); !ok {
			t.Errorf("got %v", e)
		}
	})
}

func TestAChoiceThatIsGoneIsAskedAgainWhenTheAccountIsConnectedAgain(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	a := y.connect(t)
	y.vendor.SetWorkspaces("East", "West")
	p, answer := y.begin(t, a.ID)
	got, err := y.Complete(t.Context(), environment, p, answer, nil)
	if err != nil || got.Status != account.Connecting || got.Context["workspace"] != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAVendorThatDoesNotTakeItsOwnTokenLeavesTheAccountInError(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	y.vendor.Answer(500)
	p, answer := y.begin(t, "")
	a, err := y.Complete(t.Context(), environment, p, answer, nil)
	if err != nil || a.Status != account.ValidationError || !strings.Contains(a.LastError, "it answered 500") {
		t.Fatalf("got %+v, %v", a, err)
	}
	y.vendor.Answer(0)
	got, err := y.RefreshCredentials(t.Context(), environment, a.ID)
	if err != nil || got.Status != account.Active || got.LastError != "" || got.Context["workspace"] != "ws-north" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if told := strings.Join(y.events(t, a.ID), " "); told != "validation_error active" {
		t.Errorf("told %s", told)
	}

	// An account that is in use keeps what it has, unless the new grant works.
	before := credential(t, y.Service, got)
	y.vendor.Answer(500)
	p, answer = y.begin(t, a.ID)
	if _, err := y.Complete(t.Context(), environment, p, answer, nil); !isUnavailable(err) {
		t.Errorf("got %v", err)
	}
	if now := y.get(t, a.ID); now.Status != account.Active || credential(t, y.Service, now).Version != before.Version {
		t.Errorf("got %+v", now)
	}
}

func TestAnAnswerThatConnectsNothingSaysWhy(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	begin := func() *account.Pending {
		p, err := y.Begin(t.Context(), environment, account.Connection{Integration: "shipyard", Context: y.context}, "s")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, c := range map[string]struct{ answer, want string }{
		"declined":                 {"error=access_denied&error_description=The+user+said+no", "The access to Shipyard was declined: The user said no."},
		"another error":            {"error=invalid_scope", "Shipyard did not allow it (invalid_scope)."},
		"nothing":                  {"", "sent back neither a code nor an error"},
		"a made up code":           {"code=x", "Shipyard did not take its own answer"},
		"from another server":      {"code=x&iss=https://evil.example", "is from another server"},
		"an error at great length": {"error=" + strings.Repeat("x", 5000), "xxx…"},
	} {
		answer, err := url.ParseQuery(c.answer)
		if err != nil {
			t.Fatal(err)
		}
		_, err = y.Complete(t.Context(), environment, begin(), answer, nil)
		if !isDenied(err) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 800 {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if page, _, err := y.List(t.Context(), environment, account.Filter{}); err != nil || len(page) != 0 {
		t.Errorf("want nothing kept, got %v, %v", page, err)
	}
}

func TestSigningInWantsTheEnvironmentsOwnClient(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	begin := func(environment string) error {
		_, err := y.Begin(t.Context(), environment, account.Connection{Integration: "shipyard", Context: y.context}, "s")
		return err
	}
	if e, ok := errors.AsType[*account.InvalidError](begin("env_other")); !ok || e.Field != "integration" || !strings.Contains(e.Message, "redirect URI "+callback) {
		t.Errorf("another environment's client: got %v", e)
	}
	if err := begin(environment); err != nil {
		t.Error(err)
	}
	a := y.connect(t)
	// A wrong secret is the environment's fault, and costs no account its grant.
	if _, err := y.SetVendorClient(t.Context(), environment, "shipyard", "test", account.NewVendorClient{ID: oidctest.ClientID, Secret: "mistyped-secret", Server: y.provider.URL}); err != nil {
		t.Fatal(err)
	}
	old := credential(t, y.Service, a)
	_, err := y.Renew(t.Context(), a, old)
	if !isUnavailable(err) || !strings.Contains(err.Error(), "does not accept this environment's OAuth client") || strings.Contains(err.Error(), "mistyped-secret") {
		t.Errorf("got %v", err)
	}
	if err := y.RemoveVendorClient(t.Context(), environment, "shipyard"); err != nil {
		t.Fatal(err)
	}
	if _, err := y.Renew(t.Context(), a, old); !isUnavailable(err) {
		t.Errorf("without a client: got %v", err)
	}
	if got := y.get(t, a.ID).Status; got != account.Active {
		t.Errorf("got %s", got)
	}
	if _, err := y.SetVendorClient(t.Context(), environment, "shipyard", "test", account.NewVendorClient{ID: oidctest.ClientID, Secret: oidctest.ClientSecret, Server: y.provider.URL}); err != nil {
		t.Fatal(err)
	}
	if _, err := y.Renew(t.Context(), a, old); err != nil {
		t.Errorf("with the right secret again: %v", err)
	}
}

func TestAMachineConnectsByClientCredentials(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	create := func(secret string) (*account.Account, error) {
		return y.Create(t.Context(), environment, account.NewAccount{Integration: "shipyard", Context: y.context,
			Credentials: map[string]string{"client_id": oidctest.ServiceID, "client_secret": secret}})
	}
	_, err := create("wrong-secret")
	if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Field != "credentials" || !e.Remote || strings.Contains(e.Message, "wrong-secret") {
		t.Errorf("a wrong secret: got %v", err)
	}
	a, err := create(oidctest.ServiceSecret)
	if err != nil || a.Status != account.Active {
		t.Fatalf("got %+v, %v", a, err)
	}
	old := credential(t, y.Service, a)
	y.pass(24 * time.Hour)
	if c := credential(t, y.Service, a); c.Token == old.Token || c.Token == "" {
		t.Errorf("want a new token, got %v", c)
	}
}

func TestAnAccountThatNeedsABrowserIsNotMadeOfNothing(t *testing.T) {
	y := newYard(t, sqlite(t), "North")
	_, err := y.Create(t.Context(), environment, account.NewAccount{Integration: "shipyard", Context: y.context})
	if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Field != "integration" || !strings.Contains(e.Message, "POST /link-token") {
		t.Errorf("got %v", err)
	}
}

func TestAnAccountThatNobodyCallsKeepsItsGrant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		y := newYard(t, st, "North")
		a := y.connect(t)
		y.pass(24 * time.Hour)
		y.KeepAlive(t.Context())
		if n := len(y.provider.Given()); n != 1 {
			t.Fatalf("after a day: want no renewal yet, got %d", n-1)
		}
		y.pass(3 * 24 * time.Hour)
		y.KeepAlive(t.Context())
		y.KeepAlive(t.Context())
		if n := len(y.provider.Given()); n != 2 {
			t.Fatalf("want one renewal, got %d", n-1)
		}
		y.pass(4 * 24 * time.Hour)
		y.provider.Down(503)
		y.KeepAlive(t.Context())
		if got := y.get(t, a.ID).Status; got != account.Active {
			t.Fatalf("a provider that is down made the account %s", got)
		}
		y.provider.Down(0)
		y.provider.Revoke(t, y.provider.Given()[1].Refresh)
		y.KeepAlive(t.Context())
		if got := y.get(t, a.ID); got.Status != account.NeedsReauth {
			t.Errorf("a revoked grant: got %+v", got)
		}
		if told := strings.Join(y.events(t, a.ID), " "); told != "active needs_reauth" {
			t.Errorf("told %s", told)
		}
	})
}
