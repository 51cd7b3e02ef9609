package outbound

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

func TestABodyKeepsItsBytesUntilItIsFreed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5000")
		w.Write(bytes.Repeat([]byte{r.URL.Path[1]}, 5000))
	}))
	defer server.Close()
	policy, err := ParsePolicy([]string{"loopback"})
	if err != nil {
		t.Fatal(err)
	}
	client := New(Options{Policy: policy})
	defer client.Close()

	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			kept := map[string][]byte{}
			for n := range 20 {
				letter := string(rune('a' + (i+n)%26))
				response, err := client.Do(t.Context(), &Request{Method: "GET", URL: server.URL + "/" + letter})
				if err != nil {
					t.Error(err)
					return
				}
				if !bytes.Equal(response.Body, bytes.Repeat([]byte(letter), 5000)) {
					t.Errorf("the answer to %s has the bytes of another", letter)
				}
				if n%2 == 0 {
					kept[letter] = response.Body
					continue
				}
				response.Free()
				response.Free() // twice does no harm
				if response.Body != nil {
					t.Error("a body that was freed can still be looked at")
				}
			}
			for letter, body := range kept {
				if !bytes.Equal(body, bytes.Repeat([]byte(letter), 5000)) {
					t.Errorf("the answer to %s, which was not freed, was written over", letter)
				}
			}
		})
	}
	callers.Wait()
}

func TestABodyThatBreaksOffIsNoBody(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		fmt.Fprint(buffered, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		buffered.Flush()
	}))
	defer server.Close()
	policy, err := ParsePolicy([]string{"loopback"})
	if err != nil {
		t.Fatal(err)
	}
	client := New(Options{Policy: policy})
	defer client.Close()
	response, err := client.Do(t.Context(), &Request{Method: "GET", URL: server.URL})
	if err == nil || response == nil || response.Body != nil {
		t.Fatalf("got %v, %v, want a response without a body beside an error", response, err)
	}
	response.Free()
}
