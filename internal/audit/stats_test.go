package audit_test

import (
	"testing"
	"time"

	"sluice/internal/audit"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

func TestStatsCountCallsAndFaultsAndLengthsBySpan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		from := at.Truncate(time.Hour)
		for i, c := range []struct {
			after    time.Duration
			outcome  string
			duration time.Duration
			tool     string
			env      string
		}{
			{0, "ok", 1200 * time.Microsecond, "a", "env_1"},
			{time.Minute, "ok", 1300 * time.Microsecond, "a", "env_1"},
			{29 * time.Minute, "refused", 90 * time.Millisecond, "a", "env_1"},
			{30 * time.Minute, "unknown", 2 * time.Minute, "b", "env_1"},
			{40 * time.Minute, "cancelled", time.Millisecond, "a", "env_1"},
			{60 * time.Minute, "ok", time.Millisecond, "a", "env_1"}, // past the end
			{time.Minute, "ok", time.Second, "a", "env_2"},
		} {
			r := full()
			r.ID, r.Environment, r.Tool, r.Outcome, r.Duration, r.StartedAt = "log_"+string(rune('a'+i)), c.env, c.tool, c.outcome, c.duration, from.Add(c.after)
			l.Finish(r)
		}
		for _, c := range []struct {
			name   string
			filter audit.Filter
			want   []audit.Span
		}{
			{"all of the environment", audit.Filter{}, []audit.Span{
				{Start: from, Calls: 3, Failed: 1, Median: 1500 * time.Microsecond, Slow: 100 * time.Millisecond},
				{Start: from.Add(30 * time.Minute), Calls: 2, Failed: 1, Median: 1500 * time.Microsecond, Slow: time.Minute},
			}},
			{"one tool", audit.Filter{Tool: "b"}, []audit.Span{{Start: from}, {Start: from.Add(30 * time.Minute), Calls: 1, Failed: 1, Median: time.Minute, Slow: time.Minute}}},
			{"a text that no database keeps", audit.Filter{Tool: "\x00"}, []audit.Span{{Start: from}, {Start: from.Add(30 * time.Minute)}}},
		} {
			c.filter.Environment, c.filter.Since, c.filter.Until = "env_1", from, from.Add(time.Hour)
			got, err := l.Stats(t.Context(), c.filter, 2)
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.want {
				if got[i] != c.want[i] {
					t.Errorf("%s, span %d: %+v, want %+v", c.name, i, got[i], c.want[i])
				}
			}
		}
	})
}

func TestTheLastCallOfEachAccountAndServerIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		l := newLog(t, st)
		for i, of := range [][2]string{{"acc_1", "mcp_1"}, {"acc_1", "mcp_2"}, {"acc_2", ""}} {
			r := full()
			r.ID, r.AccountID, r.ServerID, r.Outcome, r.StartedAt = "log_"+string(rune('a'+i)), of[0], of[1], "ok", at.Add(time.Duration(i)*time.Minute)
			l.Finish(r)
		}
		accounts, err := l.LastOfAccounts(t.Context(), "env_1", []string{"acc_1", "acc_2", "acc_3"})
		if err != nil || len(accounts) != 2 || !accounts["acc_1"].Equal(at.Add(time.Minute)) || !accounts["acc_2"].Equal(at.Add(2*time.Minute)) {
			t.Errorf("last calls of accounts: %v, %v", accounts, err)
		}
		servers, err := l.LastOfServers(t.Context(), "env_1", []string{"mcp_1", "mcp_2", ""})
		if err != nil || len(servers) != 2 || !servers["mcp_1"].Equal(at) {
			t.Errorf("last calls of servers: %v, %v", servers, err)
		}
		if others, err := l.LastOfAccounts(t.Context(), "env_2", []string{"acc_1"}); err != nil || len(others) != 0 {
			t.Errorf("another environment is told of the last call: %v, %v", others, err)
		}
	})
}
