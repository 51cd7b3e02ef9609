package connect_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/account/oidctest"
	"sluice/internal/link"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

func TestAPersonConnectsByTheForm(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		h := newHouse(t, database)
		l, page := h.link(t, link.Draft{TenantID: "acme", Name: "Ann's", Integration: "octapipe", Context: map[string]string{"base_url": h.octapipe}})
		b, login := h.browser(), h.sandbox.Login()
		b.get(t, page).shows(t, 200, "Connect Octapipe", "Company domain", "The company's name in Octapipe's address.", "Password")
		if got := b.get(t, page); strings.Contains(got.html, "base_url") || got.header.Get("Content-Security-Policy") == "" {
			t.Error("the page asks for what the link gives, or has no policy")
		}
		b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", "ann", "credentials.password", "").
			shows(t, 422, "Email must be an e-mail address")
		got := b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", "not-the-password").
			shows(t, 422, "What you entered was refused by Octapipe")
		if strings.Contains(got.html, "not-the-password") || !strings.Contains(got.html, login.Email) {
			t.Error("the password is sent back, or the rest is lost")
		}
		if len(h.accounts(t)) != 0 {
			t.Fatal("an account was kept that is not proven")
		}
		b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password).
			shows(t, 200, "Octapipe is connected", "You can close this page")
		list := h.accounts(t)
		if len(list) != 1 || list[0].Status != account.Active || list[0].TenantID != "acme" || list[0].Name != "Ann's" || list[0].Context["base_url"] != h.octapipe {
			t.Fatalf("got %+v", list)
		}
		if now, err := h.Links.Get(t.Context(), h.environment, l.ID); err != nil || now.State() != link.Used || now.AccountID != list[0].ID {
			t.Errorf("the link is %+v, %v", now, err)
		}
		b.get(t, page).shows(t, 410, "This link was used already")
		b.send(t, "way", "0").shows(t, 410, "This link was used already")
		if strings.Contains(h.log.String(), login.Password) {
			t.Errorf("the log shows the password: %s", h.log)
		}
	})
}

func TestAPersonSignsInWithTheVendorChoosesAndIsSentBack(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		h := newHouse(t, database, "North", "South")
		_, page := h.link(t, h.shipyard())
		b := h.browser()
		b.get(t, page).shows(t, 200, "Connect Shipyard", "You sign in on Shipyard's own page", "Continue to Shipyard")
		at := b.send(t, "way", "0").shows(t, 200, "On to Shipyard").refresh(t)
		back := h.provider.SignIn(t, at)
		b.get(t, back.String()).shows(t, 200, "One more thing", "Workspace", "North", "South", "Hulls are looked for here.")
		if list := h.accounts(t); len(list) != 1 || list[0].Status != account.Connecting {
			t.Fatalf("got %+v", list)
		}
		b.get(t, page).shows(t, 200, "One more thing") // gone away and come back
		b.send(t, "choice", "context.workspace").shows(t, 422, "Choose one.")
		b.send(t, "choice", "context.workspace", "context.workspace", "ws-west").shows(t, 422, "is none that the account has")
		got := b.send(t, "choice", "context.workspace", "context.workspace", "ws-south").shows(t, 200, "Shipyard is connected", "You are being taken back to app.example.com")
		list := h.accounts(t)
		if len(list) != 1 || list[0].Status != account.Active || list[0].Context["workspace"] != "ws-south" {
			t.Fatalf("got %+v", list)
		}
		u, err := url.Parse(got.refresh(t))
		if err != nil || u.Host != "app.example.com" || u.Query().Get("status") != "active" || u.Query().Get("integrated_account_id") != list[0].ID || u.Query().Get("from") != "sluice" {
			t.Errorf("it leads back to %v, %v", u, err)
		}
		b.get(t, back.String()).shows(t, 400, "This answer cannot be taken", "it was taken before")
		b.get(t, page).shows(t, 410, "This link was used already")
	})
}

func TestADeadAccountsCallsSayWhereItIsConnectedAgainAndItKeepsItsServers(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, h.shipyard())
	b := h.browser()
	b.get(t, page)
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
	acct := h.accounts(t)[0]
	_, token, err := h.Servers.Create(t.Context(), mcpserver.Draft{Environment: h.environment, AccountID: acct.ID, Name: "All"})
	if err != nil {
		t.Fatal(err)
	}
	call := func() string {
		t.Helper()
		answer, err := http.Post(h.MCPURL(token), "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_all_shipyard_hulls","arguments":{}}}`))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var got struct {
			Result struct{ Content []struct{ Text string } }
		}
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || len(got.Result.Content) == 0 {
			t.Fatalf("the call is answered %+v, %v", got, err)
		}
		return got.Result.Content[0].Text
	}
	if got := call(); !strings.Contains(got, `"workspace":"ws-north"`) {
		t.Fatalf("got %s", got)
	}

	h.provider.Revoke(t, h.provider.Given()[0].Refresh)
	where := h.url + "/connect/account/" + acct.ID
	for range 2 { // the call that finds out, and those that follow
		if got := call(); !strings.Contains(got, "must be connected to Shipyard again by its owner at "+where+": it no longer renews the access: ") {
			t.Fatalf("got %s", got)
		}
	}
	h.browser().get(t, where).shows(t, 200, "Welcome to Sluice") // nobody is signed in, and here nobody is known yet

	_, page = h.link(t, link.Draft{AccountID: acct.ID})
	b.get(t, page).shows(t, 200, "Connect Shipyard again")
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
	if list := h.accounts(t); len(list) != 1 || list[0].ID != acct.ID || list[0].Status != account.Active {
		t.Fatalf("got %+v", list)
	}
	if got := call(); !strings.Contains(got, `"workspace":"ws-north"`) {
		t.Errorf("got %s", got)
	}

	h.vendor.Forbid()
	if got := call(); !strings.Contains(got, "says that a permission is missing (403)") || !strings.Contains(got, "Missing: hulls.read hulls.write.") {
		t.Errorf("got %s", got)
	}
	if got := h.accounts(t)[0].Status; got != account.Active {
		t.Errorf("a missing permission made the account %s", got)
	}
}

func TestAPersonChoosesTheIntegrationAndTheWay(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, link.Draft{TenantID: "acme"})
	b := h.browser()
	b.get(t, page).shows(t, 200, "What do you want to connect?", "Octapipe", "Shipyard", "Hulls, and who builds them.")
	b.get(t, page+"?integration=nothing").shows(t, 200, "What do you want to connect?")
	b.get(t, page+"?integration=octapipe").shows(t, 200, "Connect Octapipe", "Sign in", "API key", "API address", "Connect something else")
	got := b.get(t, page+"?integration=octapipe&way=1").shows(t, 200, "API key", "An administrator of the company mints it")
	if strings.Contains(got.html, "credentials.password") {
		t.Error("the page asks for the other way's fields")
	}
	b.get(t, page+"?integration=octapipe&way=99").shows(t, 200, "Company domain")
	b.send(t, "integration", "octapipe", "way", "1", "credentials.api_key", h.sandbox.AdminToken(), "context.base_url", "http://169.254.169.254").
		shows(t, 422, "API address cannot be used")
	b.send(t, "integration", "octapipe", "way", "1", "credentials.api_key", h.sandbox.AdminToken(), "context.base_url", h.octapipe).shows(t, 200, "Octapipe is connected")
}

func TestAnAccountOfTheFormIsConnectedAgainUnderItsId(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	acct, err := h.Accounts.Create(t.Context(), h.environment, account.NewAccount{Integration: "octapipe", TenantID: "acme",
		Credentials: map[string]string{"api_key": h.sandbox.AdminToken()}, Context: map[string]string{"base_url": h.octapipe}})
	if err != nil {
		t.Fatal(err)
	}
	_, page := h.link(t, link.Draft{AccountID: acct.ID})
	b, login := h.browser(), h.sandbox.Login()
	got := b.get(t, page).shows(t, 200, "Connect Octapipe again")
	if !strings.Contains(got.html, `value="`+h.octapipe+`"`) || strings.Contains(got.html, h.sandbox.AdminToken()) {
		t.Errorf("the form does not hold what is known, or shows a secret")
	}
	b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password, "context.base_url", h.octapipe).
		shows(t, 200, "Octapipe is connected")
	if list := h.accounts(t); len(list) != 1 || list[0].ID != acct.ID || list[0].Status != account.Active {
		t.Errorf("got %+v", list)
	}
}

func TestAVendorThatDoesNotTakeItsTokenCanBeTriedAgainByTheSameLink(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, h.shipyard())
	b := h.browser()
	h.vendor.Answer(500)
	b.get(t, page)
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard does not let the account be used", "it answered 500", "Try again")
	first := h.accounts(t)
	if len(first) != 1 || first[0].Status != account.ValidationError {
		t.Fatalf("got %+v", first)
	}
	h.vendor.Answer(0)
	b.get(t, page).shows(t, 200, "Connect Shipyard")
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
	if list := h.accounts(t); len(list) != 1 || list[0].ID != first[0].ID || list[0].Status != account.Active {
		t.Errorf("got %+v", list)
	}
}

func TestAFormOfAnotherSiteIsNotTaken(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, page := h.link(t, h.shipyard())
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}, {"X-None", ""}} {
		r, err := http.NewRequest(http.MethodPost, page, strings.NewReader("way=0"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header[0], header[1])
		h.browser().do(t, r).shows(t, 403, "Not sent from here")
	}
	if fmt.Sprint(h.accounts(t)) != "[]" {
		t.Error("an account was made")
	}
}

func TestWhoeverIsSignedInAndMayConnectsAnAccountAgainByItsAddress(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	acct, err := h.Accounts.Create(t.Context(), h.environment, account.NewAccount{Integration: "octapipe", Name: "The office's",
		Credentials: map[string]string{"api_key": h.sandbox.AdminToken()}, Context: map[string]string{"base_url": h.octapipe}})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := h.Environments.Create(t.Context(), "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	where := h.url + "/connect/account/" + acct.ID
	signedIn := func(environment, name string, role permission.Role) *browser {
		t.Helper()
		u, err := h.Users.Create(t.Context(), user.Draft{Environment: environment, Email: name + "@example.com", Name: name, Role: role}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		token, _, err := h.Users.NewLink(t.Context(), environment, u.ID, user.SignInLink, time.Hour, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		b := h.browser()
		b.get(t, h.SignIn.SignInURL(token))
		return b
	}
	owner := signedIn(h.environment, "ann", permission.Owner)
	owner.get(t, where).shows(t, 200, "Connect Octapipe again", "The office's keeps its MCP servers", "works as far as Sluice knows")
	owner.send(t).shows(t, 200, "Connect Octapipe again", "Company domain")
	if !strings.HasPrefix(owner.at, h.url+"/connect/") || strings.Contains(owner.at, acct.ID) {
		t.Errorf("the person is at %s", owner.at)
	}
	signedIn(h.environment, "vic", permission.Viewer).get(t, where).shows(t, 404, "or you may not change it")
	signedIn(elsewhere.ID, "eve", permission.Owner).get(t, where).shows(t, 404, "or you may not change it")
	if got := h.browser().get(t, where); strings.Contains(got.html, "The office") {
		t.Errorf("a stranger is told of the account: %s", got.text)
	}
}

func TestAnImportedIntegrationIsSignedInToByTheAccountsOwnClient(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	_, token, err := h.Environments.CreateToken(t.Context(), h.environment, "test", "test", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	document := fmt.Sprintf(`{"openapi":"3.1.0","info":{"title":"Yard","version":"1"},"servers":[{"url":%q}],"security":[{"oauth":["openid"]}],
		"components":{"securitySchemes":{"oauth":{"type":"oauth2","flows":{"authorizationCode":{"authorizationUrl":%q,"tokenUrl":%q,"scopes":{"openid":"","offline_access":""}}}}}},
		"paths":{"/hulls":{"get":{"summary":"List hulls","responses":{"200":{"description":"","content":{"application/json":{"schema":{"type":"array","items":{"type":"object"}}}}}}}}}}`,
		h.vendor.URL, h.provider.URL+"/auth", h.provider.URL+"/oauth/token")
	r, err := http.NewRequest(http.MethodPost, h.url+"/integration/import?name=imported_yard", strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	h.browser().do(t, r).shows(t, 201)

	_, page := h.link(t, link.Draft{TenantID: "acme", Integration: "imported_yard"})
	b := h.browser()
	b.get(t, page+"?way=1").shows(t, 200, "You sign in on Yard's own page", "Client ID", "Client secret", "Continue to Yard")
	b.send(t, "way", "1", "credentials.oauth_client_id", oidctest.ClientID).shows(t, 422, "Client secret is required")
	send := []string{"way", "1", "credentials.oauth_client_id", oidctest.ClientID, "credentials.oauth_client_secret", oidctest.ClientSecret, "context.base_url", h.vendor.URL}
	b.get(t, h.provider.SignIn(t, b.send(t, send...).refresh(t)).String()).shows(t, 200, "Yard is connected")
	acct := h.accounts(t)[0]
	old, err := h.Accounts.Credential(t.Context(), acct)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := h.Accounts.Renew(t.Context(), acct, old); err != nil || c.Token == old.Token {
		t.Errorf("the account's own client does not renew: %v", err)
	}
}
