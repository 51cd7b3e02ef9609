package oauth_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"sluice/internal/connection"
	"sluice/internal/permission"
	"sluice/internal/store/storetest"
)

const (
	readTool  = "list_all_octapipe_users"
	writeTool = "delete_a_octapipe_pipeline_card_by_id"
)

func TestAClientFindsItsWayFromTheChallengeToTheFirstCall(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		i := install(t, func(s *settings) { s.database = database })
		server := i.server(t, `{"auth":"oauth"}`)
		ada := i.person(t, i.env, permission.Member)

		challenge := i.rpc(t, server, "", "tools/list", `{}`).want(t, 401).header.Get("WWW-Authenticate")
		metadata := i.URL + "/.well-known/oauth-protected-resource/mcp/" + server.ID
		if want := `Bearer scope="tools:read tools:write", resource_metadata="` + metadata + `"`; challenge != want {
			t.Errorf("the challenge is %s, want %s", challenge, want)
		}
		resource := send(t, http.MethodGet, metadata, "").want(t, 200).json(t)
		if resource["resource"] != i.URL+"/mcp/"+server.ID {
			t.Errorf("the resource is %v", resource["resource"])
		}
		issuer := resource["authorization_servers"].([]any)[0].(string)
		about := send(t, http.MethodGet, strings.Replace(issuer, "/mcp/", "/.well-known/oauth-authorization-server/mcp/", 1), "").want(t, 200).json(t)
		for key, want := range map[string]any{
			"issuer": issuer, "authorization_response_iss_parameter_supported": true, "client_id_metadata_document_supported": true,
			"registration_endpoint": i.URL + "/oauth/" + server.ID + "/register",
		} {
			if about[key] != want {
				t.Errorf("%s is %v, want %v", key, about[key], want)
			}
		}
		if got := about["code_challenge_methods_supported"].([]any); len(got) != 1 || got[0] != "S256" {
			t.Errorf("PKCE: %v, want S256 alone", got)
		}

		client := i.register(t, server, callback)
		request := i.request(server, client)
		if got := send(t, http.MethodGet, request, "").want(t, 303).header.Get("Location"); !strings.HasPrefix(got, "/sign-in?next=%2Foauth%2F") {
			t.Errorf("somebody who is not signed in is sent to %s", got)
		}
		page := string(look(t, ada, request).want(t, 200).body)
		for _, want := range []string{"Shipyard", "127.0.0.1:33333", "Sales", "Octapipe", ada.Email, readTool, writeTool, "nobody has checked it", "a program on this computer", "Let it make changes"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		back := sentBack(t, decide(t, ada, request, "decision", "allow", "write", "on"))
		if back.Get("state") != "xyzzy" || back.Get("iss") != issuer {
			t.Errorf("the browser carries back %v", back)
		}
		answer := i.exchange(t, server, client, back.Get("code"))
		if got := answer.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("the tokens may be kept by caches: %q", got)
		}
		got := tokensOf(t, answer)
		if got.scope != "tools:read tools:write" {
			t.Errorf("the scope is %q", got.scope)
		}
		i.rpc(t, server, got.access, "tools/call", `{"name":"`+readTool+`"}`).want(t, 200)
		made := i.called.last(t)
		if made.UserID != ada.ID || !strings.HasPrefix(made.TokenID, "gra_") || made.ClientName != "Shipyard" {
			t.Errorf("the call was made for user %q, grant %q, by %q", made.UserID, made.TokenID, made.ClientName)
		}

		attempts, _, err := i.Log.List(t.Context(), i.env, server.ID, "", 10)
		if err != nil || len(attempts) != 1 {
			t.Fatalf("%d attempts were kept, error %v; want one", len(attempts), err)
		}
		var steps []connection.StepName
		for _, s := range attempts[0].Steps {
			if len(steps) == 0 || steps[len(steps)-1] != s.Name {
				steps = append(steps, s.Name)
			}
		}
		want := []connection.StepName{connection.Challenge, connection.ResourceMetadata, connection.ServerMetadata, connection.Registration, connection.Authorization,
			connection.SignIn, connection.Authorization, connection.Consent, connection.Token, connection.Call}
		if !slices.Equal(steps, want) {
			t.Errorf("the steps are %v, want %v", steps, want)
		}
		if v := attempts[0].Verdict(time.Now()); v.State != connection.Connected || attempts[0].ClientName != "Shipyard" || attempts[0].UserID != ada.ID {
			t.Errorf("the verdict is %+v of %+v", v, attempts[0])
		}
		if other, _, err := i.Log.List(t.Context(), "env_other", "", "", 10); err != nil || len(other) != 0 {
			t.Errorf("another environment sees %d attempts, error %v", len(other), err)
		}
	})
}

func TestARefusalLeadsBackToTheClientWithItsReason(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	client := i.register(t, server, callback)
	back := sentBack(t, decide(t, ada, i.request(server, client), "decision", "deny"))
	if back.Get("error") != "access_denied" || back.Get("state") != "xyzzy" || back.Get("iss") == "" || back.Has("code") {
		t.Errorf("the browser carries back %v", back)
	}
	attempts, _, _ := i.Log.List(t.Context(), i.env, server.ID, "", 10)
	if v := attempts[0].Verdict(time.Now()); v.State != connection.Failed || v.Step != connection.Consent || v.Mend == "" {
		t.Errorf("the verdict is %+v", v)
	}
}

// Clients try several addresses, with the resource's path inside, behind or left out. One that leads to a page, or to another server, makes them loop.
func TestEveryWellKnownAddressAgreesOrSaysInJSONThatItIsNone(t *testing.T) {
	i := install(t)
	first := i.server(t, `{"auth":"oauth"}`)
	paths := func(id string) []string {
		var all []string
		for _, kind := range []string{"oauth-protected-resource", "oauth-authorization-server", "openid-configuration"} {
			all = append(all, "/.well-known/"+kind+"/mcp/"+id, "/mcp/"+id+"/.well-known/"+kind, "/.well-known/"+kind)
		}
		return all
	}
	about := func(id string) (found int) {
		for _, path := range paths(id) {
			got := send(t, http.MethodGet, i.URL+path, "")
			if kind := got.header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("%s is answered as %q", path, kind)
			}
			body := got.json(t)
			switch {
			case got.status == 404:
				if body["error"] == "" {
					t.Errorf("%s says %s", path, got.body)
				}
			case got.status != 200:
				t.Errorf("%s is answered with %d", path, got.status)
			case strings.Contains(path, "protected-resource") && body["resource"] != i.URL+"/mcp/"+id, !strings.Contains(path, "protected-resource") && body["issuer"] != i.URL+"/mcp/"+id:
				t.Errorf("%s is about another server: %s", path, got.body)
			default:
				found++
			}
		}
		return found
	}
	if found := about(first.ID); found != 7 {
		t.Errorf("the only server is found at %d addresses, want the 3 that name it behind the well-known one, OpenID Connect's own, and the 3 that name none", found)
	}
	second := i.server(t, `{"auth":"oauth"}`)
	for _, id := range []string{first.ID, second.ID} {
		if found := about(id); found != 4 {
			t.Errorf("one of two servers is found at %d addresses, want the 4 that name it", found)
		}
	}
	if provider, err := oidc.NewProvider(t.Context(), i.URL+"/mcp/"+second.ID); err != nil || provider.Endpoint().TokenURL != i.URL+"/oauth/"+second.ID+"/token" {
		t.Errorf("a library of OpenID Connect finds %+v, %v", provider, err)
	}
	for _, path := range append(paths("mcp_00000000000000000000000000"), "/.well-known/oauth-protected-resource/mcp/"+first.ID+"/more", "/.well-known/oauth-protected-resource/other/"+first.ID) {
		if got := send(t, http.MethodGet, i.URL+path, ""); got.status != 404 || got.json(t)["error"] == "" {
			t.Errorf("%s is answered with %d %s", path, got.status, got.body)
		}
	}
	if got := send(t, http.MethodGet, i.URL+"/.well-known/oauth-protected-resource/mcp/"+first.ID, "", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "host=evil.example"); strings.Contains(string(got.body), "evil") {
		t.Errorf("a header changes what the metadata says: %s", got.body)
	}
	if got := send(t, http.MethodGet, i.URL+"/.well-known/oauth-protected-resource/mcp/"+first.ID, "", "Host", "evil.example"); got.status != 403 {
		t.Errorf("a foreign host name is answered with %d: %s", got.status, got.body)
	}
}

func TestBrowserClientsReachEveryEndpointAndStrangersNone(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	const inspector, evil = "http://localhost:6274", "https://evil.example"
	for path, method := range map[string]string{
		"/.well-known/oauth-protected-resource/mcp/" + server.ID: "GET", "/mcp/" + server.ID: "POST",
		"/oauth/" + server.ID + "/register": "POST", "/oauth/" + server.ID + "/token": "POST", "/oauth/" + server.ID + "/revoke": "POST",
	} {
		pre := send(t, http.MethodOptions, i.URL+path, "", "Origin", inspector, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", "authorization,content-type,mcp-protocol-version")
		if pre.status != 204 || pre.header.Get("Access-Control-Allow-Origin") != inspector || !strings.Contains(pre.header.Get("Access-Control-Allow-Methods"), method) ||
			!strings.Contains(pre.header.Get("Access-Control-Allow-Headers"), "mcp-protocol-version") {
			t.Errorf("the preflight of %s is answered with %d %v", path, pre.status, pre.header)
		}
		got := send(t, method, i.URL+path, "", "Origin", inspector)
		if got.status == 403 || got.header.Get("Access-Control-Allow-Origin") != inspector || !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "www-authenticate") {
			t.Errorf("%s is answered with %d %v", path, got.status, got.header)
		}
		for _, m := range []string{http.MethodOptions, method} {
			if got := send(t, m, i.URL+path, "", "Origin", evil); got.status != 403 || got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s of a foreign page is answered with %d %v", m, path, got.status, got.header)
			}
		}
	}
}

func TestASecretURLNeverSendsAClientIntoOAuth(t *testing.T) {
	i := install(t)
	i.server(t, `{"auth":"oauth"}`)
	for _, path := range []string{"/mcp/" + strings.Repeat("a", 43), "/mcp/mcp_00000000000000000000000000", "/mcp/x"} {
		got := send(t, http.MethodPost, i.URL+path, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, "Content-Type", "application/json")
		if got.status != 404 || got.header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s is answered with %d and the challenge %q", path, got.status, got.header.Get("WWW-Authenticate"))
		}
	}
}
