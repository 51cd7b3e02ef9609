package e2e

import (
	"os"
	"os/exec"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// connectMCPRemote is the official Go client with mcp-remote between, which makes a URL a program for clients that only start programs.
func connectMCPRemote(strategy string) func(t *testing.T, url string) client {
	return func(t *testing.T, url string) client {
		t.Helper()
		cmd := exec.Command(node(t), "node_modules/mcp-remote/dist/proxy.js", url, "--transport", strategy, "--silent")
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir()) // it keeps tokens at home
		session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-mcp-remote", Version: "1.0.0"}, nil).
			Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
		if err != nil {
			t.Fatalf("connect through mcp-remote: %v", err)
		}
		t.Cleanup(func() { session.Close() })
		return &goSDK{session}
	}
}
