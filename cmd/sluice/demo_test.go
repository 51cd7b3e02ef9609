package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/store/storetest"
)

// startDemo runs `sluice demo --json` and reads its line.
func (s shell) startDemo(args ...string) (demoPlaces, *running) {
	s.t.Helper()
	r := s.start(append([]string{"demo", "--json", "--listen", "127.0.0.1:0", "--octapipe-listen", "127.0.0.1:0"}, args...)...)
	var p demoPlaces
	line := r.line(s.t)
	if err := json.Unmarshal([]byte(line), &p); err != nil {
		s.t.Fatalf("the demo's first line is no JSON (%v): %s", err, line)
	}
	return p, r
}

func get(t *testing.T, url, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

func body(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheDemoTellsInOneLineOfJSONWhereEverythingIs(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p, r := newShell(t).startDemo()
	places := reflect.ValueOf(p)
	for i := range places.NumField() {
		if places.Field(i).String() == "" {
			t.Errorf("%s is empty", places.Type().Field(i).Tag.Get("json"))
		}
	}
	for what, status := range map[string]int{
		"the dashboard's URL": get(t, p.DashboardURL, ""),
		"the account":         get(t, p.APIURL+"/integrated-account/"+p.AccountID, p.APIToken),
		"the MCP server":      get(t, p.APIURL+"/integrated-account/"+p.AccountID+"/mcp/"+p.MCPID, p.APIToken),
		"the boards":          get(t, p.OctapipeURL+"/", ""),
		"the sandbox's API":   get(t, p.OctapipeURL+"/pipelines", p.OctapipeToken),
	} {
		if status != http.StatusOK {
			t.Errorf("%s answered %d, want 200", what, status)
		}
	}
	var pipelines struct {
		Result []struct{ Name string }
	}
	newShell(t).json(&pipelines, "call", "list_all_octapipe_pipelines", "--mcp", p.MCPURL)
	if len(pipelines.Result) == 0 {
		t.Error("a call through the MCP server's URL lists no pipeline")
	}
	if err := r.stop(); err != nil {
		t.Errorf("the demo ended with %v, want nil", err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); len(left) > 0 {
		t.Errorf("the demo left %v behind", left)
	}
}

func TestTheDemoKeepsItsDataFolderAndTheServersInIt(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { keepsItsData(t, "--data", t.TempDir()) })
	t.Run("PostgreSQL", func(t *testing.T) { keepsItsData(t, "--data", t.TempDir(), "--database", storetest.PostgreSQL(t)) })
}

func keepsItsData(t *testing.T, args ...string) {
	sh := newShell(t)
	first, r := sh.startDemo(args...)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	second, _ := sh.startDemo(args...)
	if second.AccountID != first.AccountID {
		t.Errorf("the second start has the account %s, want the first's, %s", second.AccountID, first.AccountID)
	}
	if second.MCPID == first.MCPID || second.MCPURL == first.MCPURL {
		t.Error("the second start shows the first's MCP server, want a new one")
	}
	for _, token := range []string{first.APIToken, second.APIToken} {
		for _, id := range []string{first.MCPID, second.MCPID} {
			if status := get(t, second.APIURL+"/integrated-account/"+second.AccountID+"/mcp/"+id, token); status != http.StatusOK {
				t.Errorf("MCP server %s answered %d, want 200", id, status)
			}
		}
	}
	_, token, _ := strings.Cut(first.MCPURL, "/mcp/")
	var tasks struct{ Result []json.RawMessage }
	sh.json(&tasks, "call", "list_all_octapipe_tasks", "--mcp", second.APIURL+"/mcp/"+token)
	if len(tasks.Result) == 0 {
		t.Error("the first start's MCP server lists no task, though the sandbox has another address now")
	}
}

func TestTheDemoRefusesAnAddressThatIsTaken(t *testing.T) {
	sh := newShell(t)
	p, _ := sh.startDemo()
	sh.fails("^listen on 127.0.0.1:.* choose another", "demo", "--listen", strings.TrimPrefix(p.APIURL, "http://"), "--octapipe-listen", "127.0.0.1:0")
}

func TestTheDemoPrintsConfigurationThatEachClientTakes(t *testing.T) {
	const url = "http://127.0.0.1:8080/mcp/secret"
	program, _ := os.Executable()
	if !filepath.IsAbs(program) {
		t.Errorf("the bridge's program is %s, want an absolute path", program)
	}
	text := clientConfigurations("octapipe", url)
	for _, line := range []string{"claude mcp add --transport http octapipe " + url, "gemini mcp add --transport http octapipe " + url} {
		if !strings.Contains(text, "\n  "+line+"\n") {
			t.Errorf("the configurations lack %q:\n%s", line, text)
		}
	}
	var found []map[string]map[string]map[string]any
	for _, block := range regexp.MustCompile(`(?m)^  \{\n(  .*\n)+`).FindAllString(text, -1) {
		var c map[string]map[string]map[string]any
		if err := json.Unmarshal([]byte(block), &c); err != nil {
			t.Fatalf("a configuration is no JSON (%v):\n%s", err, block)
		}
		found = append(found, c)
	}
	want := []map[string]map[string]map[string]any{
		{"mcpServers": {"octapipe": {"command": program, "args": []any{"stdio", url}}}}, // Claude Desktop starts programs only
		{"mcpServers": {"octapipe": {"url": url}}},                                      // Cursor
		{"servers": {"octapipe": {"type": "http", "url": url}}},                         // VS Code
		{"mcp": {"octapipe": {"type": "remote", "url": url}}},                           // opencode
	}
	if !reflect.DeepEqual(found, want) {
		t.Errorf("the configurations are\n%v\nwant\n%v", found, want)
	}
}
