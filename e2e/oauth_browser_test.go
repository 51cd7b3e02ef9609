package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"sluice/internal/await"
)

// aFreeAddress is one of this machine's that nobody listens at.
func aFreeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// certificate writes a certificate of localhost, of its own authority, and returns the files and a transport that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, trusting *http.Transport) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	trusting = http.DefaultTransport.(*http.Transport).Clone()
	trusting.TLSClientConfig = &tls.Config{RootCAs: pool}
	t.Cleanup(trusting.CloseIdleConnections)
	return certFile, keyFile, trusting
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("Chromium is not installed")
	return ""
}

// startPublic starts an installation behind nginx with TLS, under a public name.
func startPublic(t *testing.T) (h *house, certFile string, trusting *http.Transport) {
	t.Helper()
	address := aFreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	t.Setenv("SLUICE_PUBLIC_URL", "https://localhost:"+port)
	t.Setenv("SLUICE_TRUSTED_PROXY", "127.0.0.1")
	h = startInstallation(t)
	certFile, keyFile, trusting := certificate(t)
	startNginxAs(t, address, fmt.Sprintf(`listen %s ssl; ssl_certificate %s; ssl_certificate_key %s; location / {
		proxy_pass http://%s; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_buffering off; }`, address, certFile, keyFile, host(t, h.APIURL)))
	return h, certFile, trusting
}

func TestAPersonSignsMCPRemoteInThroughAProxyWithTLS(t *testing.T) {
	browser := chromium(t)
	h, certFile, trusting := startPublic(t)
	server, ada := h.signInServer(t), h.invite(t, "member", trusting)
	if !strings.HasPrefix(server.URL, "https://localhost:") {
		t.Fatalf("the server's URL is %s", server.URL)
	}
	// The official Go client first, which also shows that nothing is wrong with the way itself.
	session := signInGoSDK(t, server, newBrowser(t, trusting), ada, trusting, nil)
	if _, err := session.ListTools(t.Context(), nil); err != nil {
		t.Fatalf("the Go client through the proxy: %v", err)
	}

	remote := exec.Command(node(t), "node_modules/mcp-remote/dist/proxy.js", server.URL, "--transport", "http-only")
	remote.Env = append(os.Environ(), "HOME="+t.TempDir(), "NODE_EXTRA_CA_CERTS="+certFile, "DISPLAY=", "BROWSER=true")
	var stderr output
	remote.Stderr = &stderr
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mcp-remote wrote:\n%s", stderr.tail())
		}
	})
	asked := make(chan string, 1)
	go func() {
		authorize := regexp.MustCompile(`https://localhost:\d+/oauth/\S+`)
		for t.Context().Err() == nil {
			if found := authorize.FindString(stderr.String()); found != "" {
				out, err := exec.CommandContext(t.Context(), node(t), "clients/person.mjs", browser, found, ada.email, ada.password).CombinedOutput()
				if err != nil {
					out = fmt.Appendf(out, " (%v)", err)
				}
				asked <- string(out)
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	client, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-mcp-remote", Version: "1.0.0"}, nil).Connect(t.Context(), &mcp.CommandTransport{Command: remote}, nil)
	seen := <-asked
	if err != nil {
		t.Fatalf("connect through mcp-remote: %v\nthe person saw %s", err, seen)
	}
	defer client.Close()
	for _, want := range []string{"MCP CLI Proxy", "member@example.com", "list_all_octapipe_users", `"complaints":[]`} {
		if !strings.Contains(seen, want) {
			t.Errorf("the person saw no %q: %s", want, seen)
		}
	}
	if tools, err := client.ListTools(t.Context(), nil); err != nil || len(tools.Tools) == 0 {
		t.Fatalf("the tools: %v", err)
	}
	if state, _, steps := h.verdict(t, server); state != "connected" {
		t.Errorf("connecting is %s: %v", state, steps)
	}
	if found := string(runCommand(t, []string{"SLUICE_URL=" + h.APIURL, "SLUICE_TOKEN=" + h.APIToken}, "mcp", "attempts")); !strings.Contains(found, "connected") {
		t.Errorf("the command line tells of the attempts: %s", found)
	}
}

// The suite's own scenarios for an authorization server, with a client that was entered by hand.
func TestTheSuiteTakesSluiceForAnAuthorizationServer(t *testing.T) {
	h := startDemo(t)
	server, ada := h.signInServer(t), h.invite(t, "member", http.DefaultTransport)
	_, port, _ := net.SplitHostPort(aFreeAddress(t))
	var program struct{ ID string }
	h.api(t, "POST", "/mcp-client", `{"name":"Conformance","redirect_uris":["http://127.0.0.1/callback"]}`).want(t, 201).decode(t, &program)
	cmd := exec.CommandContext(t.Context(), node(t), "node_modules/@modelcontextprotocol/conformance/dist/index.js", "authorization", "--url", server.URL,
		"--client-id", program.ID, "--port", port, "--spec-version", modern)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	authorize := regexp.MustCompile(`(?m)^http://\S+/authorize\?\S+$`)
	await.True(t, "the suite to ask for a sign-in", func() bool { return authorize.MatchString(out.String()) })
	back := newBrowser(t, http.DefaultTransport).allow(t, ada, authorize.FindString(out.String()), true)
	send(t, "GET", back.String(), "").want(t, 200)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the suite ended with %v", err)
	}
	if text := out.String(); t.Failed() || strings.Contains(text, "FAILURE") || strings.Contains(text, "SKIPPED") || strings.Contains(text, "WARNING") {
		t.Errorf("the suite wrote:\n%s", text)
	}
}
