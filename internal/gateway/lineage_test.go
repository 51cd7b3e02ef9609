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
