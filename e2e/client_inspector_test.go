package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// inspector is the MCP Inspector in its CLI mode: a process a call, each of which connects anew.
type inspector struct {
	node, url, home string
}

func connectInspector(t *testing.T, url string) client {
	t.Helper()
	return &inspector{node: node(t), url: url, home: t.TempDir()}
}

func (c *inspector) ListTools(ctx context.Context) ([]tool, error) {
	var got struct {
		Tools []tool `json:"tools"`
	}
	return got.Tools, c.run(ctx, &got, "--method", "tools/list")
}

func (c *inspector) CallTool(ctx context.Context, name string, arguments map[string]any) (*answer, error) {
	raw, err := json.Marshal(with(arguments, nil)) // {} where there are none
	if err != nil {
		return nil, err
	}
	var got answer
	return &got, c.run(ctx, &got, "--method", "tools/call", "--tool-name", name, "--tool-args-json", string(raw))
}

func (c *inspector) run(ctx context.Context, into any, arguments ...string) error {
	arguments = append([]string{"node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js", "--cli", "--server-url", c.url,
		"--transport", "http", "--protocol-era", "modern", "--format", "json", "--quiet"}, arguments...)
	cmd := exec.CommandContext(ctx, c.node, arguments...)
	cmd.Env = append(os.Environ(), "HOME="+c.home, "NO_COLOR=1") // it keeps a catalog and tokens at home
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A tool's error is told by exit code 5 too, with the answer printed all the same.
	if err := cmd.Run(); err != nil && !json.Valid(stdout.Bytes()) {
		return fmt.Errorf("the MCP Inspector ended with %w: %s%s", err, stdout.Bytes(), stderr.Bytes())
	}
	var line struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &line); err != nil {
		return fmt.Errorf("read the MCP Inspector's answer %q: %w", stdout.Bytes(), err)
	}
	if line.Result == nil {
		line.Result = stdout.Bytes()
	}
	return json.Unmarshal(line.Result, into)
}
