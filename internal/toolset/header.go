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
	Name     string // Mcp-Param-Pipeline-Uuid, as net/http spells it
	Argument string
	// Required says that a call without the header is refused: the definition asked for it. Where it was only derived, clients that never read tools/list
	// (official ones among them) are served without; what they do send has to agree all the same.
	Required bool
}

// mirror finds out which arguments are mirrored: those whose schema says so with x-mcp-header, and the ids of what owns the tool's resource, which is what
// traffic is divided by. Only texts, integers and booleans can be, and each header once.
func (t *Tool) mirror() {
	p := t.plan
	for _, derived := range []bool{false, true} {
		for i := range p.args {
			arg := &p.args[i]
			name := arg.header
			if derived && name == "" && !t.verbatim && isParent(t, arg) {
				name = headerWords(arg.property)
			}
			if name == "" || derived && arg.header != "" || arg.fixed != nil || arg.in.ours() || arg.secret || !isToken(name) || !isPrimitive(arg.shown) {
				continue
			}
			h := Header{Name: textproto.CanonicalMIMEHeaderKey("Mcp-Param-" + name), Argument: arg.name, Required: !derived}
			if slices.ContainsFunc(t.Headers, func(have Header) bool { return have.Name == h.Name }) {
				continue
			}
			t.Headers = append(t.Headers, h)
			t.headerWords = append(t.headerWords, name)
		}
	}
}

func isParent(t *Tool, arg *argument) bool {
	for _, name := range t.Resource.Parent {
		if name == arg.property {
			return true
		}
	}
	return false
}

// headerWords spells an argument's name as headers are spelled: pipeline_uuid is Pipeline-Uuid.
func headerWords(name string) string {
	return textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-"))
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
