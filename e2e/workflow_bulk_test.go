package e2e

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// The second workflow: change what many records say in one bulk update, and exactly those.

func TestAnAgentRaisesTheRiskOfEveryVendorNotAssessedForAYear(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		a := agent{t, connect(h.mcpServer(t, `{"name":"compliance","config":{"methods":["read","write"]}}`).URL)}

		database, _ := a.find("list_all_octapipe_databases", nil, "name", "Vendor Compliance")
		risk, assessed := key(t, database, "Risk Level"), key(t, database, "Last Assessment")
		cutoff := time.Now().UTC().AddDate(0, 0, -365).Format(time.DateOnly)
		before := h.records(t, database)

		a.bulkUpdate(database, []any{map[string]any{"field": assessed, "operator": "lt", "value": cutoff}}, map[string]any{risk: "High"},
			h.wantChanged(t, database, before, risk, "High", func(values object) bool {
				date := values.text(assessed)
				return date != "" && date < cutoff
			}))
	})
}

func TestAnAgentArchivesEveryStaleLead(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		a := agent{t, connect(h.mcpServer(t, `{"name":"leads","config":{"methods":["read","write"]}}`).URL)}

		database, _ := a.find("list_all_octapipe_databases", nil, "name", "Leads")
		status := key(t, database, "Status")
		before := h.records(t, database)

		a.bulkUpdate(database, []any{map[string]any{"field": status, "operator": "eq", "value": "Stale"}}, map[string]any{status: "Archived"},
			h.wantChanged(t, database, before, status, "Archived", func(values object) bool { return values.text(status) == "Stale" }))
	})
}

func TestOneCallTellsWhichFieldsADatabaseRequires(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		a := agent{t, connect(h.mcpServer(t, `{"name":"onboarding","config":{"methods":["read","write"]}}`).URL)}
		want := required(h.sandboxFind(t, "/databases", "name", "Customer Onboarding"))
		if len(want) == 0 {
			t.Fatal("the sandbox's Customer Onboarding requires no field, so that the test shows nothing")
		}

		database, calls := a.find("list_all_octapipe_databases", nil, "name", "Customer Onboarding")

		if got := required(database); !slices.Equal(got, want) {
			t.Errorf("the required fields told are %v, want %v", got, want)
		}
		if calls != 1 {
			t.Errorf("it took %d calls to learn them, want 1", calls)
		}
	})
}

// bulkUpdate changes records in one call, and then has check look at what became of them.
func (a agent) bulkUpdate(database object, filters []any, values map[string]any, check func() (expected int)) {
	a.t.Helper()
	var got struct {
		Matched int `json:"matched"`
		Updated int `json:"updated"`
	}
	a.call(&got, "octapipe_database_records_bulk_update", map[string]any{"database_uuid": database.text("uuid"), "filters": filters, "values": values})
	if want := check(); got.Matched != want || got.Updated != want {
		a.t.Errorf("the bulk update tells of %d matched and %d updated records, want %d", got.Matched, got.Updated, want)
	}
}

// wantChanged compares all records of a database with what they were: those that due picks have the new value, and nothing else about
// any record is different but the time of its change.
func (h *house) wantChanged(t *testing.T, database object, before []object, field, value string, due func(values object) bool) func() int {
	return func() int {
		t.Helper()
		var changed, kept int
		after := map[string]object{}
		for _, r := range h.records(t, database) {
			after[r.text("uuid")] = r
		}
		if len(after) != len(before) {
			t.Errorf("there are %d records, want %d as before", len(after), len(before))
		}
		for _, was := range before {
			want := was
			if due(was.object("custom_fields_values")) {
				changed++
				want = with(was, map[string]any{"custom_fields_values": with(was.object("custom_fields_values"), map[string]any{field: value})})
			} else {
				kept++
			}
			is := after[was.text("uuid")]
			if got, want := stable(t, is), stable(t, want); got != want {
				t.Errorf("record %q is\n%s\nwant\n%s", was.text("name"), got, want)
			}
		}
		if changed == 0 || kept == 0 {
			t.Errorf("%d records were to change and %d to stay, want some of both", changed, kept)
		}
		return changed
	}
}

// records is every record of a database as the sandbox has it.
func (h *house) records(t *testing.T, database object) []object {
	t.Helper()
	return h.sandboxList(t, "/databases/"+database.text("uuid")+"/records")
}

// stable is an object's JSON without what a change of anything else changes too.
func stable(t *testing.T, o object) string {
	t.Helper()
	o = with(o, nil)
	delete(o, "updated_at")
	delete(o, "timeline") // counts the seconds in the present stage
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// key is the key of a custom field, by the label that people know it by.
func key(t *testing.T, of object, label string) string {
	t.Helper()
	for _, f := range of.list("custom_fields") {
		if f.text("label") == label {
			return f.text("key")
		}
	}
	t.Fatalf("%q tells of no custom field labelled %q", of.text("name"), label)
	return ""
}

// required is the labels of the custom fields that must be given.
func required(of object) []string {
	var labels []string
	for _, f := range of.list("custom_fields") {
		if f["required"] == true {
			labels = append(labels, f.text("label"))
		}
	}
	return labels
}
