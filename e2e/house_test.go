package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/store/storetest"
)

// house is a running Sluice with an Octapipe sandbox beside it. Its members are what "sluice demo --json" prints when all is up.
type house struct {
	MCPURL        string `json:"mcp_url"`
	APIURL        string `json:"api_url"`
	APIToken      string `json:"api_token"`
	DashboardURL  string `json:"dashboard_url"`
	OctapipeURL   string `json:"octapipe_url"`
	OctapipeToken string `json:"octapipe_token"`
	AccountID     string `json:"integrated_account_id"`
	MCPID         string `json:"mcp_id"`

	process *process           // Sluice
	restart func(t *testing.T) // starts Sluice again after it was ended, on the same data and under the same address
}

// eachDatabase runs a test on SQLite and on PostgreSQL: there as the demo, here as an operator starts the parts.
func eachDatabase(t *testing.T, test func(t *testing.T, start func(t *testing.T) *house)) {
	t.Run("SQLite", func(t *testing.T) { test(t, func(t *testing.T) *house { return startDemo(t) }) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, startInstallation) })
}

// onEachDatabase is eachDatabase with one house for the whole test.
func onEachDatabase(t *testing.T, test func(t *testing.T, h *house)) {
	eachDatabase(t, func(t *testing.T, start func(t *testing.T) *house) { test(t, start(t)) })
}

// aLine is the first line, once it is whole.
var aLine = regexp.MustCompile(`^(.+)\n`)

// startDemo starts the demo, which is on SQLite.
func startDemo(t *testing.T, flags ...string) *house {
	t.Helper()
	h, data := &house{}, t.TempDir()
	start := func(t *testing.T, listen, octapipeListen string) {
		t.Helper()
		p, line := startProcess(t, aLine, nil, append([]string{"demo", "--json", "--listen", listen, "--octapipe-listen", octapipeListen, "--data", data}, flags...)...)
		h.process = p
		if err := json.Unmarshal([]byte(line[1]), h); err != nil {
			t.Fatalf("the demo's first line is not JSON (%v): %s", err, line[1])
		}
		for name, value := range map[string]string{"mcp_url": h.MCPURL, "api_url": h.APIURL, "api_token": h.APIToken, "dashboard_url": h.DashboardURL,
			"octapipe_url": h.OctapipeURL, "octapipe_token": h.OctapipeToken, "integrated_account_id": h.AccountID, "mcp_id": h.MCPID} {
			if value == "" {
				t.Fatalf("the demo's line lacks %s: %s", name, line[1])
			}
		}
	}
	start(t, "127.0.0.1:0", "127.0.0.1:0")
	h.restart = func(t *testing.T) { start(t, host(t, h.APIURL), host(t, h.OctapipeURL)) }
	return h
}

// startInstallation starts the sandbox and a Sluice on PostgreSQL, and connects them by the commands that an operator uses.
func startInstallation(t *testing.T) *house {
	t.Helper()
	_, sandbox := startProcess(t, regexp.MustCompile(`(?s)^Octapipe sandbox +(\S+)\n.*API key +(\S+)\n`), nil, "octapipe", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	h := &house{OctapipeURL: sandbox[1], OctapipeToken: sandbox[2]}

	key := make([]byte, 32)
	rand.Read(key)
	env := []string{"SLUICE_MASTER_KEY=" + base64.StdEncoding.EncodeToString(key), "SLUICE_DATABASE=" + storetest.PostgreSQL(t)}
	// The first token is made on the database itself, before any server runs.
	var token struct{ Token string }
	decode(t, runCommand(t, env, "token", "create", "--json", "--database", strings.TrimPrefix(env[1], "SLUICE_DATABASE=")), &token)
	h.APIToken = token.Token

	start := func(t *testing.T, listen string) {
		t.Helper()
		p, address := startProcess(t, regexp.MustCompile(`msg=listening address=(\S+)`), env, "serve", "--listen", listen, "--allow-address", "loopback", "--allow-file-address", "loopback")
		h.process, h.APIURL = p, "http://"+address[1]
	}
	start(t, "127.0.0.1:0")
	h.restart = func(t *testing.T) { start(t, host(t, h.APIURL)) }

	client := []string{"SLUICE_URL=" + h.APIURL, "SLUICE_TOKEN=" + h.APIToken}
	var account struct{ ID string }
	decode(t, runCommand(t, client, "account", "add", "octapipe", "--json", "--context", "base_url="+h.OctapipeURL,
		"-c", "domain=northwind", "-c", "email=ada.lindqvist@northwind.example", "-c", "password=octapipe-sandbox"), &account)
	var server struct{ ID, URL string }
	decode(t, runCommand(t, client, "mcp", "create", "everything", "--json", "--account", account.ID), &server)
	h.AccountID, h.MCPID, h.MCPURL = account.ID, server.ID, server.URL
	return h
}

func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("not JSON of the right shape (%v): %s", err, raw)
	}
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
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
