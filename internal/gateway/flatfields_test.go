package gateway_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sluice/internal/account"
	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/node"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// shelves is a vendor whose users' fields stand among an item's own members.
const shelves = `{"name":"shelves","label":"Shelves","base_url":"URL","credentials":{"format":"none"},
	"pagination":{"format":"none"},
	"resources":{
		"shelves":{"singular":"shelf",
			"field_list":{"method":"columns","key":"name","type":"type","types":{"number":{"type":"number"}}},
			"columns":{"method":"get","path":"/shelves/{{id}}","safe":true,"response":{"format":"custom_fields","expression":"[.columns[] | select(.fixed != true) | {name, type}]"}}},
		"boxes":{"singular":"box","parent":{"shelves":"shelf"},"fields":{"of":"shelves","at":"values","flat":true},
			"list":{"method":"get","path":"/shelves/{{query.shelf}}/boxes"},
			"update":{"method":"patch","path":"/shelves/{{query.shelf}}/boxes/{{id}}","body":{"expression":".values"}},
			"clear":{"method":"delete","path":"/shelves/{{query.shelf}}/boxes","dry_run":{"list":"list"}}}},
	"docs":{
		"boxes":{
			"list":{"description":"List boxes.","query_schema":{"type":"object","required":["shelf"],"properties":{"shelf":{"type":"string"}}}},
			"update":{"description":"Change a box.","query_schema":{"type":"object","required":["shelf","id"],"properties":{"shelf":{"type":"string"},"id":{"type":"string"}}},
				"body_schema":{"type":"object","required":["values"],"properties":{"values":{"type":"object"}}}},
			"clear":{"description":"Delete all boxes.","query_schema":{"type":"object","required":["shelf"],"properties":{"shelf":{"type":"string"}}}}}}}`

func TestFieldsThatStandAmongAnItemsOwnMembers(t *testing.T) {
	var mu sync.Mutex
	var written []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/shelves/closed":
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"message":"Not yours."}`)
		case strings.HasSuffix(r.URL.Path, "/boxes"):
			io.WriteString(w, `[{"id":"b1","weight":3,"tags":[]}]`)
		case r.Method == http.MethodPatch:
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			written = append(written, string(body))
			mu.Unlock()
			io.WriteString(w, `{"id":"b1"}`)
		default:
			io.WriteString(w, `{"columns":[{"name":"id","type":"text","fixed":true},{"name":"weight","type":"number"}]}`)
		}
	}))
	defer server.Close()
	n, err := node.Open(t.Context(), node.Settings{Database: filepath.Join(t.TempDir(), "sluice.db"), AllowAddresses: []string{"loopback"}, Log: slog.New(slog.DiscardHandler), PublicURL: "http://127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	acct := accountOf(t, n, "test", strings.Replace(shelves, "URL", server.URL, 1))
	c, err := n.Gateway.OpenAccount(t.Context(), acct, toolset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, arguments string) *gateway.Result {
		t.Helper()
		r, err := n.Gateway.CallOperation(t.Context(), c, "boxes", method, []byte(arguments))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := call("update", `{"shelf":"open","id":"b1","values":{"weight":4.50}}`); r.Outcome != vendor.OK {
		t.Errorf("a value: %s", r.Message)
	}
	if r := call("update", `{"shelf":"open","id":"b1","values":{"wieght":4}}`); !r.Invalid || !strings.Contains(r.Message, "did you mean weight?") {
		t.Errorf("a field that there is not: %s", r.Message)
	}
	// Who may not know the fields may write all the same, as far as the vendor lets him.
	if r := call("update", `{"shelf":"closed","id":"b1","values":{"depth":5}}`); r.Outcome != vendor.OK {
		t.Errorf("where the fields cannot be known: %s", r.Message)
	}
	mu.Lock()
	if got, want := strings.Join(written, " "), `{"weight":4.50} {"depth":5}`; got != want {
		t.Errorf("written was %s, want %s", got, want)
	}
	mu.Unlock()
	if r := call("clear", `{"shelf":"open","dry_run":true}`); !strings.Contains(string(r.Body), `"before":{"id":"b1","weight":3,"tags":[]}`) {
		t.Errorf("a dry run shows %s, want the item that would go", r.Body)
	}
}

// accountOf makes an environment of its own, a definition there, and an account of it that needs no credential.
func accountOf(t *testing.T, n *node.Node, environment, definition string) *account.Account {
	t.Helper()
	env, err := n.Environments.Create(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	def, err := integration.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Catalog.Put(t.Context(), env.ID, "test", def); err != nil {
		t.Fatal(err)
	}
	acct, err := n.Accounts.Create(t.Context(), env.ID, account.NewAccount{Integration: def.Name})
	if err != nil {
		t.Fatal(err)
	}
	return acct
}
