package mcp_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/toolset"
)

// berths is a vendor whose tool has arguments that are mirrored into headers: port is what a berth belongs to, the others say so themselves.
func berths(t *testing.T) *toolset.Toolset {
	t.Helper()
	r := &integration.Resource{Name: "berths", Singular: "berth", Parent: map[string]string{"ports": "port"}}
	r.Methods = []*integration.Method{{Name: "list", HTTPMethod: "get", Path: "/ports/{{query.port}}/berths", Resource: r, Doc: &integration.Documentation{Description: "Lists berths.",
		QuerySchema: json.RawMessage(`{"type":"object","properties":{"port":{"type":"string"},"length":{"type":"integer","x-mcp-header":"Length"},"free":{"type":"boolean","x-mcp-header":"Free"}}}`)}}}
	s, err := toolset.Compile(&integration.Definition{Name: "demo", Digest: "berths", Resources: integration.Resources{r}}, toolset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHeadersThatMirrorArgumentsAgreeWithThem(t *testing.T) {
	e := newEndpoint(t)
	e.shipyard.tools = berths(t)
	const tool = "list_all_demo_berths"
	for _, c := range []struct {
		name      string
		header    map[string]string
		arguments string
		words     string // of the refusal; "": none
	}{
		{"a text", map[string]string{"Mcp-Param-Port": "oslo"}, `{"port":"oslo"}`, ""},
		{"in other capitals", map[string]string{"MCP-PARAM-PORT": "oslo"}, `{"port":"oslo"}`, ""},
		{"in base64", map[string]string{"Mcp-Param-Port": "=?base64?VMO4bnNiZXJn?="}, `{"port":"Tønsberg"}`, ""},
		{"a whole number and a truth", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Length": "42", "Mcp-Param-Free": "true"}, `{"port":"oslo","length":42,"free":true}`, ""},
		{"the same number in another spelling", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Length": "42.0"}, `{"port":"oslo","length":42}`, ""},
		{"null", map[string]string{"Mcp-Param-Port": "oslo"}, `{"port":"oslo","length":null}`, ""},
		{"a header that no argument has", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Colour": "red"}, `{"port":"oslo"}`, ""},
		{"no header for a parent, which the definition did not ask to mirror", nil, `{"port":"oslo"}`, ""},
		{"no header where the definition asked for one", map[string]string{"Mcp-Param-Port": "oslo"}, `{"port":"oslo","length":42}`, "Mcp-Param-Length header is missing"},
		{"another text", map[string]string{"Mcp-Param-Port": "Oslo"}, `{"port":"oslo"}`, `says "Oslo", the body "oslo"`},
		{"another number", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Length": "43"}, `{"port":"oslo","length":42}`, `says "43", the body "42"`},
		{"a number that is none", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Length": "4 2"}, `{"port":"oslo","length":42}`, `says "4 2"`},
		{"a truth in capitals", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Free": "TRUE"}, `{"port":"oslo","free":true}`, `says "TRUE"`},
		{"a header without an argument", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Length": "42"}, `{"port":"oslo"}`, "the body has no argument length"},
		{"a header for null", map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Length": "null"}, `{"port":"oslo","length":null}`, "the body has no argument length"},
		{"base64 without its padding", map[string]string{"Mcp-Param-Port": "=?base64?b3Nsbw?="}, `{"port":"oslo"}`, "not base64"},
		{"letters outside ASCII as they are", map[string]string{"Mcp-Param-Port": "Tønsberg"}, `{"port":"Tønsberg"}`, "more than ASCII"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := e.shipyard.callCount()
			header := map[string]string{"Mcp-Name": tool}
			for name, value := range c.header {
				header[name] = value
			}
			a := e.modern(t, "tools/call", `"name":"`+tool+`","arguments":`+c.arguments, header)
			if c.words != "" {
				wantError(t, a, http.StatusBadRequest, -32020, c.words)
				if e.shipyard.callCount() != before {
					t.Error("the call was made all the same")
				}
				return
			}
			wantStatus(t, a, http.StatusOK)
			if got := a.at(t, "result.resultType"); got != "complete" {
				t.Errorf("answered %s", a.body)
			}
		})
	}

	for _, version := range allRevisions[:4] {
		if a := e.call(t, openToken, version, tool, `{"port":"oslo"}`); a.at(t, "error") != "" {
			t.Errorf("%s knows no such headers, and is asked for them: %s", version, a.body)
		}
	}
	const place = "result.tools.0.inputSchema.properties.port.x-mcp-header"
	if got := e.modern(t, "tools/list", "", nil).at(t, place); got != "Port" {
		t.Errorf("2026-07-28 is shown %q", got)
	}
	if got := e.post(t, listBody, nil).at(t, place); got != "" {
		t.Errorf("2025-11-25 is shown %q", got)
	}
}
