package mcp

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// stream tells of changes, and hands on messages, until somebody ends it. Between two events it costs no more than its connection: see ownLine.
type stream struct {
	line   line
	token  string
	header http.Header // the API token or access token, if the request showed one
	identity
	counted string // the id of the MCP server that it counts for

	tools   []byte                          // the message that tells of a changed list of tools; nil: do not tell
	prompts []byte                          // the same of prompts
	bye     []byte                          // the message that ends it; nil: none
	open    func(line) error                // sends the first event; nil: none
	ended   func()                          // is called at the end; nil: nobody wants to know
	known   struct{ tools, prompts string } // keys of the lists as they were last told

	mu    sync.Mutex
	inbox [][]byte  // messages of others
	due   time.Time // when to look what became of the lists; zero: nothing has changed
}

// settling is how long a stream waits after a change before it looks what became of the list.
const settling = 50 * time.Millisecond

// credentials is what a stream keeps of a request's headers.
func credentials(h http.Header) http.Header {
	if values := h["Authorization"]; len(values) == 1 {
		return http.Header{"Authorization": {strings.Clone(values[0])}}
	}
	return nil
}

// serve begins a stream. Where the connection can be taken over, it returns at once and the stream goes on without the server's goroutine and buffers; else it
// returns at the stream's end.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, s *stream) {
	if refusal := h.enter(s); refusal != "" {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, refusal)
		if s.ended != nil {
			s.ended()
		}
		return
	}
	s.token = strings.Clone(s.token) // of the request's path, which is not to be kept
	if own, ok := h.takeOver(w, r); ok {
		h.setLine(s, own)
		go h.run(context.Background(), s)
		return
	}
	h.setLine(s, h.newHeldLine(w, r))
	h.run(r.Context(), s)
}

// enter counts a stream. It says why there is no room for it: Close was called, or the MCP server has as many as one may have. Each holds a connection, so that one
// URL in bad hands would leave none for the others.
func (h *Handler) enter(s *stream) (refusal string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closing:
		return "Sluice is shutting down: connect again in a few seconds."
	default:
	}
	if h.streamsOf[s.server.ID] >= h.maxStreams {
		return fmt.Sprintf("This MCP server has %d streams open, the most that one may have: close some of them.", h.maxStreams)
	}
	s.counted = s.server.ID
	h.streamsOf[s.counted]++
	h.streams.Add(1)
	h.open[s] = struct{}{}
	return ""
}

func (h *Handler) setLine(s *stream, l line) {
	s.mu.Lock()
	s.line = l
	s.mu.Unlock()
}

// leave is the end of a stream, whatever ended it.
func (h *Handler) leave(s *stream) {
	if v := recover(); v != nil { // of a stream on its own nobody else takes care
		h.log.Error("mcp: panic on a stream", "mcp_server", s.server.ID, "panic", v, "stack", string(debug.Stack()))
	}
	s.line.end()
	if s.ended != nil {
		s.ended()
	}
	h.mu.Lock()
	delete(h.open, s)
	if h.streamsOf[s.counted]--; h.streamsOf[s.counted] == 0 {
		delete(h.streamsOf, s.counted)
	}
	h.mu.Unlock()
	h.streams.Done()
}

// run serves a stream. It returns when the client is gone or stalls, when the server behind the token or the right to it has ended, or on Close.
func (h *Handler) run(ctx context.Context, s *stream) {
	defer h.leave(s)
	served := true
	if h.changes != nil {
		// The watch begins before anything is looked up, so that no change falls between the two.
		stop := h.changes.Watch(s.server, s.rights(), s.changed)
		defer stop()
		if served = h.renew(ctx, s); s.tools != nil || s.prompts != nil {
			s.known.tools, s.known.prompts = h.listKeys(ctx, &s.identity)
		}
	}
	if s.line.start() != nil || s.open != nil && s.open(s.line) != nil {
		return
	}
	if !served {
		s.sayBye()
		return
	}
	s.open = nil
	tick := time.Now().Add(h.keepAlive)
	for {
		select {
		case <-h.closing:
			s.sayBye()
			return
		default:
		}
		if s.line.wait(s.until(tick)) != nil {
			return
		}
		messages, due := s.take()
		for _, message := range messages {
			if s.line.send("message", message) != nil {
				return
			}
		}
		ticked := !time.Now().Before(tick)
		if !due && !ticked && !s.over() {
			continue
		}
		if !h.renew(ctx, s) {
			s.sayBye()
			return
		}
		if due && h.tell(ctx, s) != nil {
			return
		}
		if ticked {
			if s.line.alive() != nil {
				return
			}
			tick = time.Now().Add(h.keepAlive)
		}
	}
}

// until is when there is something to do at the latest.
func (s *stream) until(tick time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range [...]time.Time{s.due, s.ends()} {
		if !t.IsZero() && t.Before(tick) {
			tick = t
		}
	}
	return tick
}

// take returns the messages that wait, and whether it is time to look at the lists.
func (s *stream) take() (messages [][]byte, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	messages, s.inbox = s.inbox, nil
	if due = !s.due.IsZero() && !time.Now().Before(s.due); due {
		s.due = time.Time{}
	}
	return messages, due
}

// changed is told of each change that may concern the lists. The caches that they are read through hear of it at the same time, in no order, and one change
// often brings others: so the stream waits a little before it looks.
func (s *stream) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.due.IsZero() {
		s.due = time.Now().Add(settling)
		s.line.wake()
	}
}

// post has a message sent.
func (s *stream) post(message []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox = append(s.inbox, message)
	s.line.wake()
}

// waiting is how many messages have not been sent yet.
func (s *stream) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.inbox)
}

// wake has the stream look around.
func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line != nil {
		s.line.wake()
	}
}

// tell sends word of the lists that are not as they were.
func (h *Handler) tell(ctx context.Context, s *stream) error {
	if s.tools == nil && s.prompts == nil {
		return nil
	}
	tools, prompts := h.listKeys(ctx, &s.identity)
	if tools == "" {
		return nil // not known now; the next change tells
	}
	if s.tools != nil && tools != s.known.tools {
		if err := s.line.send("message", s.tools); err != nil {
			return err
		}
	}
	if s.prompts != nil && prompts != s.known.prompts {
		if err := s.line.send("message", s.prompts); err != nil {
			return err
		}
	}
	s.known.tools, s.known.prompts = tools, prompts
	return nil
}

// renew looks the server up again, and the right to it: they may have changed, or ended. A database that does not answer ends no stream before its time.
func (h *Handler) renew(ctx context.Context, s *stream) bool {
	who, refusal := h.identify(ctx, s.token, s.header)
	switch {
	case refusal == nil:
		s.identity = who
	case refusal.status < http.StatusInternalServerError:
		return false
	}
	return !s.over()
}

// listKeys identify what tools/list and prompts/list answer for the server. They are "" if that cannot be told now.
func (h *Handler) listKeys(ctx context.Context, who *identity) (tools, prompts string) {
	opened, err := h.openFor(ctx, who)
	if err != nil {
		if ctx.Err() == nil {
			h.log.WarnContext(ctx, "mcp: could not open the tools for a stream", "mcp_server", who.server.ID, "error", err)
		}
		return "", ""
	}
	return opened.Tools.Key, opened.Tools.PromptsKey
}

func (s *stream) sayBye() {
	if s.bye != nil {
		_ = s.line.send("message", s.bye)
	}
}
