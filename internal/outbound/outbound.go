// Package outbound is the only way out to other people's servers: every connection is checked against a policy of addresses after the name was
// resolved and before the connection is made, every request has an end in time, every answer an end in size, and what went wrong is told so that
// a caller can know whether anything arrived.
//
// It imports prose alone. A Request enters complete, with its credential; a Response leaves whole, decompressed, or an
// *Error instead. Nothing that may change something on the other side is ever sent twice, and no proxy of the environment is used.
package outbound

import (
	"context"
	"crypto/x509"
	"strings"
	"sync"
	"time"
)

// Options shape a Client. The zero value of each is a good default.
type Options struct {
	Policy Policy

	DialTimeout   time.Duration // to resolve and connect; 10 s
	TLSTimeout    time.Duration // for the handshake; 10 s
	HeaderTimeout time.Duration // from the request written to the first byte of the answer; 50 s
	Timeout       time.Duration // of the whole exchange; 60 s
	StreamTimeout time.Duration // of the whole exchange, where bodies are streamed; 1 h
	StallTimeout  time.Duration // a stream that does not move is given up; 60 s
	IdleTimeout   time.Duration // an unused connection is kept; 55 s, less than the minute that most servers keep it

	MaxBody        int64 // bytes of an answer after decompression; 10 MiB
	MaxIdlePerHost int   // connections kept for one host; 256

	UserAgent string         // "Sluice"
	RootCAs   *x509.CertPool // nil: the system's

	Observe func(Exchange) // is told of each request before its caller is; nil: nobody watches
}

// Exchange is a request and what came of it. It holds the credential in clear text, so that whoever shows it must mask it.
type Exchange struct {
	Request  *Request
	Response *Response // nil where none came; without a body where that is streamed
	Err      error
	Took     time.Duration
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.DialTimeout, 10*time.Second)
	def(&o.TLSTimeout, 10*time.Second)
	def(&o.HeaderTimeout, 50*time.Second)
	def(&o.Timeout, 60*time.Second)
	def(&o.StreamTimeout, time.Hour)
	def(&o.StallTimeout, 60*time.Second)
	def(&o.IdleTimeout, 55*time.Second)
	if o.MaxBody <= 0 {
		o.MaxBody = 10 << 20
	}
	if o.MaxIdlePerHost <= 0 {
		o.MaxIdlePerHost = 256
	}
	if o.UserAgent == "" {
		o.UserAgent = "Sluice"
	}
	return o
}

// Request is one request. Nothing in it is changed.
type Request struct {
	Method string
	URL    string      // absolute, http or https, encoded, without user information or fragment
	Header [][2]string // as they shall stand on the wire; Host, Content-Length and Accept-Encoding are not the caller's
	Body   []byte      // nil: none

	// Once forbids that anything is sent twice or a redirect is followed, whatever the method: for a GET that changes something. A write by its method
	// is never sent twice.
	Once bool

	Timeout time.Duration // of the whole exchange; 0: the client's
	MaxBody int64         // 0: the client's
}

// Response is a whole answer.
type Response struct {
	Status int
	Header Header
	Body   []byte // decompressed; the caller's own

	// Location is where a redirect that was not followed points to, absolute; "" where there is none. A redirect is followed only for GET and HEAD
	// and within one origin (RFC 6454): so it never turns a write into a read and never carries a credential elsewhere.
	Location string

	room *[]byte // what Body lies in, where it can be lent again
}

var rooms = sync.Pool{New: func() any { return new([]byte) }}

// Free lets another answer use Body's memory. Nothing may look at Body, or at a part of it, from then on. Whoever is not sure leaves Body to the garbage collector.
func (r *Response) Free() {
	if r.room != nil {
		rooms.Put(r.room)
		r.room, r.Body = nil, nil
	}
}

// Header is the fields of an answer.
type Header [][2]string

// Get returns the first value of a field whose name is equal but for case, or "".
func (h Header) Get(name string) string {
	for i := range h {
		if len(h[i][0]) == len(name) && strings.EqualFold(h[i][0], name) {
			return h[i][1]
		}
	}
	return ""
}

// Values returns all values of a field.
func (h Header) Values(name string) []string {
	var values []string
	for i := range h {
		if strings.EqualFold(h[i][0], name) {
			values = append(values, h[i][1])
		}
	}
	return values
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	options  Options
	pool     *pool
	standard *standard
}

// New makes a client. Close it when it is not needed any more.
func New(options Options) *Client {
	options = options.withDefaults()
	return &Client{options: options, pool: newPool(options), standard: newStandard(options)}
}

// Close closes the connections that are not in use; the others are closed when they are not.
func (c *Client) Close() {
	c.pool.close()
	c.standard.close()
}

// Do sends a request and reads the whole answer, whatever its status. The error is always an *Error. Where it is TooLarge, Undecodable or an
// answer that broke off after its header, the Response is given beside the error, with its status and header and without a body.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	if c.options.Observe == nil {
		return c.do(ctx, r)
	}
	begun := time.Now()
	response, err := c.do(ctx, r)
	c.options.Observe(Exchange{r, response, err, time.Since(begun)})
	return response, err
}

func (c *Client) do(ctx context.Context, r *Request) (*Response, error) {
	at, err := splitURL(r.URL)
	if err != nil {
		return nil, err
	}
	if err := checkRequest(r); err != nil {
		err.Host = at.host
		return nil, err
	}
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = c.options.Timeout
	}
	deadline := time.Now().Add(timeout)
	for hops := 0; ; hops++ {
		response, err := c.exchange(ctx, r, at, deadline)
		if err != nil {
			err.Host = at.host
			return response, err
		}
		if !isRedirect(response.Status) {
			return response, nil
		}
		next, ok := follow(r, at, response)
		if !ok || hops == maxHops {
			return response, nil
		}
		at = next
	}
}

// exchange is one request and its answer.
func (c *Client) exchange(ctx context.Context, r *Request, at target, deadline time.Time) (*Response, *Error) {
	limit := r.MaxBody
	if limit <= 0 {
		limit = c.options.MaxBody
	}
	if !c.pool.speaksHTTP2(at.origin) {
		response, err := c.pool.exchange(ctx, r, at, deadline, limit)
		if err == nil || err.Err != errHTTP2 {
			return response, err
		}
	}
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, errTimeout)
	defer cancel()
	return c.standard.exchange(ctx, r, at, limit)
}
