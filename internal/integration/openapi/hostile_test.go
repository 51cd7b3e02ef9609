package openapi_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
)

// spent is the processor time that this process has used, which does not grow while others use the machine.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Documents that are made to cost much. Each is imported, or refused, at a cost that a person waits for.
func TestHostileDocumentsCostLittle(t *testing.T) {
	repeat := func(n int, each func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(each(i))
		}
		return b.String()
	}
	post := func(schema string) string {
		return paths("/a: {post: {requestBody: {required: true, content: {application/json: {schema: " + schema + "}}}}}")
	}
	for name, document := range map[string]string{
		"allOf that doubles": post("{$ref: '#/components/schemas/s0'}") + "components: {schemas: {" + repeat(40, func(i int) string {
			return fmt.Sprintf("s%d: {allOf: [{$ref: '#/components/schemas/s%d'}, {$ref: '#/components/schemas/s%d'}]}, ", i, i+1, i+1)
		}) + "s40: {type: string}}}\n",
		"anyOf that doubles": post("{$ref: '#/components/schemas/s0'}") + "components: {schemas: {" + repeat(40, func(i int) string {
			return fmt.Sprintf("s%d: {anyOf: [{minLength: %d, $ref: '#/components/schemas/s%d'}, {$ref: '#/components/schemas/s%d'}]}, ", i, i, i+1, i+1)
		}) + "s40: {type: string}}}\n",
		"allOf of thousands":       post("{allOf: [" + repeat(3000, func(i int) string { return fmt.Sprintf("{properties: {p%d: {type: string}}}, ", i) }) + "]}"),
		"an enum without end":      post("{properties: {a: {enum: [" + repeat(100_000, func(i int) string { return fmt.Sprint("x", i, ", ") }) + "]}}}"),
		"names without end":        post("{required: [" + repeat(50_000, func(i int) string { return fmt.Sprint("x", i, ", ") }) + "], properties: {" + repeat(50_000, func(i int) string { return fmt.Sprint("x", i, ": {}, ") }) + "}}"),
		"parameters without end":   paths("/a: {post: {}, get: {parameters: [" + repeat(50_000, func(i int) string { return fmt.Sprintf("{name: p%d, in: query}, ", i) }) + "]}}"),
		"references in a long row": post("{$ref: '#/components/schemas/s0'}") + "components: {schemas: {" + repeat(5000, func(i int) string { return fmt.Sprintf("s%d: {$ref: '#/components/schemas/s%d'}, ", i, i+1) }) + "s5000: {type: string}}}\n",
		"everything refers to all": post("{$ref: '#/components/schemas/s0'}") + "components: {schemas: {" + repeat(60, func(i int) string {
			return fmt.Sprintf("s%d: {type: object, properties: {%s}}, ", i, repeat(60, func(j int) string { return fmt.Sprintf("p%d: {$ref: '#/components/schemas/s%d'}, ", j, j) }))
		}) + "}}\n",
		"operations without end":     paths(repeat(20_000, func(i int) string { return fmt.Sprintf("/a%d: {post: {}}\n", i) })),
		"the same place, a thousand": paths(repeat(1000, func(i int) string { return fmt.Sprintf("/v%d/lamps: {post: {}}\n", i) })),
		"a text of megabytes":        post("{description: '" + strings.Repeat("<a ", 1<<20) + "'}"),
		"a long pattern":             post("{properties: {a: {type: string, pattern: '" + strings.Repeat("(a{0,900}){0,900}", 50) + "'}}}"),
		"schemes without end":        paths("/a: {post: {}}") + "security: [" + repeat(2000, func(i int) string { return fmt.Sprintf("{s%d: []}, ", i) }) + "]\ncomponents: {securitySchemes: {" + repeat(2000, func(i int) string { return fmt.Sprintf("s%d: {type: apiKey, in: query, name: k}, ", i) }) + "}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			before := spent(t)
			d, report, err := openapi.Import([]byte(document), openapi.Options{})
			if cost := spent(t) - before; cost > 20*time.Second {
				t.Errorf("it took %v of processor time", cost)
			}
			if err == nil && len(report.Tools)+len(report.LeftOut) == 0 {
				t.Error("nothing is said of it")
			}
			if d != nil && len(d.JSON()) > 16<<20 {
				t.Errorf("the definition has %d bytes", len(d.JSON()))
			}
		})
	}
}

// drawnValue is a value that stands where it may have no business to.
func drawnValue(depth int) *rapid.Generator[string] {
	scalars := rapid.SampledFrom([]string{`"x"`, `""`, `"object"`, `"array"`, `"string"`, `"integer"`, `["string","null"]`, `"query"`, `"path"`, `"id"`, `"form"`, `"deepObject"`, `"binary"`, `"^(?!a)b"`, `"[a"`, `"{a}"`, `"{{x}}"`,
		`"#/components/schemas/A"`, `"#/components/schemas/B"`, `"#/components/parameters/P"`, `"#/nowhere"`, `"x.yaml#/A"`, `"https://x.example/{a}"`, `true`, `false`, `null`, `0`, `-1`, `1.5`, `1e3`, `99999999999999999999`, `[]`, `{}`})
	if depth <= 0 {
		return scalars
	}
	keys := rapid.SampledFrom([]string{"$ref", "type", "properties", "items", "required", "allOf", "anyOf", "oneOf", "not", "if", "then", "enum", "const", "default", "example", "examples", "format", "pattern", "minimum", "exclusiveMinimum", "maxLength",
		"additionalProperties", "patternProperties", "nullable", "readOnly", "discriminator", "mapping", "propertyName", "prefixItems", "contains", "dependentSchemas", "description", "title", "a", "b", "id", "data", "page", "limit", "next_cursor",
		"parameters", "requestBody", "responses", "security", "servers", "tags", "name", "in", "schema", "content", "application/json", "multipart/form-data", "application/x-www-form-urlencoded", "text/plain", "encoding", "style", "explode", "200", "headers", "Link"})
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return scalars.Draw(t, "scalar")
		case 1:
			return "[" + strings.Join(rapid.SliceOfN(drawnValue(depth-1), 0, 3).Draw(t, "items"), ",") + "]"
		}
		var all []string
		for _, key := range rapid.SliceOfNDistinct(keys, 0, 5, rapid.ID[string]).Draw(t, "keys") {
			all = append(all, fmt.Sprintf("%q:%s", key, drawnValue(depth-1).Draw(t, key)))
		}
		return "{" + strings.Join(all, ",") + "}"
	})
}

func TestDrawnDocumentsBreakNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := func(depth int) string { return drawnValue(depth).Draw(t, "value") }
		version := rapid.SampledFrom([]string{`"openapi":"3.0.3"`, `"openapi":"3.1.0"`, `"swagger":"2.0"`}).Draw(t, "version")
		components := fmt.Sprintf(`"schemas":{"A":%s,"B":%s},"parameters":{"P":%s}`, value(4), value(4), value(2))
		oneOf := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "word") }
		odd := func(usual string, depth int) string { // seldom something else
			if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
				return value(depth)
			}
			return usual
		}
		operation := func() string {
			return fmt.Sprintf(`{"parameters":[{"name":"id","in":"path","schema":%s},{"name":%s,"in":%s,"schema":%s,"style":%s},%s],"requestBody":{"content":{%s:{"schema":%s,"encoding":%s}}},"responses":{"200":{"content":{"application/json":{"schema":%s}}}}}`,
				odd(`{"type":"string"}`, 2), odd(`"q"`, 0), odd(`"query"`, 0), value(4), odd(oneOf(`"form"`, `"deepObject"`, `"pipeDelimited"`), 0), odd(`{"name":"h","in":"header"}`, 3),
				oneOf(`"application/json"`, `"application/json"`, `"multipart/form-data"`, `"application/x-www-form-urlencoded"`, `"text/csv"`), odd(`{"type":"object","properties":{"a":`+value(4)+`,"b":`+value(3)+`}}`, 5), odd(`{}`, 3), value(4))
		}
		document := fmt.Sprintf(`{%s,"info":%s,"servers":%s,"security":%s,"components":{%s},"definitions":{"A":%s},"paths":{"/lamps/{id}":{"put":%s,"get":%s,"parameters":%s},"/lamps":%s,"/lamps/{id}/parts":{"post":%s},"/ok":{"post":{}}}}`,
			version, value(1), value(2), odd("[]", 2), components, value(3), operation(), operation(), odd("[]", 2), value(4), operation())
		d, report, err := openapi.Import([]byte(document), openapi.Options{})
		if err != nil {
			if report == nil {
				t.Fatalf("a document with one good operation is refused whole: %v\n%s", err, document)
			}
			return
		}
		if err := compiles(d); err != nil {
			t.Fatalf("no tools can be made of it: %v\n%s", err, document)
		}
		dir, err := os.MkdirTemp("", "import")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if err := openapi.WriteFolder(d, dir); err != nil {
			t.Fatalf("write: %v\n%s", err, document)
		}
		if loaded, err := integration.Load(os.DirFS(dir), "."); err != nil || loaded.Digest != d.Digest {
			t.Fatalf("the folder says something else: %v\n%s", err, document)
		}
	})
}

// Whatever comes in: an error, or a definition that is right and a report that names each of its tools.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		firstEdition, secondEdition, bomb()[:200],
		secured(`[{a: []}, {}]`, `{a: {type: oauth2, flow: accessCode, tokenUrl: 'https://x.example'}}`, `parameters: [{in: path}]`),
		`{"swagger":"2.0","host":"x.example","paths":{"/a/{b}":{"get":{"parameters":[{"name":"b","in":"path","type":"array","items":{"type":"string"}},{"name":"f","in":"formData","type":"file"}]}}}}`,
		paths(`/a/{b}.{c}:d: {parameters: [{$ref: '#/paths/~1a'}], post: {requestBody: {content: {multipart/form-data: {schema: {oneOf: [{properties: {x: {}}}]}}}}}}`),
	} {
		f.Add(seed)
	}
	if sample, err := os.ReadFile("testdata/harbour.yaml"); err == nil {
		f.Add(string(sample))
	}
	f.Fuzz(func(t *testing.T, document string) {
		if len(document) > 50_000 {
			t.Skip("it would show nothing that a shorter document does not")
		}
		d, report, err := openapi.Import([]byte(document), openapi.Options{})
		if err != nil {
			if d != nil {
				t.Error("there is a definition beside an error")
			}
			return
		}
		if err := compiles(d); err != nil {
			t.Errorf("no tools can be made of it: %v", err)
		}
		if again, err := integration.Parse(d.JSON()); err != nil || again.Digest != d.Digest {
			t.Errorf("it does not come back as it was: %v", err)
		}
		methods := 0
		for _, r := range d.Resources {
			methods += len(r.Methods)
		}
		if methods != len(report.Tools) {
			t.Errorf("there are %d methods and %d tools in the report", methods, len(report.Tools))
		}
	})
}
