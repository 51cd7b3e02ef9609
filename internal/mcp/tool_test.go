package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sluice/internal/gateway"
	"sluice/internal/vendor"
)

var unlimited = vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: -1}

// call calls a tool of the server behind token, as a client of that revision would, and returns the answer.
func (e *endpoint) call(t *testing.T, token, version, tool, arguments string) answer {
	t.Helper()
	return e.ask(t, token, version, "tools/call", tool, `"name":"`+tool+`","arguments":`+arguments)
}

// ask makes a request in a revision. name is that of what it is about; params are the members of params beside _meta.
func (e *endpoint) ask(t *testing.T, token, version, method, name, params string) answer {
	t.Helper()
	header := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": version}
	body := `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{` + params + `}}`
	if version == "2026-07-28" {
		header["Mcp-Method"], header["Mcp-Name"] = method, name
		body = modernBody(method, params)
	}
	return e.send(t, "POST", "/mcp/"+token, header, body)
}

var allRevisions = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

func TestAnObjectIsOneTextOfTheVendorsOwnJSON(t *testing.T) {
	e := newEndpoint(t)
	const vendors = `{"name":"Ägir \"II\"","tons":12345678901234567890.10,"line":"a\nb\u2028\/","nil":null,"empty":[]}`
	e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) {
		return &gateway.Result{Status: 200, Total: -1, Body: []byte(vendors)}, nil
	})
	for _, version := range allRevisions {
		a := e.call(t, openToken, version, getShip, `{"id":"7"}`)
		wantStatus(t, a, 200)
		if got := a.at(t, "result.content.0.text"); got != vendors {
			t.Errorf("%s: the text is\n%s\nwant\n%s", version, got, vendors)
		}
		for path, want := range map[string]string{"result.content.0.type": "text", "result.content.1": "", "result.isError": "", "result.structuredContent": ""} {
			if got := a.at(t, path); got != want {
				t.Errorf("%s: %s is %s, want %s", version, path, got, want)
			}
		}
		wantType := ""
		if version == "2026-07-28" {
			wantType = "complete"
		}
		if got := a.at(t, "result.resultType"); got != wantType {
			t.Errorf("%s: resultType %q, want %q", version, got, wantType)
		}
	}
}

func TestAPageSaysWhetherItIsTheWholeList(t *testing.T) {
	e := newEndpoint(t)
	for _, c := range []struct {
		name   string
		result gateway.Result
		want   string
	}{
		{"the last page", gateway.Result{Body: []byte(`[{"a":1}]`), Items: 1, Total: 1}, `{"result":[{"a":1}],"next_cursor":null}`},
		{"an empty list", gateway.Result{Body: []byte(`[]`), Total: 0}, `{"result":[],"next_cursor":null}`},
		{"a list of nothing at all", gateway.Result{Total: -1}, `{"result":[],"next_cursor":null}`},
		{"more follow", gateway.Result{Body: []byte(`["a","b"]`), Items: 2, NextCursor: "cur-1", Total: -1},
			`{"result":["a","b"],"next_cursor":"cur-1","note":"2 items shown, more follow: pass next_cursor unchanged for the next page."}`},
		{"more follow, and how many is known", gateway.Result{Body: []byte(`["a"]`), Items: 1, NextCursor: "cur-1", Total: 31},
			`{"result":["a"],"next_cursor":"cur-1","note":"1 item shown, more follow (31 in all): pass next_cursor unchanged for the next page."}`},
		{"more may follow", gateway.Result{Body: []byte(`["a","b"]`), Items: 2, NextCursor: "cur-1", MoreUnknown: true, Total: -1},
			`{"result":["a","b"],"next_cursor":"cur-1","note":"2 items shown; the vendor does not say whether more follow: pass next_cursor unchanged to find out."}`},
		{"a later page failed", gateway.Result{Body: []byte(`["a"]`), Items: 1, NextCursor: "cur-1", Partial: true, Message: `The list breaks off here: "limit".`, Total: -1},
			`{"result":["a"],"next_cursor":"cur-1","note":"1 item shown. The list breaks off here: \"limit\". Pass next_cursor unchanged to go on from here."}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.result.RateLimit = unlimited
			e.shipyard.comesTo(listShips, func(context.Context, string) (*gateway.Result, error) { r := c.result; return &r, nil })
			if got := e.call(t, openToken, "2025-11-25", listShips, `{}`).at(t, "result.content.0.text"); got != c.want {
				t.Errorf("the text is\n%s\nwant\n%s", got, c.want)
			}
			a := e.call(t, shapedToken, "2026-07-28", listShips, `{}`)
			if want := compact(t, c.want); a.at(t, "result.structuredContent") != want {
				t.Errorf("structuredContent is\n%s\nwant\n%s", a.at(t, "result.structuredContent"), want)
			}
			if got := a.at(t, "result.content.0.text"); got == "" || strings.Contains(got, `"a"`) {
				t.Errorf("beside structuredContent the text is %q, want words", got)
			}
		})
	}
}

func compact(t *testing.T, document string) string {
	t.Helper()
	return answer{body: `{"x":` + document + `}`}.at(t, "x")
}

func TestThePayloadIsSaidOnceInEachRevision(t *testing.T) {
	e := newEndpoint(t)
	items := make([]string, 15)
	for i := range items {
		items[i] = fmt.Sprintf(`{"id":%d,"name":"Marker%d","port":"Hamburg","built":"19%02d-05-01"}`, i, i, i)
	}
	page := "[" + strings.Join(items, ",") + "]"
	e.shipyard.comesTo(listShips, func(context.Context, string) (*gateway.Result, error) {
		return &gateway.Result{Body: []byte(page), Items: 15, NextCursor: "next", Total: -1, RateLimit: unlimited}, nil
	})
	for _, token := range []string{openToken, shapedToken} {
		for _, version := range allRevisions {
			structured := token == shapedToken && version >= "2025-06-18"
			if promised := e.ask(t, token, version, "tools/list", "", "").at(t, "result.tools.0.outputSchema") != ""; promised != structured {
				t.Errorf("%s %s: an output schema is shown: %t, want %t, as the calls keep it", token, version, promised, structured)
			}
			a := e.call(t, token, version, listShips, `{}`)
			var result struct {
				Content           []struct{ Text string }
				StructuredContent json.RawMessage
			}
			if err := json.Unmarshal([]byte(a.at(t, "result")), &result); err != nil {
				t.Fatal(err)
			}
			if len(result.Content) != 1 || result.Content[0].Text == "" {
				t.Fatalf("%s %s: content is %v, want one text that says something", token, version, result.Content)
			}
			whole := result.Content[0].Text + string(result.StructuredContent)
			if n := strings.Count(whole, "Marker7\""); n != 1 {
				t.Errorf("%s %s: the payload is there %d times", token, version, n)
			}
			if most := len(page) + len(page)/10 + 100; len(whole) > most {
				t.Errorf("%s %s: the answer has %d characters for a payload of %d", token, version, len(whole), len(page))
			}
			if structured != (result.StructuredContent != nil) {
				t.Errorf("%s %s: structuredContent is %.40s", token, version, result.StructuredContent)
			}
		}
	}
}

func TestAnEmptyAnswerSaysThatItWasDone(t *testing.T) {
	e := newEndpoint(t)
	e.shipyard.comesTo(scrapShip, func(context.Context, string) (*gateway.Result, error) {
		return &gateway.Result{Status: 204, Total: -1, RateLimit: unlimited}, nil
	})
	for _, token := range []string{openToken, shapedToken} {
		a := e.call(t, token, "2025-11-25", scrapShip, `{"id":"7"}`)
		if got := a.at(t, "result.content.0.text"); !strings.HasPrefix(got, "Done") {
			t.Errorf("the text is %q", got)
		}
		if a.at(t, "result.isError") != "" {
			t.Error("a success is called an error")
		}
	}
}

func TestErrorsAreWordsThatTheModelReads(t *testing.T) {
	e := newEndpoint(t)
	for _, c := range []struct {
		name   string
		result gateway.Result
		want   string
	}{
		{"wrong arguments", gateway.Result{Invalid: true, Outcome: vendor.Unsent, Message: `id is required.`}, "id is required."},
		{"refused, field by field", gateway.Result{Outcome: vendor.Refused, Status: 422, Message: "The vendor refused it (HTTP 422).", Fields: map[string][]string{"tons": {"too many", "not whole"}, "name": {"taken"}}},
			"The vendor refused it (HTTP 422).\n- name: taken\n- tons: too many; not whole"},
		{"refused without a word", gateway.Result{Outcome: vendor.Refused, Status: 500}, "The vendor refused the call and gave no reason (HTTP 500)."},
		{"lost", gateway.Result{Outcome: vendor.Unknown, Message: "The answer is lost; it may have been done."}, "The answer is lost; it may have been done."},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.result.RateLimit = unlimited
			e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) { r := c.result; return &r, nil })
			for _, token := range []string{openToken, shapedToken} {
				a := e.call(t, token, "2025-11-25", getShip, `{}`)
				wantStatus(t, a, 200)
				for path, want := range map[string]string{"result.isError": "true", "result.content.0.text": c.want, "result.structuredContent": "", "result._meta": ""} {
					if got := a.at(t, path); got != want {
						t.Errorf("%s is %q, want %q", path, got, want)
					}
				}
			}
		})
	}
}

func TestARateLimitIsPassedOnWithTheSecondsToWait(t *testing.T) {
	e := newEndpoint(t)
	for _, c := range []struct {
		name, message     string
		limit             vendor.RateLimit
		words, meta, none string
	}{
		{"all is known", "The vendor's rate limit is reached.", vendor.RateLimit{Limit: 60, Remaining: 0, Reset: 17, RetryAfter: 18}, "Wait 18 seconds", `{"ratelimit-limit":60,"ratelimit-remaining":0,"ratelimit-reset":17}`, ""},
		{"the wait alone", "The vendor's rate limit is reached.", vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: 9}, "Wait 9 seconds", `{"ratelimit-reset":9}`, ""},
		{"the reset alone", "The vendor's rate limit is reached.", vendor.RateLimit{Limit: -1, Remaining: -1, Reset: 5, RetryAfter: -1}, "Wait 5 seconds", `{"ratelimit-reset":5}`, ""},
		{"the message says it already", "Limited: try again in 18 seconds.", vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: 18}, "in 18 seconds", `{"ratelimit-reset":18}`, "Wait"},
		{"nothing is known", "The vendor's rate limit is reached.", unlimited, "limit is reached", ``, "Wait"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.shipyard.comesTo(listShips, func(context.Context, string) (*gateway.Result, error) {
				return &gateway.Result{Outcome: vendor.RateLimited, Status: 429, Total: -1, Message: c.message, RateLimit: c.limit}, nil
			})
			a := e.call(t, openToken, "2025-11-25", listShips, `{}`)
			wantStatus(t, a, 200)
			text := a.at(t, "result.content.0.text")
			if !strings.Contains(text, c.words) || c.none != "" && strings.Contains(text, c.none) {
				t.Errorf("the text is %q", text)
			}
			if got := a.at(t, "result._meta"); got != c.meta {
				t.Errorf("_meta is %s, want %s", got, c.meta)
			}
			if got := a.at(t, "result.isError"); got != "true" {
				t.Errorf("isError is %q", got)
			}
			modern := e.call(t, openToken, "2026-07-28", listShips, `{}`)
			if got := modern.at(t, "result._meta.ratelimit-reset"); got != a.at(t, "result._meta.ratelimit-reset") {
				t.Errorf("ratelimit-reset in 2026-07-28 is %q", got)
			}
			if modern.at(t, "result._meta.io·modelcontextprotocol/serverInfo.name") != "sluice" {
				t.Errorf("serverInfo is gone: %s", modern.body)
			}
		})
	}
}

func TestHandsTheArgumentsOverByteForByte(t *testing.T) {
	e := newEndpoint(t)
	for _, c := range []struct{ arguments, want string }{
		{`,"arguments":{"id":"7","n":12345678901234567890.10,"s":"\u00e4\"","nil":null}`, `{"id":"7","n":12345678901234567890.10,"s":"\u00e4\"","nil":null}`},
		{`,"arguments":{}`, `{}`},
		{`,"arguments":null`, `{}`},
		{``, `{}`},
	} {
		a := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+getShip+`"`+c.arguments+`}}`, map[string]string{"X": "y"})
		wantStatus(t, a, 200)
		if got := e.shipyard.lastCall(t).arguments; got != c.want {
			t.Errorf("arguments %s arrived as %s, want %s", c.arguments, got, c.want)
		}
	}
	before := e.shipyard.callCount()
	for _, arguments := range []string{`[]`, `"{}"`, `7`, `true`} {
		a := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+getShip+`","arguments":`+arguments+`}}`, nil)
		wantError(t, a, 200, -32602, "are an object, not")
	}
	for _, params := range []string{`{}`, `{"name":7}`, `{"name":null}`} {
		wantError(t, e.post(t, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":`+params+`}`, nil), 200, -32602, "params.name")
	}
	if n := e.shipyard.callCount() - before; n != 0 {
		t.Errorf("%d calls were made of what is no call", n)
	}
}

func TestAnUnknownToolNamesTheNearest(t *testing.T) {
	e := newEndpoint(t)
	wantError(t, e.call(t, openToken, "2025-11-25", "list_demo_ship", `{}`), 200, -32602, `"list_demo_ship"`, listShips)
	wantError(t, e.call(t, openToken, "2026-07-28", "list_demo_ship", `{}`), 200, -32602, `"list_demo_ship"`, listShips)
}

func TestTellsTheGatewayWhoCalls(t *testing.T) {
	const trace = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
	e := newEndpoint(t)
	last := func() gateway.Caller { return e.shipyard.lastCall(t).caller }

	e.call(t, openToken, "2026-07-28", listShips, `{}`)
	c := last()
	if c.Door != "mcp" || c.ServerID != "mcp_open" || c.ClientName != "case" || c.Trace != (vendor.Trace{}) || !strings.HasPrefix(c.RequestID, "req_") {
		t.Errorf("caller %+v", c)
	}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + listShips + `"}}`
	e.post(t, body, map[string]string{"User-Agent": "claude-code/2.1 (cli)", "Traceparent": trace})
	if c := last(); c.ClientName != "claude-code/2.1" || c.Trace.Parent != trace {
		t.Errorf("caller %+v", c)
	}
	e.post(t, strings.Replace(body, `"}}`, `","_meta":{"traceparent":"`+trace+`"}}}`, 1), map[string]string{"Traceparent": "nonsense"})
	if c := last(); c.Trace.Parent != trace {
		t.Errorf("the trace of the message did not arrive: %+v", c)
	}
	e.post(t, body, map[string]string{"Traceparent": strings.Repeat("x", 55)})
	if c := last(); c.Trace != (vendor.Trace{}) {
		t.Errorf("a trace that is none was passed on: %+v", c.Trace)
	}
}

func TestStructuredContentIsAlwaysAnObject(t *testing.T) {
	e := newEndpoint(t)
	for body, want := range map[string]string{`{"a":1.50}`: `{"a":1.50}`, `[1,2]`: `{"result":[1,2]}`, `"done"`: `{"result":"done"}`, `plain words`: `{"result":"plain words"}`, `null`: `{"result":null}`} {
		e.shipyard.comesTo(getShip, func(context.Context, string) (*gateway.Result, error) {
			return &gateway.Result{Body: []byte(body), Total: -1, RateLimit: unlimited}, nil
		})
		a := e.call(t, shapedToken, "2026-07-28", getShip, `{"id":"7"}`)
		if got := a.at(t, "result.structuredContent"); got != want {
			t.Errorf("%s became %s, want %s", body, got, want)
		}
		if got := e.call(t, shapedToken, "2025-03-26", getShip, `{"id":"7"}`).at(t, "result.content.0.text"); got != body {
			t.Errorf("in a revision without structured content %s became %s", body, got)
		}
	}
}
