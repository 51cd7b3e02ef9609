package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// lagoon is a definition whose accounts are connected by signing in with the vendor.
func lagoon(base string) string {
	return fmt.Sprintf(`{"name":"lagoon","label":"Lagoon","base_url":%q,
		"credentials":{"format":"oauth2_authorization_code","oauth2":{"authorization_url":%q,"token_url":%q,"scopes":["read"]}},
		"authorization":[{"format":"bearer"}],
		"resources":{"fish":{"singular":"one_fish","list":{"method":"get","path":"/fish"}}}}`, base, base+"/authorize", base+"/token")
}

func TestALinkIsMadeOnceAndTellsWhatBecameOfIt(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		var made struct {
			ID, Status string
			Token      string  `json:"link_token"`
			URL        string  `json:"link_url"`
			Account    *string `json:"integrated_account_id"`
		}
		h.here.do(t, "POST", "/link-token", `{"tenant_id":"acme","integration":"octapipe","context":{"base_url":"https://api.example.com"}}`).want(201).into(&made)
		if len(made.Token) < 43 || made.URL != "https://sluice.example.com/connect/"+made.Token || made.Status != "open" || made.Account != nil {
			t.Errorf("made %+v", made)
		}
		if again := h.here.do(t, "GET", "/link-token/"+made.ID, nil).want(200); strings.Contains(string(again.body), made.Token) {
			t.Errorf("the token is shown again: %s", again.body)
		}
		h.here.do(t, "GET", "/link-token/lnk_0", nil).refuses(404, "")
	})
}

func TestALinkThatCannotWorkIsRefusedByField(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		h.here.do(t, "PUT", "/environment/"+h.here.environment+"/redirect-uris", `{"redirect_uris":["https://app.example.com/connected","http://localhost:3000/done"]}`).want(200)
		h.here.do(t, "POST", "/link-token", `{"tenant_id":"acme","redirect_uri":"https://app.example.com/connected"}`).want(201)
		for body, want := range map[string]struct {
			status         int
			field, message string
		}{
			`{}`: {422, "tenant_id", "say whose the new account is"},
			`{"tenant_id":"acme","integration":"nothing"}`:                                            {422, "integration", "no such integration"},
			`{"tenant_id":"acme","context":{"base_url":"https://x.example"}}`:                         {422, "context", "name that too"},
			`{"tenant_id":"acme","integration":"octapipe","context":{"bas_url":"https://x.example"}}`: {422, "context.bas_url", "the fields are base_url"},
			`{"tenant_id":"acme","integration":"octapipe","context":{"base_url":"nowhere"}}`:          {422, "context.base_url", "https://"},
			`{"tenant_id":"acme","redirect_uri":"https://app.example.com/connected/"}`:                {422, "redirect_uri", "letter for letter"},
			`{"tenant_id":"acme","redirect_uri":"https://evil.example"}`:                              {422, "redirect_uri", "is not on the environment's list"},
			`{"tenant_id":"acme","redirect_uri":"javascript:alert(1)"}`:                               {422, "redirect_uri", "is no whole address"},
			`{"tenant_id":"acme","expires_in":10}`:                                                    {422, "expires_in", "at least 60"},
			`{"integrated_account_id":"acc_0"}`:                                                       {404, "", "no such integrated account"},
			fmt.Sprintf(`{"integrated_account_id":%q,"tenant_id":"other"}`, h.here.account):           {422, "tenant_id", "leave it out"},
			fmt.Sprintf(`{"integrated_account_id":%q,"integration":"depot"}`, h.here.account):         {422, "integration", "leave it out"},
		} {
			p := h.here.do(t, "POST", "/link-token", body).refuses(want.status, want.field)
			if !strings.Contains(strings.ToLower(p.Message), strings.ToLower(want.message)) {
				t.Errorf("%s: got %q, want %q", body, p.Message, want.message)
			}
		}
		for _, uri := range []string{"http://app.example.com/", "https://app.example.com/#here", "https://me@app.example.com/", "app.example.com", "https://", "custom://done", ""} {
			p := h.here.do(t, "PUT", "/environment/"+h.here.environment+"/redirect-uris", fmt.Sprintf(`{"redirect_uris":["https://ok.example/",%q]}`, uri)).refuses(422, "redirect_uris[1]")
			if p.Message == "" {
				t.Errorf("%q: no words", uri)
			}
		}
		if got := string(h.here.do(t, "GET", "/environment/"+h.here.environment+"/redirect-uris", nil).want(200).body); !strings.Contains(got, "http://localhost:3000/done") {
			t.Errorf("a list that was refused changed the one before: %s", got)
		}
	})
}

func TestTheSecretOfAnOAuthClientIsNeverShown(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		h.here.do(t, "PUT", "/integration/lagoon", lagoon("https://lagoon.example.com")).want(200)
		h.here.do(t, "GET", "/integration/lagoon/oauth-client", nil).refuses(404, "")
		const secret = "deep-and-blue"
		for _, got := range []*response{
			h.here.do(t, "PUT", "/integration/lagoon/oauth-client", `{"client_id":"sluice","client_secret":"`+secret+`"}`).want(200),
			h.here.do(t, "GET", "/integration/lagoon/oauth-client", nil).want(200),
		} {
			if text := string(got.body); strings.Contains(text, secret) || !strings.Contains(text, `"has_secret":true`) || !strings.Contains(text, `"redirect_uri":"https://sluice.example.com/connect/callback"`) {
				t.Errorf("got %s", text)
			}
		}
		h.here.do(t, "PUT", "/integration/octapipe/oauth-client", `{"client_id":"sluice"}`).refuses(422, "integration")
		h.here.do(t, "PUT", "/integration/lagoon/oauth-client", `{"client_id":" "}`).refuses(422, "client_id")
		h.here.do(t, "DELETE", "/integration/lagoon/oauth-client", nil).want(204)
		h.here.do(t, "DELETE", "/integration/lagoon/oauth-client", nil).refuses(404, "")
	})
}

func TestAnAccountThatNeedsABrowserSaysHowItIsConnected(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		h.here.do(t, "PUT", "/integration/lagoon", lagoon("https://lagoon.example.com")).want(200)
		p := h.here.do(t, "POST", "/integrated-account", `{"integration":"lagoon","tenant_id":"acme"}`).refuses(422, "integration")
		if !strings.Contains(p.Message, "POST /link-token") {
			t.Errorf("got %q", p.Message)
		}
	})
}
