package toolset_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

const uuid = "0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e"

func refusal(t *testing.T, tool *toolset.Tool, arguments string) *toolset.ArgumentError {
	t.Helper()
	prepared, err := tool.Prepare([]byte(arguments))
	var wrong *toolset.ArgumentError
	if !errors.As(err, &wrong) {
		t.Fatalf("%s: got %+v (%v), want an ArgumentError", arguments, prepared, err)
	}
	return wrong
}

func TestArgumentsThatAreAbsentNullOrEmptyAreNone(t *testing.T) {
	s := compile(t, cards(), toolset.Options{})
	tool, _ := s.Tool("list_all_acme_pipelines")
	for _, arguments := range []string{"", "null", "{}", " { } "} {
		p, err := tool.Prepare([]byte(arguments))
		if err != nil || p.Path != "/pipelines" || p.Query != "" || p.Body != nil || string(p.Arguments) != "{}" || p.Limit != 0 || p.Cursor != "" {
			t.Errorf("%q: got %+v (%v)", arguments, p, err)
		}
	}
	p, err := tool.Prepare([]byte(`{"limit":null,"next_cursor":null}`))
	if err != nil || p.Limit != 0 || p.Cursor != "" {
		t.Errorf("null for both: got %+v (%v)", p, err)
	}
	p, err = tool.Prepare([]byte(`{"limit":20.0,"next_cursor":"a\u0062c"}`))
	if err != nil || p.Limit != 20 || p.Cursor != "abc" || string(p.Arguments) != "{}" || string(p.Masked) != `{"limit":20,"next_cursor":"abc"}` {
		t.Errorf("both given: got %+v, bound to %s, recorded as %s (%v)", p, p.Arguments, p.Masked, err)
	}
}

func TestRefusalsNameTheArgumentAndTheMend(t *testing.T) {
	s := compile(t, cards(), toolset.Options{})
	const list, update, bulk = "list_all_acme_pipeline_cards", "update_a_acme_pipeline_card_by_id", "acme_pipeline_cards_bulk_update"
	good := `"pipeline_uuid":"` + uuid + `","id":"` + uuid + `","pipeline_stage_uuid":"` + uuid + `","name":"x"`
	for _, test := range []struct{ name, tool, arguments, want string }{
		{"a list", list, `[]`, "arguments must be an object, not an array."},
		{"a text", list, `"x"`, "arguments must be an object, not a text."},
		{"malformed", list, `{"pipeline_uuid":`, "arguments must be a JSON object: the document ends too early: wanted a value (at byte 17)."},
		{"a duplicate", list, `{"pipeline_uuid":"a","pipeline_uuid":"b"}`, `arguments cannot be used: a name occurs twice in one object: "pipeline_uuid" (at byte 21).`},
		{"missing, with where to get it", list, `{}`, "pipeline_uuid is required: get it from list_all_acme_pipelines."},
		{"not what it should be, with where to get it", list, `{"pipeline_uuid":"Q3 Renewals"}`, `pipeline_uuid must be a UUID as 0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e, not the text "Q3 Renewals"; list_all_acme_pipelines shows the values there are.`},
		{"unknown, near a known one", list, `{"pipeline_uuid":"` + uuid + `","nmae":"x"}`, "nmae is not an argument of list_all_acme_pipeline_cards: did you mean name?"},
		{"unknown, near none", list, `{"pipeline_uuid":"` + uuid + `","colour":"x"}`, "colour is not an argument of list_all_acme_pipeline_cards: there are pipeline_uuid, name, tag, limit, next_cursor, fields."},
		{"uuid for id, other words for the rest", update, `{"uuid":"` + uuid + `","pipelineId":"` + uuid + `","stage":"` + uuid + `","name":"x","sla":1}`,
			"uuid is not an argument of update_a_acme_pipeline_card_by_id: did you mean id? pipelineId is not an argument of update_a_acme_pipeline_card_by_id: did you mean pipeline_uuid? " +
				"stage is not an argument of update_a_acme_pipeline_card_by_id: did you mean pipeline_stage_uuid?"},
		{"the thing's own name for its id", update, `{` + strings.Replace(good, `"id"`, `"cardId"`, 1) + `,"sla":1}`, "cardId is not an argument of update_a_acme_pipeline_card_by_id: did you mean id?"},
		{"arguments within another", list, `{"params":{"pipeline_uuid":"` + uuid + `","limit":2}}`, "params is not an argument of list_all_acme_pipeline_cards: give what is in it as the arguments themselves."},
		{"arguments within another, as text", list, `{"arguments":"{\"pipeline_uuid\":\"` + uuid + `\"}"}`, "arguments is not an argument of list_all_acme_pipeline_cards: give what is in it as the arguments themselves."},
		{"paging as others do", list, `{"pipeline_uuid":"` + uuid + `","per_page":2,"cursor":"x"}`, "per_page is not an argument: Sluice pages by itself, use limit and next_cursor. cursor is not an argument of list_all_acme_pipeline_cards: did you mean next_cursor?"},
		{"an object for a list of such", bulk, `{"pipeline_uuid":"` + uuid + `","filters":{"field":"a","operator":"eq"},"values":{"a":1}}`, "filters must be an array, not an object: put it in brackets."},
		{"the vendor's own paging", list, `{"pipeline_uuid":"` + uuid + `","page":2}`, "page is not an argument: Sluice pages by itself, use limit and next_cursor."},
		{"a limit of nothing", list, `{"pipeline_uuid":"` + uuid + `","limit":0}`, "limit must be at least 1, not the number 0."},
		{"a limit beyond the bound", list, `{"pipeline_uuid":"` + uuid + `","limit":501}`, "limit must be at most 500, not the number 501."},
		{"words for a number", update, `{` + good + `,"sla":"two days"}`, `sla must be a whole number, not the text "two days".`},
		{"a fraction for a whole number", update, `{` + good + `,"sla":1.5}`, `sla must be a whole number, not the number 1.5.`},
		{"a number for a text", list, `{"pipeline_uuid":"` + uuid + `","name":3}`, "name must be a text, not the number 3: put it in quotes."},
		{"null for what cannot be null", update, `{` + good + `,"sla":null}`, "sla must be a whole number, not null: leave it out if there is nothing to say."},
		{"an unknown option", update, `{` + good + `,"sla":1,"priority":"urgent"}`, `priority must be one of "low", "medium", "high", not the text "urgent".`},
		{"NUL in a text", update, `{` + good + `,"sla":1,"note":"a\u0000b"}`, "note holds the character U+0000, which cannot be stored: leave it out."},
		{"NUL deep inside", update, `{` + good + `,"sla":1,"custom_fields_values":{"a":["\u0000"]}}`, "custom_fields_values holds the character U+0000, which cannot be stored: leave it out."},
		{"NUL in what is required", update, strings.Replace(`{`+good+`,"sla":1}`, `"name":"x"`, `"name":"a\u0000b"`, 1), "name holds the character U+0000, which cannot be stored: leave it out."},
		{"several faults at once", update, `{"pipeline_uuid":"` + uuid + `","id":"x","sla":-1,"nam":"y"}`,
			"nam is not an argument of update_a_acme_pipeline_card_by_id: did you mean name? pipeline_stage_uuid is required: get it from list_all_acme_pipeline_stages. sla must be at least 0, not the number -1."},
		{"a fault deep inside", bulk, `{"pipeline_uuid":"` + uuid + `","filters":[{"field":"a","operator":"eq"},{"feild":"a","operator":"equals"}],"values":{"a":1}}`,
			`filters[1].feild is not known there: did you mean field? filters[1].operator must be one of "eq", "neq", "contains", "gt", "lt", "in", not the text "equals". filters[1].field is required.`},
		{"an empty list", bulk, `{"pipeline_uuid":"` + uuid + `","filters":[],"values":{"a":1}}`, "filters must have at least 1 item, not 0."},
		{"an empty object", bulk, `{"pipeline_uuid":"` + uuid + `","filters":[{"field":"a","operator":"eq"}],"values":{}}`, "values must have at least 1 member, not 0."},
		{"an empty path segment", update, strings.Replace(`{`+good+`,"sla":1}`, `"id":"`+uuid+`"`, `"id":""`, 1), "id must be more than an empty text, as it is a part of the address: get it from list_all_acme_pipeline_cards."},
	} {
		t.Run(test.name, func(t *testing.T) {
			tool, ok := s.Tool(test.tool)
			if !ok {
				t.Fatalf("no tool %s", test.tool)
			}
			if got := refusal(t, tool, test.arguments).Error(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestValuesAreMendedOnlyWhereTheirMeaningIsPlain(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "create", HTTPMethod: "POST", Path: "/things", Doc: documented("",
		`{"type":"object","properties":{"n":{"type":"integer"},"x":{"type":"number"},"b":{"type":"boolean"},"s":{"type":"string"},"o":{"type":"object"},"a":{"type":"array","items":{"type":"integer"}},"m":{"type":["string","number"]},"e":{"enum":["in_progress","a b","A-B","3.0"]},"z":{"type":["string","null"]}}}`)}))
	for _, test := range []struct{ name, arguments, want string }{
		{"a number in quotes", `{"n":"3"}`, `{"n":3}`},
		{"a whole number with a fraction", `{"n":3.0}`, `{"n":3}`},
		{"a whole number in quotes with an exponent", `{"n":"3e2"}`, `{"n":300}`},
		{"every digit", `{"n":900719925474099312345,"x":0.10000000000000000000001}`, `{"n":900719925474099312345,"x":0.10000000000000000000001}`},
		{"a number keeps its spelling", `{"x":1.50}`, `{"x":1.50}`},
		{"a boolean in quotes", `{"b":"false"}`, `{"b":false}`},
		{"an object in quotes", `{"o":"{\"a\": 1}"}`, `{"o":{"a": 1}}`},
		{"an array in quotes", `{"a":"[\"1\", 2]"}`, `{"a":[1, 2]}`},
		{"numbers within an array", `{"a":["1",2.0,3]}`, `{"a":[1,2,3]}`},
		{"an option in other letters", `{"e":"In Progress"}`, `{"e":"in_progress"}`},
		{"a text that may be a text stays", `{"m":"3"}`, `{"m":"3"}`},
		{"null, absent and empty are three things", `{"z":null}`, `{"z":null}`},
		{"empty", `{"z":""}`, `{"z":""}`},
		{"absent", `{}`, `{}`},
		{"the order of the schema, not of the caller", `{"z":"1","b":true,"n":1}`, `{"n":1,"b":true,"z":"1"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := tool.Prepare([]byte(test.arguments))
			if err != nil || string(p.Body) != test.want || p.ContentType != "application/json" {
				t.Errorf("got %+v (%v), want the body %s", p, err, test.want)
			}
		})
	}
	for _, arguments := range []string{`{"n":"3.5"}`, `{"n":" "}`, `{"n":"0x3"}`, `{"n":true}`, `{"b":"yes"}`, `{"b":1}`, `{"s":true}`, `{"s":["x"]}`, `{"o":"[]"}`, `{"a":"1"}`, `{"z":3}`, `{"n":"NaN"}`, `{"n":"3 4"}`, `{"e":"A B"}`, `{"e":"30"}`, `{"e":"in"}`} {
		refusal(t, tool, arguments)
	}
}

func TestBoundArgumentsAreAlwaysSentAndNeverShown(t *testing.T) {
	s := compile(t, cards(), toolset.Options{Bind: map[string]string{"pipeline_uuid": uuid}})
	tool, _ := s.Tool("list_all_acme_pipeline_cards")
	if strings.Contains(string(tool.InputSchema), "pipeline_uuid") {
		t.Errorf("the bound argument is shown: %s", tool.InputSchema)
	}
	for _, arguments := range []string{`{}`, `{"pipeline_uuid":"` + uuid + `"}`} {
		p, err := tool.Prepare([]byte(arguments))
		if err != nil || p.Path != "/pipelines/"+uuid+"/cards" || string(p.Arguments) != `{"pipeline_uuid":"`+uuid+`"}` {
			t.Errorf("%s: got %+v (%v)", arguments, p, err)
		}
	}
	got := refusal(t, tool, `{"pipeline_uuid":"0192f0c1-0000-7c1e-9b1e-2f6d5a1c0b9e"}`).Error()
	if want := `pipeline_uuid is bound to the text "` + uuid + `" on this MCP server: leave it out.`; got != want {
		t.Errorf("another value: got %s, want %s", got, want)
	}
	if _, err := toolset.Compile(cards(), toolset.Options{Bind: map[string]string{"pipeline_uuid": "nonsense"}}); err == nil || !strings.Contains(err.Error(), "bind.pipeline_uuid must be a UUID") {
		t.Errorf("a value that the schema refuses: got %v", err)
	}
	if err := s.CheckBind("pipline_uuid"); err == nil || !strings.Contains(err.Error(), "did you mean pipeline_uuid?") {
		t.Errorf("an unknown argument: got %v", err)
	}
	if err := s.CheckBind("pipeline_uuid"); err != nil {
		t.Error(err)
	}
}

func TestUndocumentedMethodsTakeAnyArgument(t *testing.T) {
	method := func(verb string) *toolset.Tool {
		return only(t, define("things", "thing", &integration.Method{Name: "act", HTTPMethod: verb, Path: "/things/{{id}}", Parameters: map[string]integration.Parameter{"trace": {In: "header", Name: "X-Trace"}}}))
	}
	p, err := method("POST").Prepare([]byte(`{"id":7,"a":1.0,"b":null,"trace":"t"}`))
	if err != nil || p.Path != "/things/7" || string(p.Body) != `{"a":1.0,"b":null}` || p.Query != "" || len(p.Header) != 1 || p.Header[0] != [2]string{"X-Trace", "t"} {
		t.Errorf("POST: got %+v, body %s (%v)", p, p.Body, err)
	}
	p, err = method("POST").Prepare([]byte(`{"id":"7","body":[1,2]}`))
	if err != nil || string(p.Body) != `[1,2]` {
		t.Errorf("a whole body: got %s (%v)", p.Body, err)
	}
	p, err = method("GET").Prepare([]byte(`{"id":"7","a":1,"b":["x","y"],"c":null}`))
	if err != nil || p.Query != "a=1&b=x&b=y" || p.Body != nil {
		t.Errorf("GET: got %+v (%v)", p, err)
	}
	if got := refusal(t, method("GET"), `{}`).Error(); got != "id is required (Id of the thing)." {
		t.Errorf("without its path: got %s", got)
	}
	s := compile(t, cards(), toolset.Options{Methods: []string{"read"}})
	if tool, ok := s.Operation("pipeline_cards", "bulk_delete"); !ok || tool.Documented {
		t.Error("an undocumented method is not reachable")
	}
	if _, ok := s.Tool("acme_pipeline_cards_bulk_delete"); ok {
		t.Error("an undocumented method is a tool")
	}
}

func TestTheAuditDoesNotSeeSecrets(t *testing.T) {
	def := define("users", "user", &integration.Method{Name: "create", HTTPMethod: "POST", Path: "/users", Doc: documented("",
		`{"type":"object","properties":{"name":{"type":"string"},"pin":{"type":"string","secret":true,"pattern":"^[0-9]{4}$"},"initial_password":{"type":"string","minLength":8},"profile":{"type":"object","properties":{"key":{"type":"string","secret":true}}},"logins":{"type":"array","items":{"anyOf":[{"type":"object","properties":{"token":{"type":"string","secret":true}}}]}},"photo":{"type":"string","format":"binary"}}}`)})
	def.SecretFields = []string{"initial_password", "recover_code"}
	tool := only(t, def)
	arguments := `{"name":"Ada","pin":"1234","initial_password":"correct horse","profile":{"key":"k3y","recover_code":"rc","a":1},"logins":[{"token":"t0k","b":2}],"photo":"aGVsbG8="}`
	p, err := tool.Prepare([]byte(arguments))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"Ada","pin":"***","initial_password":"***","profile":{"key":"***","recover_code":"***","a":1},"logins":[{"token":"***","b":2}],"photo":"(8 characters of base64)"}`; string(p.Masked) != want {
		t.Errorf("got  %s\nwant %s", p.Masked, want)
	}
	if string(p.Body) != arguments {
		t.Errorf("sent %s", p.Body)
	}
	if strings.Contains(string(tool.InputSchema), `"secret"`) {
		t.Errorf("clients see how secrets are marked: %s", tool.InputSchema)
	}
	for _, wrong := range []string{`{"pin":"hunter2"}`, `{"initial_password":123456789}`, `{"profile":{"key":["hunter2"]}}`, `{"logins":[{"token":12345678}]}`} {
		if got := refusal(t, tool, wrong).Error(); strings.Contains(got, "hunter2") || strings.Contains(got, "12345678") {
			t.Errorf("a refusal shows the secret: %s", got)
		}
	}
}

func TestWhatIsBoundToACursorIsTheSameForEverySpelling(t *testing.T) {
	s := compile(t, cards(), toolset.Options{})
	tool, _ := s.Tool("list_all_acme_pipeline_cards")
	want := ""
	for _, arguments := range []string{
		`{"pipeline_uuid":"` + uuid + `","name":"é","limit":3}`,
		` { "name" : "\u00e9" , "pipeline_uuid" : "` + uuid + `", "next_cursor":"x" } `,
	} {
		p, err := tool.Prepare([]byte(arguments))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = string(p.Arguments)
		} else if string(p.Arguments) != want {
			t.Errorf("got %s, want %s", p.Arguments, want)
		}
	}
}

func TestPreparedDoesNotAliasItsInput(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "put", HTTPMethod: "PUT", Path: "/things/{{id}}", Doc: documented(`{"type":"object","properties":{"q":{"type":"string"}}}`, `{"type":"array"}`)}))
	arguments := []byte(`{"id":"abc","q":"def","body":["ghi"]}`)
	p, err := tool.Prepare(arguments)
	if err != nil {
		t.Fatal(err)
	}
	clear(arguments)
	if p.Path != "/things/abc" || p.Query != "q=def" || string(p.Body) != `["ghi"]` || string(p.Arguments) != `{"id":"abc","q":"def","body":["ghi"]}` || string(p.Masked) != string(p.Arguments) {
		t.Errorf("got %+v, body %s, arguments %s", p, p.Body, p.Arguments)
	}
}

// Whatever comes, it is refused in words or split into a request that can be sent.
func FuzzPrepare(f *testing.F) {
	for _, seed := range []string{
		`{"pipeline_uuid":"` + uuid + `","id":"a/b","pipeline_stage_uuid":"` + uuid + `","name":"x","sla":"3","custom_fields_values":{"a":[1.0]},"note":null}`,
		`{"pipeline_uuid":"` + uuid + `","filters":[{"field":"a","operator":"eq","value":"\u0041"}],"values":{"a":1}}`, `{"limit":1e2,"next_cursor":"\ud83d\ude00"}`, `null`, `[]`, `{"a":1,"a":2}`, "{\"name\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	s := compile(f, cards(), toolset.Options{})
	f.Fuzz(func(t *testing.T, arguments []byte) {
		for _, tool := range s.Tools {
			p, err := tool.Prepare(arguments)
			if err != nil {
				var wrong *toolset.ArgumentError
				if !errors.As(err, &wrong) || len(wrong.Faults) == 0 || wrong.Error() == "" {
					t.Fatalf("%s: %v", tool.Name, err)
				}
				continue
			}
			u, err := url.Parse("https://vendor.example" + p.Path + "?" + p.Query)
			if err != nil || strings.Count(u.EscapedPath(), "/") != strings.Count(tool.Method.Path, "/") {
				t.Fatalf("%s: the address %s?%s (%v)", tool.Name, p.Path, p.Query, err)
			}
			if !jsonscan.Valid(p.Arguments, jsonscan.Strict) || !jsonscan.Valid(p.Masked, jsonscan.Strict) || p.Body != nil && !jsonscan.Valid(p.Body, jsonscan.Strict) {
				t.Fatalf("%s: arguments %s, masked %s, body %s", tool.Name, p.Arguments, p.Masked, p.Body)
			}
		}
	})
}

func TestAPatternIsExplainedByItsDescription(t *testing.T) {
	tool := only(t, define("shifts", "shift", &integration.Method{Name: "create", HTTPMethod: "POST", Path: "/shifts", Doc: documented("",
		`{"type":"object","properties":{"at":{"type":"string","pattern":"^[0-9]{2}:[0-9]{2}$","description":"HH:MM"},"code":{"type":"string","pattern":"^[A-Z]+$"}}}`)}))
	_, err := tool.Prepare([]byte(`{"at":"9:00","code":"x"}`))
	want := `at must match the pattern ^[0-9]{2}:[0-9]{2}$ (HH:MM), and the text "9:00" does not. code must match the pattern ^[A-Z]+$, and the text "x" does not.`
	if err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}
