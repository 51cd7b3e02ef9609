package dashboard_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/audit"
	"sluice/internal/permission"
)

func TestTheLogIsNarrowedChartedAndExported(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Viewer)
	for i := range 70 {
		outcome, tool := "ok", "tool_a"
		if i%10 == 0 {
			outcome, tool = "refused", "tool_b"
		}
		h.Audit.Finish(&audit.Record{Environment: h.Env, Door: "mcp", AccountID: h.Account.ID, ServerID: h.Server.ID, ClientName: "=cmd()", Tool: tool, Outcome: outcome,
			Arguments: fmt.Appendf(nil, `{"n":%d}`, i), StartedAt: time.Now().Add(-time.Duration(i) * time.Minute), Duration: time.Duration(i) * time.Millisecond})
	}
	page := b.want(b.get("/dashboard/logs"), http.StatusOK, "<strong class=\"number\">70</strong> calls", "<strong class=\"number\">7</strong> failed (10.0 %)", "<svg viewBox", "Next page", "50 calls on this page")
	next := unescaped.Replace(regexp.MustCompile(`href="([^"]*next=[^"]*)"`).FindStringSubmatch(page.text)[1])
	b.want(b.get(next), http.StatusOK, "20 calls on this page", "First page")
	b.want(b.get("/dashboard/logs?tool=tool_b"), http.StatusOK, "7</strong> calls", "tool_b")
	if r := b.get("/dashboard/logs?tool=tool_b"); strings.Contains(r.text, "<code>tool_a</code>") {
		t.Error("another tool's calls are shown")
	}
	// What occurs in the time is there to choose from, by its name, and what is chosen stays chosen where it does not occur.
	b.want(b.get("/dashboard/logs?tool=tool_c"), http.StatusOK, `<option value="tool_a">`, `<option value="tool_c" selected>`, `<option value="`+h.Server.ID+`">`+h.Server.Name+`</option>`,
		`<option value="=cmd()">`, "Show all calls", "No call is like that")
	if r := b.get("/dashboard/logs?period=own&since=2020-01-01T00:00&until=2020-01-02T00:00"); strings.Contains(r.text, `<option value="tool_a">`) {
		t.Error("a tool is offered that was not called in this time")
	}
	b.want(b.get("/dashboard/logs?outcome=refused&server="+h.Server.ID), http.StatusOK, "7</strong> calls")
	b.want(b.get("/dashboard/logs?period=1h"), http.StatusOK, "60</strong> calls")
	b.want(b.get("/dashboard/logs?period=own&since=2020-01-01T00:00&until=2020-01-02T00:00"), http.StatusOK, "No call in this time")
	b.want(b.get("/dashboard/logs?period=own&since=yesterday"), http.StatusOK, "Give a day and a time")
	b.want(b.get("/dashboard/accounts/"+h.Account.ID+"/logs"), http.StatusOK, "70</strong> calls")

	rows, err := csv.NewReader(strings.NewReader(b.want(b.get("/dashboard/logs/export?format=csv&tool=tool_b"), http.StatusOK).text)).ReadAll()
	must(t, err)
	if len(rows) != 8 || rows[0][0] != "id" || rows[1][9] != "'=cmd()" || rows[1][15] != "refused" {
		t.Errorf("as CSV: %d lines, the second %v", len(rows), rows[1])
	}
	lines := strings.Split(strings.TrimSpace(b.want(b.get("/dashboard/logs/export?format=ndjson"), http.StatusOK).text), "\n")
	var first struct {
		Tool      string          `json:"tool_name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	must(t, json.Unmarshal([]byte(lines[0]), &first))
	if len(lines) != 70 || first.Tool != "tool_b" || string(first.Arguments) != `{"n":0}` {
		t.Errorf("as NDJSON: %d lines, the first %s", len(lines), lines[0])
	}
}
