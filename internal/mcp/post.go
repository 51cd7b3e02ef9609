package mcp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"sluice/internal/jsonscan"
)

const (
	noServerWords     = "There is no MCP server behind this URL: it may be mistyped, revoked or expired. Ask whoever gave it to you for a new one."
	apiTokenWords     = "This MCP server wants an API token beside its URL: send the header Authorization: Bearer <API token>, with a token of the server's own environment."
	contentTypeWords  = "Send the message as Content-Type: application/json, not %q."
	maxBatch          = 50
	contentEncodeWord = "Send the message as it is, without Content-Encoding %q."
)

// scratch is what one request needs and the next can use again. What the gateway returns outlives it; what the gateway is given does not.
type scratch struct {
	body, out []byte
	slow      *slowAnswer
}

// Larger buffers than this are left to the garbage collector, so that one large page does not stay for ever.
const maxPooled = 256 << 10

var scratches = sync.Pool{New: func() any { return &scratch{body: make([]byte, 0, 4<<10), out: make([]byte, 0, 16<<10)} }}

func (sc *scratch) release() {
	if cap(sc.body) <= maxPooled && cap(sc.out) <= maxPooled {
		sc.body, sc.out = sc.body[:0], sc.out[:0]
		scratches.Put(sc)
	}
}

// post answers one POST: a message, or a batch of them.
func (h *Handler) post(w http.ResponseWriter, r *http.Request, token string) {
	who, refusal := h.identify(r.Context(), token, r.Header)
	if refusal != nil {
		h.turnAway(w, r, refusal)
		return
	}
	s := scratches.Get().(*scratch)
	defer func() {
		if s != nil {
			s.release()
		}
	}()
	if refusal = h.readBody(r, s); refusal != nil {
		w.Header().Set("Connection", "close") // the rest of the body is not worth reading
		refusal.write(w)
		return
	}
	c := call{h: h, ctx: r.Context(), header: r.Header, identity: who, unsaid: rev20250326}
	if r.URL.RawQuery != "" {
		if id := r.URL.Query().Get(sessionParameter); id != "" {
			if h.deliver(w, &c, s, id) {
				s = nil // the session's now
			}
			return
		}
	}
	if jsonscan.KindOf(s.body) == jsonscan.Array && checkBody(s.body) == nil {
		h.batch(w, &c, s)
		return
	}
	if f := c.message.read(s.body); f != nil {
		h.fail(w, s, c.message.id, f)
		return
	}
	switch {
	case c.message.isNotification():
		w.WriteHeader(http.StatusAccepted)
	case string(c.message.method) == "subscriptions/listen":
		h.listen(w, r, &c, s, token)
	default:
		h.answer(w, &c, s)
	}
}

// answer sends the answer to a request in the form that the client takes.
func (h *Handler) answer(w http.ResponseWriter, c *call, s *scratch) {
	asJSON, asStream := acceptable(c.header["Accept"])
	watched := string(c.message.method) == "tools/call"
	if watched {
		s.watch(w, c, asStream)
		defer s.unwatch()
	}
	var status int
	s.out, status = c.answer(s.out)
	if c.access != nil {
		h.signIns.Called(c.ctx, c.server, c.access, string(c.message.method), c.revision.String(), c.header.Get("User-Agent"), status)
	}
	if watched && s.slow.finish(s.out) {
		return
	}
	if c.challenge != "" {
		w.Header().Set("WWW-Authenticate", c.challenge)
	}
	if asJSON || status != http.StatusOK {
		write(w, status, s.out)
		return
	}
	e := h.newEvents(w)
	_ = e.start()
	_ = e.send("message", s.out)
}

// fail answers a message that could not be read as one.
func (h *Handler) fail(w http.ResponseWriter, s *scratch, id []byte, f *failure) {
	status := f.status
	if status == 0 {
		status = http.StatusOK
	}
	s.out = appendFailure(s.out, id, f)
	write(w, status, s.out)
}

// batch answers several messages at once, in their order. Only 2025-03-26 has batches.
func (h *Handler) batch(w http.ResponseWriter, c *call, s *scratch) {
	if header, given, f := single(c.header, "Mcp-Protocol-Version"); f != nil || given && header != rev20250326.String() {
		h.fail(w, s, nil, invalidRequest("This revision has no batches: send each message in a POST of its own."))
		return
	}
	count, err := jsonscan.Count(s.body)
	if err != nil || count == 0 || count > maxBatch {
		h.fail(w, s, nil, invalidRequest(fmt.Sprintf("A batch holds 1 to %d messages.", maxBatch)))
		return
	}
	answers := 0
	it := jsonscan.Elements(s.body)
	for it.Next() {
		f := c.message.parse(it.Value())
		if f == nil && c.message.isNotification() {
			continue
		}
		separator := byte(',')
		if answers == 0 {
			separator = '['
		}
		answers++
		s.out = append(s.out, separator)
		if f == nil && string(c.message.method) == "initialize" {
			f = invalidRequest("initialize stands alone, not in a batch.")
		}
		if f != nil {
			s.out = appendFailure(s.out, c.message.id, f)
			continue
		}
		s.out, _ = c.answer(s.out)
	}
	if answers == 0 {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	s.out = append(s.out, ']')
	if asJSON, _ := acceptable(c.header["Accept"]); asJSON {
		write(w, http.StatusOK, s.out)
		return
	}
	e := h.newEvents(w)
	_ = e.start()
	_ = e.send("message", s.out)
}

// readBody reads the whole body, if it is JSON by what it says of itself; what says nothing may be.
func (h *Handler) readBody(r *http.Request, s *scratch) *refusal {
	if media := r.Header.Get("Content-Type"); media != "" && !isJSONType(media) {
		return &refusal{status: http.StatusUnsupportedMediaType, message: fmt.Sprintf(contentTypeWords, media)}
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &refusal{status: http.StatusUnsupportedMediaType, message: fmt.Sprintf(contentEncodeWord, encoding)}
	}
	if r.ContentLength > h.maxBody {
		return h.tooLarge()
	}
	var err error
	if n := int(r.ContentLength); n >= 0 {
		s.body = slices.Grow(s.body[:0], n)[:n]
		_, err = io.ReadFull(r.Body, s.body)
	} else {
		buffer := bytes.NewBuffer(s.body[:0])
		_, err = buffer.ReadFrom(io.LimitReader(r.Body, h.maxBody+1))
		s.body = buffer.Bytes()
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded): // of whoever serves this handler: a client that trickles must not hold a connection for ever
		return &refusal{status: http.StatusRequestTimeout, message: "The body did not arrive in time."}
	case err != nil:
		return &refusal{status: http.StatusBadRequest, message: "The body ended before it was complete."}
	case int64(len(s.body)) > h.maxBody:
		return h.tooLarge()
	}
	s.body = bytes.TrimPrefix(s.body, byteOrderMark)
	return nil
}

// byteOrderMark may be overlooked where it stands before JSON (RFC 8259, section 8.1). Some writers of text put it there.
var byteOrderMark = []byte("\ufeff")

func (h *Handler) tooLarge() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf("The body is over %d bytes, the most that one message may have.", h.maxBody)}
}

// isJSONType reports whether a media type is one of JSON's, whatever its parameters and capitals.
func isJSONType(value string) bool {
	if value == "application/json" {
		return true
	}
	value, _, _ = strings.Cut(value, ";")
	switch value = strings.ToLower(strings.TrimSpace(value)); value {
	case "application/json", "text/json", "application/json-rpc", "application/jsonrequest":
		return true
	}
	return strings.HasSuffix(value, "+json")
}

// acceptable reads an Accept header for what can be answered: plain JSON, an event stream. JSON is the answer to whoever names neither, since a client that
// leaves the header out, or gets it wrong, reads JSON all the same.
func acceptable(values []string) (asJSON, asStream bool) {
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			media, parameters, _ := strings.Cut(part, ";")
			if refused(parameters) {
				continue
			}
			switch media = strings.TrimSpace(media); {
			case strings.EqualFold(media, "application/json"), media == "*/*", media == "application/*":
				asJSON = true
			case strings.EqualFold(media, "text/event-stream"), media == "text/*":
				asStream = true
			}
		}
	}
	return asJSON || !asStream, asStream
}

// refused reports whether the parameters of a media range say q=0.
func refused(parameters string) bool {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "q") {
			return strings.Trim(value, "0.") == ""
		}
	}
	return false
}
