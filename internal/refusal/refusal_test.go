package refusal

import (
	"fmt"
	"strings"
	"testing"

	"sluice/internal/integration"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		spec                    integration.Errors
		want                    Refusal
	}{
		{name: "nothing", body: "  "},
		{name: "a message and reasons by field", body: `{"message":"The given data was invalid.","errors":{"sla":["must be a whole number","is required"],"name":"too short"}}`,
			want: Refusal{Message: "The given data was invalid.", Fields: map[string][]string{"sla": {"must be a whole number", "is required"}, "name": {"too short"}}}},
		{name: "the definition's own paths", body: `{"fault":{"why":"no\n  such\tship","nr":17},"bad":[{"name":"hull","message":"is wet"}],"needs":"ships:write","message":"no"}`,
			spec: integration.Errors{Message: "fault.why", Code: "fault.nr", Fields: "bad", Scope: "needs"},
			want: Refusal{Message: "no such ship", Code: "17", Scope: "ships:write", Fields: map[string][]string{"hull": {"is wet"}}}},
		{name: "a path that leads nowhere falls back", body: `{"error":{"message":"gone","code":"x"}}`, spec: integration.Errors{Message: "a.b"},
			want: Refusal{Message: "gone", Code: "x"}},
		{name: "OAuth", body: `{"error":"invalid_grant","error_description":"The refresh token was revoked."}`,
			want: Refusal{Message: "The refresh token was revoked.", Code: "invalid_grant"}},
		{name: "only a code", body: `{"error":"forbidden"}`, want: Refusal{Message: "forbidden"}},
		{name: "problem details (RFC 9457)", body: `{"type":"about:blank","title":"Bad","detail":"No such pier.","status":404}`,
			want: Refusal{Message: "No such pier.", Code: "about:blank"}},
		{name: "a list of located errors", body: `{"detail":[{"loc":["body","item","price"],"msg":"field required","type":"missing"}]}`,
			want: Refusal{Fields: map[string][]string{"body.item.price": {"field required"}}}},
		{name: "GraphQL", body: `{"data":null,"errors":[{"message":"Cannot query field","path":["a"]}]}`,
			want: Refusal{Message: "Cannot query field", Fields: map[string][]string{"a": {"Cannot query field"}}}},
		{name: "GraphQL's extensions", body: `{"errors":[{"message":"Value is required.","extensions":{"field":"name","code":"FAILED"}}]}`,
			want: Refusal{Message: "Value is required.", Fields: map[string][]string{"name": {"Value is required."}}}},
		{name: "reasons as objects", body: `{"data":{"email":{"code":"validation_required","message":"Missing required value."}},"message":"Failed.","status":400}`,
			want: Refusal{Message: "Failed.", Fields: map[string][]string{"email": {"Missing required value."}}}},
		{name: "data that are no reasons", body: `{"message":"Failed.","data":{"id":7,"tags":[1]}}`, want: Refusal{Message: "Failed."}},
		{name: "a text", body: `"Too \u00fcber"`, want: Refusal{Message: "Too über"}},
		{name: "plain text", contentType: "text/plain; charset=utf-8", body: "no healthy\r\nupstream", want: Refusal{Message: "no healthy upstream"}},
		{name: "a page of HTML", contentType: "text/html", body: "<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>b{}</style></head><body><script>x()</script><h1>502 Bad Gateway</h1><p>nginx &amp; co</p></body></html>",
			want: Refusal{Message: "502 Bad Gateway nginx & co"}},
		{name: "XML", contentType: "application/xml", body: `<Error><Code>AccessDenied</Code></Error>`, want: Refusal{Message: "AccessDenied"}},
		{name: "bytes", contentType: "image/png", body: "\x89PNG\r\n", want: Refusal{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Read(test.spec, test.contentType, []byte(test.body))
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", test.want) {
				t.Errorf("want %+v\ngot  %+v", test.want, got)
			}
		})
	}
}

func TestAMessageIsOneLineOfBoundedLength(t *testing.T) {
	got := Read(integration.Errors{}, "", []byte(`{"message":"`+strings.Repeat("ä\\n", 10000)+`"}`)).Message
	if len(got) > maxMessage+len("…") || strings.Contains(got, "\n") || !strings.HasSuffix(got, "…") {
		t.Errorf("got %d bytes: %.40q…", len(got), got)
	}
}
