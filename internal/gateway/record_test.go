package gateway_test

import (
	"strings"
	"testing"

	"sluice/internal/audit"
)

// last is the newest record of the log.
func (w *world) last() *audit.Record {
	w.Helper()
	if err := w.node.Audit.Flush(w.Context()); err != nil {
		w.Fatal(err)
	}
	page, _, err := w.node.Audit.List(w.Context(), audit.Filter{Environment: w.account.Environment}, "", 1)
	if err != nil || len(page) != 1 {
		w.Fatalf("the log has %d records, error %v", len(page), err)
	}
	return page[0]
}

func TestTheLogShowsTheArgumentsOfACallThatWasRefusedForThem(t *testing.T) {
	w := newWorld(t)
	w.call("create_a_octapipe_user", `{"first_name":7,"last_name":"Lovelace","initial_password":"correct horse","nickname":"ada"}`)
	r := w.last()
	for _, want := range []string{`"first_name":7`, `"initial_password":"***"`} {
		if r.Outcome != "invalid" || !strings.Contains(string(r.Arguments), want) {
			t.Errorf("outcome %s, arguments %s; want it invalid, with %s", r.Outcome, r.Arguments, want)
		}
	}
	w.call("create_a_octapipe_user", `{"first_name":`)
	if r := w.last(); r.Outcome != "invalid" || len(r.Arguments) != 0 {
		t.Errorf("unreadable arguments: outcome %s, arguments %q; want none", r.Outcome, r.Arguments)
	}
}

func TestAWriteWhoseIntentCannotBeRecordedIsNotSentAndSaysSo(t *testing.T) {
	w := newWorld(t)
	if err := w.node.Store.Exec(t.Context(), "DROP TABLE call_intents"); err != nil {
		t.Fatal(err)
	}
	r := w.call("create_a_octapipe_database", `{"name":"Fleet"}`)
	if !r.Failed() || !strings.Contains(r.Message, "nothing changed") {
		t.Errorf("got %q, want that nothing changed", r.Message)
	}
	if writes := w.writes(); len(writes) != 0 {
		t.Errorf("the vendor got %v, want nothing", writes)
	}
}
