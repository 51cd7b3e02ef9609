package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"

	"sluice/internal/prose"
)

// StreamRequest is a request whose body, or whose answer's, is passed on as it comes and never held whole.
type StreamRequest struct {
	Request // Body, Timeout and MaxBody are not used

	// Source is the body to send; nil: none. It is closed when the exchange is over, whatever becomes of it.
	Source io.ReadCloser
	Length int64 // of Source; -1: not known, then it is sent in chunks

	// Elsewhere allows a GET's redirects to lead to another origin, as storage that hands out files has one of its own. Of the header, only what says which
	// answer is wanted goes there: a credential never leaves its origin. What was secured stays so.
	Elsewhere bool
}

// Stream is an answer whose body is read as it comes. Close ends the exchange. Read and Close are for one goroutine at a time.
type Stream struct {
	Status   int
	Header   Header
	Location string // as in Response
	Length   int64  // of the body, as it is read; -1: not known
	Address  string // where it came from in the end, without the query

	body  io.ReadCloser
	watch *watch
	host  string
}

// Stream sends a request and answers when the header of its answer is there. It follows the same rules as Do, but for the time it may take: Options.StreamTimeout, as
// long as something moves within Options.StallTimeout. The error is always an *Error, and so is any of the Stream's Read but io.EOF.
func (c *Client) Stream(ctx context.Context, r *StreamRequest) (*Stream, error) {
	watch := newWatch(ctx, c.options)
	var body *source
	if r.Source != nil {
		body = &source{from: r.Source, watch: watch}
	}
	begun := time.Now()
	stream, err := c.stream(watch, r, body)
	if c.options.Observe != nil {
		seen := Exchange{Request: &r.Request, Err: err, Took: time.Since(begun)}
		if err == nil {
			seen.Response = &Response{Status: stream.Status, Header: stream.Header, Location: stream.Location}
		}
		c.options.Observe(seen)
	}
	if err != nil {
		watch.end()
		body.Close()
		return nil, err
	}
	return stream, nil
}

func (c *Client) stream(watch *watch, r *StreamRequest, body *source) (*Stream, error) {
	at, err := splitURL(r.URL)
	if err != nil {
		return nil, err
	}
	if err := checkRequest(&r.Request); err != nil {
		err.Host = at.host
		return nil, err
	}
	header, origin := r.Header, at
	for hops := 0; ; hops++ {
		request := r.Request
		request.Header = header
		s, err := c.standard.stream(watch, &request, at, body, r.Length)
		if err != nil {
			err.Host = at.host
			return nil, err
		}
		if !isRedirect(s.Status) {
			return s, nil
		}
		next, ok := s.follow(r, at)
		if !ok || hops == maxHops {
			return s, nil
		}
		s.body.Close()
		if at = next; !at.sameOrigin(origin) {
			header = onlyWhatIsWanted(header)
		}
	}
}

// follow tells where a redirect leads, and whether it may be followed.
func (s *Stream) follow(r *StreamRequest, from target) (target, bool) {
	response := Response{Header: s.Header}
	next, ok := follow(&r.Request, from, &response)
	s.Location = response.Location
	if ok || !r.Elsewhere || r.Once || r.Method != http.MethodGet || s.Location == "" {
		return next, ok
	}
	next, err := splitURL(s.Location)
	return next, err == nil && !(from.scheme == "https" && next.scheme != "https")
}

// onlyWhatIsWanted is of a header what may go to another origin.
func onlyWhatIsWanted(header [][2]string) (kept [][2]string) {
	for _, f := range header {
		switch strings.ToLower(f[0]) {
		case "accept", "range", "if-range":
			kept = append(kept, f)
		}
	}
	return kept
}

func (s *standard) stream(watch *watch, r *Request, at target, body *source, length int64) (*Stream, *Error) {
	req, fault := s.request(r, at, "identity") // a range counts the bytes that arrive
	if fault != nil {
		return nil, fault
	}
	switch {
	case body == nil:
	case length == 0: // which would mean that it is not known
		body.Close()
		req.Body = http.NoBody
	default:
		req.Body, req.ContentLength = body, length
	}
	watch.start()
	res, fault := s.roundTrip(watch.ctx, req)
	watch.stop()
	if fault != nil {
		if err := body.failed(); err != nil {
			return nil, &Error{Reason: Unread, Sent: fault.Sent, Err: err}
		}
		return nil, fault
	}
	address, _, _ := strings.Cut(at.String(), "?")
	stream := &Stream{Status: res.StatusCode, Header: flatten(res.Header), Length: res.ContentLength, Address: address, body: res.Body, watch: watch, host: at.host}
	if err := stream.decode(strings.Join(res.Header["Content-Encoding"], ", ")); err != nil {
		res.Body.Close()
		return nil, err
	}
	return stream, nil
}

// decode undoes a content coding that was not asked for.
func (s *Stream) decode(coding string) *Error {
	switch coding = strings.TrimSpace(coding); {
	case coding == "" || strings.EqualFold(coding, "identity"):
		return nil
	case s.Status == http.StatusPartialContent, !strings.EqualFold(coding, "gzip") && !strings.EqualFold(coding, "x-gzip"):
		return &Error{Reason: Undecodable, Sent: true, Err: fmt.Errorf("its coding is %q, and none was asked for", prose.Clip(coding, 40))}
	}
	s.Length = -1
	s.body = &unzipped{compressed: s.body}
	return nil
}

// Read reads the body.
func (s *Stream) Read(p []byte) (int, error) {
	s.watch.start()
	n, err := s.body.Read(p)
	s.watch.stop()
	if err == nil || err == io.EOF {
		return n, err
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = classify(s.watch.ctx, err, true)
	}
	e.Host = s.host
	return n, e
}

// Close ends the exchange, also where the body was not read to its end.
func (s *Stream) Close() error {
	s.watch.end() // before the body is closed, so that nothing waits for what is still on its way
	return s.body.Close()
}

// Whole reads the rest of the body, up to limit bytes, and closes the stream: for answers that turn out not to be what was to be streamed. What comes with the
// error is as in Do.
func (s *Stream) Whole(limit int64) (*Response, error) {
	defer s.Close()
	response := &Response{Status: s.Status, Header: s.Header, Location: s.Location}
	body, err := readBody(s, s.Length, limit)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			e.Host = s.host
			return response, e
		}
		return response, &Error{Reason: Lost, Host: s.host, Sent: true, Err: err}
	}
	response.Body = body
	return response, nil
}

// watch ends an exchange that takes too long, or does not move while it is watched.
type watch struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	whole  *time.Timer
	stall  *time.Timer
	after  time.Duration
}

func newWatch(ctx context.Context, o Options) *watch {
	w := &watch{after: max(o.StallTimeout, o.HeaderTimeout)}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	expire := func() { w.cancel(errTimeout) }
	w.whole = time.AfterFunc(o.StreamTimeout, expire)
	w.stall = time.AfterFunc(w.after, expire)
	return w
}

func (w *watch) start() { w.stall.Reset(w.after) }
func (w *watch) stop()  { w.stall.Stop() }

func (w *watch) end() {
	w.stall.Stop()
	w.whole.Stop()
	w.cancel(context.Canceled)
}

// source is the body to be sent. While it is read the exchange is not watched: it waits for somebody else.
type source struct {
	from  io.ReadCloser
	watch *watch
	err   atomic.Pointer[error]
	close sync.Once
}

func (s *source) Read(p []byte) (int, error) {
	s.watch.stop()
	n, err := s.from.Read(p)
	s.watch.start()
	if err != nil && err != io.EOF {
		s.err.Store(&err)
	}
	return n, err
}

func (s *source) Close() (err error) {
	if s == nil {
		return nil
	}
	s.close.Do(func() { err = s.from.Close() })
	return err
}

// failed is why the source could not be read to its end, nil if that is not why.
func (s *source) failed() error {
	if s == nil {
		return nil
	}
	if err := s.err.Load(); err != nil {
		return *err
	}
	return nil
}

// unzipped is a gzip body as it is decompressed.
type unzipped struct {
	compressed io.ReadCloser
	reader     *gzip.Reader
}

func (u *unzipped) Read(p []byte) (n int, err error) {
	if u.reader == nil {
		if u.reader, err = gzip.NewReader(u.compressed); err != nil {
			return 0, damaged(err)
		}
	}
	n, err = u.reader.Read(p)
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}

func damaged(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Reason: Undecodable, Sent: true, Err: errors.New("its gzip is damaged or cut short")}
	}
	return err
}

func (u *unzipped) Close() error { return u.compressed.Close() }
