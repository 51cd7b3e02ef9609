package mcp

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"
	"time"

	"sluice/internal/jsonscan"
)

// The HTTP+SSE transport of 2024-11-05: a GET opens a stream whose first event names the address to which messages are posted, and the answers come on the
// stream. It is the one place with a session, which lives as long as its stream and on its node.

const (
	sessionParameter = "session"
	maxInFlight      = 32 // requests of one session that wait for their answers
)

type session struct {
	identity
	ctx    context.Context // ends with the stream
	stream *stream

	mu       sync.Mutex
	calls    sync.WaitGroup
	inFlight map[string]context.CancelFunc // by id, as it is spelled
	over     bool
}

// sse opens the stream.
func (h *Handler) sse(w http.ResponseWriter, r *http.Request, who identity, token string) {
	ctx, cancel := context.WithCancel(context.Background()) // the stream outlives its request, see serve
	st := &stream{token: token, identity: who, header: credentials(r.Header)}
	if h.changes != nil {
		st.tools, st.prompts = listChanged("tools", nil), listChanged("prompts", nil)
	}
	s := &session{identity: who, ctx: ctx, stream: st, inFlight: map[string]context.CancelFunc{}}
	id := rand.Text()
	h.mu.Lock()
	h.sessions[id] = s
	h.mu.Unlock()
	st.ended = func() {
		h.mu.Lock()
		delete(h.sessions, id)
		h.mu.Unlock()
		s.mu.Lock()
		s.over = true // no call begins from here on
		s.mu.Unlock()
		cancel()
		s.calls.Wait()
	}
	endpoint := []byte(h.publicPrefix + Path + url.PathEscape(token) + "?" + sessionParameter + "=" + id)
	st.open = func(l line) error { return l.send("endpoint", endpoint) }
	h.serve(w, r, st)
}

// deliver takes a message that was posted to a session. It reports whether the scratch is the session's from now on.
func (h *Handler) deliver(w http.ResponseWriter, c *call, sc *scratch, id string) bool {
	h.mu.Lock()
	s := h.sessions[id]
	h.mu.Unlock()
	if s == nil || !s.sameAs(&c.identity) {
		refuse(w, http.StatusNotFound, "The stream that this address belongs to has ended: open a new one by GET, and post to the address that it names.")
		return false
	}
	if f := c.message.read(sc.body); f != nil {
		h.fail(w, sc, c.message.id, f)
		return false
	}
	if c.message.isNotification() {
		if string(c.message.method) == "notifications/cancelled" {
			s.cancel(c.message.params.requestID)
		}
		w.WriteHeader(http.StatusAccepted)
		return false
	}
	c.unsaid = rev20241105
	if f := c.checkPosted(); f != nil {
		// Only this answer can tell the client to ask for more: what comes on the stream has no status.
		w.Header().Set("WWW-Authenticate", f.challenge)
		h.fail(w, sc, c.message.id, f)
		return false
	}
	if f := s.begin(c, sc); f != nil {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, f.message)
		return false
	}
	w.WriteHeader(http.StatusAccepted)
	return true
}

// begin answers a request on the stream. The call runs on after the POST has ended, and no longer than the stream.
func (s *session) begin(c *call, sc *scratch) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waiting := len(s.inFlight) + s.stream.waiting(); s.over || waiting >= maxInFlight {
		return &failure{message: fmt.Sprintf("%d requests of this stream wait for their answers: read those first.", waiting)}
	}
	id := string(c.message.id)
	if s.inFlight[id] != nil {
		return &failure{message: fmt.Sprintf("A request with the id %s waits for its answer already.", id)}
	}
	running := *c
	ctx, cancel := context.WithCancel(s.ctx)
	running.ctx = ctx
	s.inFlight[id] = cancel
	s.calls.Go(func() {
		defer cancel()
		defer sc.release()
		enough := s.tellProgress(&running)
		answer := running.answerAlone()
		enough()
		s.mu.Lock()
		delete(s.inFlight, id)
		s.mu.Unlock()
		if ctx.Err() != nil {
			return // cancelled: nobody wants the answer (2024-11-05, Cancellation)
		}
		s.stream.post(answer)
	})
	return nil
}

// answerAlone is answer on a goroutine of which nobody else takes care.
func (c *call) answerAlone() (answer []byte) {
	defer func() {
		if v := recover(); v != nil {
			answer = appendFailure(nil, c.message.id, c.internal("answer a request", "", fmt.Errorf("panic: %v\n%s", v, debug.Stack())))
		}
	}()
	answer, _ = c.answer(nil)
	return answer
}

// tellProgress tells of a request that takes long, if the client wants to hear of it, until it is enough. That the stream lives it shows by itself.
func (s *session) tellProgress(c *call) (enough func()) {
	token, begun := c.message.params.meta.wantsProgress(), time.Now()
	if token == nil {
		return func() {}
	}
	var mu sync.Mutex
	var timer *time.Timer
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(c.h.slowAfter, func() {
		mu.Lock()
		defer mu.Unlock()
		if timer != nil {
			s.stream.post(progress(token, begun))
			timer.Reset(c.h.keepAlive)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
		timer = nil
	}
}

func (s *session) cancel(requestID []byte) {
	if kind := jsonscan.KindOf(requestID); kind != jsonscan.String && kind != jsonscan.Number {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.inFlight[string(requestID)]; cancel != nil {
		cancel()
	}
}
