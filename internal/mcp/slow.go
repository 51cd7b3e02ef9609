package mcp

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"sluice/internal/jsonscan"
)

// slowAnswer begins the answer to a tool call once that has taken long, so that neither a proxy nor the client gives up on a silent connection: as an event stream,
// or, for a client that takes none, as JSON after white space. Until then it costs a timer. While the call runs the timer's goroutine is the only one that writes.
type slowAnswer struct {
	h        *Handler
	w        http.ResponseWriter
	asStream bool
	progress []byte // the client's progress token, nil if it wants none
	begun    time.Time

	mu       sync.Mutex
	timer    *time.Timer
	events   *events // nil until the answer has begun
	finished bool
	quiet    bool // finished before the timer went off
}

// watch begins to watch over the answer to a tool call.
func (sc *scratch) watch(w http.ResponseWriter, c *call, asStream bool) {
	s := sc.slow
	if s == nil {
		s = &slowAnswer{}
		sc.slow = s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h, s.w, s.asStream, s.begun, s.events, s.finished, s.progress = c.h, w, asStream, time.Now(), nil, false, nil
	s.progress = c.message.params.meta.wantsProgress()
	if s.timer == nil {
		s.timer = time.AfterFunc(s.h.slowAfter, s.tick)
	} else {
		s.timer.Reset(s.h.slowAfter)
	}
}

// unwatch ends the watch, also after a panic. A watch whose timer has gone off is not used again: its goroutine may be about to look at it.
func (sc *scratch) unwatch() {
	if !sc.slow.stop() {
		sc.slow = nil
	}
}

func (s *slowAnswer) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return
	}
	var err error
	if s.events == nil {
		s.events = s.h.newEvents(s.w)
		if s.asStream {
			err = s.events.start()
		} else {
			err = s.events.startJSON()
		}
	}
	if err == nil {
		err = s.sign()
	}
	if err == nil {
		s.timer.Reset(s.h.keepAlive)
	}
}

// sign shows that the call still runs: by a progress notification if the client asked for those (2026-07-28, Progress), else by a comment.
func (s *slowAnswer) sign() error {
	switch {
	case !s.asStream:
		return s.events.write(space)
	case s.progress == nil:
		return s.events.alive()
	}
	return s.events.send("message", progress(s.progress, s.begun))
}

// wantsProgress is the token under which the client wants to hear of a request's progress, nil if it does not.
func (m *meta) wantsProgress() []byte {
	if kind := jsonscan.KindOf(m.progressToken); kind == jsonscan.String || kind == jsonscan.Number {
		return m.progressToken
	}
	return nil
}

// progress is the message that tells of it.
func progress(token []byte, begun time.Time) []byte {
	seconds := strconv.AppendInt(nil, int64(time.Since(begun)/time.Second), 10)
	n := append([]byte(nil), `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":`...)
	n = append(append(append(n, token...), `,"progress":`...), strconv.FormatFloat(time.Since(begun).Seconds(), 'f', 3, 64)...)
	return append(append(append(n, `,"message":"Waiting for the vendor, `...), seconds...), ` seconds so far."}}`...)
}

// space may stand before a JSON document (RFC 8259, section 2).
var space = []byte(" ")

// finish ends the watch over the answer, and sends it if it has begun. It reports whether it did. Its status is then 200: whatever has another is told before a vendor is asked.
func (s *slowAnswer) finish(answer []byte) bool {
	if s.stop(); s.events == nil {
		return false
	}
	if s.asStream {
		_ = s.events.send("message", answer)
	} else {
		_ = s.events.write(answer)
	}
	return true
}

// stop keeps the timer's goroutine from writing any more: the answer is next, or, after a panic, nothing is. It reports whether that goroutine never ran.
func (s *slowAnswer) stop() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return s.quiet
	}
	s.finished = true
	s.quiet = s.timer.Stop() && s.events == nil
	s.w = nil
	return s.quiet
}
