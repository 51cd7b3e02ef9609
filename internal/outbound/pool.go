package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// pool sends over HTTP/1.1 on connections that it keeps. It does what net/http's transport does for a request with a whole body and an answer read whole, on the caller's
// own goroutine: the transport's two hand-overs a request cost more than all the rest of a call. What it does not know (HTTP/2) stays with the transport.
type pool struct {
	o         Options
	dialer    *net.Dialer
	tlsConfig *tls.Config

	mu     sync.Mutex
	idle   map[string][]*conn // by origin, the one used last at the end
	kept   int                // all of them
	http2  map[string]bool    // origins that speak nothing else
	closed bool

	stop chan struct{}
	done chan struct{}
}

func newPool(o Options) *pool {
	p := &pool{
		o: o, dialer: newDialer(o), idle: map[string][]*conn{}, http2: map[string]bool{}, stop: make(chan struct{}), done: make(chan struct{}),
		tlsConfig: &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(256)},
	}
	go p.sweep()
	return p
}

// close closes what is idle, now and from now on.
func (p *pool) close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	idle := p.idle
	p.idle, p.kept = nil, 0
	p.mu.Unlock()
	close(p.stop)
	<-p.done
	for _, conns := range idle {
		for _, c := range conns {
			c.Close()
		}
	}
}

// sweep closes connections that were idle for too long.
func (p *pool) sweep() {
	defer close(p.done)
	ticker := time.NewTicker(max(p.o.IdleTimeout/4, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case now := <-ticker.C:
			for _, c := range p.expired(now) {
				c.Close()
			}
		}
	}
}

func (p *pool) expired(now time.Time) (old []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for origin, conns := range p.idle {
		n := 0 // the oldest come first
		for n < len(conns) && now.Sub(conns[n].since) >= p.o.IdleTimeout {
			n++
		}
		if n == 0 {
			continue
		}
		old = append(old, conns[:n]...)
		p.kept -= n
		if n == len(conns) {
			delete(p.idle, origin)
			continue
		}
		p.idle[origin] = append([]*conn(nil), conns[n:]...)
	}
	return old
}

// take answers an idle connection that its peer has not closed, or nil.
func (p *pool) take(origin string) *conn {
	for {
		p.mu.Lock()
		conns := p.idle[origin]
		if len(conns) == 0 {
			p.mu.Unlock()
			return nil
		}
		c := conns[len(conns)-1]
		conns[len(conns)-1] = nil
		p.idle[origin] = conns[:len(conns)-1]
		p.kept--
		p.mu.Unlock()
		if time.Since(c.since) < p.o.IdleTimeout && c.alive() {
			return c
		}
		c.Close()
	}
}

// put keeps a connection whose exchange is over.
func (p *pool) put(origin string, c *conn) {
	c.since, c.reused = time.Now(), true
	p.mu.Lock()
	if !p.closed && len(p.idle[origin]) < p.o.MaxIdlePerHost && p.kept < 16*p.o.MaxIdlePerHost {
		p.idle[origin] = append(p.idle[origin], c)
		p.kept++
		c = nil
	}
	p.mu.Unlock()
	if c != nil {
		c.Close()
	}
}

func (p *pool) speaksHTTP2(origin string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.http2[origin]
}

// errHTTP2 says that an origin speaks nothing that the pool does.
var errHTTP2 = errors.New("the server speaks HTTP/2 only")

// dial makes a connection, checked and, where the scheme wants it, secured.
func (p *pool) dial(ctx context.Context, at target, deadline time.Time) (*conn, error) {
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, errTimeout)
	defer cancel()
	raw, err := p.dialer.DialContext(ctx, "tcp", at.hostPort())
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, raw: raw}
	if at.scheme == "http" {
		return c, nil
	}
	host, _, err := net.SplitHostPort(at.hostPort())
	if err != nil {
		raw.Close()
		return nil, err
	}
	config := p.tlsConfig.Clone()
	config.ServerName = host
	secured := tls.Client(raw, config)
	ctx, cancelTLS := context.WithTimeoutCause(ctx, p.o.TLSTimeout, errTimeout)
	defer cancelTLS()
	if err := secured.HandshakeContext(ctx); err != nil {
		raw.Close()
		// The server knows none of the protocols that were offered (RFC 7301, 3.2). Of an alert that the other side sends, its text is all that crypto/tls gives out.
		if alert, ok := errors.AsType[*net.OpError](err); ok && alert.Op == "remote error" && strings.Contains(alert.Error(), "no application protocol") {
			p.mu.Lock()
			defer p.mu.Unlock()
			if len(p.http2) >= 4096 {
				clear(p.http2)
			}
			p.http2[at.origin] = true
			return nil, errHTTP2
		}
		return nil, err
	}
	c.Conn = secured
	return c, nil
}

// exchange makes one exchange, on an idle connection or a new one. What broke on an idle connection is done again on another if nothing was written, or if the
// method is safe and no byte of an answer came: the peer was closing it in that moment (RFC 9112, 9.3.1).
func (p *pool) exchange(ctx context.Context, r *Request, at target, deadline time.Time, limit int64) (*Response, *Error) {
	origin := at.origin
	for {
		c := p.take(origin)
		if c == nil {
			var err error
			if c, err = p.dial(ctx, at, deadline); err != nil {
				if err == errHTTP2 {
					return nil, &Error{Reason: TLS, Err: err}
				}
				return nil, classifyAt(ctx, deadline, err, false)
			}
		}
		response, state, err := p.over(ctx, c, r, at, deadline, limit)
		if state.keep {
			p.put(origin, c)
		} else {
			c.Close()
		}
		if err == nil {
			return response, nil
		}
		untouched := !state.written || !state.answered && !r.Once && (r.Method == http.MethodGet || r.Method == http.MethodHead)
		if c.reused && response == nil && untouched && ctx.Err() == nil && !isTimeout(err) {
			continue
		}
		if e, ok := errors.AsType[*Error](err); ok {
			return response, e
		}
		return response, classifyAt(ctx, deadline, err, state.written)
	}
}

// state is how far an exchange came.
type state struct {
	written  bool // some of the request may have left
	answered bool // some of an answer came
	keep     bool // the connection can be used again
}

// over makes an exchange over a connection.
func (p *pool) over(ctx context.Context, c *conn, r *Request, at target, deadline time.Time, limit int64) (response *Response, s state, err error) {
	first := deadline
	if t := time.Now().Add(p.o.HeaderTimeout); t.Before(first) {
		first = t
	}
	if err := c.SetDeadline(first); err != nil {
		return nil, s, err
	}
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { c.SetDeadline(past) })
		defer func() {
			if !stop() { // the deadline may be set to the past at any moment from now on
				s.keep = false
			}
		}()
	}
	n, err := c.send(r, at, p.o.UserAgent)
	s.written = n > 0
	if err != nil {
		if n == 0 || ctx.Err() != nil || isTimeout(err) {
			return nil, s, err
		}
		// A server may refuse a large body before it has read it, and close: its answer is there all the same.
		c.SetReadDeadline(time.Now().Add(time.Second))
	}
	in := readers.Get().(*reader)
	defer readers.Put(in)
	in.reset(c.Conn)
	defer in.reset(nil)
	head, readErr := in.head()
	s.answered = in.any
	if readErr != nil {
		if err == nil {
			err = readErr
		}
		return nil, s, err
	}
	if err == nil && !in.whole(head) && !first.Equal(deadline) {
		if err := c.SetReadDeadline(deadline); err != nil {
			return nil, s, err
		}
	}
	response = &Response{Status: head.status, Header: head.fields}
	var body []byte
	if p.o.Observe == nil && lendable(head, r.Method, limit) { // whoever observes may keep it
		body, response.room, readErr = in.lent(head)
	} else {
		body, readErr = in.body(head, r.Method, limit)
	}
	if readErr != nil {
		return response, s, readErr
	}
	s.keep = err == nil && !head.close && in.buffered() == 0
	if r.Method != http.MethodHead {
		var e *Error
		if response.Body, e = decode(body, head.encoding, limit); e != nil {
			return response, s, e
		}
	}
	return response, s, nil
}

var past = time.Unix(1, 0)

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// classifyAt is classify for a deadline that is on the connection and not in the context.
func classifyAt(ctx context.Context, deadline time.Time, err error, sent bool) *Error {
	if ctx.Err() == nil && isTimeout(err) && (sent || !time.Now().Before(deadline)) {
		return &Error{Reason: TimedOut, Sent: sent, Err: err}
	}
	return classify(ctx, err, sent)
}
