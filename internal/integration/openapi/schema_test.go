package openapi_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// bodyOf imports a document whose one operation has a body of that schema, and answers what became of it, with the report's notes in one text.
func bodyOf(t *testing.T, version, schema, components string) (body, notes string) {
	t.Helper()
	document := "openapi: " + version + "\ninfo: {title: Lighthouse}\nservers: [{url: 'https://lights.example'}]\n" +
		"paths: {/lamps: {post: {requestBody: {required: true, content: {application/json: {schema: " + schema + "}}}}}}\n"
	if components != "" {
		document += "components: {schemas: " + components + "}\n"
	}
	d, report := take(t, document)
	if len(report.LeftOut) > 0 {
		t.Fatalf("left out: %v", report.LeftOut)
	}
	return string(methodOf(t, d, "lamps", "create").Doc.BodySchema), strings.Join(report.Notes, "\n")
}

func TestASchemaStandsAloneAndSaysTheSame(t *testing.T) {
	for name, c := range map[string]struct{ version, schema, components, want, notes string }{
		"references":                                    {"3.0.3", `{$ref: '#/components/schemas/A'}`, `{A: {type: object, properties: {b: {$ref: '#/components/schemas/B'}}}, B: {type: string, description: One b.}}`, `{"type":"object","properties":{"b":{"type":"string","description":"One b."}}}`, ""},
		"words beside a reference":                      {"3.0.3", `{properties: {b: {$ref: '#/components/schemas/B', description: This one., minLength: 3}}}`, `{B: {type: string, description: Any b.}}`, `{"type":"object","properties":{"b":{"type":"string","description":"This one."}}}`, ""},
		"bounds beside a reference":                     {"3.1.0", `{properties: {b: {$ref: '#/components/schemas/B', minLength: 3}}}`, `{B: {type: string, minLength: 1, maxLength: 9}}`, `{"type":"object","properties":{"b":{"type":"string","minLength":3,"maxLength":9}}}`, ""},
		"escapes in a reference":                        {"3.1.0", `{properties: {b: {$ref: '#/components/schemas/a~1b%20c'}}}`, `{a/b c: {type: integer}}`, `{"type":"object","properties":{"b":{"type":"integer"}}}`, ""},
		"recursion":                                     {"3.1.0", `{$ref: '#/components/schemas/Node'}`, `{Node: {type: object, properties: {name: {type: string}, next: {$ref: '#/components/schemas/Node'}}}}`, `{"type":"object","properties":{"name":{"type":"string"},"next":{"type":"object"}}}`, "next contains itself"},
		"allOf":                                         {"3.0.3", `{allOf: [{type: object, required: [a], properties: {a: {type: string}, c: {type: number, maximum: 9}}}, {type: object, required: [b], properties: {b: {type: integer}, c: {type: integer, minimum: 1}}}], description: Both.}`, "", `{"description":"Both.","type":"object","required":["a","b"],"properties":{"a":{"type":"string"},"c":{"type":"integer","maximum":9,"minimum":1},"b":{"type":"integer"}}}`, ""},
		"allOf with sides that close":                   {"3.1.0", `{allOf: [{type: object, additionalProperties: false, properties: {a: {type: string}}}, {type: object, properties: {b: {type: string}}}]}`, "", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}`, ""},
		"allOf that cannot be one":                      {"3.1.0", `{allOf: [{type: string, pattern: ^a}, {type: string, pattern: z$}]}`, "", `{"type":"string","pattern":"^a","allOf":[{"pattern":"z$"}]}`, ""},
		"allOf of two choices":                          {"3.1.0", `{allOf: [{anyOf: [{minLength: 2}, {maxLength: 1}]}, {anyOf: [{pattern: a}, {pattern: b}]}]}`, "", `{"anyOf":[{"minLength":2},{"maxLength":1}],"allOf":[{"anyOf":[{"pattern":"a"},{"pattern":"b"}]}]}`, ""},
		"oneOf":                                         {"3.1.0", `{oneOf: [{type: object, required: [a], properties: {a: {type: string}}}, {type: array, items: {type: string}}]}`, "", `{"oneOf":[{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}},{"type":"array","items":{"type":"string"}}]}`, ""},
		"oneOf of types alone":                          {"3.1.0", `{properties: {a: {oneOf: [{type: string}, {type: integer}, {type: 'null'}]}}}`, "", `{"type":"object","properties":{"a":{"type":["string","integer","null"]}}}`, ""},
		"one alternative":                               {"3.1.0", `{anyOf: [{type: string, minLength: 1}]}`, "", `{"type":"string","minLength":1}`, ""},
		"oneOf that became looser":                      {"3.1.0", `{oneOf: [{type: string, pattern: '(?=a)b'}, {type: string, minLength: 4}]}`, "", `{"anyOf":[{"type":"string"},{"type":"string","minLength":4}]}`, "cannot be told apart"},
		"a discriminator":                               {"3.1.0", `{discriminator: {propertyName: kind, mapping: {lamp: '#/components/schemas/L'}}, oneOf: [{$ref: '#/components/schemas/L'}, {$ref: '#/components/schemas/Bell'}]}`, `{L: {type: object, properties: {kind: {type: string}}}, Bell: {type: object, properties: {kind: {type: string}}}}`, `{"oneOf":[{"type":"object","properties":{"kind":{"type":"string","enum":["lamp"]}},"required":["kind"]},{"type":"object","properties":{"kind":{"type":"string","enum":["Bell"]}},"required":["kind"]}]}`, ""},
		"nullable":                                      {"3.0.3", `{properties: {a: {type: string, nullable: true, enum: [x]}, b: {nullable: true, allOf: [{$ref: '#/components/schemas/B'}]}}}`, `{B: {type: integer}}`, `{"type":"object","properties":{"a":{"type":["string","null"],"enum":["x",null]},"b":{"type":["integer","null"]}}}`, ""},
		"exclusive bounds of 3.0":                       {"3.0.3", `{properties: {a: {type: number, minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}}}`, "", `{"type":"object","properties":{"a":{"type":"number","exclusiveMinimum":0,"maximum":9}}}`, ""},
		"what is read only":                             {"3.0.3", `{type: object, required: [id, a], properties: {id: {type: string, readOnly: true}, a: {type: string}, b: {$ref: '#/components/schemas/B'}}}`, `{B: {type: string, readOnly: true}}`, `{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}`, ""},
		"what is of the page":                           {"3.1.0", `{title: Lamp, x-go-type: L, xml: {name: l}, externalDocs: {url: 'https://x.example'}, type: object, properties: {a: {type: integer, format: int64, x-order: 1, example: 5}}}`, "", `{"type":"object","description":"Lamp","properties":{"a":{"type":"integer","examples":[5]}}}`, ""},
		"a pattern that looks ahead":                    {"3.1.0", `{properties: {a: {type: string, pattern: '^(?!tmp)[a-z]+$'}}}`, "", `{"type":"object","properties":{"a":{"type":"string"}}}`, "a has the pattern ^(?!tmp)[a-z]+$, which looks ahead"},
		"a pattern in other words":                      {"3.1.0", `{properties: {a: {type: string, pattern: '^\/[\u00e0-\u00ff]+$'}}}`, "", `{"type":"object","properties":{"a":{"type":"string","pattern":"^/[à-ÿ]+$"}}}`, ""},
		"a pattern of other languages":                  {"3.1.0", `{properties: {a: {type: string, pattern: '\A[\w-.]{,5}(?P<x>\pL)\@\z'}}}`, "", `{"type":"object","properties":{"a":{"type":"string","pattern":"^[\\w\\-.]{0,5}(?<x>\\p{L})@$"}}}`, ""},
		"a pattern as JavaScript writes one":            {"3.1.0", `{properties: {a: {type: string, pattern: '/^é{1}$/'}, b: {type: string, pattern: '/^b$/i'}}}`, "", `{"type":"object","properties":{"a":{"type":"string","pattern":"^é{1}$"},"b":{"type":"string"}}}`, "b has the pattern /^b$/i"},
		"a pattern that only RE2 takes":                 {"3.1.0", `{properties: {a: {type: string, pattern: '(?i)^[[:alpha:]]+$'}}}`, "", `{"type":"object","properties":{"a":{"type":"string"}}}`, "a has the pattern (?i)^[[:alpha:]]+$"},
		"braces that repeat nothing":                    {"3.1.0", `{properties: {a: {type: string, pattern: '^{[a-z-]+}]$'}}}`, "", `{"type":"object","properties":{"a":{"type":"string","pattern":"^\\{[a-z\\-]+\\}\\]$"}}}`, ""},
		"read only in what is inherited":                {"3.0.3", `{properties: {l: {type: array, items: {allOf: [{$ref: '#/components/schemas/B'}, {type: object, required: [id, x], properties: {x: {type: string}}}]}}}}`, `{B: {type: object, required: [id], properties: {id: {type: string, readOnly: true}}}}`, `{"type":"object","properties":{"l":{"type":"array","items":{"type":"object","required":["x"],"properties":{"x":{"type":"string"}}}}}}`, ""},
		"read only by what it is made of":               {"3.0.3", `{properties: {l: {type: object, required: [b], properties: {b: {allOf: [{$ref: '#/components/schemas/B'}]}}}}}`, `{B: {type: string, readOnly: true}}`, `{"type":"object","properties":{"l":{"type":"object","properties":{}}}}`, ""},
		"required beside a reference":                   {"3.1.0", `{properties: {b: {$ref: '#/components/schemas/B', required: [id, x]}}}`, `{B: {type: object, properties: {id: {type: string, readOnly: true}, x: {type: string}}}}`, `{"type":"object","properties":{"b":{"type":"object","properties":{"x":{"type":"string"}},"required":["x"]}}}`, ""},
		"anchors":                                       {"3.1.0", `{properties: {a: {$ref: '#thing'}}}`, `{T: {$anchor: thing, type: integer}}`, `{"type":"object","properties":{"a":{"type":"integer"}}}`, ""},
		"definitions of its own":                        {"3.1.0", `{$defs: {L: {type: integer}}, properties: {a: {$ref: '#/$defs/L'}, b: {$ref: '#/components/schemas/B'}}}`, `{B: {properties: {c: {$ref: '#/$defs/M'}}, $defs: {M: {type: boolean}}}}`, `{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"object","properties":{"c":{"type":"boolean"}}}}}`, ""},
		"a schema that names itself":                    {"3.1.0", `{properties: {a: {$ref: 'https://x.example/lamp#/properties/b'}}}`, `{B: {$id: 'https://x.example/lamp', properties: {b: {type: integer}}}}`, `{"type":"object","properties":{"a":{"type":"integer"}}}`, ""},
		"options without a type":                        {"3.1.0", `{properties: {a: {const: x}, b: {enum: [1, 2.5]}, c: {enum: [x, 1]}, d: {enum: [x, null]}}}`, "", `{"type":"object","properties":{"a":{"const":"x","type":"string"},"b":{"enum":[1,2.5],"type":"number"},"c":{"enum":["x",1]},"d":{"enum":["x",null],"type":["string","null"]}}}`, ""},
		"a default that is out of bounds":               {"3.1.0", `{properties: {a: {type: integer, minimum: 1, default: 0}, b: {type: string, minLength: 2, default: x}, c: {type: string, pattern: ^a, default: b}, d: {type: number, exclusiveMaximum: 5, default: 4.9}}}`, "", `{"type":"object","properties":{"a":{"type":"integer","minimum":1},"b":{"type":"string","minLength":2},"c":{"type":"string","pattern":"^a"},"d":{"type":"number","exclusiveMaximum":5,"default":4.9}}}`, ""},
		"a format that its own values are not of":       {"3.1.0", `{properties: {a: {type: string, format: date-time, default: now}, b: {type: string, format: date, example: 30.11.2026}, c: {type: string, format: date, example: '2026-11-30'}}}`, "", `{"type":"object","properties":{"a":{"type":"string","default":"now"},"b":{"type":"string","examples":["30.11.2026"]},"c":{"type":"string","format":"date","examples":["2026-11-30"]}}}`, ""},
		"not, with what cannot be checked":              {"3.1.0", `{properties: {a: {type: string, not: {pattern: '(?=a)b'}}}}`, "", `{"type":"object","properties":{"a":{"type":"string"}}}`, "must not be"},
		"not":                                           {"3.1.0", `{properties: {a: {type: string, not: {const: x}}}}`, "", `{"type":"object","properties":{"a":{"type":"string","not":{"const":"x","type":"string"}}}}`, ""},
		"enums and defaults by hand":                    {"3.0.3", `{properties: {a: {type: string, enum: [1, two, two], default: 3}, b: {type: integer, enum: ['4', 5.5], default: four}, c: {type: boolean, default: 'true'}, d: {type: integer, enum: [x]}}}`, "", `{"type":"object","properties":{"a":{"type":"string","enum":["1","two"]},"b":{"type":"integer","enum":[4]},"c":{"type":"boolean","default":true},"d":{"type":"integer"}}}`, "d has an enum"},
		"bounds that no value meets":                    {"3.1.0", `{properties: {a: {type: string, minLength: 9, maxLength: 3}, b: {type: integer, minimum: '2'}}}`, "", `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","minimum":2}}}`, ""},
		"types by other names":                          {"3.0.3", `{properties: {a: {type: int}, b: {type: any}, c: {type: [string, float]}, d: {items: {type: bool}}}}`, "", `{"type":"object","properties":{"a":{"type":"integer"},"b":{},"c":{"type":["string","number"]},"d":{"type":"array","items":{"type":"boolean"}}}}`, ""},
		"required as it once was written":               {"3.0.3", `{properties: {a: {type: string, required: true}, b: {type: string, required: false}}}`, "", `{"type":"object","required":["a"],"properties":{"a":{"type":"string"},"b":{"type":"string"}}}`, ""},
		"a required name that nothing describes":        {"3.0.3", `{type: object, required: [a, ghost], properties: {a: {type: string}}}`, "", `{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}`, ""},
		"a required name within that nothing describes": {"3.0.3", `{properties: {a: {type: object, required: [b, ghost], properties: {b: {type: string}}}, c: {type: object, required: [d]}}}`, "", `{"type":"object","properties":{"a":{"type":"object","required":["b"],"properties":{"b":{"type":"string"}}},"c":{"type":"object","required":["d"]}}}`, ""},
		"a map":      {"3.1.0", `{type: object, additionalProperties: {type: integer}}`, "", `{"type":"object","additionalProperties":{"type":"integer"}}`, ""},
		"a tuple":    {"3.0.3", `{properties: {a: {type: array, items: [{type: string}, {type: integer}]}}}`, "", `{"type":"object","properties":{"a":{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}]}}}`, ""},
		"a password": {"3.1.0", `{properties: {a: {type: string, format: password}}}`, "", `{"type":"object","properties":{"a":{"type":"string","format":"password","secret":true}}}`, ""},
		"anything":   {"3.1.0", `true`, "", `{"description":"Any JSON value"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, notes := bodyOf(t, c.version, c.schema, c.components)
			if !sameJSON(t, got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if c.notes == "" && notes != "" || !strings.Contains(notes, c.notes) {
				t.Errorf("the notes are %q, want %q in them", notes, c.notes)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	decode := func(text string) (v any) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return v
	}
	x, y := decode(a), decode(b)
	one, _ := json.Marshal(x)
	two, _ := json.Marshal(y)
	return bytes.Equal(one, two)
}

// A schema that is huge when it is written out: each level refers to the next ten times.
func TestALargeSchemaIsCutNotRefused(t *testing.T) {
	var components strings.Builder
	components.WriteString("{")
	for level := range 12 {
		components.WriteString("L" + string(rune('a'+level)) + ": {type: object, required: [p0], properties: {")
		for p := range 10 {
			components.WriteString("p" + string(rune('0'+p)) + ": {$ref: '#/components/schemas/L" + string(rune('a'+min(level+1, 11))) + "'}, ")
		}
		components.WriteString("}}, ")
	}
	components.WriteString("}")
	got, notes := bodyOf(t, "3.1.0", "{$ref: '#/components/schemas/La'}", components.String())
	if len(got) > 12<<10 || !strings.Contains(got, `"p9"`) || !strings.Contains(notes, "too deeply") {
		t.Errorf("the schema has %d bytes and the notes are %q", len(got), notes)
	}
}

// What is cut must not refuse what the document allows.
func TestWhatIsLooserRefusesNothingThatTheDocumentTakes(t *testing.T) {
	deep := `{oneOf: [{type: object, properties: {x: {type: object, required: [y]}}}, {type: object, properties: {x: {type: object, required: [z]}}}]}`
	for range 9 {
		deep = `{type: object, properties: {a: ` + deep + `}}`
	}
	got, notes := bodyOf(t, "3.1.0", deep, "")
	if !strings.Contains(notes, "too deeply") {
		t.Fatalf("nothing was cut, so that nothing is tested; the notes are %q", notes)
	}
	compiled := compile(t, got)
	value := `{"x":{"y":1}}`
	for range 9 {
		value = `{"a":` + value + `}`
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(v); err != nil {
		t.Errorf("%s refuses %s: %v", got, value, err)
	}
}

func compile(t *testing.T, schema string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	return compiled
}
