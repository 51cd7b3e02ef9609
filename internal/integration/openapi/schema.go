package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// A schema of the document becomes one of JSON Schema 2020-12 that stands alone: references are written out, allOf is merged, what the older versions say in words
// of their own is said in those of 2020-12, and what nobody reads is left out. It is never stricter than the document's. Where it is looser, because a schema
// contains itself, grew too large, or says what cannot be checked here, that is told.

// converter converts the schemas of one operation.
type converter struct {
	*document
	top     integration.Value
	request bool // of a request: what is read only is left out; else what is write only
	note    func(at, what string)

	deepest  int                 // levels that are written out
	count    int                 // schemas converted
	stack    []integration.Value // what references were followed to on the way here
	families []integration.Value // those whose heirs are being written out
	loose    bool                // something was left out of what is being converted
	err      error               // the first reference that leads nowhere
}

// What one schema may grow to, in bytes: tools' schemas are read by a model in every conversation, those of answers hardly ever.
const (
	mostRequest  = 12 << 10
	mostResponse = 5 << 10
	mostLevels   = 8
	mostSchemas  = 3000      // whatever their size: what is too deep is cut before it is measured
	mostSpent    = 2_000_000 // in all, over and over
)

// convert converts a schema as deep as its size allows. at names it in notes.
func (d *document) convert(v integration.Value, request bool, at string, note func(at, what string)) (any, error) {
	most := mostResponse
	if request {
		most = mostRequest
	}
	for levels := mostLevels; ; levels-- {
		var notes [][2]string
		c := &converter{document: d, top: v, request: request, deepest: levels, note: func(at, what string) { notes = append(notes, [2]string{at, what}) }}
		schema := c.schema(v, at, 0)
		if d.spent += c.count; d.spent > mostSpent {
			return nil, errors.New("the schemas of the document are too many: what stands this far down in it is left out")
		}
		if c.err != nil {
			return nil, c.err
		}
		if levels > 1 && (c.count > mostSchemas || len(raw(schema)) > most) {
			continue
		}
		for _, n := range notes {
			note(n[0], n[1])
		}
		if request {
			described(schema)
		}
		return schema, nil
	}
}

// described takes out of what objects require the names that they do not describe, where they describe others: slips of the pen, that nobody could follow. Parts of
// combinations are left alone, since what they require may be described in another.
func described(schema any) {
	s, ok := schema.(*object)
	if !ok {
		return
	}
	properties := s.object("properties")
	if len(properties.keys()) > 0 && !s.has("allOf") && !s.has("anyOf") && !s.has("oneOf") && !s.has("patternProperties") {
		s.release(slices.DeleteFunc(s.texts("required"), properties.has))
	}
	for _, name := range properties.keys() {
		described(properties.get(name))
	}
	for _, word := range []string{"items", "additionalProperties"} {
		described(s.get(word))
	}
}

// target is what a reference names: in the document, or, as schemas that were put into it whole have them, in the schema that it stands in.
func (c *converter) target(ref string) (integration.Value, error) {
	v, err := c.document.target(ref)
	if err == nil || !strings.HasPrefix(ref, "#/") {
		return v, err
	}
	for _, in := range slices.Backward(append([]integration.Value{c.top}, c.stack...)) {
		if v := at(in, ref[1:]); v.Exists() {
			return v, nil
		}
	}
	return v, err
}

func (c *converter) resolve(v integration.Value) (integration.Value, error) {
	return follow(v, c.target)
}

// schema converts one schema. What it returns is true, false or an *object that is the caller's own.
func (c *converter) schema(v integration.Value, at string, depth int) any {
	if v.IsBoolean() {
		return v.IsTrue()
	}
	if !v.IsObject() || c.err != nil {
		return true
	}
	c.count++
	if v.Get("$ref").IsText() {
		return c.reference(v, at, depth)
	}
	if depth >= c.deepest || c.count > mostSchemas {
		return c.cut(v, at)
	}
	s := newObject()
	c.types(v, s)
	c.words(v, s, depth)
	c.values(v, s, at)
	c.numbers(v, s)
	c.textual(v, s, at)
	c.arrays(v, s, at, depth)
	c.objects(v, s, at, depth)
	var all any = s
	if v.Get("allOf").IsList() {
		for branch := range v.Get("allOf").Items() {
			all = meet(all, c.inherited(branch, at, depth))
			if merged, ok := all.(*object); ok {
				c.count += len(merged.object("properties").keys()) / 8
			}
		}
	}
	s, ok := all.(*object)
	if !ok {
		return all
	}
	c.alternatives(v, s, at, depth)
	c.conditions(v, s, at, depth)
	if isNullable(v) {
		addNull(s)
	}
	repair(s)
	return s
}

// inherited converts a branch of allOf, which means what it says and none of its heirs.
func (c *converter) inherited(v integration.Value, at string, depth int) any {
	if to, err := c.target(v.Get("$ref").Text()); err == nil && v.Get("$ref").IsText() && !slices.Contains(c.families, to) {
		c.families = append(c.families, to)
		defer func() { c.families = c.families[:len(c.families)-1] }()
	}
	return c.schema(v, at, depth)
}

// reference writes out what a reference names, with what stands beside it.
func (c *converter) reference(v integration.Value, at string, depth int) any {
	to, err := c.target(v.Get("$ref").Text())
	if err != nil {
		c.err = err
		return true
	}
	if slices.Contains(c.stack, to) {
		c.note(at, "contains itself: it is shown once, and deeper down any value is taken and left to the vendor")
		return c.shallow(to)
	}
	if len(c.stack) > mostSteps {
		c.err = fmt.Errorf("$ref %s is the last of more than %d that follow each other", prose.Clip(v.Get("$ref").Text(), 80), mostSteps)
		return true
	}
	c.stack = append(c.stack, to)
	schema := c.schema(to, at, depth)
	c.stack = c.stack[:len(c.stack)-1]
	s, ok := schema.(*object)
	if !ok {
		return schema
	}
	c.family(v.Get("$ref").Text(), to, s, at, depth)
	if words := c.brief(v.Get("description").Text(), depth); words != "" {
		s.set("description", words) // it speaks of this use, the other of any
	}
	if isNullable(v) {
		addNull(s)
	}
	if v.Len() == 1 || c.swagger || c.minor == 0 { // before 3.1 nothing else beside a $ref counts
		return s
	}
	beside := newObject()
	c.types(v, beside)
	c.values(v, beside, at)
	c.numbers(v, beside)
	c.textual(v, beside, at)
	c.arrays(v, beside, at, depth)
	c.objects(v, beside, at, depth)
	merged := meet(s, beside)
	if s, ok := merged.(*object); ok {
		c.alternatives(v, s, at, depth)
		repair(s)
	}
	return merged
}

// cut is a schema of which only the type is kept, since it stands too deep.
func (c *converter) cut(v integration.Value, at string) any {
	s := c.shallow(v)
	if v.Get("properties").Exists() || v.Get("items").Exists() || v.Get("allOf").Exists() || v.Get("anyOf").Exists() || v.Get("oneOf").Exists() {
		c.note(at, "is described too deeply or at too great a length: what is in it is left to the vendor")
		return s
	}
	c.values(v, s, at)
	c.textual(v, s, at)
	if isNullable(v) {
		addNull(s)
	}
	repair(s)
	return s
}

func (c *converter) shallow(v integration.Value) *object {
	c.loose = true
	s := newObject()
	c.types(v, s)
	if isNullable(v) {
		addNull(s)
	}
	c.words(v, s, c.deepest)
	return s
}

var typeWords = map[string]string{
	"string": "string", "number": "number", "integer": "integer", "boolean": "boolean", "array": "array", "object": "object", "null": "null",
	"int": "integer", "long": "integer", "float": "number", "double": "number", "decimal": "number", "bool": "boolean", "list": "array", "map": "object", "date": "string", "datetime": "string", "file": "string", "text": "string",
}

// types says which types are allowed. A schema that has properties and no type means objects.
func (c *converter) types(v integration.Value, s *object) {
	t := v.Get("type")
	switch {
	case t.IsText():
		if word, ok := typeWords[strings.ToLower(t.Text())]; ok {
			s.set("type", word)
		}
		if t.Text() == "file" {
			s.set("format", "binary")
		}
	case t.IsList():
		var all []any
		for item := range t.Items() {
			word, ok := typeWords[strings.ToLower(item.Scalar())]
			if item.IsNull() {
				word, ok = "null", true
			}
			if !ok {
				return
			}
			if !slices.Contains(all, any(word)) {
				all = append(all, word)
			}
		}
		if len(all) == 1 {
			s.set("type", all[0])
		} else if len(all) > 1 {
			s.set("type", all)
		}
	case v.Get("properties").IsObject():
		s.set("type", "object")
	case v.Get("items").IsObject():
		s.set("type", "array")
	}
}

func (c *converter) words(v integration.Value, s *object, depth int) {
	words := c.brief(v.Get("description").Text(), depth)
	if words == "" {
		words = c.brief(v.Get("title").Text(), depth)
	}
	if words != "" {
		s.set("description", words)
	}
	if v.Get("deprecated").IsTrue() {
		s.set("deprecated", true)
	}
}

// values are const, enum, default and example. What the type does not allow is read as it was meant, or left out: documents are written by hand.
func (c *converter) values(v integration.Value, s *object, at string) {
	if only := v.Get("const"); only.Exists() {
		s.set("const", plain(only))
	}
	if list := v.Get("enum"); list.Len() > mostOptions {
		c.loose = true
		c.note(at, fmt.Sprintf("has an enum of more than %d values: any is taken and left to the vendor", mostOptions))
	} else if list.IsList() && list.Len() > 0 {
		c.options(list, s, at)
	}
	if len(typesOf(s)) == 0 {
		c.typeOf(s)
	}
	if value := v.Get("default"); value.Exists() && !value.IsNull() {
		if fitting, ok := meant(value, s); ok && isOption(fitting, s) {
			s.set("default", fitting)
		}
	}
	example := v.Get("example")
	for first := range v.Get("examples").Items() {
		example = first
		break
	}
	if fitting, ok := meant(example, s); example.Exists() && ok && !s.has("enum") && len(raw(fitting)) <= 60 {
		s.set("examples", []any{fitting})
	}
}

// typeOf sets the type that all options have, where they have one: some clients take no enum without.
func (c *converter) typeOf(s *object) {
	options := s.list("enum")
	if s.has("const") {
		options = []any{s.get("const")}
	}
	null := slices.Contains(options, nil)
	options = slices.DeleteFunc(slices.Clone(options), func(o any) bool { return o == nil })
	for _, t := range []string{"string", "integer", "number", "boolean"} {
		if len(options) == 0 || slices.ContainsFunc(options, func(o any) bool { return !isOf(o, t) }) {
			continue
		}
		if s.set("type", t); null {
			s.set("type", []any{t, "null"})
		}
		return
	}
}

// mostOptions is the most values of an enum: a longer one is no choice that a model can make.
const mostOptions = 500

func (c *converter) options(list integration.Value, s *object, at string) {
	options, seen := []any{}, map[string]bool{}
	for item := range list.Items() {
		option, ok := meant(item, s)
		if key := string(raw(option)); ok && !seen[key] {
			seen[key] = true
			options = append(options, option)
		}
	}
	if len(options) > 0 {
		s.set("enum", options)
	} else {
		c.loose = true
		c.note(at, "has an enum of which no value is of its type: any is taken")
	}
}

// meant is fit for a value of the document. What is to be a text is the text that stands there, though YAML reads a number or a truth value: 007, True.
func meant(v integration.Value, s *object) (any, bool) {
	if isOnly(s, "string") && (v.IsNumber() || v.IsBoolean()) {
		return v.Spelled(), true
	}
	return fit(plain(v), s)
}

// fit makes a value one of the schema's types where that is what was meant: 5 where a text is wanted, "5" where a number is.
func fit(value any, s *object) (any, bool) {
	types := typesOf(s)
	if len(types) == 0 || slices.ContainsFunc(types, func(t string) bool { return isOf(value, t) }) {
		return value, true
	}
	for _, t := range types {
		switch v := value.(type) {
		case json.Number:
			if t == "string" {
				return v.String(), true
			}
		case bool:
			if t == "string" {
				return map[bool]string{true: "true", false: "false"}[v], true
			}
		case string:
			if number := json.Number(v); (t == "integer" || t == "number") && numberForm.MatchString(v) && isOf(number, t) {
				return number, true
			}
			if t == "boolean" && (v == "true" || v == "false") {
				return v == "true", true
			}
		}
	}
	return nil, false
}

var numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?$`)

func isOption(value any, s *object) bool {
	options := s.list("enum")
	return options == nil || slices.ContainsFunc(options, func(o any) bool { return equal(o, value) })
}

// isOf reports whether a value is of a JSON Schema type.
func isOf(value any, t string) bool {
	switch v := value.(type) {
	case nil:
		return t == "null"
	case bool:
		return t == "boolean"
	case string:
		return t == "string"
	case []any:
		return t == "array"
	case *object:
		return t == "object"
	case json.Number:
		if t == "integer" {
			r, ok := new(big.Rat).SetString(v.String())
			return ok && r.IsInt()
		}
		return t == "number"
	}
	return false
}

// typesOf are the types that a schema allows; none is any.
func typesOf(schema any) []string {
	s, ok := schema.(*object)
	if !ok {
		return nil
	}
	if t := s.text("type"); t != "" {
		return []string{t}
	}
	return s.texts("type")
}

// isOnly reports whether a schema allows one type, and perhaps null.
func isOnly(schema any, t string) bool {
	types := slices.DeleteFunc(typesOf(schema), func(have string) bool { return have == "null" })
	return len(types) == 1 && types[0] == t
}

func isNullable(v integration.Value) bool {
	return v.Get("nullable").IsTrue() || v.Get("x-nullable").IsTrue()
}

// addNull allows null too.
func addNull(s *object) {
	if types := typesOf(s); len(types) > 0 && !slices.Contains(types, "null") {
		list := []any{}
		for _, t := range types {
			list = append(list, t)
		}
		s.set("type", append(list, "null"))
	}
	if options := s.list("enum"); options != nil && !slices.Contains(options, nil) {
		s.set("enum", append(slices.Clip(options), nil))
	}
	if only, ok := s.values["const"]; ok && only != nil {
		s.drop("const")
		s.set("enum", []any{only, nil})
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		if branches := s.list(word); branches != nil && !slices.ContainsFunc(branches, allowsNull) {
			s.set(word, append(slices.Clip(branches), newObject("type", "null")))
		}
	}
}

func allowsNull(schema any) bool {
	types := typesOf(schema)
	return len(types) == 0 || slices.Contains(types, "null")
}
