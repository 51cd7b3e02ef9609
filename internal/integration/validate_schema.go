package integration

import (
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schemas are JSON Schema 2020-12. What people get wrong in them is told here, keyword by keyword with its line; the schema library has the last word.

// maxSchemas bounds the schemas within one: the library takes the square of it.
const maxSchemas = 5000

// schemaWalk goes through one schema.
type schemaWalk struct {
	*validator
	root           *node
	count, unknown int
	bad            bool // something is so wrong that the library need not be asked
}

// schema checks the schema at a place, and returns it compiled, nil if it cannot be.
func (v *validator) schema(p place) *jsonschema.Schema {
	n := v.node(p)
	if n == nil {
		return nil
	}
	w := &schemaWalk{validator: v, root: n}
	if w.walk(p, n); w.bad {
		return nil
	}
	return v.compile(p, n)
}

func (w *schemaWalk) wrong(p place, format string, args ...any) {
	w.bad = true
	w.fault(p, format, args...)
}

func (w *schemaWalk) walk(p place, n *node) {
	if w.count++; w.count > maxSchemas {
		if w.count == maxSchemas+1 {
			w.wrong(p, "is one of more than %d schemas in one: leave out what a caller does not need", maxSchemas)
		}
		return
	}
	if n.kind == boolean {
		return
	}
	if n.kind != object {
		w.wrong(p, "must be a schema, not %s: write an object, as in {type: string}", n.kind)
		return
	}
	for _, m := range n.members {
		form, known := keywords[m.key]
		if !known {
			if w.unknown++; w.unknown > maxFaults {
				continue // to look for what was meant takes its time
			}
			if m.value.kind == null && strings.Contains(m.key, " ") { // {description: one, two} is a description and a member named two
				w.advise(p.at(m.key), "is no keyword of JSON Schema but the rest of a text that was cut at a comma: put the whole text in quotes")
			} else if s := near(m.key, keywordNames); s != "" && !strings.HasPrefix(m.key, "x-") {
				w.advise(p.at(m.key), "is no keyword of JSON Schema and has no effect%s", s)
			}
			continue
		}
		w.keyword(p.at(m.key), m.key, form, m.value)
	}
	w.together(p, n)
}

// keyword checks one keyword's value, and the schemas below it.
func (w *schemaWalk) keyword(p place, key string, form valueForm, n *node) {
	switch form {
	case aSchema:
		if key == "items" && n.kind == list {
			w.wrong(p, "must be one schema: write prefixItems for a list of them")
			return
		}
		w.walk(p, n)
	case schemaMap:
		if w.is(p, n, object) {
			for _, m := range n.members {
				if key == "patternProperties" {
					w.pattern(p.at(m.key), m.key)
				}
				w.walk(p.at(m.key), m.value)
			}
		}
	case schemaList:
		if w.is(p, n, list) && len(n.items) == 0 {
			w.wrong(p, "is an empty list: add a schema, or take it out")
		}
		if n.kind == list {
			for i, item := range n.items {
				w.walk(p.index(i), item)
			}
		}
	case aText:
		w.is(p, n, text)
	case aBoolean:
		w.is(p, n, boolean)
	case aNumber:
		if n.kind == boolean && strings.HasPrefix(key, "exclusive") {
			w.wrong(p, "is a number in JSON Schema 2020-12: write the limit here, in place of %s", map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}[key])
		} else if w.is(p, n, number) && key == "multipleOf" && (strings.HasPrefix(n.text, "-") || strings.Trim(n.text, "0.") == "") {
			w.wrong(p, "must be greater than 0")
		}
	case aCount:
		if w.is(p, n, number) && !isCount(n.text) {
			w.wrong(p, "must be a whole number from 0")
		}
	case textList:
		w.names(p, n)
	case textLists:
		if w.is(p, n, object) {
			for _, m := range n.members {
				w.names(p.at(m.key), m.value)
			}
		}
	case aList:
		w.is(p, n, list)
	}
	if n.kind == text {
		w.textKeyword(p, key, n.text)
	}
	switch key {
	case "type":
		w.types(p, n)
	case "$id", "$dynamicRef", "$dynamicAnchor", "$vocabulary":
		w.wrong(p, "is not taken: write $ref: \"#/$defs/NAME\" for what is used twice")
	case "$schema":
		if n.text != "https://json-schema.org/draft/2020-12/schema" {
			w.wrong(p, "is not taken: schemas here are JSON Schema 2020-12, so take it out")
		}
	case "nullable":
		w.advise(p, "is OpenAPI's word: write \"null\" among the types, as in type: [string, \"null\"]")
	}
}

func (w *schemaWalk) is(p place, n *node, k kind) bool {
	if n.kind != k {
		w.wrong(p, "must be %s, not %s", k, n.kind)
	}
	return n.kind == k
}

// names checks a list of different texts.
func (w *schemaWalk) names(p place, n *node) {
	if n.kind == boolean {
		w.wrong(p, "must be a list of names and stands beside properties: write required: [name] there")
		return
	}
	if !w.is(p, n, list) {
		return
	}
	seen := map[string]bool{}
	for i, item := range n.items {
		if w.is(p.index(i), item, text) && seen[item.text] {
			w.wrong(p.index(i), "is %q a second time: take it out", item.text)
		}
		seen[item.text] = true
	}
}

func (w *schemaWalk) textKeyword(p place, key, value string) {
	switch key {
	case "pattern":
		w.pattern(p, value)
	case "format":
		if !slices.Contains(formatsKnown, value) {
			if s := near(value, formatsKnown); s != "" {
				w.advise(p, "is %q, which is no format that is checked%s", value, s)
			}
		}
	case "contentEncoding":
		if !slices.Contains([]string{"base64", "base64url", "7bit", "8bit", "binary", "quoted-printable", "base16", "base32"}, value) {
			w.advise(p, "is %q, which is no encoding that is known: write base64", value)
		}
	case "$ref":
		w.reference(p, value)
	case "x-mcp-header":
		if value == "" || strings.Trim(strings.ToLower(value), "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") != "" {
			w.wrong(p, "is %q, which no header can be named: write letters, digits and -, as in Region; clients send it as Mcp-Param-Region", value)
		}
	}
}

// pattern checks a regular expression: Go's, which take no longer than the text is long (RE2), and so have no look-around and no back-references.
func (w *schemaWalk) pattern(p place, source string) {
	_, err := regexp.Compile(source)
	switch {
	case err == nil:
	case strings.Contains(source, "(?=") || strings.Contains(source, "(?!"):
		w.wrong(p, "looks ahead, which cannot be checked: say it without (?= and (?!, in minLength, enum or the description, or leave it to the vendor")
	case strings.Contains(source, "(?<=") || strings.Contains(source, "(?<!"):
		w.wrong(p, "looks behind, which cannot be checked: say it without (?<= and (?<!, or leave it to the vendor")
	default:
		w.wrong(p, "is no regular expression that can be checked (%s): write one of RE2", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}

func (w *schemaWalk) reference(p place, ref string) {
	pointer, local := strings.CutPrefix(ref, "#")
	switch decoded, err := url.PathUnescape(pointer); {
	case !local:
		w.wrong(p, "leads out of the schema, and nothing is loaded from elsewhere: copy it into $defs and write \"#/$defs/NAME\"")
	case err != nil || pointer != "" && !strings.HasPrefix(pointer, "/"):
		w.wrong(p, "is no place in the schema: write \"#/$defs/NAME\"")
	case find(w.root, decoded) == nil:
		w.wrong(p, "leads to %s, and nothing is there%s", ref, near(pointer[strings.LastIndex(pointer, "/")+1:], memberNames(w.root.get("$defs"))))
	}
}

// find is what stands at a JSON pointer (RFC 6901).
func find(n *node, pointer string) *node {
	if pointer == "" {
		return n
	}
	for key := range strings.SplitSeq(pointer[1:], "/") {
		key = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		if n != nil && n.kind == list {
			i, ok := new(big.Int).SetString(key, 10)
			if !ok || !i.IsInt64() || i.Int64() < 0 || i.Int64() >= int64(len(n.items)) {
				return nil
			}
			n = n.items[i.Int64()]
			continue
		}
		n = n.get(key)
	}
	return n
}

func (w *schemaWalk) types(p place, n *node) {
	items := []*node{n}
	if n.kind == list {
		items = n.items
		if len(items) == 0 {
			w.wrong(p, "is an empty list: write one of %s", strings.Join(typeNames, ", "))
		}
	}
	seen := map[string]bool{}
	for i, item := range items {
		at := p
		if n.kind == list {
			at = p.index(i)
		}
		switch {
		case item.kind == null:
			w.wrong(at, "must be a text: put \"null\" in quotes")
		case item.kind != text:
			w.wrong(at, "must be a text, not %s: write one of %s", item.kind, strings.Join(typeNames, ", "))
		case !slices.Contains(typeNames, item.text):
			w.wrong(at, "is %q, which is no type%s", item.text, suggest(typeMeant(item.text), typeNames))
		case seen[item.text]:
			w.wrong(at, "is %q a second time: take it out", item.text)
		}
		seen[item.text] = true
	}
}

// typeMeant is a type by the name that it has elsewhere.
func typeMeant(word string) string {
	switch strings.ToLower(word) {
	case "str", "text", "date", "datetime", "uuid", "file", "binary", "email", "url", "uri":
		return "string"
	case "int", "long":
		return "integer"
	case "float", "double", "decimal":
		return "number"
	case "bool":
		return "boolean"
	case "list":
		return "array"
	case "map", "dict", "json":
		return "object"
	}
	return word
}

// together checks keywords against each other.
func (w *schemaWalk) together(p place, n *node) {
	if described := n.get("properties"); described != nil && !combined(n) && !(n == w.root && p[len(p)-1] == "query_schema") {
		names := memberNames(described)
		set := setOf(names)
		for i, name := range texts(n.get("required")) {
			if !set[name] {
				w.advise(p.at("required").index(i), "is %q, which properties do not describe%s", name, near(name, names))
			}
		}
	}
	if n.get("x-mcp-header") != nil && !(isPrimitive(n.get("type")) && isProperty(w.root, n)) {
		w.wrong(p.at("x-mcp-header"), "names a header for what clients cannot repeat in one: it stands on an argument itself, whose type is string, integer or boolean and nothing else")
	}
	for _, limits := range [][2]string{{"minLength", "maxLength"}, {"minItems", "maxItems"}, {"minProperties", "maxProperties"}, {"minimum", "maximum"}} {
		low, high := n.get(limits[0]), n.get(limits[1])
		if low == nil || high == nil || low.kind != number || high.kind != number {
			continue
		}
		a, _ := new(big.Rat).SetString(low.text)
		b, _ := new(big.Rat).SetString(high.text)
		if a != nil && b != nil && a.Cmp(b) > 0 {
			w.wrong(p.at(limits[0]), "is %s and %s is %s, so that no value passes: change one of the two", low.text, limits[1], high.text)
		}
	}
	types, values := n.get("type"), n.get("enum")
	if types == nil || values == nil || values.kind != list {
		return
	}
	allowed := texts(types)
	if types.kind == text {
		allowed = []string{types.text}
	}
	for i, value := range values.items {
		if !ofType(value, allowed) {
			w.advise(p.at("enum").index(i), "is %s, which the type %s does not allow", value.kind, strings.Join(allowed, ", "))
		}
	}
}

// isPrimitive reports whether a type is one that a header can carry (MCP 2026-07-28, Custom Headers from Tool Parameters).
func isPrimitive(types *node) bool {
	return types != nil && types.kind == text && slices.Contains([]string{"string", "integer", "boolean"}, types.text)
}

// isProperty reports whether a schema is that of a property of root, and nothing deeper.
func isProperty(root, schema *node) bool {
	properties := root.get("properties")
	return properties != nil && slices.ContainsFunc(properties.members, func(m member) bool { return m.value == schema })
}

func ofType(n *node, types []string) bool {
	for _, t := range types {
		switch n.kind {
		case null:
			if t == "null" {
				return true
			}
		case boolean:
			if t == "boolean" {
				return true
			}
		case number:
			if t == "number" || t == "integer" {
				return true
			}
		case text:
			if t == "string" {
				return true
			}
		case list:
			if t == "array" {
				return true
			}
		case object:
			if t == "object" {
				return true
			}
		}
	}
	return false
}

func isCount(digits string) bool {
	r, ok := new(big.Rat).SetString(digits)
	return ok && r.IsInt() && r.Sign() >= 0 && r.Num().IsInt64()
}
