package node

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/await"
)

// sendSlowly posts a body in pieces, with a pause before each, and returns what is answered.
func sendSlowly(t *testing.T, address string, pieces []string, pause time.Duration) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", len(strings.Join(pieces, ""))); err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, piece := range pieces {
			time.Sleep(pause)
			if _, err := io.WriteString(conn, piece); err != nil {
				return
			}
		}
	}()
	answered, err := io.ReadAll(conn)
	if err != nil && (len(answered) == 0 || !errors.Is(err, syscall.ECONNRESET)) { // a reset behind the answer is for what was still being sent
		t.Fatal(err)
	}
	return string(answered)
}

func TestABodyHasToKeepComing(t *testing.T) {
	// serve gives a body that long to begin, and answers it some time after its end.
	serve := func(patience, call time.Duration) (address string) {
		server := httptest.NewServer(paced(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			switch {
			case errors.Is(err, os.ErrDeadlineExceeded):
				w.WriteHeader(http.StatusRequestTimeout)
			case err != nil:
				w.WriteHeader(http.StatusBadRequest)
			default:
				select {
				case <-r.Context().Done(): // the client is there: nothing may look as if it had gone
				case <-time.After(call):
					w.WriteHeader(http.StatusOK)
				}
			}
		}), patience))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	trickle := strings.Split(strings.Repeat("x", 20), "")
	if got := sendSlowly(t, serve(100*time.Millisecond, 0), trickle, 20*time.Millisecond); !strings.HasPrefix(got, "HTTP/1.1 408 ") {
		t.Errorf("a body that trickles is answered %q", got)
	}
	// A file that comes at the pace that it has to takes longer than a body has to begin, and its call goes on for longer than the body had.
	piece := strings.Repeat("x", bodyPace/10)
	if got := sendSlowly(t, serve(time.Second, 600*time.Millisecond), []string{piece, piece, piece, piece, piece}, 220*time.Millisecond); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("a body that keeps coming is answered %q", got)
	}
}

func TestABodyThatNobodyReadsHoldsNoConnection(t *testing.T) {
	server := httptest.NewServer(paced(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}), 50*time.Millisecond))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(await.Limit))
	if answered, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answered), "HTTP/1.1 401 ") {
		t.Errorf("answered %q, and then %v", answered, err)
	}
}

func TestWhoIsRefusedWhileStillSendingSeesWhy(t *testing.T) {
	server := httptest.NewServer(paced(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}), bodyPatience))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// Larger than what the server takes in by itself and the system holds in between: all is written before anything is read.
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", 12<<20, strings.Repeat("x", 12<<20)); err != nil {
		t.Fatalf("the connection was reset while the body was sent: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %v, error %v; want the refusal", answer, err)
	}
}
