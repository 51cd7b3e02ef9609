package mcp

import (
	"errors"
	"fmt"

	"sluice/internal/jsonscan"
)

// message is one JSON-RPC message, taken apart. Its parts are spans of the body they were cut from.
type message struct {
	id       []byte // as it is spelled: a string or a number; nil for a notification
	method   []byte // what it says, without quotes
	response bool   // it answers a request of ours, which never made one
	params   params
}

// params is what any of the methods here reads from params. Nil: absent, or null.
type params struct {
	name            []byte // tools/call, prompts/get
	uri             []byte // resources/read
	arguments       []byte // tools/call
	cursor          []byte // tools/list and the other lists
	protocolVersion []byte // initialize
	clientInfo      []byte // initialize
	notifications   []byte // subscriptions/listen
	requestID       []byte // notifications/cancelled
	inputResponses  []byte // tools/call, once more: what the person answered
	requestState    []byte // tools/call, once more: what came with the question
	meta            meta
}

// meta is what is read from params._meta.
type meta struct {
	present         bool
	protocolVersion []byte
	capabilities    []byte
	clientInfo      []byte
	traceparent     []byte
	tracestate      []byte
	baggage         []byte
	progressToken   []byte
}

// Keys of _meta (2026-07-28, Overview, _meta).
const (
	metaProtocolVersion = "io.modelcontextprotocol/protocolVersion"
	metaCapabilities    = "io.modelcontextprotocol/clientCapabilities"
	metaClientInfo      = "io.modelcontextprotocol/clientInfo"
	metaServerInfo      = "io.modelcontextprotocol/serverInfo"
	metaSubscriptionID  = "io.modelcontextprotocol/subscriptionId"
)

// checkBody reports whether a body is JSON that can be taken at its word. What is JSON, but not to be taken so, is an invalid request, not unreadable.
func checkBody(body []byte) *failure {
	err := jsonscan.Check(body, jsonscan.Strict)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsonscan.ErrDuplicateName), errors.Is(err, jsonscan.ErrUTF8), errors.Is(err, jsonscan.ErrDepth):
		return invalidRequest(fmt.Sprintf("The body cannot be read safely: %v.", err))
	default:
		return unreadable(err)
	}
}

func unreadable(err error) *failure {
	return &failure{code: codeParse, status: 400, message: fmt.Sprintf("The body cannot be read as JSON in UTF-8: %v.", err)}
}

// read checks a body and takes the message in it apart. On failure the id is set if there is one that can be told, and be given back.
func (m *message) read(body []byte) *failure {
	f := checkBody(body)
	if f == nil {
		return m.parse(body)
	}
	if f.code != codeInvalidRequest || m.parse(body) != nil || m.id != nil && !jsonscan.Valid(m.id, jsonscan.Strict) {
		m.id = nil
	}
	return f
}

// parse takes apart one message of a body that checkBody let pass. On failure the id is set if there is one.
func (m *message) parse(doc []byte) *failure {
	*m = message{}
	if kind := jsonscan.KindOf(doc); kind != jsonscan.Object {
		return invalidRequest(fmt.Sprintf("A message is a JSON object, not %v.", kind))
	}
	var version, method, paramsSpan []byte
	hasID, badID := false, false
	it := jsonscan.Members(doc)
	for it.Next() {
		value := it.Value()
		switch name := it.Name(); {
		case jsonscan.NameIs(name, "jsonrpc"):
			version = value
		case jsonscan.NameIs(name, "id"):
			kind := jsonscan.KindOf(value)
			badID = hasID || kind != jsonscan.String && kind != jsonscan.Number
			hasID, m.id = true, value
		case jsonscan.NameIs(name, "method"):
			method = value
		case jsonscan.NameIs(name, "params"):
			paramsSpan = value
		case jsonscan.NameIs(name, "result"), jsonscan.NameIs(name, "error"):
			m.response = true
		}
	}
	if err := it.Err(); err != nil {
		return unreadable(err)
	}
	switch {
	case badID:
		m.id = nil
		return invalidRequest("The id of a request is a string or a number, and never null.")
	case !jsonscan.NameIs(version, "2.0"):
		return invalidRequest(`A message says "jsonrpc":"2.0".`)
	case m.response && method == nil:
		return invalidRequest("This server asked nothing, so there is nothing to answer.")
	case method == nil:
		return invalidRequest("A message names a method.")
	case jsonscan.KindOf(method) != jsonscan.String:
		return invalidRequest(fmt.Sprintf("The method is a text, not %v.", jsonscan.KindOf(method)))
	}
	m.response = false
	m.method, _ = jsonscan.Unquote(method)
	if !hasID && !m.isNotification() {
		return invalidRequest(fmt.Sprintf("A request of %s has an id; without one there is nothing to answer to.", m.method))
	}
	return m.params.parse(paramsSpan)
}

func (m *message) isNotification() bool {
	const prefix = "notifications/"
	return m.id == nil && len(m.method) >= len(prefix) && string(m.method[:len(prefix)]) == prefix
}

func (p *params) parse(span []byte) *failure {
	switch kind := jsonscan.KindOf(span); kind {
	case jsonscan.Invalid, jsonscan.Null: // absent
		return nil
	case jsonscan.Object:
	default:
		return invalidParams(fmt.Sprintf("params is an object, not %v.", kind))
	}
	it := jsonscan.Members(span)
	for it.Next() {
		value := it.Value()
		if jsonscan.KindOf(value) == jsonscan.Null {
			continue
		}
		switch name := it.Name(); {
		case jsonscan.NameIs(name, "name"):
			p.name = value
		case jsonscan.NameIs(name, "arguments"):
			p.arguments = value
		case jsonscan.NameIs(name, "_meta"):
			if f := p.meta.parse(value); f != nil {
				return f
			}
		case jsonscan.NameIs(name, "uri"):
			p.uri = value
		case jsonscan.NameIs(name, "cursor"):
			p.cursor = value
		case jsonscan.NameIs(name, "protocolVersion"):
			p.protocolVersion = value
		case jsonscan.NameIs(name, "clientInfo"):
			p.clientInfo = value
		case jsonscan.NameIs(name, "notifications"):
			p.notifications = value
		case jsonscan.NameIs(name, "requestId"):
			p.requestID = value
		case jsonscan.NameIs(name, "inputResponses"):
			p.inputResponses = value
		case jsonscan.NameIs(name, "requestState"):
			p.requestState = value
		}
	}
	return nil
}

func (m *meta) parse(span []byte) *failure {
	if kind := jsonscan.KindOf(span); kind != jsonscan.Object {
		return invalidParams(fmt.Sprintf("params._meta is an object, not %v.", kind))
	}
	m.present = true
	it := jsonscan.Members(span)
	for it.Next() {
		value := it.Value()
		switch name := it.Name(); {
		case jsonscan.NameIs(name, metaProtocolVersion):
			m.protocolVersion = value
		case jsonscan.NameIs(name, metaCapabilities):
			m.capabilities = value
		case jsonscan.NameIs(name, metaClientInfo):
			m.clientInfo = value
		case jsonscan.NameIs(name, "traceparent"):
			m.traceparent = value
		case jsonscan.NameIs(name, "tracestate"):
			m.tracestate = value
		case jsonscan.NameIs(name, "baggage"):
			m.baggage = value
		case jsonscan.NameIs(name, "progressToken"):
			m.progressToken = value
		}
	}
	return nil
}

// text is what a JSON string says, "" if the span is none.
func text(span []byte) string {
	if jsonscan.KindOf(span) != jsonscan.String {
		return ""
	}
	content, err := jsonscan.Unquote(span)
	if err != nil {
		return ""
	}
	return string(content)
}
