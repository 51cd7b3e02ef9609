package openapi

import (
	"slices"
	"strings"

	"sluice/internal/integration"
)

// alternatives are anyOf and oneOf. oneOf is kept only while each of its branches is as strict as the document's: of looser ones a value might pass several.
func (c *converter) alternatives(v integration.Value, s *object, at string, depth int) {
	for _, word := range []string{"anyOf", "oneOf"} {
		list := v.Get(word)
		if !list.IsList() || list.Len() == 0 {
			continue
		}
		was := c.loose
		c.loose = false
		branches := []any{}
		null := false
		for item := range list.Items() {
			branch := c.schema(item, at, depth)
			if word == "oneOf" {
				branch = c.discriminate(v.Get("discriminator"), item, branch)
			}
			if isOnlyNull(branch) {
				null = true
				continue
			}
			if !slices.ContainsFunc(branches, func(have any) bool { return equal(have, branch) }) {
				branches = append(branches, branch)
			}
			if one, ok := branch.(*object); ok {
				s.release(one.hidden)
			}
		}
		kept := word
		if c.loose && word == "oneOf" && len(branches) > 1 {
			kept = "anyOf"
			c.note(at, "has alternatives that cannot be told apart here: whatever passes one of them is taken")
		}
		c.loose = c.loose || was
		combine(s, kept, branches, null)
	}
}

func isOnlyNull(schema any) bool {
	types := typesOf(schema)
	return len(types) == 1 && types[0] == "null"
}

// combine adds alternatives to a schema, as simply as they can be said.
func combine(s *object, word string, branches []any, null bool) {
	switch {
	case len(branches) == 0:
		if null {
			s.set("type", "null")
		}
		return
	case slices.Contains(branches, any(true)) && word == "anyOf":
		return // anything passes
	case len(branches) == 1:
		if one, ok := meet(s, branches[0]).(*object); ok {
			*s = *one
		}
	case bareTypes(branches):
		var types []any
		for _, b := range branches {
			for _, t := range typesOf(b) {
				if !slices.Contains(types, any(t)) {
					types = append(types, t)
				}
			}
		}
		if slices.Contains(types, any("number")) {
			types = slices.DeleteFunc(types, func(t any) bool { return t == "integer" })
		}
		var all any = types
		if len(types) == 1 {
			all = types[0]
		}
		if one, ok := meet(s, newObject("type", all)).(*object); ok {
			*s = *one
		}
	case s.has(word) || s.has("anyOf") && word == "oneOf" && s.has("oneOf"):
		s.set("allOf", append(slices.Clip(s.list("allOf")), newObject(word, branches)))
	default:
		s.set(word, branches)
	}
	if null {
		addNull(s)
	}
}

// bareTypes reports whether alternatives say nothing but their types.
func bareTypes(branches []any) bool {
	for _, b := range branches {
		s, ok := b.(*object)
		if !ok || len(typesOf(s)) == 0 || len(s.names) > 2 || len(s.names) == 2 && !s.has("description") {
			return false
		}
	}
	return true
}

// discriminate writes into a branch by which value of the discriminator it is chosen (OpenAPI 3.1, "Discriminator Object"), where the branch does not say so itself.
func (c *converter) discriminate(d, item integration.Value, branch any) any {
	name, ref := d.Get("propertyName").Text(), item.Get("$ref").Text()
	s, ok := branch.(*object)
	if name == "" || ref == "" || !ok {
		return branch
	}
	component := ref[strings.LastIndexByte(ref, '/')+1:]
	var values []any
	for value, to := range d.Get("mapping").Members() {
		if to.Text() == ref || to.Text() == component {
			values = append(values, value)
		}
	}
	if values == nil {
		values = []any{component}
	}
	return chosen(name, values, s)
}

// chosen writes into a branch the values of a property by which it is chosen, where it does not say them itself.
func chosen(name string, values []any, branch any) any {
	s, ok := branch.(*object)
	if !ok {
		return branch
	}
	property, described := s.object("properties").get(name).(*object)
	if described && (property.has("enum") || property.has("const")) || !described && s.object("properties").has(name) {
		return branch
	}
	only := newObject("type", "string")
	if described {
		only = property.clone()
	}
	only.set("enum", values)
	properties := newObject()
	if have := s.object("properties"); have != nil {
		properties = have.clone()
	}
	properties.set(name, only)
	s = s.clone()
	s.set("properties", properties)
	if !slices.Contains(s.texts("required"), name) {
		s.set("required", append(slices.Clip(s.list("required")), name))
	}
	return s
}

// conditions are not, if and dependentSchemas. One that could not be said in full would refuse what the document allows, and is left out.
func (c *converter) conditions(v integration.Value, s *object, at string, depth int) {
	whole := func(word string) (any, bool) {
		was := c.loose
		c.loose = false
		schema := c.schema(v.Get(word), at, depth+1)
		ok := !c.loose
		c.loose = c.loose || was
		return schema, ok
	}
	const words = "says what must not be, or what depends on something, in a way that cannot be checked here: it is left to the vendor"
	if v.Get("not").Exists() {
		if not, ok := whole("not"); ok && !s.has("not") {
			s.set("not", not)
		} else {
			c.note(at, words)
		}
	}
	if v.Get("if").Exists() && !s.has("if") {
		if condition, ok := whole("if"); ok {
			s.set("if", condition)
			for _, word := range []string{"then", "else"} {
				if v.Get(word).Exists() {
					s.set(word, c.schema(v.Get(word), at, depth+1))
				}
			}
		} else {
			c.note(at, words)
		}
	}
	if dependent := v.Get("dependentSchemas"); dependent.IsObject() {
		all := newObject()
		for name, schema := range dependent.Members() {
			all.set(name, c.schema(schema, at, depth+1))
		}
		s.set("dependentSchemas", all)
	}
}

// meet is the schema of what passes both: allOf of two. The first one's words win.
func meet(a, b any) any {
	if a == false || b == false {
		return false
	}
	x, okX := a.(*object)
	y, okY := b.(*object)
	switch {
	case !okX:
		return b
	case !okY:
		return a
	}
	m := x.clone()
	closeTogether(m, x, y)
	var rest []string
	for _, name := range y.names {
		if name == "additionalProperties" {
			continue
		}
		if word := ruler[name]; word != "" && x.has(word) && y.has(word) && !equal(x.values[word], y.values[word]) {
			rest = append(rest, name) // it belongs to its own side's
			continue
		}
		if !m.has(name) {
			m.set(name, y.values[name])
		} else if !meetKeyword(m, name, y.values[name]) {
			rest = append(rest, name)
		}
	}
	if len(rest) > 0 {
		more := newObject()
		for _, name := range rest {
			more.set(name, y.values[name])
		}
		m.set("allOf", append(slices.Clip(m.list("allOf")), more))
	}
	m.hide(slices.Concat(x.hidden, y.hidden))
	return m
}

// ruler is the keyword that gives another its meaning.
var ruler = map[string]string{"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}

// closeTogether decides which other members an object of both may have. One side that closes itself would forbid the members of the other, which is never
// meant: then neither is closed.
func closeTogether(m, x, y *object) {
	ax, hasX := x.values["additionalProperties"]
	ay, hasY := y.values["additionalProperties"]
	adds := func(other, to *object) bool {
		for _, name := range other.object("properties").keys() {
			if !to.object("properties").has(name) {
				return true
			}
		}
		return false
	}
	switch {
	case !hasX && !hasY:
		return
	case hasX && ax == false && adds(y, x), hasY && ay == false && adds(x, y):
		m.drop("additionalProperties")
	case !hasX:
		m.set("additionalProperties", ay)
	case hasY:
		m.set("additionalProperties", meet(ax, ay))
	}
}
