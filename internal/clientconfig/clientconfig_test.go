package clientconfig_test

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/clientconfig"
)

const address = "https://sluice.example.com/mcp/secret"

// ways are the texts for one client.
func ways(t *testing.T, s clientconfig.Server, id string) []clientconfig.Way {
	t.Helper()
	for _, c := range clientconfig.All(s) {
		if c.ID == id {
			return c.Ways
		}
	}
	t.Fatalf("there is no client %s", id)
	return nil
}

func TestEachClientGetsTheConfigurationThatItTakes(t *testing.T) {
	for _, name := range []string{"octapipe", `Zoë's "prod" Müller`} {
		s := clientconfig.Server{Name: name, URL: address}
		key := s.Key()
		for _, c := range []struct {
			client string
			way    int
			want   map[string]any
		}{
			// Claude Desktop's file starts programs only; VS Code has its servers under "servers"; VS Code and the common form call the transport http.
			{"claude-desktop", 0, map[string]any{"mcpServers": map[string]any{key: map[string]any{"command": "sluice", "args": []any{"stdio", address}}}}},
			{"claude-desktop", 1, map[string]any{"mcpServers": map[string]any{key: map[string]any{"command": "npx", "args": []any{"-y", "mcp-remote", address}}}}},
			{"cursor", 0, map[string]any{"mcpServers": map[string]any{key: map[string]any{"url": address}}}},
			{"vscode", 0, map[string]any{"servers": map[string]any{key: map[string]any{"type": "http", "url": address}}}},
			{"json", 1, map[string]any{"mcpServers": map[string]any{key: map[string]any{"type": "http", "url": address}}}},
		} {
			text := ways(t, s, c.client)[c.way].Text
			var got map[string]any
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Errorf("%s, %s: no JSON: %v\n%s", name, c.client, err, text)
			} else if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s, %s: %v, want %v", name, c.client, got, c.want)
			}
		}
		if got := ways(t, s, "claude-code")[0].Text; got != "claude mcp add --transport http "+key+" "+address {
			t.Errorf("%s: Claude Code is told %q", name, got)
		}
		for _, client := range []string{"chatgpt", "claude"} {
			if w := ways(t, s, client)[0]; w.Text != address || w.Note != "" {
				t.Errorf("%s: %s gets %q, and %q", name, client, w.Text, w.Note)
			}
		}
	}
}

func TestAServersNameIsWrittenAsEveryClientTakesIt(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z0-9-]{0,19}$`)
	for name, want := range map[string]string{
		"octapipe": "octapipe", `Zoë's "prod" Müller`: "zoes-prod-muller", "ÄÖÜ": "aou", "主机": "sluice", "": "sluice", "3 wise men": "wise-men", "--": "sluice",
		"Sales pipeline of the north-eastern region": "sales-pipeline-of",
	} {
		if got := (clientconfig.Server{Name: name}).Key(); got != want || !form.MatchString(got) {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestAnAPITokenHasItsPlaceWhereAClientCanSendOne(t *testing.T) {
	s := clientconfig.Server{Name: "octapipe", URL: address, APIToken: true}
	for client, want := range map[string]string{
		"claude-code": `--header "Authorization: Bearer YOUR_API_TOKEN"`, "cursor": `"Authorization": "Bearer YOUR_API_TOKEN"`, "vscode": `"Authorization": "Bearer YOUR_API_TOKEN"`,
	} {
		if got := ways(t, s, client)[0].Text; !strings.Contains(got, want) {
			t.Errorf("%s lacks %s:\n%s", client, want, got)
		}
	}
	for _, w := range ways(t, s, "claude-desktop") {
		if !strings.Contains(w.Text, "Bearer YOUR_API_TOKEN") {
			t.Errorf("Claude Desktop has no place for the token:\n%s", w.Text)
		}
	}
	for _, client := range []string{"chatgpt", "claude"} {
		if note := ways(t, s, client)[0].Note; !strings.Contains(note, "cannot send an API token") {
			t.Errorf("%s is not told that it is refused: %q", client, note)
		}
	}
}

func TestWhoCannotReachAnAddressIsToldSo(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8080/mcp/x": "cannot reach 127.0.0.1", "http://localhost:8080/mcp/x": "cannot reach localhost", "https://10.1.2.3/mcp/x": "cannot reach 10.1.2.3",
		"http://sluice.example.com/mcp/x": "https addresses only", "https://sluice.example.com/mcp/x": "",
	} {
		if note := ways(t, clientconfig.Server{URL: address}, "chatgpt")[0].Note; want == "" && note != "" || !strings.Contains(note, want) {
			t.Errorf("%s: ChatGPT's note is %q, want %q", address, note, want)
		}
	}
}

func TestPeopleWhoSignInAreSentToWhereTheyDo(t *testing.T) {
	s := clientconfig.Server{Name: "octapipe", URL: "https://sluice.example.com/mcp/mcp_1", OAuth: true}
	if w := ways(t, s, "chatgpt")[0]; !strings.Contains(strings.Join(w.Steps, " "), "OAuth") {
		t.Errorf("ChatGPT: %v", w.Steps)
	}
	if w := ways(t, s, "claude-desktop"); len(w) != 1 || !strings.Contains(w[0].Text, "mcp-remote") {
		t.Errorf("Claude Desktop: %v; the bridge cannot sign anybody in", w)
	}
}

// What the guides have a reader copy is what the dashboard and the demo give: the guides' blocks are given to the clients by the end-to-end tests.
func TestTheGuidesSayWhatIsGivenHere(t *testing.T) {
	block := regexp.MustCompile("(?ms)^ *```.*?\n(.*?)^ *```")
	for _, s := range []clientconfig.Server{
		{Name: "octapipe", URL: "https://sluice.example.com/mcp/TOKEN", Program: "/path/to/sluice"},
		{Name: "octapipe", URL: "https://sluice.example.com/mcp/TOKEN", Program: "/path/to/sluice", APIToken: true},
	} {
		for _, c := range clientconfig.All(s) {
			if c.ID == "json" { // which is none
				continue
			}
			for i, w := range c.Ways {
				page := c.ID
				if i == 1 {
					page = "mcp-remote"
				}
				guide, err := os.ReadFile("../../docs/clients/" + page + ".md")
				if err != nil {
					t.Fatal(err)
				}
				found := false
				for _, b := range block.FindAllStringSubmatch(string(guide), -1) {
					found = found || strings.HasPrefix(plain(b[1]), plain(w.Text))
				}
				if !found {
					t.Errorf("docs/clients/%s.md has no block with\n%s", page, w.Text)
				}
			}
		}
	}
}

func TestTheReadmeHasTheCommandsThatAreGivenHere(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []string{"claude-code", "gemini-cli"} {
		if command := ways(t, clientconfig.Server{Name: "octapipe", URL: "URL"}, client)[0].Text; !strings.Contains(string(readme), "`"+command+"`") {
			t.Errorf("README.md lacks %s", command)
		}
	}
}

// plain is a block without how far it is indented.
func plain(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
