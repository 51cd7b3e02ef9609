package e2e

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// The revisions that raw messages are sent in: one with a handshake, one without.
const (
	legacy = "2025-11-25"
	modern = "2026-07-28"
)

// rpc sends one request of the protocol as a client of that revision would. params is JSON, or "".
func rpc(t *testing.T, url, revision, method, params string, headers ...string) *response {
	t.Helper()
	body, own := request(t, revision, method, params)
	return send(t, "POST", url, body, append(own, headers...)...)
}

// request is a message and the headers that go with it.
func request(t *testing.T, revision, method, params string) (body string, headers []string) {
	t.Helper()
	headers = []string{"Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", revision}
	if revision == modern {
		headers = append(headers, "Mcp-Method", method)
		if name := member(params, "name"); name != "" {
			headers = append(headers, "Mcp-Name", name)
		}
		for argument, header := range map[string]string{"pipeline_uuid": "Mcp-Param-Pipeline-Uuid", "database_uuid": "Mcp-Param-Database-Uuid"} {
			if value := member(memberJSON(params, "arguments"), argument); value != "" {
				headers = append(headers, header, value)
			}
		}
		const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"raw","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}}`
		switch {
		case params == "" || params == "{}":
			params = "{" + meta + "}"
		default:
			params = "{" + meta + "," + params[1:]
		}
	}
	if params != "" {
		params = `,"params":` + params
	}
	return `{"jsonrpc":"2.0","id":1,"method":"` + method + `"` + params + `}`, headers
}

// member is a text in a JSON object, "" if there is none.
func member(object, name string) string {
	var members map[string]json.RawMessage
	var text string
	if json.Unmarshal([]byte(object), &members) == nil {
		_ = json.Unmarshal(members[name], &text)
	}
	return text
}

// memberJSON is a member of a JSON object as it is written, "" if there is none.
func memberJSON(object, name string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(object), &members) != nil {
		return ""
	}
	return string(members[name])
}

// reply is a JSON-RPC answer.
type reply struct {
	ID     json.RawMessage `json:"id"`
	Result *struct {
		answer
		Tools []tool `json:"tools"`
	} `json:"result"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// reply reads the answer, which is JSON or an event stream with one message.
func (r *response) reply(t *testing.T) reply {
	t.Helper()
	body := r.body
	if strings.HasPrefix(r.header.Get("Content-Type"), "text/event-stream") {
		_, body, _ = bytes.Cut(body, []byte("data: "))
		body, _, _ = bytes.Cut(body, []byte("\n"))
	}
	var got reply
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%s: answered with %d and no JSON-RPC (%v): %s", r.request, r.status, err, r.body)
	}
	return got
}
