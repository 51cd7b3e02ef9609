package outbound

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// answerOf reads one answer from bytes that end there.
func answerOf(text, method string) (status int, body []byte, left int, closes bool, err error) {
	r := &reader{in: bufio.NewReaderSize(nil, readBuffer)}
	r.reset(strings.NewReader(text))
	h, err := r.head()
	if err != nil {
		return 0, nil, 0, true, err
	}
	body, err = r.body(h, method, 1<<20)
	rest, _ := io.ReadAll(r.in)
	return h.status, body, len(rest), h.close, err
}

func TestAnswersAreReadByRFC9112(t *testing.T) {
	tests := []struct {
		name, text string
		method     string
		status     int
		body       string
		left       int // bytes behind the answer
		closes     bool
	}{
		{name: "a length", text: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcNEXT", status: 200, body: "abc", left: 4},
		{name: "the same length twice", text: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\nabc", status: 200, body: "abc"},
		{name: "bare line feeds", text: "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", status: 200, body: "abc"},
		{name: "no reason phrase", text: "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", status: 404},
		{name: "until the end", text: "HTTP/1.1 200 OK\r\n\r\nabc", status: 200, body: "abc", closes: true},
		{name: "HTTP/1.0", text: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", status: 200, body: "a", closes: true},
		{name: "HTTP/1.0 that keeps", text: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na", status: 200, body: "a"},
		{name: "close", text: "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 1\r\n\r\na", status: 200, body: "a", closes: true},
		{name: "chunks", text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n0A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nNEXT", status: 200, body: "abc0123456789", left: 4},
		{name: "chunks and a length", text: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", status: 200, body: "a", closes: true},
		{name: "204 with a length", text: "HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", status: 204},
		{name: "HEAD", method: "HEAD", text: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", status: 200},
		{name: "after 103 and 100", text: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\na", status: 201, body: "a"},
		{name: "a line that goes on", text: "HTTP/1.1 200 OK\r\nX: a\r\n  b\r\nContent-Length: 1\r\n\r\na", status: 200, body: "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			method := test.method
			if method == "" {
				method = "GET"
			}
			status, body, left, closes, err := answerOf(test.text, method)
			if err != nil || status != test.status || string(body) != test.body || left != test.left || closes != test.closes {
				t.Errorf("want %d %q, %d left, closes %v; got %d %q, %d, %v: %v", test.status, test.body, test.left, test.closes, status, body, left, closes, err)
			}
		})
	}
}

func TestAnswersWhoseEndIsInDoubtAreRefused(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\n"
	for name, text := range map[string]string{
		"two lengths":                 ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"a list of lengths":           ok + "Content-Length: 1, 1\r\n\r\na",
		"a negative length":           ok + "Content-Length: -1\r\n\r\n",
		"a length with a sign":        ok + "Content-Length: +1\r\n\r\na",
		"an empty length":             ok + "Content-Length:\r\n\r\n",
		"a length beyond all":         ok + "Content-Length: 99999999999999999999\r\n\r\n",
		"another coding":              ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"two codings":                 ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"a coding in HTTP/1.0":        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a space before the colon":    ok + "Content-Length : 1\r\n\r\na",
		"a field without a name":      ok + ": 1\r\n\r\n",
		"no field at all":             ok + "nonsense\r\n\r\n",
		"a carriage return inside":    ok + "X: a\rContent-Length: 5\r\n\r\n",
		"a NUL inside":                ok + "X: a\x00b\r\n\r\n",
		"a fold without a field":      ok + " x\r\n\r\n",
		"another protocol":            "HTTP/2.0 200 OK\r\n\r\n",
		"a switch of protocols":       "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"a status of two digits":      "HTTP/1.1 20 OK\r\n\r\n",
		"a status of four digits":     "HTTP/1.1 2000 OK\r\n\r\n",
		"a status below 100":          "HTTP/1.1 099 OK\r\n\r\n",
		"an empty line first":         "\r\nHTTP/1.1 200 OK\r\n\r\n",
		"endless informational ones":  strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20),
		"an endless header":           ok + strings.Repeat("X: "+strings.Repeat("a", 1000)+"\r\n", 300) + "\r\n",
		"an endless line":             ok + "X: " + strings.Repeat("a", 300<<10) + "\r\n\r\n",
		"a chunk without a size":      ok + "Transfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n",
		"a chunk's size with a sign":  ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n",
		"a chunk longer than it says": ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
		"an endless chunk size":       ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", 20<<10) + "\r\n\r\n",
		"an endless trailer":          ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X: y\r\n", 60<<10) + "\r\n",
	} {
		_, body, _, _, err := answerOf(text, "GET")
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Garbled || !e.Sent {
			t.Errorf("%s: want it garbled, got %q, %v", name, body, err)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "half a status line": "HTTP/1.1 2", "half a header": ok + "X: y\r\n", "half a body": ok + "Content-Length: 3\r\n\r\nab",
		"half a chunk": ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nab", "no last chunk": ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
		"half a trailer": ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n", "half a chunk's end": ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r",
	} {
		if _, body, _, _, err := answerOf(text, "GET"); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: want it cut off, got %q, %v", name, body, err)
		}
	}
}

// Whatever the bytes, what we take, the standard library takes too, and reads the same.
func FuzzAnswersAreReadAsTheStandardLibraryReadsThem(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.0 200 OK\r\n\r\nabc", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\nT: u\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 404 Not\tFound\nContent-Length:0\n\n", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		status, body, _, _, err := answerOf(string(data), "GET")
		if err != nil {
			return
		}
		if bytes.HasPrefix(data, []byte("HTTP/1.1 1")) || bytes.HasPrefix(data, []byte("HTTP/1.0 1")) {
			return // the library hands an informational answer on, we pass it
		}
		res, libErr := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), &http.Request{Method: "GET"})
		if libErr != nil {
			if strings.Contains(libErr.Error(), "malformed MIME header") {
				return // it checks names and values of fields that we do not look at more strictly
			}
			t.Fatalf("we read %d %q, the library does not: %v", status, body, libErr)
		}
		libBody, libErr := io.ReadAll(res.Body)
		if libErr != nil && strings.Contains(libErr.Error(), "malformed MIME header") {
			return // in a trailer, which we drop
		}
		if libErr != nil || res.StatusCode != status || !bytes.Equal(libBody, body) {
			t.Fatalf("we read %d %q, the library %d %q, %v", status, body, res.StatusCode, libBody, libErr)
		}
	})
}

// rawServer answers each connection by f.
func rawServer(t *testing.T, f func(n int, c net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				f(n, c)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestBytesBehindAnAnswerAreNeverTakenForTheNext(t *testing.T) {
	url := rawServer(t, func(n int, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%dHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen", n)
		}
	})
	c := newClient(t, Options{})
	for want := range 3 {
		res, err := c.Do(t.Context(), &Request{Method: "GET", URL: url})
		if err != nil || string(res.Body) != fmt.Sprint(want) {
			t.Fatalf("want the answer of connection %d, got %+v, %v", want, res, err)
		}
	}
}

func TestARefusalThatComesBeforeTheWholeBodyWasReadIsTheAnswer(t *testing.T) {
	url := rawServer(t, func(_ int, c net.Conn) {
		in := bufio.NewReader(c)
		for line := ""; line != "\r\n"; {
			line, _ = in.ReadString('\n')
		}
		io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge")
		c.(*net.TCPConn).CloseWrite()
		io.CopyN(io.Discard, in, 64<<10) // and no more
	})
	res, err := newClient(t, Options{}).Do(t.Context(), &Request{Method: "POST", URL: url, Body: make([]byte, 16<<20)})
	if err != nil {
		// The reset that the unread body causes may overtake the answer: then it is lost, and said so.
		wantError(t, err, Lost, true)
		return
	}
	if res.Status != 413 || string(res.Body) != "large" {
		t.Errorf("got %+v", res)
	}
}

func TestRoomIsMadeForWhatComesNotForWhatIsAnnounced(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	for name, head := range map[string]string{
		"a length": fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(large)),
		"a chunk":  fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", len(large)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const calls = 50
		for range calls {
			if _, _, _, _, err := answerOf(head+"x", "GET"); err == nil {
				t.Fatalf("%s: an answer that broke off was taken", name)
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / calls; each > 512<<10 {
			t.Errorf("%s: an answer of one byte took %d", name, each)
		}
		if _, body, _, _, err := answerOf(head+large+"\r\n0\r\n\r\n", "GET"); err != nil || string(body) != large {
			t.Errorf("%s: got %d bytes, %v", name, len(body), err)
		}
	}
}
