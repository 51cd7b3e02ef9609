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
