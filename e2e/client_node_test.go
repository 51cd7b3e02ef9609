package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// nodeClient is a client from npm in a Node process of its own, driven by lines of JSON (clients/driver.mjs). It serves one conversation.
type nodeClient struct {
	name     string
	revision string // what it says it agreed on, "" where it does not tell
	in       io.Writer
	out      *bufio.Scanner
	err      *bytes.Buffer
}

// startNode starts one of the programs in clients/ and waits until it is connected.
func startNode(t *testing.T, name string, arguments ...string) *nodeClient {
	t.Helper()
	cmd := exec.Command(node(t), append([]string{"clients/" + name + ".mjs"}, arguments...)...)
	// The OpenAI Agents SDK would otherwise send traces to its maker.
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "OPENAI_AGENTS_DISABLE_TRACING=1")
	c := &nodeClient{name: name, err: &bytes.Buffer{}}
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
		t.Fatalf("start the client %s: %v", name, err)
	}
	t.Cleanup(func() {
		in.Close() // its loop over standard input ends, and with it the process
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("the client %s ended with %v: %s", name, err, c.err)
		}
	})
	var hello struct {
		Revision string `json:"revision"`
	}
	if err := c.read(&hello); err != nil {
		t.Fatalf("connect the client %s %v: %v", name, arguments[1:], err)
	}
	c.revision = hello.Revision
	return c
}

func (c *nodeClient) ListTools(context.Context) ([]tool, error) {
	var got struct {
		Tools []tool `json:"tools"`
	}
	return got.Tools, c.ask(map[string]any{"method": "tools/list"}, &got)
}

func (c *nodeClient) CallTool(_ context.Context, name string, arguments map[string]any) (*answer, error) {
	var got answer
	return &got, c.ask(map[string]any{"method": "tools/call", "name": name, "arguments": arguments}, &got)
}

func (c *nodeClient) ask(question, into any) error {
	if err := json.NewEncoder(c.in).Encode(question); err != nil {
		return fmt.Errorf("ask the client %s: %w", c.name, err)
	}
	return c.read(into)
}

func (c *nodeClient) read(into any) error {
	if !c.out.Scan() {
		return fmt.Errorf("the client %s ended: %w; %s", c.name, errors.Join(c.out.Err(), io.ErrUnexpectedEOF), c.err)
	}
	var line struct {
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Code    any    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(c.out.Bytes(), &line); err != nil {
		return fmt.Errorf("read the line %q of the client %s: %w", c.out.Text(), c.name, err)
	}
	if line.Error != nil {
		return fmt.Errorf("%v: %s", line.Error.Code, line.Error.Message)
	}
	return json.Unmarshal(line.Result, into)
}
