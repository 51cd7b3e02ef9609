package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/await"
)

// shell runs the command as a person would type it, with the environment's variables given for the length of the test.
type shell struct{ t *testing.T }

// newShell clears what the machine that runs the test may have set.
func newShell(t *testing.T, variables ...string) shell {
	t.Helper()
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, environmentPrefix) {
			os.Unsetenv(name)
			t.Cleanup(func() { os.Setenv(name, value) })
		}
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	return shell{t}
}

// try runs a command to its end.
func (s shell) try(args ...string) (stdout, stderr string, err error) {
	s.t.Helper()
	var out, problems bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&problems)
	root.SetArgs(args)
	err = root.ExecuteContext(s.t.Context())
	return out.String(), problems.String(), err
}

// run is try for a command that must succeed.
func (s shell) run(args ...string) string {
	s.t.Helper()
	stdout, stderr, err := s.try(args...)
	if err != nil {
		s.t.Fatalf("sluice %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return stdout
}

// json runs a command with --json and reads what it prints.
func (s shell) json(into any, args ...string) {
	s.t.Helper()
	out := s.run(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		s.t.Fatalf("sluice %s --json printed no JSON (%v): %s", strings.Join(args, " "), err, out)
	}
}

// fails runs a command that must fail, with one sentence that matches want.
func (s shell) fails(want string, args ...string) {
	s.t.Helper()
	stdout, _, err := s.try(args...)
	switch {
	case err == nil:
		s.t.Errorf("sluice %s succeeded and printed %q; want an error that matches %q", strings.Join(args, " "), stdout, want)
	case !regexp.MustCompile(want).MatchString(err.Error()):
		s.t.Errorf("sluice %s failed with %q; want an error that matches %q", strings.Join(args, " "), err, want)
	}
}

// running is a command that serves until it is stopped.
type running struct {
	stdout *bufio.Reader
	stderr *lockedBuffer
	stop   func() error // stops it, waits, and answers how it ended; again, it answers the same
}

// start runs a command that serves.
func (s shell) start(args ...string) *running {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	reader, writer := io.Pipe()
	r := &running{stdout: bufio.NewReader(reader), stderr: &lockedBuffer{}}
	root := newRoot()
	root.SetOut(writer)
	root.SetErr(r.stderr)
	root.SetArgs(args)
	ended := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		writer.Close()
		ended <- err
	}()
	r.stop = sync.OnceValue(func() error {
		cancel()
		go io.Copy(io.Discard, reader)
		select {
		case err := <-ended:
			return err
		case <-time.After(await.Limit):
			s.t.Errorf("sluice %s was still running long after it was stopped", args[0])
			return nil
		}
	})
	s.t.Cleanup(func() {
		if err := r.stop(); err != nil {
			s.t.Errorf("sluice %s ended with: %v", args[0], err)
		}
		if s.t.Failed() {
			s.t.Logf("sluice %s wrote to standard error:\n%s", args[0], r.stderr)
		}
	})
	return r
}

// line is the next line on standard output.
func (r *running) line(t *testing.T) string {
	t.Helper()
	line, err := r.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("the command ended instead of printing a line (%v): %v\n%s", err, r.stop(), r.stderr)
	}
	return line
}

// log waits until what the command logged matches.
func (r *running) log(t *testing.T, want string) []string {
	t.Helper()
	pattern := regexp.MustCompile(want)
	for deadline := time.Now().Add(await.Limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if found := pattern.FindStringSubmatch(r.stderr.String()); found != nil {
			return found
		}
	}
	t.Fatalf("the command did not log what matches %q:\n%s", want, r.stderr)
	return nil
}

// lockedBuffer keeps what one goroutine writes while another reads it.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
