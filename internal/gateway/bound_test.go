package gateway_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/gateway"
	"sluice/internal/mcpserver"
)

func TestAServerBoundToOneDatabase(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Customer Onboarding")
	other := w.id("list_all_octapipe_databases", `{}`, "Leads")
	bound := func() *gateway.Caller {
		return w.server(mcpserver.Draft{Config: fmt.Appendf(nil, `{"bind":{"database_uuid":%q}}`, database)})
	}
	w.caller = bound()
	tool, ok := w.caller.Tools.Tool("create_a_octapipe_database_record")
	if !ok {
		t.Fatal("there is no tool to create a record")
	}
	var schema struct {
		Required   []string
		Properties map[string]struct {
			Required   []string
			Properties map[string]struct{ Title string }
		}
	}
	if err := json.Unmarshal(tool.InputSchema, &schema); err != nil {
		t.Fatal(err)
	}
	values := schema.Properties["custom_fields_values"]
	if _, shown := schema.Properties["database_uuid"]; shown || len(values.Required) != 2 || len(values.Properties) < 2 {
		t.Errorf("%s, want no database_uuid, and the fields of this database with the two that are required", tool.InputSchema)
	}
	if _, ok := w.caller.Tools.Tool("list_all_octapipe_databases"); ok {
		t.Error("a server bound to one database lists them all")
	}
	w.sandbox.ForgetRequests()
	w.ok("list_all_octapipe_database_records", `{}`)
	for _, r := range w.sandbox.Requests() {
		if !strings.Contains(r.Path, database) {
			t.Errorf("%s was asked for, want only what is below the bound database", r.Path)
		}
	}
	for _, call := range [][2]string{{"list_all_octapipe_database_records", `{"database_uuid":%q}`}, {"get_single_octapipe_database_by_id", `{"id":%q}`}} {
		if r := w.call(call[0], call[1], other); !r.Invalid || !strings.Contains(r.Message, "bound") {
			t.Errorf("%s of another database: %q, want a refusal", call[0], r.Message)
		}
	}
	if r := w.call("create_a_octapipe_database_record", `{"name":"x","custom_fields_values":{}}`); !r.Invalid || len(w.writes()) != 0 {
		t.Errorf("a record without what is required: %+v, want a refusal and nothing sent", r)
	}

	before := w.caller.Tools
	w.direct(http.MethodPost, "/databases/"+database+"/custom-fields", map[string]any{"label": "Colour", "type": "text"})
	w.ok("octapipe_database_records_bulk_update", `{"filters":[{"field":"name","operator":"eq","value":"nobody"}],"values":{"Colour":"red"}}`)
	tool, _ = bound().Tools.Tool("create_a_octapipe_database_record")
	if !strings.Contains(string(tool.InputSchema), "Colour") || before.Key == bound().Tools.Key {
		t.Errorf("%s, want the field that was added", tool.InputSchema)
	}
}

func TestAToolThatIsLeftOutIsNotTakenForAMisspeltOne(t *testing.T) {
	w := newWorld(t)
	reading := w.server(mcpserver.Draft{Config: []byte(`{"methods":["read"]}`)})
	for name, want := range map[string]string{
		"update_a_octapipe_task_by_id": "does not offer it, so that its owner has to allow it first",
		"list_all_octapipe_task":       "did you mean list_all_octapipe_tasks",
	} {
		if _, err := w.node.Gateway.Call(t.Context(), reading, name, []byte(`{}`)); !errors.Is(err, gateway.ErrUnknownTool) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to say %q", name, err, want)
		}
	}
}
