package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/internal/await"
)

// Frameworks that have tool calls and no MCP read an account's tools over the API and call /proxy. What a model asks for must come to the same call of the
// vendor, the same refusal and the same record by either way.

// toolkit is what such a framework does with the tools of an account.
type toolkit struct {
	h       *house
	account string
	tools   map[string]described
}

// described is a tool as the API tells it.
type described struct {
	Resource string   `json:"resource"`
	Method   string   `json:"method"`
	Name     string   `json:"name"`
	Query    half     `json:"query_schema"`
	Body     half     `json:"body_schema"`
	Required []string `json:"required"`
}

// half is one of the two schemas that a tool's arguments come in.
type half struct {
	Properties map[string]json.RawMessage `json:"properties"`
}

func newToolkit(t *testing.T, h *house, account, filter string) *toolkit {
	t.Helper()
	var list struct {
		Result []described `json:"result"`
	}
	h.api(t, "GET", "/integrated-account/"+account+"/tools?"+filter, "").want(t, 200).decode(t, &list)
	k := &toolkit{h: h, account: account, tools: map[string]described{}}
	for _, d := range list.Result {
		k.tools[d.Name] = d
	}
	return k
}

// schema is the one object that the model is shown: the properties of both halves.
func (d described) schema() map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	maps.Copy(all, d.Query.Properties)
	maps.Copy(all, d.Body.Properties)
	return all
}

// call splits the model's arguments by the two schemas: one that is in both goes to both, one that is in neither to where there is most room.
func (k *toolkit) call(t *testing.T, name, arguments string) *response {
	t.Helper()
	d, ok := k.tools[name]
	if !ok {
		t.Fatalf("the API describes no tool %s", name)
	}
	var given map[string]json.RawMessage
	decode(t, []byte(arguments), &given)
	verb, path := "POST", "/proxy/"+d.Resource+"/"+d.Method
	switch d.Method {
	case "list":
		verb, path = "GET", "/proxy/"+d.Resource
	case "create":
		path = "/proxy/" + d.Resource
	case "get", "update", "delete":
		verb = map[string]string{"get": "GET", "update": "PATCH", "delete": "DELETE"}[d.Method]
		path = "/proxy/" + d.Resource + "/" + url.PathEscape(texts(given["id"])[0])
	}
	query, body := url.Values{"integrated_account_id": {k.account}}, map[string]json.RawMessage{}
	for name, value := range given {
		_, inQuery := d.Query.Properties[name]
		_, inBody := d.Body.Properties[name]
		if inBody || !inQuery && verb != "GET" && verb != "DELETE" {
			body[name] = value
		}
		if inQuery || !inBody && (verb == "GET" || verb == "DELETE") {
			query[name] = texts(value)
		}
	}
	if len(body) == 0 {
		return k.h.api(t, verb, path+"?"+query.Encode(), "")
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return k.h.api(t, verb, path+"?"+query.Encode(), string(raw))
}

// texts are a value as a URL's query holds it: a text bare, a list as several, anything else as JSON.
func texts(value json.RawMessage) []string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return []string{text}
	}
	var list []string
	if json.Unmarshal(value, &list) == nil && list != nil {
		return list
	}
	return []string{string(value)}
}

// warehouse is a vendor that writes down what it is asked. Its create has the name label twice, in the query and in the body.
func warehouse(t *testing.T) (definition string, asked func() []string) {
	var mu sync.Mutex
	var all []string
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read what Sluice sent: %v", err)
		}
		mu.Lock()
		all = append(all, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), body))
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == "DELETE":
			w.WriteHeader(http.StatusNoContent)
		case strings.HasSuffix(r.URL.Path, "/lost"):
			w.WriteHeader(http.StatusNotFound)
			io.WriteString(w, `{"message":"No such shelf"}`)
		case r.Method == "GET" && strings.HasSuffix(r.URL.Path, "/shelves"):
			io.WriteString(w, `[{"id":"s1","weight":1.50}]`)
		default:
			io.WriteString(w, `{"id":"s1","weight":12345678901234567890.000100}`)
		}
	}))
	t.Cleanup(vendor.Close)
	const text, id = `{"type":"string"}`, `"hall":{"type":"string"},"id":{"type":"string"}`
	schema := func(required, properties string) string {
		return `{"type":"object","required":[` + required + `],"properties":{` + properties + `}}`
	}
	one := schema(`"hall","id"`, id)
	return `{"name":"warehouse","label":"Warehouse","base_url":"` + vendor.URL + `","credentials":{"format":"none"},"pagination":{"format":"none"},
		"resources":{"shelves":{"singular":"shelf",
			"list":{"method":"get","path":"/halls/{{query.hall}}/shelves"},
			"get":{"method":"get","path":"/halls/{{query.hall}}/shelves/{{id}}"},
			"create":{"method":"post","path":"/halls/{{query.hall}}/shelves"},
			"update":{"method":"put","path":"/halls/{{query.hall}}/shelves/{{id}}"},
			"delete":{"method":"delete","path":"/halls/{{query.hall}}/shelves/{{id}}"},
			"count":{"method":"post","path":"/halls/{{query.hall}}/count"}}},
		"docs":{"shelves":{
			"list":{"description":"List shelves.","query_schema":` + schema(`"hall"`, `"hall":`+text+`,"tag":{"type":"array","items":`+text+`},"full":{"type":"boolean"},"least":{"type":"number"}`) + `},
			"get":{"description":"Get a shelf.","query_schema":` + one + `},
			"create":{"description":"Make a shelf.","query_schema":` + schema(`"hall"`, `"hall":`+text+`,"label":`+text) + `,
				"body_schema":` + schema(`"label"`, `"label":`+text+`,"weight":{"type":"number"},"items":{"type":"array","items":`+schema(`"sku"`, `"sku":`+text)+`}`) + `},
			"update":{"description":"Change a shelf.","query_schema":` + one + `,"body_schema":` + schema(``, `"label":{"type":["string","null"]}`) + `},
			"delete":{"description":"Take a shelf away.","query_schema":` + one + `},
			"count":{"description":"Count shelves.","query_schema":` + schema(`"hall"`, `"hall":`+text) + `,"body_schema":` + schema(``, `"full":{"type":"boolean"}`) + `}}}}`,
		func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		}
}

func TestAToolkitWithoutMCPMakesTheSameCallsAsMCP(t *testing.T) {
	definition, asked := warehouse(t)
	onEachDatabase(t, func(t *testing.T, h *house) {
		h.api(t, "PUT", "/integration/warehouse", definition).want(t, 200)
		for name, c := range map[string]struct {
			tool, arguments string
			vendor          string // what the vendor is asked, "" where the call is refused before
			outcome         string
		}{
			"a list with arguments of each type": {"list_all_warehouse_shelves", `{"hall":"A/1","tag":["red","ä b"],"full":true,"least":1.50}`, "GET /halls/A%2F1/shelves?", "ok"},
			"one by its id":                      {"get_single_warehouse_shelf_by_id", `{"hall":"a","id":"x y"}`, "GET /halls/a/shelves/x%20y", "ok"},
			"one that is not there":              {"get_single_warehouse_shelf_by_id", `{"hall":"a","id":"lost"}`, "GET /halls/a/shelves/lost", "refused"},
			"a name in the query and another of the body": {"create_a_warehouse_shelf", `{"hall":"a","label":"for the query","body_label":"for the body","weight":12345678901234567890.000100,"items":[{"sku":"1"}]}`,
				`POST /halls/a/shelves?label=for%20the%20query application/json {"label":"for the body","weight":12345678901234567890.000100,"items":[{"sku":"1"}]}`, "ok"},
			"a change to nothing":           {"update_a_warehouse_shelf_by_id", `{"hall":"a","id":"s1","label":null}`, `PUT /halls/a/shelves/s1 application/json {"label":null}`, "ok"},
			"a removal":                     {"delete_a_warehouse_shelf_by_id", `{"hall":"a","id":"s1"}`, "DELETE /halls/a/shelves/s1", "ok"},
			"a custom method":               {"warehouse_shelves_count", `{"hall":"a","full":false}`, `POST /halls/a/count application/json {"full":false}`, "ok"},
			"an argument of the wrong type": {"create_a_warehouse_shelf", `{"hall":"a","body_label":"b","weight":"heavy"}`, "", "invalid"},
			"an argument that is missing":   {"create_a_warehouse_shelf", `{"body_label":"b"}`, "", "invalid"},
			"an argument that is misspelt":  {"list_all_warehouse_shelves", `{"hall":"a","tga":"red"}`, "", "invalid"},
		} {
			t.Run(name, func(t *testing.T) {
				var account struct{ ID string }
				h.api(t, "POST", "/integrated-account", `{"integration":"warehouse"}`).want(t, 201).decode(t, &account)
				var server createdServer
				h.api(t, "POST", "/integrated-account/"+account.ID+"/mcp", `{"name":"all"}`).want(t, 201).decode(t, &server)
				k := newToolkit(t, h, account.ID, "")

				before := len(asked())
				viaMCP := rpc(t, server.URL, modern, "tools/call", `{"name":"`+c.tool+`","arguments":`+c.arguments+`}`).want(t, 200).reply(t)
				between := len(asked())
				viaProxy := k.call(t, c.tool, c.arguments)
				first, second := asked()[before:between], asked()[between:]

				if !slices.Equal(first, second) {
					t.Errorf("the vendor was asked\n%q by MCP and\n%q by the toolkit", first, second)
				}
				if c.vendor == "" && len(first) > 0 || c.vendor != "" && (len(first) != 1 || !strings.HasPrefix(first[0], c.vendor)) {
					t.Errorf("the vendor was asked %q, want %q", first, c.vendor)
				}
				if viaMCP.Error != nil {
					t.Fatalf("by MCP: %+v", viaMCP.Error)
				}
				said, failed := viaMCP.Result.text(t), viaMCP.Result.IsError
				if failed != (c.outcome != "ok") || failed != (viaProxy.status >= 400) {
					t.Errorf("want the outcome %s; by MCP it is\n%s\nand by the toolkit\n%d %s", c.outcome, said, viaProxy.status, viaProxy.body)
				}
				if message := member(string(viaProxy.body), "message"); failed && !strings.Contains(said, message) {
					t.Errorf("refused as\n%s\nby MCP and as\n%s\nby the toolkit", said, message)
				}
				if !failed && len(viaProxy.body) > 0 && !sameValue(t, said, string(viaProxy.body)) {
					t.Errorf("answered\n%s\nby MCP and\n%s\nto the toolkit", said, viaProxy.body)
				}
				h.wantSameRecords(t, account.ID, c.outcome)
			})
		}
	})
}

func TestAnArgumentThatAToolkitSendsInTheQueryAndTheBodyIsOne(t *testing.T) {
	definition, asked := warehouse(t)
	onEachDatabase(t, func(t *testing.T, h *house) {
		h.api(t, "PUT", "/integration/warehouse", definition).want(t, 200)
		var account struct{ ID string }
		h.api(t, "POST", "/integrated-account", `{"integration":"warehouse"}`).want(t, 201).decode(t, &account)
		query := "?" + url.Values{"integrated_account_id": {account.ID}, "hall": {"a"}, "id": {"s1"}, "label": {"Top"}}.Encode()
		h.api(t, "PATCH", "/proxy/shelves/s1"+query, `{"hall":"a","id":"s1","label":"Top"}`).want(t, 200)
		all := asked()
		if got, want := all[len(all)-1], `PUT /halls/a/shelves/s1 application/json {"label":"Top"}`; got != want {
			t.Errorf("the vendor was asked\n%s\nwant\n%s", got, want)
		}
	})
}

// sameValue compares JSON, of a list only its items and cursor: the API's lists say more.
func sameValue(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y map[string]any
	decode(t, []byte(a), &x)
	decode(t, []byte(b), &y)
	if _, list := x["next_cursor"]; list {
		return reflect.DeepEqual(x["result"], y["result"]) && x["next_cursor"] == y["next_cursor"]
	}
	return reflect.DeepEqual(x, y)
}

// wantSameRecords checks that an account's log has two calls, one by each way, that are the same but for who made them.
func (h *house) wantSameRecords(t *testing.T, account, outcome string) {
	t.Helper()
	var log struct {
		Result []object `json:"result"`
	}
	await.True(t, "two calls in the log", func() bool {
		h.api(t, "GET", "/log?integrated_account_id="+account, "").want(t, 200).decode(t, &log)
		return len(log.Result) == 2 && log.Result[0].text("outcome") != "started" && log.Result[1].text("outcome") != "started"
	})
	byDoor := map[string]object{}
	for _, call := range log.Result {
		byDoor[call.text("door")] = call
	}
	viaMCP, viaProxy := byDoor["mcp"], byDoor["api"]
	if viaMCP == nil || viaProxy == nil {
		t.Fatalf("the log has %v, want a call by MCP and one by the API", log.Result)
	}
	for _, name := range []string{"integration", "tool_name", "resource", "method", "write", "arguments", "outcome", "status", "error"} {
		if !reflect.DeepEqual(viaMCP[name], viaProxy[name]) {
			t.Errorf("the log has %s %v by MCP and %v by the toolkit", name, viaMCP[name], viaProxy[name])
		}
	}
	if got := viaMCP.text("outcome"); got != outcome {
		t.Errorf("the log has the outcome %q, want %q", got, outcome)
	}
}

func TestAToolkitSeesTheToolsThatAnMCPServerWithItsFiltersHas(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		for filter, config := range map[string]string{
			"":                                   `{}`,
			"methods=read":                       `{"methods":["read"]}`,
			"methods=read,create&tags=pipelines": `{"methods":["read","create"],"tags":["pipelines"]}`,
		} {
			k := newToolkit(t, h, h.AccountID, filter)
			// The newest revision marks arguments for headers, which are MCP's own.
			offered := rpc(t, h.mcpServer(t, `{"name":"same","config":`+config+`}`).URL, legacy, "tools/list", "").want(t, 200).reply(t).Result.Tools
			if len(offered) == 0 || len(k.tools) != len(offered) {
				t.Errorf("%q: the toolkit sees %d tools and the MCP server has %d", filter, len(k.tools), len(offered))
			}
			for _, tool := range offered {
				var input struct {
					Properties map[string]json.RawMessage `json:"properties"`
					Required   []string                   `json:"required"`
				}
				decode(t, tool.InputSchema, &input)
				d := k.tools[tool.Name]
				if len(d.Query.Properties)+len(d.Body.Properties) != len(d.schema()) {
					t.Errorf("%s: a name stands in both of its schemas, so that joining them loses one", tool.Name)
				}
				if !reflect.DeepEqual(d.schema(), input.Properties) {
					t.Errorf("%s: the two schemas joined are\n%s\nwant those of its input schema\n%s", tool.Name, d.schema(), input.Properties)
				}
				slices.Sort(d.Required)
				slices.Sort(input.Required)
				if !slices.Equal(d.Required, input.Required) {
					t.Errorf("%s: required are %v, want %v", tool.Name, d.Required, input.Required)
				}
			}
		}
	})
}
