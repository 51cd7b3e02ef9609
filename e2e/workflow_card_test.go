package e2e

import (
	"strings"
	"testing"
	"time"
)

// The first of the two workflows that the product is for: find cards, move them on, write down why, plan what follows. Each is done as an agent does
// it, by tools alone, and then looked up in the sandbox over the sandbox's own API.

func TestAnAgentMovesACardToAnotherStageAndAttachesANote(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		agent{t, connect(h.mcpServer(t, `{"name":"sales","config":{"methods":["read","write"]}}`).URL)}.moveTechNova(h)
	})
}

// moveTechNova is the first workflow: find a card by its name, move it to another stage, write down why.
func (a agent) moveTechNova(h *house) {
	t := a.t
	t.Helper()
	pipeline, _ := a.find("list_all_octapipe_pipelines", nil, "name", "Q3 Renewals")
	in := map[string]any{"pipeline_uuid": pipeline.text("uuid")}
	card, _ := a.find("list_all_octapipe_pipeline_cards", in, "name", "TechNova Upgrade")
	stage, _ := a.find("list_all_octapipe_pipeline_stages", in, "name", "Contract Sent")
	before := h.card(t, pipeline, card)

	a.call(nil, "update_a_octapipe_pipeline_card_by_id", with(in, map[string]any{
		"id": card.text("uuid"), "pipeline_stage_uuid": stage.text("uuid"), "name": card.text("name"), "sla": card["sla"],
	}))
	const note = "Contract **sent** to TechNova today: \"net 30\" agreed."
	a.call(nil, "create_a_octapipe_note", map[string]any{"entity": "pipeline_card", "record_uuid": card.text("uuid"), "note": note})

	after := h.card(t, pipeline, card)
	wantMoved(t, before, after, "Contract Sent")
	if got := after.text("name"); got != "TechNova Upgrade" {
		t.Errorf("the card's name is now %q, want it unchanged", got)
	}
	var found bool
	for _, n := range h.sandboxList(t, "/notes?entity=pipeline_card&record_uuid="+card.text("uuid")) {
		found = found || n.text("note") == note
	}
	if !found {
		t.Errorf("the sandbox has no note %q on the card", note)
	}
}

func TestAnAgentFindsACardBeyondTheFirstPageAndMovesItWithANewSLA(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		a := agent{t, connect(h.mcpServer(t, `{"name":"sales","config":{"methods":["read","write"]}}`).URL)}

		pipeline, _ := a.find("list_all_octapipe_pipelines", nil, "name", "Enterprise Sales")
		in := map[string]any{"pipeline_uuid": pipeline.text("uuid")}
		card, pages := a.find("list_all_octapipe_pipeline_cards", in, "name", "Acme Corp Deal")
		if pages < 2 {
			t.Errorf("the card was on page %d, want it beyond the first 15", pages)
		}
		stage, _ := a.find("list_all_octapipe_pipeline_stages", in, "name", "Closed Won")
		before := h.card(t, pipeline, card)
		sla, _ := before["sla"].(float64)

		a.call(nil, "update_a_octapipe_pipeline_card_by_id", with(in, map[string]any{
			"id": card.text("uuid"), "pipeline_stage_uuid": stage.text("uuid"), "name": card.text("name"), "sla": int(sla) + 24,
		}))

		after := h.card(t, pipeline, card)
		wantMoved(t, before, after, "Closed Won")
		if got := after["sla"]; got != sla+24 {
			t.Errorf("the card's sla is %v, want %v", got, sla+24)
		}
	})
}

func TestAnAgentPlansATaskForTomorrowMorning(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		a := agent{t, connect(h.mcpServer(t, `{"name":"sales","config":{"methods":["read","write"]}}`).URL)}
		before := len(h.sandboxList(t, "/tasks"))
		tomorrow := time.Now().AddDate(0, 0, 1).Format(time.DateOnly)

		var made object
		a.call(&made, "create_a_octapipe_task", map[string]any{
			"title": "Call TechNova about the contract", "start_date": tomorrow, "end_date": tomorrow,
			"start_time": "09:00", "end_time": "10:00", "status": "open", "priority": "high",
		})

		if got := len(h.sandboxList(t, "/tasks")); got != before+1 {
			t.Errorf("the sandbox has %d tasks, want %d", got, before+1)
		}
		var task object
		h.sandbox(t, "GET", "/tasks/"+made.text("uuid"), "").want(t, 200).decode(t, &task)
		for member, want := range map[string]string{"title": "Call TechNova about the contract", "start_date": tomorrow, "end_date": tomorrow,
			"start_time": "09:00:00", "end_time": "10:00:00", "status": "open", "priority": "high"} {
			if got := task.text(member); got != want {
				t.Errorf("the task's %s is %q, want %q", member, got, want)
			}
		}
	})
}

func TestAServerForReadingShowsNoToolThatWrites(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		offered := func(body string) (reads, writes []string) {
			tools, err := connect(h.mcpServer(t, body).URL).ListTools(t.Context())
			if err != nil {
				t.Fatalf("list tools: %v", err)
			}
			for _, tool := range tools {
				hints := tool.Annotations
				if hints.ReadOnly == nil || hints.Destructive == nil || hints.Idempotent == nil || hints.OpenWorld == nil {
					t.Errorf("%s lacks one of the four hints, so that clients must guess: %+v", tool.Name, hints)
					continue
				}
				if *hints.ReadOnly {
					reads = append(reads, tool.Name)
				} else {
					writes = append(writes, tool.Name)
				}
			}
			return reads, writes
		}
		readsOfBoth, writesOfBoth := offered(`{"name":"both","config":{"methods":["read","write"]}}`)
		if len(readsOfBoth) == 0 || len(writesOfBoth) == 0 {
			t.Fatalf("a server for reading and writing offers %d tools that read and %d that write", len(readsOfBoth), len(writesOfBoth))
		}
		reads, writes := offered(`{"name":"reader","config":{"methods":["read"]}}`)
		if strings.Join(reads, " ") != strings.Join(readsOfBoth, " ") {
			t.Errorf("a server for reading offers other tools that read:\n%v\nwant\n%v", reads, readsOfBoth)
		}
		if len(writes) > 0 {
			t.Errorf("a server for reading offers tools that write: %v", writes)
		}
		a := agent{t, connect(h.mcpServer(t, `{"name":"reader","config":{"methods":["read"]}}`).URL)}
		a.refused(writesOfBoth[0], map[string]any{"id": "019abf00-0000-7000-8000-000000000000"})
	})
}

// card reads a card from the sandbox.
func (h *house) card(t *testing.T, pipeline, card object) object {
	t.Helper()
	var got object
	h.sandbox(t, "GET", "/pipelines/"+pipeline.text("uuid")+"/cards/"+card.text("uuid"), "").want(t, 200).decode(t, &got)
	return got
}

// wantMoved checks that a card went from its stage to another one by exactly one recorded movement.
func wantMoved(t *testing.T, before, after object, stage string) {
	t.Helper()
	from, to := before.object("pipeline_stage"), after.object("pipeline_stage")
	if from.text("name") == stage {
		t.Fatalf("the card was in %q before anything was done", stage)
	}
	if got := to.text("name"); got != stage {
		t.Errorf("the card is in stage %q, want %q", got, stage)
	}
	movements := after.list("movements")
	if got, want := len(movements), len(before.list("movements"))+1; got != want {
		t.Fatalf("the card has %d movements, want %d", got, want)
	}
	known := map[string]bool{}
	for _, m := range before.list("movements") {
		known[m.text("created_at")+m.text("to_pipeline_stage_uuid")] = true
	}
	for _, m := range movements {
		if known[m.text("created_at")+m.text("to_pipeline_stage_uuid")] {
			continue
		}
		if m.text("from_pipeline_stage_uuid") != from.text("uuid") || m.text("to_pipeline_stage_uuid") != to.text("uuid") {
			t.Errorf("the movement recorded is %v, want one from %s to %s", m, from.text("uuid"), to.text("uuid"))
		}
		return
	}
	t.Error("the sandbox recorded no new movement")
}
