package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"sluice/internal/await"
	"sluice/internal/store/storetest"
)

// startEmpty starts a Sluice on an empty database, and returns its address and that of the page that makes the first owner, which it tells its operator.
func startEmpty(t *testing.T, database string) (address, start string) {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	env := []string{"SLUICE_MASTER_KEY=" + base64.StdEncoding.EncodeToString(key), "SLUICE_DATABASE=" + database}
	p, found := startProcess(t, regexp.MustCompile(`(?s)next="?([^\s"]+/start[^\s"]*)`), env, "serve", "--listen", "127.0.0.1:0", "--allow-address", "loopback")
	listening := regexp.MustCompile(`msg=listening address=(\S+)`)
	await.True(t, "Sluice to listen", func() bool { return listening.MatchString(p.stderr.String()) })
	return "http://" + listening.FindStringSubmatch(p.stderr.String())[1], found[1]
}

func TestAPersonGoesFromNothingToAConnectedClientInTheBrowser(t *testing.T) {
	for name, database := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "sluice.db") },
		"PostgreSQL": func(t *testing.T) string { return storetest.PostgreSQL(t) },
	} {
		t.Run(name, func(t *testing.T) { fromNothing(t, database(t)) })
	}
}

func fromNothing(t *testing.T, database string) {
	_, sandbox := startProcess(t, regexp.MustCompile(`(?s)^Octapipe sandbox +(\S+)\n.*API key +(\S+)\n`), nil, "octapipe", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	address, start := startEmpty(t, database)
	b := openWindow(t)

	// The first start: an owner, and a page that says what to do next.
	b.do("open", "url", start)
	b.do("fill", "fields", map[string]string{"Your name": "Ada Lovelace", "Email address *": "ada@example.com", "Password *": "correct horse battery staple"})
	b.says(b.do("press", "button", "Become the owner"), "Nothing is connected yet", "Connect an account")

	// The sandbox is connected. What was entered stands when it was wrong, but for the password.
	b.do("follow", "link", "Connect an account")
	b.do("follow", "link", "Octapipe")
	b.do("fill", "fields", map[string]string{"Company domain *": "northwind", "Email *": "ada.lindqvist@northwind.example", "Password *": "a wrong one", "API address": sandbox[1], "Name": "Müller & Co"})
	b.do("press", "button", "Connect")
	if got := b.do("value", "label", "Company domain *").Value; got != "northwind" {
		t.Errorf("after a refusal the domain is %q, want it as it was entered", got)
	}
	if got := b.do("value", "label", "Password *").Value; got != "" {
		t.Errorf("the page sends the password back: %q", got)
	}
	b.do("fill", "fields", map[string]string{"Password *": "octapipe-sandbox"})
	b.says(b.do("press", "button", "Connect"), "Octapipe is connected.", "No MCP server yet", "Müller & Co")

	// A server that reads pipelines and nothing else; the tools are shown while it is being made up.
	b.do("follow", "link", "Create an MCP server")
	b.do("fill", "fields", map[string]string{"Name *": `Zoë's "read" server`})
	b.do("check", "boxes", []string{"read list, get"})
	b.do("check", "boxes", []string{"pipelines 2"})
	seen := b.do("wait", "words", "none changes data")
	b.says(seen, "list_all_octapipe_pipelines", "tokens in every conversation")
	if strings.Contains(seen.Text, "octapipe_tasks") {
		t.Errorf("tools of tasks are shown though the server is limited to pipelines:\n%s", seen.Text)
	}
	b.says(b.do("press", "button", "Create it"), "is created", "This is the only time it is shown")
	url := b.do("copyable").Value
	b.do("press", "button", "Copy URL of the MCP server")
	b.do("wait", "words", "Copied")
	for _, ready := range []string{"claude mcp add --transport http zoes-read-server " + url, `"stdio",`, `"servers": {`, `"mcpServers": {`} {
		if !strings.Contains(b.do("contents").Value, ready) {
			t.Errorf("the page lacks the configuration %q", ready)
		}
	}

	// An official client gets these tools, and its call stands in the log.
	session, err := mcp.NewClient(&mcp.Implementation{Name: "the-agent", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: url}, nil)
	if err != nil {
		t.Fatalf("connect by the URL that the page showed: %v", err)
	}
	defer session.Close()
	tools, err := session.ListTools(t.Context(), nil)
	if err != nil || len(tools.Tools) == 0 {
		t.Fatalf("list the tools: %v, %v", tools, err)
	}
	for _, tool := range tools.Tools {
		if !tool.Annotations.ReadOnlyHint || !strings.Contains(tool.Name, "pipeline") {
			t.Errorf("the client is offered %s", tool.Name)
		}
	}
	if result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_all_octapipe_pipelines", Arguments: map[string]any{"limit": 3}}); err != nil || result.IsError {
		t.Fatalf("call a tool: %v, %v", result, err)
	}
	b.do("follow", "link", "Logs")
	b.do("choose", "label", "Client", "option", "the-agent") // which the log offers, since it called
	b.says(b.do("wait", "words", "Show all calls"), "list_all_octapipe_pipelines", "done", "the-agent", "1 call")
	b.says(b.do("follow", "link", "list_all_octapipe_pipelines"), `"limit": 3`, "HTTP 200")

	// It is revoked, and the client is refused.
	b.do("follow", "link", `Zoë's "read" server`)
	b.do("follow", "link", "Revoke")
	b.says(b.do("press", "button", "Revoke it"), "is revoked")
	if result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_all_octapipe_pipelines"}); err == nil {
		t.Errorf("the client still calls after its server was revoked: %v", result)
	}
	if r := send(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, "Accept", "application/json, text/event-stream"); r.status != http.StatusNotFound {
		t.Errorf("the URL of a revoked server: %d, want 404", r.status)
	}

	// The keyboard comes to the way past the navigation first, and one sees where it is.
	b.do("open", "url", address+"/dashboard/accounts")
	if first := b.do("tab"); first.Value != "Skip to content" || !first.Seen {
		t.Errorf("the keyboard first reaches %q, seen: %t", first.Value, first.Seen)
	}
}

func TestSomebodyWithoutALoginConnectsByALinkFromTheDashboard(t *testing.T) {
	h := startDemo(t)
	b := openWindow(t)
	b.do("open", "url", h.DashboardURL)
	b.do("follow", "link", "Invite a customer")
	b.do("choose", "label", "Vendor", "option", "Octapipe")
	b.do("fill", "fields", map[string]string{"Customer": "cust_7", "Name of the account": "Contoso"})
	b.says(b.do("press", "button", "Make the link"), "Link to send", "only time")
	link := b.do("copyable").Value

	customer := openWindow(t) // another browser, in which nobody is signed in
	customer.do("open", "url", link)
	customer.do("fill", "fields", map[string]string{"Company domain *": "northwind", "Email *": "ada.lindqvist@northwind.example", "Password *": "octapipe-sandbox", "API address": h.OctapipeURL})
	customer.says(customer.do("press", "button", "Connect"), "connected")

	b.do("open", "url", h.APIURL+"/dashboard/accounts")
	b.says(b.do("follow", "link", "Contoso"), "tenant cust_7", "No MCP server yet")
	b.do("open", "url", link)
	b.says(b.do("contents"), "used")
}

func TestNoPageHasASeriousFaultOfAccessibility(t *testing.T) {
	h := startDemo(t)
	b := openWindow(t)
	s := b.do("open", "url", h.DashboardURL)
	b.says(s, "Integrated accounts", "Octapipe sandbox") // the demo's address signs in by itself
	account := "/dashboard/accounts/" + h.AccountID
	paths := []string{
		"/dashboard/accounts", "/dashboard/connect", "/dashboard/connect/octapipe", account, account + "/tools", account + "/logs", account + "/settings", account + "/reconnect", account + "/delete",
		account + "/servers/new", account + "/servers/" + h.MCPID, account + "/servers/" + h.MCPID + "/revoke", account + "/servers/" + h.MCPID + "/sign-ins",
		account + "/tools/create_a_octapipe_pipeline_card", account + "/tools/octapipe_database_records_bulk_update",
		"/dashboard/logs", "/dashboard/confirmations", "/dashboard/integrations", "/dashboard/integrations/octapipe", "/dashboard/integrations/octapipe/pipeline_cards", "/dashboard/import",
		"/dashboard/settings/you", "/dashboard/settings/users", "/dashboard/settings/tokens", "/dashboard/settings/webhooks", "/dashboard/settings/sign-in", "/dashboard/settings/clients",
		"/dashboard/invite", "/dashboard/overrides/octapipe", account + "/override", "/dashboard/settings/environment",
		"/dashboard/nowhere",
	}
	for _, look := range []struct {
		width  int
		scheme string
	}{{1280, "light"}, {360, "dark"}} {
		s := b.do("axe", "base", h.APIURL, "paths", paths, "width", look.width, "scheme", look.scheme)
		for _, fault := range s.Faults {
			t.Error(fault)
		}
		for _, wide := range s.Wide {
			t.Errorf("%s scrolls sideways", wide)
		}
		for path, status := range s.Statuses {
			if want := map[bool]int{true: 404, false: 200}[strings.HasSuffix(path, "nowhere")]; status != want {
				t.Errorf("%s: %d, want %d", path, status, want)
			}
		}
	}
	// The pages to sign in and out stand for those without a navigation.
	out := openWindow(t)
	out.do("open", "url", h.APIURL+"/sign-in")
	for _, fault := range out.do("axe", "base", h.APIURL, "paths", []string{"/sign-in"}, "width", 360, "scheme", "light").Faults {
		t.Error(fault)
	}
}
