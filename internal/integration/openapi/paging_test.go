package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPagingIsRecognisedWhereTheDocumentShowsIt(t *testing.T) {
	parameters := func(all ...string) string {
		var list []string
		for _, p := range all {
			name, schema, _ := strings.Cut(p, " ")
			list = append(list, "{name: '"+name+"', in: query, schema: {"+schema+"}}")
		}
		return "parameters: [" + strings.Join(list, ", ") + "]"
	}
	answer := func(schema string) string {
		return "responses: {200: {description: x, content: {application/json: {schema: " + schema + "}}}}"
	}
	const list = `{type: array, items: {type: object, properties: {id: {type: string}}}}`
	for name, c := range map[string]struct{ operation, want, expression string }{
		"page and size": {parameters("page type: integer", "per_page type: integer, maximum: 50", "q type: string") + ", " + answer(`{type: object, properties: {data: `+list+`, total_pages: {type: integer}, total: {type: integer}}}`),
			`{"format":"page","items":"data","page":"page","size":"per_page","max_size":50,"total":"total","last_page":"total_pages"}`, ""},
		"pages from 0": {parameters("page type: integer, default: 0", "size type: integer") + ", " + answer(`{type: object, properties: {content: `+list+`, totalElements: {type: integer}}}`),
			`{"format":"page","items":"content","page":"page","first":0,"size":"size","total":"totalElements"}`, ""},
		"offset and limit": {parameters("offset type: integer", "limit type: integer, maximum: 1000") + ", " + answer(`{type: object, properties: {entries: `+list+`, total_count: {type: integer}}}`),
			`{"format":"offset","items":"entries","offset":"offset","size":"limit","max_size":1000,"total":"total_count"}`, ""},
		"a cursor": {parameters("cursor type: string", "limit type: integer") + ", " + answer(`{type: object, properties: {lamps: `+list+`, next_cursor: {type: [string, 'null']}, has_more: {type: boolean}}}`),
			`{"format":"cursor","items":"lamps","cursor":"cursor","size":"limit","next":"next_cursor","more":"has_more"}`, ""},
		"a token by another name": {parameters("pageToken type: string", "pageSize type: integer") + ", " + answer(`{type: object, properties: {items: `+list+`, nextPageToken: {type: string}}}`),
			`{"format":"cursor","items":"items","cursor":"pageToken","size":"pageSize","next":"nextPageToken"}`, ""},
		"an offset that is a token": {parameters("offset type: string", "limit type: integer") + ", " + answer(`{type: object, properties: {data: `+list+`, next_page: {type: object, properties: {offset: {type: string}}}}}`),
			`{"format":"cursor","items":"data","cursor":"offset","size":"limit","next":"next_page.offset"}`, ""},
		"a link in the answer": {parameters("limit type: integer") + ", " + answer(`{type: object, properties: {results: `+list+`, links: {type: object, properties: {next: {type: string, format: uri}}}}}`),
			`{"format":"cursor","items":"results","size":"limit","next":"links.next"}`, ""},
		"the header Link": {parameters("per_page type: integer") + ", responses: {200: {headers: {Link: {schema: {type: string}}}, content: {application/json: {schema: " + list + "}}}}",
			`{"format":"link","size":"per_page"}`, ""},
		"the header Link beside pages": {parameters("page type: integer", "per_page type: integer") + ", responses: {200: {headers: {Link: {schema: {type: string}}}, content: {application/json: {schema: " + list + "}}}}",
			`{"format":"link","size":"per_page"}`, ""},
		"a cursor in a header": {parameters("cursor type: string") + ", responses: {200: {headers: {X-Next-Cursor: {schema: {type: string}}}, content: {application/json: {schema: " + list + "}}}}",
			`{"format":"header","cursor":"cursor","next":"X-Next-Cursor"}`, ""},
		"marks that must be switched on, beside an offset": {parameters("marker type: string", "usemarker type: boolean", "offset type: integer", "limit type: integer") + ", " + answer(`{type: object, properties: {entries: `+list+`, next_marker: {type: string}, total_count: {type: integer}}}`),
			`{"format":"offset","items":"entries","offset":"offset","size":"limit","total":"total_count"}`, ""},
		"a bare array that is whole":   {answer(list), `{"format":"none"}`, ""},
		"an envelope that is whole":    {answer(`{type: object, properties: {lamps: ` + list + `, took: {type: integer}}}`), `{"format":"none","items":"lamps"}`, ""},
		"a list within an envelope":    {answer(`{type: object, properties: {_embedded: {type: object, properties: {lamps: ` + list + `}}}}`), `{"format":"none","items":"_embedded.lamps"}`, ""},
		"a page that must be given":    {"parameters: [{name: page, in: query, required: true, schema: {type: integer}}], " + answer(list), `{"format":"none"}`, ""},
		"a start that may be a time":   {parameters("start type: integer", "end type: integer", "limit type: integer") + ", " + answer(list), `{"format":"none"}`, ""},
		"nothing said of the answer":   {"responses: {200: {description: lamps}}", `{"format":"none"}`, `if type == "array" then . else [.[]? | arrays][0] // [.] end`},
		"a page of who knows what":     {parameters("page type: integer"), `{"format":"page","page":"page"}`, `if type == "array" then . else [.[]? | arrays][0] // [.] end`},
		"a cursor that may be nothing": {"parameters: [{name: after, in: query, schema: {anyOf: [{type: string}, {type: 'null'}]}}], " + answer(`{type: object, properties: {data: `+list+`, page_info: {type: object, properties: {end_cursor: {type: string}}}}}`), `{"format":"cursor","items":"data","cursor":"after","next":"page_info.end_cursor"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, report := take(t, paths("/lamps: {get: {"+c.operation+"}}"))
			m := methodOf(t, d, "lamps", "list")
			got, err := json.Marshal(m.Pagination)
			if err != nil {
				t.Fatal(err)
			}
			if !sameJSON(t, string(got), c.want) || m.Response.Expression != c.expression {
				t.Errorf("got  %s %s\nwant %s %s", got, m.Response.Expression, c.want, c.expression)
			}
			if guessed := strings.Join(report.Guessed, "\n"); strings.Contains(c.want, "none") == strings.Contains(guessed, "GET /lamps: the list goes on") {
				t.Errorf("guessed %q", guessed)
			}
			for _, name := range []string{m.Pagination.Page, m.Pagination.Offset, m.Pagination.Cursor, m.Pagination.Size} {
				if name != "" && strings.Contains(string(m.Doc.QuerySchema), `"`+name+`"`) {
					t.Errorf("%s turns pages and is an argument too: %s", name, m.Doc.QuerySchema)
				}
			}
		})
	}
}

func TestAListWhoseAnswerDoesNotTellGoesOnAsTheOthersDo(t *testing.T) {
	const parameters = "parameters: [{name: offset, in: query, schema: {type: string}}, {name: limit, in: query, schema: {type: integer}}]"
	told := func(path string) string {
		return path + ": {get: {" + parameters + ", responses: {200: {content: {application/json: {schema: {type: object, properties: {data: {type: array, items: {type: object}}, next_page: {type: object, properties: {offset: {type: string}}}}}}}}}}}\n"
	}
	silent := "/bells: {get: {" + parameters + ", responses: {200: {content: {application/json: {schema: {type: object, properties: {bells: {type: array, items: {type: object}}}}}}}}}}\n"
	for others, want := range map[string]string{
		told("/lamps") + told("/stairs"): `{"format":"cursor","items":"bells","cursor":"offset","size":"limit","next":"next_page.offset"}`,
		told("/lamps"):                   `{"format":"none","items":"bells"}`, // one is no custom
	} {
		d, report := take(t, paths(others+silent))
		got, err := json.Marshal(methodOf(t, d, "bells", "list").Pagination)
		if err != nil {
			t.Fatal(err)
		}
		if !sameJSON(t, string(got), want) {
			t.Errorf("got %s, want %s", got, want)
		}
		if adopted := strings.Contains(strings.Join(report.Guessed, "\n"), "as others that take the same arguments"); adopted != strings.Contains(want, "cursor") {
			t.Errorf("guessed %q", report.Guessed)
		}
	}
}

func TestAThingWithListsInItIsNoList(t *testing.T) {
	d, _ := take(t, paths(`
/weather: {get: {responses: {200: {content: {application/json: {schema: {type: object, properties: {fog: {type: boolean}, winds: {type: array, items: {type: string}}}}}}}}}}
/lamps/{id}: {get: {responses: {200: {content: {application/json: {schema: {type: object, properties: {data: {type: object, properties: {items: {type: array, items: {}}}}}}}}}}}}`))
	if m := methodOf(t, d, "weather", "fetch"); m.Pagination != nil || !m.Safe {
		t.Errorf("the weather is %+v", m)
	}
	methodOf(t, d, "lamps", "get")
}

func TestLimitsAreFoundInHeaders(t *testing.T) {
	d, report := take(t, paths(`/lamps: {post: {responses: {200: {headers: {X-Ratelimit-Limit: {}, X-Ratelimit-Remaining: {}, X-Ratelimit-Reset: {}}}, 429: {headers: {retry-after: {}}}}}}`))
	if got := d.RateLimit; got.Limit != "X-Ratelimit-Limit" || got.Remaining != "X-Ratelimit-Remaining" || got.Reset != "X-Ratelimit-Reset" || got.RetryAfter != "retry-after" {
		t.Errorf("the limits are %+v", got)
	}
	if !strings.Contains(strings.Join(report.Guessed, "\n"), "X-Ratelimit-Remaining") {
		t.Errorf("guessed %q", report.Guessed)
	}
}
