package audit_test

import (
	"testing"
	"time"

	"sluice/internal/audit"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

// record finishes a call that began at a time.
func record(t *testing.T, l *audit.Log, environment string, began time.Time) *audit.Record {
	t.Helper()
	r := full()
	r.ID, r.Environment, r.StartedAt, r.Outcome = store.FirstID("log", began)+environment, environment, began, "ok"
	l.Finish(r)
	return r
}

func TestOldCallsOfAllEnvironmentsAreDroppedAndYoungerOnesStay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		for i := range 3 {
			record(t, l, "env_1", at.Add(-time.Duration(i+1)*time.Minute))
			record(t, l, "env_2", at.Add(-time.Duration(i+1)*time.Minute))
		}
		crashed := full()
		crashed.ID, crashed.StartedAt = store.FirstID("log", at.Add(-time.Hour)), at.Add(-time.Hour)
		begin(t, l, crashed)
		young := record(t, l, "env_1", at)
		if err := l.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, err := l.Drop(t.Context(), at); n != 7 || err != nil {
			t.Errorf("dropped %d, error %v; want 7", n, err)
		}
		if got := list(t, l, audit.Filter{}); len(got) != 1 || got[0].ID != young.ID {
			t.Errorf("left in env_1: %v, want the youngest alone", show(got))
		}
		if got := list(t, l, audit.Filter{Environment: "env_2"}); len(got) != 0 {
			t.Errorf("left in env_2: %v, want nothing", show(got))
		}
	})
}

func TestALogThatKeepsCallsForAWhileDropsTheOlderOnesByItself(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	l := newLog(t, st)
	record(t, l, "env_1", time.Now().Add(-48*time.Hour))
	young := record(t, l, "env_1", time.Now().Add(-time.Hour))
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	keeper := newLog(t, st)
	keeper.Retain(24 * time.Hour)
	for len(list(t, l, audit.Filter{})) == 2 && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if got := list(t, l, audit.Filter{}); len(got) != 1 || got[0].ID != young.ID {
		t.Errorf("left: %v, want the youngest alone", show(got))
	}
}
