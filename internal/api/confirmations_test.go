package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestAnAccountThatAsksIsAskedAboutOverTheProxyToo(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		database := n.find(t, "Leads", "databases")
		shown := n.do(t, "PATCH", "/integrated-account/"+n.account, `{"settings":{"confirm":"destructive"}}`).want(200).object()
		equal(t, "settings", "map[confirm:destructive]", fmt.Sprint(shown["settings"]))
		defer func() {
			n.do(t, "PATCH", "/integrated-account/"+n.account, `{"settings":{"confirm":"never"}}`).want(200)
		}()

		for range 2 {
			n.do(t, "POST", n.proxy("database_records", "database_uuid", database), `{"name":"Left over","custom_fields_values":{"cf_company":"Example","cf_status":"New"}}`).want(200)
		}
		const filters = `"filters":[{"field":"name","operator":"eq","value":"Left over"}]`
		const pick = "{" + filters + "}"
		many := n.proxy("database_records/bulk_delete", "database_uuid", database)
		var needed struct {
			Confirmation struct{ Question, Token string }
		}
		for _, path := range []string{many, "/integrated-account/" + n.account + "/tools/octapipe_database_records_bulk_delete"} {
			body := pick
			if path != many {
				body = fmt.Sprintf(`{"database_uuid":%q,%s}`, database, filters)
			}
			got := n.do(t, "POST", path, body)
			got.refuses(428, "", "A person has to agree", "Sluice-Confirmation")
			got.into(&needed)
			if !strings.HasPrefix(needed.Confirmation.Question, "Delete 2 records of Leads?\n") {
				t.Errorf("%s asks %q", path, needed.Confirmation.Question)
			}
		}
		n.do(t, "POST", many, pick).want(428).into(&needed)
		waiting := n.do(t, "GET", "/confirmation?integrated_account_id="+n.account, nil).list().Result
		equal(t, "the newest that waits", needed.Confirmation.Question, fmt.Sprint(waiting[0]["question"]))

		again := func(token string) *response {
			return h.send(t, "POST", many, pick, "Authorization", "Bearer "+n.token, "Content-Type", "application/json", "Sluice-Confirmation", token)
		}
		again("made-up").refuses(422, "confirmation", "was not given for this call")
		done := again(needed.Confirmation.Token).want(200).object()
		equal(t, "deleted", "2", fmt.Sprint(done["deleted"]))
		again(needed.Confirmation.Token).refuses(422, "confirmation", "used before")

		record := n.do(t, "GET", n.proxy("database_records", "database_uuid", database, "limit", "1"), nil).list().Result[0]
		one := n.proxy("database_records/"+fmt.Sprint(record["uuid"]), "database_uuid", database)
		n.do(t, "DELETE", one, nil).want(428).into(&needed)
		if want := fmt.Sprintf("Delete the record %s of Leads?", record["name"]); !strings.Contains(strings.NewReplacer("“", "", "”", "").Replace(needed.Confirmation.Question), want) {
			t.Errorf("asks %q, want %q", needed.Confirmation.Question, want)
		}
		t.Run("and what is declined is not done", func(t *testing.T) {
			waiting := n.do(t, "GET", "/confirmation", nil).list().Result
			n.do(t, "POST", "/confirmation/"+fmt.Sprint(waiting[0]["id"])+"/decline", nil).want(204)
			h.send(t, "DELETE", one, "", "Authorization", "Bearer "+n.token, "Sluice-Confirmation", needed.Confirmation.Token).refuses(409, "", "declined", "nothing was sent")
			n.do(t, "POST", "/confirmation/"+fmt.Sprint(waiting[0]["id"])+"/decline", nil).refuses(404, "")
			n.do(t, "GET", one, nil).want(200)
		})
		t.Run("a token may stand in the query", func(t *testing.T) {
			n.do(t, "DELETE", one, nil).want(428).into(&needed)
			if got := n.do(t, "DELETE", one+"&confirmation="+needed.Confirmation.Token, nil); got.status >= 300 {
				t.Errorf("%d: %s", got.status, got.body)
			}
		})
		n.do(t, "PATCH", "/integrated-account/"+n.account, `{"settings":{"confirm":"always"}}`).refuses(422, "settings.confirm")
	})
}
