package vendor_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/outbound"
	"sluice/internal/vendor"
)

// dock is a vendor with logins whose tokens a test can make invalid.
type dock struct {
	mu       sync.Mutex
	serial   int
	valid    string
	password string
	logins   atomic.Int32
	writes   atomic.Int32
	down     bool
}

func (d *dock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	refuse := func(message string) {
		w.WriteHeader(401)
		fmt.Fprintf(w, `{"message":%q}`, message)
	}
	if r.URL.Path == "/v1/login" {
		d.logins.Add(1)
		var in map[string]string
		json.NewDecoder(r.Body).Decode(&in)
		switch {
		case d.down:
			w.WriteHeader(503)
		case in["password"] != d.password:
			refuse("Wrong password.")
		default:
			d.serial++
			d.valid = fmt.Sprintf("token-%d", d.serial)
			fmt.Fprintf(w, `{"token":%q}`, d.valid)
		}
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+d.valid || r.URL.Path == "/v1/never" {
		refuse("Unauthenticated.")
		return
	}
	if r.Method == "POST" {
		d.writes.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
		return
	}
	io.WriteString(w, `{"ok":true}`)
}

func (d *dock) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func newDock(t *testing.T) (*dock, *world) {
	d := &dock{password: "tide&tow"}
	w := newWorldWith(t, func(def *integration.Definition) {
		def.Credentials = integration.Credentials{Format: "login", Fields: integration.Fields{{Name: "password", Type: "password"}},
			Login:    &integration.Exchange{Method: "POST", Path: "/login", Body: map[string]string{"password": "{{credentials.password}}"}, Token: "token"},
			Validate: &integration.Probe{Method: "GET", Path: "/me"}}
		def.Authorization = integration.Authorizations{{Format: "bearer"}}
	}, map[string]string{"password": "tide&tow"}, outbound.Options{}, d.ServeHTTP)
	return d, w
}

func (w *world) status(t *testing.T) account.Status {
	t.Helper()
	a, err := w.accounts.Get(t.Context(), "env_test", w.account.ID)
	if err != nil {
		t.Fatal(err)
	}
	return a.Status
}

func TestCallsThatFindTheTokenExpiredTogetherLogInOnce(t *testing.T) {
	d, w := newDock(t)
	d.set(func() { d.valid = "" })
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			req := read("/x")
			if i%2 == 0 {
				req = write("/x")
			}
			r, err := w.Do(t.Context(), w.account, w.def, req)
			if err != nil || r.Outcome != vendor.OK {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	if n := d.logins.Load(); n != 2 { // one to connect
		t.Errorf("want one login for all, got %d", n-1)
	}
	if n := d.writes.Load(); n != 15 {
		t.Errorf("want each write done once, got %d of 15", n)
	}
}

func TestACallThatIsRefusedWithAGoodCredentialLeavesTheAccountAlone(t *testing.T) {
	d, w := newDock(t)
	r := w.do(t, read("/never"))
	if r.Outcome != vendor.Refused || r.Status != 401 || r.Problem.NeedsReauth || r.Problem.Message != "Harbor refused this call as unauthorized (401), though the account's credential is valid: Unauthenticated." {
		t.Errorf("got %d %+v", r.Outcome, r.Problem)
	}
	if s := w.status(t); s != account.Active || d.logins.Load() != 2 {
		t.Errorf("want the account active after one renewal, got %s after %d", s, d.logins.Load()-1)
	}
}

func TestADeadCredentialIsToldInOneSentenceAndStopsCalls(t *testing.T) {
	d, w := newDock(t)
	d.set(func() { d.valid, d.password = "", "changed" })
	r := w.do(t, write("/x"))
	if r.Outcome != vendor.Refused || r.Status != 401 || !r.Problem.NeedsReauth || !strings.Contains(r.Problem.Message, "must be connected to Harbor again by its owner: its answer to the login was: Wrong password.") {
		t.Errorf("got %d %d %+v", r.Outcome, r.Status, r.Problem)
	}
	if s := w.status(t); s != account.NeedsReauth {
		t.Errorf("want needs_reauth, got %s", s)
	}
	w.forget()
	r = w.do(t, read("/x"))
	if r.Outcome != vendor.Unsent || r.Status != 0 || !r.Problem.NeedsReauth || len(w.requests()) != 0 {
		t.Errorf("want nothing sent any more, got %+v %+v and %d requests", r, r.Problem, len(w.requests()))
	}
}

func TestAVendorThatCannotRenewJustNowCostsNothing(t *testing.T) {
	d, w := newDock(t)
	d.set(func() { d.valid, d.down = "", true })
	r := w.do(t, read("/x"))
	if r.Outcome != vendor.Refused || r.Status != 401 || r.Problem.NeedsReauth || !strings.Contains(r.Problem.Message, "the call was not done. Harbor could not be asked to log in: it answered 503. It can be repeated.") {
		t.Errorf("got %d %+v", r.Outcome, r.Problem)
	}
	d.set(func() { d.down = false })
	if r := w.do(t, read("/x")); r.Outcome != vendor.OK || w.status(t) != account.Active {
		t.Errorf("got %+v, %s", r, w.status(t))
	}
}

func TestADisabledAccountSendsNothing(t *testing.T) {
	_, w := newDock(t)
	off := account.Disabled
	if _, err := w.accounts.Update(t.Context(), "env_test", w.account.ID, account.Change{Status: &off}); err != nil {
		t.Fatal(err)
	}
	r := w.do(t, read("/x")) // with the account as it was read before
	if r.Outcome != vendor.Unsent || r.Problem.NeedsReauth || !strings.Contains(r.Problem.Message, "is disabled") || len(w.requests()) != 0 {
		t.Errorf("got %+v %+v", r, r.Problem)
	}
}
