package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/internal/store/storetest"
)

// house is a running Sluice with an Octapipe sandbox beside it: what "sluice demo --json" prints when all is up.
type house struct {
	MCPURL        string `json:"mcp_url"`
	APIURL        string `json:"api_url"`
	APIToken      string `json:"api_token"`
	DashboardURL  string `json:"dashboard_url"`
	OctapipeURL   string `json:"octapipe_url"`
	OctapipeToken string `json:"octapipe_token"`
	AccountID     string `json:"integrated_account_id"`
	MCPID         string `json:"mcp_id"`

	process *process
	args    []string // that it was started with
}

// process is a program that a test started. What it writes to standard error is shown when the test fails.
type process struct {
	cmd    *exec.Cmd
	stderr lockedBuffer
	first  string // line of standard output
	ended  chan struct{}
}

// startProcess runs the binary and waits for its first line.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, args...), ended: make(chan struct{})}
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start sluice %s: %v", args[0], err)
	}
	first := make(chan string, 1)
	go func() {
		defer close(p.ended)
		in := bufio.NewReader(out)
		line, _ := in.ReadString('\n')
		first <- strings.TrimSpace(line)
		io.Copy(io.Discard, in)
		p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("sluice %s wrote to standard error:\n%s", args[0], p.stderr.tail())
		}
	})
	select {
	case p.first = <-first:
	case <-time.After(30 * time.Second):
	}
	if p.first == "" {
		t.Fatalf("sluice %s did not say within 30 s that it is up", strings.Join(args, " "))
	}
	return p
}

// stop asks the process to end and waits until it has.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		p.kill()
		t.Errorf("sluice %s was still running 20 s after SIGTERM", p.cmd.Args[1])
	}
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.ended
}

// lockedBuffer keeps what a process writes while a test reads it.
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

func (b *lockedBuffer) tail() string {
	const most = 8 << 10
	s := b.String()
	return s[max(0, len(s)-most):]
}

// startDemo starts the demo with more arguments.
func startDemo(t *testing.T, args ...string) *house {
	t.Helper()
	h := &house{args: args}
	h.start(t, "127.0.0.1:0", "127.0.0.1:0")
	return h
}

func (h *house) start(t *testing.T, listen, octapipeListen string) {
	t.Helper()
	h.process = startProcess(t, append([]string{"demo", "--json", "--listen", listen, "--octapipe-listen", octapipeListen}, h.args...)...)
	if err := json.Unmarshal([]byte(h.process.first), h); err != nil {
		t.Fatalf("the demo's first line is not JSON (%v): %s", err, h.process.first)
	}
	for name, value := range map[string]string{"mcp_url": h.MCPURL, "api_url": h.APIURL, "api_token": h.APIToken, "octapipe_url": h.OctapipeURL,
		"octapipe_token": h.OctapipeToken, "integrated_account_id": h.AccountID, "mcp_id": h.MCPID} {
		if value == "" {
			t.Fatalf("the demo's line lacks %s: %s", name, h.process.first)
		}
	}
}

// restart starts the demo again after it was ended, on the same data and under the same addresses.
func (h *house) restart(t *testing.T) {
	t.Helper()
	h.start(t, host(t, h.APIURL), host(t, h.OctapipeURL))
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// eachDatabase runs a test on SQLite and on PostgreSQL.
func eachDatabase(t *testing.T, test func(t *testing.T, start func(t *testing.T) *house)) {
	t.Run("SQLite", func(t *testing.T) {
		test(t, func(t *testing.T) *house { return startDemo(t, "--data", t.TempDir()) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		test(t, func(t *testing.T) *house {
			return startDemo(t, "--data", t.TempDir(), "--database", storetest.PostgreSQL(t))
		})
	})
}

// onEachDatabase is eachDatabase with one house for the whole test.
func onEachDatabase(t *testing.T, test func(t *testing.T, h *house)) {
	eachDatabase(t, func(t *testing.T, start func(t *testing.T) *house) { test(t, start(t)) })
}

// mcpServer makes an MCP server on the demo's account by the admin API, and returns its URL.
func (h *house) mcpServer(t *testing.T, body string) *createdServer {
	t.Helper()
	var made createdServer
	h.api(t, "POST", "/integrated-account/"+h.AccountID+"/mcp", body).want(t, 200, 201).decode(t, &made)
	if made.URL == "" || made.Token == "" {
		t.Fatalf("a new MCP server shows neither its URL nor its token: %+v", made)
	}
	return &made
}

type createdServer struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	Token     string `json:"token"`
	AccountID string `json:"integrated_account_id"`
}

// api calls Sluice's admin API with the demo's token.
func (h *house) api(t *testing.T, method, path, body string) *response {
	t.Helper()
	return send(t, method, h.APIURL+path, body, "Authorization", "Bearer "+h.APIToken)
}

// sandbox calls the vendor's own API, past Sluice.
func (h *house) sandbox(t *testing.T, method, path, body string) *response {
	t.Helper()
	return send(t, method, h.OctapipeURL+path, body, "Authorization", "Bearer "+h.OctapipeToken)
}

// sandboxList reads every page of one of the vendor's lists, in either of its envelopes.
func (h *house) sandboxList(t *testing.T, path string) []object {
	t.Helper()
	var all []object
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for page := 1; ; page++ {
		got := h.sandbox(t, "GET", fmt.Sprintf("%s%spage=%d", path, separator, page), "").want(t, 200)
		var items []object
		if bytes.HasPrefix(got.body, []byte("[")) {
			got.decode(t, &items)
		} else {
			var envelope struct {
				Data []object `json:"data"`
			}
			got.decode(t, &envelope)
			items = envelope.Data
		}
		if len(items) == 0 {
			return all
		}
		all = append(all, items...)
	}
}

// sandboxFind is the one item of a list of the vendor's whose member has that value.
func (h *house) sandboxFind(t *testing.T, path, member, value string) object {
	t.Helper()
	for _, item := range h.sandboxList(t, path) {
		if item.text(member) == value {
			return item
		}
	}
	t.Fatalf("the sandbox's %s has none with %s %q", path, member, value)
	return nil
}
