package integration_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sluice/integrations"
	"sluice/internal/integration"
)

// A small vendor, whole and without fault.
const (
	depotYAML = `name: depot
label: Depot
base_url: "{{context.base_url}}"
context:
  - {name: base_url, default: https://depot.example}
credentials:
  format: static
  fields: [{name: api_key, type: password}]
  token: "{{credentials.api_key}}"
authorization: {format: bearer}
pagination: {format: page, page: page, size: limit, items: data}
resources:
  shelves:
    singular: shelf
    tags: [shelves]
    list: {method: get, path: /shelves}
  parcels:
    singular: parcel
    tags: [parcels]
    parent: {shelves: shelf_id}
    list: {method: get, path: "/shelves/{{query.shelf_id}}/parcels"}
    create: {method: post, path: "/shelves/{{query.shelf_id}}/parcels"}
    find:
      method: post
      path: /parcels/find
      safe: true
`
	shelvesYAML = `list:
  description: List shelves.
  query_schema: {type: object, properties: {}}
`
	parcelsYAML = `list:
  description: List the parcels on a shelf.
  query_schema:
    type: object
    properties: {shelf_id: {type: string}, code: {type: string}}
    required: [shelf_id]
create:
  description: Put a parcel on a shelf.
  query_schema:
    type: object
    properties: {shelf_id: {type: string}}
    required: [shelf_id]
  body_schema:
    type: object
    properties:
      code: {type: string, pattern: "^[A-Z]+$"}
      weight: {type: number}
    required: [code]
  examples:
    - title: A light one
      arguments: {shelf_id: s1, code: AB, weight: 0.10}
`
)

func depot() map[string][]byte {
	return map[string][]byte{"integration.yaml": []byte(depotYAML), "docs/shelves.yaml": []byte(shelvesYAML), "docs/parcels.yaml": []byte(parcelsYAML)}
}

func TestAStoredDefinitionComesBackTheSame(t *testing.T) {
	small, err := integration.ParseFiles(depot())
	if err != nil {
		t.Fatal(err)
	}
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range append(all, small) {
		document := d.JSON()
		back, err := integration.Parse(document)
		if err != nil {
			t.Fatalf("%s: %v", d.Name, err)
		}
		if back.Digest != d.Digest || len(d.Digest) != 64 {
			t.Errorf("%s: want the digest %q, got %q", d.Name, d.Digest, back.Digest)
		}
		if string(back.JSON()) != string(document) {
			t.Errorf("%s: want\n%s\ngot\n%s", d.Name, document, back.JSON())
		}
		if len(back.Resources) != len(d.Resources) || back.Resources[0].Methods[0].Resource != back.Resources[0] {
			t.Errorf("%s: the resources and their methods do not belong together", d.Name)
		}
	}
}

func TestADigestChangesWithEveryPartOfADefinitionAndWithNothingElse(t *testing.T) {
	load := func(change func(files map[string][]byte)) string {
		files := depot()
		change(files)
		d, err := integration.ParseFiles(files)
		if err != nil {
			t.Fatal(err)
		}
		return d.Digest
	}
	edit := func(file, old, new string) func(map[string][]byte) {
		return func(files map[string][]byte) { files[file] = []byte(strings.ReplaceAll(string(files[file]), old, new)) }
	}
	plain := load(func(map[string][]byte) {})
	for name, change := range map[string]func(map[string][]byte){
		"a comment":    edit("integration.yaml", "label: Depot", "# the vendor\nlabel: Depot"),
		"quotes":       edit("integration.yaml", "label: Depot", `label: "Depot"`),
		"upper case":   edit("integration.yaml", "method: get", "method: GET"),
		"flow of YAML": edit("docs/shelves.yaml", "query_schema: {type: object, properties: {}}", "query_schema:\n    type: object\n    properties: {}"),
	} {
		if load(change) != plain {
			t.Errorf("%s changes the digest", name)
		}
	}
	for name, change := range map[string]func(map[string][]byte){
		"a label":             edit("integration.yaml", "label: Depot", "label: Depots"),
		"a path":              edit("integration.yaml", "path: /shelves}", "path: /shelf}"),
		"a description":       edit("docs/shelves.yaml", "List shelves.", "Lists shelves."),
		"a schema":            edit("docs/parcels.yaml", "weight: {type: number}", "weight: {type: number, minimum: 0}"),
		"an example":          edit("docs/parcels.yaml", "0.10", "0.1"),
		"less documentation":  func(files map[string][]byte) { delete(files, "docs/shelves.yaml") },
		"order of properties": edit("docs/parcels.yaml", "{shelf_id: {type: string}, code: {type: string}}", "{code: {type: string}, shelf_id: {type: string}}"),
	} {
		if load(change) == plain {
			t.Errorf("%s leaves the digest as it is", name)
		}
	}
}

func TestMethodsStandInTheirUsualOrderThenAsWritten(t *testing.T) {
	files := depot()
	files["integration.yaml"] = []byte(strings.Replace(depotYAML, "    list: {method: get, path: /shelves}\n",
		"    zap: {method: post, path: /zap}\n    delete: {method: delete, path: \"/shelves/{{id}}\"}\n    list: {method: get, path: /shelves}\n    add: {method: post, path: /add}\n", 1))
	d, err := integration.ParseFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range d.Resources[0].Methods {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "list delete zap add" {
		t.Errorf("want list delete zap add, got %s", got)
	}
}

func TestValuesOfSchemasAreThoseOfYAML12(t *testing.T) {
	for _, test := range []struct{ yaml, want string }{
		{"[en, no, sv, on, off, yes, y, n]", `["en","no","sv","on","off","yes","y","n"]`},
		{"[true, False, TRUE]", `[true,false,true]`},
		{"[null, ~, '', \"null\"]", `[null,null,"","null"]`},
		{"2020-02-29", `"2020-02-29"`},
		{"2020-02-29T10:00:00Z", `"2020-02-29T10:00:00Z"`},
		{"12:30:45", `"12:30:45"`},
		{"[1.10, 123456789012345678901234567890, 1e400, -0.0]", `[1.10,123456789012345678901234567890,1e400,-0.0]`},
		{"[+1, 007, .5, 1., -.5e3, 0o17, 0x1F]", `[1,7,0.5,1,-0.5e3,15,31]`},
		{"[1_000, 0b11, 1:30]", `["1_000","0b11","1:30"]`},
		{"['1', \"true\", !!str 5]", `["1","true","5"]`},
		{"|\n      a\n      b <&>\n", `"a\nb <&>\n"`},
	} {
		files := depot()
		files["docs/shelves.yaml"] = []byte("list:\n  description: x\n  query_schema:\n    type: object\n    properties: {}\n    default: " + test.yaml + "\n")
		d, err := integration.ParseFiles(files)
		if err != nil {
			t.Errorf("%s: %v", test.yaml, err)
			continue
		}
		want := `{"type":"object","properties":{},"default":` + test.want + `}`
		if got := string(d.Resources[0].Methods[0].Doc.QuerySchema); got != want {
			t.Errorf("%s: want %s, got %s", test.yaml, want, got)
		}
	}
}

func TestADocumentOfJSONIsReadWithItsEscapesAndItsLines(t *testing.T) {
	const document = `{
  "name": "depot", "label": "D\ud83d\ude00pot \u003c", "base_url": "https://depot.example",
  "credentials": {"format": "none"}, "pagination": {"format": "none"},
  "resources": {"shelves": {"list": {"method": "GET", "path": "/shelves"}}},
  "docs": {"shelves": {"list": {"description": "List shelves.", "query_schema": {"type": "object", "properties": {}}}}}
}`
	d, err := integration.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if d.Label != "D😀pot <" || d.Resources[0].Methods[0].Doc == nil {
		t.Errorf("want the label D😀pot < and the documentation, got %q, %v", d.Label, d.Resources[0].Methods[0].Doc)
	}
	_, err = integration.Parse([]byte(strings.Replace(document, `"docs": {"shelves": {"list"`, `"docs": {"shelves": {"lst"`, 1)))
	if want := `integration.yaml:5:24: shelves has no method "lst" to document; did you mean "list"?`; err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
	_, err = integration.Parse([]byte(strings.Replace(document, `"format": "none"`, `"format": "none", "format": "none"`, 1)))
	if want := `integration.yaml:3:37: "format" is here a second time (first in line 3): delete one of the two`; err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}

func TestHostileFilesAreRefusedAtLittleCost(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 12 {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	for name, test := range map[string]struct{ document, want string }{
		"aliases of aliases":          {bomb.String(), "when its aliases are written out"},
		"an alias that holds itself":  {"a: &a [*a]\n", "or an alias that holds itself"},
		"lists in lists":              {"a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "deep"},
		"objects in objects, in JSON": {strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), "deep"},
		"one object of many members":  {"{" + strings.Repeat("\"a\":1,", 200_000) + "\"a\":1}", "second time"},
		"a file of 17 MB":             {strings.Repeat("#", 17<<20), "more than the"},
		"bytes that are no text":      {"name: \xff\xfe", "not UTF-8"},
		"nothing":                     {"", "empty"},
		"a NUL":                       {"name: \"a\x00b\"", "control characters"},
		"a list":                      {"- a", "must be an object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := integration.Parse([]byte(test.document))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				message := fmt.Sprint(err)
				t.Errorf("want a fault that says %q, got %.300s", test.want, message)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(depotYAML))
	d, err := integration.ParseFiles(depot())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(d.JSON()))
	f.Fuzz(func(t *testing.T, document []byte) {
		d, err := integration.Parse(document)
		if err != nil {
			return
		}
		if !json.Valid(d.JSON()) {
			t.Fatalf("the document is no JSON: %s", d.JSON())
		}
		back, err := integration.Parse(d.JSON())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, d.JSON())
		}
		if back.Digest != d.Digest {
			t.Fatalf("want the digest %s, got %s", d.Digest, back.Digest)
		}
	})
}
