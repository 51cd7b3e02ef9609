package dashboard_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/confirmation"
	"sluice/internal/permission"
	"sluice/internal/toolset"
)

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
