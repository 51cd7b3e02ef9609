package e2e

import (
	"os/exec"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Clients that only start programs, as Claude Desktop does, reach an MCP server by "sluice stdio URL".

func TestTheBridgeCarriesAConversationOverARestartAndEndsWithItsInput(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		bridge := exec.Command(binary, "stdio", h.MCPURL)
		session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-bridge", Version: "1.0.0"}, nil).
			Connect(t.Context(), &mcp.CommandTransport{Command: bridge, TerminateDuration: 10 * time.Second}, nil)
		if err != nil {
			t.Fatalf("connect through the bridge: %v", err)
		}
		a := agent{t, &goSDK{session}}
		tools, err := a.ListTools(t.Context())
		if err != nil || len(tools) == 0 {
			t.Fatalf("the bridge shows %d tools: %v", len(tools), err)
		}
		a.find(listPipelines, nil, "name", "Q3 Renewals")

		h.process.stop(t)
		h.restart(t)
		a.find(listPipelines, nil, "name", "Q3 Renewals")

		// Close shuts the bridge's standard input; had it not ended of itself, it would have been ended by a signal.
		if err := session.Close(); err != nil {
			t.Errorf("the bridge did not end cleanly with its input: %v", err)
		}
		if state := bridge.ProcessState; state == nil || state.ExitCode() != 0 {
			t.Errorf("the bridge ended as %v, want of itself with 0", state)
		}
	})
}
