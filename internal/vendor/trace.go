package vendor

import (
	"net/http"
	"strings"
)

// Trace is the trace context of a caller, as it goes on to the vendor. The zero Trace is none.
type Trace struct {
	Parent  string // traceparent (W3C Trace Context, section 3.2)
	State   string // tracestate (section 3.3)
	Baggage string // baggage (W3C Baggage, section 3.2)
}

// What of others is passed on at most: what every participant has to be able to carry (W3C Trace Context, 3.3.1.5; W3C Baggage, 3.3.2).
const (
	mostTraceState = 512
	mostBaggage    = 8192
)

// NewTrace keeps what of a trace context is one. A state belongs to its parent and goes with it.
func NewTrace(parent, state, baggage string) Trace {
	t := Trace{}
	if isTraceparent(parent) {
		t.Parent = parent
		if len(state) <= mostTraceState && isVisible(state) {
			t.State = state
		}
	}
	if len(baggage) <= mostBaggage && isVisible(baggage) && (baggage == "" || strings.Contains(baggage, "=")) {
		t.Baggage = baggage
	}
	return t
}

// TraceOf is the trace context of an HTTP request. A list may stand in several fields; there is one parent.
func TraceOf(h http.Header) Trace {
	parent := ""
	if values := h["Traceparent"]; len(values) == 1 {
		parent = values[0]
	}
	return NewTrace(parent, strings.Join(h["Tracestate"], ","), strings.Join(h["Baggage"], ","))
}

// isTraceparent reports whether a text is version, trace id, parent id and flags in lower-case hex. Ids of zeros alone are none.
func isTraceparent(s string) bool {
	if len(s) != 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' || s[:2] == "ff" {
		return false
	}
	for i := range len(s) {
		if c := s[i]; i != 2 && i != 35 && i != 52 && !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return strings.Trim(s[3:35], "0") != "" && strings.Trim(s[36:52], "0") != ""
}

// isVisible reports whether a text can be a header's value.
func isVisible(s string) bool {
	return strings.Trim(s, " \t") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' })
}

// appendTo puts a trace on a request.
func (t *Trace) appendTo(h [][2]string) [][2]string {
	for _, f := range [...][2]string{{"Traceparent", t.Parent}, {"Tracestate", t.State}, {"Baggage", t.Baggage}} {
		if f[1] != "" {
			h = setHeader(h, f[0], f[1])
		}
	}
	return h
}
