package mcp

import (
	"bytes"
	"net/http"

	"sluice/internal/jsonscan"
)

// get opens one of the streams that begin with a GET, or says that this is no page to look at.
func (h *Handler) get(w http.ResponseWriter, r *http.Request, token string) {
	who, refusal := h.identify(r.Context(), token, r.Header)
	if refusal != nil {
		h.turnAway(w, r, refusal)
		return
	}
	_, asStream := acceptable(r.Header["Accept"])
	version, versioned, _ := single(r.Header, "Mcp-Protocol-Version")
	v, known := revisionNamed(version)
	switch {
	case !asStream:
		h.noStream(w, "This is an MCP endpoint: paste its URL into an MCP client, which sends JSON-RPC messages by POST.")
	case !versioned && r.Header.Get("Mcp-Session-Id") == "":
		h.sse(w, r, who, token)
	case h.changes == nil:
		h.noStream(w, "This server sends no messages of its own accord, so there is no stream to open: send JSON-RPC messages by POST.")
	case versioned && (!known || v.modern()):
		h.noStream(w, "This revision has no stream by GET: send subscriptions/listen by POST.")
	default:
		h.serve(w, r, &stream{token: token, identity: who, header: credentials(r.Header), tools: listChanged("tools", nil), prompts: listChanged("prompts", nil)})
	}
}

func (h *Handler) noStream(w http.ResponseWriter, words string) {
	w.Header().Set("Allow", "POST, OPTIONS")
	refuse(w, http.StatusMethodNotAllowed, words)
}

// listen answers subscriptions/listen (2026-07-28, Subscriptions): a stream that acknowledges what it will tell, tells it, and ends with the result.
func (h *Handler) listen(w http.ResponseWriter, r *http.Request, c *call, s *scratch, token string) {
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
	st := &stream{token: token, identity: c.identity, header: credentials(c.header)}
	var honored []byte
	for _, kind := range []struct {
		member, list string
		message      *[]byte
	}{{"toolsListChanged", "tools", &st.tools}, {"promptsListChanged", "prompts", &st.prompts}} {
		if wanted, ok := jsonscan.Find(filter, kind.member); !ok || jsonscan.KindOf(wanted) != jsonscan.True {
			continue
		}
		if honored != nil {
			honored = append(honored, ',')
		}
		honored = append(append(append(honored, '"'), kind.member...), `":true`...)
		*kind.message = listChanged(kind.list, subscription)
	}
	ack := append([]byte(`{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{`), subscription...)
	ack = append(append(append(ack, `,"notifications":{`...), honored...), "}}}"...)
	st.bye = append(append([]byte(`{"jsonrpc":"2.0","id":`), id...), `,"result":{"resultType":"complete",`...)
	st.bye = append(append(st.bye, subscription...), "}}"...)
	st.open = func(l line) error { return l.send("message", ack) }
	h.serve(w, r, st)
}

// listChanged is the message that tells of a changed list; about is what it has to say in its params, nil for nothing.
func listChanged(list string, about []byte) []byte {
	message := []byte(`{"jsonrpc":"2.0","method":"notifications/` + list + `/list_changed"`)
	if about != nil {
		message = append(append(append(message, `,"params":{`...), about...), '}')
	}
	return append(message, '}')
}
