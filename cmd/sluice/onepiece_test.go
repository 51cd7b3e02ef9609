package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// pair is both ends of a connection.
func pair(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = (onePiece{l}).Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); client.Close() })
	return server, client
}

func TestAFullBufferLeavesWithWhatFollowsIt(t *testing.T) {
	server, client := pair(t)
	first, rest := bytes.Repeat([]byte("a"), serverBuffer), []byte("the rest")
	for _, p := range [][]byte{first, rest} {
		if n, err := server.Write(p); n != len(p) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(p), err)
		}
	}
	got := make([]byte, 2*serverBuffer)
	n, err := client.Read(got)
	if err != nil || string(got[:n]) != string(first)+string(rest) {
		t.Errorf("one read got %d bytes, want all %d (%v)", n, len(first)+len(rest), err)
	}
}

var past = time.Unix(1, 0)

func TestAFullBufferLeavesBeforeAnythingElseIsDone(t *testing.T) {
	full := bytes.Repeat([]byte("a"), serverBuffer)
	for name, do := range map[string]func(*pieceConn) error{
		"a deadline":               func(c *pieceConn) error { return c.SetDeadline(past) },
		"a deadline to read":       func(c *pieceConn) error { return c.SetReadDeadline(past) },
		"a deadline to write":      func(c *pieceConn) error { return c.SetWriteDeadline(past) },
		"the end":                  (*pieceConn).Close,
		"the end of what is sent":  (*pieceConn).CloseWrite,
		"a body from somewhere":    func(c *pieceConn) error { _, err := c.ReadFrom(bytes.NewReader(nil)); return err },
		"a second full buffer too": func(c *pieceConn) error { _, err := c.Write(full); return err },
	} {
		t.Run(name, func(t *testing.T) {
			server, client := pair(t)
			if _, err := server.Write(full); err != nil {
				t.Fatal(err)
			}
			if err := do(server.(*pieceConn)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, serverBuffer)
			if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, full) {
				t.Errorf("what was held did not arrive: %v", err)
			}
		})
	}
}

func TestAnswersOfAnySizeArriveWhole(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var size, piece int
		fmt.Sscanf(r.URL.Path, "/%d/%d", &size, &piece)
		if r.URL.RawQuery == "length" {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		}
		for at := 0; at < size; at += piece {
			w.Write(body[at:min(at+piece, size)])
			http.NewResponseController(w).Flush()
		}
	}))
	server.Listener = onePiece{server.Listener}
	server.Start()
	defer server.Close()
	for _, size := range []int{0, 1, 3800, serverBuffer - 1, serverBuffer, serverBuffer + 1, 2 * serverBuffer, 3*serverBuffer + 7, len(body)} {
		for _, piece := range []int{1 << 10, serverBuffer, len(body)} {
			for _, query := range []string{"length", ""} {
				res, err := server.Client().Get(fmt.Sprintf("%s/%d/%d?%s", server.URL, size, piece, query))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || !bytes.Equal(got, body[:size]) {
					t.Errorf("%d bytes in pieces of %d (%q) came as %d: %v", size, piece, query, len(got), err)
				}
			}
		}
	}
}
