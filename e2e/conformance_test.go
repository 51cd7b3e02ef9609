package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestConformance runs every scenario of the official suite, in its published version and in the newest one that knows 2026-07-28, against a running Sluice whose MCP server
// is on the vendor that the suite wants (conformance/integration). What is known to fail is in a file beside it with its reason; the suite fails on anything else,
// and on a line there that passes.
func TestConformance(t *testing.T) {
	node := node(t)
	server := startConformance(t, startDemo(t, "--keep-alive", "100ms"))
	for _, run := range []struct{ name, suite, revision, known string }{
		{"the newest on 2026-07-28", "@modelcontextprotocol/conformance", modern, "conformance/2026-07-28.yml"},
		{"the newest on 2025-11-25", "@modelcontextprotocol/conformance", legacy, "conformance/2025-11-25.yml"},
		{"the latest on 2025-11-25", "conformance-latest", legacy, "conformance/2025-11-25.yml"},
	} {
		t.Run(run.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), node, "node_modules/"+run.suite+"/dist/index.js", "server", "--url", server.URL,
				"--suite", "all", "--spec-version", run.revision, "--expected-failures", run.known, "--output-dir", t.TempDir())
			cmd.Env = append(os.Environ(), "NO_COLOR=1")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("the suite ended with %v:\n%s", err, out)
			}
			ran := regexp.MustCompile(`(?m)^[✓✗] ([a-z0-9-]+): `).FindAllStringSubmatch(string(out), -1)
			t.Logf("%d scenarios ran", len(ran))
			if len(ran) < 30 {
				t.Errorf("the suite has more than these: %v", ran)
			}
			for _, entry := range knownToFail(t, run.known) {
				if !strings.Contains(string(out), "  ~ "+entry+"\n") {
					t.Errorf("%s is known to fail in %s, and did not, or did not run", entry, run.known)
				}
			}
		})
	}
}

// knownToFail are the scenarios that a file names, or their checks.
func knownToFail(t *testing.T, file string) []string {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var scenarios []string
	for _, line := range regexp.MustCompile(`(?m)^  - ([a-z0-9:-]+)`).FindAllStringSubmatch(string(source), -1) {
		scenarios = append(scenarios, line[1])
	}
	return scenarios
}
