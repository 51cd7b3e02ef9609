package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// zeroes yields n bytes and never holds them.
type zeroes struct {
	left   int64
	closed chan struct{}
}

func count(n int64) *zeroes { return &zeroes{n, make(chan struct{})} }

func (c *zeroes) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), c.left))
	clear(p[:n])
	c.left -= int64(n)
	return n, nil
}

func (c *zeroes) Close() error {
	close(c.closed) // a second time panics
	return nil
}

// failing is a body that breaks off.
type failing struct {
	io.Reader
	err error
}

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err == io.EOF {
		err = f.err
	}
	return n, err
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestStreamsInBothDirectionsHoldNothing(t *testing.T) {
	const size = 64 << 20
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || n != size || r.ContentLength != size && r.URL.Path == "/told" || len(r.TransferEncoding) == 0 && r.URL.Path == "/chunks" {
			t.Errorf("%s: got %d of %d bytes (%v), sent %v", r.URL.Path, n, r.ContentLength, err, r.TransferEncoding)
		}
		if r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("a coding is asked for: %q", r.Header)
		}
		io.Copy(w, count(size))
	})
	c := newClient(t, Options{})
	before := allocated()
	for path, length := range map[string]int64{"/told": size, "/chunks": -1} {
		body := count(size)
		stream, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "POST", URL: s.URL + path}, Source: body, Length: length})
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, stream)
		if err != nil || n != size || stream.Status != 200 {
			t.Errorf("got %d bytes, status %d, %v", n, stream.Status, err)
		}
		stream.Close()
		<-body.closed
	}
	if more := allocated() - before; more > 8<<20 {
		t.Errorf("%d MiB were allocated for 256 MiB that went through", more>>20)
	}
}

func TestABodyThatBreaksOffIsNoWholeRequest(t *testing.T) {
	whole := make(chan bool, 2)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		whole <- err == nil
	})
	c := newClient(t, Options{})
	why := errors.New("the moon is full")
	for _, length := range []int64{-1, 1 << 20} {
		body := failing{bytes.NewReader(make([]byte, 64<<10)), why}
		_, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "POST", URL: s.URL}, Source: io.NopCloser(body), Length: length})
		e := wantError(t, err, Unread, true)
		if !errors.Is(e, why) || !strings.Contains(e.Error(), "the moon is full") {
			t.Errorf("got %v", e)
		}
		if <-whole {
			t.Error("the server took it for a whole request")
		}
	}
}

func TestARefusalEndsAnUpload(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	})
	c := newClient(t, Options{})
	body := count(1 << 40)
	stream, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "POST", URL: s.URL}, Source: body, Length: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	response, err := stream.Whole(1 << 10)
	if err != nil || response.Status != 413 || string(response.Body) != "too large\n" {
		t.Errorf("got %+v, %v", response, err)
	}
	<-body.closed
}

func TestAnAnswerThatTurnsOutToBeNoFileIsReadWhole(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(403)
		io.WriteString(w, strings.Repeat("n", 100))
	})
	c := newClient(t, Options{})
	open := func() *Stream {
		stream, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL}})
		if err != nil {
			t.Fatal(err)
		}
		return stream
	}
	if r, err := open().Whole(100); err != nil || r.Status != 403 || len(r.Body) != 100 {
		t.Errorf("got %+v, %v", r, err)
	}
	r, err := open().Whole(99)
	if wantError(t, err, TooLarge, true); r == nil || r.Status != 403 || r.Body != nil {
		t.Errorf("got %+v", r)
	}
}

func TestAStreamThatDoesNotMoveIsGivenUp(t *testing.T) {
	ended := make(chan struct{}, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
		ended <- struct{}{}
	})
	within := func(limit time.Duration) *Client {
		return newClient(t, Options{StallTimeout: limit, HeaderTimeout: limit})
	}
	_, err := within(30*time.Millisecond).Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL + "/header"}})
	wantError(t, err, TimedOut, true)
	<-ended
	stream, err := within(time.Second).Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL + "/body"}})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	_, err = io.ReadAll(stream)
	wantError(t, err, TimedOut, true)
	<-ended
}

// Who reads slowly is not to blame the server for it.
func TestAReaderMayTakeItsTime(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, count(4<<20)) })
	const stall = time.Second
	c := newClient(t, Options{StallTimeout: stall, HeaderTimeout: stall})
	stream, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	time.Sleep(stall * 5 / 4) // longer than a stall
	if n, err := io.Copy(io.Discard, stream); err != nil || n != 4<<20 {
		t.Errorf("got %d bytes, %v", n, err)
	}
}

func TestTheEndOfAStreamEndsTheRequest(t *testing.T) {
	ended := make(chan struct{}, 1)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, count(1<<40))
		<-r.Context().Done()
		ended <- struct{}{}
	})
	c := newClient(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	begun := func() *Stream {
		stream, err := c.Stream(ctx, &StreamRequest{Request: Request{Method: "GET", URL: s.URL}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, stream, 1<<20); err != nil {
			t.Fatal(err)
		}
		return stream
	}
	begun().Close()
	<-ended
	stream := begun()
	defer stream.Close()
	cancel()
	_, err := io.Copy(io.Discard, stream)
	wantError(t, err, Cancelled, true)
	<-ended
}

func TestACredentialStaysAtItsOriginWhenAFileLiesElsewhere(t *testing.T) {
	var seen http.Header
	storage := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		io.WriteString(w, "stored")
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/again" && r.Header.Get("Authorization") == "" {
			t.Error("the credential is lost on the way to its own origin")
		}
		http.Redirect(w, r, map[string]string{"/": "/again", "/again": storage.URL + "/x?sig=1"}[r.URL.Path], http.StatusFound)
	})
	c := newClient(t, Options{})
	request := Request{Method: "GET", URL: s.URL + "/", Header: [][2]string{{"Authorization", "Bearer t"}, {"Cookie", "c=1"}, {"X-Api-Key", "k"}, {"Range", "bytes=0-3"}}}
	stream, err := c.Stream(t.Context(), &StreamRequest{Request: request, Elsewhere: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	body, _ := io.ReadAll(stream)
	if string(body) != "stored" || stream.Address != storage.URL+"/x" {
		t.Errorf("got %q from %s", body, stream.Address)
	}
	if seen.Get("Authorization") != "" || seen.Get("Cookie") != "" || seen.Get("X-Api-Key") != "" || seen.Get("Range") != "bytes=0-3" {
		t.Errorf("what went elsewhere is %v", seen)
	}
	stream, err = c.Stream(t.Context(), &StreamRequest{Request: request})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if stream.Status != 302 || !strings.HasPrefix(stream.Location, storage.URL) {
		t.Errorf("unless it is allowed: got %d to %q", stream.Status, stream.Location)
	}
}

func TestAStreamKeepsToThePolicyOnItsWholeWay(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
	c := newClient(t, Options{})
	_, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL}, Elsewhere: true})
	wantError(t, err, Refused, false)
	_, err = c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: "http://169.254.169.254/"}, Elsewhere: true})
	wantError(t, err, Refused, false)
	_, err = c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: "ftp://x.example/"}, Source: count(1)})
	wantError(t, err, BadRequest, false)
}

func TestWhatWasSecuredStaysSo(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("it went on in the clear") })
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) }))
	t.Cleanup(s.Close)
	pool := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c := newClient(t, Options{RootCAs: pool})
	stream, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL}, Elsewhere: true})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if stream.Status != 302 {
		t.Errorf("got %d", stream.Status)
	}
}

func TestAStreamThatIsCompressedAllTheSame(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", strings.TrimPrefix(r.URL.Path, "/"))
		if r.URL.Path == "/br" {
			return
		}
		b := zipped("stored")
		if r.URL.RawQuery == "cut" {
			b = b[:len(b)-6]
		}
		w.Write(b)
	})
	c := newClient(t, Options{})
	stream, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL + "/gzip"}})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if body, err := io.ReadAll(stream); string(body) != "stored" || err != nil || stream.Length != -1 {
		t.Errorf("got %q, %v, length %d", body, err, stream.Length)
	}
	cut, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL + "/gzip?cut"}})
	if err != nil {
		t.Fatal(err)
	}
	defer cut.Close()
	_, err = io.ReadAll(cut)
	wantError(t, err, Undecodable, true)
	_, err = c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL + "/br"}})
	wantError(t, err, Undecodable, true)
}
