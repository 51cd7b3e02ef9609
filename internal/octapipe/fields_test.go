package octapipe_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/internal/octapipe"
)

func TestCustomFieldsOfBothOwners(t *testing.T) {
	s := start(t, octapipe.Config{})
	for _, owner := range []string{"databases", "pipelines"} {
		t.Run(owner, func(t *testing.T) {
			s := s.in(t)
			parent := "/" + owner + "/" + s.do("POST", "/"+owner, object{"name": "One"}).is(201).object()["uuid"].(string)
			fields := parent + "/custom-fields"
			made := s.do("POST", fields, object{"label": "Risk Level", "type": "select", "options": []string{"Low", "High"}}).is(201).object()
			equal(t, "key", "cf_risk_level", made["key"].(string))
			equal(t, "required", false, made["required"].(bool))
			equal(t, "position", 0, made["position"].(float64))
			s.do("POST", fields, object{"label": "Other", "key": "cf_2", "type": "text", "required": true}).is(201)
			one := fields + "/" + made["uuid"].(string)

			t.Run("they are listed, and embedded in the parent", func(t *testing.T) {
				s := s.in(t)
				equal(t, "fields", 2, len(s.do("GET", fields, nil).is(200).list()))
				embedded := s.do("GET", parent, nil).is(200).object()["custom_fields"].([]any)
				equal(t, "embedded", 2, len(embedded))
				equal(t, "the first", "Risk Level", embedded[0].(object)["label"].(string))
				s.do("GET", one, nil).is(200)
			})
			t.Run("a label is renamed, the key stays", func(t *testing.T) {
				s := s.in(t)
				field := s.do("GET", one, nil).object()
				field["label"], field["key"], field["options"] = "Threat", "cf_threat", []string{"Low", "Medium", "High"}
				got := s.do("PUT", one, field).is(200).object()
				equal(t, "label", "Threat", got["label"].(string))
				equal(t, "key", "cf_risk_level", got["key"].(string))
				equal(t, "options", 3, len(got["options"].([]any)))
				field["type"] = "text"
				s.do("PUT", one, field).refuses("type")
			})
			t.Run("what is wrong is refused", func(t *testing.T) {
				s := s.in(t)
				s.do("POST", fields, object{"type": "colour"}).refuses("label", "type", "key")
				s.do("POST", fields, object{"label": "x", "type": "select"}).refuses("options")
				s.do("POST", fields, object{"label": "x", "type": "select", "options": []string{"a", "a"}}).refuses("options.1")
				s.do("POST", fields, object{"label": "x", "type": "record", "related_database_uuid": "none"}).refuses("related_database_uuid")
				s.do("POST", fields, object{"label": "x", "type": "record"}).refuses("related_database_uuid")
				s.do("POST", fields, object{"label": "x", "key": "Risk", "type": "text"}).refuses("key")
				s.do("POST", fields, object{"label": "Risk level", "type": "text"}).is(409)
			})
			t.Run("two fields may carry one label", func(t *testing.T) {
				s.in(t).do("POST", fields, object{"label": "Other", "key": "cf_3", "type": "text"}).is(201)
			})
			t.Run("a field belongs to its parent", func(t *testing.T) {
				s := s.in(t)
				another := s.do("POST", "/"+owner, object{"name": "Two"}).is(201).object()["uuid"].(string)
				s.do("GET", "/"+owner+"/"+another+"/custom-fields/"+made["uuid"].(string), nil).is(404)
				s.do("DELETE", "/"+owner+"/"+another+"/custom-fields/"+made["uuid"].(string), nil).is(404)
			})
			t.Run("a deleted one is gone", func(t *testing.T) {
				s := s.in(t)
				s.do("DELETE", one, nil).is(204)
				s.do("GET", one, nil).is(404)
				if strings.Contains(string(s.do("GET", parent, nil).body), "cf_risk_level") {
					t.Error("want the field gone from the parent")
				}
			})
		})
	}
}

func TestAChangedFieldIsInForceAtOnce(t *testing.T) {
	s := seeded(t)
	parent := "/databases/" + s.named("/databases", "Leads")
	status := s.do("GET", parent, nil).object()["custom_fields"].([]any)[0].(object)
	records := s.all(parent + "/records")
	var stale object
	for _, r := range records {
		if values, _ := r["custom_fields_values"].(object); values["cf_status"] == "Stale" {
			stale = r
		}
	}
	one := parent + "/records/" + stale["uuid"].(string)
	field := parent + "/custom-fields/" + status["uuid"].(string)

	status["options"] = slices.DeleteFunc(status["options"].([]any), func(option any) bool { return option == "Stale" })
	s.do("PUT", field, status).is(200)
	s.do("PUT", one, stale).refuses("custom_fields_values.cf_status")

	s.do("DELETE", field, nil).is(204)
	if _, there := s.do("GET", one, nil).object()["custom_fields_values"].(object)["cf_status"]; there {
		t.Error("want the value gone with its field")
	}
	s.do("PUT", one, stale).refuses("custom_fields_values.cf_status")
	s.do("GET", filtered(parent+"/records", `[{"field":"cf_status","operator":"eq","value":"Stale"}]`), nil).refuses("filters.0.field")

	s.do("POST", parent+"/custom-fields", object{"label": "Country", "type": "text", "required": true}).is(201)
	s.do("POST", parent+"/records", object{"name": "x", "custom_fields_values": object{}}).refuses("custom_fields_values.cf_country")
}

func TestADatabaseIsRefusedWithItsFields(t *testing.T) {
	s := start(t, octapipe.Config{})
	s.do("POST", "/databases", object{"name": "x", "custom_fields": []object{{"label": "A", "type": "text"}, {"label": "B", "type": "no"}}}).
		refuses("custom_fields.1.type")
	s.do("POST", "/databases", object{"custom_fields": "no"}).refuses("name")
	s.do("POST", "/databases", object{"name": "x", "custom_fields": "no"}).refuses("custom_fields")
	equal(t, "databases left behind", 0, into[struct{ Total int }](s.do("GET", "/databases", nil)).Total)
}

func TestDatabasesAndPipelines(t *testing.T) {
	s := start(t, octapipe.Config{})
	for _, path := range []string{"/databases", "/pipelines"} {
		t.Run(path, func(t *testing.T) {
			s := s.in(t)
			s.do("POST", path, object{"name": nil}).refuses("name")
			s.do("POST", path, object{"name": strings.Repeat("é", 256)}).refuses("name")
			one := path + "/" + s.do("POST", path, object{"name": strings.Repeat("é", 255)}).is(201).object()["uuid"].(string)
			whole := s.do("GET", one, nil).is(200).object()
			whole["name"] = "Renamed <&>"
			if got := s.do("PUT", one, whole).is(200); !strings.Contains(string(got.body), `"name":"Renamed <&>"`) {
				t.Errorf("want the name as it was sent, got %s", got.body)
			}
			equal(t, "page", 1, into[struct{ Total int }](s.do("GET", path, nil)).Total)
			s.do("DELETE", one, nil).is(204)
			for _, gone := range []string{one, one + "/custom-fields", one + "/records", one + "/cards", one + "/stages"} {
				if got := s.do("GET", gone, nil); got.status != 404 {
					t.Errorf("%s: want 404, got %d", gone, got.status)
				}
			}
			s.do("PUT", one, whole).is(404)
			s.do("DELETE", one, nil).is(404)
			equal(t, "page", 0, into[struct{ Total int }](s.do("GET", path, nil)).Total)
		})
	}
}
