package octapipe_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"sluice/internal/octapipe"
)

func TestStages(t *testing.T) {
	s := start(t, octapipe.Config{})
	path := "/pipelines/" + s.do("POST", "/pipelines", object{"name": "Repairs"}).is(201).object()["uuid"].(string) + "/stages"
	order := func() (names string) {
		for _, stage := range s.do("GET", path, nil).is(200).list() {
			names += fmt.Sprintf("%s%v ", stage["name"], stage["position"])
		}
		return names
	}
	a := s.do("POST", path, object{"name": "A"}).is(201).object()
	c := s.do("POST", path, object{"name": "C"}).is(201).object()
	b := s.do("POST", path, object{"name": "B", "position": 1}).is(201).object()
	equal(t, "order", "A0 B1 C2 ", order())
	a["position"] = 99
	equal(t, "position", 2, s.do("PUT", path+"/"+a["uuid"].(string), a).is(200).object()["position"].(float64))
	equal(t, "order", "B0 C1 A2 ", order())
	s.do("DELETE", path+"/"+c["uuid"].(string), nil).is(204)
	s.do("GET", path+"/"+c["uuid"].(string), nil).is(404)
	s.do("POST", path, object{"name": "A", "position": -1}).refuses("position")
	s.do("POST", path, object{"name": "A"}).is(201) // two stages may have one name
	equal(t, "the stage itself", "B", s.do("GET", path+"/"+b["uuid"].(string), nil).is(200).object()["name"].(string))
}

// workflow is the pipeline Q3 Renewals with a card in it.
type workflow struct {
	path, other  string
	card         object
	stages       map[string]string
	foreignStage string
}

func (s *service) renewals() workflow {
	s.t.Helper()
	w := workflow{path: "/pipelines/" + s.named("/pipelines", "Q3 Renewals"), other: "/pipelines/" + s.named("/pipelines", "Hiring"), stages: map[string]string{}}
	for _, stage := range s.do("GET", w.path+"/stages", nil).is(200).list() {
		w.stages[stage["name"].(string)] = stage["uuid"].(string)
	}
	w.foreignStage = s.named(w.other+"/stages", "Interview")
	w.card = s.do("GET", w.path+"/cards/"+s.named(w.path+"/cards", "TechNova Upgrade"), nil).is(200).object()
	return w
}

func TestACardMoves(t *testing.T) {
	s := seeded(t)
	w := s.renewals()
	one := w.path + "/cards/" + w.card["uuid"].(string)
	moves := len(w.card["movements"].([]any))
	s.pass(90 * time.Second)

	whole := clone(w.card)
	whole["pipeline_stage_uuid"], whole["sla"] = w.stages["Contract Sent"], 48
	moved := s.do("PUT", one, whole).is(200).object()
	equal(t, "stage", "Contract Sent", moved["pipeline_stage"].(object)["name"].(string))
	equal(t, "sla", 48, moved["sla"].(float64))
	equal(t, "code", w.card["code"], moved["code"])
	equal(t, "last_stage_updated_at", "2026-03-01T12:01:30.000Z", moved["last_stage_updated_at"].(string))

	movements := moved["movements"].([]any)
	equal(t, "movements", moves+1, len(movements))
	last := movements[moves].(object)
	for member, want := range map[string]any{
		"pipeline_card_uuid": w.card["uuid"], "from_pipeline_stage_uuid": w.stages["In Review"], "to_pipeline_stage_uuid": w.stages["Contract Sent"],
		"user_uuid": s.do("GET", "/me", nil).object()["uuid"], "created_at": "2026-03-01T12:01:30.000Z", "deleted_at": nil,
	} {
		equal(t, "movement's "+member, want, last[member])
	}

	t.Run("the timeline adds up the time in each stage", func(t *testing.T) {
		s := s.in(t)
		s.pass(30 * time.Second)
		timeline := s.do("GET", one, nil).is(200).object()["timeline"].([]any)
		equal(t, "stages", 3, len(timeline))
		for i, name := range []string{"Upcoming", "In Review", "Contract Sent"} {
			equal(t, "stage", name, timeline[i].(object)["pipeline_stage"].(string))
			equal(t, "index", float64(i), timeline[i].(object)["pipeline_stage_index"].(float64))
		}
		equal(t, "seconds in the last stage", 30, timeline[2].(object)["total"].(float64))
		equal(t, "moved_at", "2026-03-01T12:01:30.000Z", timeline[2].(object)["moved_at"].(string))
	})
	t.Run("staying adds no movement", func(t *testing.T) {
		stayed := s.in(t).do("PUT", one, object{"name": "TechNova Upgrade", "sla": 0, "pipeline_stage_uuid": w.stages["Contract Sent"]}).is(200).object()
		equal(t, "movements", moves+1, len(stayed["movements"].([]any)))
		equal(t, "values are kept when not sent", fmt.Sprint(w.card["custom_fields_values"]), fmt.Sprint(stayed["custom_fields_values"]))
		equal(t, "tags are kept when not sent", fmt.Sprint(w.card["tags"]), fmt.Sprint(stayed["tags"]))
	})
}

func TestLineageIsEnforced(t *testing.T) {
	s := seeded(t)
	w := s.renewals()
	one := w.path + "/cards/" + w.card["uuid"].(string)
	update := func(stage any) object { return object{"name": "x", "sla": 1, "pipeline_stage_uuid": stage} }

	s.do("PUT", one, update(w.foreignStage)).refuses("pipeline_stage_uuid")
	s.do("PUT", one, update("Contract Sent")).refuses("pipeline_stage_uuid")
	s.do("PUT", one, object{}).refuses("name", "sla", "pipeline_stage_uuid")
	s.do("PUT", one, object{"name": "x", "sla": 1.5, "pipeline_stage_uuid": w.stages["Signed"]}).refuses("sla")
	s.do("PUT", one, object{"name": "x", "sla": "24", "pipeline_stage_uuid": w.stages["Signed"]}).refuses("sla")
	elsewhere := w.other + "/cards/" + w.card["uuid"].(string)
	s.do("GET", elsewhere, nil).is(404)
	s.do("PUT", elsewhere, update(w.foreignStage)).is(404)
	s.do("DELETE", elsewhere, nil).is(404)
	equal(t, "the card", fmt.Sprint(w.card["movements"]), fmt.Sprint(s.do("GET", one, nil).object()["movements"]))
}

func TestCards(t *testing.T) {
	s := seeded(t)
	w := s.renewals()
	cards := w.path + "/cards"
	s.do("POST", cards, object{}).refuses("name", "sla", "pipeline_stage_uuid", "custom_fields_values")
	s.do("POST", cards, object{"name": "x", "sla": 1, "pipeline_stage_uuid": w.stages["Signed"], "custom_fields_values": object{"cf_nothing": 1}, "tags": "no"}).
		refuses("custom_fields_values.cf_nothing", "tags")
	made := s.do("POST", cards, object{
		"name": "New", "sla": 0, "pipeline_stage_uuid": w.stages["Signed"], "custom_fields_values": []string{}, "tags": []string{"hot"},
	}).is(201).object()
	equal(t, "code", "QR-27", made["code"].(string))
	equal(t, "movements", 0, len(made["movements"].([]any)))
	equal(t, "empty values", "[]", fmt.Sprint(made["custom_fields_values"]))
	one := cards + "/" + made["uuid"].(string)

	t.Run("filters in the query", func(t *testing.T) {
		s := s.in(t)
		for query, want := range map[string]int{
			"name=technova": 2, "name=TechNova+Upgrade": 1, "tag=hot": 1, "name=New&tag=hot": 1, "name=New&tag=cold": 0,
			"pipeline_stage_uuid=" + w.stages["Signed"] + "&tag=hot":                       1,
			"pipeline_stage_uuid=" + w.foreignStage:                                        0,
			"owner_user_uuid=" + made["owner_user"].(object)["uuid"].(string) + "&tag=hot": 1,
			"name=100%25": 0,
			"filters=" + url.QueryEscape(`[{"field":"tags","operator":"contains","value":"hot"}]`):                                                               1,
			"filters=" + url.QueryEscape(`[{"field":"cf_auto_renew","operator":"eq","value":true},{"field":"name","operator":"eq","value":"TechNova Upgrade"}]`): 1,
		} {
			equal(t, query, want, len(s.do("GET", cards+"?"+query, nil).is(200).list()))
		}
	})
	t.Run("a stage that holds cards is not deleted", func(t *testing.T) {
		s := s.in(t)
		lone := s.do("POST", w.path+"/stages", object{"name": "Lone"}).is(201).object()["uuid"].(string)
		s.do("PUT", one, object{"name": "New", "sla": 0, "pipeline_stage_uuid": lone}).is(200)
		s.do("DELETE", w.path+"/stages/"+lone, nil).is(409)
		s.do("DELETE", one, nil).is(204)
		s.do("GET", one, nil).is(404)
		s.do("DELETE", w.path+"/stages/"+lone, nil).is(204)
	})
}
