package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// harbour is a vendor that wants a key in the query, and a definition of it in a folder.
func harbour(t *testing.T) (folder, address string) {
	t.Helper()
	const key = "sesame open/1"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Query().Get("key") != key:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"message":"the key %s is wrong"}`, r.URL.Query().Get("key"))
		case r.Method == "GET" && r.URL.Path == "/ships":
			fmt.Fprint(w, `{"data":[{"id":1,"name":"Tern","pin":"1234"}]}`)
		case r.Method == "POST" && r.URL.Path == "/ships":
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `{"message":"the name is taken"}`)
		case r.Method == "DELETE" && r.URL.Path == "/ships/7":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	folder = t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "docs"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"integration.yaml": `name: harbour
label: Harbour
base_url: "{{context.base_url}}"
context: [{name: base_url, format: uri}]
credentials: {format: static, fields: [{name: api_key, type: password}]}
authorization: {format: query, name: key, value: "{{credentials.api_key}}"}
pagination: {format: none, items: data}
secret_fields: [pin]
errors: {message: message}
resources:
  ships:
    singular: ship
    list: {method: get, path: /ships}
    create: {method: post, path: /ships}
    delete: {method: delete, path: "/ships/{{id}}"}
`,
		"docs/ships.yaml": `list:
  description: List ships.
create:
  description: Add a ship.
  body_schema: {type: object, required: [name], properties: {name: {type: string}}}
`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, server.URL
}

func TestACallIsTriedByADefinitionsFolderAndShownWithoutItsSecrets(t *testing.T) {
	folder, address := harbour(t)
	connect := []string{"-c", "api_key=sesame open/1", "--context", "base_url=" + address}
	for name, c := range map[string]struct {
		args   []string
		out    string // standard output, whole
		seen   []string
		failed string
	}{
		"a tool that lists": {
			args: append([]string{"list_all_harbour_ships"}, connect...),
			out:  "[\n  {\n    \"id\": 1,\n    \"name\": \"Tern\"\n  }\n]\n",
			seen: []string{"→ GET " + address + "/ships?key=•••\n", "← 200 OK, "},
		},
		"a call that is refused": {
			args: append([]string{"create_a_harbour_ship", "name=Tern"}, connect...),
			out:  "{\n  \"message\": \"the name is taken\"\n}\n", failed: "the name is taken",
			seen: []string{"→ POST " + address + "/ships?key=•••\n", "  {\"name\":\"Tern\"}\n", "← 422 Unprocessable Entity, "},
		},
		"a method without documentation": {
			args: append([]string{"ships.delete", "id=7"}, connect...),
			seen: []string{"→ DELETE " + address + "/ships/7?key=•••\n", "← 204 No Content, ", "the vendor sent nothing back"},
		},
		"a credential that is wrong": {
			args:   []string{"list_all_harbour_ships", "-c", "api_key=open sesame", "--context", "base_url=" + address},
			out:    "{\n  \"message\": \"the key ••• is wrong\"\n}\n",
			failed: "Harbour does not take the credential (401): check what -c gives", seen: []string{"← 401 Unauthorized, "},
		},
		"a tool that there is not":       {args: append([]string{"list_all_harbour_shops"}, connect...), failed: "list_all_harbour_ships"},
		"an argument that is missing":    {args: append([]string{"create_a_harbour_ship"}, connect...), failed: "name is required"},
		"a credential that is missing":   {args: []string{"list_all_harbour_ships", "--context", "base_url=" + address}, failed: "-c api_key is required"},
		"a context that is missing":      {args: []string{"list_all_harbour_ships", "-c", "api_key=x"}, failed: "--context base_url is required"},
		"an address that is not allowed": {args: append([]string{"list_all_harbour_ships", "--allow-address", "192.0.2.0/24"}, connect...), failed: "Nothing was sent"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			stdout, stderr, err := newShell(t).try(append([]string{"integration", "try", folder}, c.args...)...)
			if failed := fmt.Sprint(err); (err != nil) != (c.failed != "") || !strings.Contains(failed, c.failed) {
				t.Errorf("want an error that says %q, got %v", c.failed, err)
			}
			if c.out != "" && stdout != c.out {
				t.Errorf("want the answer\n%s\ngot\n%s", c.out, stdout)
			}
			for _, want := range c.seen {
				if !strings.Contains(stderr, want) {
					t.Errorf("want %q to be shown, got\n%s", want, stderr)
				}
			}
			for _, secret := range []string{"sesame", "1234"} {
				if strings.Contains(stdout+stderr+fmt.Sprint(err), secret) {
					t.Errorf("the secret %q is shown:\n%s%s%v", secret, stdout, stderr, err)
				}
			}
			if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
				t.Errorf("%s is left behind", left[0].Name())
			}
		})
	}
}
