package mcp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
	"sluice/internal/mcpserver"
)

// call is one request on its way to an answer.
type call struct {
	h      *Handler
	ctx    context.Context
	header http.Header
	identity
	unsaid revision

	message   message
	revision  revision
	challenge string // of a person's consent that does not reach this far
}

// How long a client may keep an answer, and for whom (2026-07-28, Caching). What a server offers depends on its token, so nobody else may be given it.
const (
	listCaching     = `,"ttlMs":60000,"cacheScope":"private"`
	discoverCaching = `,"ttlMs":300000,"cacheScope":"private"`
)

// answer appends the answer to a request, and returns it with its HTTP status.
func (c *call) answer(dst []byte) ([]byte, int) {
	start := len(dst)
	v, f := c.message.revision(c.header, c.unsaid)
	c.revision = v
	if f == nil {
		dst, f = c.dispatch(dst)
	}
	if f == nil {
		return dst, http.StatusOK
	}
	status := f.status
	if status == 0 {
		status = http.StatusOK
	}
	c.challenge = f.challenge
	return appendFailure(dst[:start], c.message.id, f), status
}

func (c *call) dispatch(dst []byte) ([]byte, *failure) {
	modern := c.revision.modern()
	switch string(c.message.method) {
	case "tools/call":
		return c.callTool(dst)
	case "tools/list":
		return c.listTools(dst)
	case "server/discover":
		if modern {
			return c.discover(dst)
		}
	case "initialize":
		if !modern {
			return c.initialize(dst)
		}
	case "ping":
		if !modern {
			return append(c.open(dst, nil), "}}"...), nil
		}
	case "prompts/list":
		return c.listPrompts(dst)
	case "resources/list":
		return c.listNone(dst, "resources")
	case "resources/templates/list":
		return c.listNone(dst, "resourceTemplates")
	case "prompts/get":
		return c.getPrompt(dst)
	case "resources/read":
		uri := text(c.message.params.uri)
		f := invalidParams(fmt.Sprintf("Unknown resource %s: this server has no resources.", printable([]byte(uri))))
		f.data = append(jsonscan.AppendQuote([]byte(`{"uri":`), uri), '}') // 2026-07-28, Resources, Error Handling
		if !modern {
			f.code = codeResourceNotFound
		}
		return dst, f
	}
	return dst, methodNotFound(c.message.method, c.revision)
}

// open appends the start of a result, up to where its own members go; "}}" ends it. meta is what the result has to say in _meta, as members.
func (c *call) open(dst, meta []byte) []byte {
	return c.openAs(dst, "complete", meta)
}

// openAs is open for a result of a type that is not the usual one.
func (c *call) openAs(dst []byte, resultType string, meta []byte) []byte {
	dst = append(append(append(dst, `{"jsonrpc":"2.0","id":`...), c.message.id...), `,"result":{`...)
	switch {
	case c.revision.modern():
		dst = append(append(append(append(dst, `"resultType":"`...), resultType...), `",`...), c.h.metaOpen...)
		if meta != nil {
			dst = append(append(dst, ','), meta...)
		}
		dst = append(dst, '}')
	case meta != nil:
		dst = append(append(append(dst, `"_meta":{`...), meta...), '}')
	}
	return dst
}

// member appends a comma unless the object has just begun: legacy results begin empty.
func member(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return dst
	}
	return append(dst, ',')
}

func (c *call) initialize(dst []byte) ([]byte, *failure) {
	caller, f := c.openTools()
	if f != nil {
		return dst, f
	}
	dst = append(member(c.open(dst, nil)), `"protocolVersion":"`...)
	dst = append(append(dst, c.revision.String()...), `",`...)
	dst = append(c.appendCapabilities(dst, caller), `,"serverInfo":`...)
	dst = append(dst, c.h.infoFor(c.server)...)
	return append(c.appendInstructions(dst, caller), "}}"...), nil
}

func (c *call) discover(dst []byte) ([]byte, *failure) {
	caller, f := c.openTools()
	if f != nil {
		return dst, f
	}
	dst = c.appendCapabilities(append(c.open(dst, nil), `,"supportedVersions":`+supportedRevisions+`,`...), caller)
	dst = c.appendInstructions(dst, caller)
	return append(dst, discoverCaching+"}}"...), nil
}

// infoFor is serverInfo with the name that people gave the server.
func (h *Handler) infoFor(server *mcpserver.Server) []byte {
	if server.Name == "" {
		return []byte(h.serverInfo)
	}
	info := []byte(h.serverInfo[:len(h.serverInfo)-1])
	return append(jsonscan.AppendQuote(append(info, `,"title":`...), server.Name), '}')
}

// appendInstructions says once what holds for all tools, so that no tool's description has to.
func (c *call) appendInstructions(dst []byte, caller *gateway.Caller) []byte {
	definition := caller.Tools.Definition
	label := definition.Label
	if label == "" {
		label = definition.Name
	}
	words := "Tools of one " + label + " account. A list tool answers one page, which is not the whole list: where next_cursor is not null, call it again with the same arguments and that next_cursor unchanged." +
		" Where only some members of its items matter, name them in fields: long answers cost." +
		" Take ids from answers, never guess them. An error says what was wrong and what to do next; a call whose outcome is unknown may have been done: look before you repeat it."
	if definition.Instructions != "" {
		words += "\n" + definition.Instructions
	}
	if fixed := slices.Sorted(maps.Keys(caller.Tools.Options.Bind)); len(fixed) > 0 {
		words += "\nThis server is fixed to one " + strings.Join(fixed, " and one ") + ": no tool takes it, and nothing else can be reached."
	}
	return jsonscan.AppendQuote(append(dst, `,"instructions":`...), words)
}

func (c *call) listTools(dst []byte) ([]byte, *failure) {
	caller, f := c.openTools()
	if f != nil {
		return dst, f
	}
	if dst, f = c.appendTools(member(c.open(dst, nil)), caller.Tools); f != nil {
		return dst, f
	}
	return c.closeList(dst), nil
}

// listNone answers a list of something that this server has none of. Clients ask without looking at the capabilities.
func (c *call) listNone(dst []byte, what string) ([]byte, *failure) {
	if f := c.noCursor(); f != nil {
		return dst, f
	}
	dst = append(append(append(member(c.open(dst, nil)), '"'), what...), `":[]`...)
	return c.closeList(dst), nil
}

func (c *call) closeList(dst []byte) []byte {
	if c.revision.modern() {
		dst = append(dst, listCaching...)
	}
	return append(dst, "}}"...)
}

// noCursor: each list is one page, so no cursor was ever given out. Empty, it means the first page.
func (c *call) noCursor() *failure {
	if cursor := c.message.params.cursor; cursor != nil && string(cursor) != `""` {
		return invalidParams("Unknown cursor: this list is one page; ask for it without a cursor.")
	}
	return nil
}

// openFor finds the tools that somebody may see.
func (h *Handler) openFor(ctx context.Context, who *identity) (*gateway.Caller, error) {
	if who.reading() {
		return h.gateway.OpenReading(ctx, who.server)
	}
	return h.gateway.Open(ctx, who.server)
}

// openTools finds the tools behind the server.
func (c *call) openTools() (*gateway.Caller, *failure) {
	opened, err := c.h.openFor(c.ctx, &c.identity)
	if err != nil {
		return nil, c.internal("open the tools", "", err)
	}
	return opened, nil
}

// internal logs what is our fault, and tells the client where it is written.
func (c *call) internal(doing, tool string, err error) *failure {
	id := newRequestID()
	if c.ctx.Err() == nil || !errors.Is(err, context.Cause(c.ctx)) { // nobody waits for the answer to a request that was given up
		c.h.log.ErrorContext(c.ctx, "mcp: could not "+doing, "request_id", id, "mcp_server", c.server.ID, "tool", tool, "error", err)
	}
	return &failure{code: codeInternal, message: internalWords(id)}
}
