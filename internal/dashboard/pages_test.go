package dashboard_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/confirmation"
	"sluice/internal/integration/openapi"
	"sluice/internal/permission"
	"sluice/internal/toolset"
)

// unescaped takes a page's text out of HTML, as far as these tests need.
var unescaped = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#43;", "+")

func TestAConnectedAccountIsFoundChangedAndDeletedWithWhatGoesWithIt(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Admin)
	login := h.Sandbox.Login()

	form := []string{"credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", "a wrong one", "context.base_url", h.VendorAt, "name", "Second", "tenant_id", "t-2"}
	r := b.want(b.post("/dashboard/connect/octapipe", form...), http.StatusUnprocessableEntity, `value="`+login.Email+`"`, `value="Second"`, `role="alert"`)
	if strings.Contains(r.text, "a wrong one") {
		t.Error("the password is sent back")
	}
	form[5] = login.Password
	r = b.post("/dashboard/connect/octapipe", form...)
	at := b.want(r, http.StatusSeeOther).Header.Get("Location")
	b.want(b.get(at), http.StatusOK, "Octapipe is connected.", "Second", "No MCP server yet")
	b.want(b.get("/dashboard/accounts"), http.StatusOK, "Second", "Müller &amp; Co", "Active", "never")

	b.want(b.post(at+"/settings", "name", "Renamed", "tenant_id", "t-3", "settings.confirm", "destructive", "settings.retry", "short"), http.StatusSeeOther)
	b.want(b.get(at+"/settings"), http.StatusOK, `value="Renamed"`, `value="t-3"`, "settings are saved")
	id := at[strings.LastIndexByte(at, '/')+1:]
	acct, err := h.Accounts.Get(t.Context(), h.Env, id)
	must(t, err)
	if acct.Settings.Confirm != confirmation.Destructive || acct.Settings.Retry == nil || acct.Settings.Retry.Attempts != 3 {
		t.Errorf("the account's settings are %+v", acct.Settings)
	}

	b.want(b.post(at+"/check"), http.StatusSeeOther)
	b.want(b.post(at+"/disable"), http.StatusSeeOther)
	b.want(b.get(at+"/settings"), http.StatusOK, "Disabled", "/enable")
	b.want(b.post(at+"/enable"), http.StatusSeeOther)
	b.want(b.post(at+"/reconnect", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", "wrong again", "context.base_url", h.VendorAt), http.StatusUnprocessableEntity)
	b.want(b.post(at+"/reconnect", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password, "context.base_url", h.VendorAt), http.StatusSeeOther)
	if acct, err = h.Accounts.Get(t.Context(), h.Env, id); err != nil || acct.Status != account.Active {
		t.Errorf("after it was connected again: %v, %v", acct, err)
	}

	b.want(b.post(at+"/servers/new", "name", "Goes with it", "access", "url"), http.StatusOK)
	b.want(b.get(at+"/delete"), http.StatusOK, "1 MCP server", "Goes with it")
	b.want(b.post(at+"/delete"), http.StatusSeeOther)
	b.want(b.get(at), http.StatusNotFound, "no such integrated account")
}

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

// records are the calls in the log, the newest first.
func (h *house) records(t *testing.T, f audit.Filter) []*audit.Record {
	t.Helper()
	f.Environment = h.Env
	found, _, err := h.Audit.List(t.Context(), f, "", 100)
	must(t, err)
	return found
}

func TestThePlaygroundShowsTheRequestMakesTheCallAndLeavesItsRecord(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Member)
	at := "/dashboard/accounts/" + h.Account.ID + "/tools/"
	tool := at + "create_a_octapipe_pipeline_card"
	page := b.want(b.get(tool), http.StatusOK, `name="a/pipeline_uuid"`, "Q3 Renewals", "Nothing was sent yet")
	pipeline := regexp.MustCompile(`<option value="&#34;([0-9a-f-]{36})&#34;">Q3 Renewals</option>`).FindStringSubmatch(page.text)[1]
	chosen := []string{"a/pipeline_uuid", `"` + pipeline + `"`}

	// The pipeline's live fields and stages, once it is chosen.
	page = b.want(b.post(tool, append(chosen, "do", "refresh")...), http.StatusOK, `name="a/custom_fields_values/cf_annual_value"`, "Contract Sent")
	stage := regexp.MustCompile(`<option value="&#34;([0-9a-f-]{36})&#34;">Contract Sent</option>`).FindStringSubmatch(page.text)[1]
	form := append(chosen, "a/name", `Müller's "card" <b>`, "a/pipeline_stage_uuid", `"`+stage+`"`, "a/sla", "24", "a/custom_fields_values/cf_annual_value", "1200.50", "a/tags", "one\r\ntwo\r\n")
	before := len(h.records(t, audit.Filter{Tool: "create_a_octapipe_pipeline_card"}))
	r := b.want(b.post(tool, append(form, "do", "preview")...), http.StatusOK, "Request to the vendor", "POST "+h.VendorAt+"/pipelines/"+pipeline+"/cards", "Bearer HIDDEN", "curl -sS", "sluice call create_a_octapipe_pipeline_card")
	text := unescaped.Replace(r.text)
	for _, want := range []string{`"cf_annual_value": 1200.50`, `'name=Müller'\''s "card" <b>'`, `"jsonrpc": "2.0"`, `"tags": [`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s:\n%s", want, text)
		}
	}
	if n := len(h.records(t, audit.Filter{Tool: "create_a_octapipe_pipeline_card"})); n != before {
		t.Errorf("showing the request made %d calls", n-before)
	}

	b.want(b.post(tool, append(form, "do", "call")...), http.StatusOK, "Answer", "done")
	records := h.records(t, audit.Filter{Tool: "create_a_octapipe_pipeline_card"})
	if len(records) != before+1 {
		t.Fatalf("the call left %d records, want one", len(records)-before)
	}
	got := records[0]
	member, err := h.Users.ByEmail(t.Context(), "member@acme.example")
	must(t, err)
	if got.Door != "dashboard" || got.UserID != member.ID || !got.Write || got.Outcome != "ok" || got.AccountID != h.Account.ID {
		t.Errorf("its record is %+v", got)
	}
	var arguments struct {
		Name string
		SLA  json.Number
	}
	must(t, json.Unmarshal(got.Arguments, &arguments))
	if arguments.Name != `Müller's "card" <b>` || arguments.SLA != "24" {
		t.Errorf("its arguments are %s", got.Arguments)
	}
	// The log leads back to the playground, with these arguments.
	b.want(b.get("/dashboard/logs/"+got.ID), http.StatusOK, "Open in the playground")
	b.want(b.get(tool+"?call="+got.ID), http.StatusOK, `value="Müller&#39;s &#34;card&#34; &lt;b&gt;"`, "1200.50")

	// What is wrong stands beside its field, and what was entered stays.
	b.want(b.post(tool, append(chosen, "a/name", "kept", "a/sla", "soon", "do", "call")...), http.StatusOK, `value="kept"`, `value="soon"`, `aria-invalid="true"`)
	// As JSON, and back.
	b.want(b.post(tool, append(form, "do", "json")...), http.StatusOK, `name="json"`, `&#34;sla&#34;: 24`)
	b.want(b.post(tool, "as", "json", "json", `{"pipeline_uuid":"x","name":"back","sla":3}`, "do", "form"), http.StatusOK, `value="back"`)
	b.want(b.post(tool, "as", "json", "json", `{"name":`, "do", "call"), http.StatusUnprocessableEntity, "no JSON object", `{&#34;name&#34;:`)

	// A viewer reads, and changes nothing.
	viewer := h.as(t, permission.Viewer)
	viewer.want(viewer.post(at+"list_all_octapipe_pipelines", "do", "call"), http.StatusOK, "Q3 Renewals")
	if r := viewer.post(tool, append(form, "do", "call")...); r.StatusCode != http.StatusForbidden || len(h.records(t, audit.Filter{Tool: "create_a_octapipe_pipeline_card", Outcome: "ok"})) != 1 {
		t.Errorf("a viewer's write: %d", r.StatusCode)
	}
	viewer.want(viewer.get(tool), http.StatusOK, "disabled")
}

func TestThePlaygroundAsksBeforeACallThatNeedsAYes(t *testing.T) {
	h := newHouse(t)
	_, err := h.Accounts.Update(t.Context(), h.Env, h.Account.ID, account.Change{Settings: &account.Settings{Confirm: confirmation.Destructive}})
	must(t, err)
	b := h.as(t, permission.Member)
	caller, err := h.Gateway.OpenAccount(t.Context(), h.Account, toolset.Options{})
	must(t, err)
	list, err := h.Gateway.Call(t.Context(), caller, "list_all_octapipe_tasks", []byte(`{"limit":1}`))
	must(t, err)
	var tasks []struct{ UUID string }
	must(t, json.Unmarshal(list.Body, &tasks))
	tool := "/dashboard/accounts/" + h.Account.ID + "/tools/delete_a_octapipe_task_by_id"
	r := b.want(b.post(tool, "a/id", tasks[0].UUID, "do", "call"), http.StatusOK, "Nothing was sent yet", `name="question"`)
	question := regexp.MustCompile(`name="question" value="([^"]+)"`).FindStringSubmatch(r.text)[1]
	b.want(b.post(tool, "a/id", tasks[0].UUID, "do", "call", "question", question, "agree", "yes"), http.StatusOK, "done")
	if got := h.records(t, audit.Filter{Tool: "delete_a_octapipe_task_by_id", Outcome: "ok"}); len(got) != 1 {
		t.Errorf("%d deletions are recorded, want one", len(got))
	}
}

func TestTheLogIsNarrowedChartedAndExported(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Viewer)
	for i := range 70 {
		outcome, tool := "ok", "tool_a"
		if i%10 == 0 {
			outcome, tool = "refused", "tool_b"
		}
		h.Audit.Finish(&audit.Record{Environment: h.Env, Door: "mcp", AccountID: h.Account.ID, ServerID: h.Server.ID, ClientName: "=cmd()", Tool: tool, Outcome: outcome,
			Arguments: fmt.Appendf(nil, `{"n":%d}`, i), StartedAt: time.Now().Add(-time.Duration(i) * time.Minute), Duration: time.Duration(i) * time.Millisecond})
	}
	page := b.want(b.get("/dashboard/logs"), http.StatusOK, "<strong class=\"number\">70</strong> calls", "<strong class=\"number\">7</strong> failed (10.0 %)", "<svg viewBox", "Next page", "50 calls on this page")
	next := unescaped.Replace(regexp.MustCompile(`href="([^"]*next=[^"]*)"`).FindStringSubmatch(page.text)[1])
	b.want(b.get(next), http.StatusOK, "20 calls on this page", "First page")
	b.want(b.get("/dashboard/logs?tool=tool_b"), http.StatusOK, "7</strong> calls", "tool_b")
	if r := b.get("/dashboard/logs?tool=tool_b"); strings.Contains(r.text, ">tool_a<") {
		t.Error("another tool's calls are shown")
	}
	b.want(b.get("/dashboard/logs?outcome=refused&server="+h.Server.ID), http.StatusOK, "7</strong> calls")
	b.want(b.get("/dashboard/logs?period=1h"), http.StatusOK, "60</strong> calls")
	b.want(b.get("/dashboard/logs?period=own&since=2020-01-01T00:00&until=2020-01-02T00:00"), http.StatusOK, "No call in this time")
	b.want(b.get("/dashboard/logs?period=own&since=yesterday"), http.StatusOK, "Give a day and a time")
	b.want(b.get("/dashboard/accounts/"+h.Account.ID+"/logs"), http.StatusOK, "70</strong> calls")

	rows, err := csv.NewReader(strings.NewReader(b.want(b.get("/dashboard/logs/export?format=csv&tool=tool_b"), http.StatusOK).text)).ReadAll()
	must(t, err)
	if len(rows) != 8 || rows[0][0] != "id" || rows[1][9] != "'=cmd()" || rows[1][15] != "refused" {
		t.Errorf("as CSV: %d lines, the second %v", len(rows), rows[1])
	}
	lines := strings.Split(strings.TrimSpace(b.want(b.get("/dashboard/logs/export?format=ndjson"), http.StatusOK).text), "\n")
	var first struct {
		Tool      string          `json:"tool_name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	must(t, json.Unmarshal([]byte(lines[0]), &first))
	if len(lines) != 70 || first.Tool != "tool_b" || string(first.Arguments) != `{"n":0}` {
		t.Errorf("as NDJSON: %d lines, the first %s", len(lines), lines[0])
	}
}

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
