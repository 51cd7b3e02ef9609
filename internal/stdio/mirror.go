package stdio

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"

	"sluice/internal/jsonscan"
)

// Mirrors knows which arguments of which tools are repeated in headers, as tools/list says by x-mcp-header (2026-07-28, Streamable HTTP, Custom Headers
// from Tool Parameters). The zero value knows none.
type Mirrors struct {
	mu    sync.Mutex
	tools map[string][]mirror
}

type mirror struct {
	header string
	path   []string // names of members, from the arguments down
}

// mostNested is how deep in a schema annotations are looked for.
const mostNested = 8

// Learn reads the result of a tools/list.
func (m *Mirrors) Learn(result []byte) {
	tools, ok := jsonscan.Find(result, "tools")
	if !ok || jsonscan.KindOf(tools) != jsonscan.Array {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tools == nil {
		m.tools = map[string][]mirror{}
	}
	for it := jsonscan.Elements(tools); it.Next(); {
		name, named := text(jsonscan.Member(it.Value(), "name"))
		if !named {
			continue
		}
		if found := annotated(nil, jsonscan.Member(it.Value(), "inputSchema"), nil); found != nil {
			m.tools[name] = found
		} else {
			delete(m.tools, name)
		}
	}
}

// annotated gathers the annotations that are reached through properties alone, which are all that count.
func annotated(found []mirror, schema []byte, path []string) []mirror {
	properties := jsonscan.Member(schema, "properties")
	if jsonscan.KindOf(properties) != jsonscan.Object || len(path) == mostNested {
		return found
	}
	for it := jsonscan.Members(properties); it.Next(); {
		name, err := jsonscan.Unquote(it.Name())
		if err != nil {
			continue
		}
		below := append(path[:len(path):len(path)], string(name))
		if header, ok := text(jsonscan.Member(it.Value(), "x-mcp-header")); ok && header != "" {
			found = append(found, mirror{"Mcp-Param-" + header, below})
		}
		found = annotated(found, it.Value(), below)
	}
	return found
}

// Set sets the headers that mirror the arguments of a call.
func (m *Mirrors) Set(h http.Header, tool string, arguments []byte) {
	m.mu.Lock()
	mirrors := m.tools[tool]
	m.mu.Unlock()
	for _, mirror := range mirrors {
		value := arguments
		for _, name := range mirror.path {
			value = jsonscan.Member(value, name)
		}
		switch jsonscan.KindOf(value) {
		case jsonscan.String:
			if content, ok := text(value); ok {
				h.Set(mirror.header, encodeHeader(content))
			}
		case jsonscan.Number, jsonscan.True, jsonscan.False:
			h.Set(mirror.header, string(value))
		}
	}
}

const (
	codeHeaderMismatch = -32020
	mostPages          = 100 // of a list of tools
)

// relearn asks for the tools, once a call, if a call was refused because its headers do not mirror it: the host may never have asked for them, or they have
// changed. It reports whether the call is worth repeating; it was refused before anything was done.
func (b *bridge) relearn(ctx context.Context, m *message, answer []byte) bool {
	if m.method != "tools/call" || m.revision == "" || m.relearned {
		return false
	}
	code, ok := jsonscan.Find(answer, "error.code")
	if n, whole := jsonscan.Int(code); !ok || !whole || n != codeHeaderMismatch {
		return false
	}
	m.relearned = true
	cursor := ""
	for range mostPages {
		params := append([]byte(`{"_meta":`), m.meta...)
		if cursor != "" {
			params = jsonscan.AppendQuote(append(params, `,"cursor":`...), cursor)
		}
		list := &message{id: "1", method: "tools/list", revision: m.revision, body: append(append([]byte(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":`), params...), "}}"...)}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url.String(), bytes.NewReader(list.body))
		if err != nil {
			return false
		}
		b.prepare(request)
		list.headers(request.Header, "")
		request.Header.Set("Accept", "application/json")
		response, err := b.client.Do(request)
		if err != nil {
			return false
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		result, ok := jsonscan.Find(body, "result")
		if err != nil || !ok {
			return false
		}
		b.mirrors.Learn(result)
		if cursor, ok = text(jsonscan.Member(result, "nextCursor")); !ok || cursor == "" {
			return true
		}
	}
	return true
}
