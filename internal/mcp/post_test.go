package mcp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"sluice/internal/gateway"
	"sluice/internal/mcp"
)

const listBody = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`

func TestAnswersWhateverTheMediaTypesLookLike(t *testing.T) {
	e := newEndpoint(t)
	for name, header := range map[string]map[string]string{
		"JSON alone is accepted":             {"Accept": "application/json"},
		"anything is accepted":               {"Accept": "*/*"},
		"nothing is said of what is":         {"Accept": ""},
		"something else is accepted":         {"Accept": "text/html"},
		"with a quality":                     {"Accept": "application/json;q=0.9, text/event-stream;q=0.1"},
		"the type in capitals":               {"Content-Type": "Application/JSON"},
		"the type with a charset":            {"Content-Type": "application/json; charset=utf-8"},
		"a type built on JSON":               {"Content-Type": "application/vnd.acme+json"},
		"no type at all":                     {"Content-Type": ""},
		"header names in lower case":         {"Content-Type": "", "Accept": "", "MCP-Protocol-Version": "", "content-type": "application/json", "accept": "application/json", "mcp-protocol-version": "2025-11-25"},
		"a session from before the restart":  {"Mcp-Session-Id": "left-over-from-yesterday"},
		"no revision, as 2025-03-26 has it":  {"MCP-Protocol-Version": ""},
		"the revision of 2025-06-18":         {"MCP-Protocol-Version": "2025-06-18"},
		"the revision of HTTP+SSE":           {"MCP-Protocol-Version": "2024-11-05"},
		"headers of a later one, unasked":    {"Mcp-Method": "something/else"},
		"an identity that is no compression": {"Content-Encoding": "identity"},
	} {
		t.Run(name, func(t *testing.T) {
			a := e.post(t, listBody, header)
			wantStatus(t, a, 200)
			if got := a.header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q, want application/json", got)
			}
			if got := a.at(t, "result.tools.0.name"); got != listShips {
				t.Errorf("first tool %q, want %s", got, listShips)
			}
		})
	}
}

func TestAByteOrderMarkBeforeTheMessageDoesNoHarm(t *testing.T) {
	e := newEndpoint(t)
	wantStatus(t, e.post(t, "\ufeff"+listBody, nil), 200)
	wantError(t, e.post(t, "\ufeff\ufeff"+listBody, nil), 400, -32700, "UTF-8")
}

func TestAnswersAsAnEventStreamIfThatAloneIsAccepted(t *testing.T) {
	e := newEndpoint(t)
	a := e.post(t, listBody, map[string]string{"Accept": "text/event-stream, application/json;q=0"})
	wantStatus(t, a, 200)
	if got := a.header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %q, want text/event-stream", got)
	}
	if !strings.HasPrefix(a.body, "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[") || !strings.HasSuffix(a.body, "}}\n\n") {
		t.Errorf("want one message event, got %q", a.body)
	}
}

func TestRefusesWhatIsNoMessage(t *testing.T) {
	e := newEndpoint(t, func(o *mcp.Options) { o.MaxBody = 1 << 10 })
	for _, c := range []struct {
		name         string
		header       map[string]string
		body         string
		status, code int
		words        string
	}{
		{"a form", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "a=b", 415, -32600, "application/json"},
		{"text, which a web page may send unasked", map[string]string{"Content-Type": "text/plain"}, listBody, 415, -32600, "text/plain"},
		{"a compressed body", map[string]string{"Content-Encoding": "gzip"}, listBody, 415, -32600, "gzip"},
		{"a body over the limit", nil, `{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("x", 1<<10) + `"}`, 413, -32600, "1024 bytes"},
		{"an empty body", nil, " ", 400, -32700, "as JSON in UTF-8: the document ends too early"},
		{"a body cut short", nil, `{"jsonrpc":"2.0","id":7,"method":"tools/list"`, 400, -32700, "as JSON in UTF-8: the document ends too early"},
		{"two documents", nil, listBody + listBody, 400, -32700, "not JSON"},
		{"UTF-16", nil, "\xff\xfe{\x00}\x00", 400, -32700, "as JSON in UTF-8"},
		{"two ids", nil, `{"jsonrpc":"2.0","id":2,"id":3,"method":"tools/list"}`, 400, -32600, "twice"},
		{"an id in another encoding", nil, "{\"jsonrpc\":\"2.0\",\"id\":\"\xe9\",\"method\":\"tools/list\"}", 400, -32600, "not valid UTF-8"},
		{"half a letter for an id", nil, `{"jsonrpc":"2.0","id":"\ud800","method":"tools/list"}`, 400, -32600, "not valid UTF-8"},
		{"a bare text", nil, `"tools/list"`, 400, -32600, "a JSON object"},
		{"a batch, which this revision has not", nil, "[" + listBody + "]", 400, -32600, "no batches"},
		{"a null id", nil, `{"jsonrpc":"2.0","id":null,"method":"tools/list"}`, 400, -32600, "never null"},
		{"an object for an id", nil, `{"jsonrpc":"2.0","id":{},"method":"tools/list"}`, 400, -32600, "string or a number"},
		{"another version of JSON-RPC", nil, `{"jsonrpc":"1.0","id":1,"method":"tools/list"}`, 400, -32600, "2.0"},
		{"no version of JSON-RPC", nil, `{"id":1,"method":"tools/list"}`, 400, -32600, "2.0"},
		{"no method", nil, `{"jsonrpc":"2.0","id":1}`, 400, -32600, "names a method"},
		{"a number for a method", nil, `{"jsonrpc":"2.0","id":1,"method":7}`, 400, -32600, "not a number"},
		{"a request without an id", nil, `{"jsonrpc":"2.0","method":"tools/list"}`, 400, -32600, "has an id"},
		{"an answer to nothing", nil, `{"jsonrpc":"2.0","id":1,"result":{}}`, 400, -32600, "asked nothing"},
		{"a name twice", nil, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}`, 400, -32600, "twice"},
		{"a list for params", nil, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}`, 200, -32602, "not an array"},
		{"a list for _meta", nil, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":[]}}`, 200, -32602, "_meta"},
		{"a method nobody knows", nil, `{"jsonrpc":"2.0","id":1,"method":"tools/lost"}`, 200, -32601, "tools/lost"},
		{"a revision nobody knows", map[string]string{"MCP-Protocol-Version": "2099-01-01"}, listBody, 400, -32022, "2099-01-01"},
		{"a cursor that nobody gave out", nil, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}`, 200, -32602, "one page"},
		{"a prompt that is not there", nil, `{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p"}}`, 200, -32602, `"p"`},
		{"a resource that is not there", nil, `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///x"}}`, 200, -32002, "file:///x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := e.post(t, c.body, c.header)
			wantError(t, a, c.status, c.code, c.words)
			hasID := strings.Contains(c.body, `"id":1`) && c.status != 415 && c.status != 413 && c.code != -32700 && !strings.HasPrefix(c.body, "[")
			if got := a.at(t, "id"); hasID && got != "1" || !hasID && got != "" {
				t.Errorf("id %q in the answer to %s", got, c.body)
			}
		})
	}
	if n := e.shipyard.callCount(); n != 0 {
		t.Errorf("%d tools were called", n)
	}
}

func TestRefusesABodyOverTheLimitThatDoesNotSayHowLongItIs(t *testing.T) {
	e := newEndpoint(t, func(o *mcp.Options) { o.MaxBody = 1 << 10 })
	r, _ := http.NewRequest(http.MethodPost, e.URL+"/mcp/"+openToken, struct{ *strings.Reader }{strings.NewReader(strings.Repeat(" ", 2<<10))})
	r.ContentLength = -1
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 413 {
		t.Errorf("status %d, want 413", response.StatusCode)
	}
}

func TestTellsThatABodyDidNotArriveInTime(t *testing.T) {
	e := newEndpoint(t)
	w := httptest.NewRecorder()
	e.Config.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "http://127.0.0.1/mcp/"+openToken, iotest.ErrReader(os.ErrDeadlineExceeded)))
	if w.Code != http.StatusRequestTimeout || !strings.Contains(w.Body.String(), "in time") {
		t.Errorf("status %d, want 408: %s", w.Code, w.Body)
	}
}

func TestGivesEachIDBackAsItIsSpelled(t *testing.T) {
	e := newEndpoint(t)
	for _, id := range []string{`"1"`, `""`, `0`, `-3`, `9007199254740993`, `1.0`, `1e2`, `"req-\u00e4 \"q\""`} {
		for _, method := range []string{"tools/list", "no/such"} {
			a := e.post(t, `{"jsonrpc":"2.0","id":`+id+`,"method":"`+method+`"}`, nil)
			wantStatus(t, a, 200)
			if !strings.HasPrefix(a.body, `{"jsonrpc":"2.0","id":`+id+`,`) {
				t.Errorf("id %s of %s came back otherwise: %.80s", id, method, a.body)
			}
		}
	}
}

func TestAcceptsNotificationsWithoutABody(t *testing.T) {
	e := newEndpoint(t)
	for _, body := range []string{
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`,
		`{"jsonrpc":"2.0","method":"notifications/of-tomorrow","params":{}}`,
	} {
		a := e.post(t, body, nil)
		if a.status != 202 || a.body != "" {
			t.Errorf("%s: status %d and body %q, want 202 and none", body, a.status, a.body)
		}
	}
}

func TestAnswersBatchesInTheOneRevisionThatHasThem(t *testing.T) {
	e := newEndpoint(t)
	batch := func(header string, messages ...string) answer {
		return e.post(t, "["+strings.Join(messages, ",")+"]", map[string]string{"MCP-Protocol-Version": header})
	}
	ping := `{"jsonrpc":"2.0","id":"p","method":"ping"}`
	note := `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	for _, header := range []string{"", "2025-03-26"} {
		a := batch(header, listBody, note, ping, `{"jsonrpc":"2.0","id":3,"method":"initialize","params":{}}`, `7`)
		wantStatus(t, a, 200)
		a.body = `{"all":` + a.body + `}`
		for path, want := range map[string]string{"all.0.id": "1", "all.0.result.tools.0.name": listShips, "all.1.id": "p", "all.1.result": "{}", "all.2.error.code": "-32600", "all.3.error.code": "-32600", "all.4": ""} {
			if got := a.at(t, path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
	}
	if a := batch("2025-03-26", note, note); a.status != 202 || a.body != "" {
		t.Errorf("a batch of notifications: status %d, body %q", a.status, a.body)
	}
	wantError(t, batch("2025-03-26"), 400, -32600, "1 to 50")
	wantError(t, batch("2025-03-26", strings.Split(strings.Repeat(ping+"|", 50)+ping, "|")...), 400, -32600, "1 to 50")
	wantError(t, batch("2026-07-28", ping), 400, -32600, "no batches")
}

func TestTellsAStrangerNothing(t *testing.T) {
	e := newEndpoint(t)
	for _, path := range []string{"/mcp/unknown", "/mcp/", "/mcp", "/mcp/" + openToken + "/more", "/other"} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			a := e.send(t, method, path, map[string]string{"Accept": "text/event-stream"}, listBody)
			wantError(t, a, 404, 404, "no MCP server behind this URL")
			if a.header.Get("WWW-Authenticate") != "" {
				t.Errorf("%s %s sends a client into a sign-in", method, path)
			}
		}
	}
	if a := e.send(t, http.MethodPost, "/mcp/"+openToken+"/", nil, listBody); a.status != 200 {
		t.Errorf("a slash behind the token: status %d, want 200", a.status)
	}
}

func TestWantsAnAPITokenWhereTheServerDoes(t *testing.T) {
	e := newEndpoint(t)
	for _, c := range []struct {
		name, authorization string
		status              int
		challenge           string
	}{
		{"none", "", 401, `Bearer realm="Sluice"`},
		{"another scheme", "Basic YTpi", 401, `Bearer realm="Sluice"`},
		{"an unknown one", "Bearer nonsense", 401, `Bearer realm="Sluice", error="invalid_token", error_description="unknown, revoked, expired, or of another environment"`},
		{"one of another environment", "Bearer " + strangeToken, 401, `Bearer realm="Sluice", error="invalid_token", error_description="unknown, revoked, expired, or of another environment"`},
		{"one of its own", "Bearer " + apiToken, 200, ""},
		{"one of its own, sloppily", "bearer  " + apiToken, 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := e.send(t, http.MethodPost, "/mcp/"+lockedToken, map[string]string{"Authorization": c.authorization}, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+listShips+`"}}`)
			if got := a.header.Get("WWW-Authenticate"); got != c.challenge {
				t.Errorf("challenge %q, want %q", got, c.challenge)
			}
			if c.status != 200 {
				wantError(t, a, c.status, 401, "Authorization: Bearer")
				return
			}
			wantStatus(t, a, 200)
			if got := e.shipyard.lastCall(t).caller.TokenID; got != "tok_a" {
				t.Errorf("the call was made for the token %q, want tok_a", got)
			}
		})
	}
}

func TestOtherMethodsAreToldWhatToSend(t *testing.T) {
	e := newEndpoint(t)
	for _, method := range []string{http.MethodDelete, http.MethodPut} {
		a := e.send(t, method, "/mcp/"+openToken, map[string]string{"Mcp-Session-Id": "x", "MCP-Protocol-Version": "2025-11-25"}, "")
		wantError(t, a, 405, -32600, "POST")
		if got := a.header.Get("Allow"); got != "POST, GET, OPTIONS" {
			t.Errorf("%s: Allow %q", method, got)
		}
	}
	a := e.send(t, http.MethodGet, "/mcp/"+openToken, map[string]string{"Accept": "text/html,*/*"}, "")
	wantError(t, a, 405, -32600, "paste its URL into an MCP client")
}

func TestWhatIsOurFaultIsSaidWithoutItsInsides(t *testing.T) {
	insides := errors.New("dial tcp 10.0.0.7:5432: connection refused")
	call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + getShip + `","arguments":{"id":"1"}}}`
	check := func(t *testing.T, e *endpoint, a answer, status int) {
		t.Helper()
		wantError(t, a, status, -32603, "req_")
		if strings.Contains(a.body, "10.0.0.7") {
			t.Errorf("the answer tells of our insides: %s", a.body)
		}
		_, id, _ := strings.Cut(a.at(t, "error.message"), "req_")
		id = "req_" + strings.TrimSuffix(id, ".")
		if log := e.log.String(); !strings.Contains(log, id) || !strings.Contains(log, "10.0.0.7") {
			t.Errorf("the log does not tell what %s was:\n%s", id, log)
		}
		if strings.Contains(e.log.String(), openToken) {
			t.Errorf("the log holds the token:\n%s", e.log)
		}
	}
	t.Run("servers cannot be looked up", func(t *testing.T) {
		e := newEndpoint(t)
		e.register.err = insides
		check(t, e, e.post(t, call, nil), 500)
	})
	t.Run("tools cannot be opened", func(t *testing.T) {
		e := newEndpoint(t)
		e.shipyard.openErr = insides
		check(t, e, e.post(t, call, nil), 200)
		check(t, e, e.post(t, listBody, nil), 200)
	})
	t.Run("a call cannot be made", func(t *testing.T) {
		e := newEndpoint(t)
		e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) { return nil, fmt.Errorf("record: %w", insides) })
		check(t, e, e.post(t, call, nil), 200)
	})
	t.Run("a panic", func(t *testing.T) {
		e := newEndpoint(t)
		e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) { panic(insides) })
		check(t, e, e.post(t, call, nil), 500)
	})
}
