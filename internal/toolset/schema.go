package toolset

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
)

// schema is one JSON Schema within a document: its bytes, and where they stand. The zero schema allows everything.
type schema struct {
	doc   *document
	at    string // JSON pointer into the document
	raw   []byte
	trail []string // pointers that references were followed to on the way here: one that comes again has no end
}

// document is a self-contained schema document, put into the shape of JSON Schema 2020-12 (normalise).
type document struct {
	raw     []byte
	library *library
	secrets jsonscan.Set // names of members that are secret wherever they stand

	// References can make a small document look endless, so that what is made of it is counted. A document is used by one compilation alone.
	rules, views int
	targets      map[string][]byte
}

// What is made of one document at most. Beyond it rules leave the rest to the library, and clients see types only.
const (
	mostRules = 5000
	mostViews = 5000
)

// spend counts one more, and reports whether that is too many.
func spend(count *int, most int) bool {
	*count++
	return *count > most
}

// newDocument reads a document. Members that one of its schemas marks secret, and those of the given names, are secret in all of it.
func newDocument(raw []byte, secretFields ...string) (*document, error) {
	if err := jsonscan.Check(raw, jsonscan.Strict); err != nil {
		return nil, err
	}
	normal := normalise(nil, raw)
	secrets := jsonscan.NewSet(markedSecret(slices.Clip(secretFields), normal, "")...)
	return &document{raw: normal, library: newLibrary(normal), secrets: secrets}, nil
}

// markedSecret adds the names under which a document has schemas that are marked secret.
func markedSecret(names []string, value []byte, name string) []string {
	switch jsonscan.KindOf(value) {
	case jsonscan.Object:
		for it := jsonscan.Members(value); it.Next(); {
			below := text(it.Name())
			if below == "secret" && jsonscan.KindOf(it.Value()) == jsonscan.True && name != "" {
				names = append(names, name)
			}
			names = markedSecret(names, it.Value(), below)
		}
	case jsonscan.Array:
		for it := jsonscan.Elements(value); it.Next(); {
			names = markedSecret(names, it.Value(), name)
		}
	}
	return names
}

func (d *document) schema() schema { return schema{doc: d, raw: d.raw} }

// member returns a keyword's value, nil if there is none.
func (s schema) member(name string) []byte { return jsonscan.Member(s.raw, name) }

// under returns the schema at a keyword.
func (s schema) under(keyword string) (schema, bool) {
	raw := s.member(keyword)
	return schema{s.doc, s.at + "/" + keyword, raw, s.trail}, isSchema(raw)
}

func isSchema(raw []byte) bool {
	switch jsonscan.KindOf(raw) {
	case jsonscan.Object, jsonscan.True, jsonscan.False:
		return true
	}
	return false
}

// named is a schema with the name it goes by.
type named struct {
	name string
	schema
}

// each returns the schemas in an object of them, such as properties, in order.
func (s schema) each(keyword string) []named {
	raw := s.member(keyword)
	if jsonscan.KindOf(raw) != jsonscan.Object {
		return nil
	}
	var all []named
	for it := jsonscan.Members(raw); it.Next(); {
		name := text(it.Name())
		all = append(all, named{name, schema{s.doc, s.at + "/" + keyword + "/" + escapePointer(name), it.Value(), s.trail}})
	}
	return all
}

// list returns the schemas in an array of them, such as anyOf.
func (s schema) list(keyword string) []schema {
	raw := s.member(keyword)
	if jsonscan.KindOf(raw) != jsonscan.Array {
		return nil
	}
	var all []schema
	for it := jsonscan.Elements(raw); it.Next(); {
		all = append(all, schema{s.doc, fmt.Sprintf("%s/%s/%d", s.at, keyword, len(all)), it.Value(), s.trail})
	}
	return all
}

func (s schema) texts(keyword string) []string {
	raw := s.member(keyword)
	if jsonscan.KindOf(raw) != jsonscan.Array {
		return nil
	}
	var all []string
	for it := jsonscan.Elements(raw); it.Next(); {
		all = append(all, text(it.Value()))
	}
	return all
}

func (s schema) text(keyword string) string {
	raw := s.member(keyword)
	if jsonscan.KindOf(raw) != jsonscan.String {
		return ""
	}
	return text(raw)
}

func (s schema) is(keyword string) bool { return jsonscan.KindOf(s.member(keyword)) == jsonscan.True }

// kinds are the types that the schema's own type keyword allows; 0 if it does not say.
func (s schema) kinds() kinds {
	raw := s.member("type")
	switch jsonscan.KindOf(raw) {
	case jsonscan.String:
		return kindOfType(text(raw))
	case jsonscan.Array:
		var all kinds
		for _, name := range s.texts("type") {
			all |= kindOfType(name)
		}
		return all
	}
	return 0
}

// target follows a reference within the document to what it names. It reports false where there is no reference, or none that leads anywhere.
func (s schema) target() (schema, bool) {
	ref := s.text("$ref")
	pointer, local := strings.CutPrefix(ref, "#")
	if !local || s.doc == nil {
		return schema{}, false
	}
	raw, known := s.doc.targets[pointer]
	if !known {
		raw = s.doc.find(pointer)
		if s.doc.targets == nil {
			s.doc.targets = map[string][]byte{}
		}
		s.doc.targets[pointer] = raw
	}
	return schema{s.doc, pointer, raw, append(slices.Clip(s.trail), pointer)}, isSchema(raw)
}

// find is the value at a JSON pointer (RFC 6901), nil if there is none.
func (d *document) find(pointer string) []byte {
	raw := d.raw
	for _, key := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" {
			break
		}
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		if jsonscan.KindOf(raw) == jsonscan.Array {
			raw, _ = jsonscan.Find(raw, key)
		} else {
			raw = jsonscan.Member(raw, key)
		}
	}
	return raw
}

// recurs reports whether a reference leads back to where one came from.
func (s schema) recurs(target schema) bool { return slices.Contains(s.trail, target.at) }

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// text is what a JSON string says.
func text(raw []byte) string {
	content, _ := jsonscan.Unquote(raw)
	return string(content)
}

// normalise appends to dst the schema raw in the words of JSON Schema 2020-12, where a definition may use those of OpenAPI: nullable becomes one of
// the types. Patterns that Go's regular expressions cannot express (look-ahead) are left out, and so left to the vendor.
func normalise(dst, raw []byte) []byte {
	if jsonscan.KindOf(raw) != jsonscan.Object {
		return append(dst, raw...)
	}
	nullable := jsonscan.KindOf(jsonscan.Member(raw, "nullable")) == jsonscan.True || jsonscan.KindOf(jsonscan.Member(raw, "x-nullable")) == jsonscan.True
	dst = append(dst, '{')
	first := true
	for it := jsonscan.Members(raw); it.Next(); {
		name, value := text(it.Name()), it.Value()
		switch name {
		case "nullable", "x-nullable":
			continue
		case "pattern":
			if _, err := regexp.Compile(text(value)); err != nil {
				continue
			}
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, it.Name()...), ':')
		switch name {
		case "type":
			if nullable && jsonscan.KindOf(value) == jsonscan.String {
				dst = append(append(append(dst, '['), value...), `,"null"]`...)
				continue
			}
		case "enum":
			if nullable && jsonscan.KindOf(value) == jsonscan.Array && !hasNull(value) {
				dst = append(bytes.TrimRight(bytes.TrimSuffix(append(dst, value...), []byte("]")), " \t\r\n"), `,null]`...)
				continue
			}
		case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
			dst = normaliseMembers(dst, value)
			continue
		case "allOf", "anyOf", "oneOf", "prefixItems":
			dst = normaliseElements(dst, value)
			continue
		case "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties":
			dst = normalise(dst, value)
			continue
		}
		dst = append(dst, value...)
	}
	return append(dst, '}')
}

func normaliseMembers(dst, object []byte) []byte {
	if jsonscan.KindOf(object) != jsonscan.Object {
		return append(dst, object...)
	}
	dst = append(dst, '{')
	first := true
	for it := jsonscan.Members(object); it.Next(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		dst = append(append(dst, it.Name()...), ':')
		dst = normalise(dst, it.Value())
	}
	return append(dst, '}')
}

func normaliseElements(dst, array []byte) []byte {
	if jsonscan.KindOf(array) != jsonscan.Array {
		return append(dst, array...)
	}
	dst = append(dst, '[')
	first := true
	for it := jsonscan.Elements(array); it.Next(); first = false {
		if !first {
			dst = append(dst, ',')
		}
		dst = normalise(dst, it.Value())
	}
	return append(dst, ']')
}

func hasNull(array []byte) bool {
	for it := jsonscan.Elements(array); it.Next(); {
		if jsonscan.KindOf(it.Value()) == jsonscan.Null {
			return true
		}
	}
	return false
}
