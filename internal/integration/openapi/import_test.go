package openapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
	"sluice/internal/toolset"
)

func compiles(d *integration.Definition) error {
	_, err := toolset.Compile(d, toolset.Options{})
	return err
}

// take imports a document that must be taken whole.
func take(t *testing.T, document string) (*integration.Definition, *openapi.Report) {
	t.Helper()
	d, report, err := openapi.Import([]byte(document), openapi.Options{Check: compiles})
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	return d, report
}

// paths is a document of OpenAPI 3.1 with the given paths, in flow or block style.
func paths(text string) string {
	return "openapi: 3.1.0\ninfo: {title: Lighthouse API, version: '1'}\nservers: [{url: 'https://lights.example/v1'}]\npaths:\n" + indent(text)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(text, "\t", "  ")), "\n", "\n  ") + "\n"
}

func methodOf(t *testing.T, d *integration.Definition, resource, method string) *integration.Method {
	t.Helper()
	r, ok := d.Resource(resource)
	if !ok {
		t.Fatalf("there is no resource %s", resource)
	}
	m, ok := r.Method(method)
	if !ok {
		t.Fatalf("%s has no method %s", resource, method)
	}
	return m
}

func toolsOf(report *openapi.Report) []string {
	var all []string
	for _, tool := range report.Tools {
		all = append(all, tool.Method+" "+tool.Path+" "+tool.Tool)
	}
	return all
}

func TestEachOperationFindsItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ paths, want string }{
		"the five standard methods": {`
/lamps: {get: {responses: {200: {content: {application/json: {schema: {type: array}}}}}}, post: {}}
/lamps/{lamp}: {get: {}, patch: {}, delete: {}}`, `
GET /lamps list_all_lighthouse_lamps
POST /lamps create_a_lighthouse_lamp
GET /lamps/{lamp} get_single_lighthouse_lamp_by_id
PATCH /lamps/{lamp} update_a_lighthouse_lamp_by_id
DELETE /lamps/{lamp} delete_a_lighthouse_lamp_by_id`},
		"PUT beside PATCH": {`/lamps/{id}: {put: {operationId: putLamp}, patch: {}}`, `
PUT /lamps/{id} lighthouse_lamps_replace
PATCH /lamps/{id} update_a_lighthouse_lamp_by_id`},
		"POST where nothing else updates": {`/lamps/{id}: {post: {}}`, `POST /lamps/{id} update_a_lighthouse_lamp_by_id`},
		"what is owned": {`
/towers/{tower}/stairs: {get: {operationId: listStairs}, post: {}}
/towers/{tower}/stairs/{stair}: {delete: {}}`, `
GET /towers/{tower}/stairs list_all_lighthouse_tower_stairs
POST /towers/{tower}/stairs create_a_lighthouse_tower_stair
DELETE /towers/{tower}/stairs/{stair} delete_a_lighthouse_tower_stair_by_id`},
		"something to do": {`
/lamps/{id}/addFilters: {post: {operationId: addFiltersForLamp}}
/lamps/{id}/dim: {post: {}}
/lamps/{id}:blink: {post: {}}
/lamps:checkAll: {post: {}}`, `
POST /lamps/{id}/addFilters lighthouse_lamps_add_filters
POST /lamps/{id}/dim lighthouse_lamps_create_dim
POST /lamps/{id}:blink lighthouse_lamps_blink
POST /lamps:checkAll lighthouse_lamps_check_all`},
		"one thing, by no id": {`/weather: {get: {operationId: readWeather, responses: {200: {content: {application/json: {schema: {type: object, properties: {fog: {type: boolean}}}}}}}}}`,
			`GET /weather lighthouse_weather_fetch`},
		"a part of one thing": {`/lamps/{id}/lens: {get: {}, put: {}}`, `
GET /lamps/{id}/lens lighthouse_lamps_get_lens
PUT /lamps/{id}/lens lighthouse_lamps_set_lens`},
		"many at once": {`/lamps: {delete: {operationId: dropLamps}, put: {}}`, `
PUT /lamps lighthouse_lamps_replace_all
DELETE /lamps lighthouse_lamps_drop`},
		"versions and api at the beginning": {`
/api/v2/lamps: {post: {}}
/v1: {get: {}}`, `
POST /api/v2/lamps create_a_lighthouse_lamp
GET /v1 lighthouse_v1_fetch`},
		"operations told apart by a fragment": {`
/lamps/{id}: {put: {}}
"/lamps/{id}#rename": {put: {}}
"/lamps/{id}#dim_slowly": {put: {}}`, `
PUT /lamps/{id} update_a_lighthouse_lamp_by_id
PUT /lamps/{id}#rename lighthouse_lamps_rename
PUT /lamps/{id}#dim_slowly lighthouse_lamps_set_dim_slowly`},
		"two of one place": {`
/v1/lamps: {post: {}}
/v2/lamps: {post: {operationId: lampsV2}}
/v3/lamps: {post: {}}`, `
POST /v1/lamps create_a_lighthouse_lamp
POST /v2/lamps lighthouse_lamps_create_v2
POST /v3/lamps lighthouse_lamps_post`},
		"names that no tool can have": {`
/lamps/find: {get: {operationId: lamps/list}}
/lamps/{id}/read: {post: {operationId: 読む}}
/lampor/tända: {post: {operationId: 点灯}}
/灯台: {post: {}}
/灯台/{号}: {get: {}}`, `
GET /lamps/find lighthouse_lamps_find
POST /lamps/{id}/read lighthouse_lamps_post
POST /lampor/tända lighthouse_lampor_create_tanda
POST /灯台 create_a_lighthouse_xf2df7b
GET /灯台/{号} get_single_lighthouse_xf2df7b_by_id`},
		"what a document says once is not said twice": {`
/towers/{tower}/tower_keys: {get: {operationId: listKeys}}
/tower_keys/{key}: {get: {}}`, `
GET /towers/{tower}/tower_keys list_all_lighthouse_tower_keys
GET /tower_keys/{key} get_single_lighthouse_tower_key_by_id`},
		"a summary where the id says nothing": {`/lamps/{id}: {put: {}, post: {operationId: post_lamps_id, summary: Relight a lamp}}
/stairs/{id}: {put: {}, post: {operationId: post_stairs_id, summary: Restore a stair}}`, `
PUT /lamps/{id} update_a_lighthouse_lamp_by_id
POST /lamps/{id} lighthouse_lamps_post
PUT /stairs/{id} update_a_lighthouse_stair_by_id
POST /stairs/{id} lighthouse_stairs_restore`},
	} {
		t.Run(name, func(t *testing.T) {
			_, report := take(t, paths(c.paths))
			got, want := toolsOf(report), strings.Split(strings.TrimSpace(c.want), "\n")
			if slices.Sort(got); !slices.Equal(got, sorted(want)) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(sorted(want), "\n"))
			}
			if len(report.LeftOut) > 0 {
				t.Errorf("left out: %v", report.LeftOut)
			}
		})
	}
}

func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}

func TestNamesDependOnNothingButTheDocument(t *testing.T) {
	var operations []string
	for i := range 40 {
		operations = append(operations, fmt.Sprintf("/halls/{hall}/the-long-gallery-of-the-northern-wing-with-all-its-doors-%d: {get: {operationId: %s%d}}", i%20, strings.Repeat("open_the_door_", 5), i))
	}
	document := paths(strings.Join(operations[:20], "\n"))
	_, first := take(t, document)
	_, again := take(t, document)
	if !slices.Equal(toolsOf(first), toolsOf(again)) {
		t.Error("the second import gives other names")
	}
	seen := map[string]bool{}
	for _, tool := range first.Tools {
		if len(tool.Tool) > 64 || seen[tool.Tool] {
			t.Errorf("%s has %d characters, or comes twice", tool.Tool, len(tool.Tool))
		}
		seen[tool.Tool] = true
	}
}

func TestAnOperationKeepsTheNameItHad(t *testing.T) {
	old := paths(`/v2/lamps: {post: {operationId: lampsTwo}}`)
	before, was := take(t, old)
	_, now, err := openapi.Import([]byte(paths("/v1/lamps: {post: {operationId: lampsOne}}\n/v2/lamps: {post: {operationId: lampsTwo}}")), openapi.Options{Before: before})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /v1/lamps lighthouse_lamps_create_one", was.Tools[0].Method + " " + was.Tools[0].Path + " " + was.Tools[0].Tool}
	if got := toolsOf(now); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOneOddOperationIsLeftOutAlone(t *testing.T) {
	for name, c := range map[string]struct{ operation, reason string }{
		"a parameter that leads nowhere":    {`get: {parameters: [{$ref: '#/components/parameters/none'}]}`, "#/components/parameters/none leads to nothing"},
		"a body that leads nowhere":         {`post: {requestBody: {content: {application/json: {schema: {properties: {a: {$ref: '#/components/schemas/None'}}}}}}}`, "#/components/schemas/None leads to nothing"},
		"a reference out of the document":   {`post: {requestBody: {content: {application/json: {schema: {$ref: 'file:///etc/passwd'}}}}}`, "leads out of the document, and nothing is fetched"},
		"a reference to another machine":    {`get: {parameters: [{$ref: 'http://169.254.169.254/p'}]}`, "leads out of the document, and nothing is fetched"},
		"a reference in a circle":           {`get: {parameters: [{$ref: '#/components/parameters/round'}]}`, "circle"},
		"a style that there is not":         {`get: {parameters: [{name: a, in: query, style: zigzag, schema: {type: string}}]}`, "zigzag"},
		"a place that there is not":         {`get: {parameters: [{name: a, in: attic, schema: {type: string}}]}`, "attic"},
		"a parameter without a name":        {`get: {parameters: [{in: query}]}`, "no name"},
		"objects within one in the path":    {`get: {parameters: [{name: id, in: path, required: true, schema: {type: object, properties: {a: {type: object}}}}]}`, "more than words"},
		"a header that cannot be sent":      {`get: {parameters: [{name: 'a b', in: header, schema: {type: string}}]}`, "header"},
		"a form that is a list":             {`post: {requestBody: {content: {multipart/form-data: {schema: {type: array}}}}}`, "no fields"},
		"a scheme that is not described":    {`get: {security: [{nobody: []}]}`, "security scheme nobody"},
		"a scheme that cannot be used":      {`get: {security: [{digest: []}]}`, "HTTP digest"},
		"a method that tools have not":      {`head: {}`, "a tool's method"},
		"an operation that is none":         {`get: 7`, "no object"},
		"a server that cannot be called":    {`get: {servers: [{url: 'ftp://x'}]}`, "no address"},
		"a whole query string as one value": {`get: {parameters: [{name: q, in: querystring, content: {application/json: {}}}]}`, "query string"},
		"a form parameter outside of 2.0":   {`post: {parameters: [{name: a, in: formData, type: string}]}`, "Swagger 2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			document := paths("/lamps: {post: {}}\n/odd/{id}: {"+strings.TrimSpace(c.operation)+"}") +
				"components:\n  parameters: {round: {$ref: '#/components/parameters/round'}}\n  securitySchemes: {digest: {type: http, scheme: digest}}\n"
			_, report := take(t, document)
			if len(report.Tools) != 1 || len(report.LeftOut) != 1 || report.LeftOut[0].Path != "/odd/{id}" || !strings.Contains(report.LeftOut[0].Reason, c.reason) {
				t.Errorf("tools %v, left out %v, want the reason %q", report.Tools, report.LeftOut, c.reason)
			}
		})
	}
	for path, reason := range map[string]string{"/a/../b": "dots", "/a/{x": "braces", "/a/{x}/{x}": "twice", "/a?b={c}": "question mark", "https://other.example/a": "whole address"} {
		_, report := take(t, paths("/lamps: {post: {}}\n'"+path+"': {get: {}}"))
		if len(report.LeftOut) != 1 || report.LeftOut[0].Path != path || !strings.Contains(report.LeftOut[0].Reason, reason) {
			t.Errorf("%s is left out as %v, want the reason %q", path, report.LeftOut, reason)
		}
	}
}

func TestADocumentThatGivesNothingIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ document, words string }{
		"nothing":               {"", "empty"},
		"no YAML":               {"a: [", "not YAML"},
		"a text":                {"hello", "must be an object"},
		"something else":        {"{kind: Deployment}", "neither openapi"},
		"an older Swagger":      {"swagger: '1.2'\npaths: {/a: {get: {}}}", "version 1.2"},
		"a version to come":     {"openapi: 4.0.0\npaths: {/a: {get: {}}}", "version 4.0.0"},
		"a minor one to come":   {"openapi: 3.9.0\npaths: {/a: {get: {}}}", "3.9.0"},
		"no paths":              {"openapi: 3.1.0\ninfo: {title: x}", "no paths"},
		"paths that are a list": {"openapi: 3.1.0\npaths: []", "no paths"},
		"nothing that can be":   {"openapi: 3.1.0\ninfo: {title: x}\npaths: {/a: {head: {}}}", "each of 1 operations was left out"},
		"no operation":          {"openapi: 3.1.0\ninfo: {title: x}\npaths: {/a: {}}", "no operation"},
		"too many bytes":        {"openapi: 3.1.0\n#" + strings.Repeat("x", openapi.MaxDocument), "more than the 33554432"},
		"a link-local server":   {"openapi: 3.1.0\ninfo: {title: x}\nservers: [{url: 'http://169.254.169.254/latest'}]\npaths: {/a: {get: {}}}", "link-local"},
		"aliases that multiply": {bomb(), "grows past"},
		"Latin-1":               {"openapi: 3.1.0\ninfo: {title: caf\xe9}", "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _, err := openapi.Import([]byte(c.document), openapi.Options{})
			if d != nil || err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("the error is %v, want %q in it", err, c.words)
			}
		})
	}
	if _, _, err := openapi.Import([]byte(paths("/a: {get: {}}")), openapi.Options{Name: "Big Lamps"}); err == nil || !strings.Contains(err.Error(), "big_lamps") {
		t.Errorf("a name that is none: %v", err)
	}
}

func bomb() string {
	text := "openapi: 3.1.0\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'j'; c++ {
		text += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+", ", 9) + "*" + string(c-1) + "]\n"
	}
	return text
}

func TestADescriptionBeginsWithTheSummary(t *testing.T) {
	for name, c := range map[string]struct{ operation, want string }{
		"summary alone":        {`{summary: Light a lamp (k1)}`, "Light a lamp (k1)"},
		"both":                 {`{summary: Light a lamp (k1), description: "It **takes** [a while](https://x.example/y)."}`, "Light a lamp (k1). It takes a while."},
		"the summary repeated": {`{summary: Light a lamp, description: "Light a lamp. Slowly."}`, "Light a lamp. Slowly."},
		"description alone":    {`{description: "<p>Light a lamp.</p>\n\n# How\nWith a match."}`, "Light a lamp. With a match."},
		"neither":              {`{operationId: lightOneLamp}`, "Light one lamp"},
		"nothing at all":       {`{}`, "POST /lamps"},
		"deprecated":           {`{summary: Light a lamp, deprecated: true}`, "Light a lamp. The vendor calls this deprecated."},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := take(t, paths("/lamps: {post: "+c.operation+"}"))
			got := methodOf(t, d, "lamps", "create").Doc.Description
			if name == "description alone" {
				got = strings.Replace(got, "How ", "", 1)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	d, _ := take(t, paths("/lamps: {post: {summary: Light, description: '"+strings.Repeat("Long it is. ", 400)+"'}}"))
	if n := len(methodOf(t, d, "lamps", "create").Doc.Description); n > 1024 {
		t.Errorf("a long description has %d characters", n)
	}
}

func TestAllDialectsSayTheSame(t *testing.T) {
	shape := func(document string) string {
		d, report := take(t, document)
		if len(report.LeftOut) > 0 {
			t.Fatalf("left out: %v", report.LeftOut)
		}
		m := methodOf(t, d, "lamps", "create")
		return fmt.Sprintf("%s %s %s %s %v %s", d.BaseURL, d.Context[0].Default, m.Doc.QuerySchema, m.Doc.BodySchema, m.Parameters, d.Authorization)
	}
	want := shape(`openapi: 3.0.3
info: {title: Lighthouse}
servers: [{url: https://lights.example/v1}]
security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
paths:
  /lamps:
    post:
      parameters: [{name: at, in: query, explode: false, schema: {type: array, items: {type: string}}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [watt], properties: {watt: {type: integer, minimum: 0, exclusiveMinimum: true}, lens: {type: string, nullable: true}}}}}}`)
	for version, document := range map[string]string{
		"3.1": `{"openapi":"3.1.1","info":{"title":"Lighthouse"},"servers":[{"url":"https://lights.example/v1"}],"security":[{"key":[]}],
"components":{"securitySchemes":{"key":{"type":"apiKey","in":"header","name":"X-Key"}},"schemas":{"L":{"type":["string","null"]}}},
"paths":{"/lamps":{"post":{"parameters":[{"name":"at","in":"query","explode":false,"schema":{"type":"array","items":{"type":"string"}}}],
"requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","required":["watt"],"properties":{"watt":{"type":"integer","exclusiveMinimum":0},"lens":{"$ref":"#/components/schemas/L"}}}}}}}}}}`,
		"3.2": `openapi: 3.2.0
info: {title: Lighthouse}
servers: [{url: https://lights.example/v1, name: main}]
security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}, mediaTypes: {lamp: {schema: {type: object, required: [watt], properties: {watt: {type: integer, exclusiveMinimum: 0}, lens: {type: [string, 'null']}}}}}}
paths:
  /lamps:
    post:
      parameters: [{name: at, in: query, explode: false, schema: {type: array, items: {type: string}}}]
      requestBody: {required: true, content: {application/json: {$ref: '#/components/mediaTypes/lamp'}}}`,
		"2.0": `swagger: '2.0'
info: {title: Lighthouse}
host: lights.example
basePath: /v1/
schemes: [http, https]
security: [{key: []}]
securityDefinitions: {key: {type: apiKey, in: header, name: X-Key}}
paths:
  /lamps:
    post:
      parameters:
        - {name: at, in: query, type: array, items: {type: string}}
        - {name: lamp, in: body, required: true, schema: {$ref: '#/definitions/Lamp'}}
definitions: {Lamp: {type: object, required: [watt], properties: {watt: {type: integer, minimum: 0, exclusiveMinimum: true}, lens: {type: string, x-nullable: true}}}}`,
	} {
		if got := shape(document); got != want {
			t.Errorf("%s gives\n%s\nwant\n%s", version, got, want)
		}
	}
}

func TestScalarsAreThoseOfYAML12(t *testing.T) {
	d, _ := take(t, paths(`/lamps: {post: {parameters: [{name: lang, in: query, schema: {type: string, enum: [en, no, y]}}, {name: lock, in: query, schema: {type: string, enum: [on, off], default: off}}],
    requestBody: {content: {application/json: {schema: {type: object, properties: {born: {type: string, default: 2020-02-29, format: date}, size: {type: string, enum: [1, 2.50, true]}}}}}}}}`))
	m := methodOf(t, d, "lamps", "create")
	if got, want := string(m.Doc.QuerySchema), `{"type":"object","properties":{"lang":{"type":"string","enum":["en","no","y"]},"lock":{"type":"string","enum":["on","off"],"default":"off"}}}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := string(m.Doc.BodySchema), `{"type":"object","properties":{"born":{"type":"string","default":"2020-02-29","format":"date"},"size":{"type":"string","enum":["1","2.50","true"]}}}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
