package mcp_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"sluice/internal/account"
	"sluice/internal/await"
	"sluice/internal/mcpserver"
	"sluice/internal/node"
	"sluice/internal/octapipe"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

// The endpoint in front of everything that a real one stands in front of: the database, the definition of Octapipe, the vendor's HTTP.
func TestTheWholeWayToAVendorAndBack(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		w := newWhole(t, database)
		changed := make(chan string, 10)
		client := sdk.NewClient(&sdk.Implementation{Name: "referee", Version: "1"}, &sdk.ClientOptions{
			ToolListChangedHandler: func(context.Context, *sdk.ToolListChangedRequest) { changed <- "" },
		})
		server, token := w.serve(t, `{}`, time.Time{})
		session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: w.url + "/mcp/" + token}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if got := session.InitializeResult(); got.ProtocolVersion != "2026-07-28" || !strings.Contains(got.Instructions, "Octapipe") {
			t.Errorf("connected with %+v", got)
		}
		all, err := session.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}

		text := func(name string, arguments map[string]any) (string, bool) {
			t.Helper()
			r, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: name, Arguments: arguments})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return r.Content[0].(*sdk.TextContent).Text, r.IsError
		}
		if got, failed := text("list_all_octapipe_pipelines", nil); failed || !strings.HasPrefix(got, `{"result":[{`) || !strings.Contains(got, "Q3 Renewals") {
			t.Errorf("the pipelines are %.200s", got)
		}
		if got, failed := text("list_all_octapipe_pipeline_cards", map[string]any{}); !failed || !strings.Contains(got, "pipeline_uuid") {
			t.Errorf("cards of no pipeline: %s", got)
		}
		if got, failed := text("list_all_octapipe_pipeline_cards", map[string]any{"pipeline_uuid": "00000000-0000-4000-8000-000000000000"}); !failed {
			t.Errorf("cards of a pipeline that is not there: %s", got)
		}
		if _, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "list_all_octapipe_pipeline"}); err == nil || !strings.Contains(err.Error(), "list_all_octapipe_pipelines") {
			t.Errorf("a tool that is not there: %v", err)
		}

		if _, err := w.node.Servers.Update(t.Context(), server.Environment, server.AccountID, server.ID, mcpserver.Patch{Config: []byte(`{"methods":["read"]}`)}); err != nil {
			t.Fatal(err)
		}
		await.From(t, "the news of a change", changed)
		fewer, err := session.ListTools(t.Context(), nil)
		if err != nil || len(fewer.Tools) == 0 || len(fewer.Tools) >= len(all.Tools) {
			t.Errorf("after the change there are %d tools, before %d: %v", len(fewer.Tools), len(all.Tools), err)
		}
		if err := w.node.Servers.Delete(t.Context(), server.Environment, server.AccountID, server.ID); err != nil {
			t.Fatal(err)
		}
		if a := w.send(t, http.MethodPost, "/mcp/"+token, nil, listBody); a.status != 404 {
			t.Errorf("a revoked server answers %d", a.status)
		}
	})
}

func TestAServerThatHasExpiredOrWantsATokenIsAsGoodAsItsWord(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		w := newWhole(t, database)
		_, expiring := w.serve(t, `{}`, time.Now().Add(200*time.Millisecond))
		await.True(t, "the server to expire", func() bool {
			a := w.send(t, http.MethodPost, "/mcp/"+expiring, nil, listBody)
			return a.status == 404
		})
		_, locked := w.serve(t, `{"require_api_token_auth":true}`, time.Time{})
		_, apiToken, err := w.node.Environments.CreateToken(t.Context(), w.account.Environment, "test", "test", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		strange, err := w.node.Environments.Create(t.Context(), "elsewhere")
		if err != nil {
			t.Fatal(err)
		}
		_, strangeToken, err := w.node.Environments.CreateToken(t.Context(), strange.ID, "test", "test", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for bearer, status := range map[string]int{"": 401, "nonsense": 401, strangeToken: 401, apiToken: 200} {
			if a := w.send(t, http.MethodPost, "/mcp/"+locked, map[string]string{"Authorization": "Bearer " + bearer}, listBody); a.status != status {
				t.Errorf("with the token %.12q the answer is %d, want %d", bearer, a.status, status)
			}
		}
	})
}

func TestStreamsEndOnEveryNodeWhenTheRightToThemDoes(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		w := newWhole(t, database)
		fronts := []*endpoint{w.endpoint}
		if w.node.Store.Dialect() == store.PostgreSQL { // an SQLite file has one node
			_, other := startNode(t, database)
			fronts = append(fronts, &endpoint{Server: other})
		}
		environment := w.account.Environment
		for what, end := range map[string]func(server *mcpserver.Server, apiToken string) error{
			"the server is revoked": func(server *mcpserver.Server, _ string) error {
				return w.node.Servers.Delete(t.Context(), environment, server.AccountID, server.ID)
			},
			"the server expires": func(server *mcpserver.Server, _ string) error {
				// An end that has passed before it was looked at is refused.
				await.Life(t, func(life time.Duration) bool {
					soon := time.Now().Add(life)
					_, err := w.node.Servers.Update(t.Context(), environment, server.AccountID, server.ID, mcpserver.Patch{ExpiresAt: &soon})
					return err == nil
				})
				return nil
			},
			"the API token is revoked": func(_ *mcpserver.Server, apiToken string) error {
				return w.node.Environments.DeleteToken(t.Context(), environment, apiToken)
			},
		} {
			t.Run(what, func(t *testing.T) {
				server, token := w.serve(t, `{"require_api_token_auth":true}`, time.Time{})
				api, bearer, err := w.node.Environments.CreateToken(t.Context(), environment, "test", "test", time.Time{})
				if err != nil {
					t.Fatal(err)
				}
				var streams []*reader
				for _, front := range fronts {
					streams = append(streams, front.everyStream(t, token, map[string]string{"Authorization": "Bearer " + bearer})...)
				}
				if err := end(server, api.ID); err != nil {
					t.Fatal(err)
				}
				for _, r := range streams {
					r.wantGoodbye()
				}
			})
		}
	})
}

// whole is a node over a sandbox.
type whole struct {
	*endpoint
	url     string
	node    *node.Node
	account *account.Account
}

func newWhole(t *testing.T, database string) *whole {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	sandbox, err := octapipe.Open(octapipe.Config{Seed: true, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sandbox.Close() })
	vendor := httptest.NewServer(sandbox.Handler())
	t.Cleanup(vendor.Close)
	n, front := startNode(t, database)
	environment, err := n.Environments.Create(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	login := sandbox.Login()
	acct, err := n.Accounts.Create(t.Context(), environment.ID, account.NewAccount{
		Integration: "octapipe", TenantID: "test", Name: "Sandbox",
		Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password},
		Context:     map[string]string{"base_url": vendor.URL},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &whole{endpoint: &endpoint{Server: front}, url: front.URL, node: n, account: acct}
}

// startNode starts a node on a database. Its streams show no sign of life while a test runs, so that nothing is noticed by the way.
func startNode(t *testing.T, database string) (*node.Node, *httptest.Server) {
	t.Helper()
	n, err := node.Open(t.Context(), node.Settings{
		Database: database, MasterKey: base64.StdEncoding.EncodeToString(make([]byte, 32)), AllowAddresses: []string{"loopback"}, AllowFiles: []string{"loopback"}, KeepAlive: time.Hour,
		Version: "1.2.3", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	front := httptest.NewServer(n.Handler())
	t.Cleanup(func() {
		if err := n.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		front.Close()
	})
	return n, front
}

// serve makes an MCP server.
func (w *whole) serve(t *testing.T, config string, expires time.Time) (*mcpserver.Server, string) {
	t.Helper()
	server, token, err := w.node.Servers.Create(t.Context(), mcpserver.Draft{
		Environment: w.account.Environment, AccountID: w.account.ID, Name: fmt.Sprintf("Server with %s", config), Config: []byte(config), ExpiresAt: expires, CreatedBy: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, token
}
