package octapipe_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"sluice/internal/octapipe"
)

// allTypes makes a database with one field of each type.
func (s *service) allTypes() (path string, ids map[string]string) {
	s.t.Helper()
	other := s.do("POST", "/databases", object{"name": "Related"}).is(201).object()["uuid"].(string)
	record := s.do("POST", "/databases/"+other+"/records", object{"name": "one", "custom_fields_values": object{}}).is(201).object()["uuid"].(string)
	me := s.do("GET", "/me", nil).object()["uuid"].(string)
	attached := s.upload("a.txt", "text/plain", "a", object{"entity": "user", "record_uuid": me}).is(201).object()["uuid"].(string)
	fields := []object{}
	for _, kind := range []string{"text", "long_text", "number", "currency", "date", "datetime", "checkbox", "email", "phone", "url", "user", "file"} {
		fields = append(fields, object{"label": kind, "type": kind})
	}
	fields = append(fields,
		object{"label": "select", "type": "select", "options": []string{"Red", "Green"}},
		object{"label": "multi_select", "type": "multi_select", "options": []string{"A", "B"}},
		object{"label": "record", "type": "record", "related_database_uuid": other},
	)
	made := s.do("POST", "/databases", object{"name": "All types", "custom_fields": fields}).is(201).object()
	equal(s.t, "fields", len(fields), len(made["custom_fields"].([]any)))
	return "/databases/" + made["uuid"].(string), map[string]string{"user": me, "record": record, "file": attached, "elsewhere": s.elsewhere()}
}

// elsewhere is a record of yet another database.
func (s *service) elsewhere() string {
	other := s.do("POST", "/databases", object{"name": "Elsewhere"}).is(201).object()["uuid"].(string)
	return s.do("POST", "/databases/"+other+"/records", object{"name": "x", "custom_fields_values": object{}}).is(201).object()["uuid"].(string)
}

func TestValuesAreCheckedAgainstTheirFields(t *testing.T) {
	s := start(t, octapipe.Config{})
	path, ids := s.allTypes()
	for field, values := range map[string]struct{ right, wrong []string }{
		"text":         {[]string{`"a"`, `""`, `null`, `"Ünïcödé <&>"`}, []string{`1`, `true`, `["a"]`, `{}`}},
		"long_text":    {[]string{`"line\nline"`}, []string{`1`}},
		"number":       {[]string{`1`, `-0.5`, `1e3`, `12345678901234567890.123456789`}, []string{`"1"`, `true`, `[1]`}},
		"currency":     {[]string{`1200.00`}, []string{`"1200.00"`, `"€5"`}},
		"date":         {[]string{`"2026-02-28"`, `null`}, []string{`"2026-02-30"`, `"28.02.2026"`, `"2026-2-8"`, `20260228`, `"2026-02-28T00:00:00Z"`}},
		"datetime":     {[]string{`"2026-02-28T09:00:00Z"`, `"2026-02-28T09:00:00.5+02:00"`}, []string{`"2026-02-28"`, `"2026-02-28 09:00"`}},
		"checkbox":     {[]string{`true`, `false`}, []string{`"true"`, `1`}},
		"email":        {[]string{`"a@b.example"`}, []string{`"a"`, `"A <a@b.example>"`}},
		"phone":        {[]string{`"+46 8 555 01 02"`}, []string{`"call me"`}},
		"url":          {[]string{`"https://a.example/x?y=1"`}, []string{`"a.example"`, `"javascript:alert(1)"`}},
		"user":         {[]string{`"` + ids["user"] + `"`}, []string{`"` + ids["record"] + `"`, `"x"`}},
		"record":       {[]string{`"` + ids["record"] + `"`}, []string{`"` + ids["elsewhere"] + `"`, `"` + ids["user"] + `"`}},
		"file":         {[]string{`"` + ids["file"] + `"`}, []string{`"` + ids["user"] + `"`}},
		"select":       {[]string{`"Red"`, `null`}, []string{`"red"`, `"Blue"`, `["Red"]`}},
		"multi_select": {[]string{`["A","B"]`, `[]`}, []string{`"A"`, `["C"]`, `["A","A"]`}},
	} {
		t.Run(field, func(t *testing.T) {
			s := s.in(t)
			for _, value := range values.right {
				body := fmt.Sprintf(`{"name":"x","custom_fields_values":{"cf_%s":%s}}`, field, value)
				got := s.do("POST", path+"/records", body).is(201)
				want := `"custom_fields_values":{"cf_` + field + `":` + value + `}`
				if value == "null" || value == `""` || value == "[]" {
					want = `"custom_fields_values":[]`
				}
				if !strings.Contains(string(got.body), want) {
					t.Errorf("want %s, got %s", want, got.body)
				}
			}
			for _, value := range values.wrong {
				body := fmt.Sprintf(`{"name":"x","custom_fields_values":{"cf_%s":%s}}`, field, value)
				s.do("POST", path+"/records", body).refuses("custom_fields_values.cf_" + field)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	s := seeded(t)
	path := "/databases/" + s.named("/databases", "Customer Onboarding") + "/records"
	values := object{"cf_plan": "Team", "cf_contact_email": "a@b.example"}

	t.Run("required fields, unknown keys and members are told at once", func(t *testing.T) {
		s.in(t).do("POST", path, object{"custom_fields_values": object{"cf_colour": "red", "cf_plan": "Golden"}}).
			refuses("name", "custom_fields_values.cf_colour", "custom_fields_values.cf_plan", "custom_fields_values.cf_contact_email")
		s.in(t).do("POST", path, object{"name": "x"}).refuses("custom_fields_values")
		s.in(t).do("POST", path, object{"name": "x", "custom_fields_values": []string{}}).
			refuses("custom_fields_values.cf_plan", "custom_fields_values.cf_contact_email")
		s.in(t).do("POST", path, object{"name": "x", "custom_fields_values": "no"}).refuses("custom_fields_values")
		s.in(t).do("POST", path, object{"name": "x", "custom_fields_values": values, "owner_user_uuid": "nobody"}).refuses("owner_user_uuid")
	})

	made := s.do("POST", path, object{"name": "Umbrella", "custom_fields_values": values, "uuid": "mine", "created_at": "1999-01-01T00:00:00Z"}).is(201).object()
	one := path + "/" + made["uuid"].(string)
	t.Run("the service owns uuid and times", func(t *testing.T) {
		equal(t, "created_at", "2026-03-01T12:00:00.000Z", made["created_at"].(string))
		equal(t, "deleted_at", nil, made["deleted_at"])
		equal(t, "database_name", "Customer Onboarding", made["database_name"].(string))
		if made["uuid"] == "mine" {
			t.Error("want a uuid of the service's own")
		}
	})
	t.Run("the whole object is taken back", func(t *testing.T) {
		s := s.in(t)
		s.pass(1)
		object := s.do("GET", one, nil).is(200).object()
		object["name"] = "Umbrella 2"
		object["creator_user"], object["created_at"], object["database_uuid"] = map[string]any{"uuid": "x"}, "no date", 7
		changed := s.do("PUT", one, object).is(200).object()
		equal(t, "name", "Umbrella 2", changed["name"].(string))
		equal(t, "created_at", made["created_at"].(string), changed["created_at"].(string))
		equal(t, "creator", made["creator_user"].(map[string]any)["uuid"], changed["creator_user"].(map[string]any)["uuid"])
	})
	t.Run("values are replaced as a whole", func(t *testing.T) {
		s.in(t).do("PUT", one, object{"name": "x", "custom_fields_values": object{"cf_plan": "Team"}}).refuses("custom_fields_values.cf_contact_email")
	})
	t.Run("the parent is part of the address", func(t *testing.T) {
		elsewhere := strings.Replace(one, path, "/databases/"+s.named("/databases", "Leads")+"/records", 1)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			s.in(t).do(method, elsewhere, object{"name": "x", "custom_fields_values": object{}}).is(404)
		}
	})
	t.Run("what is deleted is gone from get and list", func(t *testing.T) {
		s := s.in(t)
		before := len(s.all(path))
		s.do("DELETE", one, nil).is(204)
		s.do("GET", one, nil).is(404)
		s.do("DELETE", one, nil).is(404)
		equal(t, "records", before-1, len(s.all(path)))
	})
}

// in is the same service, failing another test.
func (s *service) in(t *testing.T) *service {
	return &service{t: t, box: s.box, url: s.url, token: s.token, parent: s}
}

func filtered(path, filters string) string { return path + "?filters=" + url.QueryEscape(filters) }

func TestFilters(t *testing.T) {
	s := start(t, octapipe.Config{})
	path, ids := s.allTypes()
	path += "/records"
	for name, values := range map[string]string{
		"alpha": `{"cf_text":"Zebra","cf_number":9007199254740993,"cf_date":"2025-03-01","cf_datetime":"2025-03-01T01:30:00+02:00","cf_checkbox":true,"cf_select":"Red","cf_multi_select":["A"]}`,
		"beta":  `{"cf_text":"zebrafish","cf_number":10.5,"cf_date":"2025-03-02","cf_datetime":"2025-03-01T01:30:00Z","cf_checkbox":false,"cf_select":"Green","cf_multi_select":["A","B"]}`,
		"gamma": `{}`,
	} {
		s.do("POST", path, `{"name":"`+name+`","custom_fields_values":`+values+`}`).is(201)
	}
	for filters, want := range map[string]string{
		`[]`: "alpha beta gamma",
		`[{"field":"cf_text","operator":"eq","value":"Zebra"}]`:                                                       "alpha",
		`[{"field":"cf_text","operator":"neq","value":"Zebra"}]`:                                                      "beta gamma",
		`[{"field":"cf_text","operator":"contains","value":"ZEBRA"}]`:                                                 "alpha beta",
		`[{"field":"cf_text","operator":"not_contains","value":"fish"}]`:                                              "alpha gamma",
		`[{"field":"cf_text","operator":"in","value":["Zebra","x"]}]`:                                                 "alpha",
		`[{"field":"cf_text","operator":"not_in","value":["Zebra","x"]}]`:                                             "beta gamma",
		`[{"field":"cf_text","operator":"is_empty"}]`:                                                                 "gamma",
		`[{"field":"cf_text","operator":"is_not_empty"}]`:                                                             "alpha beta",
		`[{"field":"cf_text","operator":"eq","value":"' OR 1=1 --"}]`:                                                 "",
		`[{"field":"cf_number","operator":"eq","value":9007199254740993}]`:                                            "alpha",
		`[{"field":"cf_number","operator":"eq","value":9007199254740992}]`:                                            "",
		`[{"field":"cf_number","operator":"gt","value":10}]`:                                                          "alpha beta",
		`[{"field":"cf_number","operator":"lte","value":10.5}]`:                                                       "beta",
		`[{"field":"cf_number","operator":"in","value":[1,10.5]}]`:                                                    "beta",
		`[{"field":"cf_date","operator":"lt","value":"2025-03-02"}]`:                                                  "alpha",
		`[{"field":"cf_date","operator":"lte","value":"2025-03-02"}]`:                                                 "alpha beta",
		`[{"field":"cf_date","operator":"gte","value":"2025-03-02T23:59:00Z"}]`:                                       "beta",
		`[{"field":"cf_date","operator":"neq","value":"2025-03-02"}]`:                                                 "alpha gamma",
		`[{"field":"cf_datetime","operator":"eq","value":"2025-02-28"}]`:                                              "alpha",
		`[{"field":"cf_datetime","operator":"eq","value":"2025-02-28T23:30:00Z"}]`:                                    "alpha",
		`[{"field":"cf_datetime","operator":"gt","value":"2025-03-01T01:29:59.999Z"}]`:                                "beta",
		`[{"field":"cf_datetime","operator":"lte","value":"2025-02-28"}]`:                                             "alpha",
		`[{"field":"cf_checkbox","operator":"eq","value":false}]`:                                                     "beta",
		`[{"field":"cf_checkbox","operator":"is_empty"}]`:                                                             "gamma",
		`[{"field":"cf_multi_select","operator":"contains","value":"B"}]`:                                             "beta",
		`[{"field":"cf_multi_select","operator":"in","value":["A","B"]}]`:                                             "alpha beta",
		`[{"field":"cf_multi_select","operator":"not_contains","value":"B"}]`:                                         "alpha gamma",
		`[{"field":"cf_multi_select","operator":"is_empty"}]`:                                                         "gamma",
		`[{"field":"name","operator":"eq","value":"beta"}]`:                                                           "beta",
		`[{"field":"created_at","operator":"eq","value":"2026-03-01"}]`:                                               "alpha beta gamma",
		`[{"field":"created_at","operator":"lt","value":"2026-03-01"}]`:                                               "",
		`[{"field":"created_at","operator":"lte","value":"2026-03-01T13:00:00+01:00"}]`:                               "alpha beta gamma",
		`[{"field":"owner_user_uuid","operator":"eq","value":"` + ids["user"] + `"}]`:                                 "alpha beta gamma",
		`[{"field":"cf_select","operator":"eq","value":"Red"},{"field":"cf_checkbox","operator":"eq","value":false}]`: "",
	} {
		t.Run(filters, func(t *testing.T) {
			names := []string{}
			for _, name := range []string{"alpha", "beta", "gamma"} {
				for _, r := range s.in(t).do("GET", filtered(path, filters), nil).is(200).list() {
					if r["name"] == name {
						names = append(names, name)
					}
				}
			}
			equal(t, "records", want, strings.Join(names, " "))
		})
	}
	for filters, field := range map[string]string{
		`{}`:                            "filters",
		`not json`:                      "filters",
		`[{"operator":"eq","value":1}]`: "filters.0.field",
		`[{"field":"cf_nothing","operator":"eq","value":1}]`:           "filters.0.field",
		`[{"field":"cf_text","operator":"like","value":"x"}]`:          "filters.0.operator",
		`[{"field":"cf_text"}]`:                                        "filters.0.operator",
		`[{"field":"cf_text","operator":"eq"}]`:                        "filters.0.value",
		`[{"field":"cf_text","operator":"eq","value":1}]`:              "filters.0.value",
		`[{"field":"cf_text","operator":"gt","value":"a"}]`:            "filters.0.value",
		`[{"field":"cf_text","operator":"in","value":"a"}]`:            "filters.0.value",
		`[{"field":"cf_text","operator":"in","value":[]}]`:             "filters.0.value",
		`[{"field":"cf_number","operator":"gt","value":"a"}]`:          "filters.0.value",
		`[{"field":"cf_number","operator":"contains","value":1}]`:      "filters.0.value",
		`[{"field":"cf_date","operator":"lt","value":"365 days"}]`:     "filters.0.value",
		`[{"field":"cf_date","operator":"lt","value":"2025-02-29"}]`:   "filters.0.value",
		`[{"field":"cf_checkbox","operator":"eq","value":"yes"}]`:      "filters.0.value",
		`[{"field":"cf_multi_select","operator":"gt","value":"A"}]`:    "filters.0.value",
		`[{"field":"name","operator":"eq","value":"x"},{"field":"y"}]`: "filters.1.field",
	} {
		t.Run(filters, func(t *testing.T) { s.in(t).do("GET", filtered(path, filters), nil).refuses(field) })
	}
}

func TestEveryListTakesFilters(t *testing.T) {
	s := seeded(t)
	leads, sales := s.named("/databases", "Leads"), s.named("/pipelines", "Enterprise Sales")
	card := s.do("GET", "/pipelines/"+sales+"/cards", nil).list()[0]["uuid"].(string)
	for _, path := range []string{
		"/databases", "/databases/" + leads + "/records", "/pipelines", "/pipelines/" + sales + "/stages", "/pipelines/" + sales + "/cards",
		"/tasks", "/users", "/notifications", "/notes?entity=pipeline_card&record_uuid=" + card, "/files?entity=pipeline_card&record_uuid=" + card,
	} {
		t.Run(path, func(t *testing.T) {
			separator := "?"
			if strings.Contains(path, "?") {
				separator = "&"
			}
			s := s.in(t)
			never := s.do("GET", path+separator+"filters="+url.QueryEscape(`[{"field":"created_at","operator":"gt","value":"2900-01-01"}]`), nil).is(200)
			always := s.do("GET", path+separator+"filters="+url.QueryEscape(`[{"field":"created_at","operator":"lt","value":"2900-01-01"}]`), nil).is(200)
			if strings.Contains(string(never.body), "created_at") || !strings.Contains(string(always.body), "created_at") {
				t.Errorf("want nothing and something, got %.80s and %.80s", never.body, always.body)
			}
			s.do("GET", path+separator+"filters="+url.QueryEscape(`[{"field":"nothing","operator":"eq","value":1}]`), nil).refuses("filters.0.field")
		})
	}
}

func TestBulkUpdateChangesExactlyWhatMatches(t *testing.T) {
	s := seeded(t)
	path := "/databases/" + s.named("/databases", "Vendor Compliance") + "/records"
	cutoff := "2025-03-01" // 365 days before the start
	before := s.all(path)
	want := map[any]bool{}
	for _, r := range before {
		values, _ := r["custom_fields_values"].(object)
		if assessed, ok := values["cf_last_assessment"].(string); ok && assessed < cutoff {
			want[r["uuid"]] = true
		}
	}
	if len(want) < 50 || len(want) > len(before)-50 {
		t.Fatalf("want records on both sides of the boundary, got %d of %d", len(want), len(before))
	}
	s.pass(1e9)
	got := s.do("PUT", path+"/bulk", object{
		"filters": []object{{"field": "cf_last_assessment", "operator": "lt", "value": cutoff}}, "values": object{"cf_risk_level": "High"},
	}).is(200)
	equal(t, "answer", fmt.Sprintf(`{"matched":%d,"updated":%d}`, len(want), len(want)), string(got.body))
	for i, r := range s.all(path) {
		old, _ := before[i]["custom_fields_values"].(object)
		values, _ := r["custom_fields_values"].(object)
		if want[r["uuid"]] {
			equal(t, "risk of one that matched", any("High"), values["cf_risk_level"])
			equal(t, "its updated_at", "2026-03-01T12:00:01.000Z", r["updated_at"].(string))
			old = clone(old)
			old["cf_risk_level"] = "High"
		} else {
			equal(t, "updated_at of one that did not match", before[i]["updated_at"], r["updated_at"])
		}
		equal(t, "values", fmt.Sprint(old), fmt.Sprint(values))
	}
}

func clone(o object) object {
	c := object{}
	for k, v := range o {
		c[k] = v
	}
	return c
}

func TestBulkUpdateRefuses(t *testing.T) {
	s := seeded(t)
	path := "/databases/" + s.named("/databases", "Customer Onboarding") + "/records/bulk"
	some := []object{{"field": "name", "operator": "eq", "value": "Aldermoor"}}
	set := object{"cf_plan": "Team"}
	for name, test := range map[string]struct {
		body   object
		fields []string
	}{
		"no filters":                  {object{"values": set}, []string{"filters"}},
		"empty filters":               {object{"filters": []object{}, "values": set}, []string{"filters"}},
		"null filters":                {object{"filters": nil, "values": set}, []string{"filters"}},
		"no values":                   {object{"filters": some}, []string{"values"}},
		"empty values":                {object{"filters": some, "values": object{}}, []string{"values"}},
		"an unknown field and option": {object{"filters": some, "values": object{"cf_x": 1, "cf_plan": "Golden"}}, []string{"values.cf_x", "values.cf_plan"}},
		"a required field emptied":    {object{"filters": some, "values": object{"cf_plan": nil}}, []string{"values.cf_plan"}},
		"what the service owns":       {object{"filters": some, "values": object{"created_at": "2026-01-01"}}, []string{"values.created_at"}},
		"an empty name, no such owner": {object{"filters": some, "values": object{"name": "", "owner_user_uuid": "x"}},
			[]string{"values.name", "values.owner_user_uuid"}},
	} {
		t.Run(name, func(t *testing.T) { s.in(t).do("PUT", path, test.body).refuses(test.fields...) })
	}
	t.Run("null empties a field that may be empty", func(t *testing.T) {
		s := s.in(t)
		s.do("PUT", path, object{"filters": some, "values": object{"cf_seats": nil, "name": "Renamed", "owner_user_uuid": nil}}).is(200)
		got := s.do("GET", filtered(strings.TrimSuffix(path, "/bulk"), `[{"field":"name","operator":"eq","value":"Renamed"}]`), nil).list()[0]
		if _, there := got["custom_fields_values"].(object)["cf_seats"]; there || got["owner_user"] != nil {
			t.Errorf("want no seats and no owner, got %v", got)
		}
	})
}

func TestNumbersKeepEveryDigit(t *testing.T) {
	s := start(t, octapipe.Config{})
	path, _ := s.allTypes()
	s.do("POST", path+"/records", `{"name":"x","custom_fields_values":{"cf_number":12345678901234567890.1234567890,"cf_currency":1200.00,"cf_text":"a"}}`).is(201)
	s.do("PUT", path+"/records/bulk", `{"filters":[{"field":"name","operator":"eq","value":"x"}],"values":{"cf_text":"b"}}`).is(200)
	field := s.do("GET", path, nil).object()["custom_fields"].([]any)[0].(object)
	equal(t, "field", "cf_text", field["key"].(string))
	s.do("DELETE", path+"/custom-fields/"+field["uuid"].(string), nil).is(204)
	got := string(s.do("GET", path+"/records", nil).is(200).body)
	if want := `{"cf_currency":1200.00,"cf_number":12345678901234567890.1234567890}`; !strings.Contains(got, want) {
		t.Errorf("want %s in %s", want, got)
	}
}

func TestBulkDelete(t *testing.T) {
	s := seeded(t)
	path := "/databases/" + s.named("/databases", "Fleet") + "/records"
	s.do("DELETE", path+"/bulk", object{"filters": []object{}}).refuses("filters")
	s.do("DELETE", path+"/bulk", nil).refuses("filters")
	before := s.all(path)
	got := s.do("DELETE", path+"/bulk", object{"filters": []object{{"field": "name", "operator": "in", "value": []string{"Falcon 1", "Falcon 2", "Falcon 99"}}}}).is(200)
	equal(t, "answer", `{"matched":2,"deleted":2}`, string(got.body))
	equal(t, "left", len(before)-2, len(s.all(path)))
	s.do("GET", path+"/"+before[0]["uuid"].(string), nil).is(404)
}
