package toolset

import (
	"net/textproto"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
)

// headerKeyword names the header that mirrors a parameter, in a documented schema as in the one that clients are shown.
const headerKeyword = "x-mcp-header"

// Header is an argument that clients repeat in a header of the request, so that a proxy can route by it without reading bodies (MCP 2026-07-28,
// Streamable HTTP, Custom Headers from Tool Parameters).
type Header struct {
	Name     string // Mcp-Param-Region, as net/http spells it
	Argument string
}

// mirror finds out which arguments are mirrored: those whose schema says so with x-mcp-header. None is by itself, since a call without the header has to be refused, and a
// client that has not read tools/list does not know of it. Only texts, integers and booleans can be, and each header once.
func (t *Tool) mirror() {
	p := t.plan
	for i := range p.args {
		arg := &p.args[i]
		if arg.fixed != nil || arg.in.ours() || arg.secret || !isToken(arg.header) || !isPrimitive(arg.shown) {
			continue
		}
		h := Header{Name: textproto.CanonicalMIMEHeaderKey("Mcp-Param-" + arg.header), Argument: arg.name}
		if slices.ContainsFunc(t.Headers, func(have Header) bool { return have.Name == h.Name }) {
			continue
		}
		t.Headers = append(t.Headers, h)
		t.headerWords = append(t.headerWords, arg.header)
	}
}

// isToken reports whether a name can be a header's (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	for i := range len(name) {
		if c := name[i]; !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return name != ""
}

func isPrimitive(shown []byte) bool {
	switch text(jsonscan.Member(shown, "type")) {
	case "string", "integer", "boolean":
		return true
	}
	return false
}

// headerSchema is the tool's input schema with what is mirrored said in it.
func (t *Tool) headerSchema() []byte {
	if len(t.Headers) == 0 || t.verbatim { // what is verbatim says it already
		return t.InputSchema
	}
	return t.plan.inputSchemaWith(func(arg *argument, shown []byte) []byte {
		for i, h := range t.Headers {
			if h.Argument == arg.name {
				w := object{dst: slices.Clone(shown[:len(shown)-1])}
				w.text(headerKeyword, t.headerWords[i])
				return append(w.dst, '}')
			}
		}
		return shown
	})
}
