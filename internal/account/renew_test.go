package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/store/storetest"
)

func credential(t testing.TB, s *account.Service, a *account.Account) *account.Credential {
	t.Helper()
	c, err := s.Credential(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestACredentialIsKeptUntilItIsAboutToExpireAndThenRefreshed(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	first := credential(t, w.Service, a)
	w.pass(58 * time.Minute)
	if c := credential(t, w.Service, a); c != first || h.refreshes.Load() != 0 {
		t.Fatalf("want the same credential while it lasts, got another after %d refreshes", h.refreshes.Load())
	}

	// Shortly before its end a call takes the old token, and a new one comes without anybody waiting for it.
	w.pass(90 * time.Second)
	if c := credential(t, w.Service, a); c != first {
		t.Fatal("want the old credential while it still works")
	}
	w.Service.Close() // waits for the renewal
	w.Service = w.node(t, w.store)
	if c := credential(t, w.Service, a); c.Token != "access-2" || c.Version <= first.Version || h.refreshes.Load() != 1 || h.logins.Load() != 1 {
		t.Errorf("want a refreshed token, got %q after %d refreshes, %d logins", c.Token, h.refreshes.Load(), h.logins.Load())
	}

	// Past its end, a call waits.
	w.pass(2 * time.Hour)
	if c := credential(t, w.Service, a); c.Token != "access-3" {
		t.Errorf("want a new token, got %q", c.Token)
	}
}

func TestARefusedRefreshIsFollowedByALogin(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	old := credential(t, w.Service, a)
	h.set(func() { clear(h.once) })
	c, err := w.Renew(t.Context(), a, old)
	if err != nil || c.Token != "access-2" || h.refreshes.Load() != 1 || h.logins.Load() != 2 {
		t.Fatalf("got %v after %d refreshes, %d logins: %v", c, h.refreshes.Load(), h.logins.Load(), err)
	}
}

func TestManyCallersThatFailTogetherCauseOneRenewal(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		st := storetest.Open(t, url)
		w, h := newWorld(t, st), newHarbor(t)
		a := w.connect(t, h)
		// Two nodes over one database; on PostgreSQL each has its own connection to it.
		nodes := []*account.Service{w.Service, w.node(t, storetest.Open(t, url))}
		old := credential(t, nodes[0], a)
		if c := credential(t, nodes[1], a); c.Version != old.Version {
			t.Fatalf("want both nodes at one version, got %d and %d", old.Version, c.Version)
		}
		h.revoke()

		var wg sync.WaitGroup
		tokens := make(chan string, 100)
		for i := range 40 {
			wg.Go(func() {
				c, err := nodes[i%2].Renew(context.WithoutCancel(t.Context()), a, old)
				if err != nil {
					t.Error(err)
					return
				}
				tokens <- c.Token
			})
		}
		wg.Wait()
		close(tokens)
		for token := range tokens {
			if token != "access-2" {
				t.Errorf("want everybody to have the one new token, got %q", token)
			}
		}
		if h.refreshes.Load() != 1 || h.logins.Load() != 1 {
			t.Errorf("want one refresh and no login, got %d and %d", h.refreshes.Load(), h.logins.Load()-1)
		}
	})
}

func TestACallerThatGoesAwayDoesNotLoseTheToken(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	old := credential(t, w.Service, a)
	gate := make(chan struct{})
	h.set(func() { h.gate = gate; clear(h.once) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Renew(ctx, a, old); !errors.Is(err, context.Canceled) {
		t.Fatalf("want the caller let go, got %v", err)
	}
	close(gate)
	c, err := w.Renew(t.Context(), a, old)
	if err != nil || c.Token != "access-2" || h.logins.Load() != 2 {
		t.Errorf("got %v after %d logins: %v", c, h.logins.Load(), err)
	}
}

func TestAVendorThatIsDownCostsNoGrant(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	old := credential(t, w.Service, a)
	for _, status := range []int{500, 503, 429} {
		h.set(func() { h.down = status })
		_, err := w.Renew(t.Context(), a, old)
		if _, ok := errors.AsType[*account.UnavailableError](err); !ok {
			t.Fatalf("status %d: want an *UnavailableError, got %v", status, err)
		}
	}
	if got := w.get(t, a.ID).Status; got != account.Active {
		t.Fatalf("want the account active, got %s", got)
	}
	h.set(func() { h.down = 0 })
	if c, err := w.Renew(t.Context(), a, old); err != nil || c.Token != "access-2" || h.logins.Load() != 1 {
		t.Errorf("want the refresh token still good, got %v after %d logins: %v", c, h.logins.Load(), err)
	}
}

func TestARefusedLoginMarksTheAccountUntilItIsConnectedAgain(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	old := credential(t, w.Service, a)
	h.revoke()
	h.set(func() { h.password = "changed"; clear(h.once) })
	_, err := w.Renew(t.Context(), a, old)
	e, ok := errors.AsType[*account.StatusError](err)
	if !ok || e.Status != account.NeedsReauth {
		t.Fatalf("want a *StatusError, got %v", err)
	}
	if !strings.Contains(e.Error(), "must be connected to Harbor again by its owner at https://sluice.example/connect/account/"+a.ID+": its answer to the login was: Wrong password •••") {
		t.Errorf("got %q", e)
	}
	if got := w.get(t, a.ID); got.Status != account.NeedsReauth || strings.Contains(got.LastError, "tide") {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(w.log.String(), "tide") {
		t.Errorf("the log shows the password: %s", w.log)
	}
	// No more logins with a password that was refused: the vendor may lock the person out.
	before := h.logins.Load()
	for range 3 {
		if _, err := w.Credential(t.Context(), a); err == nil {
			t.Error("want the account refused")
		}
	}
	if h.logins.Load() != before {
		t.Error("want no further login")
	}
	if _, err := w.RefreshCredentials(t.Context(), environment, a.ID); err == nil {
		t.Error("want the refresh refused")
	}
	if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Credentials: map[string]string{"password": "changed"}}); err != nil {
		t.Fatal(err)
	}
	if got := w.get(t, a.ID); got.Status != account.Active || got.LastError != "" {
		t.Errorf("connected again: got %+v", got)
	}
	credential(t, w.Service, a)
}

func TestRefreshCredentialsBringsAnAccountBack(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	old := credential(t, w.Service, a)
	h.set(func() { h.password = "mistaken"; clear(h.once) })
	if _, err := w.Renew(t.Context(), a, old); err == nil {
		t.Fatal("want the login refused")
	}
	h.set(func() { h.password = "tide&tow" })
	got, err := w.RefreshCredentials(t.Context(), environment, a.ID)
	if err != nil || got.Status != account.Active || got.LastError != "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if c := credential(t, w.Service, a); c.Version <= old.Version {
		t.Errorf("want a new credential, got version %d", c.Version)
	}
}

// A 401 for one call says nothing of a credential that the validation call takes.
func TestOnlyACredentialThatFailsValidationIsDead(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	h.set(func() { h.valid["key-of-the-port"] = true })
	a, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "harbor", Credentials: map[string]string{"api_key": "key-of-the-port"}, Context: map[string]string{"base_url": h.URL}})
	if err != nil {
		t.Fatal(err)
	}
	c := credential(t, w.Service, a)
	if _, err := w.Renew(t.Context(), a, c); !errors.Is(err, account.ErrNotRenewable) {
		t.Fatalf("want ErrNotRenewable, got %v", err)
	}
	if err := w.Rejected(t.Context(), a, c, "no"); err != nil || w.get(t, a.ID).Status != account.Active {
		t.Fatalf("the validation call works: got %v, %s", err, w.get(t, a.ID).Status)
	}
	h.set(func() { h.noProbe = 500 })
	if err := w.Rejected(t.Context(), a, c, "no"); err == nil || w.get(t, a.ID).Status != account.Active {
		t.Fatalf("nobody can tell: got %v, %s", err, w.get(t, a.ID).Status)
	}
	h.set(func() { h.noProbe = 403 })
	if err := w.Rejected(t.Context(), a, c, "no"); err != nil || w.get(t, a.ID).Status != account.Active {
		t.Fatalf("a missing permission: got %v, %s", err, w.get(t, a.ID).Status)
	}
	h.set(func() { h.noProbe = 0; h.deadAPI = true })
	err = w.Rejected(t.Context(), a, c, "Key key-of-the-port was revoked.")
	if e, ok := errors.AsType[*account.StatusError](err); !ok || !strings.Contains(e.Error(), "it answered 401: Key ••• was revoked.") {
		t.Fatalf("got %v", err)
	}
	if got := w.get(t, a.ID).Status; got != account.NeedsReauth {
		t.Errorf("want needs_reauth, got %s", got)
	}
	h.set(func() { h.deadAPI = false })
	if got, err := w.RefreshCredentials(t.Context(), environment, a.ID); err != nil || got.Status != account.Active {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A rejection that comes late, for a credential that was renewed since, marks nothing.
func TestALateRejectionOfAnOldCredentialIsForgotten(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	old := credential(t, w.Service, a)
	if _, err := w.Renew(t.Context(), a, old); err != nil {
		t.Fatal(err)
	}
	if err := w.Rejected(t.Context(), a, old, ""); err != nil || w.get(t, a.ID).Status != account.Active {
		t.Errorf("got %v, %s", err, w.get(t, a.ID).Status)
	}
	if c, err := w.Renew(t.Context(), a, old); err != nil || c.Token != "access-2" {
		t.Errorf("want the credential that another made: got %v, %v", c, err)
	}
}
