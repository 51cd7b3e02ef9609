//go:build vendors

package e2e

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/await"
)

// Servers that nobody here wrote are the vendors in these tests, each by the definition that comes with the binary, and each is asked over its own API
// what really happened. 'make test-vendors' installs them, and runs this.

// startWithoutAccounts starts a Sluice on SQLite with nothing in it.
func startWithoutAccounts(t *testing.T) *house {
	t.Helper()
	database := filepath.Join(t.TempDir(), "sluice.db")
	var token struct{ Token string }
	decode(t, runCommand(t, nil, "token", "create", "--json", "--database", database), &token)
	p, address := startProcess(t, regexp.MustCompile(`msg=listening address=(\S+)`), nil, "serve", "--listen", "127.0.0.1:0",
		"--allow-address", "loopback", "--allow-file-address", "loopback", "--database", database)
	return &house{APIURL: "http://" + address[1], APIToken: token.Token, process: p}
}

// connectAccount makes an account by the admin API.
func (h *house) connectAccount(t *testing.T, body string) {
	t.Helper()
	var account object
	h.api(t, "POST", "/integrated-account", body).want(t, 201).decode(t, &account)
	if account.text("status") != "active" {
		t.Fatalf("the new account is %v, want it active", account)
	}
	h.AccountID = account.text("id")
}

// realVendor is a vendor's server, reached by Sluice through a proxy that notes what it is asked, and by the test directly.
type realVendor struct {
	URL   string // as Sluice knows it
	own   string // its own address
	token string // that the test itself uses

	mu    sync.Mutex
	asked []string // method and path, in order
	last  string   // the Authorization of the last request that was no renewal
}

// watch puts the proxy before a vendor.
func watch(t *testing.T, own string) *realVendor {
	t.Helper()
	v := &realVendor{own: own}
	to, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		v.asked = append(v.asked, r.Method+" "+r.URL.Path)
		if a := r.Header.Get("Authorization"); a != "" && !isRenewal(r.URL.Path) {
			v.last = a
		}
		v.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	v.URL = s.URL
	return v
}

// since is what the vendor was asked since there were n requests, and how many there are now.
func (v *realVendor) since(n int) (asked []string, now int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.asked[n:]), len(v.asked)
}

// wantAsked checks what one step of a workflow cost: the vendor's requests since n, of which those that a renewed token needs are not counted.
func (v *realVendor) wantAsked(t *testing.T, n int, want ...string) {
	t.Helper()
	got, _ := v.since(n)
	got = slices.DeleteFunc(got, isRenewal)
	if !slices.Equal(got, want) {
		t.Errorf("the vendor was asked\n%q\nwant\n%q", got, want)
	}
}

// api calls the vendor itself, past Sluice.
func (v *realVendor) api(t *testing.T, method, path, body string) *response {
	t.Helper()
	return send(t, method, v.own+path, body, "Authorization", "Bearer "+v.token)
}

// count counts the vendor's requests since n that end so.
func (v *realVendor) count(n int, suffix string) int {
	asked, _ := v.since(n)
	count := 0
	for _, request := range asked {
		if strings.HasSuffix(request, suffix) {
			count++
		}
	}
	return count
}

// isRenewal tells a login or a refresh, by its path.
func isRenewal(request string) bool { return strings.Contains(request, "auth") }

// lastToken is the credential of Sluice's last call.
func (v *realVendor) lastToken() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last
}

// outliving reads, waits until the token that this was done with has ended, and reads again: it answers what the vendor was asked for that, in which each of
// renewals must be. A token is also renewed shortly before its end, while calls go on with the old one, and by what Sluice looks up by itself; where that came
// first it is done again, with the token that came of it.
func (v *realVendor) outliving(t *testing.T, read func(), ended func(token string) bool, renewals ...string) (asked []string) {
	t.Helper()
	for range 4 {
		_, n := v.since(0)
		read()
		token := v.lastToken()
		await.True(t, "the token to end", func() bool { return ended(token) })
		read()
		if v.lastToken() == token {
			t.Fatalf("a token that has ended was used again")
		}
		asked, _ = v.since(n)
		if !slices.ContainsFunc(renewals, func(renewal string) bool { return !slices.Contains(asked, renewal) }) {
			return asked
		}
	}
	t.Fatalf("with an old token the vendor was asked %q, want %q among it", asked, renewals)
	return nil
}

// startVendor starts a program that is no Sluice and waits until it answers at ready.
func startVendor(t *testing.T, cmd *exec.Cmd, ready string) {
	t.Helper()
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(await.Limit):
			cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s", filepath.Base(cmd.Path), out.tail())
		}
	})
	await.True(t, ready+" to answer", func() bool {
		select {
		case <-ended:
			t.Fatalf("%s ended before it was up: %v\n%s", cmd.Path, cmd.ProcessState, out.tail())
		default:
		}
		res, err := http.Get(ready)
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// runVendor runs a vendor's command to its end.
func runVendor(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// freeAddress is a port for a server that does not say which one it took.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// elsewhere serves a file whose size is not told beforehand, so that it goes up in chunks.
func elsewhere(t *testing.T, name string, content []byte) (address string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write(content[:len(content)/2])
		w.(http.Flusher).Flush()
		w.Write(content[len(content)/2:])
	}))
	t.Cleanup(s.Close)
	return s.URL + "/" + name
}

// coverage notes which tools were called with success.
type coverage struct {
	mu     sync.Mutex
	called map[string]bool
}

type covering struct {
	client
	*coverage
}

func (c covering) CallTool(ctx context.Context, name string, arguments map[string]any) (*answer, error) {
	got, err := c.client.CallTool(ctx, name, arguments)
	if err == nil && !got.IsError {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.called == nil {
			c.called = map[string]bool{}
		}
		c.called[name] = true
	}
	return got, err
}

// wantAll checks that every tool that there is was seen to work.
func (c *coverage) wantAll(t *testing.T, of client) {
	t.Helper()
	tools, err := of.ListTools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		if !c.called[tool.Name] {
			t.Errorf("the tool %s was never called with success", tool.Name)
		}
	}
}

// offered is a tool as the client is shown it.
func (a agent) offered(name string) tool {
	a.t.Helper()
	tools, err := a.ListTools(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	i := slices.IndexFunc(tools, func(tool tool) bool { return tool.Name == name })
	if i < 0 {
		a.t.Fatalf("there is no tool %s", name)
	}
	return tools[i]
}

// values is the schema that a tool has for its argument values.
func (a agent) values(name string) object {
	a.t.Helper()
	var input object
	decode(a.t, a.offered(name).InputSchema, &input)
	return input.object("properties").object("values")
}

// wantRefused checks the text of a refusal.
func (a agent) wantRefused(name string, arguments map[string]any, parts ...string) {
	a.t.Helper()
	said := a.refused(name, arguments)
	for _, part := range parts {
		if !strings.Contains(said, part) {
			a.t.Errorf("%s with %v is refused with\n%s\nwhich does not say %q", name, arguments, said, part)
		}
	}
}

// linked fetches what a tool answers as a link to a file.
func (a agent) linked(name string, arguments map[string]any) string {
	a.t.Helper()
	got, err := a.CallTool(a.t.Context(), name, arguments)
	if err != nil || got.IsError || len(got.Content) != 2 || got.Content[1].Type != "resource_link" {
		a.t.Fatalf("%s answers %+v (%v), want a link", name, got, err)
	}
	return string(send(a.t, "GET", got.Content[1].URI, "").want(a.t, 200).body)
}
