package node

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/await"
	"sluice/internal/mcpserver"
	"sluice/internal/octapipe"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

// open makes a node on a database.
func open(t *testing.T, database string) *Node {
	t.Helper()
	n, err := Open(t.Context(), Settings{
		Database: database, MasterKey: base64.StdEncoding.EncodeToString([]byte("an installation's key in a test!")),
		PublicURL: "https://sluice.example", AllowAddresses: []string{"loopback"}, Log: slog.New(slog.DiscardHandler), Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// connected makes an environment with an account on a sandbox and an MCP server on it.
func connected(t *testing.T, n *Node) (*account.Account, *mcpserver.Server) {
	t.Helper()
	sandbox, err := octapipe.Open(octapipe.Config{Seed: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	vendor := httptest.NewServer(sandbox.Handler())
	t.Cleanup(func() {
		vendor.Close()
		sandbox.Close()
	})
	env, err := n.Environments.Create(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	login := sandbox.Login()
	acct, err := n.Accounts.Create(t.Context(), env.ID, account.NewAccount{
		Integration: "octapipe", Context: map[string]string{"base_url": vendor.URL},
		Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password},
	})
	if err != nil {
		t.Fatal(err)
	}
	server, _, err := n.Servers.Create(t.Context(), mcpserver.Draft{Environment: env.ID, AccountID: acct.ID, Name: "All"})
	if err != nil {
		t.Fatal(err)
	}
	return acct, server
}

func TestEveryNodeHearsOfWhatChangesAServersTools(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		here := open(t, database)
		acct, server := connected(t, here)
		nodes := []*Node{here}
		if here.Store.Dialect() != store.SQLite { // an SQLite file has one node
			nodes = append(nodes, open(t, database))
		}
		for _, n := range nodes {
			c := newChanges(n.Store)
			t.Cleanup(c.close)
			signal := make(chan struct{}, 1)
			cancel := c.Watch(server, nil, func() {
				select {
				case signal <- struct{}{}:
				default: // one is waiting already
				}
			})
			t.Cleanup(cancel)
			if _, err := here.Servers.Update(t.Context(), server.Environment, acct.ID, server.ID, mcpserver.Patch{Config: []byte(`{"methods":["read"]}`)}); err != nil {
				t.Fatal(err)
			}
			await.From(t, "the news of the server's new config", signal)
			name := "Renamed"
			if _, err := here.Accounts.Update(t.Context(), acct.Environment, acct.ID, account.Change{Name: &name}); err != nil {
				t.Fatal(err)
			}
			await.From(t, "the news of the account's change", signal)
			if err := here.Store.Publish(t.Context(), store.Fields, acct.ID); err != nil {
				t.Fatal(err)
			}
			await.From(t, "the news of the custom fields' change", signal)
		}
	})
}

func TestAServerIsConcernedByItsOwnAndByWhatMayHaveBeenMissed(t *testing.T) {
	w := &watcher{server: &mcpserver.Server{ID: "mcp_1", Environment: "env_1", AccountID: "acc_1"}, rights: []string{"oat_1", "gra_1", "usr_1"}}
	for _, c := range []struct {
		topic, key string
		want       bool
	}{
		{store.Servers, "mcp_1", true},
		{store.Servers, "mcp_2", false},
		{store.Accounts, "acc_1", true},
		{store.Accounts, "acc_2", false},
		{store.Fields, "acc_1", true},
		{store.Fields, "acc_2", false},
		{store.Integrations, "env_1/octapipe", true},
		{store.Integrations, "env_2/octapipe", false},
		{store.Integrations, "env_11/octapipe", false},
		{store.OAuthTokens, "oat_1", true},
		{store.OAuthTokens, "oat_2", false},
		{store.OAuthGrants, "gra_1", true},
		{store.Users, "usr_1", true},
		{store.Users, "usr_2", false},
		{store.APITokens, "tok_1", false},
		{store.Servers, "", true},
		{store.Integrations, "", true},
	} {
		if got := w.concerns(c.topic, c.key); got != c.want {
			t.Errorf("%s of %q concerns the server: %t, want %t", c.topic, c.key, got, c.want)
		}
	}
}

func TestFiltersAreCheckedAgainstTheAccountsIntegration(t *testing.T) {
	n := open(t, storetest.SQLite(t))
	acct, _ := connected(t, n)
	draft := mcpserver.Draft{Environment: acct.Environment, AccountID: acct.ID, Name: "x", Config: []byte(`{"tags":["boats"]}`)}
	if _, _, err := n.Servers.Create(t.Context(), draft); err == nil || !strings.Contains(err.Error(), `no tag "boats"`) {
		t.Errorf("a filter by a tag that Octapipe has not was answered %v", err)
	}
}

func TestThePathSaysWhichDoorARequestIsFor(t *testing.T) {
	n := open(t, storetest.SQLite(t))
	_, server := connected(t, n)
	_, token, err := n.Servers.Create(t.Context(), mcpserver.Draft{Environment: server.Environment, AccountID: server.AccountID, Name: "Other"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "https://sluice.example/mcp/" + token; n.MCPURL(token) != want {
		t.Errorf("the server's URL is %s, want %s", n.MCPURL(token), want)
	}
	const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for _, c := range []struct {
		path string
		want int
	}{
		{"/mcp/" + token, http.StatusOK},
		{"/mcp/" + token + "x", http.StatusNotFound},
		{"/mcp", http.StatusNotFound},
		{"/integrated-account", http.StatusUnauthorized},
		{"/api-token//", http.StatusNotFound},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://sluice.example"+c.path, strings.NewReader(list))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		n.Handler().ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("POST %s is answered %d, want %d: %s", c.path, w.Code, c.want, w.Body)
		}
	}
}

func TestNoLabelOfTheMetricsIsAClientsChoice(t *testing.T) {
	n := open(t, storetest.SQLite(t))
	acct, _ := connected(t, n)
	record := func(door, outcome string) {
		n.metrics.Finish(&audit.Record{
			Environment: acct.Environment, AccountID: acct.ID, Door: door, Outcome: outcome, ClientName: "a-client", Integration: "octapipe",
			Tool: "a_tool", StartedAt: time.Now(), Duration: time.Millisecond,
		})
	}
	record("mcp", "ok")
	record("a-door", "ok")
	record("mcp", "an-outcome")
	w := httptest.NewRecorder()
	n.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := `sluice_call_duration_seconds_count{door="mcp",outcome="ok",write="false"} 1`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("the metrics lack %s:\n%s", want, w.Body)
	}
	for _, chosen := range []string{"a-door", "an-outcome", "a-client", "a_tool", acct.ID, acct.Environment} {
		if strings.Contains(w.Body.String(), chosen) {
			t.Errorf("the metrics hold %s", chosen)
		}
	}
}

func TestABrowserIsLedToTheDashboardAndAProgramIsToldWhatIsWhere(t *testing.T) {
	n := open(t, storetest.SQLite(t))
	for accept, want := range map[string]int{"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8": http.StatusSeeOther, "*/*": http.StatusOK, "application/json": http.StatusOK, "": http.StatusOK} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		n.Handler().ServeHTTP(w, r)
		if w.Code != want || want == http.StatusSeeOther && w.Header().Get("Location") != "/dashboard" {
			t.Errorf("Accept: %s: %d to %q, want %d", accept, w.Code, w.Header().Get("Location"), want)
		}
	}
}
