package oauth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/permission"
	"sluice/internal/store/storetest"
)

func TestACodeIsGoodForOneExchangeByWhoBeganIt(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	other := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	client, thief := i.register(t, server, callback), i.register(t, server, callback)
	request := i.request(server, client)

	for name, try := range map[string]func(code string) *answer{
		"another client":      func(code string) *answer { return i.exchange(t, server, thief, code) },
		"a client of another": func(code string) *answer { return i.exchange(t, other, i.register(t, other, callback), code) },
		"another verifier": func(code string) *answer {
			return i.exchange(t, server, client, code, "code_verifier", strings.Repeat("v", 43))
		},
		"no verifier":      func(code string) *answer { return i.exchange(t, server, client, code, "code_verifier", "") },
		"another redirect": func(code string) *answer { return i.exchange(t, server, client, code, "redirect_uri", callback+"/x") },
		"another port": func(code string) *answer {
			return i.exchange(t, server, client, code, "redirect_uri", "http://127.0.0.1:44444/callback")
		},
		"a code that is made up": func(string) *answer { return i.exchange(t, server, client, "slc_"+strings.Repeat("a", 43)) },
	} {
		try(i.allow(t, ada, request)).wantError(t, 400, "invalid_grant", "")
		if t.Failed() {
			t.Fatalf("…for %s", name)
		}
	}
	code := i.allow(t, ada, request)
	i.exchange(t, server, client, code, "resource", i.Resource(other)).wantError(t, 400, "invalid_target", i.Resource(server))
	i.exchange(t, server, client, code, "resource", "HTTP://"+strings.TrimPrefix(i.Resource(server), "http://")+"/").want(t, 200)

	late := i.allow(t, ada, request)
	i.clock.pass(3 * time.Minute)
	i.exchange(t, server, client, late).wantError(t, 400, "invalid_grant", "expired")
}

func TestACodeThatComesBackEndsWhatItWasUsedFor(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		i := install(t, func(s *settings) { s.database = database })
		server := i.server(t, `{"auth":"oauth"}`)
		ada := i.person(t, i.env, permission.Member)
		client := i.register(t, server, callback)
		code := i.allow(t, ada, i.request(server, client))
		got := tokensOf(t, i.exchange(t, server, client, code))
		i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 200)
		i.exchange(t, server, client, code).wantError(t, 400, "invalid_grant", "used before")
		i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 401)
		i.refresh(t, server, client, got.refresh).wantError(t, 400, "invalid_grant", "")

		// Two at once: at most one gets tokens, and keeps none.
		code = i.allow(t, ada, i.request(server, client))
		var wg sync.WaitGroup
		answers := make([]*answer, 4)
		for n := range answers {
			wg.Go(func() { answers[n] = i.exchange(t, server, client, code) })
		}
		wg.Wait()
		won := 0
		for _, a := range answers {
			if a.status == 200 {
				won++
				i.rpc(t, server, tokensOf(t, a).access, "tools/list", `{}`).want(t, 401)
			}
		}
		if won > 1 {
			t.Errorf("%d of four who came at once got tokens", won)
		}
	})
}

func TestARefreshTokenIsGoodOnceAndItsCopyEndsAll(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		i := install(t, func(s *settings) { s.database = database })
		server := i.server(t, `{"auth":"oauth"}`)
		other := i.server(t, `{"auth":"oauth"}`)
		ada := i.person(t, i.env, permission.Member)
		client, first := i.connect(t, server, ada)

		i.refresh(t, server, i.register(t, server, callback), first.refresh).wantError(t, 400, "invalid_grant", "another client")
		i.refresh(t, other, i.register(t, other, callback), first.refresh).wantError(t, 400, "invalid_grant", "")
		i.refresh(t, server, client, first.access).wantError(t, 400, "invalid_grant", "")
		i.refresh(t, server, client, first.refresh, "resource", i.Resource(other)).wantError(t, 400, "invalid_target", "")
		second := tokensOf(t, i.refresh(t, server, client, first.refresh))
		if second.refresh == first.refresh || second.access == first.access {
			t.Error("a refresh changes nothing")
		}
		i.clock.pass(5 * time.Second)
		again := tokensOf(t, i.refresh(t, server, client, first.refresh)) // a second window, or an answer that was lost
		i.rpc(t, server, again.access, "tools/list", `{}`).want(t, 200)
		i.rpc(t, server, second.access, "tools/list", `{}`).want(t, 200)
		i.rpc(t, server, first.access, "tools/list", `{}`).want(t, 200)

		i.clock.pass(time.Minute)
		i.refresh(t, server, client, first.refresh).wantError(t, 400, "invalid_grant", "used before")
		for _, got := range []tokens{first, second, again} {
			i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 401)
			i.refresh(t, server, client, got.refresh).wantError(t, 400, "invalid_grant", "")
		}
	})
}

func TestAnUnusedGrantEnds(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	client, got := i.connect(t, server, i.person(t, i.env, permission.Member))
	i.clock.pass(31 * 24 * time.Hour)
	i.rpc(t, server, got.access, "tools/list", `{}`).want(t, 401)
	got = tokensOf(t, i.refresh(t, server, client, got.refresh))
	i.clock.pass(91 * 24 * time.Hour)
	i.refresh(t, server, client, got.refresh).wantError(t, 400, "invalid_grant", "")
}

func TestATokenOpensTheOneServerThatItIsFor(t *testing.T) {
	i := install(t)
	server, other := i.server(t, `{"auth":"oauth"}`), i.server(t, `{"auth":"oauth"}`)
	env, acc := i.newEnvironment(t)
	foreign := i.serverOf(t, env, acc, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Owner)
	_, got := i.connect(t, server, ada)
	for _, s := range []string{other.ID, foreign.ID} {
		a := send(t, http.MethodPost, i.URL+"/mcp/"+s, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, "Content-Type", "application/json", "Authorization", "Bearer "+got.access).want(t, 401)
		if c := a.header.Get("WWW-Authenticate"); !strings.Contains(c, `error="invalid_token"`) || !strings.Contains(c, "another MCP server") || !strings.Contains(c, s) {
			t.Errorf("the challenge is %s", c)
		}
	}
	for name, bearer := range map[string]string{"a refresh token": got.refresh, "what is made up": "sla_" + strings.Repeat("a", 43), "an API token": "slu_" + strings.Repeat("a", 43)} {
		if a := i.rpc(t, server, bearer, "tools/list", `{}`); a.status != 401 {
			t.Errorf("%s is answered with %d", name, a.status)
		}
	}
	// A token in the URL is none (MCP 2026-07-28, Access Token Usage).
	send(t, http.MethodPost, i.URL+"/mcp/"+server.ID+"?access_token="+got.access, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, "Content-Type", "application/json").want(t, 401)

	// Somebody of another environment is asked for nothing, and can allow nothing.
	request := i.request(foreign, i.register(t, foreign, callback))
	look(t, ada, request).want(t, 403)
	decide(t, ada, request, "decision", "allow").want(t, 403)
	// Nor is a client of one server one of another.
	look(t, ada, i.request(other, i.register(t, server, callback))).want(t, 400)
}

func TestABrowserIsSentNowhereThatTheClientDidNotRegister(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	const web = "https://app.example/cb?tenant=1"
	local, remote := i.register(t, server, callback), i.register(t, server, web)
	for _, c := range []struct {
		client, redirect string
		ok               bool
	}{
		{local, callback, true},
		{local, "http://127.0.0.1:1/callback", true},
		{local, "http://127.0.0.1/callback", true},
		{local, "http://localhost:33333/callback", false},
		{local, "http://[::1]:33333/callback", false},
		{local, "https://127.0.0.1:33333/callback", false},
		{local, "http://127.0.0.1:33333/callback/", false},
		{local, "http://127.0.0.1:33333/callback?x=1", false},
		{local, "http://127.0.0.1:33333/../callback", false},
		{local, "http://127.0.0.1:33333/callback#f", false},
		{local, "http://127.0.0.1.evil.example:33333/callback", false},
		{local, "http://127.0.0.1:33333@evil.example/callback", false},
		{local, "http://evil.example/callback", false},
		{local, "javascript:alert(1)", false},
		{local, "", true}, // the only one that it registered
		{remote, web, true},
		{remote, "https://app.example/cb", false},
		{remote, "https://app.example:444/cb?tenant=1", false},
		{remote, "https://APP.example/cb?tenant=1", false},
		{remote, "https://app.example/cb?tenant=1&next=https://evil.example", false},
		{remote, "https://app.example.evil.example/cb?tenant=1", false},
		{remote, "http://app.example/cb?tenant=1", false},
	} {
		request := i.request(server, c.client, "redirect_uri", c.redirect)
		for _, a := range []*answer{look(t, ada, request), decide(t, ada, request, "decision", "deny")} {
			switch location := a.header.Get("Location"); {
			case c.ok && a.status != 200 && a.status != 303:
				t.Errorf("%q is answered with %d", c.redirect, a.status)
			case !c.ok && (a.status != 400 || location != ""):
				t.Errorf("%q is answered with %d, to %q", c.redirect, a.status, location)
			}
		}
	}
	// What is wrong with the rest of a request, the client is told at its own address.
	for _, c := range []struct{ parameter, value, code string }{
		{"response_type", "token", "unsupported_response_type"},
		{"response_type", "", "unsupported_response_type"},
		{"response_mode", "form_post", "invalid_request"},
		{"response_mode", "fragment", "invalid_request"},
		{"code_challenge", "", "invalid_request"},
		{"code_challenge", "short", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"},
		{"code_challenge_method", "", "invalid_request"},
		{"request", "eyJ", "request_not_supported"},
		{"prompt", "none", "interaction_required"},
		{"resource", "https://other.example/mcp", "invalid_target"},
	} {
		back := sentBack(t, look(t, ada, i.request(server, local, c.parameter, c.value)))
		if back.Get("error") != c.code || back.Get("state") != "xyzzy" || back.Get("iss") != i.Resource(server) {
			t.Errorf("%s=%q: the browser carries back %v, want %s", c.parameter, c.value, back, c.code)
		}
	}
	back := sentBack(t, look(t, ada, i.request(server, local)+"&scope=tools:read&scope=tools:write"))
	if back.Get("error") != "invalid_request" {
		t.Errorf("a parameter that is said twice: the browser carries back %v", back)
	}
	look(t, ada, i.request(server, local)+"&redirect_uri="+url.QueryEscape(web)).want(t, 400)
	look(t, ada, i.request(server, local)+"&client_id="+remote).want(t, 400)
}

func TestAnotherSiteCannotAnswerForAPerson(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	ada, bob := i.person(t, i.env, permission.Member), i.person(t, i.env, permission.Member)
	request := i.request(server, i.register(t, server, callback))
	body := "decision=allow&person=" + ada.ID
	for name, headers := range map[string][]string{
		"another site":                   {"Sec-Fetch-Site", "cross-site"},
		"another origin":                 {"Origin", "https://evil.example"},
		"a browser that does not say so": {},
	} {
		a := send(t, http.MethodPost, request, body, append([]string{"Content-Type", "application/x-www-form-urlencoded", "X-Signed-In", ada.ID}, headers...)...)
		if a.status != 403 || a.header.Get("Location") != "" {
			t.Errorf("%s is answered with %d, to %q", name, a.status, a.header.Get("Location"))
		}
	}
	// The page was shown to one person, and another has signed in since.
	if a := decide(t, bob, request, "decision", "allow", "person", ada.ID); a.status != 200 || !strings.Contains(string(a.body), "signed in as somebody else") {
		t.Errorf("the answer of another person is answered with %d", a.status)
	}
	// What the address says is no answer.
	if a := decide(t, ada, request+"&decision=allow"); a.status != 200 || a.header.Get("Location") != "" {
		t.Errorf("an answer in the address is answered with %d", a.status)
	}
	policy := look(t, ada, request).header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "form-action 'self' http://127.0.0.1:33333") {
		t.Errorf("the page's policy is %s", policy)
	}
}

func TestRegistrationTakesWhatItCanStandFor(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	address := i.URL + "/oauth/" + server.ID + "/register"
	for _, c := range []struct{ body, code string }{
		{`{"redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"none"}`, ""},
		{`{"client_name":"A","redirect_uris":["cursor://anysphere.cursor-mcp/oauth/callback","http://localhost/cb"],"token_endpoint_auth_method":"none"}`, ""},
		{`{"client_name":"A"}`, "invalid_redirect_uri"},
		{`{"client_name":"A","redirect_uris":[]}`, "invalid_redirect_uri"},
		{`{"client_name":"A","redirect_uris":["http://a.example/cb"]}`, "invalid_redirect_uri"},
		{`{"client_name":"A","redirect_uris":["https://a.example/cb#f"]}`, "invalid_redirect_uri"},
		{`{"client_name":"A","redirect_uris":["javascript:alert(1)"]}`, "invalid_redirect_uri"},
		{`{"client_name":"A","redirect_uris":["data:text/html,x"]}`, "invalid_redirect_uri"},
		{`{"client_name":"A","redirect_uris":["/cb"]}`, "invalid_redirect_uri"},
		{`{"client_name":"A","redirect_uris":["https://user@a.example/cb"]}`, "invalid_redirect_uri"},
		{`{"client_name":"A\u202eB","redirect_uris":["https://a.example/cb"]}`, "invalid_client_metadata"},
		{`{"client_name":"` + strings.Repeat("A", 101) + `","redirect_uris":["https://a.example/cb"]}`, "invalid_client_metadata"},
		{`{"client_name":"A","redirect_uris":["https://a.example/cb"],"token_endpoint_auth_method":"tls_client_auth"}`, "invalid_client_metadata"},
		{`{"client_name":"A","redirect_uris":["https://a.example/cb"],"grant_types":["implicit"]}`, "invalid_client_metadata"},
		{`{"client_name":"A","redirect_uris":["https://a.example/cb"],"response_types":["token"]}`, "invalid_client_metadata"},
		{`[]`, "invalid_client_metadata"},
		{`{`, "invalid_client_metadata"},
	} {
		a := send(t, http.MethodPost, address, c.body, "Content-Type", "application/json")
		if got, _ := a.json(t)["error"].(string); got != c.code || c.code == "" && a.status != 201 {
			t.Errorf("%s is answered with %d %s, want %q", c.body, a.status, a.body, c.code)
		}
	}
	limited := false
	for range 60 {
		a := send(t, http.MethodPost, address, `{"redirect_uris":["https://a.example/cb"]}`, "Content-Type", "application/json", "X-Forwarded-For", fmt.Sprint("198.51.100.", time.Now().Nanosecond()%200))
		if limited = a.status == 429; limited {
			if a.header.Get("Retry-After") == "" {
				t.Error("it is not said when to try again")
			}
			break
		}
	}
	if !limited {
		t.Error("one address registers as many programs as it likes, by claiming others")
	}
}

func TestAClientWithASecretHasToShowIt(t *testing.T) {
	i := install(t)
	server := i.server(t, `{"auth":"oauth"}`)
	ada := i.person(t, i.env, permission.Member)
	got := send(t, http.MethodPost, i.URL+"/oauth/"+server.ID+"/register", `{"client_name":"A","redirect_uris":["`+callback+`"]}`, "Content-Type", "application/json").want(t, 201).json(t)
	client, secret := got["client_id"].(string), got["client_secret"].(string)
	if got["token_endpoint_auth_method"] != "client_secret_basic" || len(secret) < 40 {
		t.Fatalf("it is registered as %v", got)
	}
	code := i.allow(t, ada, i.request(server, client))
	i.exchange(t, server, client, code).wantError(t, 401, "invalid_client", "")
	i.exchange(t, server, client, code, "client_secret", "guess").wantError(t, 401, "invalid_client", "")
	tokensOf(t, i.exchange(t, server, client, code, "client_secret", secret))

	code = i.allow(t, ada, i.request(server, client))
	values := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	r, _ := http.NewRequest(http.MethodPost, "/", nil)
	r.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	basic := r.Header.Get("Authorization")
	tokensOf(t, send(t, http.MethodPost, i.URL+"/oauth/"+server.ID+"/token", values.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", basic))
	values.Set("client_secret", secret)
	values.Set("client_id", client)
	send(t, http.MethodPost, i.URL+"/oauth/"+server.ID+"/token", values.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", basic).
		wantError(t, 400, "invalid_request", "more than one method")
	send(t, http.MethodPost, i.URL+"/oauth/"+server.ID+"/token?"+values.Encode(), "", "Content-Type", "application/x-www-form-urlencoded").
		wantError(t, 400, "invalid_request", "in the body")
}
