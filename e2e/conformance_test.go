package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// TestConformance runs the scenarios of the official suite that concern what every MCP server of Sluice offers, whatever its vendor. What is known to fail
// is in conformance/baseline.yml with its reason; the suite fails on anything else, and on a line there that passes.
func TestConformance(t *testing.T) {
	node := node(t)
	h := startDemo(t)
	for revision, scenarios := range map[string][]string{
		legacy: {"server-initialize", "ping", "tools-list", "dns-rebinding-protection"},
		modern: {"server-stateless", "tools-list", "caching", "http-header-validation", "http-custom-header-server-validation", "dns-rebinding-protection", "sep-2164-resource-not-found"},
	} {
		for _, scenario := range scenarios {
			t.Run(scenario+" on "+revision, func(t *testing.T) {
				t.Parallel()
				cmd := exec.CommandContext(t.Context(), node, "node_modules/@modelcontextprotocol/conformance/dist/index.js", "server", "--url", h.MCPURL,
					"--scenario", scenario, "--spec-version", revision, "--expected-failures", "conformance/baseline.yml", "--output-dir", t.TempDir())
				cmd.Env = append(os.Environ(), "NO_COLOR=1")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Errorf("the suite ended with %v:\n%s", err, out)
				} else if testing.Verbose() {
					t.Logf("%s", out)
				}
			})
		}
	}
}
