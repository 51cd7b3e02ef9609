package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/mcpserver"
)

func TestAStageMayBeGivenByName(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals")
	card := w.id("list_all_octapipe_pipeline_cards", fmt.Sprintf(`{"pipeline_uuid":%q,"name":"TechNova"}`, pipeline), "TechNova Upgrade")
	move := `{"pipeline_uuid":%q,"id":%q,"pipeline_stage_uuid":%q,"name":"TechNova Upgrade","sla":24}`

	r := w.call("update_a_octapipe_pipeline_card_by_id", move, pipeline, card, "Contract Snet")
	if !r.Invalid || !strings.Contains(r.Message, "Contract Sent") || !strings.Contains(r.Message, "list_all_octapipe_pipeline_stages") {
		t.Errorf("a misspelt stage: %q, want the nearest and the tool that lists them", r.Message)
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("the vendor got %v, want nothing", sent)
	}
	r = w.ok("update_a_octapipe_pipeline_card_by_id", move, pipeline, card, "contract sent")
	if !strings.Contains(string(r.Body), `"Contract Sent"`) {
		t.Errorf("%s, want the card in Contract Sent", r.Body)
	}
	w.direct(http.MethodPost, "/pipelines/"+pipeline+"/stages", map[string]any{"name": "Contract Sent"})
	r = w.call("update_a_octapipe_pipeline_card_by_id", move, pipeline, card, "Contract Sent")
	if !r.Invalid || !strings.Contains(r.Message, "2 here") {
		t.Errorf("a name that two stages have: %q, want both ids", r.Message)
	}
}

func TestALostParentIsNamedWhereOneCallTells(t *testing.T) {
	w := newWorld(t)
	right := w.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals")
	wrong := w.id("list_all_octapipe_pipelines", `{}`, "Enterprise Sales")
	card := w.id("list_all_octapipe_pipeline_cards", fmt.Sprintf(`{"pipeline_uuid":%q,"name":"TechNova"}`, right), "TechNova Upgrade")
	w.ok("create_a_octapipe_note", `{"entity":"pipeline_card","record_uuid":%q,"note":"Called them."}`, card)

	for name, r := range map[string]string{
		"the wrong pipeline": w.call("get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":%q}`, wrong, card).Message,
		"no pipeline":        w.call("get_single_octapipe_pipeline_card_by_id", `{"id":%q}`, card).Message,
	} {
		if !strings.Contains(r, right) || !strings.Contains(r, "Q3 Renewals") || !strings.Contains(r, "pipeline_uuid") {
			t.Errorf("%s: %q, want the right one by id and name", name, r)
		}
	}
	r := w.call("get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":"00000000-0000-4000-8000-000000000000"}`, right)
	if strings.Contains(r.Message, "belongs to") || !strings.Contains(r.Message, "list_all_octapipe_pipeline_cards") {
		t.Errorf("a card that is nowhere: %q, want the tool that lists cards and no parent", r.Message)
	}
	w.caller = w.server(mcpserver.Draft{Config: fmt.Appendf(nil, `{"bind":{"pipeline_uuid":%q}}`, wrong)})
	if r := w.call("get_single_octapipe_pipeline_card_by_id", `{"id":%q}`, card); strings.Contains(r.Message, right) || !strings.Contains(r.Message, "404") {
		t.Errorf("a card outside the pipeline that the server is bound to: %q, want nothing of the other pipeline", r.Message)
	}
}

func TestParentsAndPeopleMayBeGivenByName(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals")
	card := w.id("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":"q3 renewals","name":"TechNova"}`, "TechNova Upgrade")
	for _, owner := range []string{"Dana Whitfield", "dana.whitfield@northwind.example"} {
		r := w.ok("update_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"Q3 Renewals","id":%q,"pipeline_stage_uuid":"In Review","name":"TechNova Upgrade","sla":0,"owner_user_uuid":%q}`, card, owner)
		if !strings.Contains(string(r.Body), `"email":"dana.whitfield@northwind.example"`) {
			t.Errorf("the card given to %q: %s", owner, r.Body)
		}
		w.ok("update_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"Q3 Renewals","id":%q,"pipeline_stage_uuid":"In Review","name":"TechNova Upgrade","sla":0,"owner_user_uuid":null}`, card)
	}
	w.sandbox.ForgetRequests()
	for name, test := range map[string]struct {
		tool, arguments string
		want            []string
	}{
		"a pipeline that there is not": {"update_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"Q3 Renewal","id":"x","pipeline_stage_uuid":"In Review","name":"n","sla":0}`,
			[]string{"pipeline_uuid", "Q3 Renewals", "list_all_octapipe_pipelines"}},
		"a person that there is not": {"create_a_octapipe_task", `{"title":"t","start_date":"2026-01-01","end_date":"2026-01-01","start_time":"09:00","end_time":"10:00","status":"open","priority":"low","owner_user_uuid":"Dana Whitfeld"}`,
			[]string{"owner_user_uuid", "Dana Whitfield", "list_all_octapipe_users"}},
		"a stage of another pipeline": {"update_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"Q3 Renewals","id":"x","pipeline_stage_uuid":"Closed Won","name":"n","sla":0}`,
			[]string{"pipeline_stage_uuid", "Contract Sent", "list_all_octapipe_pipeline_stages"}},
	} {
		r := w.call(test.tool, "%s", test.arguments)
		for _, want := range test.want {
			if !r.Invalid || !strings.Contains(r.Message, want) {
				t.Errorf("%s: %q, want %q in it", name, r.Message, want)
			}
		}
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("the vendor got %v, want nothing", sent)
	}
	// Who is not offered the people is not told of them.
	w.caller = w.server(mcpserver.Draft{Config: []byte(`{"tags":["tasks"]}`)})
	if r := w.call("list_all_octapipe_tasks", `{"owner_user_uuid":"Dana"}`); !r.Invalid || strings.Contains(r.Message, "Whitfield") {
		t.Errorf("a person's name without the list of people: %q", r.Message)
	}
	w.caller = w.server(mcpserver.Draft{Config: fmt.Appendf(nil, `{"bind":{"pipeline_uuid":%q}}`, pipeline)})
	if r := w.ok("list_all_octapipe_pipeline_cards", `{"name":"TechNova","limit":1}`); r.Items != 1 {
		t.Errorf("a bound server shows %d cards, want 1", r.Items)
	}
}

func TestAStageThatThePipelineLacksMayMeanThatThePipelineIsWrong(t *testing.T) {
	w := newWorld(t)
	right := w.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals")
	card := w.id("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":"Q3 Renewals","name":"TechNova"}`, "TechNova Upgrade")
	stage := w.id("list_all_octapipe_pipeline_stages", `{"pipeline_uuid":"Q3 Renewals"}`, "Contract Sent")
	w.ok("create_a_octapipe_note", `{"entity":"pipeline_card","record_uuid":%q,"note":"Called them."}`, card)
	for _, given := range []string{"Contract Sent", stage} {
		r := w.call("update_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"Enterprise Sales","id":%q,"pipeline_stage_uuid":%q,"name":"TechNova Upgrade","sla":0}`, card, given)
		if !r.Invalid || !strings.Contains(r.Message, right) || !strings.Contains(r.Message, "Q3 Renewals") {
			t.Errorf("the stage %q in the wrong pipeline: %q, want the card's own pipeline", given, r.Message)
		}
	}
}

func TestALabelThatASecondFieldWasJustGivenIsNotTakenForTheFirst(t *testing.T) {
	w := newWorld(t)
	const tier = `{"database_uuid":"Leads","name":"Kestrel","custom_fields_values":{"Tier":"Gold"}}`
	w.ok("create_a_octapipe_database_custom_field", `{"database_uuid":"Leads","label":"Tier","type":"text"}`)
	w.ok("create_a_octapipe_database_record", tier)
	w.ok("create_a_octapipe_database_custom_field", `{"database_uuid":"Leads","label":"Tier","type":"text","key":"cf_second"}`)
	if r := w.call("create_a_octapipe_database_record", tier); !r.Invalid || !strings.Contains(r.Message, "cf_tier") || !strings.Contains(r.Message, "cf_second") {
		t.Errorf("a label of two fields: %q, want both keys", r.Message)
	}
}
