package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/gateway"
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

func TestAnObjectMayBeGivenByItsName(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals")
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	card := w.id("list_all_octapipe_pipeline_cards", fmt.Sprintf(`{"pipeline_uuid":%q,"name":"TechNova"}`, pipeline), "TechNova Upgrade")
	var record struct{ UUID string }
	if err := json.Unmarshal(w.direct(http.MethodPost, "/databases/"+database+"/records", map[string]any{
		"name": `The "Only" \ One`, "custom_fields_values": map[string]any{"cf_risk_level": "Low"},
	}), &record); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, tool, arguments, want string
		requests                    int
	}{
		{"a card", "get_single_octapipe_pipeline_card_by_id", fmt.Sprintf(`{"pipeline_uuid":%q,"id":"technova upgrade"}`, pipeline), card, 2},
		{"a card of a pipeline by name", "get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"Q3 Renewals","id":"TechNova Upgrade"}`, card, 3},
		{"a card by its id", "get_single_octapipe_pipeline_card_by_id", fmt.Sprintf(`{"pipeline_uuid":%q,"id":%q}`, pipeline, card), card, 1},
		{"a record with quotes in its name", "get_single_octapipe_database_record_by_id", fmt.Sprintf(`{"database_uuid":%q,"id":"the \"only\" \\ one"}`, database), record.UUID, 2},
		{"a pipeline", "get_single_octapipe_pipeline_by_id", `{"id":"Q3 Renewals"}`, pipeline, 2},
		{"a database", "get_single_octapipe_database_by_id", `{"id":"Vendor Compliance"}`, database, 2},
	} {
		w.sandbox.ForgetRequests()
		r := w.ok(test.tool, "%s", test.arguments)
		if !strings.Contains(string(r.Body), test.want) {
			t.Errorf("%s: %s, want %s", test.name, r.Body, test.want)
		}
		if sent := w.sandbox.Requests(); len(sent) != test.requests {
			t.Errorf("%s: the vendor got %d requests (%v), want %d", test.name, len(sent), sent, test.requests)
		}
	}

	w.sandbox.ForgetRequests()
	stray := w.call("delete_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":"TechNova"}`, pipeline)
	if !stray.Invalid || stray.Field != "id" || !strings.Contains(stray.Message, `"TechNova Upgrade" (`+card) {
		t.Errorf("a part of a name: %q, want the card that it may mean", stray.Message)
	}
	if r := w.call("get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":"00000000-0000-4000-8000-000000000000"}`, pipeline); r.Status != http.StatusNotFound {
		t.Errorf("an id of nothing: %+v, want the vendor's word and no search", r)
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("the vendor got %v, want nothing", sent)
	}

	plain := w.caller
	w.caller = w.server(mcpserver.Draft{Config: []byte(`{"confirm":"destructive"}`)})
	const byName = `{"pipeline_uuid":"q3 renewals","id":"technova upgrade"}`
	asked := w.call("delete_a_octapipe_pipeline_card_by_id", byName)
	if asked.Question == nil || !strings.Contains(asked.Question.Text, "TechNova Upgrade") || !strings.Contains(asked.Question.Text, "Q3 Renewals") {
		t.Fatalf("a card that is to be deleted, by name: %+v, want a question that names it as the vendor does", asked)
	}
	stage := w.id("list_all_octapipe_pipeline_stages", fmt.Sprintf(`{"pipeline_uuid":%q}`, pipeline), "Contract Sent")
	rename := func(name string) {
		w.direct(http.MethodPut, "/pipelines/"+pipeline+"/cards/"+card, map[string]any{"name": name, "sla": 1, "pipeline_stage_uuid": stage, "custom_fields_values": map[string]any{}})
	}
	rename("Another")
	w.direct(http.MethodPost, "/pipelines/"+pipeline+"/cards", map[string]any{"name": "TechNova Upgrade", "sla": 1, "pipeline_stage_uuid": stage, "custom_fields_values": map[string]any{}})
	w.sandbox.ForgetRequests()
	w.caller.Answer = gateway.Agreed(asked.Question.State)
	if r := w.call("delete_a_octapipe_pipeline_card_by_id", byName); r.Question == nil || !r.Question.Again {
		t.Errorf("agreed to, when the name means another card by now: %+v, want the question anew", r)
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("the vendor got %v, want nothing", sent)
	}
	w.caller = plain
	rename("TechNova Upgrade")

	for _, tool := range []string{"get_single", "update_a", "delete_a"} {
		r := w.call(tool+"_octapipe_pipeline_card_by_id", strings.ReplaceAll(`{"pipeline_uuid":%q,"id":"TechNova Upgrade"MORE}`, "MORE", map[string]string{"update_a": `,"sla":3`}[tool]), pipeline)
		if !r.Invalid || !strings.Contains(r.Message, "2 here") || !strings.Contains(r.Message, card) {
			t.Errorf("%s with a name that two cards have: %q, want both ids", tool, r.Message)
		}
	}
	for range 46 {
		w.direct(http.MethodPost, "/pipelines/"+pipeline+"/cards", map[string]any{"name": "Common name and more", "sla": 1, "pipeline_stage_uuid": stage, "custom_fields_values": map[string]any{}})
	}
	w.sandbox.ForgetRequests()
	if r := w.call("delete_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":"Common name"}`, pipeline); !r.Invalid || !strings.Contains(r.Message, "the first 45") {
		t.Errorf("a name in too many names: %q, want a refusal that says how far it was looked for", r.Message)
	}
	if sent := w.sandbox.Requests(); len(sent) != 3 {
		t.Errorf("the vendor got %d requests, want three pages", len(sent))
	}
}

func TestAnIDThatNoListShowsIsAmongWhatMayBeWrong(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Leads")
	r := w.call("octapipe_database_records_import_status", `{"database_uuid":%q,"import_uuid":"latest"}`, database)
	if !strings.Contains(r.Message, "Check import_uuid, and database_uuid by list_all_octapipe_databases.") {
		t.Errorf("a status of no import: %q, want the argument that is wrong named", r.Message)
	}
	if r := w.call("octapipe_database_records_import", `{"database_uuid":%q,"file_text":"Name\nA"}`, database); !strings.Contains(r.Message, "mapping is required (Column title") {
		t.Errorf("an import without a mapping: %q, want what a mapping is", r.Message)
	}
	w.caller = w.server(mcpserver.Draft{Config: []byte(`{"tags":["cards"]}`)})
	r = w.call("create_a_octapipe_pipeline_card", `{"pipeline_uuid":"Enterprise Sales","name":"X","sla":1,"pipeline_stage_uuid":"Foo","custom_fields_values":{}}`)
	if !strings.Contains(r.Message, "Qualification") || strings.Contains(r.Message, "list_all") {
		t.Errorf("a stage that is none: %q, want those there are, and no tool that this server has not", r.Message)
	}
}
