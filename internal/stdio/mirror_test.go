package stdio

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

const mirroredTools = `{"tools":[{"name":"plain","inputSchema":{"type":"object","properties":{"port":{"type":"string"}}}},
 {"name":"berths","inputSchema":{"type":"object","properties":{"port":{"type":"string","x-mcp-header":"Port"},"free":{"type":"boolean","x-mcp-header":"Free"},
  "length":{"type":"integer","x-mcp-header":"Length"},"of":{"type":"object","properties":{"fleet":{"type":"string","x-mcp-header":"Fleet"}}},
  "list":{"type":"array","items":{"type":"object","properties":{"x":{"type":"string","x-mcp-header":"X"}}}}}}}]}`

func TestArgumentsAreRepeatedInTheHeadersThatToolsName(t *testing.T) {
	var m Mirrors
	m.Learn([]byte(mirroredTools))
	for _, c := range []struct {
		name, tool, arguments string
		want                  map[string]string
	}{
		{"of each kind, and below an object", "berths", `{"port":"oslo","free":false,"length":42,"of":{"fleet":"north"},"list":[{"x":"y"}]}`,
			map[string]string{"Mcp-Param-Port": "oslo", "Mcp-Param-Free": "false", "Mcp-Param-Length": "42", "Mcp-Param-Fleet": "north"}},
		{"in base64 where it must be", "berths", `{"port":"T\u00f8nsberg"}`, map[string]string{"Mcp-Param-Port": "=?base64?VMO4bnNiZXJn?="}},
		{"not those that are null or absent", "berths", `{"port":null,"of":{}}`, nil},
		{"not those of another tool", "plain", `{"port":"oslo"}`, nil},
		{"not of what is no object", "berths", `"oslo"`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			m.Set(h, c.tool, []byte(c.arguments))
			if len(h) != len(c.want) {
				t.Errorf("set %v, want %v", h, c.want)
			}
			for name, want := range c.want {
				if got := h.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
	m.Learn([]byte(`{"tools":[{"name":"berths","inputSchema":{"type":"object"}}]}`))
	h := http.Header{}
	if m.Set(h, "berths", []byte(`{"port":"oslo"}`)); len(h) != 0 {
		t.Errorf("a tool that no longer names headers gets %v", h)
	}
}

func TestAsksForTheToolsOnceWhenACallLacksItsHeaders(t *testing.T) {
	var lists, calls atomic.Int32
	h := start(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m struct {
			ID     json.RawMessage
			Method string
			Params struct{ Cursor string }
		}
		_ = json.Unmarshal(body, &m)
		switch {
		case m.Method == "tools/list" && m.Params.Cursor == "":
			lists.Add(1)
			reply(w, `{"jsonrpc":"2.0","id":1,"result":{"tools":[],"nextCursor":"2"}}`)
		case m.Method == "tools/list":
			lists.Add(1)
			reply(w, `{"jsonrpc":"2.0","id":1,"result":`+mirroredTools+`}`)
		case r.Header.Get("Mcp-Param-Port") != "oslo":
			calls.Add(1)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":`+string(m.ID)+`,"error":{"code":-32020,"message":"Header mismatch"}}`)
		default:
			calls.Add(1)
			reply(w, `{"jsonrpc":"2.0","id":`+string(m.ID)+`,"result":{}}`)
		}
	}).URL)
	const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	h.send(request("1", "tools/call", `"name":"berths","arguments":{"port":"oslo"},`+meta))
	if got := h.next(); !strings.Contains(got, `"result"`) {
		t.Errorf("the first call is answered %s", got)
	}
	h.send(request("2", "tools/call", `"name":"berths","arguments":{"port":"oslo"},`+meta))
	if got := h.next(); !strings.Contains(got, `"result"`) {
		t.Errorf("the second call is answered %s", got)
	}
	if lists.Load() != 2 || calls.Load() != 3 {
		t.Errorf("%d pages of the list and %d calls, want 2 and 3: the second call knows its headers", lists.Load(), calls.Load())
	}
	h.send(request("3", "tools/call", `"name":"berths","arguments":{"port":"bergen"},`+meta))
	if code, _ := failed(t, h.next(), "3"); code != -32020 {
		t.Errorf("a refusal that stays is code %d", code)
	}
	if lists.Load() != 4 || calls.Load() != 5 {
		t.Errorf("%d pages and %d calls, want one more list and one more try", lists.Load(), calls.Load())
	}
}
