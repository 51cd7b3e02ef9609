package mcp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/internal/await"
	"sluice/internal/gateway"
	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
)

// handlers are the goroutines that are at work for an endpoint: a stream's own, a request's.
func handlers() int {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	count := 0
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "sluice/internal/mcp.(*Handler)") || strings.Contains(stack, "sluice/internal/mcp.(*session)") || strings.Contains(stack, "sluice/internal/mcp.(*slowAnswer)") {
			count++
		}
	}
	return count
}

// wantNothingLeft waits until nothing is at work any more, and then checks that the endpoint answers as ever.
func (e *endpoint) wantNothingLeft(t *testing.T) {
	t.Helper()
	await.True(t, "the endpoint to be at rest", func() bool { return handlers() == 0 && e.register.watching() == 0 })
	wantStatus(t, e.post(t, listBody, nil), 200)
	if strings.Contains(e.log.String(), "panic") {
		t.Errorf("the log tells of a panic:\n%s", e.log)
	}
}

// dial opens a connection that the test itself writes to and reads from.
func (e *endpoint) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", e.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func listenRequest(token, more string) string {
	body := modernBody("subscriptions/listen", `"notifications":{"toolsListChanged":true}`)
	return fmt.Sprintf("POST /mcp/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n"+
		"Mcp-Method: subscriptions/listen\r\n%sContent-Length: %d\r\n\r\n%s", token, more, len(body), body)
}

func TestAStreamWhoseReaderStallsIsGivenUp(t *testing.T) {
	e := newEndpoint(t, func(o *mcp.Options) { o.Patience = 50 * time.Millisecond })
	large := []byte(`"` + strings.Repeat("x", 4<<20) + `"`)
	e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) {
		return &gateway.Result{Body: large, Total: -1, RateLimit: unlimited}, nil
	})
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	address := r.next(false).data
	r.stall()
	for id := range 8 { // more than what lies between the two ends takes
		a := e.send(t, http.MethodPost, address, nil, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"%s","arguments":{"id":"7"}}}`, id, getShip))
		if a.status == http.StatusNotFound {
			break // it was given up already
		}
		wantStatus(t, a, 202)
	}
	await.True(t, "the stream to be given up", func() bool { return e.send(t, http.MethodPost, address, nil, listBody).status == 404 })
	r.cancel()
	e.wantNothingLeft(t)
}

func TestAClientThatReconnectsInALoopLeavesNothingBehind(t *testing.T) {
	e := newEndpoint(t)
	for i := range 100 {
		conn := e.dial(t)
		if _, err := io.WriteString(conn, listenRequest(openToken, "")); err != nil {
			t.Fatal(err)
		}
		if i%3 > 0 { // the others do not even wait for the answer
			if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if i%2 == 0 {
			_ = conn.SetLinger(0) // it is torn down, not closed
		}
		conn.Close()
	}
	e.wantNothingLeft(t)
}

func TestAMessageOnAStreamThatIsGoneIsAnsweredSo(t *testing.T) {
	e := newEndpoint(t)
	begun := make(chan string, 1)
	e.shipyard.comesTo(getShip, func(ctx context.Context, _ string) (*gateway.Result, error) {
		begun <- ""
		<-ctx.Done()
		return nil, ctx.Err()
	})
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	address := r.next(false).data
	wantStatus(t, e.send(t, http.MethodPost, address, nil, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+getShip+`","arguments":{"id":"7"}}}`), 202)
	await.From(t, "the call to begin", begun)
	r.cancel()
	await.True(t, "the stream to be gone", func() bool { return e.send(t, http.MethodPost, address, nil, listBody).status == 404 })
	wantError(t, e.send(t, http.MethodPost, address, nil, listBody), 404, 404, "has ended", "open a new one by GET")
	e.wantNothingLeft(t)
}

func TestASessionOfAnotherServerIsNobodysHere(t *testing.T) {
	e := newEndpoint(t)
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	address := strings.Replace(r.next(false).data, openToken, shapedToken, 1)
	wantError(t, e.send(t, http.MethodPost, address, nil, listBody), 404, 404, "open a new one by GET")
	// Streamable HTTP gives out no session, so one that a client has kept from elsewhere says nothing.
	a := e.post(t, listBody, map[string]string{"Mcp-Session-Id": "left-over-from-yesterday"})
	wantStatus(t, a, 200)
	if id := a.header.Get("Mcp-Session-Id"); id != "" {
		t.Errorf("a session %q was given out", id)
	}
	r.cancel()
	e.wantNothingLeft(t)
}

func TestHeadersThatContradictTheBodyAreRefused(t *testing.T) {
	e := newEndpoint(t)
	for name, c := range map[string]struct {
		header map[string]string
		words  string
	}{
		"another method":   {map[string]string{"Mcp-Method": "tools/list", "Mcp-Name": getShip}, `says "tools/list", the body "tools/call"`},
		"another tool":     {map[string]string{"Mcp-Name": listShips}, `says "` + listShips + `", the body "` + getShip},
		"another revision": {map[string]string{"MCP-Protocol-Version": "2025-11-25", "Mcp-Name": getShip}, `says "2025-11-25", the body "2026-07-28"`},
		"no tool":          {nil, "the Mcp-Name header is missing"},
	} {
		a := e.modern(t, "tools/call", `"name":"`+getShip+`","arguments":{"id":"7"}`, c.header)
		t.Run(name, func(t *testing.T) { wantError(t, a, 400, -32020, c.words) })
	}
	if n := e.shipyard.callCount(); n > 0 {
		t.Errorf("%d calls were made all the same", n)
	}
	e.wantNothingLeft(t)
}

func TestAnAnswerWhereARequestIsDueIsRefused(t *testing.T) {
	e := newEndpoint(t)
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	address := r.next(false).data
	for _, body := range []string{`{"jsonrpc":"2.0","id":1,"result":{}}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}}`} {
		wantError(t, e.post(t, body, nil), 400, -32600, "asked nothing")
		wantError(t, e.send(t, http.MethodPost, address, nil, body), 400, -32600, "asked nothing")
	}
	r.cancel()
	e.wantNothingLeft(t)
}

func TestAStreamHoldsNothingOfItsRequestAndEndsItsConnection(t *testing.T) {
	e := newEndpoint(t, quickly)
	conn := e.dial(t)
	if _, err := io.WriteString(conn, listenRequest(shapedToken, "Origin: http://localhost:6274\r\n")); err != nil {
		t.Fatal(err)
	}
	// A line break behind the body is for nobody, and does no harm.
	if _, err := io.WriteString(conn, "\r\n"); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-cache, no-transform", "Access-Control-Allow-Origin": "http://localhost:6274"} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if response.Header.Get("Date") == "" || !response.Close {
		t.Errorf("the answer lacks a date, or its connection stays: %v", response.Header)
	}
	lines := bufio.NewScanner(response.Body)
	for signs := 0; signs < 3; {
		if !lines.Scan() {
			t.Fatalf("the stream ended: %v", lines.Err())
		}
		if lines.Text() == ":" {
			signs++
		}
	}
	e.register.change(shapedToken, nil)
	var last string
	for lines.Scan() {
		if text := lines.Text(); text != "" && text != ":" {
			last = text
		}
	}
	if lines.Err() != nil || !strings.Contains(last, `"resultType":"complete"`) {
		t.Errorf("the stream ended with %q, %v", last, lines.Err())
	}
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("after its end the connection says %q, %v", rest, err)
	}
	e.wantNothingLeft(t)
}

func TestAClientThatTalksOnAStreamIsCutOff(t *testing.T) {
	e := newEndpoint(t)
	conn := e.dial(t)
	if _, err := io.WriteString(conn, listenRequest(openToken, "")); err != nil {
		t.Fatal(err)
	}
	chatter := strings.Repeat(listenRequest(openToken, ""), 20)
	_, _ = io.WriteString(conn, chatter)
	_ = conn.SetReadDeadline(time.Now().Add(await.Limit))
	if answered, _ := io.ReadAll(conn); strings.Count(string(answered), "HTTP/1.1 ") != 1 {
		t.Errorf("answered %q", answered)
	}
	e.wantNothingLeft(t)
}

// Where one connection carries many streams, none of them can take it over.
func TestStreamsShareAConnectionOfHTTP2(t *testing.T) {
	e := newEndpoint(t, quickly)
	server := httptest.NewUnstartedServer(e.handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	open := func() (*bufio.Scanner, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/mcp/"+openToken, strings.NewReader(modernBody("subscriptions/listen", `"notifications":{"toolsListChanged":true}`)))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range modernHeader {
			request.Header.Set(name, value)
		}
		response, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		if response.ProtoMajor != 2 || response.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("answered by %s with %v", response.Proto, response.Header)
		}
		return bufio.NewScanner(response.Body), cancel
	}
	until := func(lines *bufio.Scanner, words string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), words) {
				return
			}
		}
		t.Fatalf("the stream ended before %s came: %v", words, lines.Err())
	}
	one, stop := open()
	other, _ := open()
	until(one, "acknowledged")
	until(other, "acknowledged")
	await.True(t, "both to watch", func() bool { return e.register.watching() == 2 })
	e.register.change(openToken, &mcpserver.Config{Methods: []string{"read"}})
	until(one, "list_changed")
	until(other, "list_changed")
	stop()
	await.True(t, "one to be gone", func() bool { return e.register.watching() == 1 })
	until(other, ":")
	if err := e.handler.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(other, `"resultType":"complete"`)
}
