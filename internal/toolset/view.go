package toolset

import (
	"slices"

	"sluice/internal/jsonscan"
)

// view is what a client is shown of a schema: self-contained, without references and combinators, which some clients refuse. It is looser than the schema where
// it must be; what it no longer says is checked all the same.
type view struct {
	kinds       kinds
	description string
	options     [][]byte // enum; nil: none
	bounds      []keyword
	items       []schema // alternatives
	properties  []viewed
	required    []string
	closed      bool
	binary      bool
	plain       bool // rules of the single properties are all there is to check
	open        bool // says itself that it takes other members
	additional  schema
}

// viewed is a property, with the alternatives that the branches of the schema have for it.
type viewed struct {
	name         string
	alternatives []schema
}

type keyword struct {
	name string
	raw  []byte
}

// shownKeywords go to clients as they are.
var shownKeywords = []string{"format", "pattern", "minLength", "maxLength", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf",
	"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "default"}

// viewOf looks at a schema. A recursive one ends where it comes to itself.
func viewOf(s schema) view {
	if s.doc != nil && spend(&s.doc.views, mostViews) {
		return view{kinds: s.kinds(), description: s.text("description")}
	}
	if target, ok := s.target(); ok {
		if s.recurs(target) {
			return view{kinds: target.kinds(), description: target.text("description")}
		}
		v := viewOf(target)
		if description := s.text("description"); description != "" {
			v.description = description
		}
		if n, _ := jsonscan.Count(s.raw); n > 1 {
			v.plain = false
		}
		return v
	}
	v := view{kinds: s.kinds(), description: s.text("description"), required: s.texts("required"), plain: true}
	for _, p := range s.each("properties") {
		v.properties = append(v.properties, viewed{p.name, []schema{p.schema}})
	}
	if v.kinds == 0 && len(v.properties) > 0 {
		v.kinds = kindObject
	}
	if items, ok := s.under("items"); ok {
		v.items = []schema{items}
	}
	if additional, ok := s.under("additionalProperties"); ok {
		// With patterns, which names are additional cannot be shown.
		v.closed = jsonscan.KindOf(additional.raw) == jsonscan.False && s.member("patternProperties") == nil
		v.open, v.additional = !v.closed, additional
	}
	if raw := s.member("const"); raw != nil {
		v.options = [][]byte{raw}
	}
	if raw := s.member("enum"); jsonscan.KindOf(raw) == jsonscan.Array && v.options == nil {
		for it := jsonscan.Elements(raw); it.Next(); {
			v.options = append(v.options, it.Value())
		}
	}
	v.binary = s.text("format") == "binary" || s.text("contentEncoding") == "base64"
	for _, name := range shownKeywords {
		raw := s.member(name)
		if raw == nil || name == "format" && formatOf(text(raw)) == nil {
			continue
		}
		v.bounds = append(v.bounds, keyword{name, raw})
	}
	for it := jsonscan.Members(s.raw); it.Next(); {
		if name := text(it.Name()); (!ruleKeywords[name] || name == "minProperties" || name == "maxProperties") && (len(name) < 2 || name[:2] != "x-") {
			v.plain = false
		}
	}
	for _, branch := range s.list("allOf") {
		v.and(viewOf(branch))
	}
	for _, name := range []string{"anyOf", "oneOf"} {
		if branches := s.list(name); len(branches) > 0 {
			v.and(anyOf(branches))
		}
	}
	return v
}

// and narrows the view to what another says too.
func (v *view) and(w view) {
	v.plain = false
	switch {
	case v.kinds == 0:
		v.kinds = w.kinds
	case w.kinds != 0 && v.kinds&w.kinds != 0:
		v.kinds &= w.kinds
	}
	if v.description == "" {
		v.description = w.description
	}
	if v.options == nil {
		v.options = w.options
	}
	if v.items == nil {
		v.items = w.items
	}
	for _, k := range w.bounds {
		if !slices.ContainsFunc(v.bounds, func(have keyword) bool { return have.name == k.name }) {
			v.bounds = append(v.bounds, k)
		}
	}
	for _, p := range w.properties {
		if !slices.ContainsFunc(v.properties, func(have viewed) bool { return have.name == p.name }) {
			v.properties = append(v.properties, p)
		}
	}
	for _, name := range w.required {
		if !slices.Contains(v.required, name) {
			v.required = append(v.required, name)
		}
	}
	v.binary = v.binary || w.binary
	v.open = v.open || w.open
	if v.additional.raw == nil {
		v.additional = w.additional
	}
}

// anyOf is a view of alternatives: whatever one of them takes.
func anyOf(branches []schema) view {
	var views []view
	var null kinds
	for _, branch := range branches {
		v := viewOf(branch)
		if v.kinds == kindNull {
			null = kindNull
			continue
		}
		views = append(views, v)
	}
	if len(views) == 0 {
		return view{kinds: null}
	}
	all := views[0]
	for _, v := range views[1:] {
		all.or(v)
	}
	if all.kinds != 0 {
		all.kinds |= null
	}
	if null != 0 && all.options != nil && !slices.ContainsFunc(all.options, func(o []byte) bool { return jsonscan.KindOf(o) == jsonscan.Null }) {
		all.options = append(slices.Clip(all.options), []byte("null"))
	}
	return all
}

// or widens the view to what another takes.
func (v *view) or(w view) {
	v.plain = false
	if v.kinds == 0 || w.kinds == 0 {
		v.kinds = 0
	} else {
		v.kinds |= w.kinds
	}
	if v.options == nil || w.options == nil {
		v.options = nil
	} else {
		v.options = append(slices.Clip(v.options), w.options...)
	}
	if v.description == "" {
		v.description = w.description
	}
	v.items = append(slices.Clip(v.items), w.items...)
	v.bounds = slices.DeleteFunc(slices.Clone(v.bounds), func(k keyword) bool {
		return !slices.ContainsFunc(w.bounds, func(other keyword) bool { return other.name == k.name && jsonscan.Equal(other.raw, k.raw) })
	})
	v.properties = slices.Clone(v.properties)
	for _, p := range w.properties {
		if i := slices.IndexFunc(v.properties, func(have viewed) bool { return have.name == p.name }); i >= 0 {
			v.properties[i].alternatives = append(slices.Clip(v.properties[i].alternatives), p.alternatives...)
		} else {
			v.properties = append(v.properties, p)
		}
	}
	v.required = slices.DeleteFunc(slices.Clone(v.required), func(name string) bool { return !slices.Contains(w.required, name) })
	v.closed = v.closed && w.closed
	v.binary = v.binary && w.binary
	v.open = v.open || w.open
}

// look views one schema, or several alternatives.
func look(alternatives []schema) view {
	if len(alternatives) == 1 {
		return viewOf(alternatives[0])
	}
	distinct := alternatives[:1:1]
	for _, s := range alternatives[1:] {
		if !slices.ContainsFunc(distinct, func(have schema) bool { return jsonscan.Equal(have.raw, s.raw) }) {
			distinct = append(distinct, s)
		}
	}
	if len(distinct) == 1 {
		return viewOf(distinct[0])
	}
	return anyOf(distinct)
}

func (v view) names() []string {
	names := make([]string, len(v.properties))
	for i, p := range v.properties {
		names[i] = p.name
	}
	return names
}
