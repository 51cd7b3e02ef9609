package e2e

import (
	"slices"
	"strings"
	"testing"
)

// What clients in the field send, and what broke others: each is answered in full by the real binary, on both databases.

const listPipelines = "list_all_octapipe_pipelines"

func TestToolsAreListedWhateverTheMediaTypesLookLike(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		for name, c := range map[string]struct {
			headers     []string
			contentType string
		}{
			"JSON alone is accepted":            {[]string{"Accept", "application/json"}, "application/json"},
			"anything is accepted":              {[]string{"Accept", "*/*"}, "application/json"},
			"nothing is said of what is":        {[]string{"Accept", ""}, "application/json"},
			"JSON of some kind is accepted":     {[]string{"Accept", "application/json, application/mcp+json"}, "application/json"},
			"an event stream alone is accepted": {[]string{"Accept", "text/event-stream"}, "text/event-stream"},
			"the media type has a charset":      {[]string{"Content-Type", "application/json; charset=utf-8"}, "application/json"},
			"the charset is quoted":             {[]string{"Content-Type", `application/json;charset="UTF-8"`}, "application/json"},
			"the media type is in capitals":     {[]string{"Content-Type", "Application/JSON"}, "application/json"},
		} {
			t.Run(name, func(t *testing.T) {
				got := rpc(t, h.MCPURL, legacy, "tools/list", "", c.headers...).want(t, 200)
				if !strings.HasPrefix(got.header.Get("Content-Type"), c.contentType) {
					t.Errorf("Content-Type %q, want %s", got.header.Get("Content-Type"), c.contentType)
				}
				wantTool(t, got.reply(t), listPipelines)
			})
		}
		t.Run("header names are in lower case", func(t *testing.T) {
			got := send(t, "POST", h.MCPURL, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, "Content-Type", "", "content-type", "application/json",
				"accept", "application/json, text/event-stream", "mcp-protocol-version", legacy).want(t, 200)
			wantTool(t, got.reply(t), listPipelines)
		})
	})
}

func TestAnIDComesBackAsItWasSent(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		for _, id := range []string{`"1"`, `""`, `0`, `-3`, `9007199254740993`, `"req-ä \"q\""`} {
			got := send(t, "POST", h.MCPURL, `{"jsonrpc":"2.0","id":`+id+`,"method":"tools/list"}`, "Accept", "application/json", "Mcp-Protocol-Version", legacy).want(t, 200)
			if came := string(got.reply(t).ID); came != id {
				t.Errorf("id %s came back as %s", id, came)
			}
		}
	})
}

func TestArgumentsMayBeLeftOutWhereNoneAreNeeded(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		for name, arguments := range map[string]string{"absent": "", "empty": `,"arguments":{}`, "null": `,"arguments":null`} {
			for _, revision := range []string{legacy, modern} {
				t.Run(name+" on "+revision, func(t *testing.T) {
					got := rpc(t, h.MCPURL, revision, "tools/call", `{"name":"`+listPipelines+`"`+arguments+`}`).want(t, 200).reply(t)
					if got.Error != nil || got.Result.IsError {
						t.Fatalf("refused: %+v %+v", got.Error, got.Result)
					}
					if !strings.Contains(got.Result.text(t), "Q3 Renewals") {
						t.Errorf("answer lacks the pipelines: %s", got.Result.text(t))
					}
				})
			}
		}
	})
}

func TestAClientGoesOnWithASessionFromBeforeARestart(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		const hello = `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1.0.0"}}`
		for _, headers := range [][]string{nil, nil, {"Mcp-Session-Id", "left-over-from-yesterday"}} {
			got := rpc(t, h.MCPURL, legacy, "initialize", hello, headers...).want(t, 200)
			if id := got.header.Get("Mcp-Session-Id"); id != "" {
				t.Errorf("initialize gave out the session %q, and there are none", id)
			}
		}
		wantTool(t, rpc(t, h.MCPURL, legacy, "tools/list", "", "Mcp-Session-Id", "left-over-from-yesterday").want(t, 200).reply(t), listPipelines)
		send(t, "DELETE", h.MCPURL, "", "Mcp-Session-Id", "left-over-from-yesterday", "Mcp-Protocol-Version", legacy).want(t, 200, 204, 405)
	})
}

func TestAClientThatKeepsItsConnectionNoticesNoRestart(t *testing.T) {
	eachClient(t, func(t *testing.T, h *house, connect func(url string) client) {
		a := agent{t, connect(h.MCPURL)}
		a.call(nil, listPipelines, nil)
		h.process.stop(t)
		h.restart(t)
		a.call(nil, listPipelines, nil)
	})
}

func TestEachRevisionIsSpoken(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		for _, revision := range []string{"2025-03-26", "2025-06-18", "2025-11-25"} {
			got := rpc(t, h.MCPURL, revision, "initialize", `{"protocolVersion":"`+revision+`","capabilities":{},"clientInfo":{"name":"raw","version":"1.0.0"}}`).want(t, 200)
			var hello struct {
				Result struct {
					ProtocolVersion string `json:"protocolVersion"`
				} `json:"result"`
			}
			got.decode(t, &hello)
			if hello.Result.ProtocolVersion != revision {
				t.Errorf("asked for %s, the handshake selected %q", revision, hello.Result.ProtocolVersion)
			}
			send(t, "POST", h.MCPURL, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, "Mcp-Protocol-Version", revision).want(t, 202)
			rpc(t, h.MCPURL, revision, "ping", "").want(t, 200)
			wantTool(t, rpc(t, h.MCPURL, revision, "tools/list", "").want(t, 200).reply(t), listPipelines)
		}
		var discovered struct {
			Result struct {
				Supported []string `json:"supportedVersions"`
			} `json:"result"`
		}
		rpc(t, h.MCPURL, modern, "server/discover", "").want(t, 200).decode(t, &discovered)
		if !slices.Contains(discovered.Result.Supported, modern) {
			t.Errorf("server/discover tells of %v, want %s among them", discovered.Result.Supported, modern)
		}
	})
}

func TestAWebPageOfThisMachineMayCallAndAForeignOneMayNot(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		const page, foreign = "http://localhost:6274", "https://evil.example"
		locked := h.mcpServer(t, `{"name":"locked","config":{"require_api_token_auth":true}}`).URL
		for name, url := range map[string]string{"an open server": h.MCPURL, "a server that wants a token": locked} {
			t.Run("the preflight of "+name+" needs no token", func(t *testing.T) {
				got := send(t, "OPTIONS", url, "", "Origin", page, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers",
					"authorization,content-type,mcp-protocol-version,mcp-method,mcp-name,mcp-session-id,last-event-id").want(t, 200, 204)
				wantListed(t, got, "Access-Control-Allow-Methods", "POST")
				wantListed(t, got, "Access-Control-Allow-Headers", "authorization", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id")
				wantGrant(t, got, page)
			})
		}
		t.Run("the page reads the answer", func(t *testing.T) {
			got := rpc(t, h.MCPURL, legacy, "tools/list", "", "Origin", page).want(t, 200)
			wantGrant(t, got, page)
			wantListed(t, got, "Access-Control-Expose-Headers", "www-authenticate", "mcp-session-id")
		})
		t.Run("the page reads why it needs a token", func(t *testing.T) {
			got := rpc(t, locked, legacy, "tools/list", "", "Origin", page).want(t, 401)
			wantGrant(t, got, page)
			wantListed(t, got, "Access-Control-Expose-Headers", "www-authenticate")
		})
		t.Run("a foreign page gets neither an answer nor a grant", func(t *testing.T) {
			got := rpc(t, h.MCPURL, legacy, "tools/list", "", "Origin", foreign).want(t, 403)
			if grant := got.header.Get("Access-Control-Allow-Origin"); grant != "" {
				t.Errorf("the foreign page was granted %q", grant)
			}
		})
	})
}

func TestAServerThatWantsAnAPITokenTakesOneOfItsEnvironment(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		locked := h.mcpServer(t, `{"name":"locked","config":{"require_api_token_auth":true}}`).URL
		for name, header := range map[string]string{"none": "", "a wrong one": "Bearer nobody-gave-this-out", "another scheme": "Basic " + h.APIToken} {
			if got := rpc(t, locked, modern, "tools/list", "", "Authorization", header); got.status != 401 || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("with %s: status %d, WWW-Authenticate %q; want 401 and a challenge", name, got.status, got.header.Get("WWW-Authenticate"))
			}
		}
		wantTool(t, rpc(t, locked, modern, "tools/list", "", "Authorization", "Bearer "+h.APIToken).want(t, 200).reply(t), listPipelines)
	})
}

func wantTool(t *testing.T, got reply, name string) {
	t.Helper()
	if got.Result == nil {
		t.Fatalf("no result: %+v", got.Error)
	}
	if !slices.ContainsFunc(got.Result.Tools, func(x tool) bool { return x.Name == name }) {
		t.Errorf("%d tools are listed, and %s is not among them", len(got.Result.Tools), name)
	}
}

// wantListed checks that a header's list has all of these, in whatever case.
func wantListed(t *testing.T, r *response, header string, want ...string) {
	t.Helper()
	var listed []string
	for item := range strings.SplitSeq(strings.Join(r.header.Values(header), ","), ",") {
		listed = append(listed, strings.ToLower(strings.TrimSpace(item)))
	}
	for _, w := range want {
		if !slices.Contains(listed, strings.ToLower(w)) {
			t.Errorf("%s is %v, want %s among them", header, listed, w)
		}
	}
}

// wantGrant checks that a page may read the answer, and that no page at all may with the person's cookies.
func wantGrant(t *testing.T, r *response, page string) {
	t.Helper()
	grant := r.header.Get("Access-Control-Allow-Origin")
	if grant != page {
		t.Errorf("Access-Control-Allow-Origin is %q, want %q", grant, page)
	}
	if grant == "*" && r.header.Get("Access-Control-Allow-Credentials") == "true" {
		t.Error("every page is granted credentials")
	}
}
