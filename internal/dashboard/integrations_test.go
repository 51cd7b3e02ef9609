package dashboard_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
	"sluice/internal/permission"
)

func TestADocumentIsImportedWithItsReport(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Admin)
	const document = `{"openapi":"3.1.0","info":{"title":"Harbour","version":"1"},"servers":[{"url":"https://api.harbour.example"}],"paths":{"/ships":{"get":{"operationId":"listShips","summary":"List ships","responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"type":"array","items":{"type":"object"}}}}}}}}}}`
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(document)) }))
	defer source.Close()
	send := func(pairs ...string) reply {
		var body strings.Builder
		for i := 0; i < len(pairs); i += 2 {
			fmt.Fprintf(&body, "--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", pairs[i], pairs[i+1])
		}
		r, err := http.NewRequest("POST", h.URL+"/dashboard/import", strings.NewReader(body.String()+"--x--\r\n"))
		must(t, err)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		response, err := b.Do(r)
		must(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		must(t, err)
		return reply{response, string(text)}
	}
	b.want(send("text", document), http.StatusOK, "Harbour is imported", "1 tool", "GET /ships", "list_all_harbour_ships")
	b.want(send("url", source.URL, "name", "port"), http.StatusOK, "list_all_port_ships")
	b.want(send("text", "{", "name", "kept_name"), http.StatusUnprocessableEntity, "not imported", `value="kept_name"`)
	b.want(send("name", "x"), http.StatusUnprocessableEntity, "Give the document")
	b.want(send("text", document, "name", "Not a name"), http.StatusUnprocessableEntity, "small letters")
	b.want(b.get("/dashboard/integrations"), http.StatusOK, "Harbour", "this environment, version 1", "comes with Sluice")
	b.want(b.get("/dashboard/integrations/harbour/ships"), http.StatusOK, "List ships", "GET /ships")
	b.want(b.get("/dashboard/connect"), http.StatusOK, "Harbour")
}

func TestPagesStaySmallForAVendorWithHundredsOfTools(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)
	var paths []string
	for i := range 400 {
		parameters := make([]string, 8)
		for j := range parameters {
			parameters[j] = fmt.Sprintf(`{"name":"p%d","in":"query","description":"%s","schema":{"type":"string"}}`, j, strings.Repeat("A long description. ", 10))
		}
		paths = append(paths, fmt.Sprintf(`"/things/{id}/act%d":{"post":{"operationId":"things_act%d","tags":["things"],"summary":"Act number %d","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}},%s],"responses":{"200":{"description":"ok"}}}}`,
			i, i, i, strings.Join(parameters, ",")))
	}
	document := `{"openapi":"3.1.0","info":{"title":"Huge","version":"1"},"servers":[{"url":"` + h.VendorAt + `"}],"paths":{` + strings.Join(paths, ",") + `}}`
	entry, _, err := h.Catalog.Import(t.Context(), h.Env, "test", []byte(document), openapi.Options{})
	must(t, err)
	acct, err := h.Accounts.Create(t.Context(), h.Env, account.NewAccount{Integration: entry.Definition.Name, Name: "Huge"})
	must(t, err)
	at := "/dashboard/accounts/" + acct.ID
	pages := []string{at, at + "/tools", at + "/tools?from=300", at + "/servers/new", "/dashboard/integrations/huge"}
	for _, r := range entry.Definition.Resources {
		pages = append(pages, "/dashboard/integrations/huge/"+r.Name)
		break
	}
	for _, path := range pages {
		if r := b.want(b.get(path), http.StatusOK); len(r.text) > 100<<10 {
			t.Errorf("%s is %d KiB", path, len(r.text)>>10)
		}
	}
	b.want(b.get(at+"/tools"), http.StatusOK, "100 tools on this page", "Next page")
}

func TestAnAccountIsConnectedByTheVendorsOwnSignIn(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Admin)
	def, err := integration.Parse(fmt.Appendf(nil, `{"name":"marina","label":"Marina","base_url":%q,
		"credentials":{"format":"oauth2_authorization_code","oauth2":{"authorization_url":"%[1]s/authorize","token_url":"%[1]s/token","scopes":["read"]}},"authorization":[{"format":"bearer"}],
		"resources":{"berths":{"singular":"berth","list":{"method":"get","path":"/berths"}}}}`, h.VendorAt))
	must(t, err)
	_, err = h.Catalog.Put(t.Context(), h.Env, "test", def)
	must(t, err)
	at := "/dashboard/integrations/marina"
	b.want(b.get(at), http.StatusOK, "OAuth client", h.URL+"/connect/callback")
	b.want(b.post(at+"/oauth-client", "client_id", " "), http.StatusUnprocessableEntity, "Give the id")
	b.want(b.post(at+"/oauth-client", "client_id", "sluice-at-marina", "client_secret", "deep water"), http.StatusSeeOther)
	if r := b.want(b.get(at), http.StatusOK, "sluice-at-marina", "Forget it"); strings.Contains(r.text, "deep water") {
		t.Error("the client's secret is shown")
	}
	// The dashboard hands over to the pages that every link leads to, which lead back.
	r := b.want(b.post("/dashboard/connect/marina", "name", "Ours"), http.StatusSeeOther)
	away := strings.TrimPrefix(r.Header.Get("Location"), h.URL)
	if !strings.HasPrefix(away, "/connect/") {
		t.Fatalf("it leads to %s", away)
	}
	b.want(b.get(away), http.StatusOK, "Marina")
	r = b.want(b.get("/dashboard/connected?status=active&integrated_account_id="+h.Account.ID), http.StatusSeeOther)
	if r.Header.Get("Location") != "/dashboard/accounts/"+h.Account.ID {
		t.Errorf("back from there it leads to %s", r.Header.Get("Location"))
	}
	b.want(b.post(at+"/oauth-client/remove"), http.StatusSeeOther)
}
