package octapipe_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/internal/octapipe"
)

func TestSeedingIsQuick(t *testing.T) {
	began := time.Now()
	box, err := octapipe.Open(octapipe.Config{Seed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("want a seeded sandbox within 20 s, on a busy machine too; took %v", took)
	}
}

func TestTheSampleHoldsWhatPeopleLookFor(t *testing.T) {
	s := seeded(t)
	first := func(path string) object { return into[struct{ Data []object }](s.do("GET", path, nil)).Data[0] }

	t.Run("a card beyond the first page", func(t *testing.T) {
		s := s.in(t)
		sales := s.named("/pipelines", "Enterprise Sales")
		equal(t, "the first pipeline", sales, first("/pipelines")["uuid"].(string))
		cards := s.all("/pipelines/" + sales + "/cards")
		at := -1
		for i, card := range cards {
			if card["name"] == "Acme Corp Deal" {
				at = i
			}
		}
		if len(cards) <= 30 || at < 15 {
			t.Errorf("want over 30 cards and Acme Corp Deal beyond the first 15, got %d cards and place %d", len(cards), at)
		}
		s.named("/pipelines/"+sales+"/stages", "Closed Won")
	})
	t.Run("a card before the stage it is to be moved to", func(t *testing.T) {
		s := s.in(t)
		w := s.renewals()
		var before, reached bool
		for _, stage := range s.do("GET", w.path+"/stages", nil).list() {
			reached = reached || stage["name"] == "Contract Sent"
			before = before || !reached && stage["uuid"] == w.card["pipeline_stage"].(object)["uuid"]
		}
		if !before || !reached {
			t.Errorf("want TechNova Upgrade before Contract Sent, it is in %v", w.card["pipeline_stage"])
		}
	})
	t.Run("a database whose entries go stale", func(t *testing.T) {
		s := s.in(t)
		leads := s.named("/databases", "Leads")
		equal(t, "the first database", leads, first("/databases")["uuid"].(string))
		for status, want := range map[string]bool{"Stale": true, "Archived": true, "Gone": false} {
			page := s.do("GET", filtered("/databases/"+leads+"/records", `[{"field":"cf_status","operator":"eq","value":"`+status+`"}]`), nil).is(200).list()
			equal(t, "records that are "+status, want, len(page) > 0)
		}
		page := s.do("GET", "/databases/"+leads+"/records?page=2", nil).list()
		equal(t, "the values of one that has none", "[]", fmt.Sprint(page[13]["custom_fields_values"]))
	})
	t.Run("exactly two required fields", func(t *testing.T) {
		s := s.in(t)
		required := 0
		for _, f := range s.do("GET", "/databases/"+s.named("/databases", "Customer Onboarding")+"/custom-fields", nil).list() {
			if f["required"].(bool) {
				required++
			}
		}
		equal(t, "required", 2, required)
	})
	t.Run("assessments on each side of a year, and none", func(t *testing.T) {
		s := s.in(t)
		vendors := "/databases/" + s.named("/databases", "Vendor Compliance") + "/records"
		total := len(s.all(vendors))
		if total < 200 {
			t.Errorf("want hundreds of records, got %d", total)
		}
		for _, filter := range []string{
			`{"field":"cf_last_assessment","operator":"eq","value":"2025-03-01"}`, // 365 days before the start
			`{"field":"cf_last_assessment","operator":"eq","value":"2025-02-28"}`,
			`{"field":"cf_last_assessment","operator":"eq","value":"2025-03-02"}`,
			`{"field":"cf_last_assessment","operator":"is_empty"}`,
			`{"field":"cf_last_assessment","operator":"lt","value":"2025-01-01"}`,
		} {
			if n := len(s.all(filtered(vendors, "["+filter+"]"))); n == 0 || n == total {
				t.Errorf("want some of the records for %s, got %d", filter, n)
			}
		}
		labels := map[any]any{}
		for _, f := range s.do("GET", vendors[:len(vendors)-len("records")]+"custom-fields", nil).list() {
			labels[f["key"]] = f["label"]
		}
		equal(t, "label", any("Risk Level"), labels["cf_risk_level"])
		equal(t, "label", any("Last Assessment"), labels["cf_last_assessment"])
	})
	t.Run("no task is open, and each has an owner", func(t *testing.T) {
		s := s.in(t)
		for page := 1; page <= 5; page++ {
			for _, task := range into[struct{ Data []object }](s.do("GET", fmt.Sprintf("/tasks?page=%d", page), nil)).Data {
				if task["status"] == "open" || task["owner_user"] == nil {
					t.Errorf("want an owner and another status, got %v", task)
				}
			}
		}
	})
}

// TestTheSampleIsValid sends objects back whole: what the sandbox made up must pass its own checks.
func TestTheSampleIsValid(t *testing.T) {
	s := seeded(t)
	for _, d := range into[struct{ Data []object }](s.do("GET", "/databases", nil)).Data {
		path := "/databases/" + d["uuid"].(string)
		s.do("PUT", path, d).is(200)
		for _, f := range s.do("GET", path+"/custom-fields", nil).list() {
			s.do("PUT", path+"/custom-fields/"+f["uuid"].(string), f).is(200)
		}
		for page := 1; page <= 3; page++ {
			for _, r := range s.do("GET", fmt.Sprintf("%s/records?page=%d", path, page), nil).list() {
				s.do("PUT", path+"/records/"+r["uuid"].(string), r).is(200)
			}
		}
	}
	for _, p := range into[struct{ Data []object }](s.do("GET", "/pipelines", nil)).Data {
		path := "/pipelines/" + p["uuid"].(string)
		s.do("PUT", path, p).is(200)
		for _, stage := range s.do("GET", path+"/stages", nil).list() {
			s.do("PUT", path+"/stages/"+stage["uuid"].(string), stage).is(200)
		}
		for _, card := range s.do("GET", path+"/cards", nil).list() {
			card["pipeline_stage_uuid"] = card["pipeline_stage"].(object)["uuid"]
			s.do("PUT", path+"/cards/"+card["uuid"].(string), card).is(200)
		}
	}
	for _, path := range []string{"/tasks", "/users"} {
		for _, thing := range into[struct{ Data []object }](s.do("GET", path, nil)).Data {
			s.do("PUT", path+"/"+thing["uuid"].(string), thing).is(200)
		}
	}
}
