package openapi

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// parameter is what a call has outside its body, or, in Swagger 2.0, in a form.
type parameter struct {
	name, in string
	required bool
	own      integration.Value // the parameter
	schema   integration.Value // of its value; the parameter itself in Swagger 2.0
	style    string            // the definition's word
	joint    string            // the style by which a list or an object is joined where it stands in a path or a header
	explode  bool
	prefix   string // what stands before the value in a path
}

// ignored are headers that OpenAPI says elsewhere ("Parameter Object"), or that belong to the connection.
var ignored = []string{"accept", "content-type", "authorization", "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade",
	"proxy-authorization", "proxy-connection", "accept-encoding", "cookie"}

// mostParameters is the most that an operation may have: none that is meant to be called comes near it.
const mostParameters = 500

// parameters are those of the operation and, where it does not say them anew, of its path. Swagger 2.0's body and form are among them.
func (o *operation) parameters() ([]*parameter, error) {
	var all []*parameter
	for _, from := range []integration.Value{o.own, o.item, o.shared} {
		for v := range from.Get("parameters").Items() {
			p, err := o.parameter(v)
			if err != nil {
				return nil, err
			}
			if len(all) > mostParameters {
				return nil, fmt.Errorf("it has more than %d parameters", mostParameters)
			}
			if p != nil && !slices.ContainsFunc(all, p.is) {
				all = append(all, p)
			}
		}
		if o.item == o.shared && from == o.item {
			break
		}
	}
	return all, nil
}

// is reports whether two parameters are one. Headers are told apart without regard to case.
func (p *parameter) is(other *parameter) bool {
	return p.in == other.in && (p.name == other.name || p.in == "header" && strings.EqualFold(p.name, other.name))
}

func (o *operation) parameter(v integration.Value) (*parameter, error) {
	v, err := o.resolve(v)
	if err != nil {
		return nil, fmt.Errorf("a parameter cannot be read: %w", err)
	}
	p := &parameter{name: v.Get("name").Scalar(), in: strings.ToLower(v.Get("in").Text()), required: v.Get("required").IsTrue(), own: v, schema: v}
	if p.name == "" && p.in != "body" {
		return nil, fmt.Errorf("a parameter has no name (line %d)", v.Line())
	}
	switch p.in {
	case "header":
		if slices.Contains(ignored, strings.ToLower(p.name)) {
			return nil, nil
		}
		if strings.ContainsFunc(p.name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }) {
			return nil, fmt.Errorf("the header %q has no name that can be sent", prose.Clip(p.name, 40))
		}
	case "path":
		p.required = true
	case "query", "cookie":
	case "querystring": // OpenAPI 3.2: the whole query as one value
		if form := v.Get("content").Get("application/x-www-form-urlencoded"); form.Exists() {
			p.in, p.schema = "query", form.Get("schema") // an object whose members are the parameters
			return p, nil
		}
		return nil, fmt.Errorf("the parameter %s is the whole query string, which cannot be checked", p.name)
	case "body", "formdata":
		if !o.swagger {
			return nil, fmt.Errorf("the parameter %s is in %s, which only Swagger 2.0 has", p.name, p.in)
		}
	default:
		return nil, fmt.Errorf("the parameter %s is in %q, which is no place of a request", p.name, prose.Clip(p.in, 20))
	}
	if o.swagger {
		return p, p.collect()
	}
	return p, p.serialise(o)
}

// collect reads the styles of Swagger 2.0.
func (p *parameter) collect() error {
	if p.in == "body" {
		p.schema = p.own.Get("schema")
		return nil
	}
	if p.own.Get("type").Text() != "array" {
		return nil
	}
	format := p.own.Get("collectionFormat").Text()
	styles := map[string]string{"": "comma", "csv": "comma", "ssv": "space", "tsv": "tab", "pipes": "pipe", "multi": "form"}
	style, known := styles[format]
	if !known {
		return fmt.Errorf("the parameter %s has the collectionFormat %q, which is none", p.name, prose.Clip(format, 20))
	}
	if style == "form" && p.in != "query" && p.in != "formdata" {
		style = "comma" // it is for these two alone
	}
	p.style = style
	p.joint = style
	return nil
}

// serialise reads style, explode and content (OpenAPI 3.1, "Style Values"; what they are by default depends on the place).
func (p *parameter) serialise(o *operation) error {
	if content := p.own.Get("content"); content.IsObject() {
		for media, v := range content.Members() {
			v, err := o.resolve(v)
			if err != nil {
				return err
			}
			p.schema = v.Get("schema")
			if isJSON(media) {
				p.style = "json"
			}
			return nil
		}
	}
	p.schema = p.own.Get("schema")
	style := p.own.Get("style").Text()
	if style == "" {
		style = map[string]string{"query": "form", "cookie": "form", "path": "simple", "header": "simple"}[p.in]
	}
	explode := style == "form"
	if e := p.own.Get("explode"); e.IsBoolean() {
		explode = e.IsTrue()
	}
	p.explode = explode
	unknown := fmt.Errorf("the parameter %s is in the %s with the style %s, which OpenAPI does not have", p.name, p.in, prose.Clip(style, 30))
	switch style {
	case "form", "cookie": // 3.2's cookie differs in what is encoded, which a receiver cannot tell
		if p.in == "path" || p.in == "header" {
			return unknown
		}
		if !explode {
			p.style = "comma"
		}
	case "spaceDelimited":
		p.style = "space"
	case "pipeDelimited":
		p.style = "pipe"
	case "deepObject":
		p.style = "deep"
	case "simple":
		if p.in != "path" && p.in != "header" {
			return unknown
		}
		p.joint = "comma"
	case "label":
		p.prefix, p.joint = ".", "comma"
		if explode {
			p.joint = "dot"
		}
	case "matrix":
		p.prefix, p.joint = ";"+p.name+"=", "comma"
		if explode {
			p.joint = "matrix"
		}
	default:
		return unknown
	}
	if (p.style == "space" || p.style == "pipe") && explode {
		p.style = "" // it is said again for each value, as with form
	}
	if p.in == "path" && p.style != "" || p.prefix != "" && p.in != "path" {
		return unknown
	}
	return nil
}

func isJSON(media string) bool {
	media, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(media)), ";")
	media = strings.TrimSpace(media)
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")
}

// arguments are a call's arguments outside the body, while they are gathered.
type arguments struct {
	properties *object
	required   []any
	parameters map[string]integration.Parameter
}

// take adds a parameter's schema under a name that no other argument has.
func (o *operation) take(a *arguments, name string, p *parameter, schema any) {
	s, ok := schema.(*object)
	if !ok {
		s = newObject()
	}
	if words := o.brief(p.own.Get("description").Text(), 0); words != "" {
		s = s.clone()
		s.set("description", words)
	}
	a.properties.set(name, s)
	if p.required {
		a.required = append(a.required, name)
	}
}

// outside gathers the arguments that stand outside the body. names are those of the path, by the document's names; skip are parameters that Sluice itself sends.
func (o *operation) outside(all []*parameter, names map[string]string, skip func(*parameter) bool, note func(at, what string)) (*arguments, error) {
	a := &arguments{properties: newObject(), parameters: map[string]integration.Parameter{}}
	for _, p := range all {
		name, inPath := names[p.name]
		if p.in != "path" || !inPath {
			continue
		}
		schema, err := o.convert(p.schema, true, p.name, note)
		if err != nil {
			return nil, fmt.Errorf("the parameter %s cannot be read: %w", p.name, err)
		}
		if err := inSegment(p, schema); err != nil {
			return nil, err
		}
		if style := p.joined(schema); style != "" {
			how := integration.Parameter{Style: style}
			if style == "matrix" && name != p.name {
				how.Name = p.name
			}
			a.parameters[name] = how
		}
		o.take(a, name, p, withoutNull(schema))
	}
	for _, token := range sortedKeys(names) { // what the path has and nobody described
		if name := names[token]; !a.properties.has(name) {
			a.properties.set(name, newObject("type", "string"))
			a.required = append(a.required, name)
		}
	}
	for _, p := range all {
		if p.in != "query" && p.in != "header" && p.in != "cookie" || skip(p) {
			continue
		}
		schema, err := o.convert(p.schema, true, p.name, note)
		if err != nil {
			return nil, fmt.Errorf("the parameter %s cannot be read: %w", p.name, err)
		}
		name := p.name
		if a.properties.has(name) {
			name = p.in + "_" + p.name
		}
		for a.properties.has(name) {
			name += "_"
		}
		o.take(a, name, p, schema)
		how := integration.Parameter{Style: p.style}
		if p.in != "query" {
			how.In = p.in
		}
		if style := p.joined(schema); p.in == "header" && style == "equals" {
			how.Style = style
		}
		if name != p.name {
			how.Name = p.name
		}
		if how.In != "" || how.Name != "" || how.Style != "" {
			a.parameters[name] = how
		}
	}
	return a, nil
}

// joined is the style by which a value of more than one word is joined, "" where there is none in the schema.
func (p *parameter) joined(schema any) string {
	types := typesOf(schema)
	switch isObject := slices.Contains(types, "object"); {
	case isObject && p.joint == "comma" && p.explode:
		return "equals"
	case isObject || slices.Contains(types, "array"):
		return p.joint
	}
	return ""
}

// inSegment refuses what a path cannot hold: lists and objects of what is no word.
func inSegment(p *parameter, schema any) error {
	s, _ := schema.(*object)
	inside := []any{s.get("items"), s.get("additionalProperties")}
	for _, name := range s.object("properties").keys() {
		inside = append(inside, s.object("properties").get(name))
	}
	for _, one := range inside {
		if types := typesOf(one); slices.Contains(types, "array") || slices.Contains(types, "object") {
			return fmt.Errorf("the parameter %s puts a list or an object of more than words into the path", p.name)
		}
	}
	return nil
}

// withoutNull is a schema that does not allow null, which no address can hold.
func withoutNull(schema any) any {
	s, ok := schema.(*object)
	if !ok || !slices.Contains(typesOf(s), "null") || isOnlyNull(s) {
		return schema
	}
	s = s.clone()
	types := slices.DeleteFunc(slices.Clone(s.list("type")), func(t any) bool { return t == "null" })
	if s.set("type", types); len(types) == 1 {
		s.set("type", types[0])
	}
	if options := s.list("enum"); options != nil {
		s.set("enum", slices.DeleteFunc(slices.Clone(options), func(o any) bool { return o == nil }))
	}
	return s
}

// schema is the arguments as one schema.
func (a *arguments) schema() *object {
	s := newObject("type", "object")
	if len(a.required) > 0 {
		s.set("required", a.required)
	}
	s.set("properties", a.properties)
	return s
}
