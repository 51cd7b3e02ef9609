package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"sluice/internal/await"
	"sluice/internal/oauth"
	"sluice/internal/permission"
	"sluice/internal/store/storetest"
)

func TestAClientThatMayReadAsksAgainBeforeItChangesAnything(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	client := i.register(t, server, callback)

	request := i.request(server, client, "scope", "tools:read openid profile")
	if page := string(look(t, ada, request).body); strings.Contains(page, "Let it make changes") || !strings.Contains(page, "does not ask to make changes") {
		t.Error("the page asks for more than the client did")
	}
	code := sentBack(t, decide(t, ada, request, "decision", "allow", "write", "on")).Get("code") // a box that was not shown
	got := tokensOf(t, i.exchange(t, server, client, code))
	if got.scope != "tools:read" {
		t.Fatalf("the scope is %q", got.scope)
	}
	if tools := i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 200); !strings.Contains(string(tools.body), writeTool) {
		t.Error("a tool that may be asked for is not shown")
	}
	i.rpc(t, server, got.access, "tools/call", `{"name":"`+readTool+`"}`).want(t, 200)
	refused := i.rpc(t, server, got.access, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`).want(t, 403)
	challenge := refused.header.Get("WWW-Authenticate")
	for _, want := range []string{`error="insufficient_scope"`, `scope="tools:read tools:write"`, `resource_metadata="` + i.URL + "/.well-known/oauth-protected-resource/mcp/" + server.ID + `"`} {
		if !strings.Contains(challenge, want) {
			t.Errorf("the challenge is %s, without %s", challenge, want)
		}
	}
	i.refresh(t, server, client, got.refresh, "scope", "tools:read tools:write").wantError(t, 400, "invalid_scope", "")

	code = i.allow(t, ada, i.request(server, client, "scope", "tools:read tools:write"))
	more := tokensOf(t, i.exchange(t, server, client, code))
	i.rpc(t, server, more.access, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`).want(t, 200)
	less := tokensOf(t, i.refresh(t, server, client, more.refresh, "scope", "tools:read"))
	i.rpc(t, server, less.access, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`).want(t, 403)

	// The person leaves the box empty, whatever was asked for.
	code = sentBack(t, decide(t, ada, i.request(server, client), "decision", "allow")).Get("code")
	if got := tokensOf(t, i.exchange(t, server, client, code)); got.scope != "tools:read" {
		t.Errorf("without the person's consent the scope is %q", got.scope)
	}
}

func TestNobodyGivesMoreThanTheyMayThemselves(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	viewer := i.person(t, i.env, permission.Viewer)
	client := i.register(t, server, callback)
	if page := string(look(t, viewer, i.request(server, client)).want(t, 200).body); !strings.Contains(page, "your own role does not allow") || strings.Contains(page, writeTool) {
		t.Error("the page offers changes to a viewer")
	}
	got := tokensOf(t, i.exchange(t, server, client, i.allow(t, viewer, i.request(server, client))))
	if got.scope != "tools:read" {
		t.Errorf("a viewer gave %q", got.scope)
	}
	if tools := i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 200); strings.Contains(string(tools.body), writeTool) || !strings.Contains(string(tools.body), readTool) {
		t.Error("a viewer's client is shown what it can never call")
	}
	a := i.rpc(t, server, got.access, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`)
	if a.status != 200 || a.json(t)["error"] == nil {
		t.Errorf("the call is answered with %d %s", a.status, a.body)
	}

	// Whoever loses the right to change things takes it along from all that they allowed, at once.
	ada := i.person(t, i.env, permission.Member)
	client, got = i.connect(t, server, ada)
	i.rpc(t, server, got.access, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`).want(t, 200)
	i.people.become(ada.ID, permission.Viewer)
	if a := i.rpc(t, server, got.access, "tools/call", `{"name":"`+writeTool+`","arguments":{}}`); a.json(t)["error"] == nil {
		t.Errorf("after a change of role the call is answered with %d %s", a.status, a.body)
	}
	i.rpc(t, server, got.access, "tools/call", `{"name":"`+readTool+`"}`).want(t, 200)
	i.people.leave(ada.ID)
	i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 401)
	i.refresh(t, server, client, got.refresh).wantError(t, 400, "invalid_grant", "no longer there")
}

func TestWhatWasAllowedIsListedAndTakenBack(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		i := install(t, func(s *settings) { s.database = database })
		server := i.server(t, `{"auth":"oauth"}`)
		ada, bob := i.person(t, i.env, permission.Member), i.person(t, i.env, permission.Member)
		_, adas := i.connect(t, server, ada)
		bobsClient, bobs := i.connect(t, server, bob)
		grants, _, err := i.ListGrants(t.Context(), i.env, server.ID, "", "", 10)
		if err != nil || len(grants) != 2 || grants[0].UserID != bob.ID || grants[1].UserID != ada.ID || grants[0].ClientName != "Shipyard" || grants[0].ClientID != bobsClient {
			t.Fatalf("the grants are %+v, error %v", grants, err)
		}
		if mine, _, err := i.ListGrants(t.Context(), i.env, "", ada.ID, "", 10); err != nil || len(mine) != 1 {
			t.Errorf("Ada's grants are %+v, error %v", mine, err)
		}
		if others, _, err := i.ListGrants(t.Context(), "env_other", "", "", "", 10); err != nil || len(others) != 0 {
			t.Errorf("another environment's grants are %+v, error %v", others, err)
		}
		i.rpc(t, server, adas.access, "tools/list", `{}`).want(t, 200)
		if err := i.Revoke(t.Context(), "env_other", grants[1].ID); err == nil {
			t.Error("another environment takes it back")
		}
		if err := i.Revoke(t.Context(), i.env, grants[1].ID); err != nil {
			t.Fatal(err)
		}
		i.rpc(t, server, adas.access, "tools/list", `{}`).want(t, 401)
		i.rpc(t, server, bobs.access, "tools/list", `{}`).want(t, 200)

		// The client itself takes back (RFC 7009): an access token alone, or all by the refresh token. Of another client's it learns nothing.
		address := i.URL + "/oauth/" + server.ID + "/revoke"
		form(t, address, "client_id", i.register(t, server, callback), "token", bobs.refresh).want(t, 200)
		i.rpc(t, server, bobs.access, "tools/list", `{}`).want(t, 200)
		form(t, address, "client_id", bobsClient, "token", bobs.access).want(t, 200)
		i.rpc(t, server, bobs.access, "tools/list", `{}`).want(t, 401)
		again := tokensOf(t, i.refresh(t, server, bobsClient, bobs.refresh))
		form(t, address, "client_id", bobsClient, "token", again.refresh, "token_type_hint", "refresh_token").want(t, 200)
		i.rpc(t, server, again.access, "tools/list", `{}`).want(t, 401)

		// With a client goes what was granted to it, with a server all that was granted at it.
		client, got := i.connect(t, server, ada)
		i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 200)
		if err := i.DeleteClient(t.Context(), i.env, client); err != nil {
			t.Fatal(err)
		}
		i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 401)
		i.refresh(t, server, client, got.refresh).wantError(t, 401, "invalid_client", "register again")
		_, got = i.connect(t, server, ada)
		if err := i.Servers.Delete(t.Context(), i.env, i.account, server.ID); err != nil {
			t.Fatal(err)
		}
		a := i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 404)
		if a.header.Get("WWW-Authenticate") != "" {
			t.Error("a server that is gone challenges")
		}
	})
}

func TestARevocationReachesOtherNodesWithinASecond(t *testing.T) {
	database := storetest.PostgreSQL(t)
	here := install(t, func(s *settings) { s.database = database })
	there := install(t, func(s *settings) { s.database = database })
	there.env, there.account, there.people = here.env, here.account, here.people
	server := here.server(t, `{"auth":"oauth"}`)
	ada := here.person(t, here.env, permission.Member)
	_, got := here.connect(t, server, ada)
	access := func() error { _, err := there.Access(t.Context(), server, got.access); return err }
	// The other installation of these tests has people of its own; that Ada is missing there shows that the token itself was found.
	if err := access(); err == nil || !strings.Contains(err.Error(), "may not use these tools") {
		t.Fatalf("before: %v", err)
	}
	grants, _, err := here.ListGrants(t.Context(), here.env, "", "", "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := here.Revoke(t.Context(), here.env, grants[0].ID); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the other node to refuse the token", func() bool {
		denied, ok := access().(*oauth.Denied)
		return ok && strings.Contains(denied.Words, "revoked")
	})
}

func TestAStreamEndsWithTheGrantThatOpenedIt(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	ada, bob := i.person(t, i.env, permission.Member), i.person(t, i.env, permission.Member)
	_, adas := i.connect(t, server, ada)
	_, bobs := i.connect(t, server, bob)
	// The old transport's session is its opener's: another's token posts nothing into it.
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, i.URL+"/mcp/"+server.ID, nil)
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+adas.access)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	buffer := make([]byte, 4096)
	n, _ := stream.Body.Read(buffer)
	_, endpoint, ok := strings.Cut(string(buffer[:n]), "data: ")
	if !ok {
		t.Fatalf("the stream begins with %q", buffer[:n])
	}
	endpoint = strings.TrimSpace(endpoint)
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	send(t, http.MethodPost, i.URL+endpoint, ping, "Content-Type", "application/json", "Authorization", "Bearer "+bobs.access).want(t, 404)
	send(t, http.MethodPost, i.URL+endpoint, ping, "Content-Type", "application/json").want(t, 401)
	send(t, http.MethodPost, i.URL+endpoint, ping, "Content-Type", "application/json", "Authorization", "Bearer "+adas.access).want(t, 202)
}
