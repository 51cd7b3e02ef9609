package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestADryRunTellsAndChangesNothing(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	const filters = `"filters":[{"field":"Last Assessment","operator":"lt","value":"365 days ago"}]`
	var tried struct {
		DryRun  bool `json:"dry_run"`
		Matched int
		Exact   bool
		Summary string
		Sample  []struct {
			UUID, Name    string
			Before, After map[string]any
		}
	}
	r := w.ok("octapipe_database_records_bulk_update", `{"database_uuid":%q,`+filters+`,"values":{"Risk Level":"High"},"dry_run":true}`, database)
	if err := json.Unmarshal(r.Body, &tried); err != nil {
		t.Fatalf("%v in %s", err, r.Body)
	}
	if !tried.DryRun || !tried.Exact || tried.Matched == 0 || len(tried.Sample) != 5 || !strings.Contains(tried.Summary, "nothing was changed") {
		t.Errorf("%s, want an exact count with a sample of five", r.Body)
	}
	for _, s := range tried.Sample {
		if _, known := s.Before["cf_risk_level"]; !known || s.After["cf_risk_level"] != "High" || s.UUID == "" || s.Name == "" {
			t.Errorf("sample %+v, want the risk level before and after", s)
		}
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Fatalf("the vendor got %v, want no write", sent)
	}
	var done struct{ Matched int }
	r = w.ok("octapipe_database_records_bulk_update", `{"database_uuid":%q,`+filters+`,"values":{"Risk Level":"High"},"dry_run":false}`, database)
	if err := json.Unmarshal(r.Body, &done); err != nil || done.Matched != tried.Matched {
		t.Errorf("%d were changed (%v), want the %d that the dry run told", done.Matched, err, tried.Matched)
	}
	if sent := w.writes(); len(sent) != 1 || strings.Contains(string(sent[0].Body), "dry_run") {
		t.Errorf("the vendor got %v, want one write that says nothing of a dry run", sent)
	}
	r = w.ok("octapipe_database_records_bulk_delete", `{"database_uuid":%q,`+filters+`,"dry_run":true}`, database)
	if !strings.Contains(string(r.Body), "would be deleted") || len(w.writes()) != 1 {
		t.Errorf("%s, want what would be deleted, and nothing sent", r.Body)
	}
}

func TestADryRunOfAnImportReadsTheFileAndSendsNothing(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	const content = "\xEF\xBB\xBFname;Risk Level;Last Assessment\r\n\"Alder\r\nand Sons\";High;2026-01-31\r\nBirch;Severe;31.01.2026\r\nCedar;Low;"
	file := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, content) }))
	defer file.Close()
	var tried struct {
		Rows    int
		Refused int `json:"refused_rows"`
		Errors  []struct {
			Row    int
			Field  string
			Reason string
		}
		Sample []struct{ After map[string]string }
	}
	r := w.ok("octapipe_database_records_import",
		`{"database_uuid":%q,"file_url":%q,"mapping":{"name":"name","Risk Level":"Risk Level","Last Assessment":"cf_last_assessment"},"dry_run":true}`, database, file.URL)
	if err := json.Unmarshal(r.Body, &tried); err != nil {
		t.Fatalf("%v in %s", err, r.Body)
	}
	if tried.Rows != 3 || tried.Refused != 1 || len(tried.Errors) != 2 || tried.Errors[0].Row != 3 || !strings.Contains(tried.Errors[0].Field, "Risk Level") {
		t.Errorf("%s, want three rows of which the third of the file has two wrong cells", r.Body)
	}
	if tried.Sample[0].After["cf_risk_level"] != "High" {
		t.Errorf("the sample is %v, want cells by key", tried.Sample)
	}
	for name, test := range map[string][2]string{
		"a column that is not there": {`{"Risky":"cf_risk_level","name":"name"}`, "Risky"},
		"a field that is none":       {`{"Risk Level":"cf_nonsense"}`, "cf_nonsense"},
	} {
		r := w.call("octapipe_database_records_import", `{"database_uuid":%q,"file_url":%q,"mapping":`+test[0]+`,"dry_run":true}`, database, file.URL)
		if !r.Invalid || !strings.Contains(r.Message, test[1]) {
			t.Errorf("%s: %q, want a refusal with %q", name, r.Message, test[1])
		}
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("the vendor got %v, want nothing", sent)
	}
}
