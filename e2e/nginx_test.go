package e2e

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/await"
)

// proxyPatience is how long the proxy waits for a byte: its usual minute, scaled down, as is the keep-alive of the Sluice behind it.
const proxyPatience = 3 * time.Second

// startNginx starts an nginx with its usual settings before an address, but for its patience, and returns its own.
func startNginx(t *testing.T, upstream string) (address string) {
	t.Helper()
	address = aFreeAddress(t)
	startNginxAs(t, address, fmt.Sprintf("listen %s; location / { proxy_pass http://%s; proxy_read_timeout %v; }", address, upstream, proxyPatience))
	return address
}

// startNginxAs starts an nginx at an address, with one server that is set up so.
func startNginxAs(t *testing.T, address, server string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal("nginx is not installed: run 'make nginx', which installs it when root")
			}
			t.Skip("nginx is not installed")
		}
	}
	dir := t.TempDir()
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf("daemon off; master_process off; pid %s; error_log stderr;\nevents {}\nhttp { access_log off; %s server { %s } }\n",
		filepath.Join(dir, "nginx.pid"), temp.String(), server)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-p", dir, "-c", config, "-e", "stderr")
	var log output
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("nginx wrote:\n%s", log.tail())
		}
	})
	await.True(t, "nginx to listen", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func TestAProxyCutsNeitherAnIdleStreamNorASlowCall(t *testing.T) {
	t.Setenv("SLUICE_KEEP_ALIVE", "200ms")
	h := startInstallation(t)
	m := startMiddleman(t, h)
	server := m.connect(t, h)
	sluice := host(t, server.URL)
	url := strings.Replace(server.URL, sluice, startNginx(t, sluice), 1)
	const call = `{"name":"list_all_octapipe_users"}`

	// That the proxy is impatient shows in the REST API, whose answers are silent until they are there: a slow call is cut.
	held := m.holdNext(t, "GET")
	proxied := strings.Replace(h.APIURL, sluice, host(t, url), 1)
	if got := send(t, "GET", proxied+"/proxy/users?integrated_account_id="+server.AccountID, "", "Authorization", "Bearer "+h.APIToken); got.status != http.StatusGatewayTimeout {
		t.Fatalf("a silent call got %d through the proxy, want 504: %s", got.status, got.body)
	}
	held.release()

	body, headers := request(t, modern, "subscriptions/listen", `{"notifications":{"toolsListChanged":true}}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()

	answered := make(chan *response, 2)
	var slow []*hold
	for _, accept := range []string{"application/json, text/event-stream", "application/json"} {
		held := m.holdNext(t, "GET")
		go func() { answered <- rpc(t, url, modern, "tools/call", call, "Accept", accept) }()
		<-held.arrived
		slow = append(slow, held)
	}

	// Signs of life are the clock: once as many came as take two of the proxy's patience, all have outlived it.
	lines := bufio.NewScanner(stream.Body)
	acknowledged := false
	for signs := 0; signs < int(2*proxyPatience/(200*time.Millisecond)); {
		if !lines.Scan() {
			t.Fatalf("the idle stream was cut after %d signs of life: %v", signs, lines.Err())
		}
		acknowledged = acknowledged || strings.Contains(lines.Text(), "subscriptions/acknowledged")
		if strings.HasPrefix(lines.Text(), ":") {
			signs++
		}
	}
	if !acknowledged {
		t.Error("the stream was not acknowledged")
	}
	for _, held := range slow {
		held.release()
		if got := <-answered; got.status != http.StatusOK || !strings.Contains(string(got.body), `"resultType":"complete"`) {
			t.Errorf("the slow call got %d: %s", got.status, got.body)
		}
	}
	h.api(t, "PATCH", "/integrated-account/"+server.AccountID+"/mcp/"+server.ID, `{"config":{"methods":["read"]}}`).want(t, 200)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "tools/list_changed") {
			return
		}
	}
	t.Errorf("the change was not told over the stream: %v", lines.Err())
}
