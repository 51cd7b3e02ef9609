package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/internal/account"
	"sluice/internal/octapipe"
)

func TestProxyOffersEveryKindOfMethod(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		database := n.find(t, "Leads", "databases")
		record := func(name string) map[string]any {
			return map[string]any{"name": name, "custom_fields_values": map[string]any{"cf_company": "Example", "cf_status": "New"}}
		}
		made := n.do(t, "POST", n.proxy("database_records", "database_uuid", database), record("Ann")).want(200).object()
		id := fmt.Sprint(made["uuid"])
		equal(t, "the name of a new record", "Ann", fmt.Sprint(made["name"]))
		if _, wrapped := made["result"]; wrapped {
			t.Errorf("one object is not answered bare: %v", made)
		}
		one := n.proxy("database_records/"+id, "database_uuid", database)
		equal(t, "get", "Ann", fmt.Sprint(n.do(t, "GET", one, nil).want(200).object()["name"]))

		n.do(t, "PATCH", one, record("Ann Other")).want(200)
		equal(t, "the name after an update", "Ann Other", fmt.Sprint(n.do(t, "GET", one, nil).want(200).object()["name"]))

		t.Run("a parent may stand in the body too", func(t *testing.T) {
			body := record("Ben")
			body["database_uuid"] = database
			n.do(t, "POST", n.proxy("database_records"), body).want(200)
		})
		t.Run("an id repeated in the query does no harm", func(t *testing.T) {
			for _, repeated := range []string{id, "another"} {
				got := n.do(t, "GET", n.proxy("database_records/"+id, "database_uuid", database, "id", repeated), nil).want(200).object()
				equal(t, "uuid", id, fmt.Sprint(got["uuid"]))
			}
		})
		t.Run("a list goes on by its cursor, and ends", func(t *testing.T) {
			seen := map[any]bool{}
			next, pages := "", 0
			for {
				page := n.do(t, "GET", n.proxy("database_records", "database_uuid", database, "limit", "20", "next_cursor", next), nil).list()
				for _, item := range page.Result {
					if seen[item["uuid"]] {
						t.Fatalf("%v came twice", item["uuid"])
					}
					seen[item["uuid"]] = true
				}
				if pages++; page.NextCursor == nil || pages == 3 {
					break
				}
				next = *page.NextCursor
			}
			if pages < 3 || len(seen) < 40 {
				t.Errorf("want three pages of twenty, got %d items on %d pages", len(seen), pages)
			}
		})
		t.Run("a custom method", func(t *testing.T) {
			body := map[string]any{"filters": []any{map[string]any{"field": "name", "operator": "eq", "value": "Ann Other"}}, "values": map[string]any{"cf_status": "Stale"}}
			got := n.do(t, "POST", n.proxy("database_records/bulk_update", "database_uuid", database), body).want(200).object()
			equal(t, "updated", "1", fmt.Sprint(got["updated"]))
		})
		t.Run("a list as a value of the query", func(t *testing.T) {
			filters := `[{"field":"name","operator":"eq","value":"Ann Other"}]`
			page := n.do(t, "GET", n.proxy("database_records", "database_uuid", database, "filters", filters), nil).list()
			equal(t, "records found", 1, len(page.Result))
		})
		deleted := n.do(t, "DELETE", one, nil)
		if deleted.status != 200 && deleted.status != 204 {
			t.Errorf("delete: got %d: %s", deleted.status, deleted.body)
		}
		n.do(t, "GET", one, nil).refuses(404, "any", "Check id by")
	})
}

func TestProxySaysWhatIsWrong(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		pipeline := n.find(t, "Q3 Renewals", "pipelines")
		for name, c := range map[string]struct {
			method, path, body string
			status             int
			field              string
			words              []string
		}{
			"no account":                          {"GET", "/proxy/pipelines", "", 400, "integrated_account_id", []string{"/integrated-account"}},
			"an account that is not there":        {"GET", "/proxy/pipelines?integrated_account_id=acc_0", "", 404, "", nil},
			"an unknown resource":                 {"GET", n.proxy("pipes"), "", 404, "", []string{"pipes", "pipeline_cards"}},
			"an unknown custom method":            {"POST", n.proxy("pipelines/archive"), `{}`, 404, "", []string{"archive", "list"}},
			"a method that the resource has not":  {"GET", n.proxy("notes/x"), "", 404, "", []string{"notes", "create"}},
			"list as a custom method":             {"POST", n.proxy("pipelines/list"), `{}`, 404, "", []string{"GET /proxy/pipelines"}},
			"a missing parent":                    {"GET", n.proxy("pipeline_cards"), "", 422, "pipeline_uuid", []string{"required", "list_all_octapipe_pipelines"}},
			"an unknown argument":                 {"GET", n.proxy("pipelines", "colour", "red"), "", 422, "colour", nil},
			"an unknown argument in the body":     {"POST", n.proxy("pipelines"), `{"name":"x","colour":"red"}`, 422, "colour", nil},
			"a body that is cut short":            {"POST", n.proxy("pipelines"), `{"name":`, 400, "", []string{"JSON"}},
			"a name twice":                        {"POST", n.proxy("pipelines"), `{"name":"a","name":"b"}`, 400, "", []string{"twice"}},
			"a NUL in the query":                  {"GET", n.proxy("tasks", "status", "a\x00b"), "", 422, "status", nil},
			"a NUL in the body":                   {"POST", n.proxy("pipelines"), `{"name":"a\u0000b"}`, 422, "name", []string{"U+0000"}},
			"only dots for an id":                 {"GET", n.proxy("pipelines/%2E%2E"), "", 422, "id", nil},
			"a limit that is none":                {"GET", n.proxy("pipelines", "limit", "many"), "", 422, "limit", nil},
			"a limit of nothing":                  {"GET", n.proxy("pipelines", "limit", "0"), "", 422, "limit", nil},
			"a cursor that nobody gave out":       {"GET", n.proxy("pipelines", "next_cursor", "abc"), "", 422, "next_cursor", nil},
			"a query that cannot be read":         {"GET", "/proxy/pipelines?integrated_account_id=%zz", "", 400, "", nil},
			"a slash in an id stays one segment":  {"GET", n.proxy("tasks/" + pipeline + "%2Fcards"), "", 404, "", []string{"Octapipe"}},
			"an encoded slash goes to the vendor": {"GET", n.proxy("tasks/..%2Fpipelines"), "", 404, "", []string{"Octapipe"}},
			"a name that nothing has for an id":   {"GET", n.proxy("pipelines/x"), "", 422, "id", []string{"names no pipeline", "list_all_octapipe_pipelines"}},
		} {
			t.Run(name, func(t *testing.T) {
				var body any
				if c.body != "" {
					body = c.body
				}
				n.do(t, c.method, c.path, body).refuses(c.status, c.field, c.words...)
			})
		}
	})
}

func TestTheVendorsRefusalKeepsItsStatusAndReasons(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		database := n.find(t, "Leads", "databases")
		p := n.do(t, "POST", n.proxy("database_records", "database_uuid", database, "name", "x"), `{"custom_fields_values":{"cf_status":"Nowhere","cf_company":"x"}}`)
		if p.status != 422 {
			t.Fatalf("want 422, got %d: %s", p.status, p.body)
		}
		got := n.do(t, "GET", n.proxy("tasks/nothing"), nil).refuses(404, "any")
		if !got.Remote || !strings.Contains(string(got.Details), "message") {
			t.Errorf("want is_remote_error and the vendor's body, got %+v with details %s", got, got.Details)
		}
		local := n.do(t, "GET", n.proxy("pipeline_cards"), nil).refuses(422, "pipeline_uuid")
		if local.Remote || local.Details != nil {
			t.Errorf("what the vendor has not seen is said to be its: %+v", local)
		}
	})
}

func TestRateLimitsArriveInHeaders(t *testing.T) {
	limited, err := newVendor(octapipe.Config{RateLimit: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(limited.close)
	onEachDatabase(t, func(t *testing.T, h *house) {
		// A token of its own for each database, so that each has the limit to itself: connecting proves the credential by one call.
		acct, err := h.Accounts.Create(t.Context(), h.here.environment, account.NewAccount{
			Integration: "octapipe", Credentials: map[string]string{"domain": limited.Login().Domain, "email": limited.Login().Email, "password": limited.Login().Password},
			Context: map[string]string{"base_url": limited.url},
		})
		if err != nil {
			t.Fatal(err)
		}
		n := *h.here
		n.account = acct.ID
		got := n.do(t, "GET", n.proxy("users"), nil).want(200)
		equal(t, "ratelimit-limit", "4", got.header.Get("ratelimit-limit"))
		left := got.header.Get("ratelimit-remaining")
		if left == "" || left == "4" {
			t.Errorf("want calls fewer than 4 left, got %q", left)
		}
		for range 4 {
			if got = n.do(t, "GET", n.proxy("users"), nil); got.status != 200 {
				break
			}
		}
		p := got.refuses(429, "", "second")
		if !p.Remote {
			t.Errorf("the vendor's 429 is not said to be its: %s", got.body)
		}
		equal(t, "ratelimit-remaining", "0", got.header.Get("ratelimit-remaining"))
		for _, name := range []string{"retry-after", "ratelimit-reset"} {
			if s := got.header.Get(name); s == "" || len(s) > 2 || strings.Trim(s, "0123456789") != "" {
				t.Errorf("%s: want seconds within the minute, got %q", name, s)
			}
		}
	})
}

// depot is a definition whose methods are documented in part, for a vendor that answers what it is asked.
func depot(base string) string {
	return `{"name":"depot","label":"Depot","base_url":"` + base + `","credentials":{"format":"none"},"pagination":{"format":"none"},
		"resources":{"shelves":{"singular":"shelf",
			"list":{"method":"get","path":"/shelves"},
			"get":{"method":"get","path":"/shelves/{{id}}"},
			"update":{"method":"put","path":"/shelves/{{id}}"},
			"count":{"method":"post","path":"/shelves/count"}}},
		"docs":{"shelves":{"list":{"description":"List shelves.","query_schema":{"type":"object","properties":{}}}}}}`
}

func TestAMethodWithoutDocumentationIsReachedByProxyAlone(t *testing.T) {
	var (
		mu  sync.Mutex
		all []string
	)
	asked := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		all = append(all, r.Method+" "+r.URL.RequestURI())
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/shelves" && r.Method == "GET":
			fmt.Fprint(w, `[{"weight":12345678901234567890.000100}]`)
		case r.Method == "POST":
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Path == "/shelves/lost":
			panic(http.ErrAbortHandler) // hangs up
		case r.URL.Path == "/shelves/picture":
			w.Header().Set("Content-Type", "image/png")
			w.Write([]byte("\x89PNG\r\n\x1a\n\x00"))
		case r.URL.Path == "/shelves/broken":
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, `<h1>Out "of" order</h1>`)
		default:
			fmt.Fprint(w, `{"weight":12345678901234567890.000100,"note":"ä<b>","none":null,"list":[]}`)
		}
	}))
	t.Cleanup(vendor.Close)
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := *h.here
		stored := n.do(t, "PUT", "/integration/depot", depot(vendor.URL)).want(200).object()
		equal(t, "tools", "1", fmt.Sprint(stored["tools"]))
		n.account = fmt.Sprint(n.do(t, "POST", "/integrated-account", `{"integration":"depot"}`).want(201).object()["id"])

		tools := n.do(t, "GET", "/integrated-account/"+n.account+"/tools", nil).list()
		if len(tools.Result) != 1 || tools.Result[0]["method"] != "list" {
			t.Errorf("want the documented method as the only tool, got %v", tools.Result)
		}
		n.do(t, "POST", "/integrated-account/"+n.account+"/tools/get_single_depot_shelf_by_id", `{"id":"a"}`).refuses(404, "", "get_single_depot_shelf_by_id")

		t.Run("the vendor's bytes come as they are, every digit of them", func(t *testing.T) {
			got := n.do(t, "GET", n.proxy("shelves/a%2Fb"), nil).want(200)
			equal(t, "the object", `{"weight":12345678901234567890.000100,"note":"ä<b>","none":null,"list":[]}`, string(got.body))
			list := n.do(t, "GET", n.proxy("shelves"), nil).want(200)
			if !strings.HasPrefix(string(list.body), `{"result":[{"weight":12345678901234567890.000100}],"next_cursor":null,`) {
				t.Errorf("the list: got %s", list.body)
			}
			if got := asked(); got[len(got)-2] != "GET /shelves/a%2Fb" {
				t.Errorf("the vendor was asked for %q", got)
			}
		})
		t.Run("update takes the vendor's own verb", func(t *testing.T) {
			n.do(t, "PATCH", n.proxy("shelves/a"), `{"weight":1.50}`).want(200)
			got := asked()
			equal(t, "the request", "PUT /shelves/a", got[len(got)-1])
		})
		t.Run("nothing comes of an answer that is empty", func(t *testing.T) {
			got := n.do(t, "POST", n.proxy("shelves/count"), nil).want(204)
			equal(t, "the body", "", string(got.body))
		})
		t.Run("a file comes as one", func(t *testing.T) {
			got := n.do(t, "GET", n.proxy("shelves/picture"), nil).want(200)
			equal(t, "the file", "\x89PNG\r\n\x1a\n\x00", string(got.body))
			equal(t, "its type", "image/png attachment nosniff", strings.Join([]string{got.header.Get("Content-Type"), got.header.Get("Content-Disposition"), got.header.Get("X-Content-Type-Options")}, " "))
		})
		t.Run("a write whose answer is lost is not said to have failed, and not sent again", func(t *testing.T) {
			before := len(asked())
			if p := n.do(t, "PATCH", n.proxy("shelves/lost"), `{"weight":1}`).refuses(502, ""); p.Remote || !strings.Contains(p.Message, "may have") {
				t.Errorf("got %+v", p)
			}
			equal(t, "requests", 1, len(asked())-before)
			equal(t, "calls with the outcome unknown", 1, len(n.do(t, "GET", "/log?outcome=unknown&integrated_account_id="+n.account, nil).list().Result))
		})
		t.Run("details that are not JSON are a text", func(t *testing.T) {
			p := n.do(t, "GET", n.proxy("shelves/broken"), nil).refuses(502, "any")
			var text string
			if json.Unmarshal(p.Details, &text); !strings.Contains(text, "order") {
				t.Errorf("details: got %s", p.Details)
			}
		})
		t.Run("its calls are in the log, with who made them", func(t *testing.T) {
			log := n.do(t, "GET", "/log?outcome=ok&integrated_account_id="+n.account, nil).list()
			i := slices.IndexFunc(log.Result, func(c map[string]any) bool { return c["method"] == "update" })
			if i < 0 {
				t.Fatalf("the update is not in the log: %v", log.Result)
			}
			call := log.Result[i]
			equal(t, "door", "api", fmt.Sprint(call["door"]))
			equal(t, "outcome", "ok", fmt.Sprint(call["outcome"]))
			equal(t, "arguments", "map[id:a weight:1.50]", fmt.Sprint(call["arguments"]))
			if !strings.HasPrefix(fmt.Sprint(call["api_token_id"]), "tok_") {
				t.Errorf("the call's API token: got %v", call["api_token_id"])
			}
			equal(t, "one call by its id", fmt.Sprint(call["id"]), fmt.Sprint(n.do(t, "GET", "/log/"+fmt.Sprint(call["id"]), nil).want(200).object()["id"]))
		})
	})
}

func TestAListOverRESTAnswersTheMembersThatAreNamed(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		got := h.here.do(t, "GET", h.here.proxy("users")+"&limit=3&fields=email&fields=nickname", nil)
		page := got.list()
		if len(page.Result) != 3 || len(page.Result[0]) != 1 || page.Result[0]["email"] == nil {
			t.Errorf("got %v, want three users with their email alone", page.Result)
		}
		if !strings.Contains(string(got.body), `"notes":["Nothing here has nickname;`) {
			t.Errorf("nothing is said of a member that there is not: %s", got.body)
		}
	})
}
