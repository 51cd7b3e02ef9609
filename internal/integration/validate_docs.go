package integration

import (
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxDescription is what a description should not exceed: some clients cut at 1024 characters, and every conversation pays for them.
const maxDescription = 1024

// propertyName is what every client takes as an argument's name; others are renamed.
var propertyName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)

// documentation checks what makes a method a tool.
func (v *validator) documentation(r *Resource, m *Method) {
	p, doc := docPlace(r, m), m.Doc
	if n := len([]rune(doc.Description)); n > maxDescription {
		v.advise(p.at("description"), "has %d characters, and some clients cut it at %d: shorten it", n, maxDescription)
	}
	query := v.schema(p.at("query_schema"))
	body := v.schema(p.at("body_schema"))
	v.schema(p.at("response_schema"))
	v.objectSchema(p.at("query_schema"))
	if !doc.Verbatim {
		v.argumentNames(p.at("query_schema"))
		v.argumentNames(p.at("body_schema"))
	}

	v.verbatim(p, r, m)
	v.mirrored(p)

	described := v.properties(p.at("query_schema"))
	for _, argument := range unique(pathArguments(m)) {
		if described.known && !described.has(argument) {
			v.fault(p.at("query_schema"), "does not describe %s, which stands in the path %s: add it to properties%s", argument, m.Path, near(argument, described.names))
		}
	}
	e := examples{validator: v, method: m, query: query, body: body, place: p}
	e.check()
}

// objectSchema checks that the arguments outside the body are members of an object.
func (v *validator) objectSchema(p place) {
	n := v.node(p)
	if n == nil || n.kind != object {
		return
	}
	if t := n.get("type"); t != nil && t.text != "object" {
		v.fault(p.at("type"), "must be object: each argument is one of its properties")
	}
	described := v.properties(p)
	for i, name := range v.required(p) {
		if described.known && !described.has(name) {
			v.fault(p.at("required").index(i), "is %q, which properties do not describe, so that no call could be made%s", name, near(name, described.names))
		}
	}
}

// argumentNames tells of what clients do not take as it is.
func (v *validator) argumentNames(p place) {
	n := v.node(p)
	for _, name := range memberNames(n.get("properties")) {
		if !propertyName.MatchString(name) {
			v.advise(p.at("properties", name), "is a name that some clients refuse: the argument is called otherwise, in letters, digits and _ . - up to 64")
		}
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf", "not", "if"} {
		if n.get(key) != nil {
			v.advise(p.at(key), "is not shown to clients, which take plain properties alone: it is checked all the same, so say in the description what it wants")
		}
	}
}

// examples checks a method's examples by its schemas.
type examples struct {
	*validator
	method      *Method
	query, body *jsonschema.Schema
	place       place
}

func (e *examples) check() {
	if e.doc.broken {
		return // what could not be read would be told a second time
	}
	for i, example := range e.method.Doc.Examples {
		p := e.place.at("examples").index(i).at("arguments")
		n := e.node(p)
		if n == nil {
			continue
		}
		if n.kind != object {
			e.fault(p, "must be an object of arguments, not %s", n.kind)
			continue
		}
		if len(example.Arguments) > 0 {
			e.one(p, n)
		}
	}
}

// one splits an example's arguments into those outside the body and those of it, by the rule that tools have (an argument of the body whose name is
// taken begins with body_), and checks both.
func (e *examples) one(p place, n *node) {
	outside := e.properties(e.place.at("query_schema"))
	inside := e.properties(e.place.at("body_schema"))
	if !outside.known || !inside.known || !allLegal(outside.names) || !allLegal(inside.names) {
		return // what they are called then is for whoever makes the tool to say
	}
	own := e.ownArguments()
	whole := e.node(e.place.at("body_schema")) != nil && (len(inside.names) == 0 || e.method.Body.Format == "raw")
	query, body := map[string]any{}, map[string]any{}
	var wholeBody any
	bodyGiven := false
	for _, m := range n.members {
		rest, prefixed := strings.CutPrefix(m.key, "body_")
		taken := outside.has(rest) || slices.Contains(own, rest)
		switch {
		case outside.has(m.key):
			query[m.key] = m.value.value()
		case slices.Contains(own, m.key):
		case whole && m.key == "body":
			wholeBody, bodyGiven = m.value.value(), true
		case prefixed && taken && inside.has(rest):
			body[rest] = m.value.value()
		case inside.has(m.key) || e.open():
			body[m.key] = m.value.value()
		default:
			e.fault(p.at(m.key), "is no argument%s", near(m.key, append(outside.names, inside.names...)))
		}
	}
	constants(query, e.method.Parameters)
	e.against(p, e.query, query)
	switch {
	case whole && bodyGiven:
		e.against(p.at("body"), e.body, wholeBody)
	case whole:
		e.fault(p, "has no body, which the call needs: add it")
	case e.body != nil:
		constants(body, e.method.Body.Properties)
		e.against(p, e.body, body)
	}
}

// ownArguments are those that a tool has for Sluice itself.
func (e *examples) ownArguments() []string {
	var own []string
	if e.method.Name == "list" || e.method.Pagination != nil && e.method.Pagination.Format != "none" {
		own = append(own, "limit", "next_cursor")
	}
	if e.method.DryRun != nil {
		own = append(own, "dry_run")
	}
	return own
}

// open reports whether the body takes members that are not described.
func (e *examples) open() bool {
	n := e.node(e.place.at("body_schema", "additionalProperties"))
	return n != nil && !(n.kind == boolean && n.text == "false")
}

func allLegal(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !propertyName.MatchString(name) })
}

// constants adds what is sent always.
func constants(to map[string]any, parameters map[string]Parameter) {
	for name, parameter := range parameters {
		if parameter.Const != nil {
			to[name] = parameter.Const
		}
	}
}

func (e *examples) against(p place, s *jsonschema.Schema, value any) {
	if s == nil {
		return
	}
	if problem := tooLong(s, value); problem != "" {
		e.fault(p, "%s", problem)
		return
	}
	err, ok := s.Validate(value).(*jsonschema.ValidationError)
	if !ok {
		return
	}
	for _, reason := range reasons(err) {
		e.fault(p.at(reason.at...), "does not pass the schema: %s", strings.ReplaceAll(reason.text, "'", `"`))
	}
}
