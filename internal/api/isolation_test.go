package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/confirmation"
	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/user"
	"sluice/internal/webhook"
)

// ids are what a tenant has of each thing, by the name of the parameter that means it.
func (n *tenant) ids(t *testing.T) map[string]string {
	t.Helper()
	server, _, err := n.house.Servers.Create(t.Context(), mcpserver.Draft{Environment: n.environment, AccountID: n.account, Name: "server"})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := n.house.Environments.CreateToken(t.Context(), n.environment, "another", "test", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	hook, _, err := n.house.Webhooks.Create(t.Context(), webhook.Draft{Environment: n.environment, URL: "https://10.0.0.1/hooks"}) // where nothing is sent to
	if err != nil {
		t.Fatal(err)
	}
	n.do(t, "PUT", "/integration/depot", depot("https://depot.example.com")).want(200)
	n.do(t, "PUT", "/integration/lagoon", lagoon("https://lagoon.example.com")).want(200)
	n.do(t, "PUT", "/integration/lagoon/oauth-client", `{"client_id":"sluice","client_secret":"deep"}`).want(200)
	var link struct{ ID string }
	n.do(t, "POST", "/link-token", `{"tenant_id":"acme"}`).want(201).into(&link)
	n.do(t, "GET", n.proxy("users"), nil).want(200)
	call := n.do(t, "GET", "/log", nil).list().Result[0]
	var questions []string
	for range 2 {
		q := &confirmation.Confirmation{Environment: n.environment, AccountID: n.account, Question: "Delete everything?"}
		if err := n.house.Confirmations.Ask(t.Context(), q, time.Hour); err != nil {
			t.Fatal(err)
		}
		questions = append(questions, q.ID)
	}
	u := n.user(t, "isolated", permission.Owner)
	n.user(t, "another-owner", permission.Owner) // so that the first may go
	invitation, _, err := n.house.Users.Invite(t.Context(), user.Draft{Environment: n.environment, Email: "guest-" + n.environment + "@example.com", Role: permission.Viewer}, user.Operator)
	if err != nil {
		t.Fatal(err)
	}
	program, _, err := n.house.OAuth.CreateClient(t.Context(), n.environment, oauth.ClientDraft{Name: "Program", RedirectURIs: []string{"https://program.example/cb"}})
	if err != nil {
		t.Fatal(err)
	}
	grant := store.NewID("gra")
	if err := n.house.Store.CreateOAuthGrant(t.Context(), db.CreateOAuthGrantParams{ID: grant, Environment: n.environment, ServerID: server.ID, UserID: u.ID, ExpiresAt: time.Now().Add(time.Hour).UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	attempt := n.house.Connections.Record(t.Context(), connection.From{Environment: n.environment, ServerID: server.ID}, connection.Step{Name: connection.Challenge})
	return map[string]string{
		"program": program.ID, "grant": grant, "attempt": attempt,
		"user": u.ID, "invitation": invitation.ID,
		"question": questions[0], "another question": questions[1],
		"account": n.account, "server": server.ID, "token": token.ID, "environment": n.environment, "call": fmt.Sprint(call["id"]), "webhook": hook.ID, "integration": "depot", "signed in integration": "lagoon", "link": link.ID,
	}
}

// others says of each operation which parameters mean something of an environment's, and what of it. An operation that no row speaks of, because it was
// added since, fails the test: say here what it takes, or that it takes nothing of the kind.
var others = map[string]struct {
	path map[string]string // parameter → kind of id
	body string            // %s is the id of the account

	person bool // no API token will do; TestWhatIsDoneInPersonReachesNobodyElse tries it
}{
	"list-environments":            {},
	"create-environment":           {},
	"get-environment":              {path: map[string]string{"id": "environment"}},
	"update-environment":           {path: map[string]string{"id": "environment"}, body: `{"name":"mine"}`},
	"list-api-tokens":              {},
	"create-api-token":             {},
	"get-api-token":                {path: map[string]string{"id": "token"}},
	"delete-api-token":             {path: map[string]string{"id": "token"}},
	"list-integrated-accounts":     {},
	"create-integrated-account":    {},
	"get-integrated-account":       {path: map[string]string{"id": "account"}},
	"update-integrated-account":    {path: map[string]string{"id": "account"}, body: `{"name":"mine"}`},
	"delete-integrated-account":    {path: map[string]string{"id": "account"}},
	"refresh-credentials":          {body: `{"id":"%s"}`},
	"get-account-question":         {path: map[string]string{"id": "account"}},
	"get-redirect-uris":            {path: map[string]string{"id": "environment"}},
	"put-redirect-uris":            {path: map[string]string{"id": "environment"}, body: `{"redirect_uris":[]}`},
	"create-link-token":            {body: `{"integrated_account_id":"%s"}`},
	"get-link-token":               {path: map[string]string{"id": "link"}},
	"get-oauth-client":             {path: map[string]string{"name": "signed in integration"}},
	"put-oauth-client":             {path: map[string]string{"name": "signed in integration"}, body: `{"client_id":"other"}`},
	"delete-oauth-client":          {path: map[string]string{"name": "signed in integration"}},
	"list-mcp-servers":             {path: map[string]string{"id": "account"}},
	"create-mcp-server":            {path: map[string]string{"id": "account"}, body: `{"name":"mine"}`},
	"get-mcp-server":               {path: map[string]string{"id": "account", "mcp_id": "server"}},
	"update-mcp-server":            {path: map[string]string{"id": "account", "mcp_id": "server"}, body: `{"name":"mine"}`},
	"delete-mcp-server":            {path: map[string]string{"id": "account", "mcp_id": "server"}},
	"list-mcp-clients":             {},
	"create-mcp-client":            {},
	"delete-mcp-client":            {path: map[string]string{"id": "program"}},
	"list-mcp-grants":              {},
	"delete-mcp-grant":             {path: map[string]string{"id": "grant"}},
	"list-my-mcp-grants":           {person: true},
	"delete-my-mcp-grant":          {person: true},
	"list-connection-attempts":     {},
	"get-connection-attempt":       {path: map[string]string{"id": "attempt"}},
	"list-tools":                   {path: map[string]string{"id": "account"}},
	"call-tool":                    {path: map[string]string{"id": "account", "name": "=list_all_octapipe_users"}, body: `{}`},
	"get-account-capabilities":     {path: map[string]string{"id": "account"}},
	"get-integration-capabilities": {path: map[string]string{"name": "integration"}},
	"list-integrations":            {},
	"get-integration":              {path: map[string]string{"name": "integration"}},
	"put-integration":              {}, // makes one of the caller's own, whatever others have
	"import-integration":           {}, // the same
	"get-account-override":         {path: map[string]string{"id": "account"}},
	"put-account-override":         {path: map[string]string{"id": "account"}, body: `{"label":"mine"}`},
	"delete-account-override":      {path: map[string]string{"id": "account"}},
	"get-integration-override":     {path: map[string]string{"name": "integration"}},
	"put-integration-override":     {path: map[string]string{"name": "integration"}, body: `{"label":"mine"}`},
	"delete-integration-override":  {path: map[string]string{"name": "integration"}},
	"list-integration-versions":    {path: map[string]string{"name": "integration"}},
	"list-calls":                   {},
	"get-call":                     {path: map[string]string{"id": "call"}},
	"proxy-list":                   {path: map[string]string{"resource": "=users"}},
	"proxy-create":                 {path: map[string]string{"resource": "=notes"}, body: `{}`},
	"proxy-get":                    {path: map[string]string{"resource": "=users", "id": "=x"}},
	"proxy-update":                 {path: map[string]string{"resource": "=users", "id": "=x"}, body: `{}`},
	"proxy-delete":                 {path: map[string]string{"resource": "=users", "id": "=x"}},
	"proxy-custom":                 {path: map[string]string{"resource": "=database_records", "method": "=bulk_delete"}, body: `{}`},
	"list-confirmations":           {},
	"approve-confirmation":         {path: map[string]string{"id": "question"}},
	"decline-confirmation":         {path: map[string]string{"id": "another question"}},
	"list-webhooks":                {},
	"create-webhook":               {},
	"get-webhook":                  {path: map[string]string{"id": "webhook"}},
	"update-webhook":               {path: map[string]string{"id": "webhook"}, body: `{"enabled":true}`},
	"delete-webhook":               {path: map[string]string{"id": "webhook"}},
	"rotate-webhook-secret":        {path: map[string]string{"id": "webhook"}},
	"test-webhook":                 {path: map[string]string{"id": "webhook"}},
	"list-events":                  {},
	"get-health":                   {},
	"get-me":                       {},
	"update-me":                    {person: true},
	"change-password":              {person: true},
	"list-my-sessions":             {person: true},
	"delete-my-session":            {person: true},
	"delete-my-other-sessions":     {person: true},
	"list-my-api-tokens":           {person: true},
	"create-my-api-token":          {person: true},
	"delete-my-api-token":          {person: true},
	"list-users":                   {},
	"get-user":                     {path: map[string]string{"id": "user"}},
	"update-user":                  {path: map[string]string{"id": "user"}, body: `{"name":"Mine"}`},
	"delete-user":                  {path: map[string]string{"id": "user"}},
	"create-password-link":         {path: map[string]string{"id": "user"}},
	"list-invitations":             {},
	"create-invitation":            {},
	"delete-invitation":            {path: map[string]string{"id": "invitation"}},
	"get-openid-provider":          {},
	"put-openid-provider":          {},
	"delete-openid-provider":       {},
}

type described struct {
	Paths map[string]map[string]struct {
		ID         string `json:"operationId"`
		Parameters []struct{ Name, In string }
	}
}

func TestNoPathReachesAnotherEnvironment(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		owner, stranger := h.here, h.tenant(t, "elsewhere")
		ids := owner.ids(t)
		var doc described
		h.send(t, "GET", "/openapi.json", "").want(200).into(&doc)
		var seen []string
		for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
			// The order is such that what deletes comes last.
			for _, method := range []string{"get", "post", "put", "patch", "delete"} {
				op, ok := doc.Paths[path][method]
				if !ok {
					continue
				}
				seen = append(seen, op.ID)
				row, ok := others[op.ID]
				if !ok {
					t.Errorf("%s (%s %s) is not in the table of this test: say what of an environment's it takes", op.ID, method, path)
					continue
				}
				if row.person {
					continue
				}
				address, query, owned := path, "", false
				for _, p := range op.Parameters {
					switch {
					case p.In == "path":
						kind, ok := row.path[p.Name]
						if !ok && op.ID != "put-integration" {
							t.Errorf("%s: the table does not say what {%s} is", op.ID, p.Name)
						}
						value, fixed := strings.CutPrefix(kind, "=")
						if !fixed {
							value, owned = ids[kind], true
						}
						address = strings.ReplaceAll(address, "{"+p.Name+"}", value)
					case p.Name == "integrated_account_id" && strings.HasPrefix(path, "/proxy"):
						query, owned = "?integrated_account_id="+ids["account"], true
					}
				}
				body := any(nil)
				if row.body != "" {
					text := row.body
					if strings.Contains(text, "%s") {
						text, owned = fmt.Sprintf(text, ids["account"]), true
					}
					body = text
				}
				if !owned || op.ID == "put-integration" {
					continue
				}
				t.Run(op.ID, func(t *testing.T) {
					got := stranger.do(t, strings.ToUpper(method), address+query, body)
					got.refuses(404, "any")
					for kind, id := range ids {
						if !strings.HasSuffix(kind, "integration") && strings.Contains(string(got.body), id) {
							t.Errorf("the refusal tells of the owner's %s: %s", kind, got.body)
						}
					}
					if method != "delete" { // that it is there, for the owner
						if got := owner.do(t, strings.ToUpper(method), address+query, body); got.status == 404 && !strings.Contains(string(got.body), `"is_remote_error":true`) {
							t.Errorf("its owner is answered 404 too, so this shows nothing: %s", got.body)
						}
					}
				})
			}
		}
		for id := range others {
			if !slices.Contains(seen, id) {
				t.Errorf("the table speaks of %s, which is no operation", id)
			}
		}
		t.Run("a list is of one environment, whatever it is filtered by", func(t *testing.T) {
			for _, path := range []string{
				"/environment", "/api-token", "/user", "/user-invitation", "/integrated-account", "/integrated-account?tenant_id=acme", "/integration", "/mcp-client", "/mcp-grant", "/mcp-grant?mcp_server_id=" + ids["server"], "/connection-attempt", "/connection-attempt?mcp_server_id=" + ids["server"], "/log", "/webhook", "/event", "/event?integrated_account_id=" + ids["account"],
				"/log?integrated_account_id=" + ids["account"], "/log?mcp_server_id=" + ids["server"], "/integrated-account?next_cursor=" + ids["account"],
			} {
				got := stranger.do(t, "GET", path, nil)
				got.list()
				for kind, id := range ids {
					if strings.Contains(string(got.body), `"`+id+`"`) {
						t.Errorf("%s tells of the owner's %s: %s", path, kind, got.body)
					}
				}
			}
		})
		t.Run("an MCP server of another of one's own accounts is not there either", func(t *testing.T) {
			second := owner.connect(t, sandbox())
			owner.do(t, "GET", "/integrated-account/"+second+"/mcp/"+ids["server"], nil).refuses(404, "")
			owner.do(t, "DELETE", "/integrated-account/"+second+"/mcp/"+ids["server"], nil).refuses(404, "")
		})
		t.Run("all that is the owner's is still there", func(t *testing.T) {
			for _, path := range []string{"/integrated-account/" + ids["account"], "/integrated-account/" + ids["account"] + "/mcp/" + ids["server"], "/api-token/" + ids["token"], "/integration/depot"} {
				owner.do(t, "GET", path, nil).want(200)
			}
		})
	})
}

func TestEveryPathButTheOpenOnesWantsAToken(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		var doc described
		h.send(t, "GET", "/openapi.json", "").want(200).into(&doc)
		revoked, text, err := h.Environments.CreateToken(t.Context(), h.here.environment, "revoked", "test", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		h.send(t, "GET", "/log", "", "Authorization", "Bearer "+text).want(200)
		h.here.do(t, "DELETE", "/api-token/"+revoked.ID, nil).want(204)
		tried := 0
		for path, methods := range doc.Paths {
			for method := range methods {
				if path == "/health" {
					continue
				}
				for _, authorization := range []string{"", "Bearer", "Bearer slu_nobody", "Basic " + h.here.token, text, "Bearer " + text} {
					got := h.send(t, strings.ToUpper(method), path, `{`, "Authorization", authorization, "Content-Type", "application/json")
					p := got.refuses(http.StatusUnauthorized, "")
					if got.header.Get("WWW-Authenticate") == "" {
						t.Errorf("%s: a 401 without a challenge", got.call)
					}
					if strings.Contains(p.Message, "slu_") {
						t.Errorf("%s: the token is told again: %s", got.call, p.Message)
					}
					tried++
				}
			}
		}
		if tried < 100 {
			t.Errorf("only %d requests were tried", tried)
		}
		for _, path := range []string{"/", "/health", "/openapi.json", "/openapi.yaml"} {
			h.send(t, "GET", path, "").want(200)
		}
		if equal(t, "the health", `{"status":"ok"}`, strings.TrimSpace(string(h.send(t, "GET", "/health", "").body))); json.Valid(h.send(t, "GET", "/openapi.yaml", "").body) {
			t.Error("the YAML document is JSON")
		}
	})
}
