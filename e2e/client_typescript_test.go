package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"testing"
)

// typeScript is the official TypeScript client in a Node process of its own (clients/typescript.mjs), which serves one conversation.
type typeScript struct {
	in  io.Writer
	out *bufio.Scanner
	err *bytes.Buffer
}

func connectTypeScript(t *testing.T, url string) client {
	t.Helper()
	return startTypeScript(t, url, "2026-07-28")
}

func startTypeScript(t *testing.T, url, revision string) *typeScript {
	t.Helper()
	cmd := exec.Command(node(t), "clients/typescript.mjs", url, revision)
	c := &typeScript{err: &bytes.Buffer{}}
	cmd.Stderr = c.err
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.in, c.out = in, bufio.NewScanner(out)
	c.out.Buffer(nil, 16<<20)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the TypeScript client: %v", err)
	}
	t.Cleanup(func() {
		in.Close() // its loop over standard input ends, and with it the process
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("the TypeScript client ended with %v: %s", err, c.err)
		}
	})
	var hello struct {
		Revision string `json:"revision"`
	}
	if err := c.read(&hello); err != nil {
		t.Fatalf("connect the TypeScript client on %s: %v", revision, err)
	}
	if hello.Revision != revision {
		t.Fatalf("the TypeScript client negotiated %q, want %q", hello.Revision, revision)
	}
	return c
}

func (c *typeScript) ListTools(context.Context) ([]tool, error) {
	var got struct {
		Tools []tool `json:"tools"`
	}
	return got.Tools, c.ask(map[string]any{"method": "tools/list"}, &got)
}

func (c *typeScript) CallTool(_ context.Context, name string, arguments map[string]any) (*answer, error) {
	var got answer
	return &got, c.ask(map[string]any{"method": "tools/call", "name": name, "arguments": arguments}, &got)
}

func (c *typeScript) ask(question, into any) error {
	if err := json.NewEncoder(c.in).Encode(question); err != nil {
		return fmt.Errorf("ask the TypeScript client: %w", err)
	}
	return c.read(into)
}

func (c *typeScript) read(into any) error {
	if !c.out.Scan() {
		return fmt.Errorf("the TypeScript client ended: %w; %s", errors.Join(c.out.Err(), io.ErrUnexpectedEOF), c.err)
	}
	var line struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Code    any    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(c.out.Bytes(), &line); err != nil {
		return fmt.Errorf("read the TypeScript client's line %q: %w", c.out.Text(), err)
	}
	if line.Error != nil {
		return fmt.Errorf("%v: %s", line.Error.Code, line.Error.Message)
	}
	return json.Unmarshal(line.Result, into)
}
