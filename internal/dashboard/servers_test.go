package dashboard_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/confirmation"
	"sluice/internal/permission"
)

func TestAServerIsMadeAsItsFormSaysAndItsURLShownOnce(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Member)
	at := "/dashboard/accounts/" + h.Account.ID
	form := []string{"name", `Zoë's "read" server`, "config.methods", "read", "config.tags", "pipelines", "access", "token", "expires", "7", "config.confirm", "writes", "config.confirm_by", "on", "config.structured_output", "on"}

	r := b.want(b.post(at+"/servers/preview", form...), http.StatusOK, "list_all_octapipe_pipelines", "none changes data")
	if strings.Contains(r.text, "<html") || strings.Contains(r.text, "octapipe_tasks") {
		t.Errorf("the preview is more than the tools:\n%s", r.text)
	}
	// Without script a button shows the tools, and nothing is made.
	b.want(b.post(at+"/servers/new", append(form, "show", "tools")...), http.StatusOK, "none changes data", `value="Zoë&#39;s &#34;read&#34; server"`)

	r = b.want(b.post(at+"/servers/new", form...), http.StatusOK, "This is the only time it is shown", "zoes-read-server", "YOUR_API_TOKEN", "cannot send an API token")
	found := regexp.MustCompile(`<code tabindex="0">(http[^<]+/mcp/([^<]+))</code>`).FindStringSubmatch(r.text)
	if found == nil {
		t.Fatalf("the page shows no URL:\n%s", r.text)
	}
	server, err := h.Servers.ByToken(t.Context(), found[2])
	must(t, err)
	if c := server.Config; strings.Join(c.Methods, ",") != "read" || strings.Join(c.Tags, ",") != "pipelines" || !c.RequireAPITokenAuth || !c.StructuredOutput || c.Confirm != confirmation.Writes || c.ConfirmBy != "dashboard" {
		t.Errorf("its config is %+v", c)
	}
	if left := time.Until(server.ExpiresAt); left < 6*24*time.Hour || left > 7*24*time.Hour {
		t.Errorf("it ends in %v, want a week", left)
	}
	page := at + "/servers/" + server.ID
	if r := b.want(b.get(page), http.StatusOK, "was shown once", `value="read" checked`); strings.Contains(r.text, found[2]) {
		t.Error("the URL is shown a second time")
	}

	// What is not ticked any more is lifted.
	b.want(b.post(page, "name", "All of it", "access", "url", "expires", "never", "config.confirm", "never"), http.StatusSeeOther)
	server, err = h.Servers.Get(t.Context(), h.Env, h.Account.ID, server.ID)
	must(t, err)
	if server.Name != "All of it" || len(server.Config.Methods)+len(server.Config.Tags) != 0 || server.Config.RequireAPITokenAuth || server.Config.Confirm != "" || !server.ExpiresAt.IsZero() {
		t.Errorf("after all was lifted: %+v", server)
	}

	for name, c := range map[string]struct {
		pairs []string
		words string
	}{
		"no name":               {[]string{"name", "", "access", "url"}, "Give it a name"},
		"a day that is over":    {[]string{"name", "x", "expires", "date", "expires_on", "2020-01-31"}, "This day is over"},
		"no day":                {[]string{"name", "x", "expires", "date"}, "Give the last day"},
		"filters of no tool":    {[]string{"name", "x", "config.methods", "bulk_delete", "config.tags", "notes"}, "No tool of octapipe has both"},
		"a method that is none": {[]string{"name", "x", "config.methods", "destroy"}, "destroy"},
		"what is not bound to":  {[]string{"name", "x", "bind.nothing_uuid", "x"}, "nothing_uuid"},
	} {
		if r := b.post(at+"/servers/new", c.pairs...); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(unescaped.Replace(r.text), c.words) {
			t.Errorf("%s: %d, want 422 that says %q\n%s", name, r.StatusCode, c.words, r.text)
		}
	}
	b.want(b.post(page+"/revoke"), http.StatusSeeOther)
	if _, err := h.Servers.ByToken(t.Context(), found[2]); err == nil {
		t.Error("the URL opens something after the server was revoked")
	}
}

func TestAServerIsBoundToWhatTheAccountHas(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Member)
	at := "/dashboard/accounts/" + h.Account.ID
	r := b.want(b.get(at+"/servers/bind"), http.StatusOK, `name="bind.pipeline_uuid"`, `name="bind.database_uuid"`)
	found := regexp.MustCompile(`<option value="([0-9a-f-]{36})">Q3 Renewals</option>`).FindStringSubmatch(r.text)
	if found == nil {
		t.Fatalf("the account's pipelines cannot be chosen from:\n%s", r.text)
	}
	b.want(b.get(at+"/servers/bind?bind.pipeline_uuid="+found[1]), http.StatusOK, `<option value="`+found[1]+`" selected>`)
	r = b.want(b.post(at+"/servers/new", "name", "Renewals", "access", "oauth", "bind.pipeline_uuid", found[1]), http.StatusOK, "It is no secret")
	servers, _, err := h.Servers.List(t.Context(), h.Env, h.Account.ID, "", 1)
	must(t, err)
	if servers[0].Config.Bind["pipeline_uuid"] != found[1] || servers[0].Config.Auth != "oauth" || !strings.Contains(r.text, "/mcp/"+servers[0].ID) {
		t.Errorf("the server is %+v", servers[0])
	}
	b.want(b.get(at+"/servers/"+servers[0].ID), http.StatusOK, "/mcp/"+servers[0].ID, "Sign-ins")
}
