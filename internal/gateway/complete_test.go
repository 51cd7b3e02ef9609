package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/gateway"
	"sluice/internal/store/storetest"
	"sluice/internal/vendor"
)

const (
	updateTask   = "update_a_octapipe_task_by_id"
	updateCard   = "update_a_octapipe_pipeline_card_by_id"
	updateRecord = "update_a_octapipe_database_record_by_id"
)

// task is a task as the sandbox itself answers it.
func (w *world) task(uuid string) (task map[string]any) {
	w.Helper()
	if err := json.Unmarshal(w.direct("GET", "/tasks/"+uuid, nil), &task); err != nil {
		w.Fatal(err)
	}
	return task
}

// anyOf is the id of some item of a list.
func (w *world) anyOf(tool, arguments string) string {
	w.Helper()
	var items []struct{ UUID string }
	if err := json.Unmarshal(w.ok(tool, "%s", arguments).Body, &items); err != nil || len(items) == 0 {
		w.Fatalf("%s shows %d items, error %v", tool, len(items), err)
	}
	return items[0].UUID
}

// wantRequests compares what the sandbox was sent since it was told to forget.
func (w *world) wantRequests(want ...string) {
	w.Helper()
	var got []string
	for _, r := range w.sandbox.Requests() {
		got = append(got, r.Method+" "+r.Path)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.Errorf("the vendor was sent %q, want %q", got, want)
	}
	w.sandbox.ForgetRequests()
}

func TestAnUpdateIsCompletedByWhatIsThere(t *testing.T) {
	w := newWorld(t)
	id := w.anyOf("list_all_octapipe_tasks", `{"limit":1,"filters":[{"field":"status","operator":"neq","value":"completed"}]}`)
	before := w.task(id)
	w.sandbox.ForgetRequests()

	w.ok(updateTask, `{"id":%q,"status":"completed"}`, id)
	w.wantRequests("GET /tasks/"+id, "PUT /tasks/"+id)
	after := w.task(id)
	for _, name := range []string{"title", "description", "start_date", "end_date", "start_time", "end_time", "priority", "pipeline_card_uuid"} {
		if fmt.Sprint(before[name]) != fmt.Sprint(after[name]) {
			t.Errorf("%s was %v and is %v", name, before[name], after[name])
		}
	}
	if after["status"] != "completed" {
		t.Errorf("the status is %v", after["status"])
	}
	// The log has what was sent, not what was said.
	if r := w.last(); !r.Write || r.Outcome != "ok" || !strings.Contains(string(r.Arguments), fmt.Sprintf(`"title":%q`, before["title"])) {
		t.Errorf("the record says write %t, %s, %s", r.Write, r.Outcome, r.Arguments)
	}

	// A call that has everything needs no look.
	w.sandbox.ForgetRequests()
	w.ok(updateTask, `{"id":%q,"title":"Whole","start_date":"2026-01-01","end_date":"2026-01-02","start_time":"08:00","end_time":"09:00","status":"open","priority":"low"}`, id)
	w.wantRequests("PUT /tasks/" + id)

	if r := w.call(updateTask, `{"id":%q}`, id); !r.Invalid || !strings.HasPrefix(r.Message, "arguments say nothing that changes: there are title, ") {
		t.Errorf("a call that changes nothing: %+v", r)
	}
	w.wantRequests()
	if r := w.call(updateTask, `{"id":%q,"status":"later"}`, id); !r.Invalid || !strings.HasPrefix(r.Message, "status must be one of") {
		t.Errorf("a wrong value: %+v", r)
	}
	w.wantRequests()
	nobody := "00000000-0000-4000-8000-000000000000"
	if r := w.call(updateTask, `{"id":%q,"status":"open"}`, nobody); r.Outcome != vendor.Refused || r.Status != http.StatusNotFound ||
		!strings.HasPrefix(r.Message, "Nothing was sent.") || !strings.Contains(r.Message, "list_all_octapipe_tasks") {
		t.Errorf("an unknown task: %+v", r)
	}
	w.wantRequests("GET /tasks/" + nobody)
}

func TestACardMovesByItsStageAlone(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Enterprise Sales")
	id := w.id("list_all_octapipe_pipeline_cards", `{"pipeline_uuid":"Enterprise Sales","name":"Acme Corp Deal"}`, "Acme Corp Deal")
	path := "/pipelines/" + pipeline + "/cards/" + id
	read := func() (c struct {
		Name   string
		SLA    int
		Values map[string]any        `json:"custom_fields_values"`
		Stage  struct{ Name string } `json:"pipeline_stage"`
		Tags   []string
	}) {
		if err := json.Unmarshal(w.direct("GET", path, nil), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	before := read()
	w.ok(updateCard, `{"pipeline_uuid":"Enterprise Sales","id":%q,"pipeline_stage_uuid":"Closed Won"}`, id)
	moved := read()
	if moved.Stage.Name != "Closed Won" || moved.Name != before.Name || moved.SLA != before.SLA || fmt.Sprint(moved.Values, moved.Tags) != fmt.Sprint(before.Values, before.Tags) {
		t.Errorf("moved: %+v, before: %+v", moved, before)
	}
	// A custom field is laid over those that are there, by its label as well.
	w.ok(updateCard, `{"pipeline_uuid":"Enterprise Sales","id":%q,"custom_fields_values":{"Competitor":"Initech","cf_region":"APAC"}}`, id)
	changed := read()
	before.Values["cf_competitor"], before.Values["cf_region"] = "Initech", "APAC"
	if changed.Stage.Name != "Closed Won" || fmt.Sprint(changed.Values) != fmt.Sprint(before.Values) {
		t.Errorf("changed: %+v, want the values %v", changed, before.Values)
	}
	w.ok(updateCard, `{"pipeline_uuid":"Enterprise Sales","id":%q,"custom_fields_values":{"cf_competitor":null}}`, id)
	delete(before.Values, "cf_competitor")
	if emptied := read(); fmt.Sprint(emptied.Values) != fmt.Sprint(before.Values) {
		t.Errorf("emptied: %v, want %v", emptied.Values, before.Values)
	}
}

func TestARecordWithoutValuesIsCompletedToo(t *testing.T) {
	w := newWorld(t)
	var made struct{ UUID string }
	if err := json.Unmarshal(w.ok("create_a_octapipe_database_record", `{"database_uuid":"Leads","name":"Empty","custom_fields_values":{}}`).Body, &made); err != nil {
		t.Fatal(err)
	}
	w.ok(updateRecord, `{"database_uuid":"Leads","id":%q,"name":"Renamed"}`, made.UUID)
	w.ok(updateRecord, `{"database_uuid":"Leads","id":%q,"custom_fields_values":{"Status":"New"}}`, made.UUID)
	if got := string(w.ok("get_single_octapipe_database_record_by_id", `{"database_uuid":"Leads","id":%q}`, made.UUID).Body); !strings.Contains(got, `"Renamed"`) || !strings.Contains(got, `{"cf_status":"New"}`) {
		t.Errorf("the record is %s", got)
	}
}

func TestAQuestionAboutAnUpdateTellsWhatChangesAndKeepsWhatOthersChanged(t *testing.T) {
	a := newAsker(t, storetest.SQLite(t), `{"confirm":"writes"}`)
	id := a.anyOf("list_all_octapipe_tasks", `{"limit":1,"filters":[{"field":"status","operator":"neq","value":"completed"}]}`)
	task := a.task(id)
	arguments := fmt.Sprintf(`{"id":%q,"status":"completed"}`, id)
	q := a.asks(updateTask, arguments, nil)
	if !strings.Contains(q.Text, "status") || strings.Contains(q.Text, "start_date") || strings.Contains(q.Text, "priority") {
		t.Errorf("the question speaks of more than changes, or less: %s", q.Text)
	}
	a.wantNothingWritten()
	task["title"] = "Changed by somebody else"
	a.direct("PUT", "/tasks/"+id, task)
	r, err := a.on(a.node, updateTask, arguments, gateway.Agreed(q.State))
	if err != nil || r.Failed() {
		t.Fatalf("%v, %+v", err, r)
	}
	if got := a.task(id); got["title"] != "Changed by somebody else" || got["status"] != "completed" {
		t.Errorf("the title is %v, the status %v", got["title"], got["status"])
	}
}
