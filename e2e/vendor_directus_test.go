//go:build vendors

package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"sluice/internal/store/storetest"
)

// directus is a Directus with a database of its own.
type directus struct {
	*realVendor
	database string
}

// startDirectus starts Directus, whose tokens are good for four seconds.
func startDirectus(t *testing.T) *directus {
	t.Helper()
	cli, err := filepath.Abs("directus/node_modules/directus/cli.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(cli); err != nil {
		t.Fatalf("no Directus: run 'make test-vendors', which installs it (%v)", err)
	}
	database := storetest.PostgreSQL(t)
	at, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	address, data := freeAddress(t), t.TempDir()
	_, port, _ := strings.Cut(address, ":")
	command := func(name string) *exec.Cmd {
		cmd := exec.Command(node(t), cli, name)
		cmd.Dir = data
		cmd.Env = append(os.Environ(), "HOME="+data,
			"DB_CLIENT=pg", "DB_HOST="+at.Query().Get("host"), "DB_PORT=5432", "DB_USER=sluice", "DB_DATABASE="+strings.TrimPrefix(at.Path, "/"),
			"SECRET=no-secret-here", "ADMIN_EMAIL="+vendorEmail, "ADMIN_PASSWORD="+vendorPassword, "ACCESS_TOKEN_TTL=4s",
			"HOST=127.0.0.1", "PORT="+port, "PUBLIC_URL=http://"+address, "SERVE_APP=false",
			"STORAGE_LOCAL_ROOT="+data, "EXTENSIONS_PATH="+filepath.Join(data, "extensions"), "TELEMETRY=false", "NO_UPDATE_NOTIFIER=1", "LOG_LEVEL=warn", "LOG_STYLE=raw")
		return cmd
	}
	runVendor(t, command("bootstrap"))
	startVendor(t, command("start"), "http://"+address+"/server/ping")
	d := &directus{watch(t, "http://"+address), database}

	// The test itself comes with a static token, which does not end.
	var in object
	send(t, "POST", d.own+"/auth/login", `{"email":"`+vendorEmail+`","password":"`+vendorPassword+`"}`).want(t, 200).decode(t, &in)
	d.token = in.object("data").text("access_token")
	d.api(t, "PATCH", "/users/me", `{"token":"a-static-token-of-the-test"}`).want(t, 200)
	d.token = "a-static-token-of-the-test"
	return d
}

// data is what Directus answers.
func (d *directus) data(t *testing.T, path string) object {
	t.Helper()
	var answer object
	d.api(t, "GET", path, "").want(t, 200).decode(t, &answer)
	return answer.object("data")
}

// someClients is a collection with more items than a page has, and with what its users made of it.
func (d *directus) someClients(t *testing.T) {
	t.Helper()
	d.api(t, "POST", "/collections", `{"collection":"clients","schema":{},"meta":{"note":"Who buys"},"fields":[
		{"field":"id","type":"integer","schema":{"is_primary_key":true,"has_auto_increment":true}},
		{"field":"name","type":"string","schema":{"is_nullable":false},"meta":{"required":true}},
		{"field":"status","type":"string","meta":{"interface":"select-dropdown","options":{"choices":[{"text":"Active","value":"active"},{"text":"Paused","value":"paused"}]}}},
		{"field":"revenue","type":"integer","meta":{"translations":[{"language":"en-US","translation":"Yearly Revenue"}]}},
		{"field":"rate","type":"decimal","schema":{"numeric_precision":12,"numeric_scale":4}},
		{"field":"signed","type":"date"},
		{"field":"regions","type":"json","meta":{"special":["cast-json"],"interface":"select-multiple-dropdown","options":{"choices":[{"text":"North","value":"north"},{"text":"South","value":"south"}]}}},
		{"field":"contract","type":"uuid","schema":{"foreign_key_table":"directus_files"},"meta":{"special":["file"],"interface":"file","note":"As it was signed"}},
		{"field":"date_created","type":"timestamp","meta":{"special":["date-created"],"readonly":true}}]}`).want(t, 200)
	d.api(t, "POST", "/relations", `{"collection":"clients","field":"contract","related_collection":"directus_files","schema":{"on_delete":"SET NULL"}}`).want(t, 200)
	var all []string
	for i := range 250 {
		all = append(all, fmt.Sprintf(`{"name":"Client %03d","status":"active","revenue":%d}`, i, i))
	}
	d.api(t, "POST", "/items/clients", "["+strings.Join(all, ",")+"]").want(t, 200)
}

func TestDirectus(t *testing.T) {
	t.Parallel() // both wait for tokens to end
	d := startDirectus(t)
	d.someClients(t)
	h := startWithoutAccounts(t)

	cover := &coverage{}
	connect := func(t *testing.T, url string) agent { return agent{t, covering{connectTypeScript(t, url), cover}} }

	wrong := h.api(t, "POST", "/integrated-account", `{"integration":"directus","context":{"base_url":"`+d.URL+`"},"credentials":{"email":"`+vendorEmail+`","password":"wrong"}}`)
	if wrong.status < 400 || !strings.Contains(string(wrong.body), "Invalid user credentials") {
		t.Errorf("a wrong password is answered %d %s", wrong.status, wrong.body)
	}
	h.connectAccount(t, `{"integration":"directus","context":{"base_url":"`+d.URL+`"},"credentials":{"email":"`+vendorEmail+`","password":"`+vendorPassword+`"}}`)

	t.Run("all of it", func(t *testing.T) {
		a := connect(t, h.mcpServer(t, `{"name":"all"}`).URL)

		var collections listed
		a.call(&collections, "list_all_directus_collections", nil)
		if got := fmt.Sprint(collections.Result); got != "[map[collection:clients note:Who buys]]" {
			t.Errorf("the collections are %s", got)
		}
		var schema object
		a.call(&schema, "directus_collections_fields_schema", map[string]any{"id": "clients"})
		shown := schema.object("properties")
		if fmt.Sprintln(schema["required"], shown.object("status")["enum"], shown.object("regions").object("items")["enum"], shown.object("revenue")["title"], shown.object("contract")["description"]) !=
			"[name] [active paused] [north south] Yearly Revenue As it was signed (Id of a file)\n" || shown["id"] != nil || shown["date_created"] != nil {
			t.Errorf("the fields are shown as %v", schema)
		}

		// One filtered call does what four pages do.
		_, n := d.since(0)
		var found listed
		a.call(&found, "list_all_directus_items", map[string]any{"collection": "clients", "filter": map[string]any{"name": map[string]any{"_eq": "Client 170"}}, "fields": "id,name"})
		d.wantAsked(t, n, "GET /items/clients")
		if len(found.Result) != 1 || found.NextCursor != nil || len(found.Result[0]) != 2 {
			t.Fatalf("the filter finds %+v", found)
		}
		paged, pages := a.find("list_all_directus_items", map[string]any{"collection": "clients", "sort": "name", "limit": 50}, "name", "Client 170")
		id := found.Result[0]["id"]
		if paged["id"] != id || pages != 4 {
			t.Errorf("by paging, %v is found after %d pages", paged, pages)
		}
		a.wantRefused("list_all_directus_items", map[string]any{"collection": "clients", "filter": map[string]any{"nmae": map[string]any{"_eq": "x"}}}, `Invalid filter key "nmae"`)
		a.wantRefused("list_all_directus_items", map[string]any{"collection": "nonesuch"}, "It says the same of what does not exist")

		// Labels and wrong values are known here: Directus itself takes any text for a choice.
		one := map[string]any{"collection": "clients", "id": id}
		values := func(values map[string]any) map[string]any { return with(one, map[string]any{"values": values}) }
		var item object
		a.call(&item, "update_a_directus_item_by_id", values(map[string]any{"status": "paused", "yearly revenue": 1700, "regions": []string{"north"}, "signed": "2026-03-01", "rate": "12345678.1250"}))
		path := fmt.Sprintf("/items/clients/%v", id)
		there := d.data(t, path)
		if there.text("status") != "paused" || there["revenue"] != 1700.0 || fmt.Sprint(there["regions"]) != "[north]" || there.text("rate") != "12345678.1250" || there.text("signed") != "2026-03-01" {
			t.Errorf("after the update the item is %v", there)
		}
		_, n = d.since(0)
		a.wantRefused("update_a_directus_item_by_id", values(map[string]any{"status": "closed"}), "values.status", "active", "paused")
		a.wantRefused("update_a_directus_item_by_id", values(map[string]any{"revenu": 1}), "did you mean revenue?")
		a.wantRefused("create_a_directus_item", map[string]any{"collection": "clients", "values": map[string]any{"status": "active"}}, "values.name", "is required")
		asked, _ := d.since(n)
		for _, request := range asked {
			if strings.Contains(request, "/items/") {
				t.Errorf("the vendor was asked %s for what cannot be", request)
			}
		}

		// Many at once: more than the hundred at which a query of Directus ends by itself.
		active := map[string]any{"collection": "clients", "filter": map[string]any{"revenue": map[string]any{"_lt": 150}}}
		var tried, done, counted object
		a.call(&tried, "directus_items_update_many", with(active, map[string]any{"values": map[string]any{"regions": []string{"south"}}, "dry_run": true}))
		if tried["matched"] != 150.0 || d.data(t, "/items/clients/1")["regions"] != nil {
			t.Errorf("the dry run tells %v", tried)
		}
		_, n = d.since(0)
		a.call(&done, "directus_items_update_many", with(active, map[string]any{"values": map[string]any{"regions": []string{"south"}}}))
		if d.wantAsked(t, n, "PATCH /items/clients"); done["updated"] != 150.0 {
			t.Errorf("the update says %v", done)
		}
		var sums []object
		a.call(&sums, "directus_items_aggregate", map[string]any{"collection": "clients", "aggregate": map[string]any{"count": "*", "max": "revenue"}, "group_by": []string{"status"}})
		if len(sums) != 2 {
			t.Errorf("the sums are %v", sums)
		}
		a.call(&tried, "directus_items_delete_many", map[string]any{"collection": "clients", "filter": map[string]any{"revenue": map[string]any{"_gte": 240, "_lt": 1000}}, "dry_run": true})
		if sample := tried.list("sample"); tried["matched"] != 10.0 || len(sample) != 5 || sample[0].object("before").text("name") != "Client 240" {
			t.Errorf("the dry run tells %v", tried)
		}
		a.call(nil, "directus_items_delete_many", map[string]any{"collection": "clients", "filter": map[string]any{"revenue": map[string]any{"_gte": 240, "_lt": 1000}}})
		a.call(&sums, "directus_items_aggregate", map[string]any{"collection": "clients", "aggregate": map[string]any{"count": "*"}})
		if counted = sums[0]; fmt.Sprint(counted["count"]) != "240" {
			t.Errorf("after the deletion there are %v", counted)
		}

		// A file goes up, hangs on the item, and comes down as it was.
		var folder, file object
		a.call(&folder, "create_a_directus_folder", map[string]any{"name": "Contracts"})
		a.call(&file, "create_a_directus_file", map[string]any{"title": "Zürich, 2026", "folder": folder["id"], "file": base64.StdEncoding.EncodeToString(pattern[:5000]), "file_name": "contract.bin"})
		a.call(nil, "update_a_directus_item_by_id", values(map[string]any{"contract": file["id"]}))
		var fetched object
		a.call(&fetched, "create_a_directus_file", map[string]any{"title": "Fetched", "file_url": elsewhere(t, "terms.bin", pattern[:70000])})
		if fetched.text("filename_download") != "terms.bin" || fetched.text("title") != "Fetched" || fmt.Sprint(fetched["filesize"]) != "70000" {
			t.Errorf("the file that was fetched is %v", fetched)
		}
		if content := a.linked("directus_files_download", map[string]any{"id": file["id"]}); content != string(pattern[:5000]) {
			t.Errorf("the link leads to %d other bytes than were uploaded", len(content))
		}
		stored := d.data(t, "/files/"+file.text("id"))
		if stored.text("title") != "Zürich, 2026" || stored.text("filename_download") != "contract.bin" || stored["folder"] != folder["id"] || fmt.Sprint(stored["filesize"]) != "5000" {
			t.Errorf("the vendor has the file as %v", stored)
		}
		if got := d.api(t, "GET", "/assets/"+file.text("id"), "").want(t, 200); string(got.body) != string(pattern[:5000]) {
			t.Errorf("the vendor has %d other bytes", len(got.body))
		}
		if got := d.data(t, path); got["contract"] != file["id"] {
			t.Errorf("the item is %v, want the file on it", got)
		}
		a.call(nil, "update_a_directus_file_by_id", map[string]any{"id": file["id"], "title": "Zürich", "tags": []string{"signed"}})
		if a.call(&file, "get_single_directus_file_by_id", map[string]any{"id": file["id"]}); file.text("title") != "Zürich" || fmt.Sprint(file["tags"]) != "[signed]" {
			t.Errorf("after the change the file is %v", file)
		}
		var folders, files listed
		a.call(&folders, "list_all_directus_folders", map[string]any{"filter": map[string]any{"name": map[string]any{"_eq": "Contracts"}}})
		a.call(&files, "list_all_directus_files", map[string]any{"filter": map[string]any{"folder": map[string]any{"_eq": folders.Result[0]["id"]}}, "sort": "-uploaded_on"})
		if len(files.Result) != 1 || files.Result[0]["id"] != file["id"] {
			t.Errorf("in the folder lie %v", files.Result)
		}
		var comment object
		a.call(&comment, "create_a_directus_comment", map[string]any{"collection": "clients", "item": id, "comment": "Signed."})
		a.call(nil, "delete_a_directus_comment_by_id", map[string]any{"id": comment["id"]})
		var titled object
		a.call(&titled, "get_single_directus_item_by_id", with(one, map[string]any{"fields": "id,contract.title"}))
		if fmt.Sprint(titled["contract"]) != "map[title:Zürich]" {
			t.Errorf("with its file's title the item is %v", titled)
		}
		a.call(nil, "delete_a_directus_file_by_id", map[string]any{"id": file["id"]})
		a.call(nil, "delete_a_directus_item_by_id", one)
		d.api(t, "GET", path, "").want(t, 403)
	})

	t.Run("a collection is designed", func(t *testing.T) {
		a := connect(t, h.mcpServer(t, `{"name":"design"}`).URL)
		for name, fields := range map[string]any{
			"plain": nil,
			"keyed": []any{map[string]any{"field": "code", "type": "string", "schema": map[string]any{"is_primary_key": true, "max_length": 8}}},
		} {
			arguments := map[string]any{"collection": name, "note": "Of the test"}
			if fields != nil {
				arguments["fields"] = fields
			}
			var collection object
			a.call(nil, "create_a_directus_collection", arguments)
			if a.call(&collection, "get_single_directus_collection_by_id", map[string]any{"id": name}); collection.object("meta").text("note") != "Of the test" {
				t.Errorf("the collection is %v", collection)
			}
		}
		in := map[string]any{"collection": "plain"}
		a.call(nil, "create_a_directus_field", with(in, map[string]any{"field": "size", "type": "string", "meta": map[string]any{"interface": "select-dropdown", "options": map[string]any{"choices": []any{map[string]any{"text": "Small", "value": "s"}}}}}))
		field := with(in, map[string]any{"id": "size"})
		a.call(nil, "update_a_directus_field_by_id", with(field, map[string]any{"meta": map[string]any{"note": "Of the shirt", "required": true}}))
		var fields listed
		if a.call(&fields, "list_all_directus_fields", in); len(fields.Result) != 2 {
			t.Errorf("the collection has the fields %v", fields.Result)
		}
		a.wantRefused("create_a_directus_item", with(in, map[string]any{"values": map[string]any{}}), "values.size", "is required")
		var item object
		if a.call(&item, "create_a_directus_item", with(in, map[string]any{"values": map[string]any{"size": "s"}})); item.text("size") != "s" {
			t.Errorf("the new item is %v", item)
		}
		a.call(nil, "create_a_directus_item", map[string]any{"collection": "keyed", "values": map[string]any{"code": "a/b c"}})
		if a.call(&item, "get_single_directus_item_by_id", map[string]any{"collection": "keyed", "id": "a/b c"}); item.text("code") != "a/b c" {
			t.Errorf("by a key with a slash in it, the item is %v", item)
		}
		a.call(nil, "delete_a_directus_field_by_id", field)
		a.call(nil, "delete_a_directus_collection_by_id", map[string]any{"id": "plain"})
		d.api(t, "GET", "/collections/plain", "").want(t, 403)
		var users listed
		var user object
		a.call(&users, "list_all_directus_users", map[string]any{"search": vendorEmail})
		if a.call(&user, "get_single_directus_user_by_id", map[string]any{"id": users.Result[0]["id"]}); user.text("email") != vendorEmail || user["password"] != nil {
			t.Errorf("the user is %v", user)
		}
	})

	t.Run("one collection", func(t *testing.T) {
		server := h.mcpServer(t, `{"name":"clients","config":{"bind":{"collection":"clients"}}}`).URL
		a := connect(t, server)
		if create := a.values("create_a_directus_item"); fmt.Sprint(create["required"]) != "[name]" || create.object("properties")["status"] == nil {
			t.Errorf("the collection's fields are shown as %v", create)
		}
		// A field that a user makes is known at once, by its label too, and shown from then on.
		d.api(t, "POST", "/fields/clients", `{"field":"tier","type":"string","meta":{"interface":"select-dropdown","translations":[{"language":"en-US","translation":"Service Tier"}],"options":{"choices":[{"text":"Gold","value":"gold"}]}}}`).want(t, 200)
		a.call(nil, "update_a_directus_item_by_id", map[string]any{"id": 7, "values": map[string]any{"Service Tier": "gold"}})
		if got := d.data(t, "/items/clients/7"); got.text("tier") != "gold" {
			t.Errorf("the vendor has %v", got)
		}
		later := connect(t, server)
		if tier := later.values("update_a_directus_item_by_id").object("properties").object("tier"); tier.text("title") != "Service Tier" || fmt.Sprint(tier["enum"]) != "[gold]" {
			t.Errorf("the new field is shown as %v", tier)
		}
	})

	t.Run("a token ends", func(t *testing.T) {
		a := connect(t, h.mcpServer(t, `{"name":"tokens"}`).URL)
		read := func() { a.call(nil, "directus_users_me", nil) }
		ended := func(token string) bool {
			return send(t, "GET", d.own+"/users/me", "", "Authorization", token).status == 401
		}
		// Each refresh takes the refresh token that the last one gave.
		for range 2 {
			if asked := d.outliving(t, read, ended, "POST /auth/refresh"); slices.Contains(asked, "POST /auth/login") {
				t.Errorf("with an old token the vendor was asked %q, want a refresh and no login", asked)
			}
		}
		// Where the grant is gone, the password still is there.
		db, err := pgx.Connect(context.Background(), d.database)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close(context.Background())
		d.outliving(t, func() {
			if _, err := db.Exec(t.Context(), "DELETE FROM directus_sessions"); err != nil {
				t.Fatal(err)
			}
			read()
		}, ended, "POST /auth/refresh", "POST /auth/login")
	})

	t.Run("every tool", func(t *testing.T) { cover.wantAll(t, connect(t, h.mcpServer(t, `{"name":"every"}`).URL)) })

	t.Run("imported from its own document", func(t *testing.T) {
		document, folder := filepath.Join(t.TempDir(), "directus.json"), filepath.Join(t.TempDir(), "made")
		raw := d.api(t, "GET", "/server/specs/oas", "").want(t, 200).body
		if err := os.WriteFile(document, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		runCommand(t, nil, "integration", "import", document, "--name", "made", "--out", folder)
		runCommand(t, nil, "integration", "validate", folder)

		h.api(t, "POST", "/integration/import?name=made", string(raw)).want(t, 201)
		h.connectAccount(t, `{"integration":"made","context":{"base_url":"`+d.URL+`"},"credentials":{"Auth":"Bearer `+d.token+`"}}`)
		a := agent{t, connectTypeScript(t, h.mcpServer(t, `{"name":"made"}`).URL)}
		found, pages := a.find("list_all_made_item_clients", map[string]any{"fields": []string{"id", "name"}, "sort": []string{"-name"}, "limit": 100, "meta": "filter_count"}, "name", "Client 020")
		if pages != 3 || len(found) != 2 {
			t.Errorf("%v is found after %d pages", found, pages)
		}
		a.call(nil, "update_a_made_item_client_by_id", map[string]any{"id": found["id"], "status": "paused", "tier": nil})
		if got := d.data(t, fmt.Sprintf("/items/clients/%v", found["id"])); got.text("status") != "paused" || got.text("name") != "Client 020" {
			t.Errorf("the vendor has %v", got)
		}
	})
}
