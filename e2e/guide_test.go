package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// What the guides in docs/clients say is done here to the letter: what stands in their blocks is given to the client, with this installation's URL and token in
// the place of theirs.

// block is a piece of a page that a reader copies.
type block struct {
	language string // json, sh, js
	file     string // where it goes, "" where that is said in words
	text     string
}

var fenced = regexp.MustCompile("(?ms)^ *```(\\w+)(?: (\\S+))?\n(.*?)^ *```")

// guide reads the blocks of a page, as somebody with this house copies them: those with a place for an API token for an MCP server that wants one.
func (h *house) guide(t *testing.T, page string) []block {
	t.Helper()
	raw, err := os.ReadFile("../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	locked := ""
	var all []block
	for _, found := range fenced.FindAllStringSubmatch(string(raw), -1) {
		b, url := block{found[1], found[2], found[3]}, h.MCPURL
		if strings.Contains(b.text, "YOUR_API_TOKEN") {
			if locked == "" {
				locked = h.mcpServer(t, `{"name":"locked","config":{"require_api_token_auth":true}}`).URL
			}
			url = locked
		}
		b.text = strings.NewReplacer("https://sluice.example.com/mcp/TOKEN", url, "YOUR_API_TOKEN", h.APIToken, "/path/to/sluice", binary).Replace(b.text)
		all = append(all, b)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no blocks", page)
	}
	return all
}

// entry is a server in a client's configuration file.
type entry struct {
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
}

// Clients that need a screen are stood in for by the official client, which does with the file what they do.
func TestConfigurationFilesOfTheGuidesLeadToTheTools(t *testing.T) {
	h := startDemo(t)
	for page, blocks := range map[string]int{"cursor": 2, "vscode": 2, "claude-desktop": 2, "mcp-remote": 2} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			tried := 0
			for _, b := range h.guide(t, "clients/"+page+".md") {
				if b.language != "json" {
					continue
				}
				var file map[string]map[string]entry
				decode(t, []byte(b.text), &file)
				for _, under := range file {
					for name, e := range under {
						tried++
						if name != "octapipe" {
							t.Errorf("the server is named %q", name)
						}
						connect(t, e)
					}
				}
			}
			if tried != blocks {
				t.Errorf("the page has %d configurations, want %d", tried, blocks)
			}
		})
	}
}

// What the internet sends by the public name comes through the proxy that the guide sets up, and nothing by another.
func TestTheGuidesProxyCarriesWhatComesByThePublicName(t *testing.T) {
	h := startDemo(t, "--public-url", "https://sluice.example.com")
	if !strings.HasPrefix(h.MCPURL, "https://sluice.example.com/mcp/") {
		t.Fatalf("the demo with a public address has its MCP server at %s", h.MCPURL)
	}
	location := ""
	for _, b := range h.guide(t, "clients/public-address.md") {
		if b.language == "nginx" {
			location = strings.ReplaceAll(b.text, "http://127.0.0.1:8080", h.APIURL)
		}
	}
	address := aFreeAddress(t)
	startNginxAs(t, address, "listen "+address+"; "+location)
	proxied := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}}
	t.Cleanup(proxied.CloseIdleConnections)
	session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-guide", Version: "1.0.0"}, nil).Connect(t.Context(),
		&mcp.StreamableClientTransport{Endpoint: strings.Replace(h.MCPURL, "https:", "http:", 1), HTTPClient: proxied}, nil) // a certificate is the proxy's matter
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if tools, err := session.ListTools(t.Context(), nil); err != nil || len(tools.Tools) < 60 {
		t.Errorf("through the proxy there are the tools %v, %v", tools, err)
	}
	other, err := proxied.Get("http://another.example.com/mcp/x")
	if err != nil {
		t.Fatal(err)
	}
	other.Body.Close()
	if other.StatusCode != http.StatusForbidden {
		t.Errorf("by another name the answer is %d, want 403", other.StatusCode)
	}
}

var inline = regexp.MustCompile("`(\\{.+?\\})`")

func TestTheReadmesConfigurationLeadsToTheTools(t *testing.T) {
	h := startDemo(t)
	raw, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := inline.FindAllStringSubmatch(string(raw), -1)
	if len(found) != 4 {
		t.Fatalf("the page has the configurations %q, want 4", found)
	}
	for _, f := range found {
		var file map[string]map[string]entry
		decode(t, []byte(strings.NewReplacer(`"URL"`, `"`+h.MCPURL+`"`, "/path/to/sluice", binary).Replace(f[1])), &file)
		for _, under := range file {
			connect(t, under["octapipe"])
		}
	}
}

// connect lists the tools of a server by its entry.
func connect(t *testing.T, e entry) {
	t.Helper()
	var transport mcp.Transport
	if e.Command != "" {
		program, args := e.Command, e.Args
		if program == "npx" { // which would fetch what is installed here
			program, args = node(t), append([]string{"node_modules/mcp-remote/dist/proxy.js"}, args[2:]...)
		}
		cmd := exec.Command(program, slices.Clone(args)...)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		for name, value := range e.Env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		transport = &mcp.CommandTransport{Command: cmd}
	} else {
		transport = &mcp.StreamableClientTransport{Endpoint: e.URL, HTTPClient: &http.Client{Transport: withHeaders(e.Headers)}}
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-guide", Version: "1.0.0"}, nil).Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatalf("connect by %+v: %v", e, err)
	}
	defer session.Close()
	if tools, err := session.ListTools(t.Context(), nil); err != nil || len(tools.Tools) < 60 {
		t.Errorf("by %+v there are the tools %v, %v", e, tools, err)
	}
}

// withHeaders sends headers with each request, as a client does that was told to.
type withHeaders map[string]string

func (headers withHeaders) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestProgramsOfTheGuidesRun(t *testing.T) {
	h := startDemo(t)
	model := httptest.NewServer(http.HandlerFunc(playModel))
	t.Cleanup(model.Close)
	for page, programs := range map[string]int{"openai-agents-sdk": 2, "langchain": 2, "ai-sdk": 2} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			modules, err := filepath.Abs("node_modules")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(modules, filepath.Join(folder, "node_modules")); err != nil {
				t.Fatal(err)
			}
			ran := 0
			for _, b := range h.guide(t, "clients/"+page+".md") {
				if b.language != "js" {
					continue
				}
				program := filepath.Join(folder, "program.mjs")
				if err := os.WriteFile(program, []byte(b.text), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.CommandContext(t.Context(), node(t), program)
				cmd.Env = append(os.Environ(), "HOME="+folder, "OPENAI_AGENTS_DISABLE_TRACING=1", "OPENAI_API_KEY=none", "OPENAI_BASE_URL="+model.URL)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("it ended with %v:\n%s\n%s", err, b.text, out)
				}
				// The first asks for the pipelines, the second lists the tools of a server that wants a token.
				if want := []string{"Q3 Renewals", "list_all_octapipe_pipelines"}[ran]; !bytes.Contains(out, []byte(want)) {
					t.Errorf("it printed %s, want %s in it", out, want)
				}
				ran++
			}
			if ran != programs {
				t.Errorf("the page has %d programs, want %d", ran, programs)
			}
		})
	}
}

// playModel is OpenAI's Responses API with a model that asks for the pipelines, and then says what it was told.
func playModel(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var asked struct {
		Input []struct {
			Type   string          `json:"type"`
			Output json.RawMessage `json:"output"`
		} `json:"input"`
	}
	json.Unmarshal(raw, &asked)
	output := map[string]any{"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "list_all_octapipe_pipelines", "arguments": "{}", "status": "completed"}
	for _, item := range asked.Input {
		if item.Type == "function_call_output" {
			output = map[string]any{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
				"content": []any{map[string]any{"type": "output_text", "text": string(item.Output), "annotations": []any{}}}}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": "any", "output": []any{output},
		"usage": map[string]any{"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}})
}

var body = regexp.MustCompile(`(?s)-d '(\{.*\})'`)

// The APIs themselves need an account. What their requests say of the MCP server is true: it is reached by that URL and that token, and has the tools that are named.
func TestRequestsOfTheGuidesNameAServerThatAnswers(t *testing.T) {
	h := startDemo(t)
	for page, requests := range map[string]int{"openai-api": 2, "anthropic-api": 2} {
		made := 0
		for _, b := range h.guide(t, "clients/"+page+".md") {
			found := body.FindStringSubmatch(b.text)
			if b.language != "sh" || found == nil {
				continue
			}
			made++
			var asked struct {
				Tools []struct {
					Type          string          `json:"type"`
					ServerURL     string          `json:"server_url"`
					Authorization string          `json:"authorization"`
					AllowedTools  json.RawMessage `json:"allowed_tools"`
					ServerName    string          `json:"mcp_server_name"`
					Configs       map[string]any  `json:"configs"`
				} `json:"tools"`
				Servers []struct {
					Name          string `json:"name"`
					URL           string `json:"url"`
					Authorization string `json:"authorization_token"`
				} `json:"mcp_servers"`
			}
			decode(t, []byte(found[1]), &asked)
			tool := asked.Tools[0]
			e, names := entry{URL: tool.ServerURL}, []string{}
			if token := tool.Authorization; token != "" {
				e.Headers = map[string]string{"Authorization": "Bearer " + token}
			}
			json.Unmarshal(tool.AllowedTools, &names) // or a filter
			for _, server := range asked.Servers {
				if server.Name != tool.ServerName {
					t.Errorf("%s: the toolset is of %q, the server is %q", page, tool.ServerName, server.Name)
				}
				e.URL = server.URL
				if server.Authorization != "" {
					e.Headers = map[string]string{"Authorization": "Bearer " + server.Authorization}
				}
			}
			for name := range tool.Configs {
				names = append(names, name)
			}
			connect(t, e)
			for _, name := range names {
				if !h.offers(t, name) {
					t.Errorf("%s names the tool %s, which there is not", page, name)
				}
			}
		}
		if made != requests {
			t.Errorf("%s has %d requests, want %d", page, made, requests)
		}
	}
}

func (h *house) offers(t *testing.T, name string) bool {
	t.Helper()
	tools, err := connectGoSDK(t, h.MCPURL).ListTools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(tools, func(t tool) bool { return t.Name == name })
}
