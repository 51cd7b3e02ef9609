//go:build agents

package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/internal/await"
)

// Agents that people work with in a terminal, each set up by its own command or configuration file, in an empty home folder and with no way to the
// internet. Their packages are too large for every run: 'make test-clients' installs them.

// agents are those with a command of their own, with how each says that a server is connected (%s is the server's name).
var agents = []struct {
	name, page, command string
	program             func(t *testing.T) []string
	connected           string
}{
	{"Claude Code", "claude-code", "claude", func(t *testing.T) []string {
		return []string{node(t), installed(t, "@anthropic-ai/claude-code/cli-wrapper.cjs")}
	}, `(?m)^%s: .* ✔ Connected$`},
	{"Gemini CLI", "gemini-cli", "gemini", func(t *testing.T) []string {
		return []string{node(t), installed(t, "@google/gemini-cli/bundle/gemini.js")}
	}, `(?m)^✓ %s: .* Connected$`},
	{"opencode", "opencode", "opencode", func(t *testing.T) []string { return []string{installed(t, "opencode-*/bin/opencode")} }, `(?m)✓ %s +connected$`},
}

// Each block of a guide is one way to connect: it is followed by itself, in a new home folder, up to what the agent says of its servers.
func TestAgentsConnectAsTheGuidesSay(t *testing.T) {
	h := startDemo(t)
	for _, agent := range agents {
		t.Run(agent.name, func(t *testing.T) {
			t.Parallel()
			ways := 0
			for _, b := range h.guide(t, "clients/"+agent.page+".md") {
				if b.language == "sh" && !strings.Contains(b.text, "/mcp/") { // it only lists
					continue
				}
				a := newTerminal(t)
				a.programs = map[string][]string{agent.command: agent.program(t), "sluice": {binary}}
				// Gemini CLI gives a folder that is not trusted no MCP servers, whatever is configured; Claude Code none of those in its .mcp.json. Each asks on its first start.
				a.write(".gemini/trustedFolders.json", `{"`+a.home+`/work":"TRUST_FOLDER"}`)
				a.write("work/.claude/settings.local.json", `{"enableAllProjectMcpServers":true}`)
				a.write(".claude.json", `{"projects":{"`+a.home+`/work":{"hasTrustDialogAccepted":true}}}`)
				said := ""
				switch b.language {
				case "sh":
					for _, line := range strings.Split(strings.TrimSpace(b.text), "\n") {
						said = a.runLine(line)
					}
				case "json":
					a.write("work/"+b.file, strings.ReplaceAll(b.text, `"sluice"`, `"`+binary+`"`))
					said = a.runLine(agent.command + " mcp list")
				default:
					t.Fatalf("a block in %s", b.language)
				}
				ways++
				t.Logf("followed:\n%s\nit said:\n%s\nand asked the internet for: %s", b.text, said, a.asked())
				if !regexp.MustCompile(fmt.Sprintf(agent.connected, "octapipe")).MatchString(said) {
					t.Error("it does not say that octapipe is connected")
				}
			}
			if ways < 3 {
				t.Errorf("the guide has %d ways to connect", ways)
			}
		})
	}
}

func TestAgentsConnectOverTheOldTransport(t *testing.T) {
	h := startDemo(t)
	a := newTerminal(t)
	claude := append(agents[0].program(t), "mcp")
	a.run(append(claude, "add", "--transport", "sse", "old", h.MCPURL)...)
	if said := a.run(append(claude, "list")...); !regexp.MustCompile(fmt.Sprintf(agents[0].connected, "old")).MatchString(said) {
		t.Errorf("Claude Code says of SSE: %s", said)
	}
	a.write(".gemini/trustedFolders.json", `{"`+a.home+`/work":"TRUST_FOLDER"}`)
	a.write("work/.gemini/settings.json", `{"mcpServers":{"old":{"type":"sse","url":"`+h.MCPURL+`"}}}`)
	if said := a.run(append(agents[1].program(t), "mcp", "list")...); !regexp.MustCompile(fmt.Sprintf(agents[1].connected, "old")).MatchString(said) {
		t.Errorf("Gemini CLI says of SSE: %s", said)
	}
}

// A person signs opencode in on a machine without a screen: it prints the address, and waits for the browser at one of its own.
func TestAgentsOpencodeSignsIn(t *testing.T) {
	h := startDemo(t)
	server, ada := h.signInServer(t), h.invite(t, "member", http.DefaultTransport)
	a := newTerminal(t)
	a.write("work/opencode.json", `{"mcp":{"octapipe":{"type":"remote","url":"`+server.URL+`","oauth":{"redirectUri":"http://`+aFreeAddress(t)+`/mcp/oauth/callback"}}}}`)
	program := installed(t, "opencode-*/bin/opencode")
	cmd := a.command(program, "mcp", "auth", "octapipe")
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		if t.Failed() {
			t.Logf("opencode wrote:\n%s", out.tail())
		}
	})
	request := regexp.MustCompile(`(http://\S+/authorize\?\S+)\s`) // once it is printed to its end
	var found []string
	await.True(t, "opencode to print where to sign in", func() bool {
		said := colour.ReplaceAllString(out.String(), "")
		found = request.FindStringSubmatch(said)
		return found != nil && strings.Contains(said, "Waiting for authorization") // before that it takes no answer
	})
	back := newBrowser(t, http.DefaultTransport).allow(t, ada, found[1], true)
	send(t, "GET", back.String(), "").want(t, 200)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("opencode ended with %v:\n%s", err, out.tail())
	}
	if said := a.run(program, "mcp", "list"); !regexp.MustCompile(`(?m)✓ octapipe +connected`).MatchString(said) {
		t.Errorf("it does not say that the server is connected:\n%s", said)
	}
	if state, client, steps := h.verdict(t, server); state != "connected" || client != "OpenCode" {
		t.Errorf("connecting is %s, of %q: %v", state, client, steps)
	}
}

// terminal is a shell of somebody who has just installed an agent, on a machine whose only way out is a proxy that refuses.
type terminal struct {
	t        *testing.T
	home     string
	proxy    string
	programs map[string][]string // what commands are, by their names

	mu     sync.Mutex
	wanted map[string]bool
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	a := &terminal{t: t, home: t.TempDir(), wanted: map[string]bool{}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.wanted[r.Host] = true
		a.mu.Unlock()
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	a.proxy = proxy.URL
	if err := os.Mkdir(filepath.Join(a.home, "work"), 0o700); err != nil {
		t.Fatal(err)
	}
	return a
}

// write puts a file where the agent looks for it; name is relative to the home folder.
func (a *terminal) write(name, text string) {
	a.t.Helper()
	path := filepath.Join(a.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// colour is what makes a terminal show colours.
var colour = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// run runs a command in the folder work and returns what it said.
func (a *terminal) run(command ...string) string {
	a.t.Helper()
	cmd := a.command(command...)
	out, err := cmd.CombinedOutput()
	said := colour.ReplaceAllString(string(out), "")
	if err != nil {
		a.t.Fatalf("%s ended with %v:\n%s", strings.Join(command, " "), err, said)
	}
	return said
}

// words are those of a command's line; what stands in quotes is one.
var words = regexp.MustCompile(`"([^"]*)"|(\S+)`)

// runLine runs a line as it stands in a guide.
func (a *terminal) runLine(line string) string {
	a.t.Helper()
	var command []string
	for _, word := range words.FindAllStringSubmatch(line, -1) {
		if text := word[1] + word[2]; a.programs[text] != nil {
			command = append(command, a.programs[text]...)
		} else {
			command = append(command, text)
		}
	}
	return a.run(command...)
}

// command is a command in the folder work.
func (a *terminal) command(command ...string) *exec.Cmd {
	cmd := exec.CommandContext(a.t.Context(), command[0], command[1:]...)
	cmd.Dir = filepath.Join(a.home, "work")
	cmd.Env = []string{"HOME=" + a.home, "PATH=" + os.Getenv("PATH"), "NO_COLOR=1",
		"HTTPS_PROXY=" + a.proxy, "HTTP_PROXY=" + a.proxy, "NO_PROXY=127.0.0.1"}
	return cmd
}

// asked is which hosts were asked for in vain.
func (a *terminal) asked() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.wanted) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(a.wanted)), ", ")
}

// installed is a file of an agent's package. Of several builds for this machine it is the one that asks least of the processor.
func installed(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob("agents/node_modules/" + pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("no e2e/agents/node_modules/%s: run 'make test-clients', which installs it", pattern)
	}
	path, err := filepath.Abs(found[len(found)-1]) // …-baseline comes after the build that it is one of
	if err != nil {
		t.Fatal(err)
	}
	return path
}
