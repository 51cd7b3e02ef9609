package gateway_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/gateway"
	"sluice/internal/node"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

func TestAnEnvironmentHasSoManyCallsUnderWayAndNoOtherMindsIt(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/slow") {
			arrived <- struct{}{}
			<-release
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"lamp":"lit"}`)
	}))
	defer server.Close()
	n, err := node.Open(t.Context(), node.Settings{Database: filepath.Join(t.TempDir(), "sluice.db"), AllowAddresses: []string{"loopback"}, MaxCalls: 2,
		Log: slog.New(slog.DiscardHandler), PublicURL: "http://127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	definition := `{"name":"lights","label":"Lights","base_url":"` + server.URL + `","credentials":{"format":"none"},
		"resources":{"lamps":{"get":{"method":"get","path":"/lamps/{{id}}"},"picture":{"method":"get","path":"/picture","safe":true,"response":{"format":"file"}}}}}`
	callerOf := func(name string) *gateway.Caller {
		c, err := n.Gateway.OpenAccount(t.Context(), accountOf(t, n, name, definition), toolset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	here, there := callerOf("here"), callerOf("there")
	get := func(c *gateway.Caller, id string) *gateway.Result {
		r, err := n.Gateway.CallOperation(t.Context(), c, "lamps", "get", []byte(`{"id":"`+id+`"}`))
		if err != nil {
			t.Error(err)
			return &gateway.Result{}
		}
		return r
	}
	under := func(when string, calls int, turnedAway int64) {
		t.Helper()
		if c, turned := n.Gateway.UnderWay(); c != calls || turned != turnedAway {
			t.Errorf("%s: %d calls are under way and %d were turned away, want %d and %d", when, c, turned, calls, turnedAway)
		}
	}

	done := make(chan *gateway.Result)
	go func() { done <- get(here, "slow") }()
	<-arrived
	file, result, err := n.Gateway.Download(t.Context(), here, "lamps", "picture", nil, gateway.Range{})
	if err != nil || result != nil {
		t.Fatalf("the picture: %+v, %v", result, err)
	}
	under("a call and a download", 2, 0)
	if r := get(here, "quick"); r.Outcome != vendor.RateLimited || r.RateLimit.RetryAfter != 1 || !strings.Contains(r.Message, "2 calls under way") {
		t.Errorf("a third call: %+v", r)
	}
	if _, r, err := n.Gateway.Download(t.Context(), here, "lamps", "picture", nil, gateway.Range{}); err != nil || r == nil || r.Outcome != vendor.RateLimited {
		t.Errorf("a third download: %+v, %v", r, err)
	}
	if r := get(there, "quick"); r.Failed() {
		t.Errorf("another environment's: %s", r.Message)
	}
	under("two were turned away", 2, 2)
	file.Close()
	if r := get(here, "quick"); r.Failed() {
		t.Errorf("after the download: %s", r.Message)
	}
	close(release)
	if r := <-done; r.Failed() {
		t.Errorf("the slow one: %s", r.Message)
	}
	under("at the end", 0, 2)
}
