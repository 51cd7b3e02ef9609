package mcp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"sluice/internal/jsonscan"
)

// FuzzMessage holds what is read from a message by scanning against what encoding/json reads from it.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":[1,2.50,{"y":null}]},"_meta":{"progressToken":7}}}`,
		`{"id":"\u00e4","params":{"arguments":null,"cursor":""},"jsonrpc":"2.0","method":"tools\/list"}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}`,
		` {"jsonrpc" : "2.0" , "id" : -0.0e+7 , "method" : "p" , "params" : { } } `,
		`{"jsonrpc":"2.0","id":null,"method":"x"}`, `[]`, `{`, `{"jsonrpc":"2.0","id":1,"result":{}}`,
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","clientInfo":{"name":"c"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if checkBody(body) != nil {
			return
		}
		var m message
		failed := m.parse(body)
		var want struct {
			ID     json.RawMessage
			Method *json.RawMessage
			Params json.RawMessage
		}
		if !exactNames(body) {
			return // encoding/json matches names without regard to case
		}
		if err := json.Unmarshal(body, &want); err != nil {
			if failed == nil {
				t.Fatalf("read %q, which encoding/json does not: %v", body, err)
			}
			return
		}
		if failed != nil {
			return
		}
		if !bytes.Equal(m.id, want.ID) {
			t.Fatalf("id %q, want %q of %q", m.id, want.ID, body)
		}
		var method string
		if err := json.Unmarshal(*want.Method, &method); err != nil || method != string(m.method) {
			t.Fatalf("method %q, want %q of %q", m.method, method, body)
		}
		var params map[string]json.RawMessage
		if want.Params != nil {
			if err := json.Unmarshal(want.Params, &params); err != nil {
				t.Fatalf("took params that are no object: %q", body)
			}
		}
		for name, got := range map[string][]byte{"name": m.params.name, "arguments": m.params.arguments, "cursor": m.params.cursor, "uri": m.params.uri} {
			span := []byte(params[name])
			if jsonscan.KindOf(span) == jsonscan.Null {
				span = nil
			}
			if !bytes.Equal(got, span) {
				t.Fatalf("%s is %q, want %q of %q", name, got, span, body)
			}
		}
		v, failed := m.revision(http.Header{}, rev20250326)
		if failed == nil && v.modern() {
			t.Fatalf("a request without headers was taken for one of %v: %q", v, body)
		}
		out := appendFailure(nil, m.id, &failure{code: 1, message: string(m.method)})
		if !json.Valid(out) {
			t.Fatalf("the answer is not JSON: %q", out)
		}
	})
}

// exactNames reports whether the members that matter are spelled as they are wanted, or not at all.
func exactNames(body []byte) bool {
	var all map[string]json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return true
	}
	for name := range all {
		for _, known := range []string{"id", "method", "params"} {
			if name != known && bytes.EqualFold([]byte(name), []byte(known)) {
				return false
			}
		}
	}
	return true
}

func FuzzHeaders(f *testing.F) {
	f.Add("tools/call", "=?base64?bGlzdA==?=", "2026-07-28", "application/json;q=0.5, text/event-stream")
	f.Add("", "=?base64??=", "x", ",;q=,")
	f.Fuzz(func(t *testing.T, method, name, version, accept string) {
		body := []byte(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`)
		var m message
		if f := m.parse(body); f != nil {
			t.Fatal(f)
		}
		_, failed := m.revision(http.Header{"Mcp-Method": {method}, "Mcp-Name": {name}, "Mcp-Protocol-Version": {version}}, rev20250326)
		decoded, unreadable := decodeHeader("Mcp-Name", name)
		if agrees := method == "tools/call" && version == "2026-07-28" && unreadable == nil && decoded == "list"; agrees != (failed == nil) {
			t.Fatalf("method %q, name %q, version %q: %v", method, name, version, failed)
		}
		if asJSON, asStream := acceptable([]string{accept}); !asJSON && !asStream {
			t.Fatalf("no answer is acceptable to %q", accept)
		}
	})
}
