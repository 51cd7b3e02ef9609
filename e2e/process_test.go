package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/internal/await"
)

// process is the binary, running one of its commands. What it wrote is shown when the test fails.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
}

// startProcess runs a command and waits until what it writes, to either stream, matches ready.
func startProcess(t *testing.T, ready *regexp.Regexp, env []string, args ...string) (p *process, found []string) {
	t.Helper()
	p = &process{cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start sluice %s: %v", args[0], err)
	}
	go func() {
		defer close(p.ended)
		p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("sluice %s wrote to standard error:\n%s", args[0], p.stderr.tail())
		}
	})
	await.True(t, "sluice "+strings.Join(args, " ")+" to be up", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("sluice %s ended before it was up: %v\n%s", strings.Join(args, " "), p.cmd.ProcessState, p.stderr.tail())
		default:
		}
		if found = ready.FindStringSubmatch(p.stdout.String()); found == nil {
			found = ready.FindStringSubmatch(p.stderr.String())
		}
		return found != nil
	})
	return p, found
}

// stop asks the process to end and waits until it has.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(await.Limit):
		p.kill()
		t.Errorf("sluice %s was still running long after SIGTERM", p.cmd.Args[1])
	}
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// runCommand runs a command of the binary to its end and returns what it printed.
func runCommand(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sluice %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

// output keeps what a process writes while a test reads it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *output) tail() string {
	const most = 8 << 10
	s := o.String()
	return s[max(0, len(s)-most):]
}
