package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// window is a headless Chromium (browser/driver.mjs).
type window struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Scanner
	err bytes.Buffer
}

// saw is what came of a command: where the browser is then, and what the page says.
type saw struct {
	Error      string         `json:"error"`
	URL        string         `json:"url"`
	Text       string         `json:"text"`
	Value      string         `json:"value"`
	Status     int            `json:"status"`
	Seen       bool           `json:"seen"`
	Faults     []string       `json:"faults"`
	Wide       []string       `json:"wide"`
	Statuses   map[string]int `json:"statuses"`
	Complaints []string       `json:"complaints"`
}

func openWindow(t *testing.T) *window {
	t.Helper()
	b := &window{t: t}
	cmd := exec.Command(node(t), "browser/driver.mjs", chromium(t))
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	cmd.Stderr = &b.err
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.in, b.out = in, bufio.NewScanner(out)
	b.out.Buffer(nil, 16<<20)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	t.Cleanup(func() {
		in.Close() // the driver's loop over standard input ends, and with it the browser
		if err := cmd.Wait(); err != nil && !t.Failed() {
			t.Errorf("the browser ended with %v: %s", err, b.err.String())
		}
	})
	return b
}

// do gives the browser one command, with its arguments as names and values.
func (b *window) do(command string, arguments ...any) *saw {
	b.t.Helper()
	line := map[string]any{"do": command}
	for i := 0; i+1 < len(arguments); i += 2 {
		line[arguments[i].(string)] = arguments[i+1]
	}
	raw, err := json.Marshal(line)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(raw, '\n')); err != nil {
		b.t.Fatalf("tell the browser to %s: %v\n%s", command, err, b.err.String())
	}
	if !b.out.Scan() {
		b.t.Fatalf("the browser did not answer %s: %v\n%s", raw, b.out.Err(), b.err.String())
	}
	var s saw
	decode(b.t, b.out.Bytes(), &s)
	if s.Error != "" {
		b.t.Fatalf("%s: %s\nthe page %s says:\n%s", raw, s.Error, s.URL, s.Text)
	}
	for _, c := range s.Complaints {
		b.t.Errorf("after %s: %s", raw, c)
	}
	return &s
}

// says fails unless the page says all this.
func (b *window) says(s *saw, words ...string) {
	b.t.Helper()
	for _, w := range words {
		if !strings.Contains(s.Text, w) {
			b.t.Fatalf("the page %s does not say %q:\n%s", s.URL, w, s.Text)
		}
	}
}
