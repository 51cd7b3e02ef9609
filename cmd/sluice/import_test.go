package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const ferry = `openapi: 3.0.3
info: {title: Ferry API, version: "1"}
servers: [{url: "https://ferry.example/v1"}]
paths:
  /trips:
    get: {summary: List trips, responses: {200: {description: ok}}}
    head: {responses: {200: {description: ok}}}
`

func TestADocumentBecomesAFolderThatIsValid(t *testing.T) {
	sh := newShell(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("ferry.yaml", []byte(ferry), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/openapi.yaml":
			w.Write([]byte(ferry))
		case "/elsewhere":
			http.Redirect(w, r, "https://other.example/openapi.yaml", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)

	for out, args := range map[string][]string{
		"ferry":      {"ferry.yaml"},
		"there":      {"ferry.yaml", "--out", "there"},
		"small_boat": {"ferry.yaml", "--name", "small_boat"},
		"by/url":     {server.URL + "/openapi.yaml", "--out", "by/url"},
	} {
		var report map[string]json.RawMessage
		printed := sh.run(append([]string{"integration", "import"}, args...)...)
		if err := json.Unmarshal([]byte(printed), &report); err != nil {
			t.Fatalf("the report is no JSON (%v): %s", err, printed)
		}
		if !strings.Contains(string(report["left_out"]), "HEAD") || !strings.Contains(string(report["tools"]), "list_all_") {
			t.Errorf("the report of %v is %s", args, printed)
		}
		if valid := sh.run("integration", "validate", out); !strings.Contains(valid, "valid: 1 tool.") {
			t.Errorf("validate %s: %s", out, valid)
		}
	}
	sh.fails("no file nowhere.yaml", "integration", "import", "nowhere.yaml")
	sh.fails("is a folder", "integration", "import", "ferry")
	sh.fails("answered HTTP 404", "integration", "import", server.URL+"/nothing")
	sh.fails("leads to another server", "integration", "import", server.URL+"/elsewhere")
	if err := os.WriteFile("nothing.yaml", []byte("openapi: 3.0.3\npaths: {/a: {head: {}}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.fails("nothing could be imported", "integration", "import", "nothing.yaml")
	if _, err := os.Stat("nothing"); err == nil {
		t.Error("a folder was written of a document that gives nothing")
	}
	huge, err := os.Create("huge.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := huge.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	huge.Close()
	sh.fails("104857600 bytes, more than the 33554432", "integration", "import", "huge.json")

	t.Run("again, it follows the document and keeps what hands changed", func(t *testing.T) {
		docs := filepath.Join("ferry", "docs", "trips.yaml")
		written, err := os.ReadFile(docs)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(docs, []byte(strings.Replace(string(written), "List trips", "List the trips of a day", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		more := ferry + "  /piers: {get: {summary: List piers, responses: {200: {description: ok}}}}\n"
		if err := os.WriteFile("ferry.yaml", []byte(more), 0o600); err != nil {
			t.Fatal(err)
		}
		sh.run("integration", "import", "ferry.yaml")
		if now, err := os.ReadFile(docs); err != nil || !strings.Contains(string(now), "List the trips of a day") {
			t.Errorf("what was changed by hand is now %s (%v)", now, err)
		}
		if valid := sh.run("integration", "validate", "ferry"); !strings.Contains(valid, "valid: 2 tools") {
			t.Errorf("validate: %s", valid)
		}
	})
}
