package outbound

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/await"
)

// counted is a server that counts connections.
func counted(t *testing.T, h http.HandlerFunc) (*httptest.Server, *atomic.Int32, *atomic.Int32) {
	t.Helper()
	var opened, closed atomic.Int32
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			opened.Add(1)
		case http.StateClosed:
			closed.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, &opened, &closed
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	s, opened, closed := counted(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	c := newClient(t, Options{})
	for range 20 {
		for _, method := range []string{"GET", "POST", "HEAD", "DELETE"} {
			if _, err := c.Do(t.Context(), &Request{Method: method, URL: s.URL, Body: []byte("x")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("want one connection for all, got %d", n)
	}
	c.Close()
	await.True(t, "the connection to be closed with the client", func() bool { return closed.Load() == 1 })
}

func TestNoMoreConnectionsAreKeptThanTheLimit(t *testing.T) {
	var in sync.WaitGroup
	in.Add(8)
	s, opened, closed := counted(t, func(w http.ResponseWriter, r *http.Request) { in.Done(); in.Wait() })
	c := newClient(t, Options{MaxIdlePerHost: 3})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Do(context.Background(), &Request{Method: "GET", URL: s.URL}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	await.True(t, "all but three to be closed", func() bool { return opened.Load() == 8 && closed.Load() == 5 })
}

func TestConnectionsThatWereIdleForTooLongAreClosed(t *testing.T) {
	s, _, closed := counted(t, func(w http.ResponseWriter, r *http.Request) {})
	c := newClient(t, Options{IdleTimeout: 40 * time.Millisecond})
	if _, err := c.Do(t.Context(), &Request{Method: "GET", URL: s.URL}); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the connection to be closed", func() bool { return closed.Load() == 1 })
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if len(c.pool.idle) != 0 || c.pool.kept != 0 {
		t.Errorf("want nothing left, got %d origins and %d connections", len(c.pool.idle), c.pool.kept)
	}
}

// A connection whose exchange was given up is not used for another, and its deadline in the past harms no other.
func TestACancelledExchangeSpoilsNoOther(t *testing.T) {
	s, _, _ := counted(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
	})
	c := newClient(t, Options{})
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		c.Do(ctx, &Request{Method: "GET", URL: s.URL + "/slow"})
		if _, err := c.Do(t.Context(), &Request{Method: "POST", URL: s.URL + "/quick"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACancelledContextIsHeardDuringTheDial(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newClient(t, Options{}).Do(ctx, &Request{Method: "POST", URL: "http://127.0.0.1:9/"})
	wantError(t, err, Cancelled, false)
}
