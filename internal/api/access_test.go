package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/environment"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/user"
)

// user makes a user of the tenant's.
func (n *tenant) user(t *testing.T, name string, role permission.Role) *user.User {
	t.Helper()
	u, err := n.house.Users.Create(t.Context(), user.Draft{Environment: n.environment, Email: name + "@" + strings.ReplaceAll(n.environment, "_", "-") + ".example.com", Role: role}, user.Operator)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// browser is somebody who is signed in.
type browser struct {
	house   *house
	user    *user.User
	session *user.Session
	cookie  string
}

func (n *tenant) browser(t *testing.T, u *user.User) *browser {
	t.Helper()
	token, session, err := n.house.Users.StartSession(t.Context(), u, "password", user.Origin{Address: "192.0.2.1", UserAgent: "Test"})
	if err != nil {
		t.Fatal(err)
	}
	return &browser{n.house, u, session, "__Host-sluice_session=" + token}
}

// do calls a path as a page of Sluice's own would.
func (b *browser) do(t *testing.T, method, path, body string) *response {
	t.Helper()
	headers := []string{"Cookie", b.cookie, "Sec-Fetch-Site", "same-origin"}
	if body != "" {
		headers = append(headers, "Content-Type", "application/json")
	}
	return b.house.send(t, method, path, body, headers...)
}

func (n *tenant) scoped(t *testing.T, userID string, scopes permission.Set) *tenant {
	t.Helper()
	_, text, err := n.house.Environments.IssueToken(t.Context(), environment.TokenDraft{
		Environment: n.environment, Name: "scoped", UserID: userID, Scopes: scopes, CreatedBy: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return &tenant{house: n.house, environment: n.environment, token: text, account: n.account}
}

// secured is the OpenAPI document as far as it says who may call what.
type secured struct {
	Paths map[string]map[string]struct {
		ID       string                `json:"operationId"`
		Security []map[string][]string `json:"security"`
	}
}

// need is what the document says that an operation needs.
type need struct {
	id, method, path string
	open, person     bool
	scope            permission.Permission // "": any caller
}

// needs reads the document, and fails where an operation does not say what it needs.
func needs(t *testing.T, h *house) (all []need) {
	t.Helper()
	var doc secured
	h.send(t, "GET", "/openapi.json", "").want(200).into(&doc)
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := doc.Paths[path][method]
			n := need{id: op.ID, method: strings.ToUpper(method), path: path}
			var token, session []string
			var byToken, bySession bool
			for _, s := range op.Security {
				if scopes, ok := s["apiToken"]; ok {
					token, byToken = scopes, true
				}
				if scopes, ok := s["session"]; ok {
					session, bySession = scopes, true
				}
			}
			switch {
			case op.Security == nil:
				t.Fatalf("%s: the document does not say what it needs", op.ID)
			case len(op.Security) == 0:
				n.open = true
			case !bySession:
				t.Errorf("%s: nobody can do it in a browser", op.ID)
			case !byToken:
				n.person = true
			case !slices.Equal(token, session) || len(token) > 1:
				t.Errorf("%s needs %v of a token and %v of a session", op.ID, token, session)
			case len(token) == 1:
				n.scope = permission.Permission(token[0])
			}
			all = append(all, n)
		}
	}
	return all
}

// somewhere is a path with what is nowhere in its parameters, so that whoever may call it changes nothing.
func somewhere(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = "nowhere"
		}
	}
	return strings.Join(parts, "/")
}

// TestTheMatrixOfRolesAndScopes tries every operation of the document with every role and every scope.
func TestTheMatrixOfRolesAndScopes(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		type someone struct {
			name   string
			holds  permission.Set
			person bool
			call   func(t *testing.T, n need) *response
		}
		var all []someone
		byToken := func(name string, n *tenant, holds permission.Set) {
			all = append(all, someone{name, holds, false, func(t *testing.T, op need) *response {
				body := ""
				if op.method != "GET" && op.method != "DELETE" {
					body = "{"
				}
				return h.send(t, op.method, somewhere(op.path), body, "Authorization", "Bearer "+n.token, "Content-Type", "application/json")
			}})
		}
		for _, role := range permission.Roles() {
			u := h.here.user(t, string(role), role)
			b := h.here.browser(t, u)
			all = append(all, someone{"a session of the role " + string(role), role.Permissions(), true, func(t *testing.T, op need) *response {
				body := ""
				if op.method != "GET" && op.method != "DELETE" {
					body = "{"
				}
				return b.do(t, op.method, somewhere(op.path), body)
			}})
			byToken("an unscoped token of the role "+string(role), h.here.scoped(t, u.ID, permission.Everything), role.Permissions())
		}
		byToken("a token from before there were scopes", h.here, permission.Everything)
		for _, p := range permission.All() {
			byToken("a token with the scope "+string(p), h.here.scoped(t, "", permission.Of(p)), permission.Of(p))
		}
		operations, refused, allowed := needs(t, h), 0, 0
		var seen permission.Set
		for _, op := range operations {
			seen |= permission.Of(op.scope)
			if op.id == "delete-my-other-sessions" { // a body or path that is wrong cannot keep it from being done
				continue
			}
			for _, who := range all {
				got := who.call(t, op)
				may := op.open || op.scope == "" && !op.person || op.person && who.person || who.holds.Has(op.scope)
				switch {
				case may && (got.status == http.StatusForbidden || got.status == http.StatusUnauthorized || got.status >= 500 && op.id != "get-health"):
					t.Errorf("%s (%s): %s holds what it needs, and is answered %d: %s", op.id, got.call, who.name, got.status, got.body)
				case !may && op.person:
					got.refuses(http.StatusForbidden, "", "in person")
					refused++
				case !may:
					got.refuses(http.StatusForbidden, "", string(op.scope))
					refused++
				default:
					allowed++
				}
			}
		}
		if len(operations) < 50 || refused < 500 || allowed < 300 {
			t.Errorf("%d operations, %d refusals, %d allowed: that is no matrix", len(operations), refused, allowed)
		}
		for _, p := range permission.All() {
			if !seen.Has(p) && p != permission.ToolsWrite && p != permission.WebhooksRead && p != permission.WebhooksWrite {
				t.Errorf("no operation needs %s", p)
			}
		}
	})
}

func TestAMethodThatIsNotSafeNeedsToolsWriteHoweverItIsCalled(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		reads, writes := h.here.scoped(t, "", permission.Of(permission.ToolsRead)), h.here.scoped(t, "", permission.Of(permission.ToolsWrite))
		tools := "/integrated-account/" + h.here.account + "/tools/"
		reads.do(t, "GET", reads.proxy("users"), nil).want(200)
		reads.do(t, "POST", tools+"list_all_octapipe_users", `{}`).want(200)
		writes.do(t, "GET", writes.proxy("users"), nil).refuses(403, "", "tools:read")
		for method, path := range map[string]string{
			"POST ":   reads.proxy("notes"),
			"PATCH ":  reads.proxy("users/x"),
			"DELETE ": reads.proxy("users/x"),
			"POST":    reads.proxy("database_records/bulk_delete"),
			" POST":   tools + "create_a_octapipe_note",
			" POST ":  tools + "octapipe_database_records_bulk_delete",
		} {
			reads.do(t, strings.TrimSpace(method), path, `{}`).refuses(403, "", "tools:write")
		}
		var calls int
		for _, call := range h.here.do(t, "GET", "/log", nil).list().Result {
			if call["write"] == true {
				calls++
			}
		}
		equal(t, "the writes that reached the log", 0, calls)
	})
}

func TestNobodyMakesAnMCPServerOfToolsThatTheyMayNotCall(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		path := "/integrated-account/" + h.here.account + "/mcp"
		servers := permission.Of(permission.ServersRead, permission.ServersWrite)
		h.here.scoped(t, "", servers).do(t, "POST", path, `{"config":{"methods":["read"]}}`).refuses(403, "", "tools:read")
		reader := h.here.scoped(t, "", servers|permission.Of(permission.ToolsRead))
		reader.do(t, "POST", path, `{}`).refuses(403, "config.methods", "tools:write")
		reader.do(t, "POST", path, `{"config":{"methods":["read","create"]}}`).refuses(403, "config.methods", "tools:write")
		id := reader.do(t, "POST", path, `{"config":{"methods":["read"]}}`).want(201).object()["id"]
		reader.do(t, "PATCH", fmt.Sprintf("%s/%s", path, id), `{"config":{"methods":null}}`).refuses(403, "config.methods", "tools:write")
		reader.do(t, "PATCH", fmt.Sprintf("%s/%s", path, id), `{"config":{"methods":["list"]}}`).want(200)
		reader.do(t, "PATCH", fmt.Sprintf("%s/%s", path, id), `{"name":"Readers"}`).want(200)
		h.here.do(t, "PATCH", fmt.Sprintf("%s/%s", path, id), `{"config":{"methods":null}}`).want(200)
	})
}

func TestNobodyGrantsWhatTheyDoNotHold(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		narrow := h.here.scoped(t, "", permission.Of(permission.TokensWrite, permission.UsersWrite, permission.LogsRead))
		narrow.do(t, "POST", "/api-token", `{"name":"x","scopes":["logs:read","accounts:read"]}`).refuses(403, "scopes", "accounts:read")
		narrow.do(t, "POST", "/api-token", `{"name":"x","scopes":["nothing"]}`).refuses(422, "scopes", "accounts:read")
		narrow.do(t, "POST", "/api-token", `{"name":"x","scopes":[]}`).refuses(422, "scopes")
		made := narrow.do(t, "POST", "/api-token", `{"name":"x"}`).want(201).object()
		equal(t, "the scopes of a token that names none", "[logs:read tokens:write users:write]", fmt.Sprint(made["scopes"]))
		child := &tenant{house: h, token: fmt.Sprint(made["token"])}
		child.do(t, "GET", "/log", nil).want(200)
		child.do(t, "GET", "/integrated-account", nil).refuses(403, "", "accounts:read", "logs:read")

		owner, admin := h.here.user(t, "owner", permission.Owner), h.here.user(t, "admin", permission.Admin)
		viewer := h.here.user(t, "viewer", permission.Viewer)
		narrow.do(t, "POST", "/user-invitation", `{"email":"a@example.com","role":"viewer"}`).refuses(403, "", "accounts:read")
		narrow.do(t, "POST", "/user/"+viewer.ID+"/password-link", nil).refuses(403, "", "accounts:read")
		asAdmin := h.here.browser(t, admin)
		asAdmin.do(t, "POST", "/user-invitation", `{"email":"a@example.com","role":"owner"}`).refuses(403, "", "environment:write")
		asAdmin.do(t, "POST", "/user-invitation", `{"email":"a@example.com","role":"admin"}`).want(201)
		asAdmin.do(t, "PATCH", "/user/"+admin.ID, `{"role":"owner"}`).refuses(403, "", "environment:write")
		asAdmin.do(t, "PATCH", "/user/"+owner.ID, `{"role":"viewer"}`).refuses(403, "", "environment:write")
		asAdmin.do(t, "DELETE", "/user/"+owner.ID, "").refuses(403, "", "environment:write")
		asAdmin.do(t, "POST", "/user/"+owner.ID+"/password-link", "").refuses(403, "", "environment:write")
		asAdmin.do(t, "PATCH", "/user/"+viewer.ID, `{"role":"member"}`).want(200)

		asOwner := h.here.browser(t, owner)
		asOwner.do(t, "PATCH", "/user/"+owner.ID, `{"role":"admin"}`).refuses(409, "", "last owner")
		asOwner.do(t, "DELETE", "/user/"+owner.ID, "").refuses(409, "", "last owner")
		asOwner.do(t, "PATCH", "/user/"+admin.ID, `{"role":"owner"}`).want(200)
		asOwner.do(t, "PATCH", "/user/"+owner.ID, `{"role":"viewer"}`).want(200)
		asOwner.do(t, "GET", "/user", "").refuses(403, "", "users:read", "viewer")

		short := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		ending := h.here.do(t, "POST", "/api-token", `{"name":"x","expires_at":"`+short.Format(time.RFC3339)+`"}`).want(201).object()
		heir := &tenant{house: h, token: fmt.Sprint(ending["token"])}
		equal(t, "the end of a token made by one that ends", short.Format(time.RFC3339), fmt.Sprint(heir.do(t, "POST", "/api-token", `{"name":"x"}`).want(201).object()["expires_at"]))
		heir.do(t, "POST", "/api-token", `{"name":"x","expires_at":"`+short.Add(time.Hour).Format(time.RFC3339)+`"}`).refuses(403, "expires_at", "outlives")
	})
}

func TestAUsersTokenMayDoNoMoreThanTheUserAndGoesWithThem(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		h.here.user(t, "stays", permission.Owner)
		u := h.here.user(t, "ada", permission.Member)
		b := h.here.browser(t, u)
		made := b.do(t, "POST", "/me/api-token", `{"name":"Laptop","scopes":["accounts:read","accounts:write"]}`).want(201).object()
		equal(t, "whose the token is", u.ID, fmt.Sprint(made["user_id"]))
		b.do(t, "POST", "/me/api-token", `{"name":"More","scopes":["tokens:write"]}`).refuses(403, "scopes", "tokens:write")
		token := &tenant{house: h, token: fmt.Sprint(made["token"])}
		token.do(t, "GET", "/integrated-account", nil).want(200)
		token.do(t, "POST", "/integrated-account", `{}`).want(422)
		token.do(t, "GET", "/log", nil).refuses(403, "", "logs:read")
		me := token.do(t, "GET", "/me", nil).want(200).object()
		equal(t, "whose token it is", u.Email, fmt.Sprint(me["user"].(map[string]any)["email"]))
		equal(t, "what it may do", "[accounts:read accounts:write]", fmt.Sprint(me["permissions"]))

		h.here.do(t, "PATCH", "/user/"+u.ID, `{"role":"viewer"}`).want(200)
		token.do(t, "POST", "/integrated-account", `{}`).refuses(403, "", "accounts:write", "viewer")
		token.do(t, "GET", "/integrated-account", nil).want(200)
		b.do(t, "POST", "/integrated-account", `{}`).refuses(403, "", "accounts:write")

		equal(t, "the tokens that are ada's", 1, len(b.do(t, "GET", "/me/api-token", "").list().Result))
		h.here.do(t, "DELETE", "/user/"+u.ID, nil).want(204)
		token.do(t, "GET", "/integrated-account", nil).refuses(401, "")
		b.do(t, "GET", "/integrated-account", "").refuses(401, "")
	})
}

func TestWhatIsDoneInPersonReachesNobodyElse(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		ada, bob := h.here.browser(t, h.here.user(t, "ada", permission.Owner)), h.here.browser(t, h.here.user(t, "bob", permission.Member))
		second := h.here.browser(t, ada.user)
		bobs := bob.do(t, "POST", "/me/api-token", `{"name":"Bob's"}`).want(201).object()
		ada.do(t, "DELETE", "/me/api-token/"+fmt.Sprint(bobs["id"]), "").refuses(404, "")
		ada.do(t, "DELETE", "/me/session/"+bob.session.ID, "").refuses(404, "")
		bob.do(t, "GET", "/me", "").want(200)

		server, _, err := h.Servers.Create(t.Context(), mcpserver.Draft{Environment: h.here.environment, AccountID: h.here.account, Name: "server", Config: []byte(`{"auth":"oauth"}`)})
		if err != nil {
			t.Fatal(err)
		}
		grants := map[string]string{}
		for _, u := range []*user.User{ada.user, bob.user} {
			grants[u.ID] = store.NewID("gra")
			if err := h.Store.CreateOAuthGrant(t.Context(), db.CreateOAuthGrantParams{
				ID: grants[u.ID], Environment: u.Environment, ServerID: server.ID, UserID: u.ID, ClientName: "Program", ExpiresAt: time.Now().Add(time.Hour).UnixMilli(),
			}); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, "bob's grants", 1, len(bob.do(t, "GET", "/me/mcp-grant", "").list().Result))
		bob.do(t, "DELETE", "/me/mcp-grant/"+grants[ada.user.ID], "").refuses(404, "")
		bob.do(t, "DELETE", "/me/mcp-grant/"+grants[bob.user.ID], "").want(204)
		equal(t, "the grants that are left", 1, len(ada.do(t, "GET", "/mcp-grant?mcp_server_id="+server.ID, "").list().Result))

		sessions := ada.do(t, "GET", "/me/session", "").list().Result
		equal(t, "ada's sessions", 2, len(sessions))
		for _, s := range sessions {
			equal(t, "the current session", s["id"] == ada.session.ID, s["current"] == true)
			equal(t, "the address", "192.0.2.1", fmt.Sprint(s["address"]))
		}
		ada.do(t, "DELETE", "/me/session", "").want(204)
		second.do(t, "GET", "/me", "").refuses(401, "")
		ada.do(t, "GET", "/me", "").want(200)
		ada.do(t, "PATCH", "/me", `{"name":"Ada Lovelace"}`).want(200)
		equal(t, "ada's name", "Ada Lovelace", fmt.Sprint(ada.do(t, "GET", "/me", "").object()["user"].(map[string]any)["name"]))

		ada.do(t, "PUT", "/me/password", `{"password":"short"}`).refuses(422, "password", "12")
		ada.do(t, "PUT", "/me/password", `{"password":"a password of ada's"}`).want(204)
		ada.do(t, "PUT", "/me/password", `{"old_password":"guess","password":"another password of ada's"}`).refuses(422, "old_password")
		ada.do(t, "PUT", "/me/password", `{"old_password":"a password of ada's","password":"another password of ada's"}`).want(204)
		if _, err := h.Users.SignIn(t.Context(), ada.user.Email, "another password of ada's", user.Origin{}); err != nil {
			t.Errorf("with the new password: %v", err)
		}
		ada.do(t, "DELETE", "/me/session/"+ada.session.ID, "").want(204)
		ada.do(t, "GET", "/me", "").refuses(401, "")
	})
}

func TestAnotherSiteCannotUseASession(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		b := h.here.browser(t, h.here.user(t, "ada", permission.Owner))
		for name, headers := range map[string][]string{
			"cross-site":             {"Sec-Fetch-Site", "cross-site"},
			"a neighbour":            {"Sec-Fetch-Site", "same-site"},
			"another origin":         {"Origin", "https://evil.example"},
			"no word of its origin":  {},
			"an origin that is none": {"Origin", "null"},
		} {
			got := h.send(t, "DELETE", "/api-token/x", "", append(headers, "Cookie", b.cookie)...)
			if p := got.refuses(403, ""); !strings.Contains(p.Message, "another site") {
				t.Errorf("%s: %s", name, p.Message)
			}
		}
		h.send(t, "DELETE", "/api-token/x", "", "Cookie", b.cookie, "Sec-Fetch-Site", "same-origin").refuses(404, "")
		// A token is no cookie: a browser does not send it by itself.
		h.send(t, "DELETE", "/api-token/x", "", "Authorization", "Bearer "+h.here.token, "Origin", "https://evil.example").refuses(404, "")
		// What is shown beside the cookie decides.
		h.send(t, "GET", "/me", "", "Cookie", b.cookie, "Authorization", "Bearer slu_nobody").refuses(401, "")
	})
}

func TestTheOpenIDProviderKeepsItsSecret(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		h.here.do(t, "GET", "/openid-provider", nil).refuses(404, "")
		good := `{"issuer":"https://id.example.com","client_id":"sluice","client_secret":"hush-hush","domains":["Example.com","@example.org"],"role":"viewer"}`
		for field, body := range map[string]string{
			"issuer":        `{"issuer":"id.example.com","client_id":"x","client_secret":"x","domains":["example.com"]}`,
			"client_secret": `{"issuer":"https://id.example.com","client_id":"x","domains":["example.com"]}`,
			"domains":       `{"issuer":"https://id.example.com","client_id":"x","client_secret":"x","domains":[]}`,
		} {
			h.here.do(t, "PUT", "/openid-provider", body).refuses(422, field)
		}
		for range 2 { // again, it changes nothing
			got := h.here.do(t, "PUT", "/openid-provider", good).want(200)
			equal(t, "the domains", "[example.com example.org]", fmt.Sprint(got.object()["domains"]))
			if strings.Contains(string(got.body), "hush") {
				t.Errorf("the secret is shown: %s", got.body)
			}
		}
		// Without a secret the one of before stays, but for its issuer alone.
		h.here.do(t, "PUT", "/openid-provider", `{"issuer":"https://id.example.com","client_id":"other","domains":["example.com"]}`).want(200)
		h.here.do(t, "PUT", "/openid-provider", `{"issuer":"https://evil.example.com","client_id":"other","domains":["example.com"]}`).refuses(422, "client_secret")
		if p, err := h.Users.Provider(t.Context(), h.here.environment); err != nil || p.ClientSecret != "hush-hush" || p.Role != "" {
			t.Errorf("the provider is %+v (%v), want the secret of before", p, err)
		}
		h.tenant(t, "elsewhere").do(t, "PUT", "/openid-provider", good).refuses(409, "", "example.com")
		h.here.do(t, "DELETE", "/openid-provider", nil).want(204)
		h.here.do(t, "GET", "/openid-provider", nil).refuses(404, "")
	})
}
