//go:build vendors

package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/await"
)

const (
	vendorEmail    = "ada@example.com"
	vendorPassword = "kauri-4711-lagoon"
)

// startPocketBase builds and starts PocketBase, whose superusers' tokens are good for ten seconds, the least that it allows.
func startPocketBase(t *testing.T) *realVendor {
	t.Helper()
	program, data, address := filepath.Join(t.TempDir(), "pocketbase"), t.TempDir(), freeAddress(t)
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = "pocketbase"
	runVendor(t, build)
	runVendor(t, exec.Command(program, "superuser", "upsert", vendorEmail, vendorPassword, "--dir", data))
	startVendor(t, exec.Command(program, "serve", "--http", address, "--dir", data), "http://"+address+"/api/health")
	v := watch(t, "http://"+address)
	var in object
	send(t, "POST", v.own+"/api/collections/_superusers/auth-with-password", `{"identity":"`+vendorEmail+`","password":"`+vendorPassword+`"}`).want(t, 200).decode(t, &in)
	v.token = in.text("token") // which stays good for a day
	v.api(t, "PATCH", "/api/collections/_superusers", `{"authToken":{"duration":10},"authAlert":{"enabled":false}}`).want(t, 200)
	return v
}

// someCustomers is a collection with more records than a page has.
func someCustomers(t *testing.T, v *realVendor) {
	t.Helper()
	v.api(t, "POST", "/api/collections", `{"name":"customers","type":"base","fields":[
		{"name":"name","type":"text","required":true},
		{"name":"status","type":"select","values":["active","paused"]},
		{"name":"regions","type":"select","values":["north","south","west"],"maxSelect":3},
		{"name":"revenue","type":"number"},
		{"name":"signed","type":"date"},
		{"name":"contract","type":"file","mimeTypes":["text/plain","application/octet-stream"]},
		{"name":"secret_plans","type":"file","maxSelect":5,"protected":true},
		{"name":"created","type":"autodate","onCreate":true}]}`).want(t, 200)
	for i := range 70 {
		v.api(t, "POST", "/api/collections/customers/records", fmt.Sprintf(`{"name":"Customer %02d","status":"active","revenue":%d}`, i, i)).want(t, 200)
	}
}

func TestPocketBase(t *testing.T) {
	t.Parallel() // both wait for tokens to end
	v := startPocketBase(t)
	someCustomers(t, v)
	h := startWithoutAccounts(t)

	cover := &coverage{}
	connect := func(t *testing.T, url string) agent { return agent{t, covering{connectGoSDK(t, url), cover}} }

	wrong := h.api(t, "POST", "/integrated-account", `{"integration":"pocketbase","context":{"base_url":"`+v.URL+`"},"credentials":{"identity":"`+vendorEmail+`","password":"wrong-password"}}`)
	if wrong.status < 400 || !bytes.Contains(wrong.body, []byte("Failed to authenticate")) {
		t.Errorf("a wrong password is answered %d %s", wrong.status, wrong.body)
	}
	h.connectAccount(t, `{"integration":"pocketbase","context":{"base_url":"`+v.URL+`"},"credentials":{"identity":"`+vendorEmail+`","password":"`+vendorPassword+`"}}`)

	t.Run("all of it", func(t *testing.T) {
		a := connect(t, h.mcpServer(t, `{"name":"all"}`).URL)

		var collections listed
		a.call(&collections, "list_all_pocketbase_collections", nil)
		var fields []string
		for _, c := range collections.Result {
			if c.text("name") == "customers" {
				for _, f := range c.list("fields") {
					fields = append(fields, f.text("name"))
				}
			}
		}
		if got := strings.Join(fields, " "); got != "id name status regions revenue signed contract secret_plans created" {
			t.Errorf("the collection is shown with the fields %q", got)
		}

		// One filtered call does what four pages do.
		_, n := v.since(0)
		var found listed
		a.call(&found, "list_all_pocketbase_records", map[string]any{"collection": "customers", "filter": "name = 'Customer 65'", "fields": "id,name"})
		v.wantAsked(t, n, "GET /api/collections/customers/records")
		if len(found.Result) != 1 || found.NextCursor != nil || len(found.Result[0]) != 2 {
			t.Fatalf("the filter finds %+v", found)
		}
		paged, pages := a.find("list_all_pocketbase_records", map[string]any{"collection": "customers", "sort": "name", "limit": 20}, "name", "Customer 65")
		id := found.Result[0].text("id")
		if paged.text("id") != id || pages != 4 {
			t.Errorf("by paging, %v is found after %d pages", paged, pages)
		}
		a.wantRefused("list_all_pocketbase_records", map[string]any{"collection": "customers", "filter": "nmae = 'x'"}, "(400)", "names must be fields of the collection")

		one := map[string]any{"collection": "customers", "id": id}
		var record object
		a.call(&record, "update_a_pocketbase_record_by_id", with(one, map[string]any{"values": map[string]any{"status": "paused", "regions": []string{"north", "west"}, "signed": "2026-03-01"}}))
		var there object
		v.api(t, "GET", "/api/collections/customers/records/"+id, "").want(t, 200).decode(t, &there)
		if there.text("status") != "paused" || fmt.Sprint(there["regions"]) != "[north west]" || there.text("signed") != "2026-03-01 00:00:00.000Z" || there["revenue"] != 65.0 {
			t.Errorf("after the update the record is %v", there)
		}

		// What is wrong is found out here, with the vendor's own fields.
		_, n = v.since(0)
		update := func(values map[string]any) map[string]any { return with(one, map[string]any{"values": values}) }
		a.wantRefused("update_a_pocketbase_record_by_id", update(map[string]any{"status": "closed"}), "values.status", "active", "paused")
		a.wantRefused("update_a_pocketbase_record_by_id", update(map[string]any{"regoins": []string{}}), "did you mean regions?")
		a.wantRefused("create_a_pocketbase_record", map[string]any{"collection": "customers", "values": map[string]any{"status": "active"}}, "values.name", "is required")
		a.wantRefused("pocketbase_records_upload", with(one, map[string]any{"field": "contrat", "file_text": "x"}), "did you mean contract?")
		asked, _ := v.since(n)
		for _, request := range asked {
			if strings.HasPrefix(request, "PATCH") || strings.HasSuffix(request, "/records") {
				t.Errorf("the vendor was asked %s for what cannot be", request)
			}
		}
		a.wantRefused("update_a_pocketbase_record_by_id", map[string]any{"collection": "customers", "id": "nonesuch", "values": map[string]any{"status": "active"}}, "(404)")

		// Files, in a field for one and in one for several, whose content is protected.
		a.call(&record, "pocketbase_records_upload", with(one, map[string]any{"field": "contract", "file_text": "Net 30.", "file_name": "contract.txt", "values": map[string]any{"revenue": 66}}))
		text := map[string]any{"collection": "customers", "id": id, "filename": record.text("contract")}
		var content string
		a.call(nil, "pocketbase_records_download", text)
		if got, err := a.CallTool(t.Context(), "pocketbase_records_download", text); err != nil || !strings.Contains(got.Content[0].Text, "Net 30.") {
			t.Errorf("the contract is downloaded as %+v (%v)", got, err)
		}
		a.call(&record, "pocketbase_records_upload", with(one, map[string]any{"field": "secret_plans", "file": base64.StdEncoding.EncodeToString(pattern[:100]), "file_name": "a.bin"}))
		a.call(&record, "pocketbase_records_upload", with(one, map[string]any{"field": "secret_plans", "file_url": elsewhere(t, "b.bin", pattern[:5000])}))
		plans, _ := record["secret_plans"].([]any)
		if len(plans) != 2 || record["revenue"] != 66.0 {
			t.Fatalf("after three uploads the record is %v", record)
		}
		plan := with(one, map[string]any{"filename": plans[1]})
		a.wantRefused("pocketbase_records_download", plan, "(404)")
		var token object
		a.call(&token, "create_a_pocketbase_file_token", nil)
		if content = a.linked("pocketbase_records_download", with(plan, map[string]any{"token": token.text("token")})); content != string(pattern[:5000]) {
			t.Errorf("the link leads to %d other bytes than were attached", len(content))
		}
		v.api(t, "GET", "/api/collections/customers/records/"+id, "").want(t, 200).decode(t, &there)
		if got := send(t, "GET", v.own+"/api/files/customers/"+id+"/"+there.text("contract"), "").want(t, 200); string(got.body) != "Net 30." {
			t.Errorf("the vendor has %q of the contract", got.body)
		}

		a.call(&record, "pocketbase_records_create_with_file", map[string]any{"collection": "customers", "values": map[string]any{"name": "Rætia & Co", "revenue": 12.25}, "field": "contract", "file_text": "x", "file_name": "x.txt"})
		v.api(t, "GET", "/api/collections/customers/records/"+record.text("id"), "").want(t, 200).decode(t, &there)
		if there.text("name") != "Rætia & Co" || there["revenue"] != 12.25 || there.text("contract") == "" {
			t.Errorf("the new record is %v", there)
		}
		a.call(nil, "get_single_pocketbase_record_by_id", map[string]any{"collection": "customers", "id": record.text("id"), "expand": ""})
		a.call(nil, "delete_a_pocketbase_record_by_id", map[string]any{"collection": "customers", "id": record.text("id")})
		v.api(t, "GET", "/api/collections/customers/records/"+record.text("id"), "").want(t, 404)
	})

	t.Run("a collection is designed", func(t *testing.T) {
		a := connect(t, h.mcpServer(t, `{"name":"design"}`).URL)
		var made, changed, schema object
		a.call(&made, "create_a_pocketbase_collection", map[string]any{"name": "orders", "type": "base", "listRule": "", "fields": []any{
			map[string]any{"name": "number", "type": "number", "required": true},
			map[string]any{"name": "customer", "type": "relation", "collectionId": member(string(v.api(t, "GET", "/api/collections/customers", "").want(t, 200).body), "id"), "maxSelect": 2}}})
		a.call(&made, "get_single_pocketbase_collection_by_id", map[string]any{"id": "orders"})
		a.call(&changed, "update_a_pocketbase_collection_by_id", map[string]any{"id": "orders", "fields": append(made["fields"].([]any), map[string]any{"name": "paid", "type": "bool"})})
		a.call(&schema, "pocketbase_collections_fields_schema", map[string]any{"id": "orders"})
		if shown := schema.object("properties"); len(shown) != 3 || shown.object("customer").text("type") != "array" || fmt.Sprint(schema["required"]) != "[number]" {
			t.Errorf("the new collection's fields are shown as %v", schema)
		}
		order := map[string]any{"collection": "orders", "values": map[string]any{"number": 1, "paid": true}}
		a.call(nil, "create_a_pocketbase_record", order)
		a.call(nil, "pocketbase_collections_truncate", map[string]any{"id": "orders"})
		var left listed
		if a.call(&left, "list_all_pocketbase_records", map[string]any{"collection": "orders"}); len(left.Result) != 0 {
			t.Errorf("after truncating it has %v", left.Result)
		}
		a.call(nil, "delete_a_pocketbase_collection_by_id", map[string]any{"id": "orders"})
		v.api(t, "GET", "/api/collections/orders", "").want(t, 404)
		cover.wantAll(t, a)
	})

	t.Run("one collection", func(t *testing.T) {
		server := h.mcpServer(t, `{"name":"customers","config":{"bind":{"collection":"customers"}}}`).URL
		a := connect(t, server)
		create := a.values("create_a_pocketbase_record")
		if got := fmt.Sprint(create["required"], create.object("properties").object("status")["enum"]); got != "[name] [active paused]" {
			t.Errorf("the collection's fields are shown as %v", create)
		}
		var found listed
		a.call(&found, "list_all_pocketbase_records", map[string]any{"filter": "name = 'Customer 07'"})
		id := found.Result[0].text("id")

		// A field that is made in the vendor is known at once, and shown from then on; one that is taken away is not.
		fields := memberJSON(string(v.api(t, "GET", "/api/collections/customers", "").want(t, 200).body), "fields")
		v.api(t, "PATCH", "/api/collections/customers", `{"fields":`+strings.TrimSuffix(fields, "]")+`,{"name":"tier","type":"select","values":["gold","tin"]}]}`).want(t, 200)
		a.call(nil, "update_a_pocketbase_record_by_id", map[string]any{"id": id, "values": map[string]any{"tier": "gold"}})
		later := connect(t, server) // the first one remembers its list for a minute, as it was told
		if got := fmt.Sprint(later.values("update_a_pocketbase_record_by_id").object("properties").object("tier")["enum"]); got != "[gold tin]" {
			t.Errorf("the new field is shown with %s", got)
		}
		var there object
		v.api(t, "GET", "/api/collections/customers/records/"+id, "").want(t, 200).decode(t, &there)
		if there.text("tier") != "gold" {
			t.Errorf("the vendor has %v", there)
		}
		v.api(t, "PATCH", "/api/collections/customers", `{"fields":`+fields+`}`).want(t, 200)
	})

	t.Run("an account that is no superuser", func(t *testing.T) {
		v.api(t, "POST", "/api/collections", `{"name":"visits","type":"base","createRule":"@request.auth.id != ''","listRule":"by = @request.auth.id",
			"fields":[{"name":"place","type":"text","required":true},{"name":"by","type":"text"}]}`).want(t, 200)
		var user object
		v.api(t, "POST", "/api/collections/users/records", `{"email":"bo@example.com","password":"a-password-of-bo","passwordConfirm":"a-password-of-bo"}`).want(t, 200).decode(t, &user)
		superuser := h.AccountID
		defer func() { h.AccountID = superuser }()
		h.connectAccount(t, `{"integration":"pocketbase","context":{"base_url":"`+v.URL+`"},"credentials":{"identity":"bo@example.com","password":"a-password-of-bo","collection":"users"}}`)
		a := connect(t, h.mcpServer(t, `{"name":"bo"}`).URL)
		// It may not know the fields, so the vendor alone judges what it writes.
		a.wantRefused("list_all_pocketbase_collections", nil, "(403)", "is not allowed")
		a.call(nil, "create_a_pocketbase_record", map[string]any{"collection": "visits", "values": map[string]any{"place": "Oslo", "by": user["id"]}})
		a.wantRefused("create_a_pocketbase_record", map[string]any{"collection": "visits", "values": map[string]any{"by": user["id"]}}, "(400)", "place")
		a.wantRefused("create_a_pocketbase_record", map[string]any{"collection": "customers", "values": map[string]any{"name": "x"}}, "(403)")
		var mine listed
		a.call(&mine, "list_all_pocketbase_records", map[string]any{"collection": "visits"})
		if len(mine.Result) != 1 || mine.Result[0].text("place") != "Oslo" {
			t.Errorf("the account sees %v", mine.Result)
		}
	})

	t.Run("a token ends", func(t *testing.T) {
		a := connect(t, h.mcpServer(t, `{"name":"tokens"}`).URL)
		read := func() {
			a.call(nil, "list_all_pocketbase_records", map[string]any{"collection": "customers", "limit": 1})
		}
		_, n := v.since(0)
		await.True(t, "a token to be renewed before it ends", func() bool { read(); return v.count(n, "/auth-refresh") > 0 })
		if logins := v.count(n, "/auth-with-password"); logins > 0 {
			t.Errorf("there were %d logins while a refresh would do", logins)
		}
		// PocketBase takes who comes with an old token for a guest: it would answer 403, or an empty list.
		v.outliving(t, read, func(token string) bool {
			return send(t, "GET", v.own+"/api/collections/customers/records", "", "Authorization", token).status == 403
		}, "POST /api/collections/_superusers/auth-with-password")
	})
}
