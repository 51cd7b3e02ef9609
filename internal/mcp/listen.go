package mcp

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"sluice/internal/jsonscan"
	"sluice/internal/mcpserver"
)

// get opens one of the streams that begin with a GET, or says that this is no page to look at.
func (h *Handler) get(w http.ResponseWriter, r *http.Request, token string) {
	server, _, refusal := h.identify(r.Context(), token, r.Header)
	if refusal != nil {
		refusal.write(w)
		return
	}
	_, asStream := acceptable(r.Header["Accept"])
	version, versioned, _ := single(r.Header, "Mcp-Protocol-Version")
	v, known := revisionNamed(version)
	switch {
	case !asStream:
		h.noStream(w, "This is an MCP endpoint: paste its URL into an MCP client, which sends JSON-RPC messages by POST.")
	case !versioned && r.Header.Get("Mcp-Session-Id") == "":
		h.sse(w, r, server, token)
	case h.changes == nil:
		h.noStream(w, "This server sends no messages of its own accord, so there is no stream to open: send JSON-RPC messages by POST.")
	case versioned && (!known || v.modern()):
		h.noStream(w, "This revision has no stream by GET: send subscriptions/listen by POST.")
	default:
		e := newEvents(w)
		h.stream(r.Context(), e, &stream{token: token, server: server, header: r.Header, changed: []byte(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`), open: e.start})
	}
}

func (h *Handler) noStream(w http.ResponseWriter, words string) {
	w.Header().Set("Allow", "POST, OPTIONS")
	refuse(w, http.StatusMethodNotAllowed, words)
}

// listen answers subscriptions/listen (2026-07-28, Subscriptions): a stream that acknowledges what it will tell, tells it, and ends with the result.
func (h *Handler) listen(w http.ResponseWriter, c *call, s *scratch, token string) {
	v, f := c.message.revision(c.header, c.unsaid)
	filter := c.message.params.notifications
	switch {
	case f != nil:
	case !v.modern() || h.changes == nil:
		f = methodNotFound(c.message.method, v)
	case jsonscan.KindOf(filter) != jsonscan.Object:
		f = invalidParams(`subscriptions/listen wants params.notifications, an object that says what to tell: {"toolsListChanged":true}.`)
	}
	if f != nil {
		h.fail(w, s, c.message.id, f)
		return
	}
	// The stream outlives the buffers of its request, so it takes what it needs along.
	id := bytes.Clone(c.message.id)
	subscription := append(append([]byte(`"_meta":{"`+metaSubscriptionID+`":`), id...), '}')
	st := &stream{token: token, server: c.server, header: c.header}
	honored := ""
	if wanted, ok := jsonscan.Find(filter, "toolsListChanged"); ok && jsonscan.KindOf(wanted) == jsonscan.True {
		honored = `"toolsListChanged":true`
		st.changed = append(append([]byte(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{`), subscription...), "}}"...)
	}
	ack := append([]byte(`{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{`), subscription...)
	ack = append(append(append(ack, `,"notifications":{`...), honored...), "}}}"...)
	st.bye = append(append([]byte(`{"jsonrpc":"2.0","id":`), id...), `,"result":{"resultType":"complete",`...)
	st.bye = append(append(st.bye, subscription...), "}}"...)

	e := newEvents(w)
	st.open = func() error {
		if err := e.start(); err != nil {
			return err
		}
		return e.send("message", ack)
	}
	h.stream(c.ctx, e, st)
}

// stream is a stream that tells of changes until somebody ends it.
type stream struct {
	token   string
	server  *mcpserver.Server
	header  http.Header   // with the API token, if the server wants one
	changed []byte        // the message that tells of a changed list of tools; nil: do not tell
	bye     []byte        // the message that ends it; nil: none
	inbox   <-chan []byte // messages of others; nil: none
	open    func() error  // sends the headers and the first event
}

// settling is how long a stream waits after a change before it looks what became of the list.
const settling = 50 * time.Millisecond

// stream serves a stream. It returns when the client is gone or stalls, when the server behind the token or the right to it has ended, or on Close.
func (h *Handler) stream(ctx context.Context, e *events, s *stream) {
	if !h.enter() {
		refuse(e.w, http.StatusServiceUnavailable, "Sluice is shutting down: connect again in a few seconds.")
		return
	}
	defer h.streams.Done()
	var changes <-chan struct{}
	key := ""
	if h.changes != nil && s.changed != nil {
		// The watch begins before the key is read, so that no change falls between the two.
		watched, stop := h.changes.Watch(s.server)
		defer stop()
		changes = watched
		key = h.toolsKey(ctx, s.server)
	}
	if s.open() != nil {
		return
	}
	tick := time.NewTicker(h.keepAlive)
	defer tick.Stop()
	var settled <-chan time.Time
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-h.closing:
			h.sayBye(e, s)
			return
		case message := <-s.inbox:
			err = e.send("message", message)
		case <-changes:
			// The caches that the list is read through hear of the change at the same time, in no order; and one change often brings others.
			settled = time.After(settling)
		case <-settled:
			settled = nil
			if !h.renew(ctx, s) {
				h.sayBye(e, s)
				return
			}
			if now := h.toolsKey(ctx, s.server); now != key && now != "" {
				key = now
				err = e.send("message", s.changed)
			}
		case <-tick.C:
			if !h.renew(ctx, s) {
				h.sayBye(e, s)
				return
			}
			err = e.alive()
		}
		if err != nil {
			return
		}
	}
}

// renew looks the server up again: it may have changed, or ended. A database that does not answer ends no stream.
func (h *Handler) renew(ctx context.Context, s *stream) bool {
	server, _, refusal := h.identify(ctx, s.token, s.header)
	if refusal != nil {
		return refusal.status >= http.StatusInternalServerError
	}
	s.server = server
	return true
}

// toolsKey identifies what tools/list answers for the server, "" if that cannot be told now.
func (h *Handler) toolsKey(ctx context.Context, server *mcpserver.Server) string {
	opened, err := h.gateway.Open(ctx, server)
	if err != nil {
		if ctx.Err() == nil {
			h.log.WarnContext(ctx, "mcp: could not open the tools for a stream", "mcp_server", server.ID, "error", err)
		}
		return ""
	}
	return opened.Tools.Key
}

func (h *Handler) sayBye(e *events, s *stream) {
	if s.bye != nil {
		_ = e.send("message", s.bye)
	}
}
