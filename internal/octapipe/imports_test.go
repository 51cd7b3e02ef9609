package octapipe_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"sluice/internal/octapipe"
)

// job waits until an import or export has ended.
func (s *service) job(database, kind string, started *reply) object {
	s.t.Helper()
	first := started.is(202).object()
	equal(s.t, "status", "processing", first["status"].(string))
	for deadline := time.Now().Add(time.Minute); ; {
		got := s.do("GET", database+"/"+kind+"/"+first["uuid"].(string), nil).is(200).object()
		if got["status"] != "processing" {
			return got
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("want the job to end, it is still %v", got)
		}
		time.Sleep(time.Millisecond)
	}
}

// told is a job's counts and errors in one line.
func told(job object) string {
	line := fmt.Sprintf("%s %v/%v/%v", job["status"], job["created"], job["updated"], job["failed"])
	for _, e := range job["errors"].([]any) {
		line += fmt.Sprintf(" [%v %v]", e.(object)["row"], e.(object)["field"])
	}
	return line
}

func vendors(t *testing.T) (*service, string) {
	s := start(t, octapipe.Config{})
	return s, "/databases/" + s.do("POST", "/databases", object{"name": "Vendors", "custom_fields": []object{
		{"label": "Risk Level", "type": "select", "options": []string{"Low", "High"}, "required": true},
		{"label": "Score", "type": "number"}, {"label": "Seen", "type": "date"}, {"label": "Active", "type": "checkbox"},
		{"label": "Kinds", "type": "multi_select", "options": []string{"A", "B", "C, D"}}, {"label": "At", "type": "datetime"},
	}}).is(201).object()["uuid"].(string)
}

const bom = "\xEF\xBB\xBF"

func TestImportsOfCSV(t *testing.T) {
	for name, test := range map[string]struct{ content, mapping, want string }{
		"commas, columns by label": {"name,Risk Level\na,Low\nb,High\n", "", "completed 2/0/0"},
		"columns by key":           {"name,cf_risk_level\na,Low", "", "completed 1/0/0"},
		"a spreadsheet's habits":   {bom + "name;Risk Level\r\n\"a\r\nb\";Low\r\nc;High", "", "completed 2/0/0"},
		"tabs":                     {"name\tRisk Level\na\tLow\n", "", "completed 1/0/0"},
		"old Macintosh line ends":  {"name,Risk Level\ra,Low\rb,Low", "", "completed 2/0/0"},
		"a doubled quote":          {"name,Risk Level\n\"say \"\"a;b\"\"\",Low\n", "", "completed 1/0/0"},
		"a mapping":                {"Firma;Risiko;Notiz\nx;Low;y\n", `{"Firma":"name","Risiko":"cf_risk_level"}`, "completed 1/0/0"},
		"rows are numbered as a spreadsheet shows them, blank ones counted and quoted line breaks not": {
			bom + "name;Risk Level\r\n\"a\r\nb\";Low\r\n\r\n;;\r\nc;Middle\r\nd;\r\n;Low", "", "completed 1/0/3 [5 cf_risk_level] [6 cf_risk_level] [7 name]"},
		"every fault of a row":       {"name,Risk Level,Score,Seen,Active,Kinds,At\n,x,y,1.2.2026,perhaps,Z,now\n", "", "completed 0/0/1 [2 cf_active] [2 cf_at] [2 cf_kinds] [2 cf_risk_level] [2 cf_score] [2 cf_seen] [2 name]"},
		"values of each type":        {"name,Risk Level,Score,Seen,Active,Kinds,At\na,Low,-1.50,2026-02-28,Yes,A; B,2026-02-28 09:30\nb,Low,,,,\"C, D\",\n", "", "completed 2/0/0"},
		"more cells than columns":    {"name,Risk Level\na,Low,x\n", "", "completed 0/0/1 [2 <nil>]"},
		"a column that is no field":  {"name,Risk Level,Colour\na,Low,red\n", "", "failed 0/0/0 [1 <nil>]"},
		"a column that is not there": {"name,Risk Level\na,Low\n", `{"Name":"name"}`, "failed 0/0/0 [1 <nil>]"},
		"a column that is twice":     {"name,name\na,b\n", "", "failed 0/0/0 [1 <nil>]"},
		"no name":                    {"Risk Level\nLow\n", "", "failed 0/0/0 [1 <nil>]"},
		"nothing":                    {"", "", "failed 0/0/0 [<nil> <nil>]"},
		"a quote that never ends":    {"name,Risk Level\na,Low\n\"b,Low\n", "", "failed 0/0/0 [3 <nil>]"},
		"text after a quote":         {"name,Risk Level\n\"a\"b,Low\n", "", "failed 0/0/0 [2 <nil>]"},
		"another encoding":           {"name,Risk Level\nGr\xf6\xdfe,Low\n", "", "failed 0/0/0 [2 <nil>]"},
	} {
		t.Run(name, func(t *testing.T) {
			s, database := vendors(t)
			fields := object{}
			if test.mapping != "" {
				fields["mapping"] = test.mapping
			}
			job := s.job(database, "imports", s.uploadTo(database+"/records/import", "x.csv", "text/csv", test.content, fields))
			equal(t, "import", test.want, told(job))
			equal(t, "records", int(job["created"].(float64)), len(s.all(database+"/records")))
			for _, e := range job["errors"].([]any) {
				if e.(object)["reason"] == "" {
					t.Errorf("want a reason, got %v", e)
				}
			}
		})
	}
}

func TestWhatAnImportReads(t *testing.T) {
	s, database := vendors(t)
	content := bom + "name;Risk Level;Score;Seen;Active;Kinds;At\r\n\"Zwei\r\nZeilen\";Low;-1.50;2026-02-28;No;\"A|C, D\";2026-02-28T09:30:00+02:00"
	s.job(database, "imports", s.uploadTo(database+"/records/import", "x.csv", "text/csv", content, nil))
	got := string(s.do("GET", database+"/records", nil).is(200).body)
	want := `"name":"Zwei\r\nZeilen","custom_fields_values":{"cf_active":false,"cf_at":"2026-02-28T09:30:00+02:00","cf_kinds":["A","C, D"],"cf_risk_level":"Low","cf_score":-1.50,"cf_seen":"2026-02-28"}`
	if !strings.Contains(got, want) {
		t.Errorf("want %s, got %s", want, got)
	}
}

func TestAnImportUpdatesByUUID(t *testing.T) {
	s, database := vendors(t)
	old := s.do("POST", database+"/records", object{"name": "old", "custom_fields_values": object{"cf_risk_level": "Low", "cf_score": 5}}).is(201).object()["uuid"].(string)
	content := "uuid,name,Risk Level\n" + old + ",renamed,High\n,new,Low\nunknown,x,Low\n" + old + ",,High\n"
	job := s.job(database, "imports", s.uploadTo(database+"/records/import", "x.csv", "text/csv", content, nil))
	equal(t, "import", "completed 1/1/2 [4 uuid] [5 name]", told(job))
	got := s.do("GET", database+"/records/"+old, nil).object()
	equal(t, "name", "renamed", got["name"].(string))
	equal(t, "values", "map[cf_risk_level:High cf_score:5]", fmt.Sprint(got["custom_fields_values"]))
}

func TestImportsThatAreRefusedAtOnce(t *testing.T) {
	s, database := vendors(t)
	path := database + "/records/import"
	utf16 := func(text string, mark string) string {
		for _, r := range text {
			mark += string([]byte{byte(r), 0})
		}
		return mark
	}
	for name, content := range map[string]string{
		"UTF-16 with a mark":    utf16("name;Risk Level\r\nx;Low", "\xFF\xFE"),
		"UTF-16 without a mark": utf16("name;Risk Level\r\nx;Low", ""),
		"an old workbook":       "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
		"bytes":                 "a\x00\x01\x02\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			reasons := s.in(t).uploadTo(path, "x.csv", "text/csv", content, nil).reasons()["file"]
			if len(reasons) != 1 || strings.HasPrefix(name, "UTF-16") && !strings.Contains(reasons[0], "UTF-16") {
				t.Errorf("want one reason in words, got %v", reasons)
			}
		})
	}
	s.do("POST", path, object{}).refuses("file_url")
	s.uploadTo(path, "x.csv", "", "name\n", object{"mapping": `{"a":"cf_x","b":"name","c":"name"}`}).refuses("mapping.a", "mapping.c")
	s.uploadTo(path, "x.csv", "", "name\n", object{"mapping": `{"a":"cf_score"}`}).refuses("mapping")
	s.uploadTo(path, "x.csv", "", "name\n", object{"mapping": `[]`}).refuses("mapping")
	s.uploadTo(path, "x.csv", "", "name\n", object{"mapping": `name`}).refuses("mapping")
	s.uploadTo(path, "x.csv", "", "name\n", object{"mapping[a]": "cf_x"}).refuses("mapping.a")
	s.do("GET", database+"/imports/none", nil).is(404)
}

func TestImportsByAddress(t *testing.T) {
	s, database := vendors(t)
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/list.csv":
			fmt.Fprint(w, "Firma,Stufe\na,Low\n")
		case "/wide.csv":
			fmt.Fprint(w, "\xFF\xFEn\x00")
		default:
			http.NotFound(w, r)
		}
	}))
	defer vendor.Close()
	run := func(path string) object {
		return s.job(database, "imports", s.do("POST", database+"/records/import",
			object{"file_url": vendor.URL + path, "mapping": object{"Firma": "name", "Stufe": "cf_risk_level"}}))
	}
	equal(t, "import", "completed 1/0/0", told(run("/list.csv")))
	for path, word := range map[string]string{"/wide.csv": "UTF-16", "/none.csv": "404"} {
		job := run(path)
		equal(t, "import", "failed 0/0/0 [<nil> <nil>]", told(job))
		if reason := job["errors"].([]any)[0].(object)["reason"].(string); !strings.Contains(reason, word) {
			t.Errorf("want %s in the reason, got %s", word, reason)
		}
	}
}

func workbook(t *testing.T, rows map[string][]any) string {
	t.Helper()
	book := excelize.NewFile()
	for cell, row := range rows {
		if err := book.SetSheetRow("Sheet1", cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	var content bytes.Buffer
	if err := book.Write(&content); err != nil {
		t.Fatal(err)
	}
	return content.String()
}

func TestImportsOfXLSX(t *testing.T) {
	s, database := vendors(t)
	day := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	content := workbook(t, map[string][]any{
		"A1": {"name", "Risk Level", "Score", "Seen", "Active", "Kinds", "At"},
		"A2": {"a", "Low", 12.25, day, true, "A;B", day.Add(9*time.Hour + 30*time.Minute)},
		"A5": {"b", "Middle"}, // rows 3 and 4 are blank
		"A6": {"c", "High", 7, "2026-02-27", "no"},
	})
	job := s.job(database, "imports", s.uploadTo(database+"/records/import", "x.xlsx", "", content, nil))
	equal(t, "import", "completed 2/0/1 [5 cf_risk_level]", told(job))
	got := string(s.do("GET", database+"/records", nil).is(200).body)
	for _, want := range []string{
		`{"cf_active":true,"cf_at":"2026-02-28T09:30:00Z","cf_kinds":["A","B"],"cf_risk_level":"Low","cf_score":12.25,"cf_seen":"2026-02-28"}`,
		`{"cf_active":false,"cf_risk_level":"High","cf_score":7,"cf_seen":"2026-02-27"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %s, got %s", want, got)
		}
	}
	broken := s.job(database, "imports", s.uploadTo(database+"/records/import", "x.xlsx", "", content[:len(content)/2], nil))
	equal(t, "half a workbook", "failed 0/0/0 [<nil> <nil>]", told(broken))
	var archive bytes.Buffer
	files := zip.NewWriter(&archive)
	files.Create("readme.txt")
	files.Close()
	other := s.job(database, "imports", s.uploadTo(database+"/records/import", "x.xlsx", "", archive.String(), nil))
	equal(t, "an archive that is no workbook", "failed 0/0/0 [<nil> <nil>]", told(other))
}

func TestExports(t *testing.T) {
	s := seeded(t)
	database := "/databases/" + s.named("/databases", "Vendor Compliance")
	filters := []object{{"field": "cf_risk_level", "operator": "eq", "value": "High"}, {"field": "cf_certificates", "operator": "is_not_empty"}}
	encoded, _ := json.Marshal(filters)
	records := s.all(filtered(database+"/records", string(encoded)))
	fields := []string{"uuid", "name", "cf_risk_level", "cf_certificates", "cf_contract_value"}

	fetch := func(t *testing.T, format string) (object, *reply) {
		s := s.in(t)
		job := s.job(database, "exports", s.do("POST", database+"/records/export", object{"format": format, "filters": filters, "fields": fields}))
		equal(t, "status", "completed", job["status"].(string))
		equal(t, "rows", len(records), int(job["rows"].(float64)))
		equal(t, "expires_at", "2026-03-02T12:00:00.000Z", job["expires_at"].(string))
		return job, s.as("").do("GET", strings.TrimPrefix(job["url"].(string), s.url), nil).is(200)
	}
	// cell is what a record's value looks like in a sheet.
	cell := func(r object, field string) string {
		value := r[field]
		if strings.HasPrefix(field, "cf_") {
			value = r["custom_fields_values"].(object)[field]
		}
		switch value := value.(type) {
		case nil:
			return ""
		case []any:
			return strings.Trim(strings.ReplaceAll(fmt.Sprintf("%q", value), `" "`, `; `), `["]`)
		case float64:
			return fmt.Sprintf("%.2f", value)
		}
		return fmt.Sprint(value)
	}
	t.Run("csv", func(t *testing.T) {
		_, file := fetch(t, "csv")
		rows, err := csv.NewReader(bytes.NewReader(file.body)).ReadAll()
		if err != nil || len(rows) != len(records)+1 {
			t.Fatalf("want %d rows, got %d, %v", len(records)+1, len(rows), err)
		}
		equal(t, "header", strings.Join(fields, ","), strings.Join(rows[0], ","))
		for i, r := range records {
			for j, field := range fields {
				equal(t, field, cell(r, field), rows[i+1][j])
			}
		}
	})
	t.Run("json", func(t *testing.T) {
		_, file := fetch(t, "json")
		for i, row := range file.list() {
			equal(t, "name", records[i]["name"], row["name"])
			equal(t, "certificates", fmt.Sprint(records[i]["custom_fields_values"].(object)["cf_certificates"]), fmt.Sprint(row["cf_certificates"]))
		}
	})
	t.Run("xlsx", func(t *testing.T) {
		_, file := fetch(t, "xlsx")
		book, err := excelize.OpenReader(bytes.NewReader(file.body))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := book.GetRows("Sheet1")
		if err != nil || len(rows) != len(records)+1 {
			t.Fatalf("want %d rows, got %d, %v", len(records)+1, len(rows), err)
		}
		equal(t, "the name of the last", records[len(records)-1]["name"], any(rows[len(records)][1]))
	})
	t.Run("what is exported can be imported", func(t *testing.T) {
		s := s.in(t)
		for _, format := range []string{"csv", "xlsx"} {
			_, file := fetch(t, format)
			job := s.job(database, "imports", s.uploadTo(database+"/records/import", "x", "", string(file.body), nil))
			equal(t, format, fmt.Sprintf("completed 0/%d/0", len(records)), told(job))
		}
		for i, r := range s.all(filtered(database+"/records", string(encoded))) {
			equal(t, "values", fmt.Sprint(records[i]["custom_fields_values"]), fmt.Sprint(r["custom_fields_values"]))
		}
	})
	t.Run("all of an empty database", func(t *testing.T) {
		s := s.in(t)
		empty := "/databases/" + s.do("POST", "/databases", object{"name": "Empty"}).is(201).object()["uuid"].(string)
		job := s.job(empty, "exports", s.do("POST", empty+"/records/export", object{"format": "json"}))
		equal(t, "file", "[]", strings.TrimSpace(string(s.do("GET", strings.TrimPrefix(job["url"].(string), s.url), nil).is(200).body)))
	})
	t.Run("what is wrong is refused", func(t *testing.T) {
		s := s.in(t)
		s.do("POST", database+"/records/export", object{"format": "pdf", "fields": []string{"name", "cf_x"}, "filters": []object{{"field": "cf_y"}}}).
			refuses("format", "fields.1", "filters.0.field")
		s.do("GET", database+"/exports/none", nil).is(404)
	})
	t.Run("the address is signed and ends", func(t *testing.T) {
		s := s.in(t)
		job, _ := fetch(t, "csv")
		address := strings.TrimPrefix(job["url"].(string), s.url)
		s.as("").do("GET", address+"0", nil).is(403)
		s.as("").do("GET", strings.Split(address, "?")[0], nil).is(403)
		s.pass(24 * time.Hour)
		s.as("").do("GET", address, nil).is(403)
		equal(t, "url", nil, s.do("GET", database+"/exports/"+job["uuid"].(string), nil).object()["url"])
	})
}
