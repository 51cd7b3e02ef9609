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
)

// Agents that people work with in a terminal, each set up by its own command or configuration file, in an empty home folder and with no way to the
// internet. Their packages are too large for every run: 'make test-clients' installs them.

func TestAgentsConnectByURL(t *testing.T) {
	h := startDemo(t)
	locked := h.mcpServer(t, `{"name":"locked","config":{"require_api_token_auth":true}}`).URL
	bearer := "Authorization: Bearer " + h.APIToken
	for name, c := range map[string]struct {
		list      func(a *terminal) string // sets the servers up and returns what the agent says of them
		connected string                   // how it says that a server is, as a regular expression with %s for the server's name
	}{
		"Claude Code": {func(a *terminal) string {
			claude := []string{node(a.t), installed(a.t, "@anthropic-ai/claude-code/cli-wrapper.cjs"), "mcp"}
			a.run(append(claude, "add", "--transport", "http", "octapipe", h.MCPURL)...)
			a.run(append(claude, "add", "--transport", "http", "locked", locked, "--header", bearer)...)
			a.run(append(claude, "add", "--transport", "sse", "old", h.MCPURL)...)
			a.run(append(claude, "add", "bridged", "--", binary, "stdio", h.MCPURL)...)
			return a.run(append(claude, "list")...)
		}, `(?m)^%s: .* ✔ Connected$`},
		"Gemini CLI": {func(a *terminal) string {
			gemini := []string{node(a.t), installed(a.t, "@google/gemini-cli/bundle/gemini.js"), "mcp"}
			// A folder that is not trusted gets no MCP servers, whatever is configured; trust is asked for on the first start.
			a.write(".gemini/trustedFolders.json", `{"`+a.home+`/work":"TRUST_FOLDER"}`)
			a.write("work/.gemini/settings.json", `{"mcpServers":{"old":{"type":"sse","url":"`+h.MCPURL+`"},"bridged":{"command":"`+binary+`","args":["stdio","`+h.MCPURL+`"]}}}`)
			a.run(append(gemini, "add", "--transport", "http", "octapipe", h.MCPURL)...)
			a.run(append(gemini, "add", "--transport", "http", "locked", locked, "--header", bearer)...)
			return a.run(append(gemini, "list")...)
		}, `(?m)^✓ %s: .* Connected$`},
		"opencode": {func(a *terminal) string {
			a.write("work/opencode.json", `{"mcp":{"octapipe":{"type":"remote","url":"`+h.MCPURL+`"},
				"locked":{"type":"remote","url":"`+locked+`","headers":{"Authorization":"Bearer `+h.APIToken+`"}},
				"bridged":{"type":"local","command":["`+binary+`","stdio","`+h.MCPURL+`"]}}}`)
			return a.run(installed(a.t, "opencode-*/bin/opencode"), "mcp", "list")
		}, `(?m)✓ %s +connected$`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newTerminal(t)
			said := c.list(a)
			t.Logf("said:\n%s\nasked the internet for: %s", said, a.asked())
			servers := []string{"octapipe", "locked", "bridged"}
			if name != "opencode" { // it has one kind of URL
				servers = append(servers, "old")
			}
			for _, server := range servers {
				if !regexp.MustCompile(fmt.Sprintf(c.connected, server)).MatchString(said) {
					t.Errorf("it does not say that %s is connected", server)
				}
			}
		})
	}
}

// terminal is a shell of somebody who has just installed an agent, on a machine whose only way out is a proxy that refuses.
type terminal struct {
	t     *testing.T
	home  string
	proxy string

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
	cmd := exec.CommandContext(a.t.Context(), command[0], command[1:]...)
	cmd.Dir = filepath.Join(a.home, "work")
	cmd.Env = []string{"HOME=" + a.home, "PATH=" + os.Getenv("PATH"), "NO_COLOR=1",
		"HTTPS_PROXY=" + a.proxy, "HTTP_PROXY=" + a.proxy, "NO_PROXY=127.0.0.1"}
	out, err := cmd.CombinedOutput()
	said := colour.ReplaceAllString(string(out), "")
	if err != nil {
		a.t.Fatalf("%s ended with %v:\n%s", strings.Join(command, " "), err, said)
	}
	return said
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
