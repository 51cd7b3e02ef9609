// Package e2e drives the built binary from outside, as its users do: MCP clients that nobody here wrote do the work that the product is for, raw HTTP
// sends what no client would, and the Octapipe sandbox is read over its own API to see what really happened. Every test runs on SQLite and
// on PostgreSQL.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sluice-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "sluice")
	build := exec.Command("go", "build", "-o", binary, "sluice/cmd/sluice")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "e2e: build the binary: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// node is the Node that the clients from npm run on.
func node(t *testing.T) string {
	t.Helper()
	pattern := "node_modules/node-*/bin/node"
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("no Node in e2e/%s for %s/%s: run 'make npm', which installs it with the clients", pattern, runtime.GOOS, runtime.GOARCH)
	}
	path, err := filepath.Abs(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return path
}
