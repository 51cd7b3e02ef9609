package account_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"sluice/internal/account"
	"sluice/internal/integration"
)

// stranger is an address that credentials must not come to.
func stranger(t *testing.T) (address string, asked *atomic.Int32) {
	asked = &atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		fmt.Fprintf(w, `[{"url":"http://%s"}]`, r.Host)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestACredentialGoesNowhereByAChoiceThatTheVendorHasNot(t *testing.T) {
	var vendor *httptest.Server
	vendor = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `[{"url":%q},{"url":%q}]`, vendor.URL, vendor.URL+"/second")
	}))
	t.Cleanup(vendor.Close)
	w := newWorldOf(t, sqlite(t), &integration.Definition{
		Name: "sites", Label: "Sites", BaseURL: "{{context.site}}",
		Context: integration.Fields{{Name: "site", Choices: &integration.Choices{Path: vendor.URL + "/sites", Value: "url"}}},
		Credentials: integration.Credentials{Format: "static", Token: "{{credentials.api_key}}", Fields: integration.Fields{{Name: "api_key", Type: "password"}},
			Validate: &integration.Probe{Method: "get", Path: "/me"}},
		Authorization: integration.Authorizations{{Format: "bearer"}},
	})
	a, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "sites", Credentials: map[string]string{"api_key": "k"}})
	if err != nil || a.Status != account.Connecting {
		t.Fatalf("got %+v, %v", a, err)
	}
	elsewhere, asked := stranger(t)
	_, err = w.Update(t.Context(), environment, a.ID, account.Change{Context: map[string]*string{"site": &elsewhere}})
	if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Field != "context.site" {
		t.Errorf("got %v", err)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the credential was sent elsewhere %d times", n)
	}
	right := vendor.URL + "/second"
	if a, err = w.Update(t.Context(), environment, a.ID, account.Change{Context: map[string]*string{"site": &right}}); err != nil || a.Status != account.Active || a.Context["site"] != right {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestAValueOfTheContextMakesNoOtherHost(t *testing.T) {
	elsewhere, asked := stranger(t)
	host := strings.TrimPrefix(elsewhere, "http://")
	for name, c := range map[string]struct{ login, value string }{
		"a slash in a host":          {"http://{{context.domain}}.vendor.example/login", host + "/"},
		"a fragment in a host":       {"http://{{context.domain}}.vendor.example/login", host + "#"},
		"a user name before a host":  {"http://api{{context.domain}}/login", "@" + host},
		"the end of the base's host": {"{{context.domain}}/login", "@" + host},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorldOf(t, sqlite(t), &integration.Definition{
				Name: "inlet", Label: "Inlet", BaseURL: "http://127.0.0.1", Context: integration.Fields{{Name: "domain"}},
				Credentials: integration.Credentials{Format: "login", Fields: integration.Fields{{Name: "password", Type: "password"}},
					Login: &integration.Exchange{Path: c.login, Token: "token", Body: map[string]string{"password": "{{credentials.password}}"}}},
				Authorization: integration.Authorizations{{Format: "bearer"}},
			})
			_, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "inlet", Credentials: map[string]string{"password": "p"}, Context: map[string]string{"domain": c.value}})
			if err == nil || asked.Load() != 0 {
				t.Errorf("the credential was sent elsewhere %d times: %v", asked.Load(), err)
			}
		})
	}
}

func TestTheSecretOfAnEnvironmentsClientGoesToItsOwnServerAlone(t *testing.T) {
	for name, def := range map[string]func(way integration.OAuth2) *integration.Definition{
		"by a person who signs in": func(o integration.OAuth2) *integration.Definition {
			return reefDefinition(func(r *integration.OAuth2) { *r = o })
		},
		"by the client itself": func(o integration.OAuth2) *integration.Definition {
			def := reefDefinition(func(r *integration.OAuth2) { *r = o })
			def.Credentials.Format = "oauth2_client_credentials"
			return def
		},
	} {
		for at, o := range map[string]integration.OAuth2{
			"a token URL below the base": {AuthorizationURL: "https://vendor.example/authorize", TokenURL: "/token"},
			"a token URL":                {AuthorizationURL: "https://vendor.example/authorize", TokenURL: "{{context.base_url}}/token"},
			"an issuer":                  {Issuer: "{{context.base_url}}"},
		} {
			t.Run(name+" with "+at, func(t *testing.T) {
				w := newWorldOf(t, sqlite(t), def(o))
				client := account.NewVendorClient{ID: "diver", Secret: "mask-and-snorkel"}
				_, err := w.SetVendorClient(t.Context(), environment, "reef", "test", client)
				if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Field != "authorization_server" {
					t.Fatalf("without its server: got %v", err)
				}
				client.Server = "https://Vendor.example:443/"
				kept, err := w.SetVendorClient(t.Context(), environment, "reef", "test", client)
				if err != nil || kept.Server != "https://vendor.example" {
					t.Fatalf("got %+v, %v", kept, err)
				}
				elsewhere, asked := stranger(t)
				context := map[string]string{"base_url": elsewhere}
				if strings.HasPrefix(name, "by a person") {
					_, err = w.Begin(t.Context(), environment, account.Connection{Integration: "reef", Context: context}, "s")
				} else {
					_, err = w.Create(t.Context(), environment, account.NewAccount{Integration: "reef", Context: context})
				}
				if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Field != "context.base_url" || !strings.Contains(e.Message, "https://vendor.example: its secret goes to no other") {
					t.Errorf("got %v", err)
				}
				if n := asked.Load(); n != 0 {
					t.Errorf("the server of a stranger was asked %d times", n)
				}
			})
		}
	}
}
