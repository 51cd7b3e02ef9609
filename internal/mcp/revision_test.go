package mcp_test

import (
	"strings"
	"testing"
)

const everyRevision = `["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]`

func TestInitializeAgreesOnALegacyRevision(t *testing.T) {
	e := newEndpoint(t)
	for asked, agreed := range map[string]string{
		`"2024-11-05"`: "2024-11-05", `"2025-03-26"`: "2025-03-26", `"2025-06-18"`: "2025-06-18", `"2025-11-25"`: "2025-11-25",
		`"2026-07-28"`: "2025-11-25", `"2099-01-01"`: "2025-11-25", `null`: "2025-11-25",
	} {
		for _, header := range []string{"", "2025-11-25", "2026-07-28", "2099-01-01"} {
			a := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":`+asked+`,"capabilities":{},"clientInfo":{"name":"case","version":"1"}}}`,
				map[string]string{"MCP-Protocol-Version": header})
			wantStatus(t, a, 200)
			if got := a.at(t, "result.protocolVersion"); got != agreed {
				t.Errorf("asked for %s, got %s, want %s", asked, got, agreed)
			}
			if got := a.header.Values("Mcp-Session-Id"); got != nil {
				t.Errorf("a session id was given out: %s", got)
			}
		}
	}
	a := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}`, nil)
	for path, want := range map[string]string{
		"result.serverInfo": `{"name":"sluice","title":"Fleet \"A\"","version":"1.2.3"}`, "result.capabilities": `{"tools":{"listChanged":true}}`,
		"result.resultType": "", "result._meta": "",
	} {
		if got := a.at(t, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	for _, words := range []string{"Demo Harbour", "next_cursor", "A ship at sea cannot be scrapped."} {
		if got := a.at(t, "result.instructions"); !strings.Contains(got, words) {
			t.Errorf("the instructions lack %q: %s", words, got)
		}
	}
}

func TestDiscoverTellsAllInOneAnswer(t *testing.T) {
	e := newEndpoint(t)
	a := e.modern(t, "server/discover", "", nil)
	wantStatus(t, a, 200)
	for path, want := range map[string]string{
		"result.resultType": "complete", "result.supportedVersions": everyRevision, "result.cacheScope": "private", "result.ttlMs": "300000",
		"result.capabilities":                             `{"tools":{"listChanged":true}}`,
		"result._meta.io·modelcontextprotocol/serverInfo": `{"name":"sluice","version":"1.2.3"}`,
		"result._meta.io·modelcontextprotocol/clientInfo": "",
		"result.serverInfo":                               "",
		"result.tools":                                    "",
	} {
		if got := a.at(t, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestListsAreTheSameInEachRevision(t *testing.T) {
	e := newEndpoint(t)
	legacy := e.post(t, listBody, nil)
	for _, path := range []string{"result.resultType", "result.ttlMs", "result._meta"} {
		if got := legacy.at(t, path); got != "" {
			t.Errorf("an answer of 2025-11-25 has %s", path)
		}
	}
	a := e.modern(t, "tools/list", "", nil)
	wantStatus(t, a, 200)
	for path, want := range map[string]string{
		"result.resultType": "complete", "result.cacheScope": "private", "result.ttlMs": "60000", "result.nextCursor": "",
		"result.tools": legacy.at(t, "result.tools"), "result._meta.io·modelcontextprotocol/serverInfo.name": "sluice",
	} {
		if got := a.at(t, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	for method, member := range map[string]string{"prompts/list": "prompts", "resources/list": "resources", "resources/templates/list": "resourceTemplates"} {
		if got := e.modern(t, method, `"cursor":""`, nil).at(t, "result."+member); got != "[]" {
			t.Errorf("%s of 2026-07-28 answers %s", method, got)
		}
		if got := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"`+method+`"}`, nil).at(t, "result."+member); got != "[]" {
			t.Errorf("%s of 2025-11-25 answers %s", method, got)
		}
	}
	wantError(t, e.modern(t, "resources/read", `"uri":"file:///x"`, map[string]string{"Mcp-Name": "file:///x"}), 200, -32602, "file:///x")
}

func TestARequestThatDescribesItselfAgreesWithItsHeaders(t *testing.T) {
	e := newEndpoint(t)
	const (
		version      = `"io.modelcontextprotocol/protocolVersion":"2026-07-28"`
		capabilities = `"io.modelcontextprotocol/clientCapabilities":{}`
	)
	body := func(method, members, meta string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{` + members + `"_meta":{` + meta + `}}}`
	}
	list := body("tools/list", "", version+","+capabilities)
	call := body("tools/call", `"name":"`+listShips+`",`, version+","+capabilities)
	for _, c := range []struct {
		name         string
		header       map[string]string
		body         string
		status, code int // code 0: a result
		words        string
	}{
		{"it does", nil, list, 200, 0, ""},
		{"it does in other capitals", map[string]string{"Mcp-Method": "", "MCP-METHOD": "tools/list"}, list, 200, 0, ""},
		{"without saying who the client is", nil, list, 200, 0, ""},
		{"a call with its tool's name", map[string]string{"Mcp-Method": "tools/call", "Mcp-Name": listShips}, call, 200, 0, ""},
		{"a call with white space around the name", map[string]string{"Mcp-Method": "tools/call", "Mcp-Name": "  " + listShips + "  "}, call, 200, 0, ""},
		{"a call with its tool's name in base64", map[string]string{"Mcp-Method": "tools/call", "Mcp-Name": "=?base64?bGlzdF9hbGxfZGVtb19zaGlwcw==?="}, call, 200, 0, ""},
		{"a method header that lies", map[string]string{"Mcp-Method": "prompts/list"}, list, 400, -32020, "prompts/list"},
		{"a method header in capitals", map[string]string{"Mcp-Method": "TOOLS/LIST"}, list, 400, -32020, "TOOLS/LIST"},
		{"no method header", map[string]string{"Mcp-Method": ""}, list, 400, -32020, "Mcp-Method header is missing"},
		{"a name header that lies", map[string]string{"Mcp-Method": "tools/call", "Mcp-Name": scrapShip}, call, 400, -32020, scrapShip},
		{"a name header that is no base64", map[string]string{"Mcp-Method": "tools/call", "Mcp-Name": "=?base64?***?="}, call, 400, -32020, "not base64"},
		{"no name header", map[string]string{"Mcp-Method": "tools/call"}, call, 400, -32020, "Mcp-Name header is missing"},
		{"no version header", map[string]string{"MCP-Protocol-Version": ""}, list, 400, -32020, "MCP-Protocol-Version header is missing"},
		{"a version header that lies", map[string]string{"MCP-Protocol-Version": "2025-11-25"}, list, 400, -32020, "2025-11-25"},
		{"a version that nobody has", map[string]string{"MCP-Protocol-Version": "v9"}, strings.Replace(list, "2026-07-28", "v9", 1), 400, -32022, "v9"},
		{"a version that nobody has, in the body alone", nil, strings.Replace(list, "2026-07-28", "v9", 1), 400, -32020, "v9"},
		{"a version that is no text", nil, strings.Replace(list, `"2026-07-28"`, "7", 1), 400, -32602, "protocolVersion"},
		{"no version in the body", nil, body("tools/list", "", capabilities), 400, -32602, "protocolVersion"},
		{"no capabilities", nil, body("tools/list", "", version), 400, -32602, "clientCapabilities"},
		{"capabilities that are a list", nil, body("tools/list", "", version+`,"io.modelcontextprotocol/clientCapabilities":[]`), 400, -32602, "clientCapabilities"},
		{"no _meta", nil, listBody, 400, -32602, "protocolVersion"},
		{"discover of nobody", map[string]string{"MCP-Protocol-Version": "", "Mcp-Method": ""}, `{"jsonrpc":"2.0","id":1,"method":"server/discover"}`, 400, -32602, "protocolVersion"},
		{"an earlier revision, said twice", map[string]string{"MCP-Protocol-Version": "2025-11-25"}, strings.Replace(list, "2026-07-28", "2025-11-25", 1), 200, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
			for name, value := range c.header {
				header[name] = value
			}
			a := e.post(t, c.body, header)
			if c.code != 0 {
				wantError(t, a, c.status, c.code, c.words)
				if got := a.at(t, "id"); got != "1" {
					t.Errorf("the error has the id %q", got)
				}
				return
			}
			wantStatus(t, a, c.status)
			if a.at(t, "result") == "" {
				t.Errorf("no result: %s", a.body)
			}
		})
	}
	a := e.post(t, strings.Replace(list, "2026-07-28", "v9", 1), map[string]string{"MCP-Protocol-Version": "v9", "Mcp-Method": "tools/list"})
	if got, want := a.at(t, "error.data"), `{"requested":"v9","supported":`+everyRevision+`}`; got != want {
		t.Errorf("data is %s, want %s", got, want)
	}
}

func TestWhatARevisionLeftOutIsUnknownInIt(t *testing.T) {
	e := newEndpoint(t)
	for _, method := range []string{"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "unknown/method"} {
		a := e.modern(t, method, "", nil)
		wantError(t, a, 404, -32601, method)
		if got := a.at(t, "id"); got != "1" {
			t.Errorf("%s: id %q", method, got)
		}
	}
	for _, version := range []string{"", "2025-03-26", "2025-06-18", "2025-11-25"} {
		a := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"ping"}`, map[string]string{"MCP-Protocol-Version": version})
		wantStatus(t, a, 200)
		if got := a.at(t, "result"); got != "{}" {
			t.Errorf("ping in %q answers %s", version, got)
		}
		wantError(t, e.post(t, `{"jsonrpc":"2.0","id":1,"method":"logging/setLevel"}`, map[string]string{"MCP-Protocol-Version": version}), 200, -32601, "logging/setLevel")
	}
}
