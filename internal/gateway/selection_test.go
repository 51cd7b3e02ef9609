package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/internal/toolset"
)

func TestAListAnswersOnlyTheMembersThatAreNamed(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Enterprise Sales")
	whole := w.ok("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":%q,"limit":15,"fields":["uuid","name","pipeline_stage","owner_user","movements","timeline","creator_user"]}`, pipeline)
	short := w.ok("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":%q,"limit":15,"fields":["uuid","name","pipeline_stage.name","owner_user.email","movements.created_at"]}`, pipeline)
	if short.Items != whole.Items || len(short.Body)*4 > len(whole.Body) {
		t.Errorf("%d items in %d bytes, want %d in less than a quarter of %d", short.Items, len(short.Body), whole.Items, len(whole.Body))
	}
	type stage struct{ Name string }
	type user struct{ Email string }
	type movement struct {
		CreatedAt string `json:"created_at"`
	}
	type card struct {
		UUID, Name string
		Stage      stage      `json:"pipeline_stage"`
		Owner      user       `json:"owner_user"`
		Movements  []movement `json:"movements"`
	}
	var want, got []card
	if err := json.Unmarshal(whole.Body, &want); err != nil {
		t.Fatal(err)
	}
	strict := json.NewDecoder(strings.NewReader(string(short.Body)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&got); err != nil {
		t.Fatalf("something else is there too: %v", err)
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if string(a) != string(b) {
		t.Errorf("got %.500s, want %.500s", b, a)
	}
	if len(short.Notes) != 0 {
		t.Errorf("notes %q, want none", short.Notes)
	}
	// Where the next page begins does not depend on it.
	next := w.ok("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":%q,"limit":2,"fields":["name"],"next_cursor":%q}`, pipeline,
		w.ok("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":%q,"limit":2,"fields":["uuid"]}`, pipeline).NextCursor)
	if err := json.Unmarshal(next.Body, &got); err != nil || got[0].Name != want[2].Name {
		t.Errorf("the second page begins with %s, want %s", next.Body, want[2].Name)
	}
}

func TestAMemberThatNoItemHasIsSaid(t *testing.T) {
	w := newWorld(t)
	r := w.ok("list_all_octapipe_databases", `{"fields":["name","pipeline_stage.colour"]}`)
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "Nothing here has pipeline_stage; the members are uuid, name") {
		t.Errorf("notes %q", r.Notes)
	}
	if r := w.call("list_all_octapipe_databases", `{"fields":[]}`); !r.Invalid || r.Field != "fields" {
		t.Errorf("no fields at all: %q", r.Message)
	}
}

func TestFieldsHoldBesideFiltersAndNames(t *testing.T) {
	w := newWorld(t)
	leads := w.id("list_all_octapipe_databases", `{}`, "Leads")
	for name, arguments := range map[string]string{
		"filters by label":  `{"database_uuid":%q,"limit":2,"fields":["name"],"filters":[{"field":"Status","operator":"eq","value":"New"}]}`,
		"a parent by name":  `{"database_uuid":"leads","limit":2,"fields":["name"]}`,
		"a filter by a day": `{"database_uuid":%q,"limit":2,"fields":["name"],"filters":[{"field":"Last contact","operator":"lt","value":"10 days ago"}]}`,
	} {
		arguments = strings.Replace(arguments, "%q", `"`+leads+`"`, 1)
		first := w.ok("list_all_octapipe_database_records", "%s", arguments)
		var items []map[string]any
		if err := json.Unmarshal(first.Body, &items); err != nil || len(items) != 2 || len(items[0]) != 1 || items[0]["name"] == nil {
			t.Errorf("%s: %s, want two items with a name alone", name, first.Body)
		}
		next := strings.TrimSuffix(arguments, "}") + `,"next_cursor":"` + first.NextCursor + `"}`
		if second := w.ok("list_all_octapipe_database_records", "%s", next); string(second.Body) == string(first.Body) || strings.Contains(string(second.Body), "uuid") {
			t.Errorf("%s: the second page is %s, want two others with a name alone", name, second.Body)
		}
	}
}

func TestCustomFieldsAreNamedAsPeopleNameThem(t *testing.T) {
	w := newWorld(t)
	r := w.ok("list_all_octapipe_database_records", `{"database_uuid":"Leads","limit":1,"fields":["name","status","cf_phone","custom_fields_values.Newsletter"]}`)
	var items []struct {
		Name   string
		Values map[string]any `json:"custom_fields_values"`
	}
	if err := json.Unmarshal(r.Body, &items); err != nil || len(items) != 1 || len(items[0].Values) != 3 || items[0].Values["cf_status"] != "New" {
		t.Errorf("got %s (notes %q), want cf_status, cf_phone and cf_newsletter", r.Body, r.Notes)
	}
	if len(r.Notes) != 0 {
		t.Errorf("notes %q, want none: the fields exist, whether an item has a value or not", r.Notes)
	}
	if r := w.ok("list_all_octapipe_database_records", `{"database_uuid":"Leads","limit":1,"fields":["name","Interests","Last contact","Account manager"]}`); len(r.Notes) != 0 {
		t.Errorf("notes %q on fields that the first record has no values of", r.Notes)
	}
	if r := w.ok("list_all_octapipe_database_records", `{"database_uuid":"Leads","limit":1,"fields":["name","Colour"]}`); len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "Colour") {
		t.Errorf("notes %q, want one on Colour", r.Notes)
	}
}

func TestAModelIsAnsweredInShortAndAProgramInFull(t *testing.T) {
	w := newWorld(t)
	card := w.id("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":"Q3 Renewals","name":"TechNova Upgrade"}`, "TechNova Upgrade")
	move := `{"pipeline_uuid":"Q3 Renewals","id":"` + card + `","pipeline_stage_uuid":"Contract Sent","name":"TechNova Upgrade","sla":24}`
	const note = `{"entity":"pipeline_card","record_uuid":"CARD","note":"Sent."}`
	const long = "movements"
	for tool, arguments := range map[string]string{"update_a_octapipe_pipeline_card_by_id": move, "create_a_octapipe_note": strings.Replace(note, "CARD", card, 1),
		"list_all_octapipe_pipeline_cards": `{"pipeline_uuid":"Q3 Renewals"}`} {
		short := w.ok(tool, "%s", arguments)
		if strings.Contains(string(short.Body), long) || !strings.Contains(string(short.Body), `"uuid"`) || len(short.Notes) != 0 {
			t.Errorf("%s answers a model %.300s (notes %q), want the short form", tool, short.Body, short.Notes)
		}
	}
	if r := w.ok("get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"Q3 Renewals","id":%q}`, card); !strings.Contains(string(r.Body), long) {
		t.Errorf("get answers %.300s, want the whole card", r.Body)
	}
	program, err := w.node.Gateway.OpenAccount(t.Context(), w.account, toolset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.caller = program
	if r := w.ok("update_a_octapipe_pipeline_card_by_id", "%s", move); !strings.Contains(string(r.Body), long) {
		t.Errorf("a program is answered %.300s, want the whole card", r.Body)
	}
}
