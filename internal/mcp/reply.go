package mcp

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sluice/internal/jsonscan"
)

// Codes of JSON-RPC 2.0, section 5.1, and of MCP 2026-07-28, Overview, Error Codes. What an HTTP status already says (401, 403, 404 for a token that opens
// nothing) has that status as its code: MCP leaves the integers outside JSON-RPC's reserved range to applications.
const (
	codeParse               = -32700
	codeInvalidRequest      = -32600
	codeMethodNotFound      = -32601
	codeInvalidParams       = -32602
	codeInternal            = -32603
	codeHeaderMismatch      = -32020
	codeUnsupportedRevision = -32022
	codeResourceNotFound    = -32002 // legacy revisions only
)

// failure is a JSON-RPC error, with the HTTP status that it travels under.
type failure struct {
	code    int
	status  int // 0: 200
	message string
	data    []byte // JSON; nil: none

	challenge string // WWW-Authenticate, of a 403
}

func invalidRequest(message string) *failure {
	return &failure{code: codeInvalidRequest, status: http.StatusBadRequest, message: message}
}

func invalidParams(message string) *failure {
	return &failure{code: codeInvalidParams, message: message}
}

func methodNotFound(method []byte, v revision) *failure {
	f := &failure{code: codeMethodNotFound, message: fmt.Sprintf("Method not found: %s is not a method of this server in revision %v.", printable(method), v)}
	if v.modern() {
		f.status = http.StatusNotFound
	}
	return f
}

func internalWords(requestID string) string {
	return "Sluice could not answer; its operator finds out why in the log under " + requestID + "."
}

// printable keeps what somebody else wrote short, and on one line.
func printable(b []byte) string {
	const most = 100
	s := string(b)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}

// newRequestID names a request for the log and for the person who asks about it.
func newRequestID() string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	var id [4 + 2*len(random)]byte
	hex.Encode(id[copy(id[:], "req_"):], random[:])
	return string(id[:])
}

// appendFailure appends a whole error message. Without an id, as where none could be read, it has none (2026-07-28, Error Responses).
func appendFailure(dst, id []byte, f *failure) []byte {
	dst = append(dst, `{"jsonrpc":"2.0",`...)
	if id != nil {
		dst = append(append(append(dst, `"id":`...), id...), ',')
	}
	dst = strconv.AppendInt(append(dst, `"error":{"code":`...), int64(f.code), 10)
	dst = jsonscan.AppendQuote(append(dst, `,"message":`...), f.message)
	if f.data != nil {
		dst = append(append(dst, `,"data":`...), f.data...)
	}
	return append(dst, "}}"...)
}

// appendImplementation appends an Implementation object: who this server is.
func appendImplementation(dst []byte, title, version string) []byte {
	dst = append(dst, `{"name":"sluice"`...)
	if title != "" {
		dst = jsonscan.AppendQuote(append(dst, `,"title":`...), title)
	}
	dst = jsonscan.AppendQuote(append(dst, `,"version":`...), version)
	return append(dst, '}')
}

// Header values that are the same for each answer, so that none is made for each.
var (
	jsonType    = []string{"application/json"}
	eventType   = []string{"text/event-stream"}
	noStore     = []string{"no-store"}
	noTransform = []string{"no-cache, no-transform"}
	unbuffered  = []string{"no"}
	noSniff     = []string{"nosniff"}
)

// write sends one JSON document in one piece.
func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = noSniff
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that hung up is noticed by the request's context
}

// refuse answers a request that is no message yet, or that nobody may read: an error without an id, under the HTTP status that says the same.
func refuse(w http.ResponseWriter, status int, message string) {
	code := status
	switch status {
	case http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusMethodNotAllowed:
		code = codeInvalidRequest
	case http.StatusInternalServerError:
		code = codeInternal
	}
	write(w, status, appendFailure(nil, nil, &failure{code: code, message: message}))
}
