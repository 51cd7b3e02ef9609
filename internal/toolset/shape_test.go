package toolset_test

import (
	"strings"
	"testing"

	"sluice/internal/integration"
)

func TestABodyIsWhatTheDefinitionsExpressionMakesOfItsArguments(t *testing.T) {
	const schema = `{"type":"object","required":["values"],"properties":{"filter":{"type":"object"},"values":{"type":"object"}}}`
	for _, c := range []struct{ when, expression, arguments, want string }{
		{"the members of one are the body", ".values", `{"values":{"amount":12345678901234567890.10,"name":null}}`, `{"amount":12345678901234567890.10,"name":null}`},
		{"they go to different places", "{query: {filter, limit: -1}, data: .values}", `{"filter":{"a":1},"values":{"b":2}}`, `{"data":{"b":2},"query":{"filter":{"a":1},"limit":-1}}`},
		{"one was not given", "{query: {filter}, data: .values}", `{"values":{}}`, `{"data":{},"query":{"filter":null}}`},
	} {
		t.Run(c.when, func(t *testing.T) {
			tool := only(t, define("orders", "order", &integration.Method{Name: "change_many", HTTPMethod: "PATCH", Path: "/orders", Body: integration.Body{Expression: c.expression}, Doc: documented("", schema)}))
			p, err := tool.Prepare([]byte(c.arguments))
			if err != nil {
				t.Fatal(err)
			}
			if string(p.Body) != c.want || p.ContentType != "application/json" {
				t.Errorf("sent %s as %s, want %s", p.Body, p.ContentType, c.want)
			}
			if string(p.Arguments) == c.want {
				t.Errorf("the record holds %s, want the arguments as they were given", p.Arguments)
			}
		})
	}
}

func TestWhatAnExpressionCannotMakeABodyOfIsRefused(t *testing.T) {
	tool := only(t, define("orders", "order", &integration.Method{Name: "change_many", HTTPMethod: "PATCH", Path: "/orders", Body: integration.Body{Expression: ".values.a"},
		Doc: documented("", `{"type":"object","properties":{"values":{"type":"string"}}}`)}))
	if said := refusal(t, tool, `{"values":"x"}`).Error(); !strings.Contains(said, "cannot be made into a request") {
		t.Errorf("refused with %s", said)
	}
}

func TestAPartIsNamedByTheFieldThatItIsFor(t *testing.T) {
	body := integration.Body{Format: "multipart", Properties: map[string]integration.Parameter{"file": {Name: "{{body.field}}+"}, "values": {Name: "@json", Style: "json"}}}
	tool := only(t, define("orders", "order", &integration.Method{Name: "attach", HTTPMethod: "POST", Path: "/files", Body: body, Doc: documented("",
		`{"type":"object","required":["field","file"],"properties":{"field":{"type":"string"},"file":{"type":"string","contentEncoding":"base64"},"values":{"type":"object"}}}`)}))
	p, err := tool.Prepare([]byte(`{"field":"proof","file_text":"x","file_name":"x.txt","values":{"paid":true}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sent(t, p, nil), "proof+|x.txt|text/plain; charset=utf-8|x\n@json||application/json|{\"paid\":true}"; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	// A name that would end the header it stands in stays within it.
	if p, err = tool.Prepare([]byte(`{"field":"a\"; filename=\"b\r\nX: y","file_text":"x"}`)); err != nil {
		t.Fatal(err)
	}
	if got := sent(t, p, nil); strings.Count(got, "\n") > 2 || strings.Contains(string(p.Body), "\r\nX: y") {
		t.Errorf("sent %q", p.Body)
	}
}
