package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/integrations"
)

func TestTheLifeOfAnMCPServer(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		servers := "/integrated-account/" + n.account + "/mcp"
		end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		made := n.do(t, "POST", servers, map[string]any{
			"name": "Renewals", "config": map[string]any{"methods": []string{"read"}, "tags": []string{"pipelines"}}, "expires_at": end.Format(time.RFC3339), "require_api_token_auth": true,
		}).want(201).object()
		one := servers + "/" + fmt.Sprint(made["id"])
		token := fmt.Sprint(made["token"])
		equal(t, "the URL", "https://sluice.example.com/mcp/"+token, fmt.Sprint(made["url"]))
		equal(t, "the account", n.account, fmt.Sprint(made["integrated_account_id"]))
		equal(t, "the config", "map[methods:[read] require_api_token_auth:true tags:[pipelines]]", fmt.Sprint(made["config"]))
		equal(t, "the end", end.Format(time.RFC3339), fmt.Sprint(made["expires_at"]))
		if !strings.HasPrefix(fmt.Sprint(made["created_by"]), "tok_") {
			t.Errorf("created_by: want the API token's id, got %v", made["created_by"])
		}
		t.Run("its URL and token are shown this once", func(t *testing.T) {
			for _, path := range []string{one, servers} {
				if got := n.do(t, "GET", path, nil).want(200); strings.Contains(string(got.body), token) || strings.Contains(string(got.body), `"url"`) {
					t.Errorf("%s shows them again: %s", path, got.body)
				}
			}
		})
		t.Run("a change merges the config key by key", func(t *testing.T) {
			got := n.do(t, "PATCH", one, `{"config":{"tags":null,"structured_output":true}}`).want(200).object()
			equal(t, "the config", "map[methods:[read] require_api_token_auth:true structured_output:true]", fmt.Sprint(got["config"]))
			equal(t, "the name", "Renewals", fmt.Sprint(got["name"]))
			equal(t, "the end", end.Format(time.RFC3339), fmt.Sprint(got["expires_at"]))
		})
		t.Run("null lifts the end", func(t *testing.T) {
			got := n.do(t, "PATCH", one, `{"expires_at":null,"require_api_token_auth":false,"name":"For ever"}`).want(200).object()
			if got["expires_at"] != nil {
				t.Errorf("expires_at: want null, got %v", got["expires_at"])
			}
			equal(t, "the config", "map[methods:[read] structured_output:true]", fmt.Sprint(got["config"]))
			equal(t, "the name", "For ever", fmt.Sprint(got["name"]))
		})
		t.Run("a change that is wrong changes nothing", func(t *testing.T) {
			n.do(t, "PATCH", one, `{"name":"other","config":{"methods":["raed"]}}`).refuses(400, "config.methods", "raed")
			n.do(t, "PATCH", one, `{"name":null,"expires_at":"2020-01-01T00:00:00Z"}`).refuses(422, "expires_at")
			equal(t, "the name", "For ever", fmt.Sprint(n.do(t, "GET", one, nil).want(200).object()["name"]))
		})
		t.Run("its URL serves, and no longer once it is revoked", func(t *testing.T) {
			list := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
			ask := func() *response {
				return h.send(t, "POST", "/mcp/"+token, list, "Content-Type", "application/json", "Accept", "application/json", "Host", "sluice.example.com")
			}
			if got := ask().want(200); !strings.Contains(string(got.body), "list_all_octapipe_pipelines") {
				t.Errorf("tools/list: got %.300s", got.body)
			}
			n.do(t, "DELETE", one, nil).want(204)
			ask().want(404)
			n.do(t, "GET", one, nil).refuses(404, "")
			n.do(t, "DELETE", one, nil).refuses(404, "")
		})
		t.Run("without a config all tools are offered", func(t *testing.T) {
			got := n.do(t, "POST", servers, `{"name":"All","config":null,"expires_at":null}`).want(201).object()
			equal(t, "the config", "map[]", fmt.Sprint(got["config"]))
		})
	})
}

func TestTheLifeOfAnAccount(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		login := sandbox().Login()
		password := login.Password
		made := n.do(t, "POST", "/integrated-account", map[string]any{
			"integration": "octapipe", "tenant_id": "northwind", "name": "Northwind", "context": map[string]any{"base_url": sandbox().url},
			"credentials": map[string]any{"domain": login.Domain, "email": login.Email, "password": password},
		}).want(201)
		acct := made.object()
		one := "/integrated-account/" + fmt.Sprint(acct["id"])
		equal(t, "the status", "active", fmt.Sprint(acct["status"]))
		equal(t, "the integration", "map[label:Octapipe name:octapipe]", fmt.Sprint(acct["integration"]))
		equal(t, "the context", "map[base_url:"+sandbox().url+"]", fmt.Sprint(acct["context"]))
		if acct["last_error"] != nil || acct["created_at"] == nil {
			t.Errorf("want no error and a time, got %s", made.body)
		}
		t.Run("credentials never come back", func(t *testing.T) {
			for _, got := range []*response{made, n.do(t, "GET", one, nil), n.do(t, "GET", "/integrated-account", nil), n.do(t, "POST", "/integrated-account/refresh-credentials", map[string]any{"id": acct["id"]})} {
				if strings.Contains(string(got.want(got.status).body), password) || strings.Contains(string(got.body), "credentials") {
					t.Errorf("%s tells them: %s", got.call, got.body)
				}
			}
		})
		t.Run("credentials that the vendor refuses are not kept", func(t *testing.T) {
			p := n.do(t, "POST", "/integrated-account", map[string]any{
				"integration": "octapipe", "context": map[string]any{"base_url": sandbox().url},
				"credentials": map[string]any{"domain": login.Domain, "email": login.Email, "password": "wr0ng"},
			}).refuses(422, "credentials", "refused by Octapipe")
			if !p.Remote || strings.Contains(p.Message, "wr0ng") {
				t.Errorf("got %+v", p)
			}
			n.do(t, "PATCH", one, `{"credentials":{"password":"wr0ng"}}`).refuses(422, "credentials")
			n.do(t, "POST", "/integrated-account/refresh-credentials", map[string]any{"id": acct["id"]}).want(200)
		})
		t.Run("it is found by what it is", func(t *testing.T) {
			for query, want := range map[string]int{"": 2, "tenant_id=northwind": 1, "tenant_id=nobody": 0, "status=active": 2, "status=disabled": 0, "integration=octapipe": 2, "integration=other": 0,
				"tenant_id=northwind&status=active&integration=octapipe": 1, "limit=1": 1} {
				equal(t, "accounts by "+query, want, len(n.do(t, "GET", "/integrated-account?"+query, nil).list().Result))
			}
			first := n.do(t, "GET", "/integrated-account?limit=1", nil).list()
			second := n.do(t, "GET", "/integrated-account?limit=1&next_cursor="+url.QueryEscape(*first.NextCursor), nil).list()
			if second.NextCursor != nil || first.Result[0]["id"] == second.Result[0]["id"] {
				t.Errorf("two pages of one: got %v and %v", first, second)
			}
		})
		t.Run("a disabled one makes no calls, and its servers say why", func(t *testing.T) {
			m := *n
			m.account = fmt.Sprint(acct["id"])
			equal(t, "the status", "disabled", fmt.Sprint(n.do(t, "PATCH", one, `{"status":"disabled","name":"Off"}`).want(200).object()["status"]))
			m.do(t, "GET", m.proxy("users"), nil).refuses(409, "", "disabled")
			n.do(t, "POST", "/integrated-account/refresh-credentials", map[string]any{"id": acct["id"]}).refuses(409, "", "disabled")
			n.do(t, "PATCH", one, `{"status":"active"}`).want(200)
			m.do(t, "GET", m.proxy("users"), nil).want(200)
		})
		t.Run("a vendor that is not there is said to be so", func(t *testing.T) {
			n.do(t, "PATCH", one, map[string]any{"context": map[string]any{"base_url": "http://127.0.0.1:9"},
				"credentials": map[string]any{"domain": login.Domain, "email": login.Email, "password": password}}).refuses(502, "any")
			n.do(t, "PATCH", one, `{"context":{"base_url":"http://127.0.0.1:9"}}`).refuses(422, "credentials.domain", "context.base_url changes")
		})
		t.Run("deleted it is gone, with the servers on it", func(t *testing.T) {
			n.do(t, "POST", one+"/mcp", `{"name":"x"}`).want(201)
			n.do(t, "DELETE", one, nil).want(204)
			n.do(t, "GET", one, nil).refuses(404, "")
			n.do(t, "GET", one+"/mcp", nil).refuses(404, "")
			n.do(t, "DELETE", one, nil).refuses(404, "")
		})
		t.Run("who wants to know is told what the vendor may still take", func(t *testing.T) {
			id := fmt.Sprint(n.do(t, "POST", "/integrated-account", map[string]any{"integration": "octapipe", "context": map[string]any{"base_url": sandbox().url},
				"credentials": map[string]any{"domain": login.Domain, "email": login.Email, "password": password}}).want(201).object()["id"])
			answer := h.send(t, "DELETE", "/integrated-account/"+id, "", "Authorization", "Bearer "+n.token, "Prefer", `respond-async, return="representation"`).want(200)
			equal(t, "what became of the tokens", "none", fmt.Sprint(answer.object()["revocation"]))
			if said := fmt.Sprint(answer.object()["message"]); !strings.HasPrefix(said, "Octapipe is not known to take a token back: the last one is good until ") {
				t.Errorf("got %q", said)
			}
		})
	})
}

func TestToolsAreDescribedForFrameworks(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		path := "/integrated-account/" + n.account + "/tools"
		names := func(query string) []string {
			var all []string
			for _, tool := range n.do(t, "GET", path+query, nil).list().Result {
				all = append(all, fmt.Sprint(tool["name"]))
			}
			return all
		}
		all := names("")
		if !slices.Contains(all, "octapipe_database_records_bulk_update") || len(all) < 40 {
			t.Errorf("want every tool of Octapipe, got %d: %v", len(all), all)
		}
		for _, query := range []string{"?methods=list,create&tags=pipelines", "?methods=list&methods=create&tags=pipelines", "?methods=list,%20create&tags=pipelines&has_description=true"} {
			got := names(query)
			if !slices.Contains(got, "list_all_octapipe_pipelines") || !slices.Contains(got, "create_a_octapipe_pipeline") || slices.Contains(got, "list_all_octapipe_users") || slices.Contains(got, "get_single_octapipe_pipeline_by_id") {
				t.Errorf("%s: got %v", query, got)
			}
		}
		equal(t, "tools without a description", 0, len(names("?has_description=false")))
		equal(t, "tools of one resource", "[list_all_octapipe_notes create_a_octapipe_note delete_a_octapipe_note_by_id]", fmt.Sprint(names("?resource=notes")))

		var found struct {
			Result []struct {
				Resource, Method, Name, Description string
				Query                               struct{ Properties map[string]any } `json:"query_schema"`
				Body                                struct{ Properties map[string]any } `json:"body_schema"`
				Required, Tags                      []string
			}
		}
		n.do(t, "GET", path+"?methods=update&resource=pipeline_cards", nil).want(200).into(&found)
		if len(found.Result) != 1 {
			t.Fatalf("want the one tool that updates cards, got %+v", found)
		}
		card := found.Result[0]
		for _, name := range []string{"id", "pipeline_uuid"} {
			if card.Query.Properties[name] == nil || card.Body.Properties[name] != nil {
				t.Errorf("%s is not in query_schema alone: %v", name, card)
			}
		}
		if card.Body.Properties["sla"] == nil || !slices.Equal(card.Required, []string{"pipeline_uuid", "id"}) || !slices.Contains(card.Tags, "cards") {
			t.Errorf("the tool that updates cards: %+v", card)
		}
	})
}

func TestAToolIsCalledByItsName(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		call := func(tool string, arguments any, headers ...string) *response {
			return n.do(t, "POST", "/integrated-account/"+n.account+"/tools/"+tool, arguments)
		}
		page := call("list_all_octapipe_pipelines", map[string]any{"limit": 1}).list()
		if len(page.Result) != 1 || page.NextCursor == nil {
			t.Fatalf("want one pipeline and a cursor, got %+v", page)
		}
		second := call("list_all_octapipe_pipelines", map[string]any{"limit": "1", "next_cursor": *page.NextCursor}).list()
		if second.Result[0]["uuid"] == page.Result[0]["uuid"] {
			t.Error("the second page is the first")
		}
		one := call("get_single_octapipe_pipeline_by_id", map[string]any{"id": page.Result[0]["uuid"]}).want(200).object()
		equal(t, "the object, bare", fmt.Sprint(page.Result[0]["name"]), fmt.Sprint(one["name"]))
		call("list_all_octapipe_users", nil).list()
		call("list_all_octapipe_users", "null").list()

		call("list_all_octapipe_pipeline", `{}`).refuses(404, "", "did you mean", "list_all_octapipe_pipelines")
		call("list_all_octapipe_pipeline_cards", `{}`).refuses(422, "pipeline_uuid", "required")
		call("list_all_octapipe_pipelines", `{"limit":0}`).refuses(422, "limit")
		if p := call("get_single_octapipe_pipeline_by_id", `{"id":"00000000-0000-4000-8000-000000000000"}`).refuses(404, "any", "Octapipe"); !p.Remote {
			t.Errorf("the vendor's refusal is not said to be its: %+v", p)
		}

		t.Run("the log tells the command line from a program, and the request's id", func(t *testing.T) {
			got := h.send(t, "POST", "/integrated-account/"+n.account+"/tools/list_all_octapipe_tasks", "", "Authorization", "Bearer "+n.token, "Sluice-Door", "cli", "User-Agent", "sluice-cli", "X-Request-Id", "req-7")
			got.list()
			log := n.do(t, "GET", "/log?request_id=req-7", nil).list()
			if len(log.Result) != 1 {
				t.Fatalf("want the one call, got %v", log.Result)
			}
			equal(t, "door", "cli", fmt.Sprint(log.Result[0]["door"]))
			equal(t, "client", "sluice-cli", fmt.Sprint(log.Result[0]["client_name"]))
			equal(t, "tool", "list_all_octapipe_tasks", fmt.Sprint(log.Result[0]["tool_name"]))
			for query, want := range map[string]int{"door=x&tool_name=list_all_octapipe_tasks": 1, "client_name=sluice-cli": 1, "outcome=invalid": 2, "outcome=refused": 1,
				"since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z": 0, "integrated_account_id=" + n.account + "&outcome=ok&limit=2": 2} {
				equal(t, "calls by "+query, want, len(n.do(t, "GET", "/log?"+query, nil).list().Result))
			}
		})
	})
}

func TestCapabilitiesTellWhatCanBeDone(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		type capabilities struct {
			Integration map[string]string
			Proxy       []struct {
				Resource string
				Methods  []map[string]any
			}
			Auth struct {
				Formats []string
				Fields  []map[string]any
			}
			Readiness map[string]json.Number `json:"ai_readiness"`
			Account   map[string]string
		}
		var mine, any capabilities
		n.do(t, "GET", "/integrated-account/"+n.account+"/capabilities", nil).want(200).into(&mine)
		n.do(t, "GET", "/integration/octapipe/capabilities?methods=list&resource=notes", nil).want(200).into(&any)
		equal(t, "the account", "map[id:"+n.account+" status:active]", fmt.Sprint(mine.Account))
		if any.Account != nil || len(any.Proxy) != 1 || len(any.Proxy[0].Methods) != 1 || any.Proxy[0].Methods[0]["name"] != "list_all_octapipe_notes" {
			t.Errorf("narrowed: got %+v", any)
		}
		for _, key := range []string{"method", "name", "description", "has_description", "has_query_schema", "has_body_schema", "has_response_schema"} {
			if _, ok := any.Proxy[0].Methods[0][key]; !ok {
				t.Errorf("a method lacks %s: %v", key, any.Proxy[0].Methods[0])
			}
		}
		equal(t, "formats", "[login static]", fmt.Sprint(mine.Auth.Formats))
		equal(t, "fields", 3, len(mine.Auth.Fields))
		if len(mine.Proxy) < 10 || mine.Readiness["proxy_methods"] == "" || mine.Readiness["ai_ready_score"] == "0" {
			t.Errorf("got %d resources, readiness %v", len(mine.Proxy), mine.Readiness)
		}
	})
}

func TestEnvironmentsAndTheirTokens(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		made := n.do(t, "POST", "/environment", `{"name":"Another"}`).want(201).object()
		other := &tenant{house: h, environment: fmt.Sprint(made["id"]), token: fmt.Sprint(made["token"])}
		got := other.do(t, "GET", "/environment", nil).list()
		if len(got.Result) != 1 || got.Result[0]["name"] != "Another" || got.Result[0]["token"] != nil {
			t.Errorf("want the one environment of the token, got %v", got.Result)
		}
		equal(t, "accounts there", 0, len(other.do(t, "GET", "/integrated-account", nil).list().Result))

		end := time.Now().Add(time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
		token := other.do(t, "POST", "/api-token", map[string]any{"name": "CI", "expires_at": end}).want(201).object()
		text := fmt.Sprint(token["token"])
		if !strings.HasPrefix(text, "slu_") || !strings.HasPrefix(text, fmt.Sprint(token["prefix"])) || token["expires_at"] != end {
			t.Errorf("a new token: %v", token)
		}
		ci := &tenant{house: h, token: text}
		listed := ci.do(t, "GET", "/api-token", nil)
		equal(t, "tokens", 2, len(listed.list().Result))
		if strings.Contains(string(listed.body), text) {
			t.Error("the token is shown again")
		}
		ci.do(t, "DELETE", "/api-token/"+fmt.Sprint(token["id"]), nil).want(204)
		ci.do(t, "GET", "/api-token", nil).refuses(401, "", "sluice token create")
	})
}

func TestIntegrationsOfAnEnvironmentsOwn(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		builtIn, err := integrations.All()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "integrations", len(builtIn), len(n.do(t, "GET", "/integration", nil).list().Result))
		first := n.do(t, "PUT", "/integration/depot", depot("https://a.example.com")).want(200).object()
		again := n.do(t, "PUT", "/integration/depot", depot("https://a.example.com")).want(200).object()
		changed := n.do(t, "PUT", "/integration/depot", depot("https://b.example.com")).want(200).object()
		equal(t, "versions", "1 1 2", fmt.Sprintf("%v %v %v", first["version"], again["version"], changed["version"]))
		one := n.do(t, "GET", "/integration/depot", nil).want(200).object()
		if definition, _ := one["definition"].(map[string]any); one["stored"] != true || definition["base_url"] != "https://b.example.com" {
			t.Errorf("the stored definition: %v", one)
		}
		t.Run("what was read can be stored again", func(t *testing.T) {
			for _, name := range []string{"depot", "octapipe"} {
				var read struct {
					Definition json.RawMessage
					Digest     string
				}
				n.do(t, "GET", "/integration/"+name, nil).want(200).into(&read)
				same := n.do(t, "PUT", "/integration/"+name, read.Definition).want(200).object()
				equal(t, "digest of "+name, read.Digest, fmt.Sprint(same["digest"]))
			}
		})
		n.do(t, "GET", "/integration/depo", nil).refuses(404, "", "depo", "depot, ")
		page := n.do(t, "GET", "/integration?limit=1", nil).list()
		if len(page.Result) != 1 || page.NextCursor == nil || *page.NextCursor != "depot" {
			t.Fatalf("the first page of one: %+v", page)
		}
		for i, d := range builtIn {
			page = n.do(t, "GET", "/integration?limit=1&next_cursor="+*page.NextCursor, nil).list()
			if len(page.Result) != 1 || (page.NextCursor == nil) != (i == len(builtIn)-1) || page.Result[0]["name"] != d.Name {
				t.Fatalf("the page of one after %d: %+v", i+1, page)
			}
		}
	})
}

func TestOverridesOfAnIntegration(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		n := h.here
		tools := func(account string) string {
			var names []string
			for _, tool := range n.do(t, "GET", "/integrated-account/"+account+"/tools", nil).list().Result {
				names = append(names, fmt.Sprint(tool["name"]))
			}
			return strings.Join(names, " ")
		}
		const deletes = "delete_a_octapipe_pipeline_by_id"
		other := n.connect(t, sandbox())
		path := "/integrated-account/" + n.account + "/override"
		equal(t, "an override that never was", "<nil>", fmt.Sprint(n.do(t, "GET", path, nil).want(200).object()["override"]))
		put := func(path, yaml string) *response {
			t.Helper()
			return h.send(t, "PUT", path, yaml, "Authorization", "Bearer "+n.token, "Content-Type", "application/yaml")
		}
		put(path, "resources:\n  pipelines:\n    delete: null\n").want(200)
		if strings.Contains(tools(n.account), deletes) || !strings.Contains(tools(other), deletes) {
			t.Errorf("the account has %s, the other %s", tools(n.account), tools(other))
		}
		put(path, "label: x\nbase_uri: y").refuses(422, "", "override cannot be taken: line 2", `did you mean "base_url"`)
		put(path, "resources:\n  pipelines:\n    list:\n      path: 7").refuses(422, "", "override cannot be taken: line 4")
		server := n.do(t, "POST", "/integrated-account/"+n.account+"/mcp", map[string]any{"name": "Tasks", "config": map[string]any{"tags": []string{"tasks"}}}).want(201).object()
		put(path, "resources: {tasks: null}").refuses(409, "", `"Tasks"`, fmt.Sprint(server["id"]))
		put("/integration/octapipe/override", "resources: {tasks: null}").refuses(409, "", `"Tasks"`)
		put("/integration/octapipe/override", "docs: {pipelines: {list: {description: Show our boards}}}").want(200)
		for _, tool := range n.do(t, "GET", "/integrated-account/"+other+"/tools?methods=list&tags=pipelines", nil).list().Result {
			if tool["resource"] == "pipelines" && !strings.HasPrefix(fmt.Sprint(tool["description"]), "Show our boards") {
				t.Errorf("the environment's override is not seen: %v", tool)
			}
		}
		put(path, "docs: {pipelines: {delete: {description: x}}}").want(200)
		n.do(t, "DELETE", "/integration/octapipe/override", nil).want(204)
		n.do(t, "DELETE", path, nil).want(204)
		if !strings.Contains(tools(n.account), deletes) {
			t.Error("what was taken back still holds")
		}
		n.do(t, "PUT", "/integration/depot", depot("https://a.example.com")).want(200)
		n.do(t, "PUT", "/integration/depot", depot("https://b.example.com")).want(200)
		if versions := n.do(t, "GET", "/integration/depot/versions", nil).list().Result; len(versions) != 2 || fmt.Sprint(versions[0]["version"]) != "2" {
			t.Errorf("versions: %v", versions)
		}
	})
}

func TestAnAccountOptsIntoRetries(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		path := "/integrated-account/" + h.here.account
		set := func(body string) *response { return h.here.do(t, "PATCH", path, body) }
		set(`{"settings":{"retry":{"attempts":3,"longest_wait":30}}}`).want(200)
		equal(t, "settings", "map[retry:map[attempts:3 longest_wait:30]]", fmt.Sprint(h.here.do(t, "GET", path, nil).want(200).object()["settings"]))
		set(`{"settings":{"retry":{"attempts":9,"longest_wait":30}}}`).refuses(422, "settings.retry.attempts", "from 2 to 5")
		set(`{"settings":{"retry":{"tries":3}}}`).refuses(422, "settings.retry", "attempts")
		set(`{"name":"Renamed"}`).want(200)
		equal(t, "settings after another change", "map[retry:map[attempts:3 longest_wait:30]]", fmt.Sprint(h.here.do(t, "GET", path, nil).want(200).object()["settings"]))
		set(`{"settings":{"retry":null}}`).want(200)
		equal(t, "settings", "map[]", fmt.Sprint(h.here.do(t, "GET", path, nil).want(200).object()["settings"]))
	})
}
