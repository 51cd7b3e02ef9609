package store

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestASearchOfTheCallLogReadsNoMoreThanItsIndexLeadsTo(t *testing.T) {
	st, err := Open(t.Context(), filepath.Join(t.TempDir(), "sluice.db"), Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer st.Close()
	below := CallPosition{StartedAt: 1, ID: "log_1"}
	for name, c := range map[string]struct {
		filter CallFilter
		want   string
	}{
		"everything":          {CallFilter{}, "calls USING INDEX calls_by_time"},
		"a time":              {CallFilter{Since: 1, Until: 2}, "calls USING INDEX calls_by_time"},
		"a tool":              {CallFilter{Tool: "t"}, "calls USING INDEX calls_by_time"},
		"an account":          {CallFilter{AccountID: "acc_1"}, "calls USING INDEX calls_by_account"},
		"a server":            {CallFilter{ServerID: "mcp_1", Since: 1}, "calls USING INDEX calls_by_server"},
		"a server's account":  {CallFilter{ServerID: "mcp_1", AccountID: "acc_1", Outcome: "ok"}, "calls USING INDEX calls_by_server"},
		"one call":            {CallFilter{ID: "log_1"}, "calls USING PRIMARY KEY"},
		"one call that begun": {CallFilter{ID: "log_1", Outcome: Started}, "call_intents USING PRIMARY KEY"},
	} {
		c.filter.Environment = "env_1"
		for _, at := range []CallPosition{{}, below} {
			text, args := st.callsText(c.filter, at, 50)
			rows, err := st.sql.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
			var plan strings.Builder
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					t.Fatal(err)
				}
				plan.WriteString(detail + "\n")
			}
			rows.Close()
			if !strings.Contains(plan.String(), "SEARCH "+c.want) {
				t.Errorf("%s: the plan has no SEARCH %s:\n%s", name, c.want, &plan)
			}
			if strings.Contains(plan.String(), "SCAN calls\n") {
				t.Errorf("%s: the whole log is read:\n%s", name, &plan)
			}
		}
	}
}
