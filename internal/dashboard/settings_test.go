package dashboard_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/confirmation"
	"sluice/internal/permission"
)

func TestPeopleTokensAndQuestionsAreKept(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)

	r := b.want(b.post("/dashboard/settings/users", "email", "new@acme.example", "role", "member"), http.StatusOK, "It works once")
	link, err := url.Parse(regexp.MustCompile(`<code tabindex="0">([^<]+/invitation/[^<]+)</code>`).FindStringSubmatch(r.text)[1])
	must(t, err)
	newcomer := h.browser(t)
	newcomer.want(newcomer.get(link.Path), http.StatusOK)
	b.want(b.get("/dashboard/settings/users"), http.StatusOK, "new@acme.example", "Take back")
	b.want(b.post("/dashboard/settings/users", "email", "no address", "role", "member"), http.StatusUnprocessableEntity, `value="no address"`)
	admin := h.as(t, permission.Admin)
	admin.want(admin.post("/dashboard/settings/users", "email", "boss@acme.example", "role", "owner"), http.StatusUnprocessableEntity, `role="alert"`)

	viewer, err := h.Users.ByEmail(t.Context(), "viewer@acme.example")
	must(t, err)
	b.want(b.post("/dashboard/settings/users/"+viewer.ID, "name", "Now a member", "role", "member"), http.StatusSeeOther)
	if viewer, err = h.Users.Get(t.Context(), h.Env, viewer.ID); err != nil || viewer.Role != permission.Member {
		t.Errorf("the role is %v, %v", viewer, err)
	}
	b.want(b.post("/dashboard/settings/users/"+viewer.ID+"/remove"), http.StatusSeeOther)
	b.want(b.get("/dashboard/settings/users/"+viewer.ID), http.StatusNotFound)

	r = b.want(b.post("/dashboard/settings/tokens", "name", "CI", "expires", "30", "scopes", "logs:read"), http.StatusOK, "only time it is shown")
	token := regexp.MustCompile(`<code tabindex="0">(slu_[^<]+)</code>`).FindStringSubmatch(r.text)[1]
	known, err := h.Environments.Authenticate(t.Context(), token)
	must(t, err)
	if known.Name != "CI" || known.Scopes != permission.Of(permission.LogsRead) || known.ExpiresAt.IsZero() {
		t.Errorf("the token is %+v", known)
	}
	if r := b.want(b.get("/dashboard/settings/tokens"), http.StatusOK, "CI", "logs:read"); strings.Contains(r.text, token) {
		t.Error("the token is shown a second time")
	}
	admin.want(admin.post("/dashboard/settings/tokens", "name", "too much", "scopes", "environment:write"), http.StatusUnprocessableEntity, "no more than you may")
	b.want(b.post("/dashboard/settings/tokens/"+known.ID+"/revoke"), http.StatusSeeOther)
	if _, err := h.Environments.Authenticate(t.Context(), token); err == nil {
		t.Error("a revoked token opens something")
	}

	question := &confirmation.Confirmation{Environment: h.Env, AccountID: h.Account.ID, Tool: "delete_a_octapipe_task_by_id", Question: "Delete the task “Call back”?", NeedsApproval: true}
	must(t, h.Confirmations.Ask(t.Context(), question, time.Hour))
	b.want(b.get("/dashboard/confirmations"), http.StatusOK, "Delete the task “Call back”?", "Approve", `<span class="pill">1`)
	b.want(b.post("/dashboard/confirmations/"+question.ID+"/approve"), http.StatusSeeOther)
	if now, err := h.Confirmations.Get(t.Context(), h.Env, question.ID); err != nil || now.State != confirmation.Approved {
		t.Errorf("the question is %v, %v", now, err)
	}

	b.want(b.post("/dashboard/settings/environment", "name", "second", "email", "their@second.example"), http.StatusOK, "/invitation/")
	b.want(b.post("/dashboard/settings/environment", "name", "acme", "email", "x@y.example"), http.StatusUnprocessableEntity, `value="x@y.example"`)
	b.want(b.post("/dashboard/settings/you/password", "old_password", "not it", "password", "another correct horse battery"), http.StatusUnprocessableEntity, "This is not the password you have now.")
	b.want(b.post("/dashboard/settings/you/password", "old_password", password, "password", "another correct horse battery"), http.StatusSeeOther)
	b.want(b.get("/dashboard/settings/you"), http.StatusOK, "this one")
}

func TestAWebhookIsAddedTestedAndDeleted(t *testing.T) {
	h := newHouse(t)
	took := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { took <- r.Header.Get("webhook-id") }))
	defer receiver.Close()
	b := h.as(t, permission.Admin)
	r := b.want(b.post("/dashboard/settings/webhooks", "url", receiver.URL, "types", "integrated_account.deleted"), http.StatusOK, "whsec_")
	at := regexp.MustCompile(`/dashboard/settings/webhooks/whk_\w+`).FindString(r.text)
	b.want(b.post(at+"/test"), http.StatusOK, "The receiver took it")
	select {
	case id := <-took:
		if id == "" {
			t.Error("the test has no id")
		}
	default:
		t.Error("the receiver heard nothing")
	}
	b.want(b.post(at, "url", receiver.URL+"/x"), http.StatusSeeOther)
	b.want(b.get("/dashboard/settings/webhooks"), http.StatusOK, receiver.URL+"/x", "all events", "off")
	b.want(b.post("/dashboard/settings/webhooks", "url", "nowhere"), http.StatusUnprocessableEntity, `value="nowhere"`)
	b.want(b.post(at+"/delete"), http.StatusSeeOther)
	b.want(b.get(at), http.StatusNotFound)
}

func TestAClientEnteredByHandShowsItsSecretOnceAndIsRemoved(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)
	b.want(b.post("/dashboard/settings/clients", "name", "Zoë's \"app\"", "redirect_uris", "javascript:alert(1)"), http.StatusUnprocessableEntity, "javascript:alert(1)", "Zoë&#39;s &#34;app&#34;")
	page := b.want(b.post("/dashboard/settings/clients", "name", "Zoë's app", "redirect_uris", "https://app.example/cb\nhttp://localhost:8080/cb", "confidential", "on"), http.StatusOK, "Client id", "Client secret", "only time")
	secret := regexp.MustCompile(`sls_[A-Za-z0-9_-]+`).FindString(page.text)
	list := b.want(b.get("/dashboard/settings/clients"), http.StatusOK, "Zoë&#39;s app", "by hand, with a secret", "https://app.example/cb", "http://localhost:8080/cb")
	if secret == "" || strings.Contains(list.text, secret) {
		t.Errorf("the secret %q is shown again, or was not shown", secret)
	}
	remove := regexp.MustCompile(`href="(/dashboard/settings/clients/[^"]*/remove)"`).FindStringSubmatch(list.text)[1]
	b.want(b.get(remove), http.StatusOK, "Remove “Zoë&#39;s app”?")
	b.want(b.post(remove), http.StatusSeeOther)
	b.want(b.get("/dashboard/settings/clients"), http.StatusOK, "No OAuth client")
}

func TestAnEnvironmentIsRenamedOnItsPage(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)
	b.want(b.get("/dashboard/settings/environment"), http.StatusOK, "there is none to switch to")
	b.want(b.post("/dashboard/settings/environment/name", "environment", " "), http.StatusUnprocessableEntity, "f-environment-error")
	b.want(b.post("/dashboard/settings/environment/name", "environment", "Müller & Söhne"), http.StatusSeeOther)
	b.want(b.get("/dashboard/accounts"), http.StatusOK, "<strong>Müller &amp; Söhne</strong>")
	if _, err := h.Environments.Create(t.Context(), "Another"); err != nil {
		t.Fatal(err)
	}
	b.want(b.post("/dashboard/settings/environment/name", "environment", "Another"), http.StatusUnprocessableEntity, "already: choose another name", `value="Another"`)
}

func TestALinkIsMadeForSomebodyWithoutALogin(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)
	b.want(b.get("/dashboard/invite"), http.StatusOK, "Invite a customer to connect", "They choose")
	page := b.want(b.post("/dashboard/invite", "integration", "octapipe", "tenant_id", "cust_7", "name", "Contoso", "life", "7d"), http.StatusOK, "Link to send", "only time")
	if !regexp.MustCompile(`<code[^>]*>[^<]{30,}</code>`).MatchString(page.text) {
		t.Errorf("no link is shown:\n%s", page.text)
	}
	b.want(b.post("/dashboard/invite", "integration", "nothing"), http.StatusNotFound)
	b.want(b.get("/dashboard/invite?account="+h.Account.ID), http.StatusOK, "connected again")
	b.want(b.post("/dashboard/invite", "account", h.Account.ID, "life", "1h"), http.StatusOK, "this account again")
}

func TestAnOverrideIsCheckedByItsLinesKeptAndTakenAway(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Owner)
	for _, path := range []string{"/dashboard/overrides/octapipe", "/dashboard/accounts/" + h.Account.ID + "/override"} {
		b.want(b.post(path, "document", "resources:\n  notes:\n    list: {method: fetch}\n"), http.StatusUnprocessableEntity, "override:3", "list: {method: fetch}")
		b.want(b.post(path, "document", "resources: {notes: {delete: null}}"), http.StatusSeeOther)
		b.want(b.get(path), http.StatusOK, "&#34;delete&#34;: null", "Version")
		b.want(b.get("/dashboard/accounts/"+h.Account.ID+"/tools/delete_a_octapipe_note_by_id"), http.StatusNotFound)
		b.want(b.post(path, "document", ""), http.StatusSeeOther)
		b.want(b.get("/dashboard/accounts/"+h.Account.ID+"/tools/delete_a_octapipe_note_by_id"), http.StatusOK)
	}
}
