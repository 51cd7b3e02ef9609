package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/gateway"
	"sluice/internal/mcpserver"
	"sluice/internal/node"
	"sluice/internal/octapipe"
)

// world is a node with an account at a sandbox of its own, and a caller of all its tools.
type world struct {
	*testing.T
	node    *node.Node
	sandbox *octapipe.Sandbox
	vendor  string // URL
	account *account.Account
	caller  *gateway.Caller
}

func newWorld(t *testing.T, change ...func(*node.Settings)) *world {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	sandbox, err := octapipe.Open(octapipe.Config{Seed: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sandbox.Close() })
	vendor := httptest.NewServer(sandbox.Handler())
	t.Cleanup(vendor.Close)
	settings := node.Settings{Database: filepath.Join(t.TempDir(), "sluice.db"), AllowAddresses: []string{"loopback"}, AllowFiles: []string{"loopback"}, Log: log, PublicURL: "http://127.0.0.1"}
	for _, f := range change {
		f(&settings)
	}
	n, err := node.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	env, err := n.Environments.Create(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	login := sandbox.Login()
	acct, err := n.Accounts.Create(t.Context(), env.ID, account.NewAccount{
		Integration: "octapipe", Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password},
		Context: map[string]string{"base_url": vendor.URL},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, node: n, sandbox: sandbox, vendor: vendor.URL, account: acct}
	w.caller = w.server(mcpserver.Draft{})
	sandbox.ForgetRequests()
	return w
}

// server makes an MCP server and opens it.
func (w *world) server(d mcpserver.Draft) *gateway.Caller {
	w.Helper()
	d.Environment, d.AccountID, d.Name = w.account.Environment, w.account.ID, "test"
	s, _, err := w.node.Servers.Create(w.Context(), d)
	if err != nil {
		w.Fatal(err)
	}
	c, err := w.node.Gateway.Open(w.Context(), s)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *world) call(tool, arguments string, more ...any) *gateway.Result {
	w.Helper()
	r, err := w.node.Gateway.Call(w.Context(), w.caller, tool, fmt.Appendf(nil, arguments, more...))
	if err != nil {
		w.Fatalf("%s: %v", tool, err)
	}
	return r
}

func (w *world) ok(tool, arguments string, more ...any) *gateway.Result {
	w.Helper()
	r := w.call(tool, arguments, more...)
	if r.Failed() {
		w.Fatalf("%s: %s", tool, r.Message)
	}
	return r
}

// id finds one thing of a list by name.
func (w *world) id(tool, arguments, name string) string {
	w.Helper()
	var items []struct{ UUID, Name string }
	if err := json.Unmarshal(w.ok(tool, "%s", arguments).Body, &items); err != nil {
		w.Fatal(err)
	}
	for _, item := range items {
		if item.Name == name {
			return item.UUID
		}
	}
	w.Fatalf("%s shows no %q", tool, name)
	return ""
}

// direct speaks to the sandbox as any of its users would.
func (w *world) direct(method, path string, body any) []byte {
	w.Helper()
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			w.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(w.Context(), method, w.vendor+path, bytes.NewReader(b))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.sandbox.AdminToken())
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ = io.ReadAll(answer.Body)
	if answer.StatusCode >= 300 {
		w.Fatalf("%s %s: %s %s", method, path, answer.Status, b)
	}
	return b
}

// writes answers the requests that changed, or tried to change, something at the vendor.
func (w *world) writes() (all []octapipe.Request) {
	for _, r := range w.sandbox.Requests() {
		if r.Method != http.MethodGet && r.Path != "/login" && r.Path != "/refresh" {
			all = append(all, r)
		}
	}
	return all
}

func TestListsPageToTheEndExactlyOnce(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Enterprise Sales")
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	for _, list := range []struct{ tool, arguments string }{
		{"list_all_octapipe_pipeline_cards", fmt.Sprintf(`"pipeline_uuid":%q`, pipeline)},   // a bare array
		{"list_all_octapipe_database_records", fmt.Sprintf(`"database_uuid":%q`, database)}, // a bare array
		{"list_all_octapipe_tasks", `"limit":15`},                                           // an envelope
	} {
		for _, limit := range []int{0, 1, 7, 15, 16, 40} {
			arguments := list.arguments
			if limit > 0 {
				arguments = strings.TrimSuffix(strings.ReplaceAll(arguments, `"limit":15`, ""), ",")
				arguments = strings.TrimPrefix(arguments+fmt.Sprintf(`,"limit":%d`, limit), ",")
			}
			seen, cursor := map[string]int{}, ""
			calls := 0
			for ; ; calls++ {
				if calls > 400 {
					t.Fatalf("%s with limit %d has no end", list.tool, limit)
				}
				r := w.ok(list.tool, `{%s,"next_cursor":%q}`, arguments, cursor)
				var page []struct{ UUID string }
				if err := json.Unmarshal(r.Body, &page); err != nil {
					t.Fatal(err)
				}
				if len(page) != r.Items || limit > 0 && len(page) > limit {
					t.Fatalf("%s with limit %d: a page of %d that says %d", list.tool, limit, len(page), r.Items)
				}
				for _, item := range page {
					seen[item.UUID]++
				}
				if cursor = r.NextCursor; cursor == "" {
					break
				}
				if limit == 1 && calls == 20 {
					break // the rest is more of the same
				}
			}
			if limit == 1 {
				if len(seen) != 21 {
					t.Errorf("%s with limit 1: 21 calls showed %d items", list.tool, len(seen))
				}
				continue
			}
			for id, n := range seen {
				if n != 1 {
					t.Errorf("%s with limit %d shows %s %d times", list.tool, limit, id, n)
				}
			}
			if len(seen) < 31 {
				t.Errorf("%s with limit %d ends after %d items in %d calls", list.tool, limit, len(seen), calls+1)
			}
		}
	}
}

func TestACursorBelongsToItsCall(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	other := w.id("list_all_octapipe_databases", `{}`, "Leads")
	cursor := w.ok("list_all_octapipe_database_records", `{"database_uuid":%q}`, database).NextCursor
	if cursor == "" {
		t.Fatal("there is no next page to test with")
	}
	w.ok("list_all_octapipe_database_records", `{"database_uuid":%q,"limit":40,"next_cursor":%q}`, database, cursor)
	for name, r := range map[string]*gateway.Result{
		"another argument": w.call("list_all_octapipe_database_records", `{"database_uuid":%q,"next_cursor":%q}`, other, cursor),
		"another tool":     w.call("list_all_octapipe_tasks", `{"next_cursor":%q}`, cursor),
		"a changed one":    w.call("list_all_octapipe_database_records", `{"database_uuid":%q,"next_cursor":%q}`, database, cursor+"A"),
	} {
		if !r.Invalid || r.Field != "next_cursor" || !strings.Contains(r.Message, "first page") {
			t.Errorf("%s: %+v, want a refusal of next_cursor that says how to go on", name, r)
		}
	}
}

func TestCustomFieldsAreCheckedBeforeAnythingIsSent(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	for name, test := range map[string]struct{ arguments, want string }{
		"an unknown field":             {`{"database_uuid":%q,"filters":[{"field":"Risk Levle","operator":"eq","value":"Low"}],"values":{"Risk Level":"High"}}`, "did you mean"},
		"an unknown option":            {`{"database_uuid":%q,"filters":[{"field":"Risk Level","operator":"eq","value":"Low"}],"values":{"Risk Level":"Severe"}}`, `"High"`},
		"a wrong type in a condition":  {`{"database_uuid":%q,"filters":[{"field":"Last Assessment","operator":"lt","value":"long ago"}],"values":{"Risk Level":"High"}}`, "date"},
		"an empty list of conditions":  {`{"database_uuid":%q,"filters":[],"values":{"Risk Level":"High"}}`, "filters"},
		"a field that is not there":    {`{"database_uuid":%q,"filters":[{"field":"name","operator":"eq","value":"x"}],"values":{"cf_nonsense":1}}`, "octapipe_databases_fields_schema"},
		"a condition without operator": {`{"database_uuid":%q,"filters":[{"field":"name"}],"values":{"Risk Level":"High"}}`, "operator"},
	} {
		r := w.call("octapipe_database_records_bulk_update", test.arguments, database)
		if !r.Invalid || !strings.Contains(r.Message, test.want) {
			t.Errorf("%s: %q, want a refusal with %q", name, r.Message, test.want)
		}
	}
	if sent := w.writes(); len(sent) != 0 {
		t.Errorf("%d writes reached the vendor, want none: %v", len(sent), sent)
	}
}

func TestABulkUpdateByLabelsAndARelativeDate(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Vendor Compliance")
	r := w.ok("octapipe_database_records_bulk_update",
		`{"database_uuid":%q,"filters":[{"field":"Last Assessment","operator":"lt","value":"365 days ago"}],"values":{"Risk Level":"High"}}`, database)
	var done struct{ Matched, Updated int }
	if err := json.Unmarshal(r.Body, &done); err != nil || done.Matched == 0 {
		t.Fatalf("%s, want how many matched", r.Body)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "365 days ago") {
		t.Errorf("notes are %q, want the date that was understood", r.Notes)
	}
	sent := w.writes()
	if len(sent) != 1 || !bytes.Contains(sent[0].Body, []byte(`"cf_last_assessment"`)) || !bytes.Contains(sent[0].Body, []byte(`"cf_risk_level":"High"`)) {
		t.Errorf("the vendor got %+v, want one update by keys", sent)
	}
}

// A team changes its fields while an agent works.
func TestFieldsThatChangeUnderACall(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Leads")
	bulk := func(values string) *gateway.Result {
		return w.call("octapipe_database_records_bulk_update", `{"database_uuid":%q,"filters":[{"field":"name","operator":"eq","value":"nobody at all"}],"values":%s}`, database, values)
	}
	if r := bulk(`{"Status":"Archived"}`); r.Failed() {
		t.Fatal(r.Message)
	}
	if r := bulk(`{"Mood":"sunny"}`); !r.Invalid {
		t.Fatalf("a field that is not there: %+v, want a refusal", r)
	}
	var made struct{ UUID, Key string }
	if err := json.Unmarshal(w.direct(http.MethodPost, "/databases/"+database+"/custom-fields", map[string]any{"label": "Mood", "type": "text"}), &made); err != nil {
		t.Fatal(err)
	}
	if r := bulk(`{"Mood":"sunny"}`); r.Failed() {
		t.Errorf("a field that was added: %s", r.Message)
	}
	w.direct(http.MethodPut, "/databases/"+database+"/custom-fields/"+made.UUID, map[string]any{"label": "Temper", "type": "text"})
	if r := bulk(`{"Temper":"sunny"}`); r.Failed() {
		t.Errorf("a label that was renamed: %s", r.Message)
	}
	w.direct(http.MethodDelete, "/databases/"+database+"/custom-fields/"+made.UUID, nil)
	if r := bulk(`{"Temper":"sunny"}`); !r.Failed() || !strings.Contains(r.Message, "Temper") && !strings.Contains(r.Message, made.Key) {
		t.Errorf("a field that was removed: %+v, want a refusal that names it", r)
	}
}

func TestFieldsAreToldAsASchema(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Customer Onboarding")
	var schema struct {
		Required   []string
		Properties map[string]struct{ Title string }
	}
	if err := json.Unmarshal(w.ok("octapipe_databases_fields_schema", `{"id":%q}`, database).Body, &schema); err != nil {
		t.Fatal(err)
	}
	if len(schema.Required) != 2 || schema.Properties[schema.Required[0]].Title == "" {
		t.Errorf("%+v, want two required fields with their labels", schema)
	}
}

func TestARefusalNamesTheToolThatMendsIt(t *testing.T) {
	w := newWorld(t)
	pipeline := w.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals")
	stage := w.id("list_all_octapipe_pipeline_stages", fmt.Sprintf(`{"pipeline_uuid":%q}`, w.id("list_all_octapipe_pipelines", `{}`, "Enterprise Sales")), "Closed Won")
	card := w.id("list_all_octapipe_pipeline_cards", fmt.Sprintf(`{"pipeline_uuid":%q,"name":"TechNova"}`, pipeline), "TechNova Upgrade")
	r := w.call("update_a_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":%q,"pipeline_stage_uuid":%q,"name":"TechNova Upgrade","sla":24}`, pipeline, card, stage)
	if !r.Failed() || !strings.Contains(r.Message, "list_all_octapipe_pipeline_stages") {
		t.Errorf("a stage of another pipeline: %q, want the tool that lists stages", r.Message)
	}
	r = w.call("get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":%q,"id":"00000000-0000-4000-8000-000000000000"}`, pipeline)
	if r.Status != 404 || !strings.Contains(r.Message, "list_all_octapipe_pipeline_cards") {
		t.Errorf("a card that is not there: %q, want the tool that lists cards", r.Message)
	}
	if _, err := w.node.Gateway.Call(w.Context(), w.caller, "list_octapipe_pipelines", nil); err == nil || !strings.Contains(err.Error(), "list_all_octapipe_pipelines") {
		t.Errorf("an unknown tool: %v, want the nearest", err)
	}
}

func TestTheAccountsOwnPasswordIsInNoRecordWhereverACallerPutsIt(t *testing.T) {
	w := newWorld(t)
	password := w.sandbox.Login().Password
	user := w.id("list_all_octapipe_users", `{}`, "")
	w.ok("create_a_octapipe_note", `{"entity":"user","record_uuid":%q,"note":"the login is %s"}`, user, password)
	refused := w.call("list_all_octapipe_tasks", `{"status":%q}`, password)
	if !refused.Invalid || strings.Contains(refused.Message, password) {
		t.Errorf("wanted a refusal that does not repeat the password, got %q", refused.Message)
	}
	page, _, err := w.node.Audit.List(t.Context(), audit.Filter{Environment: w.account.Environment}, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	noted := false
	for _, r := range page {
		noted = noted || strings.Contains(string(r.Arguments), "the login is •••")
		if strings.Contains(string(r.Arguments)+r.Error, password) {
			t.Errorf("the password stands in the record: %s, %q", r.Arguments, r.Error)
		}
	}
	if !noted {
		t.Errorf("wanted a record of the note, masked, got %v", page)
	}
}

func TestAWriteWhoseCallerHungUpIsRecordedAsWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	user := w.id("list_all_octapipe_users", `{}`, "")
	sandbox, _ := url.Parse(w.vendor)
	pass := httputil.NewSingleHostReverseProxy(sandbox)
	hangUp := func() {}
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/notes" {
			pass.ServeHTTP(rw, r)
			return
		}
		hangUp()
		if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), "lost") {
			panic(http.ErrAbortHandler) // closes the connection without an answer
		}
		rw.WriteHeader(422)
	}))
	defer front.Close()
	login := w.sandbox.Login()
	acct, err := w.node.Accounts.Create(t.Context(), w.account.Environment, account.NewAccount{
		Integration: "octapipe", Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password},
		Context: map[string]string{"base_url": front.URL},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.account = acct
	w.caller = w.server(mcpserver.Draft{})
	for note, want := range map[string]string{"lost": "unknown", "refused": "refused"} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		hangUp = cancel
		if _, err := w.node.Gateway.Call(ctx, w.caller, "create_a_octapipe_note", fmt.Appendf(nil, `{"entity":"user","record_uuid":%q,"note":%q}`, user, note)); err != nil {
			t.Fatal(err)
		}
		page, _, err := w.node.Audit.List(t.Context(), audit.Filter{Environment: acct.Environment, AccountID: acct.ID}, "", 1)
		if err != nil || len(page) != 1 || page[0].Outcome != want {
			t.Errorf("%s: want one record, %s, got %+v (%v)", note, want, page, err)
		}
	}
}

func TestEveryCallIsRecordedOnce(t *testing.T) {
	w := newWorld(t)
	database := w.id("list_all_octapipe_databases", `{}`, "Leads")
	w.call("create_a_octapipe_user", `{"first_name":"Ann","last_name":"Lee","email":"ann.lee@example.com","initial_password":"hunter22-secret","role":"user","enabled_pipelines":[%q]}`,
		w.id("list_all_octapipe_pipelines", `{}`, "Q3 Renewals"))
	w.call("get_single_octapipe_database_by_id", `{"id":"%s"}`, "00000000-0000-4000-8000-000000000000")
	w.call("get_single_octapipe_database_by_id", `{}`)
	w.call("octapipe_database_records_bulk_update", `{"database_uuid":%q,"filters":[{"field":"Status","operator":"eq","value":"Stale"}],"values":{"Status":"Archived"}}`, database)
	page, _, err := w.node.Audit.List(context.Background(), audit.Filter{Environment: w.account.Environment}, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]string{}
	for _, r := range page {
		outcomes[r.Tool+" "+r.Outcome] = string(r.Arguments)
		if strings.Contains(string(r.Arguments), "hunter22") {
			t.Errorf("a password stands in the record: %s", r.Arguments)
		}
	}
	for _, want := range []string{
		"list_all_octapipe_databases ok", "create_a_octapipe_user ok", "get_single_octapipe_database_by_id refused",
		"get_single_octapipe_database_by_id invalid", "octapipe_database_records_bulk_update ok",
	} {
		if _, ok := outcomes[want]; !ok {
			t.Errorf("there is no record of %q in %v", want, outcomes)
		}
	}
	if len(page) != 6 {
		t.Errorf("%d records of 6 calls", len(page))
	}
}
