package mcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// line is the connection of a stream. One goroutine uses it; wake is for all others.
type line interface {
	start() error                         // sends the headers
	send(event string, data []byte) error // sends an event
	alive() error                         // sends a comment
	wait(until time.Time) error           // waits until then, or until it is woken; an error says that the reader is gone
	wake()                                // ends the wait that is under way, or else the next. It never blocks.
	end()                                 // ends the line, after the last event
}

// heldLine is a line within its request: HTTP/2, where one connection carries many.
type heldLine struct {
	*events
	ctx   context.Context
	woken chan struct{}
}

func (h *Handler) newHeldLine(w http.ResponseWriter, r *http.Request) *heldLine {
	return &heldLine{h.newEvents(w), r.Context(), make(chan struct{}, 1)}
}

func (l *heldLine) wait(until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-l.ctx.Done():
		return l.ctx.Err()
	case <-l.woken:
	case <-timer.C:
	}
	return nil
}

func (l *heldLine) wake() {
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

func (l *heldLine) end() {}

// ownLine is an HTTP/1.1 connection that was taken over from the server. An idle stream then holds neither the request nor the server's buffers, and one goroutine
// with a small stack, which waits in a read: the end of that tells that the client is gone, and its deadline is the clock.
type ownLine struct {
	conn     net.Conn
	patience time.Duration // for one write
	head     []byte        // what start sends
	broken   bool          // a write failed, so that nothing more can be said
	sink     int           // bytes that came in, and were for nobody

	mu      sync.Mutex
	reading bool
	woken   bool
}

// mostHeard is how much may come in on a connection whose request has been read: a line break that some clients put behind a body, or the beginning of a
// next request, which is never read.
const mostHeard = 4 << 10

var errTalks = errors.New("the client sends on a connection that answers it already")

// past is a deadline that is over.
var past = time.Unix(1, 0)

// takeOver takes a connection over, if it can be and carries nothing else.
func (h *Handler) takeOver(w http.ResponseWriter, r *http.Request) (*ownLine, bool) {
	if r.ProtoMajor != 1 || r.ProtoMinor < 1 {
		return nil, false
	}
	setEventHeaders(w.Header())
	header := w.Header().Clone()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, false
	}
	l := &ownLine{conn: conn, patience: h.patience, sink: buffered.Reader.Buffered()}
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("Transfer-Encoding", "chunked")
	header.Set("Connection", "close")
	l.head = fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n", http.StatusOK, http.StatusText(http.StatusOK))
	for name, values := range header {
		for _, value := range values {
			l.head = fmt.Appendf(l.head, "%s: %s\r\n", name, value)
		}
	}
	l.head = append(l.head, "\r\n"...)
	return l, true
}

func (l *ownLine) start() error {
	head := l.head
	l.head = nil
	return l.write(head)
}

// send sends an event as one chunk (RFC 9112, section 7.1), in one write.
func (l *ownLine) send(event string, data []byte) error {
	message := appendEvent(nil, event, data)
	chunk := make([]byte, 0, len(message)+16)
	chunk = append(strconv.AppendInt(chunk, int64(len(message)), 16), "\r\n"...)
	return l.write(append(append(chunk, message...), "\r\n"...))
}

var (
	aliveChunk = []byte("3\r\n" + aliveComment + "\r\n")
	lastChunk  = []byte("0\r\n\r\n")
)

func (l *ownLine) alive() error { return l.write(aliveChunk) }

func (l *ownLine) write(p []byte) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.patience)); err != nil {
		return err
	}
	_, err := l.conn.Write(p)
	l.broken = err != nil
	return err
}

func (l *ownLine) wait(until time.Time) error {
	for {
		l.mu.Lock()
		if l.woken {
			l.woken = false
			l.mu.Unlock()
			return nil
		}
		l.reading = true
		err := l.conn.SetReadDeadline(until)
		l.mu.Unlock()
		if err != nil {
			return err
		}
		var heard [64]byte
		n, err := l.conn.Read(heard[:])
		l.mu.Lock()
		l.reading = false
		if err != nil { // what ended the read is what was waited for
			l.woken = false
		}
		l.mu.Unlock()
		l.sink += n
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return err
		case l.sink > mostHeard:
			return errTalks
		}
	}
}

func (l *ownLine) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.woken = true
	if l.reading { // else nothing is waited for, and a write that stalls may hold the connection
		_ = l.conn.SetReadDeadline(past)
	}
}

func (l *ownLine) end() {
	if l.head == nil && !l.broken {
		_ = l.write(lastChunk)
	}
	_ = l.conn.Close()
}
