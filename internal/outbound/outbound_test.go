package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/await"
)

var local = Policy{AllowPrivate: true}

func newClient(t testing.TB, o Options) *Client {
	t.Helper()
	if o.Policy.Allow == nil && !o.Policy.AllowPrivate {
		o.Policy = local
	}
	c := New(o)
	t.Cleanup(c.Close)
	return c
}

// onBoth runs a test over each of the two ways to send: the pool, and net/http's transport.
func onBoth(t *testing.T, f func(t *testing.T, dial func(o Options, s *httptest.Server) *Client)) {
	t.Run("pool", func(t *testing.T) {
		f(t, func(o Options, _ *httptest.Server) *Client { return newClient(t, o) })
	})
	t.Run("transport", func(t *testing.T) {
		f(t, func(o Options, s *httptest.Server) *Client {
			c := newClient(t, o)
			c.pool.http2[s.URL] = true
			return c
		})
	})
}

func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// wantError checks why a request failed, and whether it may have arrived.
func wantError(t *testing.T, err error, reason Reason, sent bool) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("want an *Error, got %v", err)
	}
	if e.Reason != reason || e.Sent != sent {
		t.Fatalf("want reason %d, sent %v; got %d, %v: %v (%v)", reason, sent, e.Reason, e.Sent, e, e.Err)
	}
	return e
}

func TestARequestArrivesAsItWasMade(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		type seen struct {
			line   string
			header http.Header
			body   string
			length int64
		}
		got := make(chan seen, 1)
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got <- seen{r.Method + " " + r.RequestURI, r.Header, string(body), r.ContentLength}
			w.Header().Set("X-Answer", "a")
			w.Header().Add("X-Answer", "b")
			w.WriteHeader(201)
			io.WriteString(w, `{"n":1}`)
		})
		c := dial(Options{UserAgent: "Sluice/test"}, s)
		res, err := c.Do(t.Context(), &Request{Method: "PUT", URL: s.URL + "/a%2Fb//c/..%2f/%C3%BC?x=1%2B2&y=%20#f",
			Header: [][2]string{{"Content-Type", "application/json"}, {"Accept", "application/json"}, {"Accept", "text/plain"}}, Body: []byte(`{"q":1}`)})
		if err != nil {
			t.Fatal(err)
		}
		r := <-got
		if want := "PUT /a%2Fb//c/..%2f/%C3%BC?x=1%2B2&y=%20"; r.line != want {
			t.Errorf("request line: want %q, got %q", want, r.line)
		}
		if r.body != `{"q":1}` || r.length != 7 {
			t.Errorf("body: got %q of length %d", r.body, r.length)
		}
		if fmt.Sprint(r.header["Accept"]) != "[application/json text/plain]" || r.header.Get("User-Agent") != "Sluice/test" || r.header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("header: got %v", r.header)
		}
		if res.Status != 201 || string(res.Body) != `{"n":1}` || res.Header.Get("x-answer") != "a" || len(res.Header.Values("X-ANSWER")) != 2 {
			t.Errorf("answer: got %+v", res)
		}
	})
}

func TestAnAnswerWithoutABodyIsWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/204":
				w.WriteHeader(204)
			case "/304":
				w.WriteHeader(304)
			case "/head":
				w.Header().Set("Content-Length", "5")
				w.Header().Set("Content-Encoding", "gzip")
			}
		})
		c := dial(Options{}, s)
		for method, path := range map[string]string{"DELETE": "/204", "GET": "/304", "HEAD": "/head"} {
			res, err := c.Do(t.Context(), &Request{Method: method, URL: s.URL + path})
			if err != nil || len(res.Body) != 0 {
				t.Errorf("%s %s: got %+v, %v", method, path, res, err)
			}
		}
	})
}

func zipped(text string) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	io.WriteString(zw, text)
	zw.Close()
	return b.Bytes()
}

func TestContentCodings(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		const text = `{"tide":"höher"}`
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			coding := strings.TrimPrefix(r.URL.Path, "/")
			w.Header().Set("Content-Encoding", coding)
			switch coding {
			case "gzip", "x-gzip", "GZIP":
				w.Write(zipped(text))
			case "cut":
				w.Header().Set("Content-Encoding", "gzip")
				b := zipped(text)
				w.Write(b[:len(b)-6])
			case "lie":
				w.Header().Set("Content-Encoding", "gzip")
				io.WriteString(w, text)
			case "bomb":
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(zipped(strings.Repeat("a", 1<<20)))
			default:
				io.WriteString(w, text)
			}
		})
		c := dial(Options{MaxBody: 64 << 10}, s)
		for _, coding := range []string{"gzip", "x-gzip", "GZIP", "identity"} {
			res, err := c.Do(t.Context(), &Request{Method: "GET", URL: s.URL + "/" + coding})
			if err != nil || string(res.Body) != text {
				t.Errorf("%s: got %+v, %v", coding, res, err)
			}
		}
		for coding, reason := range map[string]Reason{"br": Undecodable, "deflate": Undecodable, "cut": Undecodable, "lie": Undecodable, "bomb": TooLarge} {
			res, err := c.Do(t.Context(), &Request{Method: "GET", URL: s.URL + "/" + coding})
			wantError(t, err, reason, true)
			if res == nil || res.Status != 200 || res.Body != nil {
				t.Errorf("%s: want the status beside the error and no body, got %+v", coding, res)
			}
		}
	})
}

func TestAnAnswerThatIsTooLargeIsRefusedInWords(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/announced" {
				w.Header().Set("Content-Length", "2000")
			}
			for range 20 {
				w.Write(make([]byte, 100))
				w.(http.Flusher).Flush()
			}
		})
		c := dial(Options{}, s)
		for _, path := range []string{"/announced", "/chunked"} {
			res, err := c.Do(t.Context(), &Request{Method: "GET", URL: s.URL + path, MaxBody: 1024})
			e := wantError(t, err, TooLarge, true)
			if !strings.Contains(e.Error(), "larger than 1 KiB") || res.Status != 200 {
				t.Errorf("%s: got %v, %+v", path, e, res)
			}
			if res, err := c.Do(t.Context(), &Request{Method: "GET", URL: s.URL + path, MaxBody: 2000}); err != nil || len(res.Body) != 2000 {
				t.Errorf("%s, exactly at the limit: got %v", path, err)
			}
		}
	})
}

func TestRedirectsAreFollowedOnlyByReadsWithinOneOrigin(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		var foreign atomic.Int32
		other := serve(t, func(w http.ResponseWriter, r *http.Request) { foreign.Add(1) })
		var writes atomic.Int32
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "POST" {
				writes.Add(1)
			}
			switch r.URL.Path {
			case "/start":
				w.Header().Set("Location", "step/two?x=%2F")
			case "/step/two":
				w.Header().Set("Location", "/end")
			case "/foreign":
				w.Header().Set("Location", other.URL+"/stolen")
			case "/loop":
				w.Header().Set("Location", "/loop")
			case "/user":
				w.Header().Set("Location", "http://u:p@"+r.Host+"/end")
			case "/end":
				io.WriteString(w, r.Header.Get("Authorization"))
				return
			}
			w.WriteHeader(302)
		})
		c := dial(Options{}, s)
		do := func(method, path string) *Response {
			t.Helper()
			res, err := c.Do(t.Context(), &Request{Method: method, URL: s.URL + path, Header: [][2]string{{"Authorization", "Bearer x"}}})
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		if res := do("GET", "/start"); res.Status != 200 || string(res.Body) != "Bearer x" {
			t.Errorf("a read within one origin: got %+v", res)
		}
		for _, test := range []struct{ method, path, location string }{
			{"GET", "/foreign", other.URL + "/stolen"},
			{"POST", "/foreign", other.URL + "/stolen"},
			{"POST", "/start", s.URL + "/step/two?x=%2F"},
			{"GET", "/loop", s.URL + "/loop"},
			{"GET", "/user", strings.Replace(s.URL, "http://", "http://u:xxxxx@", 1) + "/end"},
		} {
			if res := do(test.method, test.path); res.Status != 302 || res.Location != test.location {
				t.Errorf("%s %s: want it not followed and %q, got %d %q", test.method, test.path, test.location, res.Status, res.Location)
			}
		}
		if foreign.Load() != 0 || writes.Load() != 2 {
			t.Errorf("want nothing at the other origin and each write once; got %d and %d", foreign.Load(), writes.Load())
		}
	})
}

func TestForbiddenAddressesAreRefusedAtConnect(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("the request arrived") })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := New(Options{})
	t.Cleanup(c.Close)
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "169.254.169.254"} {
		_, err := c.Do(t.Context(), &Request{Method: "POST", URL: "http://" + host + ":" + port + "/secret?key=hush"})
		e := wantError(t, err, Refused, false)
		if text := e.Error(); !strings.Contains(text, "the operator of Sluice can allow it") || strings.Contains(text, "hush") {
			t.Errorf("%s: got %q", host, text)
		}
	}
}

func TestWhatNeverArrivedIsToldAsUnsent(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) {})
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	c := newClient(t, Options{})
	tests := []struct {
		name, url string
		reason    Reason
	}{
		{"nobody listens", closed.URL, Unreachable},
		{"no such name", "http://no-such-host.invalid/", Unreachable},
		{"unknown certificate", secure.URL, TLS},
		{"no TLS there", strings.Replace(plain.URL, "http:", "https:", 1), TLS},
		{"another scheme", "ftp://example.com/", BadRequest},
		{"no host", "http:///x", BadRequest},
		{"user information", "http://a:b@example.com/", BadRequest},
		{"a space", plain.URL + "/a b", BadRequest},
	}
	for _, test := range tests {
		for _, method := range []string{"GET", "POST"} {
			t.Run(test.name+" "+method, func(t *testing.T) {
				_, err := c.Do(t.Context(), &Request{Method: method, URL: test.url})
				wantError(t, err, test.reason, false)
			})
		}
	}
	_, err := c.Do(t.Context(), &Request{Method: "GET", URL: plain.URL, Header: [][2]string{{"Authorization", "hush\r\nX: y"}}})
	if e := wantError(t, err, BadRequest, false); strings.Contains(e.Error(), "hush") {
		t.Errorf("the error shows the value: %v", e)
	}
}

func TestTLSWithAKnownAuthority(t *testing.T) {
	for _, test := range []struct {
		name string
		only bool // refuses who does not offer HTTP/2
		want string
	}{{"a server that speaks both", false, "HTTP/1.1"}, {"a server that speaks HTTP/2 only", true, "HTTP/2.0"}} {
		t.Run(test.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.EnableHTTP2 = true
			s.StartTLS()
			t.Cleanup(s.Close)
			s.TLS.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				config := s.TLS.Clone()
				if config.GetConfigForClient = nil; test.only && !slices.Contains(hello.SupportedProtos, "h2") {
					config.NextProtos = []string{"none of these"}
				}
				return config, nil
			}
			roots := x509.NewCertPool()
			roots.AddCert(s.Certificate())
			c := newClient(t, Options{RootCAs: roots})
			for range 3 {
				res, err := c.Do(t.Context(), &Request{Method: "POST", URL: s.URL, Body: []byte("x")})
				if err != nil || string(res.Body) != test.want {
					t.Fatalf("want %s, got %+v, %v", test.want, res, err)
				}
			}
		})
	}
}

func hijack(t *testing.T, w http.ResponseWriter) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
	}
	return conn
}

func TestAnAnswerThatIsLostIsToldAsSent(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		var arrived atomic.Int32
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			arrived.Add(1)
			switch r.URL.Path {
			case "/nothing":
				hijack(t, w).Close()
			case "/half-header":
				conn := hijack(t, w)
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n")
				conn.Close()
			case "/half-body":
				conn := hijack(t, w)
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
				conn.Close()
			case "/half-chunk":
				conn := hijack(t, w)
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
				conn.Close()
			case "/garbage":
				conn := hijack(t, w)
				io.WriteString(conn, "what is this\r\n\r\n")
				conn.Close()
			}
		})
		c := dial(Options{}, s)
		for _, test := range []struct {
			path   string
			reason Reason
			status int
		}{
			{"/nothing", Lost, 0}, {"/half-header", Lost, 0}, {"/half-body", Lost, 200}, {"/half-chunk", Lost, 200}, {"/garbage", Garbled, 0},
		} {
			before := arrived.Load()
			res, err := c.Do(t.Context(), &Request{Method: "POST", URL: s.URL + test.path, Body: []byte("x"), Header: [][2]string{{"Idempotency-Key", "1"}}})
			wantError(t, err, test.reason, true)
			if test.status != 0 && (res == nil || res.Status != test.status) {
				t.Errorf("%s: want the status beside the error, got %+v", test.path, res)
			}
			if n := arrived.Load() - before; n != 1 {
				t.Errorf("%s: want the write to arrive once, it arrived %d times", test.path, n)
			}
		}
	})
}

// A connection that the server closed while it was kept must cost a write nothing, or be told as lost: never sent twice.
func TestAWriteOnAConnectionThatTheServerClosedArrivesAtMostOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		var mu sync.Mutex
		arrived := map[string]int{}
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			mu.Lock()
			arrived[r.URL.Path]++
			mu.Unlock()
			if r.Method == "GET" && len(r.TransferEncoding) > 0 {
				t.Error("a GET came with a body")
			}
			io.WriteString(w, "ok")
		})
		c := dial(Options{}, s)
		for i := range 50 {
			if _, err := c.Do(t.Context(), &Request{Method: "GET", URL: s.URL + "/warm"}); err != nil {
				t.Fatal(err)
			}
			s.CloseClientConnections()
			path := fmt.Sprintf("/write/%d", i)
			for _, r := range []Request{{Method: "POST"}, {Method: "POST", Header: [][2]string{{"Idempotency-Key", "k"}}}, {Method: "GET", Once: true}, {Method: "DELETE"}} {
				r.URL = s.URL + path
				_, err := c.Do(t.Context(), &r)
				if err != nil {
					wantError(t, err, Lost, true)
				}
				mu.Lock()
				n := arrived[path]
				arrived[path] = 0
				mu.Unlock()
				if err == nil && n != 1 || n > 1 {
					t.Fatalf("write %d: arrived %d times, error %v", i, n, err)
				}
			}
		}
	})
}

func TestTimeouts(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		release := make(chan struct{})
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/body" {
				io.WriteString(w, "{")
				w.(http.Flusher).Flush()
			}
			<-release
		})
		t.Cleanup(func() { close(release) })
		c := dial(Options{Timeout: 50 * time.Millisecond}, s)
		_, err := c.Do(t.Context(), &Request{Method: "POST", URL: s.URL + "/header"})
		wantError(t, err, TimedOut, true)
		_, err = c.Do(t.Context(), &Request{Method: "POST", URL: s.URL + "/body"})
		wantError(t, err, TimedOut, true)

		quick := dial(Options{HeaderTimeout: 50 * time.Millisecond}, s)
		_, err = quick.Do(t.Context(), &Request{Method: "GET", URL: s.URL + "/header"})
		wantError(t, err, TimedOut, true)
	})
}

func TestACallerThatGoesAwayEndsTheExchange(t *testing.T) {
	onBoth(t, func(t *testing.T, dial func(Options, *httptest.Server) *Client) {
		begun, gone := make(chan struct{}), make(chan struct{})
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done()
			close(gone)
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-begun; cancel() }()
		_, err := dial(Options{}, s).Do(ctx, &Request{Method: "GET", URL: s.URL})
		wantError(t, err, Cancelled, true)
		await.From(t, "the server to be told", gone)
	})
}
