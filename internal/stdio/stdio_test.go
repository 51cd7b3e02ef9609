package stdio

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/await"
)

const secret = "tok-secret"

// host is a program that started the bridge.
type host struct {
	t      *testing.T
	in     *io.PipeWriter
	lines  chan string
	errOut *logbook
	parent atomic.Int64
	ended  chan error
}

type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start starts a bridge to a server.
func start(t *testing.T, base string, change ...func(*Options)) *host {
	t.Helper()
	h := &host{t: t, lines: make(chan string, 100), errOut: &logbook{}, ended: make(chan error, 1)}
	h.parent.Store(42)
	o := Options{RetryFor: await.Limit, parent: func() int { return int(h.parent.Load()) }, poll: 5 * time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	in, inWriter := io.Pipe()
	out, outWriter := io.Pipe()
	h.in = inWriter
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			h.lines <- lines.Text()
		}
		close(h.lines)
	}()
	go func() {
		err := Run(context.Background(), base+"/mcp/"+secret, in, outWriter, h.errOut, o)
		outWriter.Close()
		h.ended <- err
	}()
	t.Cleanup(func() {
		inWriter.Close()
		select {
		case <-h.ended:
		case <-time.After(await.Limit):
			t.Error("the bridge did not end with its stdin")
		}
		if strings.Contains(h.errOut.String(), secret) {
			t.Errorf("stderr holds the token:\n%s", h.errOut)
		}
	})
	return h
}

func (h *host) send(line string) {
	h.t.Helper()
	if _, err := io.WriteString(h.in, line+"\n"); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) next() string {
	h.t.Helper()
	select {
	case line, ok := <-h.lines:
		if !ok {
			h.t.Fatal("stdout ended")
		}
		if strings.Contains(line, secret) {
			h.t.Errorf("an answer holds the token: %s", line)
		}
		return line
	case <-time.After(await.Limit):
		h.t.Fatalf("no line came; stderr:\n%s", h.errOut)
		return ""
	}
}

func (h *host) wantEnd(want string) {
	h.t.Helper()
	select {
	case err := <-h.ended:
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			h.t.Errorf("ended with %v, want %q", err, want)
		}
		h.ended <- err
	case <-time.After(await.Limit):
		h.t.Fatal("the bridge did not end")
	}
}

func request(id, method, params string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `","params":{` + params + `}}`
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// echo answers with the request's id and headers.
func echo(w http.ResponseWriter, r *http.Request) {
	var m struct {
		ID     json.RawMessage
		Method string
	}
	_ = json.NewDecoder(r.Body).Decode(&m)
	if m.ID == nil {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if m.Method == "initialize" {
		reply(w, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-06-18"}}`, m.ID))
		return
	}
	headers := map[string]string{}
	for _, name := range []string{"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Authorization"} {
		if v := r.Header.Get(name); v != "" {
			headers[name] = v
		}
	}
	b, _ := json.Marshal(headers)
	reply(w, fmt.Sprintf("{\n  \"jsonrpc\": \"2.0\",\r\n  \"id\": %s,\n  \"result\": %s\n}\n", m.ID, b))
}

func reply(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

func result(t *testing.T, line string) map[string]string {
	t.Helper()
	var m struct{ Result map[string]string }
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("not one JSON message on a line: %v\n%s", err, line)
	}
	return m.Result
}

// failed is the code and the words of an error answer.
func failed(t *testing.T, line, id string) (int, string) {
	t.Helper()
	var m struct {
		ID    json.RawMessage
		Error struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal([]byte(line), &m); err != nil || string(m.ID) != id || m.Error.Message == "" {
		t.Fatalf("want an error with the id %s, got %s", id, line)
	}
	return m.Error.Code, m.Error.Message
}

func TestMirrorsEachMessageInTheHeadersOfItsRevision(t *testing.T) {
	h := start(t, serve(t, echo).URL, func(o *Options) { o.Header = http.Header{"Authorization": {"Bearer api-token"}} })
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	for _, c := range []struct {
		line string
		want map[string]string
	}{
		{request("1", "tools/list", meta), map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}},
		{request(`"b"`, "tools/call", `"name":"list_ships",`+meta), map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "list_ships"}},
		{request("3", "tools/call", `"name":"Schiffe: \u00c4",`+meta), map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "=?base64?U2NoaWZmZTogw4Q=?="}},
		{request("4", "tools/call", `"name":"=?base64?eA==?=",`+meta), map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "=?base64?PT9iYXNlNjQ/ZUE9PT89?="}},
		{request("5", "resources/read", `"uri":"file:///x","name":"y",`+meta), map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "resources/read", "Mcp-Name": "file:///x"}},
		{request("6", "tools/list", ""), map[string]string{}},
	} {
		h.send(c.line)
		got := result(t, h.next())
		c.want["Authorization"] = "Bearer api-token"
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s\nheaders %v\nwant    %v", c.line, got, c.want)
		}
	}
	h.send(request("7", "initialize", `"protocolVersion":"2025-11-25"`))
	h.next()
	h.send(request("8", "tools/list", ""))
	if got := result(t, h.next())["MCP-Protocol-Version"]; got != "2025-06-18" {
		t.Errorf("after the handshake the revision is %q, want what the server agreed to", got)
	}
}

func TestPassesAStreamOnMessageByMessage(t *testing.T) {
	h := start(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = io.WriteString(w, ": hello\n\nevent: endpoint\ndata: /nothing\n\nid: 1\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"method\":\"notifications/progress\"}\n\n:\n\nevent: message\r\ndata:{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\r\n\r\n")
	}).URL)
	h.send(request("1", "tools/call", ""))
	for _, want := range []string{`{"jsonrpc":"2.0", "method":"notifications/progress"}`, `{"jsonrpc":"2.0","id":1,"result":{}}`} {
		if got := h.next(); got != want {
			t.Errorf("line %s, want %s", got, want)
		}
	}
}

func TestAnswersInWordsWhereTheServerGaveNoMessage(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		code   int
		words  string
	}{
		{"a refusal without the id", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","error":{"code":404,"message":"There is no MCP server behind this URL."}}`)
		}, 404, "There is no MCP server behind this URL."},
		{"an API token is wanted", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="Sluice"`)
			w.WriteHeader(401)
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","error":{"code":401,"message":"This MCP server wants an API token."}}`)
		}, 401, "wants an API token. For the bridge that is: sluice stdio --header 'Authorization: Bearer <token>' URL."},
		{"a sign-in is wanted", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="https://sluice.example/.well-known/oauth-protected-resource"`)
			w.WriteHeader(401)
		}, 401, "https://sluice.example/.well-known/oauth-protected-resource"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, 200, "is the URL complete?"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other/"+secret, 302) }, 302, "is the URL complete?"},
		{"an answer to somebody else", func(w http.ResponseWriter, _ *http.Request) { reply(w, `{"jsonrpc":"2.0","id":2,"result":{}}`) }, 200, "is the URL complete?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, serve(t, c.answer).URL)
			h.send(request("1", "tools/list", ""))
			if code, words := failed(t, h.next(), "1"); code != c.code || !strings.Contains(words, c.words) {
				t.Errorf("code %d and %q, want %d and %q", code, words, c.code, c.words)
			}
			h.send(request("2", "ping", "")) // it goes on
			h.next()
		})
	}
}

func TestACallDoesNotWaitForAnother(t *testing.T) {
	let, begun := make(chan struct{}), make(chan struct{}, 1)
	h := start(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte("slow")) {
			begun <- struct{}{}
			<-let
			reply(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
			return
		}
		reply(w, `{"jsonrpc":"2.0","id":2,"result":{}}`)
	}).URL)
	h.send(request("1", "tools/call", `"name":"slow"`))
	<-begun
	h.send(request("2", "tools/call", `"name":"quick"`))
	if got := h.next(); !strings.Contains(got, `"id":2`) {
		t.Errorf("first came %s", got)
	}
	close(let)
	if got := h.next(); !strings.Contains(got, `"id":1`) {
		t.Errorf("then came %s", got)
	}
}

func TestACancelledCallEndsAndIsNotAnswered(t *testing.T) {
	begun, gone := make(chan struct{}, 1), make(chan struct{}, 1)
	h := start(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte("cancelled")) {
			t.Error("the cancellation was posted")
		}
		if bytes.Contains(body, []byte("slow")) {
			begun <- struct{}{}
			<-r.Context().Done()
			gone <- struct{}{}
			return
		}
		reply(w, `{"jsonrpc":"2.0","id":"2","result":{}}`)
	}).URL)
	h.send(request(`"1"`, "tools/call", `"name":"slow"`))
	<-begun
	h.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"1"}}`)
	await.From(t, "the server to be told", gone)
	h.send(request(`"2"`, "ping", ""))
	if got := h.next(); !strings.Contains(got, `"id":"2"`) {
		t.Errorf("the cancelled call was answered: %s", got)
	}
}

// A server that can be stopped and started again at one address.
type restartable struct {
	t       *testing.T
	address string
	handler http.Handler
	server  *http.Server
}

func newRestartable(t *testing.T, handler http.HandlerFunc) *restartable {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := &restartable{t: t, address: l.Addr().String(), handler: handler}
	t.Cleanup(s.stop)
	return s
}

func (s *restartable) start() {
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Errorf("start the server again: %v", err)
		return
	}
	s.server = &http.Server{Handler: s.handler}
	go func() { _ = s.server.Serve(l) }()
}

func (s *restartable) stop() {
	if s.server != nil {
		s.server.Close()
	}
}

func TestWaitsForAServerThatIsBeingStarted(t *testing.T) {
	s := newRestartable(t, echo)
	h := start(t, "http://"+s.address)
	h.send(request("1", "tools/call", `"name":"x"`)) // refused, so surely not sent
	await.True(t, "the bridge to notice", func() bool { return strings.Contains(h.errOut.String(), "does not answer") })
	s.start()
	if got := h.next(); !strings.Contains(got, `"result"`) {
		t.Errorf("answered %s", got)
	}
	s.stop()
	s.start()
	h.send(request(`"l"`, "tools/list", "")) // at once, so it may be lost on the old connection; as a read it is then sent again
	h.next()
	h.send(request("2", "tools/call", `"name":"x"`))
	if got := h.next(); !strings.Contains(got, `"result"`) {
		t.Errorf("after a restart between two calls: %s", got)
	}
}

func TestSaysSoWhenTheServerStaysAway(t *testing.T) {
	s := newRestartable(t, echo)
	h := start(t, "http://"+s.address, func(o *Options) { o.RetryFor = time.Millisecond })
	h.send(request("1", "tools/call", `"name":"x"`))
	if code, words := failed(t, h.next(), "1"); code != 503 || !strings.Contains(words, "cannot be reached") || !strings.Contains(words, "Nothing was sent") {
		t.Errorf("code %d, %q", code, words)
	}
	s.start()
	h.send(request("2", "tools/list", ""))
	if got := h.next(); !strings.Contains(got, `"result"`) {
		t.Errorf("answered %s", got)
	}
}

func TestACallThatMayHaveBeenDoneIsNotRepeated(t *testing.T) {
	var lists, calls atomic.Int32
	h := start(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		count := &lists
		if bytes.Contains(body, []byte("tools/call")) {
			count = &calls
		}
		if count.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		reply(w, `{"jsonrpc":"2.0","id":2,"result":{}}`)
	}).URL)
	h.send(request("1", "tools/call", `"name":"x"`))
	if _, words := failed(t, h.next(), "1"); !strings.Contains(words, "may have been done") {
		t.Errorf("the words are %q", words)
	}
	h.send(request("2", "tools/list", ""))
	if got := h.next(); !strings.Contains(got, `"result"`) {
		t.Errorf("a read that was lost is not asked again: %s", got)
	}
	if calls.Load() != 1 || lists.Load() != 2 {
		t.Errorf("%d calls and %d lists arrived, want 1 and 2", calls.Load(), lists.Load())
	}
}

func TestASubscriptionGoesOnAfterARestart(t *testing.T) {
	var streams atomic.Int32
	next := make(chan string)
	s := newRestartable(t, func(w http.ResponseWriter, r *http.Request) {
		n := streams.Add(1)
		w.Header().Set("Content-Type", "text/event-stream")
		send := func(data string) {
			_, _ = io.WriteString(w, "data: "+data+"\n\n")
			w.(http.Flusher).Flush()
		}
		send(`{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"n":` + fmt.Sprint(n) + `,"notifications":{"toolsListChanged":true}}}`)
		select {
		case data := <-next:
			send(data)
		case <-r.Context().Done():
		}
	})
	s.start()
	h := start(t, "http://"+s.address)
	h.send(request("1", "subscriptions/listen", ""))
	if got := h.next(); !strings.Contains(got, `"n":1`) {
		t.Fatalf("first %s", got)
	}
	// Shut down properly, with the subscription's result.
	next <- `{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}`
	if got, want := h.next(), `{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":1}}}`; got != want {
		t.Errorf("after the restart came %s, want %s", got, want)
	}
	// Killed.
	s.stop()
	s.start()
	h.next()
	if n := streams.Load(); n != 3 {
		t.Errorf("%d streams, want 3", n)
	}
}

func TestKeepsTheStreamOfEarlierRevisionsOpen(t *testing.T) {
	var opened atomic.Int32
	h := start(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			echo(w, r)
			return
		}
		if r.Header.Get("MCP-Protocol-Version") != "2025-06-18" {
			t.Errorf("the stream is asked for in %q", r.Header.Get("MCP-Protocol-Version"))
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprintf(w, "data: {\"n\":%d}\n\n", opened.Add(1))
	}).URL)
	h.send(request("1", "initialize", ""))
	h.next()
	h.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	for _, want := range []string{`{"n":1}`, `{"n":2}`} {
		if got := h.next(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestEndsWithItsInputOnceAllIsAnswered(t *testing.T) {
	h := start(t, serve(t, echo).URL)
	h.send(request("1", "ping", ""))
	if _, err := io.WriteString(h.in, request("2", "ping", "")); err != nil { // a last line without an end
		t.Fatal(err)
	}
	h.in.Close()
	h.next()
	h.next()
	h.wantEnd("")
}

func TestDoesNotWaitLongForAnAnswerThatDoesNotCome(t *testing.T) {
	h := start(t, serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	}).URL, func(o *Options) { o.Grace = 10 * time.Millisecond })
	h.send(request("1", "tools/call", ""))
	h.in.Close()
	h.wantEnd("")
}

func TestDiesWithItsParent(t *testing.T) {
	h := start(t, serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	}).URL)
	h.send(request("1", "tools/call", ""))
	h.parent.Store(1)
	h.wantEnd("")
}

func TestEndsWhenNobodyReadsItsOutput(t *testing.T) {
	in, inWriter := io.Pipe()
	defer inWriter.Close()
	go func() { _, _ = io.WriteString(inWriter, request("1", "ping", "")+"\n") }()
	err := Run(t.Context(), serve(t, echo).URL, in, brokenPipe{}, io.Discard, Options{})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("ended with %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRefusesWhatIsNoURL(t *testing.T) {
	for _, u := range []string{"", "sluice.example/mcp/x", "ftp://sluice.example/mcp/x", "http://"} {
		if err := Run(t.Context(), u, strings.NewReader(""), io.Discard, io.Discard, Options{}); err == nil {
			t.Errorf("%q was taken", u)
		}
	}
}

func TestSkipsBlankLinesAndPassesOnWhatIsNoMessage(t *testing.T) {
	h := start(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","error":{"code":-32700,"message":"The body is not JSON."}}`)
	}).URL)
	h.send("\r\n\n  ")
	h.send(`{"jsonrpc":`)
	if code, _ := failed(t, h.next(), "null"); code != -32700 {
		t.Errorf("code %d", code)
	}
}
