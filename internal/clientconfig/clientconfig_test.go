package clientconfig_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
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

// hard are names that break what is put together carelessly.
var hard = []string{"octapipe", `Zoë's "prod" Müller`, "a 'b' $(c) `d` %PATH% \\ ", "🚀 Vertrieb & Söhne", strings.Repeat("long name ", 9), "主机", "]\nurl = \"x\""}

func TestALinkOpensTheClientWithWhatItsFileWouldHold(t *testing.T) {
	const address = "https://sluice.example.com/mcp/se_cret-~%2B?a=1&b=ü"
	for _, name := range hard {
		s := clientconfig.Server{Name: name, URL: address}
		link, err := url.Parse(ways(t, s, "cursor")[0].Link)
		if err != nil || link.Scheme != "cursor" || link.Host != "anysphere.cursor-deeplink" || link.Path != "/mcp/install" || link.Query().Get("name") != s.Key() {
			t.Fatalf("%q: Cursor's link is %v, %v", name, link, err)
		}
		config, err := base64.StdEncoding.DecodeString(link.Query().Get("config"))
		if want := `{"url":"` + strings.ReplaceAll(address, `"`, `\"`) + `"}`; err != nil || string(config) != want {
			t.Errorf("%q: Cursor's link holds %s, %v; want %s", name, config, err, want)
		}
		escaped, found := strings.CutPrefix(ways(t, s, "vscode")[0].Link, "vscode:mcp/install?")
		text, err := url.PathUnescape(escaped) // as decodeURIComponent: a plus is one
		var entry map[string]string
		if !found || err != nil || json.Unmarshal([]byte(text), &entry) != nil || !reflect.DeepEqual(entry, map[string]string{"name": s.Key(), "type": "http", "url": address}) {
			t.Errorf("%q: VS Code's link holds %s, %v", name, text, err)
		}
		s.APIToken = true
		for _, client := range []string{"cursor", "vscode"} {
			if link := ways(t, s, client)[0].Link; link != "" {
				t.Errorf("%s: a link cannot ask for an API token: %s", client, link)
			}
		}
	}
}

// A command is taken apart by a real shell; what it hands to the program is what was meant. cmd.exe and PowerShell take what is here without quotes, or within double quotes, alike.
func TestACommandReachesTheProgramWhole(t *testing.T) {
	for _, name := range hard {
		for _, token := range []bool{false, true} {
			s := clientconfig.Server{Name: name, URL: address, APIToken: token}
			for _, client := range []string{"claude-code", "gemini-cli"} {
				command := ways(t, s, client)[0].Text
				out, err := exec.Command("sh", "-c", `printf '%s\n' `+command).Output()
				got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
				want := append(strings.Fields(command)[:1], "mcp", "add", "--transport", "http", s.Key(), address)
				if token {
					want = append(want, "--header", "Authorization: Bearer YOUR_API_TOKEN")
				}
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%q: a shell makes of %s\n%q, %v; want\n%q", name, command, got, err, want)
				}
				if strings.ContainsAny(command, "'$`%\\!^&|<>;") {
					t.Errorf("%q: %s means something else on Windows", name, command)
				}
			}
		}
	}
}

func TestWhatIsGivenIsAFileOfTheClientsForm(t *testing.T) {
	table := regexp.MustCompile(`^\[mcp_servers\.[a-z][a-z0-9-]*\]\nurl = ("[^"\n]*")(\nhttp_headers = \{ Authorization = "Bearer YOUR_API_TOKEN" \})?$`)
	for _, name := range hard {
		for _, token := range []bool{false, true} {
			s := clientconfig.Server{Name: name, URL: address, APIToken: token}
			if m := table.FindStringSubmatch(ways(t, s, "codex")[0].Text); m == nil || m[1] != `"`+address+`"` || (m[2] != "") != token {
				t.Errorf("%q: Codex gets\n%s", name, ways(t, s, "codex")[0].Text)
			}
			for client, at := range map[string][2]string{"cursor": {"mcpServers", "url"}, "windsurf": {"mcpServers", "serverUrl"}, "zed": {"context_servers", "url"}, "vscode": {"servers", "url"}, "opencode": {"mcp", "url"}} {
				var got map[string]map[string]struct {
					Headers map[string]string
				}
				text := ways(t, s, client)[0].Text
				if err := json.Unmarshal([]byte(text), &got); err != nil || len(got[at[0]]) != 1 || !strings.Contains(text, `"`+at[1]+`": "`+address+`"`) {
					t.Errorf("%q: %s gets\n%s\n%v", name, client, text, err)
				}
				if header := got[at[0]][s.Key()].Headers["Authorization"]; (header == "Bearer YOUR_API_TOKEN") != token {
					t.Errorf("%q: %s sends %q, with an API token %t", name, client, header, token)
				}
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
