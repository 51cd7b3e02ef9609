package toolset

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/internal/jsonscan"
)

// rule is a schema compiled to be checked on raw spans. It knows the keywords that arguments of real APIs use; a schema with others has the
// library check those (rest). Compiled once, it never changes. A nil rule allows everything.
type rule struct {
	kinds kinds // 0: any
	never bool  // the schema false

	options []option // enum, or const as the only one

	hasText      bool // one of the next is set
	minLength    int
	maxLength    int // -1: no bound
	pattern      *regexp.Regexp
	patternWords string // the schema's description: what a pattern means says itself to few
	format       *format
	binary       bool // the text is base64 of bytes
	least, most  bound
	minItems     int
	maxItems     int // -1: no bound
	items        *rule
	properties   []property
	byName       map[string]int // the name a caller uses → index of properties
	required     []int          // indexes of properties
	requiredMore []string       // required names that have no property
	closed       bool           // additionalProperties: false
	additional   *rule          // of other members
	minMembers   int
	maxMembers   int // -1: no bound

	secret bool
	masks  bool // this or something below it is secret or hidden, and the audit sees it masked
	hides  hiding
	rest   *jsonschema.Schema
}

type option struct {
	raw  []byte
	text string // what it says, if it is a text
	kind jsonscan.Kind
}

type bound struct {
	number    []byte // nil: no bound
	exclusive bool
}

// property is a member of an object. Callers know it by name, the vendor by wire; they differ where clients do not accept the vendor's.
type property struct {
	name, wire string
	rule       *rule
}

// ruleKeywords are those that a rule checks itself, or that assert nothing. Any other sends the schema to the library.
var ruleKeywords = map[string]bool{
	"type": true, "enum": true, "const": true, "minLength": true, "maxLength": true, "pattern": true, "format": true, "minimum": true, "maximum": true,
	"exclusiveMinimum": true, "exclusiveMaximum": true, "items": true, "minItems": true, "maxItems": true, "properties": true, "required": true,
	"additionalProperties": true, "minProperties": true, "maxProperties": true,

	"title": true, "description": true, "default": true, "examples": true, "example": true, "deprecated": true, "readOnly": true, "writeOnly": true,
	"$schema": true, "$comment": true, "$defs": true, "definitions": true, "contentEncoding": true, "contentMediaType": true, "secret": true,
	"externalDocs": true, "xml": true, "discriminator": true,
}

// ruleOf compiles a schema. Where a recursive one comes to itself, the library goes on.
func ruleOf(s schema) (*rule, error) {
	switch jsonscan.KindOf(s.raw) {
	case jsonscan.Invalid, jsonscan.True:
		return nil, nil
	case jsonscan.False:
		return &rule{never: true}, nil
	case jsonscan.Object:
	default:
		return nil, fmt.Errorf("%s is %v, not a schema", nameOfPointer(s.at), jsonscan.KindOf(s.raw))
	}
	if s.doc != nil && spend(&s.doc.rules, mostRules) {
		return s.leave(newRule())
	}
	if target, ok := s.target(); ok {
		if s.recurs(target) {
			return s.leave(newRule())
		}
		if n, _ := jsonscan.Count(s.raw); n == 1 {
			return ruleOf(target)
		}
	}
	r := newRule()
	r.kinds, r.secret = s.kinds(), s.is("secret")
	if err := r.enumerate(s); err != nil {
		return nil, err
	}
	if err := r.textual(s); err != nil {
		return nil, err
	}
	r.numeric(s)
	if err := r.arrays(s); err != nil {
		return nil, err
	}
	if err := r.objects(s); err != nil {
		return nil, err
	}
	if r.binary {
		r.hides = hideBase64
	}
	r.masks = r.masks || r.secret || r.hides != hideNothing
	for it := jsonscan.Members(s.raw); it.Next(); {
		if name := text(it.Name()); !ruleKeywords[name] && !strings.HasPrefix(name, "x-") {
			return s.leave(r)
		}
	}
	return r, nil
}

// newRule is a rule that allows everything.
func newRule() *rule { return &rule{maxLength: -1, maxItems: -1, maxMembers: -1} }

// asSecret is the rule with its value never shown.
func (r *rule) asSecret() *rule {
	if r == nil {
		r = newRule()
	}
	r.secret, r.masks = true, true
	return r
}

// leave has the library check the schema, beside the rule.
func (s schema) leave(r *rule) (*rule, error) {
	compiled, err := s.doc.library.compile(s.at)
	if err != nil {
		return nil, fmt.Errorf("%s is no schema: %w", nameOfPointer(s.at), err)
	}
	r.rest = compiled
	r.masks = r.masks || !s.doc.secrets.Empty() // what a branch calls secret is not known here
	if r.kinds == 0 {
		r.kinds = r.alternatives(s)
	}
	return r, nil
}

// alternatives are the types that the branches of anyOf or oneOf allow between them, which tells what a text that spells another type means.
func (r *rule) alternatives(s schema) kinds {
	var all kinds
	for _, keyword := range []string{"anyOf", "oneOf"} {
		for _, branch := range s.list(keyword) {
			if target, ok := branch.target(); ok {
				branch = target
			}
			k := branch.kinds()
			if k == 0 {
				return 0
			}
			all |= k
		}
	}
	return all
}

func nameOfPointer(at string) string {
	if at == "" {
		return "the schema"
	}
	return "the schema at " + at
}

func (r *rule) enumerate(s schema) error {
	only := s.member("const")
	raw := s.member("enum")
	switch {
	case raw == nil && only == nil:
		return nil
	case raw == nil:
		r.allow([][]byte{only})
		return nil
	case jsonscan.KindOf(raw) != jsonscan.Array:
		return fmt.Errorf("%s: enum must be an array", nameOfPointer(s.at))
	}
	options := [][]byte{}
	for it := jsonscan.Elements(raw); it.Next(); {
		if only == nil || jsonscan.Equal(only, it.Value()) {
			options = append(options, it.Value())
		}
	}
	r.allow(options)
	return nil
}

// allow bounds the rule to some values; nil does not bound it.
func (r *rule) allow(options [][]byte) {
	for _, raw := range options {
		o := option{raw: raw, kind: jsonscan.KindOf(raw)}
		if o.kind == jsonscan.String {
			o.text = text(raw)
		}
		r.options = append(r.options, o)
	}
	r.never = options != nil && len(options) == 0
}

func (r *rule) textual(s schema) error {
	r.minLength, r.maxLength = s.count("minLength", 0), s.count("maxLength", -1)
	if source := s.text("pattern"); source != "" {
		pattern, err := regexp.Compile(source)
		if err != nil {
			return fmt.Errorf("%s: %w", nameOfPointer(s.at), err)
		}
		r.pattern, r.patternWords = pattern, s.text("description")
	}
	name := s.text("format")
	r.format = formatOf(name)
	r.binary = (r.kinds == kindString || r.kinds == kindString|kindNull) && (name == "binary" || strings.EqualFold(s.text("contentEncoding"), "base64"))
	r.hasText = r.minLength > 0 || r.maxLength >= 0 || r.pattern != nil || r.format != nil
	return nil
}

// count is the value of a keyword that counts.
func (s schema) count(keyword string, absent int) int {
	if raw := s.member(keyword); jsonscan.KindOf(raw) == jsonscan.Number {
		if n, ok := jsonscan.Int(raw); ok {
			return n
		}
	}
	return absent
}

func (r *rule) numeric(s schema) {
	limit := func(keyword, exclusive string, tighter int) bound {
		var b bound
		if raw := s.member(keyword); jsonscan.KindOf(raw) == jsonscan.Number {
			b.number = raw
		}
		if raw := s.member(exclusive); jsonscan.KindOf(raw) == jsonscan.Number {
			if b.number == nil || jsonscan.CompareNumbers(raw, b.number)*tighter >= 0 {
				b = bound{raw, true}
			}
		}
		return b
	}
	r.least, r.most = limit("minimum", "exclusiveMinimum", 1), limit("maximum", "exclusiveMaximum", -1)
}

func (r *rule) arrays(s schema) (err error) {
	r.minItems, r.maxItems = s.count("minItems", 0), s.count("maxItems", -1)
	if items, ok := s.under("items"); ok && s.member("prefixItems") == nil {
		if r.items, err = ruleOf(items); err != nil {
			return err
		}
		r.masks = r.masks || r.items != nil && r.items.masks
	}
	return nil
}

func (r *rule) objects(s schema) (err error) {
	r.minMembers, r.maxMembers = s.count("minProperties", 0), s.count("maxProperties", -1)
	properties := s.each("properties")
	names := make([]string, len(properties))
	for i, p := range properties {
		names[i] = p.name
	}
	r.byName = make(map[string]int, len(properties))
	for i, name := range legalise(names) {
		p := properties[i]
		compiled, err := ruleOf(p.schema)
		if err != nil {
			return err
		}
		if s.doc != nil && s.doc.secrets.Has([]byte(p.name)) {
			compiled = compiled.asSecret()
		}
		r.byName[name] = i
		r.properties = append(r.properties, property{name, p.name, compiled})
		r.masks = r.masks || compiled != nil && compiled.masks
	}
	for i, p := range properties {
		if _, taken := r.byName[p.name]; !taken {
			r.byName[p.name] = i // the vendor's own name is understood too
		}
	}
	for _, name := range s.texts("required") {
		if i := slices.IndexFunc(r.properties, func(p property) bool { return p.wire == name }); i >= 0 {
			r.required = append(r.required, i)
		} else {
			r.requiredMore = append(r.requiredMore, name)
		}
	}
	if s.member("patternProperties") != nil {
		return nil // the library knows which members are additional
	}
	if additional, ok := s.under("additionalProperties"); ok {
		if r.additional, err = ruleOf(additional); err != nil {
			return err
		}
		if r.additional != nil && r.additional.never {
			r.closed, r.additional = true, nil
		}
	}
	return nil
}

// shaped reports whether the rule looks inside an object.
func (r *rule) shaped() bool {
	return len(r.properties) > 0 || len(r.requiredMore) > 0 || r.closed || r.additional != nil || r.minMembers > 0 || r.maxMembers >= 0
}
