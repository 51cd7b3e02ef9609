package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/await"
)

// What is wrong gets its own clear answer, is not sent to the vendor, and gives nothing away: the same on both databases.

// ground is a house with an account behind a middleman, and ids to be wrong about.
type ground struct {
	*house
	*middleman
	server *createdServer

	pipeline, card, foreignStage object // a pipeline, one of its cards, a stage of another pipeline
	database, record             object
}

func prepareGround(t *testing.T, h *house) *ground {
	t.Helper()
	g := &ground{house: h, middleman: startMiddleman(t, h)}
	g.server = g.connect(t, h)
	g.pipeline = h.sandboxFind(t, "/pipelines", "name", "Q3 Renewals")
	g.card = h.sandboxFind(t, "/pipelines/"+g.pipeline.text("uuid")+"/cards", "name", "TechNova Upgrade")
	other := h.sandboxFind(t, "/pipelines", "name", "Enterprise Sales")
	g.foreignStage = h.sandboxFind(t, "/pipelines/"+other.text("uuid")+"/stages", "name", "Closed Won")
	g.database = h.sandboxFind(t, "/databases", "name", "Vendor Compliance")
	g.record = h.records(t, g.database)[0]
	return g
}

// wantNothingLeaked checks that an answer holds none of the secrets around it.
func (g *ground) wantNothingLeaked(t *testing.T, r *response) {
	t.Helper()
	for name, secret := range map[string]string{"the account's password": "octapipe-sandbox", "the vendor's token": g.OctapipeToken, "the API token": g.APIToken,
		"the MCP server's token": g.server.Token, "a user's secret": "initial_password", "a file of the source": ".go:"} {
		if strings.Contains(string(r.body), secret) {
			t.Errorf("the answer holds %s: %s", name, r.body)
		}
	}
}

func TestArgumentsThatAreWrongAreRefusedUnsentAndNamed(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		g := prepareGround(t, h)
		const (
			listCards  = "list_all_octapipe_pipeline_cards"
			updateCard = "update_a_octapipe_pipeline_card_by_id"
			bulk       = "octapipe_database_records_bulk_update"
		)
		pipeline, card, stage := g.pipeline.text("uuid"), g.card.text("uuid"), g.card.object("pipeline_stage").text("uuid")
		for _, c := range []struct {
			name, tool, arguments string
			names                 []string // what the answer must speak of
		}{
			{"a required argument is missing", listCards, `{}`, []string{"pipeline_uuid", "required"}},
			{"two are missing, and both are named", "create_a_octapipe_pipeline_card", `{"pipeline_uuid":"` + pipeline + `","name":"x","custom_fields_values":{}}`, []string{"pipeline_stage_uuid", "sla"}},
			{"an update of nothing", updateCard, `{"pipeline_uuid":"` + pipeline + `","id":"` + card + `"}`, []string{"nothing that changes", "pipeline_stage_uuid", "sla"}},
			{"a number for a text", listCards, `{"pipeline_uuid":5}`, []string{"pipeline_uuid", "text"}},
			{"null for a text", listCards, `{"pipeline_uuid":null}`, []string{"pipeline_uuid"}},
			{"a text for a number", updateCard, `{"pipeline_uuid":"` + pipeline + `","id":"` + card + `","name":"x","pipeline_stage_uuid":"` + stage + `","sla":"soon"}`, []string{"sla", "whole number"}},
			{"a fraction for a whole number", updateCard, `{"pipeline_uuid":"` + pipeline + `","id":"` + card + `","name":"x","pipeline_stage_uuid":"` + stage + `","sla":1.5}`, []string{"sla", "whole number"}},
			{"an argument nobody knows", listCards, `{"pipeline_uuid":"` + pipeline + `","colour":"red"}`, []string{"colour"}},
			{"a misspelt argument", listCards, `{"pipeline_uid":"` + pipeline + `"}`, []string{"pipeline_uid", "pipeline_uuid"}},
			{"an object for a list", bulk, `{"database_uuid":"` + g.database.text("uuid") + `","filters":{"field":"name"},"values":{"cf_risk_level":"High"}}`, []string{"filters"}},
			{"only dots for an id", "get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"` + pipeline + `","id":".."}`, []string{"id"}},
			{"nothing for an id", "get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"` + pipeline + `","id":""}`, []string{"id"}},
			{"a cursor that nobody gave out", listCards, `{"pipeline_uuid":"` + pipeline + `","next_cursor":"eyJwYWdlIjoyfQ"}`, []string{"next_cursor"}},
			{"a limit below one", listCards, `{"pipeline_uuid":"` + pipeline + `","limit":0}`, []string{"limit"}},
		} {
			for _, revision := range []string{legacy, modern} {
				t.Run(c.name+" on "+revision, func(t *testing.T) {
					before := len(g.calls())
					got := rpc(t, g.server.URL, revision, "tools/call", `{"name":"`+c.tool+`","arguments":`+c.arguments+`}`).want(t, 200)
					r := got.reply(t)
					if r.Result == nil || !r.Result.IsError {
						t.Fatalf("want a tool error that a model can mend, got %s", got.body)
					}
					for _, word := range c.names {
						if !strings.Contains(r.Result.text(t), word) {
							t.Errorf("the answer does not speak of %q: %s", word, r.Result.text(t))
						}
					}
					if sent := g.calls()[before:]; len(sent) > 0 {
						t.Errorf("the vendor was called: %v", sent)
					}
					g.wantNothingLeaked(t, got)
				})
			}
		}
	})
}

func TestWhatIsNoProperRequestIsRefusedUnsent(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		g := prepareGround(t, h)
		url := g.server.URL
		const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
		call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_all_octapipe_users"}}`
		big := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_a_octapipe_note","arguments":{"entity":"pipeline_card","record_uuid":"` +
			g.card.text("uuid") + `","note":"` + strings.Repeat("x", 4<<20) + `"}}}`

		expires := time.Now().Add(2 * time.Second)
		var expired createdServer
		path := "/integrated-account/" + g.server.AccountID + "/mcp"
		h.api(t, "POST", path, fmt.Sprintf(`{"name":"short-lived","expires_at":%q}`, expires.UTC().Format(time.RFC3339Nano))).want(t, 200, 201).decode(t, &expired)
		var revoked createdServer
		h.api(t, "POST", path, `{"name":"revoked"}`).want(t, 200, 201).decode(t, &revoked)
		h.api(t, "DELETE", path+"/"+revoked.ID, "").want(t, 200, 204)
		time.Sleep(time.Until(expires)) // the condition that is waited on is the time itself

		for _, c := range []struct {
			name, url, revision, body string
			headers                   []string
			status, code              int
			words                     string
		}{
			{"an unknown tool", url, legacy, strings.Replace(call, "users", "userz", 1), nil, 200, -32602, "list_all_octapipe_users"},
			{"an unknown method", url, legacy, strings.Replace(list, "tools/list", "tools/lost", 1), nil, 200, -32601, "tools/lost"},
			{"a list for the arguments", url, legacy, strings.Replace(call, `_users"`, `_users","arguments":[]`, 1), nil, 200, -32602, "object"},
			{"malformed JSON", url, legacy, call[:len(call)-2], nil, 400, -32700, "cannot be read as JSON"},
			{"a null id", url, legacy, strings.Replace(list, `"id":1`, `"id":null`, 1), nil, 400, -32600, "null"},
			{"a batch on 2025-06-18", url, "2025-06-18", "[" + list + "]", nil, 400, -32600, "batch"},
			{"a batch on 2025-11-25", url, legacy, "[" + list + "]", nil, 400, -32600, "batch"},
			{"a batch on 2026-07-28", url, modern, "[" + list + "]", nil, 400, -32600, "batch"},
			{"a body over 4 MiB", url, legacy, big, nil, 413, 0, "4"},
			{"plain text", url, legacy, call, []string{"Content-Type", "text/plain"}, 415, 0, "application/json"},
			{"a form", url, legacy, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, 0, "application/json"},
			{"a foreign page", url, legacy, call, []string{"Origin", "https://evil.example"}, 403, 0, "evil.example"},
			{"a foreign name for this machine", url, legacy, call, []string{"Host", "evil.example"}, 403, 0, "evil.example"},
			{"a header that contradicts the body", url, modern, "", []string{"Mcp-Method", "tools/call"}, 400, -32020, "Mcp-Method"},
			{"a revision nobody knows", url, "2031-01-01", list, nil, 400, -32022, "2031-01-01"},
			{"an unknown token", url + "x", legacy, call, nil, 404, 0, "revoked"},
			{"an expired token", expired.URL, legacy, call, nil, 404, 0, "revoked"},
			{"a revoked token", revoked.URL, legacy, call, nil, 404, 0, "revoked"},
		} {
			t.Run(c.name, func(t *testing.T) {
				before := len(g.calls())
				var got *response
				if c.body == "" {
					got = rpc(t, c.url, c.revision, "tools/list", "", c.headers...)
				} else {
					got = send(t, "POST", c.url, c.body, append([]string{"Accept", "application/json, text/event-stream", "Mcp-Protocol-Version", c.revision}, c.headers...)...)
				}
				got.want(t, c.status)
				r := got.reply(t)
				if r.Error == nil || c.code != 0 && r.Error.Code != c.code {
					t.Errorf("want the JSON-RPC error %d, got %s", c.code, got.body)
				} else if !strings.Contains(r.Error.Message, c.words) {
					t.Errorf("the error does not speak of %q: %s", c.words, r.Error.Message)
				}
				if got.status == 404 && got.header.Get("WWW-Authenticate") != "" {
					t.Error("a 404 comes with a challenge, which sends clients into OAuth")
				}
				if sent := g.calls()[before:]; len(sent) > 0 {
					t.Errorf("the vendor was called: %v", sent)
				}
				g.wantNothingLeaked(t, got)
			})
		}
	})
}

func TestAWrongValueComesBackWithTheReasonAndChangesNothing(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		g := prepareGround(t, h)
		card := g.house.card(t, g.pipeline, g.card)
		record := stable(t, g.record)
		base := `"pipeline_uuid":"` + g.pipeline.text("uuid") + `","id":"` + g.card.text("uuid") + `","name":"TechNova Upgrade","sla":24`
		inRecord := `"database_uuid":"` + g.database.text("uuid") + `","id":"` + g.record.text("uuid") + `","name":"x"`
		for _, c := range []struct {
			name, tool, arguments string
			method                string // of the change that the vendor refuses; "" where none is sent
			words                 []string
		}{
			{"a stage of another pipeline", "update_a_octapipe_pipeline_card_by_id", `{` + base + `,"pipeline_stage_uuid":"` + g.foreignStage.text("uuid") + `"}`, "", []string{"pipeline_stage_uuid", "list_all_octapipe_pipeline_stages"}},
			{"a card that is not there", "get_single_octapipe_pipeline_card_by_id", `{"pipeline_uuid":"` + g.pipeline.text("uuid") + `","id":"019abf00-0000-7000-8000-000000000000"}`, "", []string{"404"}},
			{"an unknown custom field", "update_a_octapipe_database_record_by_id", `{` + inRecord + `,"custom_fields_values":{"cf_colour":"red"}}`, "", []string{"cf_colour", "cf_risk_level"}},
			{"an option that is none", "update_a_octapipe_database_record_by_id", `{` + inRecord + `,"custom_fields_values":{"cf_risk_level":"Extreme"}}`, "", []string{"cf_risk_level", "Medium"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				before := len(g.calls())
				got := rpc(t, g.server.URL, modern, "tools/call", `{"name":"`+c.tool+`","arguments":`+c.arguments+`}`).want(t, 200)
				r := got.reply(t)
				if r.Result == nil || !r.Result.IsError {
					t.Fatalf("want a tool error, got %s", got.body)
				}
				for _, word := range c.words {
					if !strings.Contains(r.Result.text(t), word) {
						t.Errorf("the answer does not speak of %q: %s", word, r.Result.text(t))
					}
				}
				// Reading more is fine: which fields there are, where a lost card is. What changes something is sent once, or never.
				sent := slices.DeleteFunc(g.calls()[before:], func(call string) bool { return strings.HasPrefix(call, "GET ") })
				if c.method == "" && len(sent) > 0 || c.method != "" && (len(sent) != 1 || !strings.HasPrefix(sent[0], c.method+" ")) {
					t.Errorf("the vendor got %v, want %q once", sent, c.method)
				}
				g.wantNothingLeaked(t, got)
			})
		}
		if got := stable(t, g.house.card(t, g.pipeline, g.card)); got != stable(t, card) {
			t.Errorf("the card was changed all the same:\n%s\nwas\n%s", got, stable(t, card))
		}
		if got := stable(t, g.records(t, g.database)[0]); got != record {
			t.Errorf("the record was changed all the same:\n%s\nwas\n%s", got, record)
		}
	})
}

func TestACursorGoesOnlyWithTheCallThatMadeIt(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		g := prepareGround(t, h)
		a := agent{t, connectGoSDK(t, g.server.URL)}
		sales := h.sandboxFind(t, "/pipelines", "name", "Enterprise Sales").text("uuid")
		const listCards = "list_all_octapipe_pipeline_cards"

		var first, again listed
		a.call(&first, listCards, map[string]any{"pipeline_uuid": sales})
		a.call(&again, listCards, map[string]any{"pipeline_uuid": sales, "next_cursor": ""})
		if first.NextCursor == nil || len(first.Result) == 0 || len(again.Result) != len(first.Result) || again.Result[0].text("uuid") != first.Result[0].text("uuid") {
			t.Fatal("an empty next_cursor does not mean the first page")
		}
		before := len(g.calls())
		for name, call := range map[string]struct {
			tool      string
			arguments map[string]any
		}{
			"another pipeline": {listCards, map[string]any{"pipeline_uuid": g.pipeline.text("uuid"), "next_cursor": *first.NextCursor}},
			"another tool":     {"list_all_octapipe_users", map[string]any{"next_cursor": *first.NextCursor}},
			"a changed letter": {listCards, map[string]any{"pipeline_uuid": sales, "next_cursor": *first.NextCursor + "A"}},
		} {
			if text := a.refused(call.tool, call.arguments); !strings.Contains(text, "next_cursor") {
				t.Errorf("with %s, the answer does not speak of next_cursor: %s", name, text)
			}
		}
		if sent := g.calls()[before:]; len(sent) > 0 {
			t.Errorf("the vendor was called: %v", sent)
		}
	})
}

func TestANULInATextIsStoredOrRefusedTheSameOnBothDatabases(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		g := prepareGround(t, h)
		path := "/integrated-account/" + g.server.AccountID + "/mcp"
		for _, body := range []string{`{"name":"a\u0000b"}`, `{"name":"x","config":{"tags":["a\u0000b"]}}`} {
			got := h.api(t, "POST", path, body).want(t, 400, 422)
			g.wantNothingLeaked(t, got)
		}
		// A client may call itself what it likes, in its own alphabet; its calls are served, and recorded.
		for _, client := range []string{`nul\u0000inside`, strings.Repeat("ä", 80), "\U0001F9ED" + strings.Repeat("x", 300)} {
			body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_all_octapipe_users","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
				`"io.modelcontextprotocol/clientInfo":{"name":"` + client + `","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
			got := send(t, "POST", g.server.URL, body, "Accept", "application/json", "Mcp-Protocol-Version", modern, "Mcp-Method", "tools/call", "Mcp-Name", "list_all_octapipe_users").want(t, 200)
			if r := got.reply(t); r.Result == nil || r.Result.IsError {
				t.Errorf("client %q was not served: %s", client, got.body)
			}
		}
		note := `{"entity":"pipeline_card","record_uuid":"` + g.card.text("uuid") + `","note":"a\u0000b"}`
		got := rpc(t, g.server.URL, modern, "tools/call", `{"name":"create_a_octapipe_note","arguments":`+note+`}`).want(t, 200)
		if r := got.reply(t); r.Error != nil {
			t.Errorf("a NUL in a note ends in a protocol error: %+v", r.Error)
		}
		await.True(t, "four calls in the log", func() bool {
			var log struct {
				Result []object `json:"result"`
			}
			h.api(t, "GET", "/log?mcp_server_id="+g.server.ID+"&limit=50", "").want(t, 200).decode(t, &log)
			return len(log.Result) == 4
		})
	})
}

func TestTheAdminAPINamesWhatIsKnownWhenAFilterIsNot(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		path := "/integrated-account/" + h.AccountID + "/mcp"
		for _, c := range []struct {
			name, body string
			words      []string
		}{
			{"an unknown method", `{"name":"x","config":{"methods":["raed"]}}`, []string{"raed", "read", "write", "bulk_update"}},
			{"an unknown tag", `{"name":"x","config":{"tags":["pipeline"]}}`, []string{"pipeline", "pipelines"}},
			{"filters that leave no tool", `{"name":"x","config":{"methods":["bulk_update"],"tags":["users"]}}`, nil},
			{"an unknown key", `{"name":"x","config":{"method":["read"]}}`, []string{"method"}},
			{"an end in the past", `{"name":"x","expires_at":"2020-01-01T00:00:00Z"}`, []string{"expires_at"}},
			{"an end that is no time", `{"name":"x","expires_at":"tomorrow"}`, []string{"expires_at"}},
			{"malformed JSON", `{"name":`, nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				got := h.api(t, "POST", path, c.body).want(t, 400, 422)
				var problem struct {
					StatusCode     int
					Error, Message string
				}
				got.decode(t, &problem)
				if problem.StatusCode != got.status || problem.Error == "" || problem.Message == "" {
					t.Errorf("the error is not in its shape: %s", got.body)
				}
				for _, word := range c.words {
					if !strings.Contains(string(got.body), word) {
						t.Errorf("the answer does not speak of %q: %s", word, got.body)
					}
				}
			})
		}
		for _, authorization := range []string{"", "Bearer nobody-gave-this-out", "Basic abc"} {
			send(t, "GET", h.APIURL+path, "", "Authorization", authorization).want(t, 401)
		}
		h.api(t, "GET", "/integrated-account/acc_00000000000000000000000000/mcp", "").want(t, 404)
	})
}
