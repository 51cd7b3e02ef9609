package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestWhatIsNoPathOrNoMethodIsAnsweredInShape(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		account := "/integrated-account/" + h.here.account
		for name, c := range map[string]struct {
			method, path string
			status       int
			allow        string
		}{
			"an unknown path":                         {"GET", "/accounts", 404, ""},
			"a slash at the end":                      {"GET", "/integrated-account/", 404, ""},
			"a slash at the end of an id":             {"GET", account + "/", 404, ""},
			"two slashes":                             {"GET", "//integrated-account", 404, ""},
			"two slashes inside, with a body":         {"POST", "/integrated-account//mcp", 404, ""},
			"two slashes alone":                       {"GET", "//", 404, ""},
			"dots":                                    {"GET", "/integrated-account/../log", 404, ""},
			"one dot":                                 {"GET", "/./log", 404, ""},
			"an encoded NUL":                          {"GET", "/integrated-account/%00", 404, ""},
			"bytes that are no text":                  {"GET", "/integrated-account/%ff", 404, ""},
			"an encoded slash in an id":               {"GET", "/integrated-account/a%2Fb", 404, ""},
			"the MCP path without a token":            {"POST", "/mcp", 404, ""},
			"what MCP clients look for first":         {"GET", "/integrated-accounts/x", 404, ""},
			"and second":                              {"GET", "/integrated-accounts", 404, ""},
			"what no standard of ours names":          {"GET", "/.well-known/change-password", 404, ""},
			"a method that the path has not":          {"PUT", "/integrated-account", 405, "GET, POST"},
			"another":                                 {"DELETE", account + "/mcp", 405, "GET, POST"},
			"a method of nobody's":                    {"BREW", account, 405, "GET, PATCH, DELETE"},
			"a preflight":                             {"OPTIONS", "/log", 405, "GET"},
			"a post to a proxied object":              {"PUT", h.here.proxy("users/x"), 405, "GET, POST, PATCH, DELETE"},
			"another account's id":                    {"GET", "/integrated-account/acc_06h12ok9htpdb4gebo95lfq97k", 404, ""},
			"a capital letter":                        {"GET", "/Log", 404, ""},
			"a very long id":                          {"GET", "/integrated-account/" + strings.Repeat("a", 4000), 404, ""},
			"an id that is a quote and a semicolon":   {"GET", "/integrated-account/';--", 404, ""},
			"an MCP server's id that is none":         {"GET", account + "/mcp/x", 404, ""},
			"an API token's id that is none":          {"DELETE", "/api-token/x", 404, ""},
			"a call's id that is none":                {"GET", "/log/x", 404, ""},
			"an environment that is another or none":  {"GET", "/environment/env_x", 404, ""},
			"an integration that nobody has":          {"GET", "/integration/octopipe", 404, ""},
			"capabilities of one that nobody has":     {"GET", "/integration/octopipe/capabilities", 404, ""},
			"tools of an account that is not there":   {"GET", "/integrated-account/acc_x/tools", 404, ""},
			"servers of an account that is not there": {"GET", "/integrated-account/acc_x/mcp", 404, ""},
		} {
			t.Run(name, func(t *testing.T) {
				got := h.here.do(t, c.method, c.path, nil)
				got.refuses(c.status, "")
				equal(t, "Allow", c.allow, got.header.Get("Allow"))
				if strings.Contains(string(got.body), strings.Repeat("a", 100)) {
					t.Errorf("the answer repeats what was sent at length: %s", got.body)
				}
			})
		}
		equal(t, "the body of a HEAD", "", string(h.here.do(t, "HEAD", "/log", nil).want(200).body))
	})
}

func TestBodiesThatAreWrong(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		servers := "/integrated-account/" + h.here.account + "/mcp"
		big := `{"name":"` + strings.Repeat("x", 4<<20) + `"}`
		for name, c := range map[string]struct {
			method, path, body string
			status             int
			field              string
			words              []string
		}{
			"none":                                {"POST", servers, "", 400, "", []string{"JSON"}},
			"white space":                         {"POST", servers, " \n", 400, "", nil},
			"cut short":                           {"POST", servers, `{"name":`, 400, "", nil},
			"something after it":                  {"POST", servers, `{"name":"x"} {}`, 400, "", nil},
			"a name twice":                        {"POST", servers, `{"name":"x","name":"y"}`, 400, "", []string{"twice"}},
			"a name twice, spelled another way":   {"POST", servers, `{"name":"x","n\u0061me":"y"}`, 400, "", nil},
			"bytes that are no text":              {"POST", servers, "{\"name\":\"\xff\"}", 400, "", []string{"UTF-8"}},
			"null":                                {"POST", servers, `null`, 422, "", []string{"object"}},
			"a list":                              {"POST", servers, `[]`, 422, "", []string{"object"}},
			"a text":                              {"POST", servers, `"x"`, 422, "", nil},
			"an empty name":                       {"POST", servers, `{"name":""}`, 422, "name", nil},
			"a name of white space":               {"POST", servers, `{"name":"  "}`, 422, "name", nil},
			"a name that is too long":             {"POST", servers, `{"name":"` + strings.Repeat("x", 201) + `"}`, 422, "name", []string{"200"}},
			"a number for a name":                 {"POST", servers, `{"name":5}`, 422, "name", []string{"text"}},
			"an unknown key":                      {"POST", servers, `{"name":"x","expires":"y"}`, 422, "expires", []string{"expires_at"}},
			"a key in capitals":                   {"POST", servers, `{"NAME":"x","name":"y"}`, 422, "NAME", nil},
			"a NUL":                               {"POST", servers, `{"name":"a\u0000b"}`, 422, "name", []string{"U+0000"}},
			"a NUL in a config":                   {"POST", servers, `{"name":"x","config":{"tags":["a","\u0000"]}}`, 422, "config.tags[1]", nil},
			"a NUL in a key":                      {"POST", servers, `{"name":"x","config":{"a\u0000":1}}`, 422, "config.a\uFFFD", nil},
			"a control character in a name":       {"POST", servers, `{"name":"a\u0007"}`, 422, "name", nil},
			"a body over 4 MiB":                   {"POST", servers, big, 413, "", []string{"4 MiB"}},
			"an end in the past":                  {"POST", servers, `{"name":"x","expires_at":"2020-01-01T00:00:00Z"}`, 422, "expires_at", []string{"past"}},
			"an end that is no time":              {"POST", servers, `{"name":"x","expires_at":"tomorrow"}`, 422, "expires_at", []string{"offset", "2027"}},
			"an end without an offset":            {"POST", servers, `{"name":"x","expires_at":"2030-01-01T00:00:00"}`, 422, "expires_at", nil},
			"a number for an end":                 {"POST", servers, `{"name":"x","expires_at":1893456000}`, 422, "expires_at", nil},
			"an unknown method":                   {"POST", servers, `{"name":"x","config":{"methods":["raed"]}}`, 400, "config.methods", []string{"raed", "read", "write", "custom", "bulk_update"}},
			"an unknown tag":                      {"POST", servers, `{"name":"x","config":{"tags":["pipeline"]}}`, 400, "config.tags", []string{"pipelines"}},
			"filters that leave no tool":          {"POST", servers, `{"name":"x","config":{"methods":["bulk_update"],"tags":["users"]}}`, 400, "config.methods", []string{"list"}},
			"an empty filter":                     {"POST", servers, `{"name":"x","config":{"methods":[]}}`, 400, "config.methods", []string{"no tool"}},
			"a text for a filter":                 {"POST", servers, `{"name":"x","config":{"methods":"read"}}`, 400, "config.methods", []string{`["read"]`}},
			"an unknown key of a config":          {"POST", servers, `{"name":"x","config":{"method":["read"]}}`, 400, "config.method", []string{"methods", "tags"}},
			"a list for a config":                 {"POST", servers, `{"name":"x","config":[]}`, 400, "config", []string{"object"}},
			"no integration":                      {"POST", "/integrated-account", `{}`, 422, "integration", nil},
			"an integration that nobody has":      {"POST", "/integrated-account", `{"integration":"octopipe"}`, 422, "integration", []string{"octapipe"}},
			"a credential missing":                {"POST", "/integrated-account", `{"integration":"octapipe","credentials":{"domain":"x","password":"s3cr3t"}}`, 422, "credentials.email", nil},
			"a credential that is a number":       {"POST", "/integrated-account", `{"integration":"octapipe","credentials":{"domain":77001,"password":"s3cr3t"}}`, 422, "credentials.domain", nil},
			"a credential that nobody asked for":  {"POST", "/integrated-account", `{"integration":"octapipe","credentials":{"domain":"x","email":"a@b.example","password":"s3cr3t","pin":"s3cr3t"}}`, 422, "credentials.pin", nil},
			"a list of credentials":               {"POST", "/integrated-account", `{"integration":"octapipe","credentials":["s3cr3t"]}`, 422, "credentials", []string{"object"}},
			"an address that is none":             {"POST", "/integrated-account", `{"integration":"octapipe","credentials":{"api_key":"s3cr3t"},"context":{"base_url":"ftp://x"}}`, 422, "context.base_url", nil},
			"an address inside the network":       {"POST", "/integrated-account", `{"integration":"octapipe","credentials":{"api_key":"s3cr3t"},"context":{"base_url":"http://169.254.169.254"}}`, 422, "context.base_url", nil},
			"a status that cannot be set":         {"PATCH", "/integrated-account/" + h.here.account, `{"status":"needs_reauth"}`, 422, "status", []string{"active", "disabled"}},
			"a NUL in a credential":               {"POST", "/integrated-account", `{"integration":"octapipe","credentials":{"api_key":"s3cr3t\u0000"}}`, 422, "credentials.api_key", nil},
			"a refresh of nothing":                {"POST", "/integrated-account/refresh-credentials", `{}`, 422, "id", nil},
			"an API token that ended":             {"POST", "/api-token", `{"name":"x","expires_at":"2020-01-01T00:00:00Z"}`, 422, "expires_at", nil},
			"an environment whose name is taken":  {"POST", "/environment", `{"name":"here"}`, 409, "", []string{"here"}},
			"a definition that is none":           {"PUT", "/integration/depot", `{"name":"depot"}`, 422, "", []string{"base_url"}},
			"a definition of another name":        {"PUT", "/integration/depot2", depot("https://x.example.com"), 422, "name", []string{"depot2"}},
			"a definition that is cut short":      {"PUT", "/integration/depot", `{"name":`, 422, "", nil},
			"a definition with a NUL":             {"PUT", "/integration/depot", strings.Replace(depot("https://x.example.com"), "List shelves", `List\u0000`, 1), 422, "any", nil},
			"a definition over 4 MiB":             {"PUT", "/integration/depot", big, 413, "", nil},
			"a definition that is not there":      {"PUT", "/integration/depot", "", 400, "", nil},
			"a proxied body over 4 MiB":           {"POST", h.here.proxy("notes"), big, 413, "", nil},
			"a called tool's body over 4 MiB":     {"POST", "/integrated-account/" + h.here.account + "/tools/create_a_octapipe_note", big, 413, "", nil},
			"a called tool's body that is a list": {"POST", "/integrated-account/" + h.here.account + "/tools/list_all_octapipe_users", `[]`, 422, "arguments", nil},
		} {
			t.Run(name, func(t *testing.T) {
				got := h.here.do(t, c.method, c.path, c.body)
				got.refuses(c.status, c.field, c.words...)
				for _, secret := range []string{"s3cr3t", "77001", "json:", ".go:", "Go struct"} {
					if strings.Contains(string(got.body), secret) {
						t.Errorf("the answer holds %q: %s", secret, got.body)
					}
				}
			})
		}
		if strings.Contains(h.log.String(), "s3cr3t") {
			t.Errorf("the log holds a credential: %s", h.log)
		}
		equal(t, "servers that were made", 0, len(h.here.do(t, "GET", servers, nil).list().Result))
		equal(t, "accounts", 1, len(h.here.do(t, "GET", "/integrated-account", nil).list().Result))
	})
}

func TestABodyOfJustFourMebibytesIsRead(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		body := `{"name":"x"}`
		body += strings.Repeat(" ", 4<<20-len(body))
		h.here.do(t, "POST", "/integrated-account/"+h.here.account+"/mcp", body).want(201)
		h.here.do(t, "POST", "/integrated-account/"+h.here.account+"/mcp", body+" ").refuses(413, "")
	})
}

func TestBodiesAreJSONByTheirType(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		for kind, want := range map[string]int{
			"": 201, "application/json": 201, "Application/JSON; charset=utf-8": 201, "application/vnd.sluice+json": 201, "text/json": 201,
			"text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data; boundary=x": 415, "application/yaml": 415, "nonsense": 415,
		} {
			for _, path := range []string{"/integrated-account/" + h.here.account + "/mcp", h.here.proxy("databases")} {
				headers := []string{"Authorization", "Bearer " + h.here.token}
				if kind != "" {
					headers = append(headers, "Content-Type", kind)
				}
				got := h.send(t, "POST", path, `{"name":"x"}`, headers...)
				switch {
				case want == 415:
					got.refuses(415, "", "application/json")
				case got.status != 201 && got.status != 200:
					t.Errorf("%s as %q: got %d: %s", path, kind, got.status, got.body)
				}
			}
		}
		yaml := "name: depot\nlabel: Depot\nbase_url: https://x.example.com\ncredentials: {format: none}\npagination: {format: none}\nresources:\n  shelves:\n    singular: shelf\n    list: {method: get, path: /shelves}\n"
		got := h.send(t, "PUT", "/integration/depot", yaml, "Authorization", "Bearer "+h.here.token, "Content-Type", "application/yaml").want(200).object()
		equal(t, "version", "1", fmt.Sprint(got["version"]))
	})
}

func TestQueriesThatAreWrong(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		tools := "/integrated-account/" + h.here.account + "/tools"
		for path, c := range map[string]struct {
			status int
			field  string
			words  []string
		}{
			"/integrated-account?limit=0":                             {422, "limit", []string{"1"}},
			"/integrated-account?limit=201":                           {422, "limit", []string{"200"}},
			"/integrated-account?limit=many":                          {422, "limit", []string{"whole number"}},
			"/integrated-account?next_cursor=zz":                      {400, "next_cursor", nil},
			"/integrated-account?next_cursor=%27":                     {400, "next_cursor", nil},
			"/integrated-account?status=fine":                         {422, "status", []string{"needs_reauth"}},
			"/integrated-account?tenant_id=a%00b":                     {422, "tenant_id", nil},
			"/integrated-account?tenant_id=%ff":                       {422, "tenant_id", nil},
			"/api-token?next_cursor=acc_06h12ok9htpdb4gebo95lfq97k":   {400, "next_cursor", nil},
			"/integrated-account/" + h.here.account + "/mcp?limit=-1": {422, "limit", nil},
			"/log?next_cursor=zz":                                     {400, "next_cursor", nil},
			"/log?since=yesterday":                                    {422, "since", []string{"RFC 3339"}},
			"/log?outcome=fine":                                       {422, "outcome", []string{"rate_limited"}},
			"/log?client_name=a%00b":                                  {422, "client_name", nil},
			tools + "?methods=raed":                                   {400, "methods", []string{"raed", "read", "bulk_update"}},
			tools + "?methods=read&methods=raed":                      {400, "methods", []string{"raed"}},
			tools + "?tags=nothing":                                   {400, "tags", []string{"pipelines"}},
			tools + "?methods=bulk_update&tags=users":                 {400, "methods", nil},
			tools + "?has_description=perhaps":                        {422, "has_description", []string{"true"}},
			"/integration/octapipe/capabilities?methods=raed":         {400, "methods", nil},
		} {
			h.here.do(t, "GET", path, nil).refuses(c.status, c.field, c.words...)
		}
		for _, path := range []string{"/integrated-account?next_cursor=", "/log?next_cursor=&limit=", tools + "?methods=&tags=", tools + "?methods=read,create,"} {
			h.here.do(t, "GET", path, nil).list()
		}
	})
}

func TestAnMCPServerWithoutANameIsCalledLikeItsAccount(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		var made struct{ Name, URL string }
		h.here.do(t, "POST", "/integrated-account/"+h.here.account+"/mcp", `{"config":{"methods":["read","write"]}}`).want(201).into(&made)
		if made.Name == "" || made.URL == "" {
			t.Errorf("made %+v, want a name and a URL", made)
		}
	})
}
