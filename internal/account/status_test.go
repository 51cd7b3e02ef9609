package account_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"sluice/internal/account"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

// events are the types of what was told of an account, oldest first, each checked for its form.
func (w *world) events(t testing.TB, id string) []string {
	t.Helper()
	rows, err := w.store.ListAccountEvents(t.Context(), db.ListAccountEventsParams{Environment: environment, Lim: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, row := range rows {
		if row.AccountID != id {
			continue
		}
		var e account.Event
		if err := json.Unmarshal([]byte(row.Payload), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != row.Type || e.Data.ID != id || e.Timestamp.UnixMilli() != row.CreatedAt || !slices.Contains(account.EventTypes, e.Type) {
			t.Errorf("the event %+v is not what its row says: %s", e, row.Payload)
		}
		if strings.Contains(row.Payload, "tide") || strings.Contains(row.Payload, "access-") {
			t.Errorf("the event shows a secret: %s", row.Payload)
		}
		types = append(types, strings.TrimPrefix(e.Type, "integrated_account."))
	}
	return types
}

func TestEveryChangeOfStatusIsToldOnceInTheTransactionThatMakesIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w, h := newWorld(t, st), newHarbor(t)
		var told atomic.Int32 // some are heard twice
		defer st.Subscribe(store.Events, func(string) { told.Add(1) })()
		a := w.connect(t, h)
		set := func(s account.Status) {
			t.Helper()
			if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Status: &s}); err != nil {
				t.Fatal(err)
			}
		}
		set(account.Disabled)
		set(account.Disabled)
		set(account.Active)
		name := "Renamed"
		if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Name: &name}); err != nil {
			t.Fatal(err)
		}
		old := credential(t, w.Service, a)
		if _, err := w.Renew(t.Context(), a, old); err != nil { // a renewal is no change of status
			t.Fatal(err)
		}
		h.revoke()
		h.set(func() { h.password = "changed"; clear(h.once) })
		if _, err := w.Renew(t.Context(), a, credential(t, w.Service, a)); err == nil {
			t.Fatal("want the login refused")
		}
		if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Credentials: map[string]string{"password": "changed"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Delete(t.Context(), environment, a.ID); err != nil {
			t.Fatal(err)
		}
		want := []string{"active", "disabled", "reactivated", "needs_reauth", "reactivated", "deleted"}
		if got := w.events(t, a.ID); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		if int(told.Load()) < len(want) {
			t.Errorf("heard of %d events, want %d", told.Load(), len(want))
		}
		if _, err := w.Delete(t.Context(), environment, a.ID); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("deleted twice: %v", err)
		}
	})
}

func TestAnEventSaysWhatBecameOfTheAccount(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	h.revoke()
	h.set(func() { h.password = "changed"; clear(h.once) })
	if _, err := w.Renew(t.Context(), a, credential(t, w.Service, a)); err == nil {
		t.Fatal("want the login refused")
	}
	rows, err := w.store.ListAccountEvents(t.Context(), db.ListAccountEventsParams{Environment: environment, Lim: 10})
	if err != nil || len(rows) != 2 {
		t.Fatalf("got %d events, %v", len(rows), err)
	}
	var e account.Event
	if err := json.Unmarshal([]byte(rows[1].Payload), &e); err != nil {
		t.Fatal(err)
	}
	d := e.Data
	if d.TenantID != "acme" || d.Name != "Quay" || d.Integration.Label != "Harbor" || d.Status != account.NeedsReauth || d.PreviousStatus != account.Active || d.Context["base_url"] != h.URL {
		t.Errorf("got %+v", d)
	}
	if d.LastError == nil || !strings.Contains(*d.LastError, "Wrong password") {
		t.Errorf("the event does not say why: %s", rows[1].Payload)
	}
	if other, err := w.store.ListAccountEvents(t.Context(), db.ListAccountEventsParams{Environment: "env_other", Lim: 10}); err != nil || len(other) != 0 {
		t.Errorf("another environment has %s, %v", fmt.Sprint(other), err)
	}
}
