package mcp

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"sluice/internal/jsonscan"
)

// revision is a revision of the protocol. Later ones are greater.
type revision int

const (
	rev20241105 revision = iota
	rev20250326          // Streamable HTTP; the only one with batches
	rev20250618          // structuredContent, the MCP-Protocol-Version header
	rev20251125
	rev20260728 // no handshake: each request says all about itself
)

var revisionNames = [...]string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

const (
	newestLegacy       = rev20251125
	supportedRevisions = `["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]`
)

func (v revision) String() string { return revisionNames[v] }

// modern reports whether requests carry their metadata themselves. The earlier revisions, which shake hands first, are called legacy.
func (v revision) modern() bool { return v >= rev20260728 }

func (v revision) structured() bool { return v >= rev20250618 }

// links reports whether a result can hold a link to a resource.
func (v revision) links() bool { return v >= rev20250618 }

func revisionNamed(name string) (revision, bool) {
	for v, n := range revisionNames {
		if n == name {
			return revision(v), true
		}
	}
	return 0, false
}

// revision tells which revision a request speaks, from its _meta, its headers and, for initialize, what it asks for; and whether headers and body
// agree as that revision wants it (2026-07-28, Streamable HTTP, Request Metadata; Versioning, Backward Compatibility). unsaid is assumed
// where nothing tells.
func (m *message) revision(h http.Header, unsaid revision) (revision, *failure) {
	header, given, f := single(h, "Mcp-Protocol-Version")
	if f != nil {
		return unsaid, f
	}
	meta := &m.params.meta
	if meta.protocolVersion != nil {
		return m.selfDescribed(h, header, given)
	}
	switch string(m.method) {
	case "initialize":
		// The handshake selects a legacy revision, whatever a client has already written into its header.
		if v, ok := revisionNamed(text(m.params.protocolVersion)); ok && !v.modern() {
			return v, nil
		}
		return newestLegacy, nil
	case "server/discover", "subscriptions/listen":
		return rev20260728, missingMeta(metaProtocolVersion)
	}
	if !given {
		return unsaid, nil
	}
	v, ok := revisionNamed(header)
	switch {
	case !ok:
		return unsaid, unsupportedRevision(header)
	case v.modern():
		return v, missingMeta(metaProtocolVersion)
	default:
		return v, nil
	}
}

// selfDescribed is revision for a request that names its revision in _meta.
func (m *message) selfDescribed(h http.Header, header string, given bool) (revision, *failure) {
	meta := &m.params.meta
	if jsonscan.KindOf(meta.protocolVersion) != jsonscan.String {
		return rev20260728, missingMeta(metaProtocolVersion)
	}
	said, _ := jsonscan.Unquote(meta.protocolVersion)
	v, known := rev20260728, string(said) == "2026-07-28"
	if !known {
		v, known = revisionNamed(string(said))
	}
	switch {
	case given && header != string(said):
		return rev20260728, mismatch("MCP-Protocol-Version", header, string(said))
	case !known:
		return rev20260728, unsupportedRevision(string(said))
	case !v.modern():
		return v, nil
	case !given:
		return v, missingHeader("MCP-Protocol-Version")
	case jsonscan.KindOf(meta.capabilities) != jsonscan.Object:
		return v, missingMeta(metaCapabilities)
	}
	return v, m.checkHeaders(h)
}

// checkHeaders compares the headers that mirror the body with it, so that a proxy that routes by them and this server never see two different requests.
func (m *message) checkHeaders(h http.Header) *failure {
	method, given, f := single(h, "Mcp-Method")
	switch {
	case f != nil:
		return f
	case !given:
		return missingHeader("Mcp-Method")
	case method != string(m.method):
		return mismatch("Mcp-Method", method, string(m.method))
	}
	var source []byte
	switch string(m.method) {
	case "tools/call", "prompts/get":
		source = m.params.name
	case "resources/read":
		source = m.params.uri
	}
	if jsonscan.KindOf(source) != jsonscan.String {
		return nil // none is due, or the method itself says what is missing
	}
	name, given, f := single(h, "Mcp-Name")
	switch {
	case f != nil:
		return f
	case !given:
		return missingHeader("Mcp-Name")
	}
	decoded, f := decodeHeader("Mcp-Name", name)
	if f != nil {
		return f
	}
	if want, _ := jsonscan.Unquote(source); decoded != string(want) {
		return mismatch("Mcp-Name", decoded, string(want))
	}
	return nil
}

// single returns the value of a header that may stand once. net/http has cut the white space around it.
func single(h http.Header, name string) (value string, given bool, f *failure) {
	switch values := h[name]; len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	default:
		return "", false, &failure{code: codeHeaderMismatch, status: 400, message: fmt.Sprintf("Header mismatch: the %s header stands %d times.", name, len(values))}
	}
}

// decodeHeader undoes the sentinel form of values that a header cannot carry as they are (2026-07-28, Value Encoding).
func decodeHeader(name, value string) (string, *failure) {
	if strings.ContainsFunc(value, func(r rune) bool { return r > '~' }) {
		return "", headerMismatch(fmt.Sprintf("the %s header %q holds more than ASCII: send the value's UTF-8 in base64, between =?base64? and ?=.", name, value))
	}
	encoded, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return value, nil
	}
	if encoded, ok = strings.CutSuffix(encoded, "?="); !ok {
		return value, nil
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return "", headerMismatch(fmt.Sprintf("the %s header %q is not base64 between =?base64? and ?=.", name, value))
	}
	return string(decoded), nil
}

func headerMismatch(words string) *failure {
	return &failure{code: codeHeaderMismatch, status: 400, message: "Header mismatch: " + words}
}

func missingHeader(name string) *failure {
	return &failure{code: codeHeaderMismatch, status: 400, message: fmt.Sprintf("Header mismatch: the %s header is missing; this revision wants it on every such request.", name)}
}

func mismatch(name, header, body string) *failure {
	return &failure{code: codeHeaderMismatch, status: 400, message: fmt.Sprintf("Header mismatch: the %s header says %q, the body %q.", name, header, body)}
}

func missingMeta(key string) *failure {
	return &failure{code: codeInvalidParams, status: 400, message: fmt.Sprintf("params._meta lacks %q; each request of revision 2026-07-28 carries %s (a text) and %s (an object).", key, metaProtocolVersion, metaCapabilities)}
}

func unsupportedRevision(requested string) *failure {
	data := append([]byte(`{"supported":`+supportedRevisions+`,"requested":`), jsonscan.AppendQuote(nil, requested)...)
	return &failure{code: codeUnsupportedRevision, status: 400, message: fmt.Sprintf("Unsupported protocol version %q.", requested), data: append(data, '}')}
}
