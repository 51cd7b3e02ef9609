package mcp_test

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/await"
	"sluice/internal/gateway"
	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
	"sluice/internal/origin"
)

// reader reads an event stream.
type reader struct {
	t        *testing.T
	response *http.Response
	events   chan event
	cancel   context.CancelFunc
	stalled  atomic.Bool
}

// stall has the reader take nothing in any more.
func (r *reader) stall() { r.stalled.Store(true) }

type event struct{ name, data string } // a comment has the name ":"

// open opens a stream and checks its headers.
func (e *endpoint) open(t *testing.T, method, path string, header map[string]string, body string) *reader {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, method, e.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	r := &reader{t: t, response: response, events: make(chan event, 100), cancel: cancel}
	t.Cleanup(func() {
		cancel()
		response.Body.Close()
	})
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("X-Accel-Buffering") != "no" {
		b, _ := io.ReadAll(response.Body)
		t.Fatalf("no unbuffered event stream: status %d, header %v\n%s", response.StatusCode, response.Header, b)
	}
	go r.read()
	return r
}

func (r *reader) read() {
	defer close(r.events)
	lines := bufio.NewScanner(r.response.Body)
	var ev event
	for lines.Scan() {
		if r.stalled.Load() {
			<-r.response.Request.Context().Done()
			return
		}
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if ev != (event{}) {
				r.events <- ev
			}
			ev = event{}
		case name == "":
			r.events <- event{name: ":"}
		case name == "event":
			ev.name = value
		case name == "data":
			ev.data += value
		}
	}
}

// next is the next event that is no comment, or, if comment is true, the next comment.
func (r *reader) next(comment bool) event {
	r.t.Helper()
	timeout := time.After(await.Limit)
	for {
		select {
		case ev, ok := <-r.events:
			if !ok {
				r.t.Fatal("the stream ended")
			}
			if comment == (ev.name == ":") {
				return ev
			}
		case <-timeout:
			r.t.Fatal("no event came")
		}
	}
}

func (r *reader) wantEnd() {
	r.t.Helper()
	timeout := time.After(await.Limit)
	for {
		select {
		case ev, ok := <-r.events:
			if !ok {
				return
			}
			if ev.name != ":" {
				r.t.Fatalf("the stream goes on: %v", ev)
			}
		case <-timeout:
			r.t.Fatal("the stream did not end")
		}
	}
}

var modernHeader = map[string]string{"Accept": "application/json, text/event-stream", "Content-Type": "application/json", "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"}

func (e *endpoint) listen(t *testing.T, token, filter string) *reader {
	t.Helper()
	return e.open(t, http.MethodPost, "/mcp/"+token, modernHeader, strings.Replace(modernBody("subscriptions/listen", `"notifications":`+filter), `"id":1`, `"id":"sub-1"`, 1))
}

const subscription = `"_meta":{"io.modelcontextprotocol/subscriptionId":"sub-1"}`

func quickly(o *mcp.Options) { o.KeepAlive, o.SlowAfter = 20*time.Millisecond, 5*time.Millisecond }

// everyStream opens a stream of each kind, one that tells of nothing among them.
func (e *endpoint) everyStream(t *testing.T, token string, header map[string]string) []*reader {
	t.Helper()
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(more)
		maps.Copy(all, header)
		return all
	}
	listen := modernBody("subscriptions/listen", `"notifications":{"toolsListChanged":true}`)
	return []*reader{
		e.open(t, http.MethodPost, "/mcp/"+token, with(modernHeader), listen),
		e.open(t, http.MethodPost, "/mcp/"+token, with(modernHeader), strings.Replace(listen, "true", "false", 1)),
		e.open(t, http.MethodGet, "/mcp/"+token, with(map[string]string{"Accept": "text/event-stream", "MCP-Protocol-Version": "2025-11-25"}), ""),
		e.open(t, http.MethodGet, "/mcp/"+token, with(map[string]string{"Accept": "text/event-stream"}), ""),
	}
}

// wantGoodbye waits for the stream to end, whatever it says before: for as long as a busy machine may take to get to it.
func (r *reader) wantGoodbye() {
	r.t.Helper()
	timeout := time.After(await.Limit)
	for {
		select {
		case _, ok := <-r.events:
			if !ok {
				return
			}
		case <-timeout:
			r.t.Fatal("the stream did not end")
		}
	}
}

func TestAStreamEndsAtTheSecondThatItsServerDoes(t *testing.T) {
	e := newEndpoint(t, func(o *mcp.Options) { o.KeepAlive = time.Hour })
	streams := e.everyStream(t, openToken, nil)
	e.register.expire(openToken, time.Now().Add(300*time.Millisecond))
	for _, r := range streams {
		r.wantGoodbye()
	}
}

func TestListenTellsOfAChangedListOnceItHasAcknowledged(t *testing.T) {
	e := newEndpoint(t, quickly)
	r := e.listen(t, openToken, `{"toolsListChanged":true,"promptsListChanged":true,"resourceSubscriptions":["file:///x"]}`)
	if got, want := r.next(false), (event{"message", `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{` + subscription + `,"notifications":{"toolsListChanged":true,"promptsListChanged":true}}}`}); got != want {
		t.Fatalf("first event %v, want %v", got, want)
	}
	r.next(true) // it stays alive

	changed := event{"message", `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{` + subscription + `}}`}
	e.register.change(openToken, &mcpserver.Config{Methods: []string{"read"}})
	if got := r.next(false); got != changed {
		t.Fatalf("after a change %v, want %v", got, changed)
	}
	// A change that leaves the list as it is is not worth a word: what comes next is the change after it.
	e.register.change(openToken, &mcpserver.Config{Methods: []string{"read"}, RequireAPITokenAuth: false})
	e.register.change(openToken, &mcpserver.Config{})
	if got := r.next(false); got != changed {
		t.Fatalf("after a change back %v, want %v", got, changed)
	}
	e.register.change(openToken, nil)
	if got, want := r.next(false), (event{"message", `{"jsonrpc":"2.0","id":"sub-1","result":{"resultType":"complete",` + subscription + `}}`}); got != want {
		t.Fatalf("after the server's end %v, want %v", got, want)
	}
	r.wantEnd()
}

func TestListenTellsNothingThatWasNotAskedFor(t *testing.T) {
	e := newEndpoint(t, quickly)
	r := e.listen(t, openToken, `{"resourcesListChanged":true,"toolsListChanged":false}`)
	if got := r.next(false).data; !strings.Contains(got, `"notifications":{}`) {
		t.Fatalf("acknowledged %s, want nothing", got)
	}
	e.register.change(openToken, &mcpserver.Config{Methods: []string{"read"}})
	for range 5 {
		r.next(true) // signs of life, the while
	}
	e.register.change(openToken, nil)
	if got := r.next(false).data; !strings.Contains(got, `"result"`) {
		t.Errorf("a server that was taken away is noticed as %s", got)
	}
}

func TestListenEndsProperlyWhenSluiceDoes(t *testing.T) {
	e := newEndpoint(t)
	r := e.listen(t, openToken, `{"toolsListChanged":true}`)
	r.next(false)
	if err := e.handler.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.next(false).data; !strings.Contains(got, `"resultType":"complete"`) {
		t.Errorf("the good-bye is %s", got)
	}
	r.wantEnd()
	a := e.send(t, http.MethodPost, "/mcp/"+openToken, modernHeader, modernBody("subscriptions/listen", `"notifications":{}`))
	wantStatus(t, a, 503)
}

func TestNothingStaysBehindAStreamWhoseClientIsGone(t *testing.T) {
	e := newEndpoint(t)
	r := e.listen(t, openToken, `{"toolsListChanged":true}`)
	r.next(false)
	if n := e.register.watching(); n != 1 {
		t.Fatalf("%d watches, want 1", n)
	}
	r.cancel()
	await.True(t, "the watch to end", func() bool { return e.register.watching() == 0 })
}

func TestListenRefusesWhatItCannotServe(t *testing.T) {
	e := newEndpoint(t)
	header := map[string]string{"Mcp-Method": "subscriptions/listen"}
	wantError(t, e.modern(t, "subscriptions/listen", "", header), 200, -32602, "params.notifications")
	wantError(t, e.modern(t, "subscriptions/listen", `"notifications":[]`, header), 200, -32602, "params.notifications")
	wantError(t, e.post(t, `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{}}}`, nil), 400, -32602, "protocolVersion")

	still := newEndpoint(t, func(o *mcp.Options) { o.Changes = nil })
	wantError(t, still.modern(t, "subscriptions/listen", `"notifications":{"toolsListChanged":true}`, header), 404, -32601)
	if got := still.modern(t, "server/discover", "", nil).at(t, "result.capabilities.tools"); got != `{"listChanged":false}` {
		t.Errorf("without changes to tell of, the capability is %s", got)
	}
}

func TestEarlierRevisionsAreToldOfChangesOnTheirStream(t *testing.T) {
	e := newEndpoint(t, quickly)
	header := map[string]string{"Accept": "text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, header, "")
	await.True(t, "the watch to begin", func() bool { return e.register.watching() == 1 })
	r.next(true)
	e.register.change(openToken, &mcpserver.Config{Methods: []string{"read"}})
	if got, want := r.next(false), (event{"message", `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	e.register.change(openToken, nil)
	r.wantEnd()

	header["MCP-Protocol-Version"] = "2026-07-28"
	wantError(t, e.send(t, http.MethodGet, "/mcp/"+shapedToken, header, ""), 405, -32600, "subscriptions/listen")
	still := newEndpoint(t, func(o *mcp.Options) { o.Changes = nil })
	header["MCP-Protocol-Version"] = "2025-11-25"
	wantError(t, still.send(t, http.MethodGet, "/mcp/"+openToken, header, ""), 405, -32600, "no stream")
}

func TestTheOldTransportAnswersOnItsStream(t *testing.T) {
	e := newEndpoint(t, quickly, func(o *mcp.Options) { o.Origin = policy(t, origin.Settings{PublicURL: "https://sluice.example/base"}) })
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	first := r.next(false)
	if first.name != "endpoint" || !strings.HasPrefix(first.data, "/base/mcp/"+openToken+"?session=") {
		t.Fatalf("first event %v, want the endpoint below the public URL", first)
	}
	address := strings.TrimPrefix(first.data, "/base")
	post := func(body string) answer {
		t.Helper()
		return e.send(t, http.MethodPost, address, map[string]string{"Content-Type": "application/json"}, body)
	}
	for body, want := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}`: `"protocolVersion":"2024-11-05"`,
		listBody: `"tools":[`,
		`{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"` + getShip + `","arguments":{"id":"7"}}}`: `Ägir`,
		`{"jsonrpc":"2.0","id":2,"method":"no/such"}`:                                                                 `-32601`,
	} {
		if a := post(body); a.status != 202 || a.body != "" {
			t.Fatalf("status %d and body %q, want 202 and none", a.status, a.body)
		}
		if got := r.next(false); got.name != "message" || !strings.Contains(got.data, want) {
			t.Errorf("%s was answered %v, want %s", body, got, want)
		}
	}
	if a := post(`{"jsonrpc":"2.0","method":"notifications/initialized"}`); a.status != 202 {
		t.Errorf("a notification: status %d", a.status)
	}
	wantError(t, post(`{"jsonrpc":`), 400, -32700)
	wantError(t, post("["+listBody+"]"), 400, -32600)
	wantError(t, e.send(t, http.MethodPost, "/mcp/"+openToken+"?session=gone", nil, listBody), 404, 404, "open a new one by GET")
	wantError(t, e.send(t, http.MethodPost, strings.Replace(address, openToken, shapedToken, 1), nil, listBody), 404, 404, "open a new one by GET")

	e.register.change(openToken, &mcpserver.Config{Methods: []string{"read"}})
	if got := r.next(false).data; !strings.Contains(got, "list_changed") {
		t.Errorf("a change came as %s", got)
	}
	r.cancel()
	await.True(t, "the session to end", func() bool { return post(listBody).status == 404 })
}

func TestTheOldTransportsCallsEndWhenTheyAreCancelledOrTheStreamIsGone(t *testing.T) {
	e := newEndpoint(t)
	begun, ended := make(chan string, 100), make(chan string, 100)
	e.shipyard.comesTo(getShip, func(ctx context.Context, arguments string) (*gateway.Result, error) {
		begun <- arguments
		<-ctx.Done()
		ended <- arguments
		return nil, ctx.Err()
	})
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	address := r.next(false).data
	call := func(id, arguments string) answer {
		return e.send(t, http.MethodPost, address, nil, `{"jsonrpc":"2.0","id":`+id+`,"method":"tools/call","params":{"name":"`+getShip+`","arguments":`+arguments+`}}`)
	}
	call("1", `{"id":"a"}`)
	call("2", `{"id":"b"}`)
	await.From(t, "the call to begin", begun)
	await.From(t, "the call to begin", begun)
	if a := call("2", `{}`); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("an id that is in use: status %d", a.status)
	}
	e.send(t, http.MethodPost, address, nil, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`)
	if got := await.From(t, "the call to end", ended); got != `{"id":"a"}` {
		t.Errorf("cancelled %s, want the call of a", got)
	}
	// The cancelled call is not answered: the next message is another's answer.
	e.send(t, http.MethodPost, address, nil, `{"jsonrpc":"2.0","id":3,"method":"ping"}`)
	if got := r.next(false).data; got != `{"jsonrpc":"2.0","id":3,"result":{}}` {
		t.Errorf("after a cancelled call came %s", got)
	}
	for i := range 31 {
		if a := call(string(rune('1'))+strings.Repeat("0", i+1), `{}`); a.status != 202 {
			t.Fatalf("call %d: status %d", i, a.status)
		}
	}
	wantStatus(t, call("4", `{}`), 503)
	r.cancel()
	for range 32 {
		await.From(t, "the call to end", ended)
	}
	if strings.Contains(e.log.String(), "ERROR") {
		t.Errorf("calls that were given up are logged as errors:\n%s", e.log)
	}
}

func TestAnAnswerThatTakesLongShowsThatItIsComing(t *testing.T) {
	e := newEndpoint(t, quickly)
	let := make(chan struct{})
	e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) {
		<-let
		return &gateway.Result{Body: []byte(`{"late":true}`), Total: -1, RateLimit: unlimited}, nil
	})
	header := map[string]string{"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + getShip + `","arguments":{"id":"7"}}}`
	t.Run("by comments", func(t *testing.T) {
		r := e.open(t, http.MethodPost, "/mcp/"+openToken, header, body)
		r.next(true)
		r.next(true)
		let <- struct{}{}
		if got := r.next(false); got.name != "message" || !strings.Contains(got.data, `{\"late\":true}`) {
			t.Errorf("the answer is %v", got)
		}
		r.wantEnd()
	})
	t.Run("by progress, if the client asked for it", func(t *testing.T) {
		r := e.open(t, http.MethodPost, "/mcp/"+openToken, header, strings.Replace(body, `"params":{`, `"params":{"_meta":{"progressToken":"p-1"},`, 1))
		for range 2 {
			if got := r.next(false).data; !strings.HasPrefix(got, `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p-1","progress":`) {
				t.Errorf("the sign of life is %s", got)
			}
		}
		let <- struct{}{}
		for got := r.next(false).data; !strings.Contains(got, `{\"late\":true}`); got = r.next(false).data {
		}
		r.wantEnd()
	})
	t.Run("by white space, if the client takes no stream", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.URL+"/mcp/"+openToken, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" || response.Header.Get("X-Accel-Buffering") != "no" {
			t.Errorf("status %d, header %v", response.StatusCode, response.Header)
		}
		var signs [3]byte
		if _, err := io.ReadFull(response.Body, signs[:]); err != nil || string(signs[:]) != "   " {
			t.Fatalf("the signs of life are %q, %v", signs, err)
		}
		let <- struct{}{}
		rest, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if a := (answer{body: string(rest)}); a.at(t, "result.content.0.text") != `{"late":true}` {
			t.Errorf("the answer is %s", rest)
		}
	})
}

func TestTheOldTransportTellsOfProgress(t *testing.T) {
	e := newEndpoint(t, quickly)
	let := make(chan struct{})
	e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) {
		<-let
		return &gateway.Result{Body: []byte(`{"late":true}`), Total: -1, RateLimit: unlimited}, nil
	})
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	address := r.next(false).data
	wantStatus(t, e.send(t, http.MethodPost, address, nil, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":0},"name":"`+getShip+`","arguments":{"id":"7"}}}`), 202)
	for range 2 {
		if got := r.next(false).data; !strings.HasPrefix(got, `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":0,"progress":`) {
			t.Errorf("the sign of progress is %s", got)
		}
	}
	close(let)
	for got := r.next(false).data; !strings.Contains(got, `{\"late\":true}`); got = r.next(false).data {
	}
	wantStatus(t, e.send(t, http.MethodPost, address, nil, `{"jsonrpc":"2.0","id":2,"method":"ping"}`), 202)
	if got := r.next(false).data; got != `{"jsonrpc":"2.0","id":2,"result":{}}` {
		t.Errorf("after the answer came %s", got)
	}
}

func TestAPanicOnTheOldTransportIsAnsweredAndLogged(t *testing.T) {
	e := newEndpoint(t, quickly)
	e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) { panic("a plank was missing") })
	r := e.open(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, "")
	address := r.next(false).data
	wantStatus(t, e.send(t, http.MethodPost, address, nil, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+getShip+`","arguments":{"id":"7"}}}`), 202)
	if got := r.next(false).data; !strings.HasPrefix(got, `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,`) || strings.Contains(got, "plank") {
		t.Errorf("a panic is answered with %s", got)
	}
	if !strings.Contains(e.log.String(), "a plank was missing") {
		t.Errorf("the log has nothing of it:\n%s", e.log)
	}
}

func TestAHungUpClientCancelsItsCall(t *testing.T) {
	e := newEndpoint(t)
	begun, ended := make(chan string, 1), make(chan string, 1)
	e.shipyard.comesTo(getShip, func(ctx context.Context, _ string) (*gateway.Result, error) {
		begun <- ""
		<-ctx.Done()
		ended <- ""
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithCancel(context.Background())
	request, _ := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+"/mcp/"+openToken, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+getShip+`"}}`))
	go func() {
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
		}
	}()
	await.From(t, "the call to begin", begun)
	cancel()
	await.From(t, "the call to end", ended)
}

func TestOneServersStreamsLeaveRoomForOthers(t *testing.T) {
	e := newEndpoint(t, func(o *mcp.Options) { o.Streams = 2 })
	const filter = `{"toolsListChanged":true}`
	first := e.listen(t, openToken, filter)
	first.next(false)
	e.listen(t, openToken, filter)
	for name, a := range map[string]answer{
		"by GET":  e.send(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/event-stream"}, ""),
		"by POST": e.modern(t, "subscriptions/listen", `"notifications":`+filter, nil),
	} {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "2 streams open") {
			t.Errorf("a third stream %s is answered with %d %s", name, a.status, a.body)
		}
	}
	wantStatus(t, e.modern(t, "tools/list", "", nil), 200)
	e.listen(t, shapedToken, filter) // another server's

	first.cancel()
	await.True(t, "room for another stream", func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.URL+"/mcp/"+openToken, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}
