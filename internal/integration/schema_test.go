package integration

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write schema.json anew")

func TestTheSchemaIsMadeOfTheTypesAndTheirComments(t *testing.T) {
	made := makeSchema(t)
	if *update {
		if err := os.WriteFile("schema.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(made, Schema()) {
		t.Error("schema.json is not what definition.go says: go test ./internal/integration -update writes it anew")
	}
}

// compiled is a schema of the format as an editor has it.
func compiled(t *testing.T, source []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(refusingLoader{})
	if err := c.AddResource(schemaURL, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaURL)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valueOf(t *testing.T, name string, source []byte) any {
	t.Helper()
	n, faults := parseTree(name, source)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return n.value()
}

func TestTheSchemaAcceptsTheDefinitionsThatComeWithTheBinary(t *testing.T) {
	definition, docs := compiled(t, Schema()), compiled(t, DocsSchema())
	files, err := filepath.Glob("../../integrations/*/integration.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %v, %v, want the built-in definitions", files, err)
	}
	more, err := filepath.Glob("../../integrations/*/docs/*.yaml")
	if err != nil || len(more) == 0 {
		t.Fatalf("found %v, %v, want the built-in documentation", more, err)
	}
	for _, name := range append(files, more...) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := docs
		if filepath.Base(name) == mainFile {
			s = definition
		}
		if err := s.Validate(valueOf(t, name, source)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaAcceptsAStoredDefinition(t *testing.T) {
	d, err := Load(os.DirFS("../../integrations"), "octapipe")
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled(t, Schema()).Validate(valueOf(t, "stored", d.JSON())); err != nil {
		t.Error(err)
	}
}

func TestTheSchemaRefusesWhatPeopleGetWrong(t *testing.T) {
	const sound = `name: crane
label: Crane
base_url: https://crane.example
credentials: {format: static, fields: [{name: key, type: password}]}
authorization: [{format: header, name: X-Key, value: "{{credentials.key}}"}]
pagination: {format: page, page: page, max_size: 20}
resources:
  lifts:
    singular: lift
    tags: [lifts]
    list: {method: get, path: /lifts, parameters: {kind: {style: comma}}}
    find: {method: POST, path: /lifts/find, safe: true, body: {format: form}}
docs:
  lifts:
    list:
      description: List lifts.
      query_schema: {type: object, properties: {kind: {type: string}}}
      examples: [{title: All, arguments: {}}]
`
	s := compiled(t, Schema())
	if err := s.Validate(valueOf(t, "sound", []byte(sound))); err != nil {
		t.Fatalf("the definition that is broken below: %v", err)
	}
	for name, test := range map[string]struct{ old, new string }{
		"a key that is missing":                    {"label: Crane\n", ""},
		"a key that is not known":                  {"label: Crane\n", "label: Crane\nlable: Crane\n"},
		"a name in capitals":                       {"name: crane", "name: Crane"},
		"a number for a text":                      {"label: Crane", "label: 5"},
		"a text for a number":                      {"max_size: 20", "max_size: many"},
		"a text for a list":                        {"tags: [lifts]", "tags: lifts"},
		"an authorization that is none":            {"format: header", "format: token"},
		"a header's authorization without a name":  {"name: X-Key, ", ""},
		"credentials without what they need":       {", fields: [{name: key, type: password}]", ""},
		"a field of a type that is none":           {"type: password", "type: secret"},
		"pages without the number's parameter":     {"page: page, ", ""},
		"a method without a path":                  {"method: get, path: /lifts,", "method: get,"},
		"an HTTP method that is none":              {"method: POST", "method: FETCH"},
		"a resource's key misspelt":                {"    tags: [lifts]", "    tag: [lifts]"},
		"a parameter's style that is none":         {"style: comma", "style: csv"},
		"a body's format that is none":             {"format: form}", "format: xml}"},
		"a truth value in words":                   {"safe: true", "safe: yes"},
		"documentation without a description":      {"      description: List lifts.\n", ""},
		"a schema that is none":                    {"{type: object, properties", "{type: objct, properties"},
		"an example without arguments":             {", arguments: {}", ""},
		"arguments that are a list":                {"arguments: {}", "arguments: []"},
		"documentation in the place of a resource": {"  lifts:\n    list:\n", "  list:\n"},
	} {
		if !strings.Contains(sound, test.old) {
			t.Errorf("%s: the definition has no %q to break", name, test.old)
		}
		if s.Validate(valueOf(t, name, []byte(strings.Replace(sound, test.old, test.new, 1)))) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// schemaMaker makes the schema of the format from the types, and its descriptions from their comments.
type schemaMaker struct {
	comments map[string]string // Type, and Type.Field
	defs     ordered
	done     map[reflect.Type]bool
}

func makeSchema(t *testing.T) []byte {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "definition.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	m := &schemaMaker{comments: commentsOf(file), done: map[reflect.Type]bool{}}
	m.define(reflect.TypeFor[Definition]())
	m.define(reflect.TypeFor[Documentation]())
	names := ordered{{"pattern", nameForm.String()}}
	m.defs = append(m.defs, named{"Docs", ordered{
		{"description", "The documentation of one resource: a record for each of its methods. A method without one is no tool."},
		{"type", "object"}, {"propertyNames", names}, {"additionalProperties", refTo("Documentation")},
	}})
	slices.SortFunc(m.defs, func(a, b named) int { return strings.Compare(a.name, b.name) })
	out, err := encode(ordered{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Integration of Sluice"}, {"$ref", "#/$defs/Definition"}, {"$defs", m.defs}})
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, out, "", "  "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	return indented.Bytes()
}

// commentsOf reads what definition.go says of its types and of their fields.
func commentsOf(file *ast.File) map[string]string {
	comments := map[string]string{}
	words := func(groups ...*ast.CommentGroup) string {
		var all []string
		for _, g := range groups {
			if s := strings.Join(strings.Fields(g.Text()), " "); s != "" {
				all = append(all, strings.ToUpper(s[:1])+s[1:])
			}
		}
		return strings.Join(all, " ")
	}
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.TYPE {
			continue
		}
		spec := general.Specs[0].(*ast.TypeSpec)
		comments[spec.Name.Name] = words(general.Doc)
		structure, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structure.Fields.List {
			for _, name := range field.Names {
				comments[spec.Name.Name+"."+name.Name] = words(field.Doc, field.Comment)
			}
		}
	}
	return comments
}

func refTo(name string) ordered { return ordered{{"$ref", "#/$defs/" + name}} }

const metaSchema = "https://json-schema.org/draft/2020-12/schema"

// schemaOf is the schema of a type where it is used.
func (m *schemaMaker) schemaOf(t reflect.Type) ordered {
	switch {
	case t == rawMessage:
		return ordered{{"$ref", metaSchema}}
	case t == reflect.TypeFor[Authorizations]():
		one := m.schemaOf(t.Elem())
		return ordered{{"anyOf", []any{one, ordered{{"type", "array"}, {"items", one}}}}}
	case t == reflect.TypeFor[Resources]():
		m.define(reflect.TypeFor[Resource]())
		return ordered{{"type", "object"}, {"minProperties", 1}, {"propertyNames", ordered{{"pattern", nameForm.String()}}}, {"additionalProperties", refTo("Resource")}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.schemaOf(t.Elem())
	case reflect.String:
		return ordered{{"type", "string"}}
	case reflect.Bool:
		return ordered{{"type", "boolean"}}
	case reflect.Int:
		return ordered{{"type", "integer"}, {"minimum", 0}}
	case reflect.Slice:
		return ordered{{"type", "array"}, {"items", m.schemaOf(t.Elem())}}
	case reflect.Map:
		return ordered{{"type", "object"}, {"additionalProperties", m.schemaOf(t.Elem())}}
	case reflect.Struct:
		m.define(t)
		return refTo(t.Name())
	}
	return ordered{}
}

// wordsOf are the words that a key chooses from.
var wordsOf = map[string][]string{
	"Method.method": httpMethods, "Exchange.method": httpMethods, "Request.method": httpMethods, "Probe.method": httpMethods, "Parameter.in": parameterPlaces, "Parameter.style": parameterStyles, "Field.type": fieldTypes,
	"Field.format": fieldFormats, "Exchange.body_format": exchangeFormats, "Request.body_format": exchangeFormats, "Body.format": bodyFormats, "Response.format": responseFormats,
	"Credentials.format": formatNames(credentialFormats), "Authorization.format": formatNames(authorizationFormats), "Pagination.format": formatNames(paginationFormats),
}

var formatsOf = map[string][]format{"Credentials": credentialFormats, "Authorization": authorizationFormats, "Pagination": paginationFormats}

// define adds a struct to the definitions of the schema.
func (m *schemaMaker) define(t reflect.Type) {
	if m.done[t] {
		return
	}
	m.done[t] = true
	var properties ordered
	var required []string
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" || key == "-" {
			continue
		}
		s := m.schemaOf(f.Type)
		if _, rest, _ := strings.Cut(f.Tag.Get("json"), ","); rest == "" {
			required = append(required, key)
			if f.Type.Kind() == reflect.String {
				s = append(s, named{"minLength", 1})
			}
		}
		switch words := wordsOf[t.Name()+"."+key]; {
		case key == "method" && words != nil:
			for _, w := range words[:len(words):len(words)] {
				words = append(words, strings.ToUpper(w))
			}
			s = append(s, named{"enum", words})
		case words != nil:
			s = append(s, named{"enum", words})
		case t == reflect.TypeFor[Definition]() && key == "name", key == "singular":
			s = append(s, named{"pattern", nameForm.String()})
		case t == reflect.TypeFor[Example]() && key == "arguments":
			s = ordered{{"type", "object"}}
		}
		if says := m.comments[t.Name()+"."+f.Name]; says != "" {
			s = append(ordered{{"description", says}}, s...)
		}
		properties = append(properties, named{key, s})
	}
	def := ordered{{"description", m.comments[t.Name()]}, {"type", "object"}}
	switch t {
	case reflect.TypeFor[Definition]():
		properties = append(properties, named{docsDir, ordered{{"description", "The documentation by resource, where it is not in files of docs/."}, {"type", "object"}, {"additionalProperties", refTo("Docs")}}})
	case reflect.TypeFor[Resource]():
		m.define(reflect.TypeFor[Method]())
		def = append(def, named{"propertyNames", ordered{{"pattern", nameForm.String()}}}, named{"additionalProperties", refTo("Method")})
	}
	if t != reflect.TypeFor[Resource]() {
		def = append(def, named{"additionalProperties", false})
	}
	def = append(def, named{"properties", properties})
	if required != nil {
		def = append(def, named{"required", required})
	}
	var conditions []any
	for _, f := range formatsOf[t.Name()] {
		if f.needs != nil {
			conditions = append(conditions, ordered{{"if", ordered{{"properties", ordered{{"format", ordered{{"const", f.name}}}}}}}, {"then", ordered{{"required", f.needs}}}})
		}
	}
	if conditions != nil {
		def = append(def, named{"allOf", conditions})
	}
	m.defs = append(m.defs, named{t.Name(), def})
}
