package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// answering runs a command at which a person types what is given.
func (s shell) answering(typed string, args ...string) (stdout, stderr string, err error) {
	s.t.Helper()
	var out, problems bytes.Buffer
	root := newRoot()
	root.SetIn(strings.NewReader(typed))
	root.SetOut(&out)
	root.SetErr(&problems)
	root.SetArgs(args)
	err = root.ExecuteContext(s.t.Context())
	return out.String(), problems.String(), err
}

func TestACallThatDeletesAsksAtTheCommandLine(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p, _ := newShell(t).startDemo()
	sh := newShell(t, "SLUICE_URL="+p.APIURL, "SLUICE_TOKEN="+p.APIToken)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, p.APIURL+"/integrated-account/"+p.AccountID, strings.NewReader(`{"settings":{"confirm":"destructive"}}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.APIToken)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("change the account: %v, %v", err, answer)
	}
	answer.Body.Close()

	task := func() string {
		t.Helper()
		var made struct{ UUID string }
		sh.json(&made, "call", "create_a_octapipe_task", "title=Call back", "status=open", "priority=low", "start_date=2030-01-01", "end_date=2030-01-02", "start_time=09:00", "end_time=10:00")
		return made.UUID
	}
	for name, where := range map[string][]string{"an account": nil, "an MCP server": {"--mcp", p.MCPURL}} {
		t.Run("of "+name, func(t *testing.T) {
			id := task()
			call := append([]string{"call", "delete_a_octapipe_task_by_id", "id=" + id}, where...)
			for _, no := range []string{"n\n", "\n", "", "yesterday\n"} {
				_, stderr, err := sh.answering(no, call...)
				if err == nil || !strings.Contains(err.Error(), "nothing was sent") || !strings.Contains(stderr, "Delete the task Call back?") || !strings.Contains(stderr, "[y/N]") {
					t.Errorf("to %q the call ends with %v and says %q", no, err, stderr)
				}
			}
			var still struct{ UUID string }
			sh.json(&still, "call", "get_single_octapipe_task_by_id", "id="+id)
			if _, stderr, err := sh.answering("y\n", call...); err != nil {
				t.Errorf("to yes the call ends with %v: %s", err, stderr)
			}
			sh.fails("404", "call", "get_single_octapipe_task_by_id", "id="+id)

			call[2] = "id=" + task()
			if _, stderr, err := sh.try(append(call, "--yes")...); err != nil || !strings.Contains(stderr, "Delete the task Call back?") {
				t.Errorf("with --yes the call ends with %v, and says %q", err, stderr)
			}
		})
	}
	var calls []struct {
		Door     string
		Outcome  string
		ToolName string `json:"tool_name"`
	}
	sh.json(&calls, "log", "list", "--tool", "delete_a_octapipe_task_by_id")
	counts := map[string]int{}
	for _, c := range calls {
		counts[c.Door+" "+c.Outcome]++
	}
	text, _ := json.Marshal(counts)
	if want := `{"cli asked":6,"cli declined":4,"cli ok":2,"mcp asked":6,"mcp declined":4,"mcp ok":2}`; string(text) != want {
		t.Errorf("the log counts %s, want %s", text, want)
	}
}

func TestWithoutATerminalACallThatAsksSaysSo(t *testing.T) {
	var nobody *person
	for _, p := range []*person{nobody, {}} {
		if agrees, err := p.agrees("Delete everything?"); agrees || err == nil || !regexp.MustCompile("nothing was sent.*--yes.*Delete everything").MatchString(err.Error()) {
			t.Errorf("%v, %v", agrees, err)
		}
	}
}
