package integration

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// references checks arguments that may be given by name: each leads to a resource whose list can be called with what the call has.
func (v *validator) references(p place, r *Resource) {
	documented, complete := v.documented(r)
	for _, argument := range slices.Sorted(maps.Keys(r.References)) {
		reference, at := r.References[argument], p.at(argument)
		v.dotted(at.at("id"), reference.ID)
		for path := range strings.FieldsSeq(reference.Name) {
			v.dotted(at.at("name"), path)
		}
		v.dotted(at.at("other"), reference.Other)
		if _, found := slices.BinarySearch(documented, argument); complete && !found {
			v.fault(at, "is no argument of a documented method of %s%s", r.Name, near(argument, documented))
		}
		if n := v.node(at.at("arguments")); n != nil && n.kind != object {
			v.fault(at.at("arguments"), "is %v: write the list's arguments as an object", n.kind)
		} else if reference.Arguments != nil && !bytes.Contains(reference.Arguments, []byte("{{name}}")) {
			v.fault(at.at("arguments"), "hold no {{name}}, without which the list would not be narrowed to what is meant: write it where the name goes")
		}
		if reference.Resource == "" {
			continue
		}
		named, ok := v.def.Resource(reference.Resource)
		if !ok {
			v.fault(at.at("resource"), "is %q, which is no resource%s", reference.Resource, suggest(reference.Resource, v.def.resourceNames()))
			continue
		}
		lister, ok := named.Method("list")
		if !ok {
			v.fault(at.at("resource"), "is %s, which has no method list to find names in: add it there", reference.Resource)
			continue
		}
		if known, all := v.documented(named); all {
			for _, name := range memberNames(v.node(at.at("arguments"))) {
				if !slices.Contains(known, name) {
					v.fault(at.at("arguments", name), "is no argument of the list of %s%s", reference.Resource, near(name, known))
				}
			}
		}
		parents := slices.Collect(maps.Values(r.Parent))
		for _, needed := range unique(pathArguments(lister)) {
			if !slices.Contains(parents, needed) {
				v.fault(at.at("resource"), "is %s, whose list needs %s, which is no parent of %s: nothing would tell it", reference.Resource, needed, r.Name)
			}
		}
	}
}

// lookup checks the call that tells the parent of an object.
func (v *validator) lookup(p place, r *Resource) {
	l := r.Lookup
	if l == nil {
		return
	}
	v.dotted(p.at("parent"), l.Parent)
	v.dotted(p.at("name"), l.Name)
	if len(r.Parent) != 1 {
		v.fault(p, "tells the parent of one of %s, which has %d: it is for a resource with one parent", r.Name, len(r.Parent))
	}
	uses := len(l.Arguments) == 0 && v.node(p.at("arguments")) == nil // told when it was read
	for _, name := range slices.Sorted(maps.Keys(l.Arguments)) {
		t, err := ParseTemplate(l.Arguments[name])
		if err != nil {
			v.fault(p.at("arguments", name), "is no template: %v", err)
			continue
		}
		for _, ref := range t.References() {
			if uses = true; ref.String() != "id" {
				v.fault(p.at("arguments", name), "refers to {{%s}}: only {{id}}, the object's own, is known", ref)
			}
		}
	}
	if !uses {
		v.fault(p.at("arguments"), "hold no {{id}}, without which nobody knows what is looked for: write it where the object's id goes")
	}
	owner, ok := v.def.Resource(l.Resource)
	if !ok {
		if l.Resource != "" {
			v.fault(p.at("resource"), "is %q, which is no resource%s", l.Resource, suggest(l.Resource, v.def.resourceNames()))
		}
		return
	}
	m, ok := v.named(p.at("method"), owner, l.Method)
	if !ok {
		return
	}
	if !isSafe(m) {
		v.fault(p.at("method"), "is %s, which is not marked safe, and looking something up must change nothing: add safe: true to it if that is so", l.Method)
	}
	needs := slices.Concat(pathArguments(m), v.required(docPlace(owner, m).at("query_schema")), v.required(docPlace(owner, m).at("body_schema")))
	for _, needed := range unique(needs) {
		if _, given := l.Arguments[needed]; !given {
			v.fault(p.at("arguments"), "lack %s, which %s of %s needs: add it", needed, l.Method, owner.Name)
		}
	}
}

// documented are the arguments that a resource's documented methods have; complete, that there are no others as far as can be seen at a glance.
func (v *validator) documented(r *Resource) (names []string, complete bool) {
	for _, m := range r.Methods {
		if m.Doc == nil {
			continue
		}
		complete = true
		names = append(names, pathArguments(m)...)
		for _, key := range []string{"query_schema", "body_schema"} {
			schema := v.properties(docPlace(r, m).at(key))
			if names = append(names, schema.names...); !schema.known {
				return nil, false
			}
		}
	}
	return unique(names), complete
}

// conditions are the operators that the documentation of a resource's methods allows in a list of conditions.
func (v *validator) conditions(r *Resource, f *FilterShape) []string {
	var allowed []string
	for _, m := range r.Methods {
		for _, key := range []string{"query_schema", "body_schema"} {
			if m.Doc != nil {
				condition := v.node(docPlace(r, m).at(key, "properties", f.Argument, "items", "properties", f.Operator))
				allowed = append(allowed, texts(condition.get("enum"))...)
			}
		}
	}
	return unique(allowed)
}

// isSafe reports whether a method changes nothing.
func isSafe(m *Method) bool { return m.Name == "list" || m.Name == "get" || m.Safe }
