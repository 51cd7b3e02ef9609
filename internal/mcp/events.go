package mcp

import (
	"bytes"
	"net/http"
	"time"
)

// events writes server-sent events (WHATWG HTML, 9.2.6), each as one write that a stalled reader cannot hold up for longer than writeTimeout.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     []byte
}

const writeTimeout = 10 * time.Second

func newEvents(w http.ResponseWriter) *events {
	return &events{w: w, control: http.NewResponseController(w)}
}

// start sends the headers. Proxies are told not to hold events back.
func (e *events) start() error {
	h := e.w.Header()
	h["Content-Type"] = eventType
	h["Cache-Control"] = noTransform
	h["X-Accel-Buffering"] = unbuffered
	h["X-Content-Type-Options"] = noSniff
	e.w.WriteHeader(http.StatusOK)
	return e.flush()
}

// send sends one event. Line breaks in data, which JSON may have between its tokens, become several data lines that the reader joins again.
func (e *events) send(event string, data []byte) error {
	e.buf = append(append(append(e.buf[:0], "event: "...), event...), '\n')
	for more := true; more; {
		var line []byte
		line, data, more = bytes.Cut(data, []byte{'\n'})
		e.buf = append(append(append(e.buf, "data: "...), bytes.TrimSuffix(line, []byte{'\r'})...), '\n')
	}
	e.buf = append(e.buf, '\n')
	return e.flush()
}

// alive sends a comment, which readers skip and proxies count as traffic.
func (e *events) alive() error {
	e.buf = append(e.buf[:0], ":\n\n"...)
	return e.flush()
}

func (e *events) flush() error {
	// A writer without deadlines, as in a test, is one without a network.
	_ = e.control.SetWriteDeadline(time.Now().Add(writeTimeout))
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
