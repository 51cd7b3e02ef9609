package audit_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/audit"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

func newLog(t testing.TB, st *store.Store) *audit.Log {
	t.Helper()
	l := audit.New(st, slog.New(slog.DiscardHandler))
	t.Cleanup(l.Close)
	return l
}

func begin(t *testing.T, l *audit.Log, r *audit.Record) {
	t.Helper()
	if err := l.Begin(t.Context(), r); err != nil {
		t.Fatalf("begin: %v", err)
	}
}

func list(t *testing.T, l *audit.Log, f audit.Filter) []*audit.Record {
	t.Helper()
	if f.Environment == "" {
		f.Environment = "env_1"
	}
	page, next, err := l.List(t.Context(), f, "", 100)
	if err != nil || next != "" {
		t.Fatalf("list %+v: next %q, error %v", f, next, err)
	}
	return page
}

// at is a time that both databases keep whole.
var at = time.Date(2026, 11, 25, 12, 0, 0, 123e6, time.UTC)

func full() *audit.Record {
	return &audit.Record{
		Environment: "env_1", Door: "mcp", AccountID: "acc_1", ServerID: "mcp_1", TokenID: "tok_1", ClientName: "Inspector", RequestID: "req-1",
		Integration: "octapipe", Tool: "update_a_octapipe_pipeline_card_by_id", Resource: "pipeline_cards", Method: "update", Write: true,
		Arguments: []byte(`{"n":12345678901234567890}`), StartedAt: at,
	}
}

func TestTheIntentOfAWriteIsThereWhenBeginReturnsAndItsOutcomeLater(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		l, elsewhere := newLog(t, storetest.Open(t, url)), newLog(t, storetest.Open(t, url))
		r := full()
		begin(t, l, r)
		if !strings.HasPrefix(r.ID, "log_") {
			t.Errorf("id %q", r.ID)
		}
		want := *r
		want.Outcome = audit.Started
		// Another process sees it: it is in the database and not only on its way.
		if got := list(t, elsewhere, audit.Filter{}); len(got) != 1 || !reflect.DeepEqual(*got[0], want) {
			t.Fatalf("begun: got %v, want %+v", show(got), want)
		}
		r.Outcome, r.Status, r.Error, r.Duration = "rate_limited", 429, "The vendor asks to wait.", 1234567*time.Microsecond
		l.Finish(r)
		if got := list(t, l, audit.Filter{}); len(got) != 1 || !reflect.DeepEqual(got[0], r) {
			t.Errorf("finished: got %v, want %+v", show(got), *r)
		}
		if got, err := l.Get(t.Context(), "env_1", r.ID); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("get: %+v, error %v; want %+v", got, err, *r)
		}
	})
}

func show(records []*audit.Record) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "\n  %+v", *r)
	}
	return b.String()
}

func TestReadsAndRefusedWritesAreRecordedByFinishAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		read := &audit.Record{Environment: "env_1", Door: "api", Tool: "list", Outcome: "ok", Status: 200, StartedAt: at}
		refused := &audit.Record{Environment: "env_1", Door: "api", Tool: "create", Write: true, Outcome: "invalid", StartedAt: at.Add(time.Second)}
		l.Finish(read)
		l.Finish(refused)
		got := list(t, l, audit.Filter{})
		if len(got) != 2 || got[0].Tool != "create" || !got[0].Write || got[0].Outcome != "invalid" || got[1].Tool != "list" || got[1].Write || got[1].Status != 200 {
			t.Errorf("got %v, want the write and the read, newest first", show(got))
		}
	})
}

func TestEachFilterNarrowsTheListAndNoneCrossesAnEnvironment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		finish := func(name string, change func(*audit.Record)) {
			r := full()
			r.Resource, r.Outcome = name, "ok" // the resource is no filter: it carries the name
			change(r)
			if r.Outcome == audit.Started {
				begin(t, l, r)
				return
			}
			l.Finish(r)
		}
		finish("plain", func(r *audit.Record) {})
		finish("account", func(r *audit.Record) { r.AccountID = "acc_2" })
		finish("server", func(r *audit.Record) { r.ServerID = "mcp_2" })
		finish("api", func(r *audit.Record) { r.ServerID = "" })
		finish("tool", func(r *audit.Record) { r.Tool = "other" })
		finish("outcome", func(r *audit.Record) { r.Outcome = "refused" })
		finish("begun", func(r *audit.Record) { r.Outcome = audit.Started })
		finish("client", func(r *audit.Record) { r.ClientName = "x\x00y\xff" })
		finish("request", func(r *audit.Record) { r.RequestID = "req-2" })
		finish("later", func(r *audit.Record) { r.StartedAt = at.Add(time.Hour) })
		finish("earlier", func(r *audit.Record) { r.StartedAt = at.Add(-time.Hour) })
		finish("foreign", func(r *audit.Record) { r.Environment = "env_2" })
		for _, c := range []struct {
			filter audit.Filter
			want   string
		}{
			{audit.Filter{}, "later request client begun outcome tool api server account plain earlier"},
			{audit.Filter{AccountID: "acc_2"}, "account"},
			{audit.Filter{ServerID: "mcp_2"}, "server"},
			{audit.Filter{ServerID: "mcp_2", AccountID: "acc_1"}, "server"},
			{audit.Filter{ServerID: "mcp_2", AccountID: "acc_2"}, ""},
			{audit.Filter{Tool: "other"}, "tool"},
			{audit.Filter{Outcome: "refused"}, "outcome"},
			{audit.Filter{Outcome: audit.Started}, "begun"},
			{audit.Filter{Outcome: audit.Started, AccountID: "acc_2"}, ""},
			{audit.Filter{ClientName: "x\uFFFDy\uFFFD"}, "client"},
			{audit.Filter{ClientName: "x\x00y\xff"}, ""},
			{audit.Filter{RequestID: "req-2"}, "request"},
			{audit.Filter{Since: at.Add(time.Millisecond)}, "later"},
			{audit.Filter{Since: at.Add(time.Hour)}, "later"},
			{audit.Filter{Until: at}, "earlier"},
			{audit.Filter{Since: at.Add(-2 * time.Hour), Until: at.Add(-time.Minute), ServerID: "mcp_1", Tool: full().Tool}, "earlier"},
			{audit.Filter{Environment: "env_2"}, "foreign"},
			{audit.Filter{Environment: "env_3"}, ""},
			{audit.Filter{Environment: "env_2", ServerID: "mcp_2"}, ""},
			{audit.Filter{Tool: `' OR 1=1 --`}, ""},
		} {
			var got []string
			for _, r := range list(t, l, c.filter) {
				got = append(got, r.Resource)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%+v: got %q, want %q", c.filter, got, c.want)
			}
		}
		foreign := list(t, l, audit.Filter{Environment: "env_2"})[0].ID
		for _, id := range []string{foreign, "", "log_none", "log_\x00"} {
			if _, err := l.Get(t.Context(), "env_1", id); !errors.Is(err, audit.ErrNotFound) {
				t.Errorf("get %q: got error %v, want ErrNotFound", id, err)
			}
		}
	})
}

func TestPagesCoverTheWholeListOnceAlsoWhileItGrows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		const n = 23
		for i := range n {
			r := &audit.Record{Environment: "env_1", Tool: fmt.Sprint(i), Write: i%5 == 0, Outcome: "ok", StartedAt: at.Add(time.Duration(i/4) * time.Millisecond)} // several at one time
			if r.Write {
				begin(t, l, r) // and left begun
				continue
			}
			l.Finish(r)
		}
		var got []string
		for cursor, pages := "", 0; ; pages++ {
			page, next, err := l.List(t.Context(), audit.Filter{Environment: "env_1"}, cursor, 4)
			if err != nil || pages > n {
				t.Fatalf("page %d: error %v", pages, err)
			}
			for _, r := range page {
				got = append(got, r.Tool)
			}
			l.Finish(&audit.Record{Environment: "env_1", Tool: "new", Outcome: "ok", StartedAt: at.Add(time.Hour)})
			if cursor = next; next == "" {
				break
			}
		}
		for i := range n {
			if want := fmt.Sprint(n - 1 - i); len(got) != n || got[i] != want {
				t.Fatalf("got %v, want %d down to 0", got, n-1)
			}
		}
		for _, cursor := range []string{"x", "!", "MTIz", "eCB5", "MTIzIAA"} {
			if _, _, err := l.List(t.Context(), audit.Filter{Environment: "env_1"}, cursor, 4); !errors.Is(err, audit.ErrCursor) {
				t.Errorf("cursor %q: got error %v, want ErrCursor", cursor, err)
			}
		}
	})
}

func TestARecordDoesNotChangeWithTheBufferThatItWasReadFrom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		buffer := []byte(`{"a":1}`)
		written, read := full(), full()
		written.Arguments, read.Arguments, read.Write, read.Outcome = buffer, buffer, false, "ok"
		begin(t, l, written)
		l.Finish(read)
		copy(buffer, "XXXXXXX")
		for _, r := range list(t, l, audit.Filter{}) {
			if string(r.Arguments) != `{"a":1}` {
				t.Errorf("%s: arguments %s", r.Outcome, r.Arguments)
			}
		}
	})
}

func TestWhatNoTextColumnTakesIsRecordedAllTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		r := full()
		r.ClientName, r.RequestID, r.Tool, r.Arguments = "a\x00b", "\xff"+strings.Repeat("ü", 1000), "t\x00", []byte("\x00\xff")
		begin(t, l, r)
		r.Outcome, r.Error = "invalid", "no \x00 here"
		l.Finish(r)
		got := list(t, l, audit.Filter{})
		if len(got) != 1 || got[0].ClientName != "a\uFFFDb" || !strings.HasPrefix(got[0].RequestID, "\uFFFDüü") || len(got[0].RequestID) > 300 || got[0].Tool != "t\uFFFD" ||
			got[0].Error != "no \uFFFD here" || string(got[0].Arguments) != "\x00\xff" {
			t.Errorf("got %v", show(got))
		}
	})
}

func TestCloseWritesWhatIsQueuedAndThenNothingEnters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := audit.New(st, slog.New(slog.DiscardHandler))
		const n = 1500 // several chunks
		for range n {
			l.Finish(&audit.Record{Environment: "env_1", Tool: "list", Outcome: "ok"})
		}
		l.Close()
		l.Close()
		rows, err := st.ListCalls(t.Context(), store.CallFilter{Environment: "env_1"}, store.CallPosition{}, 2*n)
		if err != nil || len(rows) != n {
			t.Errorf("%d records, error %v; want %d", len(rows), err, n)
		}
		if err := l.Begin(t.Context(), full()); !errors.Is(err, audit.ErrClosed) {
			t.Errorf("begin after close: got error %v, want ErrClosed", err)
		}
		l.Finish(full())
	})
}

func TestManyAtOnceLoseNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		const callers, calls = 16, 40
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for i := range calls {
					r := &audit.Record{Environment: "env_1", Tool: fmt.Sprintf("%d/%d", c, i), Write: i%2 == 0}
					if r.Write {
						if err := l.Begin(t.Context(), r); err != nil {
							t.Errorf("begin: %v", err)
						}
					}
					r.Outcome = "ok"
					l.Finish(r)
				}
			})
		}
		wg.Wait()
		page, _, err := l.List(t.Context(), audit.Filter{Environment: "env_1"}, "", callers*calls+1)
		seen := map[string]bool{}
		for _, r := range page {
			seen[r.Tool] = true
			if r.Outcome != "ok" {
				t.Errorf("%s is %s, want ok", r.Tool, r.Outcome)
			}
		}
		if err != nil || len(page) != callers*calls || len(seen) != callers*calls {
			t.Errorf("%d records of %d calls, error %v; want %d", len(page), len(seen), err, callers*calls)
		}
	})
}

func TestACallerThatGivesUpDuringBeginLeavesNoIntentBehindItsOutcome(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 {
			r := full()
			err := l.Begin(gone, r)
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Fatalf("begin: got error %v, want the context's", err)
			}
			r.Outcome = "unsent"
			l.Finish(r)
		}
		if got := list(t, l, audit.Filter{Outcome: audit.Started}); len(got) != 0 {
			t.Errorf("%d intents are left, want none", len(got))
		}
		if got := list(t, l, audit.Filter{Outcome: "unsent"}); len(got) != 50 {
			t.Errorf("%d outcomes, want 50", len(got))
		}
	})
}

func TestADatabaseThatFailsRefusesIntentsAndKeepsOutcomesUntilItIsBack(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	l := newLog(t, st)
	begun := full()
	begin(t, l, begun)

	// Another process holds the file and will not let go within a writer's patience: made quick by renaming a table away.
	exec := func(query string) {
		t.Helper()
		if err := st.Exec(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	exec("ALTER TABLE calls RENAME TO calls_away")
	exec("ALTER TABLE call_intents RENAME TO intents_away")
	if err := l.Begin(t.Context(), full()); err == nil {
		t.Error("begin reports an intent that is in no database")
	}
	begun.Outcome = "ok"
	l.Finish(begun)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatalf("flush: %v", err)
	}
	exec("ALTER TABLE calls_away RENAME TO calls")
	exec("ALTER TABLE intents_away RENAME TO call_intents")
	if got := list(t, l, audit.Filter{}); len(got) != 1 || got[0].ID != begun.ID || got[0].Outcome != "ok" {
		t.Errorf("once it is back: %v, want the outcome that was kept", show(got))
	}
	begin(t, l, full())
}

// TestAProcessThatIsKilledLeavesItsIntentBehind runs itself as a child, which begins a write and is killed before the vendor could have answered.
func TestAProcessThatIsKilledLeavesItsIntentBehind(t *testing.T) {
	if url := os.Getenv("AUDIT_TEST_DATABASE"); url != "" {
		l := audit.New(storetest.Open(t, url), nil)
		r := full()
		begin(t, l, r)
		fmt.Println("begun", r.ID)
		select {} // until killed
	}
	storetest.EachURL(t, func(t *testing.T, url string) {
		storetest.Open(t, url) // migrates
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAProcessThatIsKilledLeavesItsIntentBehind$")
		child.Env = append(os.Environ(), "AUDIT_TEST_DATABASE="+url)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var faults bytes.Buffer
		child.Stderr = &faults
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		id := ""
		for lines := bufio.NewScanner(out); id == "" && lines.Scan(); {
			if rest, ok := strings.CutPrefix(lines.Text(), "begun "); ok {
				id = rest
			}
		}
		child.Process.Kill()
		child.Wait()
		if id == "" {
			t.Fatalf("the child did not begin: %s", &faults)
		}
		got := list(t, newLog(t, storetest.Open(t, url)), audit.Filter{})
		if len(got) != 1 || got[0].ID != id || got[0].Outcome != audit.Started || string(got[0].Arguments) != string(full().Arguments) {
			t.Errorf("after the kill: %v, want %s as started", show(got), id)
		}
	})
}

// BenchmarkBegin is a write's wait for its intent and the queueing of its outcome, at 32 callers, with PostgreSQL flushing to the disk as it does in service.
func BenchmarkBegin(b *testing.B) {
	for name, open := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.PostgreSQL} {
		b.Run(name, func(b *testing.B) {
			st := storetest.Open(b, open(b))
			if st.Dialect() == store.PostgreSQL {
				for _, q := range []string{"ALTER SYSTEM SET fsync = on", "SELECT pg_reload_conf()"} {
					if err := st.Exec(b.Context(), q); err != nil {
						b.Fatal(err)
					}
				}
			}
			l := newLog(b, st)
			b.ReportAllocs()
			b.SetParallelism(16) // times GOMAXPROCS: 32 on two cores
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r := full()
					if err := l.Begin(b.Context(), r); err != nil {
						b.Error(err)
						return
					}
					r.Outcome = "ok"
					l.Finish(r)
				}
			})
			if err := l.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkFinish(b *testing.B) {
	for name, open := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "PostgreSQL": storetest.PostgreSQL} {
		b.Run(name, func(b *testing.B) {
			l := newLog(b, storetest.Open(b, open(b)))
			b.ReportAllocs()
			for b.Loop() {
				r := full()
				r.Write, r.Outcome = false, "ok"
				l.Finish(r)
			}
			if err := l.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func TestConnectionsThatDiedUnnoticedCostNoRecord(t *testing.T) {
	url := storetest.PostgreSQL(t)
	st, other := storetest.Open(t, url), storetest.Open(t, url)
	l := newLog(t, st)
	begin(t, l, full())
	if err := other.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
		t.Fatalf("cut the connections: %v", err)
	}
	r := full()
	begin(t, l, r)
	r.Outcome = "ok"
	l.Finish(r)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatalf("flush: %v", err)
	}
	if got, err := newLog(t, other).Get(t.Context(), "env_1", r.ID); err != nil || got.Outcome != "ok" {
		t.Errorf("after the cut: %+v, error %v", got, err)
	}
}
