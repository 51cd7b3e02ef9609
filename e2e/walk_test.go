package e2e

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/await"
)

// TestEveryToolOfOctapipeIsCalledOnce makes everything that there is in Octapipe, looks at it, changes it and takes it away again, by tools alone, through
// the official Go client. A tool that the definition offers and this walk does not call fails it.
func TestEveryToolOfOctapipeIsCalledOnce(t *testing.T) {
	h := startDemo(t)
	c := connectGoSDK(t, h.mcpServer(t, `{"name":"walk"}`).URL)
	w := &walk{agent: agent{t, c}, called: map[string]bool{}}

	w.database()
	w.pipeline()
	w.people()
	w.files()

	tools, err := c.ListTools(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		if !w.called[tool.Name] {
			t.Errorf("%s was never called", tool.Name)
		}
	}
}

type walk struct {
	agent
	called map[string]bool
}

type args = map[string]any

// do calls a tool and answers its object.
func (w *walk) do(name string, arguments args) (made object) {
	w.t.Helper()
	w.called[name] = true
	w.call(&made, name, arguments)
	return made
}

// done calls a tool that answers nothing.
func (w *walk) done(name string, arguments args) {
	w.t.Helper()
	w.called[name] = true
	w.call(nil, name, arguments)
}

// list calls a list tool and wants one item to be there.
func (w *walk) list(name string, arguments args, uuid string) {
	w.t.Helper()
	w.called[name] = true
	if _, page := w.find(name, arguments, "uuid", uuid); page == 0 {
		w.t.Errorf("%s does not show %s", name, uuid)
	}
}

// fields walks the custom fields of a database or pipeline and leaves one behind.
func (w *walk) fields(owner, uuid string) (key string) {
	in := args{owner + "_uuid": uuid}
	field := w.do("create_a_octapipe_"+owner+"_custom_field", with(in, args{"label": "Colour", "type": "select", "options": []string{"Red", "Blue"}}))
	gone := w.do("create_a_octapipe_"+owner+"_custom_field", with(in, args{"label": "Passing", "type": "text"}))
	w.list("list_all_octapipe_"+owner+"_custom_fields", in, field.text("uuid"))
	changed := w.do("update_a_octapipe_"+owner+"_custom_field_by_id", with(in, args{"id": field.text("uuid"), "label": "Shade", "type": "select", "options": []string{"Red", "Blue", "Green"}}))
	if changed.text("label") != "Shade" {
		w.t.Errorf("the renamed field is %v", changed)
	}
	w.done("delete_a_octapipe_"+owner+"_custom_field_by_id", with(in, args{"id": gone.text("uuid")}))
	if schema := w.do("octapipe_"+owner+"s_fields_schema", args{"id": uuid}); schema.object("properties").object(field.text("key")).text("title") != "Shade" {
		w.t.Errorf("the schema of the fields is %v, want the one that is left under its new label", schema)
	}
	return field.text("key")
}

func (w *walk) database() {
	database := w.do("create_a_octapipe_database", args{"name": "Walk"}).text("uuid")
	w.list("list_all_octapipe_databases", args{}, database)
	w.do("update_a_octapipe_database_by_id", args{"id": database, "name": "Walked"})
	if got := w.do("get_single_octapipe_database_by_id", args{"id": database}).text("name"); got != "Walked" {
		w.t.Errorf("the database is called %q", got)
	}
	key := w.fields("database", database)

	in := args{"database_uuid": database}
	record := w.do("create_a_octapipe_database_record", with(in, args{"name": "One", "custom_fields_values": args{"Shade": "Red"}})).text("uuid")
	w.do("create_a_octapipe_database_record", with(in, args{"name": "Two", "custom_fields_values": args{}}))
	w.list("list_all_octapipe_database_records", in, record)
	w.do("update_a_octapipe_database_record_by_id", with(in, args{"id": record, "name": "First", "custom_fields_values": args{key: "Blue"}}))
	got := w.do("get_single_octapipe_database_record_by_id", with(in, args{"id": record}))
	if got.text("name") != "First" || got.object("custom_fields_values").text(key) != "Blue" {
		w.t.Errorf("the record is %v", got)
	}
	blue := args{"filters": []any{args{"field": "Shade", "operator": "eq", "value": "Blue"}}}
	if n := w.do("octapipe_database_records_bulk_update", with(in, with(blue, args{"values": args{"Shade": "Green"}})))["updated"]; n != 1.0 {
		w.t.Errorf("the bulk update changed %v, want 1", n)
	}
	job := w.do("octapipe_database_records_export", with(in, args{"format": "json"})).text("uuid")
	w.finished("octapipe_database_records_export_status", with(in, args{"export_uuid": job}))
	exported := w.do("octapipe_database_records_export", with(in, args{"format": "csv", "fields": []string{"name", "Shade"}})).text("uuid")
	url := w.finished("octapipe_database_records_export_status", with(in, args{"export_uuid": exported})).text("url")
	imported := w.do("octapipe_database_records_import", with(in, args{"file_url": url, "mapping": args{"name": "name", key: "Shade"}})).text("uuid")
	if n := w.finished("octapipe_database_records_import_status", with(in, args{"import_uuid": imported}))["created"]; n != 2.0 {
		w.t.Errorf("the import made %v records, want the 2 that were exported", n)
	}
	if n := w.do("octapipe_database_records_bulk_delete", with(in, args{"filters": []any{args{"field": "name", "operator": "eq", "value": "Two"}}}))["deleted"]; n != 2.0 {
		w.t.Errorf("the bulk delete took %v, want 2", n)
	}
	w.done("delete_a_octapipe_database_record_by_id", with(in, args{"id": record}))
	w.done("delete_a_octapipe_database_by_id", args{"id": database})
}

// finished asks for the state of a job until it has one that stays.
func (w *walk) finished(tool string, arguments args) (state object) {
	w.t.Helper()
	await.True(w.t, tool+" to tell the end", func() bool {
		state = w.do(tool, arguments)
		return state.text("status") != "processing"
	})
	if state.text("status") != "completed" {
		w.t.Fatalf("%s: %v", tool, state)
	}
	return state
}

func (w *walk) pipeline() {
	pipeline := w.do("create_a_octapipe_pipeline", args{"name": "Walk"}).text("uuid")
	w.list("list_all_octapipe_pipelines", args{}, pipeline)
	w.do("update_a_octapipe_pipeline_by_id", args{"id": pipeline, "name": "Walked"})
	w.do("get_single_octapipe_pipeline_by_id", args{"id": pipeline})
	key := w.fields("pipeline", pipeline)

	in := args{"pipeline_uuid": pipeline}
	first := w.do("create_a_octapipe_pipeline_stage", with(in, args{"name": "First"})).text("uuid")
	second := w.do("create_a_octapipe_pipeline_stage", with(in, args{"name": "Second"})).text("uuid")
	w.list("list_all_octapipe_pipeline_stages", in, second)
	w.do("update_a_octapipe_pipeline_stage_by_id", with(in, args{"id": second, "name": "Last"}))
	w.do("get_single_octapipe_pipeline_stage_by_id", with(in, args{"id": second}))

	card := w.do("create_a_octapipe_pipeline_card", with(in, args{"name": "Card", "pipeline_stage_uuid": first, "sla": 0, "custom_fields_values": args{"Shade": "Red"}})).text("uuid")
	w.list("list_all_octapipe_pipeline_cards", in, card)
	moved := w.do("update_a_octapipe_pipeline_card_by_id", with(in, args{"id": card, "name": "Card", "pipeline_stage_uuid": "Last", "sla": 48, "custom_fields_values": args{key: "Blue"}}))
	if moved.object("pipeline_stage").text("uuid") != second {
		w.t.Errorf("the moved card is %v", moved)
	}
	w.do("get_single_octapipe_pipeline_card_by_id", with(in, args{"id": card}))

	on := args{"entity": "pipeline_card", "record_uuid": card}
	note := w.do("create_a_octapipe_note", with(on, args{"note": "Seen."})).text("uuid")
	w.list("list_all_octapipe_notes", on, note)
	w.done("delete_a_octapipe_note_by_id", args{"id": note})

	tomorrow := time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	plan := args{"title": "Call", "start_date": tomorrow, "end_date": tomorrow, "start_time": "09:00", "end_time": "10:00", "status": "open", "priority": "high", "pipeline_card_uuid": card}
	task := w.do("create_a_octapipe_task", plan).text("uuid")
	w.list("list_all_octapipe_tasks", args{"pipeline_card_uuid": card}, task)
	if got := w.do("update_a_octapipe_task_by_id", with(plan, args{"id": task, "status": "completed"})).text("status"); got != "completed" {
		w.t.Errorf("the task is %q", got)
	}
	w.do("get_single_octapipe_task_by_id", args{"id": task})
	w.done("delete_a_octapipe_task_by_id", args{"id": task})

	w.done("delete_a_octapipe_pipeline_card_by_id", with(in, args{"id": card}))
	w.done("delete_a_octapipe_pipeline_stage_by_id", with(in, args{"id": second}))
	w.done("delete_a_octapipe_pipeline_by_id", args{"id": pipeline})
}

func (w *walk) people() {
	me := w.do("octapipe_users_me", args{})
	pipelines, _ := w.find("list_all_octapipe_pipelines", nil, "name", "Q3 Renewals")
	person := args{"first_name": "Walk", "last_name": "Er", "email": "walker@northwind.example", "role": "user"}
	user := w.do("create_a_octapipe_user", with(person, args{"initial_password": "a-long-password", "enabled_pipelines": []string{pipelines.text("uuid")}}))
	for _, secret := range []string{"initial_password", "recover_code", "auth_code"} {
		if _, shown := user[secret]; shown {
			w.t.Errorf("a user comes with %s", secret)
		}
	}
	w.list("list_all_octapipe_users", args{}, user.text("uuid"))
	w.do("update_a_octapipe_user_by_id", with(person, args{"id": user.text("uuid"), "job": "Walker"}))
	if got := w.do("get_single_octapipe_user_by_id", args{"id": user.text("uuid")}).text("job"); got != "Walker" {
		w.t.Errorf("the user's job is %q", got)
	}
	told := w.do("create_a_octapipe_notification", args{"owner_user_uuid": me.text("uuid"), "entity": "user", "record_uuid": user.text("uuid"), "message": "There is a walker."}).text("uuid")
	w.list("list_all_octapipe_notifications", args{}, told)
	if read := w.do("octapipe_notifications_mark_read", args{"id": told}); read.text("read_at") == "" {
		w.t.Errorf("the notification is %v, want it read", read)
	}
	w.done("delete_a_octapipe_user_by_id", args{"id": user.text("uuid")})
}

func (w *walk) files() {
	me := w.do("octapipe_users_me", args{}).text("uuid")
	on := args{"entity": "user", "record_uuid": me}
	const content = "walked here\n"
	file := w.do("create_a_octapipe_file", with(on, args{"file": "data:text/plain;name=walk.txt;base64," + base64.StdEncoding.EncodeToString([]byte(content))}))
	w.list("list_all_octapipe_files", on, file.text("uuid"))
	if got := w.do("get_single_octapipe_file_by_id", args{"id": file.text("uuid")}); got["size"] != float64(len(content)) {
		w.t.Errorf("the file is %v, want %d bytes", got, len(content))
	}
	w.called["octapipe_files_download"] = true
	got, err := w.CallTool(context.Background(), "octapipe_files_download", args{"id": file.text("uuid")})
	if err != nil || got.IsError || !strings.Contains(got.text(w.t), "walked here") {
		w.t.Errorf("the download is %+v, %v, want the text", got, err)
	}
	copied := w.do("octapipe_files_copy", with(on, args{"name": "again.txt", "url": file.text("url"), "mime": "text/plain", "size": len(content)}))
	for _, uuid := range slices.Compact([]string{file.text("uuid"), copied.text("uuid")}) {
		w.done("delete_a_octapipe_file_by_id", args{"id": uuid})
	}
}
