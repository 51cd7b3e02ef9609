package outbound

import (
	"io"
	"net/http"
	"testing"
)

func TestWhoObservesSeesEveryRequestWithWhatCameOfIt(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.Method)
	})
	var seen []Exchange
	c := newClient(t, Options{Observe: func(e Exchange) { seen = append(seen, e) }})
	if _, err := c.Do(t.Context(), &Request{Method: "POST", URL: s.URL + "/a", Body: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	stream, err := c.Stream(t.Context(), &StreamRequest{Request: Request{Method: "GET", URL: s.URL + "/b"}})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
	if _, err := c.Do(t.Context(), &Request{Method: "GET", URL: "http://127.0.0.1:1/c"}); err == nil {
		t.Fatal("want an error of a port where nobody listens")
	}
	if len(seen) != 3 {
		t.Fatalf("want 3 requests seen, got %d", len(seen))
	}
	if e := seen[0]; e.Request.Method != "POST" || e.Response == nil || e.Response.Status != http.StatusTeapot || string(e.Response.Body) != "POST" || e.Err != nil {
		t.Errorf("the first: %+v", e)
	}
	if e := seen[1]; e.Request.URL != s.URL+"/b" || e.Response == nil || e.Response.Status != http.StatusTeapot || e.Response.Body != nil {
		t.Errorf("the second, a stream: %+v", e)
	}
	if e := seen[2]; e.Response != nil || e.Err == nil {
		t.Errorf("the third, which failed: %+v", e)
	}
}
