package mcp

import (
	"bytes"
	"net/http"
	"time"
)

// events writes server-sent events (WHATWG HTML, 9.2.6), each as one write that a stalled reader cannot hold up for longer than patience.
type events struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	buf      []byte
}

func (h *Handler) newEvents(w http.ResponseWriter) *events {
	return &events{w: w, control: http.NewResponseController(w), patience: h.patience}
}

// unbuffering is the header that stands with each answer that comes in pieces.
const unbuffering = "X-Accel-Buffering"

// setEventHeaders are the headers of an event stream. Proxies are told not to hold events back.
func setEventHeaders(h http.Header) {
	h["Content-Type"] = eventType
	h["Cache-Control"] = noTransform
	h[unbuffering] = unbuffered
	h["X-Content-Type-Options"] = noSniff
}

// appendEvent appends one event. Line breaks in data, which JSON may have between its tokens, become several data lines that the reader joins again.
func appendEvent(dst []byte, event string, data []byte) []byte {
	dst = append(append(append(dst, "event: "...), event...), '\n')
	for more := true; more; {
		var line []byte
		line, data, more = bytes.Cut(data, []byte{'\n'})
		dst = append(append(append(dst, "data: "...), bytes.TrimSuffix(line, []byte{'\r'})...), '\n')
	}
	return append(dst, '\n')
}

// aliveComment is a comment, which readers skip and proxies count as traffic.
const aliveComment = ":\n\n"

// start sends the headers.
func (e *events) start() error {
	setEventHeaders(e.w.Header())
	e.w.WriteHeader(http.StatusOK)
	return e.flush()
}

func (e *events) send(event string, data []byte) error {
	e.buf = appendEvent(e.buf[:0], event, data)
	return e.flush()
}

func (e *events) alive() error { return e.write([]byte(aliveComment)) }

// startJSON is start for an answer that is no event stream, but comes in pieces like one.
func (e *events) startJSON() error {
	h := e.w.Header()
	setEventHeaders(h)
	h["Content-Type"] = jsonType
	e.w.WriteHeader(http.StatusOK)
	return e.flush()
}

func (e *events) write(p []byte) error {
	e.buf = append(e.buf[:0], p...)
	return e.flush()
}

func (e *events) flush() error {
	// A writer without deadlines, as in a test, is one without a network.
	_ = e.control.SetWriteDeadline(time.Now().Add(e.patience))
	if len(e.buf) > 0 {
		if _, err := e.w.Write(e.buf); err != nil {
			return err
		}
	}
	if cap(e.buf) > maxPooled {
		e.buf = nil
	}
	return e.control.Flush()
}
