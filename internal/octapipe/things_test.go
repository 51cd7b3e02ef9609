package octapipe_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/internal/octapipe"
)

func TestTasks(t *testing.T) {
	s := seeded(t)
	body := object{
		"title": "Call", "start_date": "2026-03-02", "end_date": "2026-03-02", "start_time": "09:00", "end_time": "10:00", "status": "open", "priority": "high",
	}
	made := s.do("POST", "/tasks", body).is(201).object()
	one := "/tasks/" + made["uuid"].(string)
	equal(t, "start_time", "09:00:00", made["start_time"].(string))
	equal(t, "status", "open", made["status"].(string))
	equal(t, "owner", s.box.Login().Email, made["owner_user"].(object)["email"].(string))
	equal(t, "description", nil, made["description"])

	t.Run("the whole object is taken back", func(t *testing.T) {
		s := s.in(t)
		whole := s.do("GET", one, nil).is(200).object()
		whole["status"] = "completed"
		changed := s.do("PUT", one, whole).is(200).object()
		equal(t, "status", "completed", changed["status"].(string))
		equal(t, "end_time", "10:00:00", changed["end_time"].(string))
	})
	t.Run("what is wrong is refused", func(t *testing.T) {
		for name, wrong := range map[string]struct {
			change object
			field  string
		}{
			"a date that is none":     {object{"start_date": "2026-02-30"}, "start_date"},
			"a date before the start": {object{"end_date": "2026-03-01"}, "end_date"},
			"a time before the start": {object{"end_time": "08:00"}, "end_time"},
			"a time of one digit":     {object{"start_time": "9:00"}, "start_time"},
			"a time with seconds":     {object{"start_time": "09:00:00"}, "start_time"},
			"an hour that is none":    {object{"end_time": "24:00"}, "end_time"},
			"an unknown status":       {object{"status": "done"}, "status"},
			"an unknown priority":     {object{"priority": "urgent"}, "priority"},
			"no such card":            {object{"pipeline_card_uuid": "x"}, "pipeline_card_uuid"},
			"no such owner":           {object{"owner_user_uuid": "x"}, "owner_user_uuid"},
			"a number for a title":    {object{"title": 7}, "title"},
		} {
			t.Run(name, func(t *testing.T) {
				changed := clone(body)
				for member, value := range wrong.change {
					changed[member] = value
				}
				s.in(t).do("POST", "/tasks", changed).refuses(wrong.field)
			})
		}
	})
	t.Run("filters in the query", func(t *testing.T) {
		s := s.in(t)
		card := s.renewals().card["uuid"].(string)
		owner := s.do("GET", "/users?page=2", nil).object()["data"].([]any)[0].(object)["uuid"].(string)
		mine := clone(body)
		mine["pipeline_card_uuid"], mine["owner_user_uuid"] = card, owner
		before := into[struct{ Total int }](s.do("GET", "/tasks?pipeline_card_uuid="+card, nil)).Total
		s.do("POST", "/tasks", mine).is(201)
		equal(t, "of the card", before+1, into[struct{ Total int }](s.do("GET", "/tasks?pipeline_card_uuid="+card, nil)).Total)
		equal(t, "all of it", 1, into[struct{ Total int }](s.do("GET", "/tasks?status=open&priority=high&owner_user_uuid="+owner+"&pipeline_card_uuid="+card, nil)).Total)
		equal(t, "none of it", 0, into[struct{ Total int }](s.do("GET", "/tasks?status=open&priority=low", nil)).Total)
	})
	t.Run("an owner is taken away by null", func(t *testing.T) {
		changed := clone(body)
		changed["owner_user_uuid"] = nil
		equal(t, "owner", nil, s.in(t).do("PUT", one, changed).is(200).object()["owner_user"])
	})
	s.do("DELETE", one, nil).is(204)
	s.do("GET", one, nil).is(404)
	s.do("PUT", one, body).is(404)
}

func TestNotesHangOnAnything(t *testing.T) {
	s := seeded(t)
	w := s.renewals()
	task := into[struct{ Data []object }](s.do("GET", "/tasks", nil)).Data[0]
	record := s.do("GET", "/databases/"+s.named("/databases", "Fleet")+"/records", nil).list()[0]
	me := s.do("GET", "/me", nil).object()
	for entity, on := range map[string]object{"pipeline_card": w.card, "task": task, "database_record": record, "user": me} {
		t.Run(entity, func(t *testing.T) {
			s := s.in(t)
			list := "/notes?entity=" + entity + "&record_uuid=" + on["uuid"].(string)
			before := len(s.all(list))
			made := s.do("POST", "/notes", object{"entity": entity, "record_uuid": on["uuid"], "note": "**bold** <b>"}).is(201).object()
			equal(t, "note", "**bold** <b>", made["note"].(string))
			equal(t, "what it hangs on", on["uuid"], made[entity].(object)["uuid"])
			if len(made) != 8 {
				t.Errorf("want one embedded object, got %v", made)
			}
			equal(t, "notes", before+1, len(s.all(list)))
			s.do("DELETE", "/notes/"+made["uuid"].(string), nil).is(204)
			s.do("DELETE", "/notes/"+made["uuid"].(string), nil).is(404)
			equal(t, "notes after deleting", before, len(s.all(list)))
		})
	}
	s.do("POST", "/notes", object{}).refuses("entity", "record_uuid", "note")
	s.do("POST", "/notes", object{"entity": "task", "record_uuid": w.card["uuid"], "note": "x"}).refuses("record_uuid")
	s.do("POST", "/notes", object{"entity": "card", "record_uuid": w.card["uuid"], "note": "x"}).refuses("entity")
	s.do("GET", "/notes", nil).refuses("entity", "record_uuid")
	s.do("GET", "/notes?entity=deal&record_uuid=x", nil).refuses("entity")
	equal(t, "on nothing", "[]", string(s.do("GET", "/notes?entity=task&record_uuid=x", nil).is(200).body))
}

func TestNotifications(t *testing.T) {
	s := seeded(t)
	users := into[struct{ Data []object }](s.do("GET", "/users", nil)).Data
	made := s.do("POST", "/notifications", object{"owner_user_uuid": users[1]["uuid"], "entity": "user", "record_uuid": users[2]["uuid"], "message": "Falcon II is broken"}).
		is(201).object()
	equal(t, "read_at", nil, made["read_at"])
	read := s.do("PUT", "/notifications/"+made["uuid"].(string)+"/read", nil).is(200).object()
	equal(t, "read_at", "2026-03-01T12:00:00.000Z", read["read_at"].(string))
	s.pass(time.Hour)
	again := s.do("PUT", "/notifications/"+made["uuid"].(string)+"/read", nil).is(200).object()
	equal(t, "read_at the second time", read["read_at"], again["read_at"])
	s.do("PUT", "/notifications/none/read", nil).is(404)
	s.do("POST", "/notifications", object{}).refuses("owner_user_uuid", "entity", "record_uuid", "message")
	equal(t, "listed", 27, into[struct{ Total int }](s.do("GET", "/notifications", nil)).Total)
	equal(t, "unread", 13, into[struct{ Total int }](s.do("GET", filtered("/notifications", `[{"field":"read_at","operator":"is_empty"}]`), nil)).Total)

	theirs := s.as(s.as("").do("POST", "/login", octapipe.Login{
		Domain: octapipe.Domain, Email: users[1]["email"].(string), Password: users[1]["initial_password"].(string),
	}).is(200).object()["authorization"].(object)["token"].(string))
	for _, n := range into[struct{ Data []object }](theirs.do("GET", "/notifications", nil)).Data {
		equal(t, "owner of what a person sees", users[1]["uuid"], n["owner_user_uuid"])
	}
}

func TestUsers(t *testing.T) {
	s := seeded(t)
	pipeline := s.named("/pipelines", "Hiring")
	body := object{
		"first_name": "Elon", "last_name": "Musk", "email": "elon@tesla.example", "initial_password": "@Elon1234Musk", "role": "admin", "enabled_pipelines": []string{pipeline},
	}
	made := s.do("POST", "/users", body).is(201).object()
	one := "/users/" + made["uuid"].(string)
	for member, want := range map[string]any{
		"initial_password": "@Elon1234Musk", "recover_code": nil, "auth_code": nil, "is_active": true, "is_data_access_restricted": false, "job": nil,
		"phone1": nil, "phone2": nil, "picture": nil, "email_verified_at": nil, "deleted_at": nil,
	} {
		got, there := made[member]
		if !there {
			t.Errorf("want the member %s", member)
		}
		equal(t, member, want, got)
	}
	equal(t, "custom_fields_values", "[]", fmt.Sprint(made["custom_fields_values"]))

	s.do("POST", "/users", object{"email": "no", "role": "owner", "enabled_pipelines": []string{}, "initial_password": "short"}).
		refuses("first_name", "last_name", "email", "role", "enabled_pipelines", "initial_password")
	s.do("POST", "/users", object{}).refuses("first_name", "last_name", "email", "role", "enabled_pipelines", "initial_password")
	duplicate := clone(body)
	duplicate["email"] = "ELON@tesla.example"
	s.do("POST", "/users", duplicate).is(409)
	duplicate["enabled_pipelines"] = []string{"none"}
	s.do("POST", "/users", duplicate).refuses("enabled_pipelines.0")

	whole := s.do("GET", one, nil).is(200).object()
	whole["email"], whole["recover_code"], whole["custom_fields_values"] = "elon@spacex.example", "mine", object{"cf_team": "X"}
	changed := s.do("PUT", one, whole).is(200).object()
	equal(t, "email", "elon@spacex.example", changed["email"].(string))
	equal(t, "recover_code", nil, changed["recover_code"])
	equal(t, "values", "map[cf_team:X]", fmt.Sprint(changed["custom_fields_values"]))
	s.do("DELETE", one, nil).is(204)
	s.do("GET", one, nil).is(404)
	s.do("DELETE", "/users/"+s.do("GET", "/me", nil).object()["uuid"].(string), nil).is(409)
	s.do("POST", "/users", body).is(201) // the address is free again
}

func TestSecretsComeBackWhereverAUserIs(t *testing.T) {
	s := seeded(t)
	users := string(s.do("GET", "/users", nil).body)
	for _, secret := range []string{`"initial_password":"`, `"recover_code":"`, `"auth_code":"`} {
		if !strings.Contains(users, secret) {
			t.Errorf("want %s in the users", secret)
		}
	}
	for _, path := range []string{
		"/tasks", "/pipelines/" + s.named("/pipelines", "Hiring") + "/cards", "/databases/" + s.named("/databases", "Leads") + "/records",
	} {
		if body := string(s.do("GET", path, nil).body); !strings.Contains(body, `"initial_password":"`) || !strings.Contains(body, `"recover_code":"`) {
			t.Errorf("%s: want the secrets of embedded users", path)
		}
	}
}
