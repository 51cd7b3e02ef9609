package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAListAnswersOnlyTheMembersThatAreNamed(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Enterprise Sales")
	whole := w.ok("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":%q,"limit":15}`, pipeline)
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
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "No item here has pipeline_stage; the members of an item are uuid, name") {
		t.Errorf("notes %q", r.Notes)
	}
	if r := w.call("list_all_octapipe_databases", `{"fields":[]}`); !r.Invalid || r.Field != "fields" {
		t.Errorf("no fields at all: %q", r.Message)
	}
}
