package stdio

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"sluice/internal/jsonscan"
)

const (
	listenMethod       = "subscriptions/listen"
	metaProtocol       = "io.modelcontextprotocol/protocolVersion"
	metaSubscriptionID = "io.modelcontextprotocol/subscriptionId"
)

// message is a line from the host, as far as the bridge has to understand it.
type message struct {
	body      []byte
	id        string // as it is spelled; "" for what wants no answer
	method    string // "" for an answer, or what is no message at all: the server says what is wrong with it
	name      string // what Mcp-Name mirrors
	named     bool
	revision  string // what _meta says
	arguments []byte // tools/call: what some headers mirror
	meta      []byte
	relearned bool   // the tools were asked for because the headers of this call did not agree with it
	cancels   string // notifications/cancelled: the id of the request, as it is spelled
}

// parse reads a line; nil if it is blank.
func parse(line []byte) *message {
	body := bytes.TrimSpace(line)
	if len(body) == 0 {
		return nil
	}
	m := &message{body: body}
	var params []byte
	it := jsonscan.Members(body)
	for it.Next() {
		switch value := it.Value(); {
		case jsonscan.NameIs(it.Name(), "id"):
			if kind := jsonscan.KindOf(value); kind == jsonscan.String || kind == jsonscan.Number {
				m.id = string(value)
			}
		case jsonscan.NameIs(it.Name(), "method"):
			m.method, _ = text(value)
		case jsonscan.NameIs(it.Name(), "params"):
			params = value
		}
	}
	if m.method == "" {
		m.id = "" // an answer of the host's to a question of the server's
		if jsonscan.KindOf(body) != jsonscan.Object || !jsonscan.Valid(body, jsonscan.Lenient) {
			m.id = "null"
		}
		return m
	}
	it = jsonscan.Members(params)
	for it.Next() {
		switch value := it.Value(); {
		case jsonscan.NameIs(it.Name(), "name") && (m.method == "tools/call" || m.method == "prompts/get"),
			jsonscan.NameIs(it.Name(), "uri") && m.method == "resources/read":
			m.name, m.named = text(value)
		case jsonscan.NameIs(it.Name(), "arguments"):
			m.arguments = value
		case jsonscan.NameIs(it.Name(), "requestId"):
			m.cancels = string(value)
		case jsonscan.NameIs(it.Name(), "_meta"):
			m.meta = value
			meta := jsonscan.Members(value)
			for meta.Next() {
				if jsonscan.NameIs(meta.Name(), metaProtocol) {
					m.revision, _ = text(meta.Value())
				}
			}
		}
	}
	return m
}

// headers sets the headers that mirror a message (2026-07-28, Streamable HTTP, Request Metadata). agreed is the revision of an earlier handshake.
func (m *message) headers(h http.Header, agreed string) {
	h.Set("Content-Type", "application/json")
	h.Set("Accept", "application/json, text/event-stream")
	if m.revision == "" {
		if agreed != "" && m.method != "initialize" {
			h.Set("MCP-Protocol-Version", agreed)
		}
		return
	}
	h.Set("MCP-Protocol-Version", m.revision)
	h.Set("Mcp-Method", encodeHeader(m.method))
	if m.named {
		h.Set("Mcp-Name", encodeHeader(m.name))
	}
}

// encodeHeader puts what a header cannot carry as it is into the sentinel form (2026-07-28, Value Encoding).
func encodeHeader(value string) string {
	plain := value != "" && strings.TrimSpace(value) == value && !strings.HasPrefix(value, "=?base64?")
	for i := 0; plain && i < len(value); i++ {
		plain = ' ' <= value[i] && value[i] <= '~' || value[i] == '\t'
	}
	if plain {
		return value
	}
	return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(value)) + "?="
}

func text(span []byte) (string, bool) {
	if jsonscan.KindOf(span) != jsonscan.String {
		return "", false
	}
	content, err := jsonscan.Unquote(span)
	return string(content), err == nil
}

// failure is an error answer to a request. Its codes are HTTP's, which no server of the protocol uses: the bridge speaks for itself there.
func failure(id string, code int, words string) []byte {
	b := append([]byte(`{"jsonrpc":"2.0","id":`), id...)
	b = strconv.AppendInt(append(b, `,"error":{"code":`...), int64(code), 10)
	return append(jsonscan.AppendQuote(append(b, `,"message":`...), words), "}}"...)
}
