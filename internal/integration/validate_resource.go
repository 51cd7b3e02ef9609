package integration

import (
	"maps"
	"slices"
)

// resource checks one resource and its methods.
func (v *validator) resource(r *Resource) {
	p := place{"resources", r.Name}
	v.name(p, "a resource", r.Name)
	v.name(p.at("singular"), "one thing", r.Singular)
	v.tags(p.at("tags"), r.Tags)
	if len(r.Methods) == 0 {
		v.fault(p, "has no method: add one, as in list: {method: get, path: /%s}", r.Name)
	}
	if i := slices.IndexFunc(r.Methods, func(m *Method) bool { return m.Name != "list" && slices.Contains(standardMethods, m.Name) }); i >= 0 && r.Singular == "" {
		v.advise(p, "has no singular, so that its tool is called %s: add what one of them is called", ToolName(v.def, r, r.Methods[i]))
	}
	for _, m := range r.Methods {
		v.method(p.at(m.Name), r, m)
	}
	v.parents(p.at("parent"), r)
	v.fieldSource(p.at("fields"), r)
	v.fieldList(p.at("field_list"), r)
	v.references(p.at("references"), r)
	v.lookup(p.at("lookup"), r)
}

func (v *validator) parents(p place, r *Resource) {
	for _, parent := range slices.Sorted(maps.Keys(r.Parent)) {
		argument := r.Parent[parent]
		if _, ok := v.def.Resource(parent); !ok {
			v.fault(p.at(parent), "is no resource%s", suggest(parent, v.def.resourceNames()))
		}
		var arguments []string
		for _, m := range r.Methods {
			arguments = append(arguments, pathArguments(m)...)
		}
		slices.Sort(arguments)
		if arguments = slices.Compact(arguments); !slices.Contains(arguments, argument) {
			v.fault(p.at(parent), "is held by %q, which stands in no path of %s%s", argument, r.Name, suggest(argument, arguments))
		}
	}
}

// pathArguments are the arguments in a method's path.
func pathArguments(m *Method) []string {
	var names []string
	if t, err := ParseTemplate(m.Path); err == nil {
		for _, ref := range t.References() {
			names = append(names, ref.Name)
		}
	}
	return names
}

// fieldSource checks where custom fields are spoken of.
func (v *validator) fieldSource(p place, r *Resource) {
	f := r.Fields
	if f == nil || f.Of == "" {
		return
	}
	switch owner, ok := v.def.Resource(f.Of); {
	case !ok:
		v.fault(p.at("of"), "is %q, which is no resource%s", f.Of, suggest(f.Of, v.def.resourceNames()))
	case owner.FieldList == nil:
		v.fault(p.at("of"), "is %s, which does not say how its fields are read: add field_list there", f.Of)
	case r.Parent[f.Of] == "":
		v.fault(p.at("of"), "is %s, which is no parent of %s: add parent: {%s: the argument that holds its id}", f.Of, r.Name, f.Of)
	}
	documented, complete := v.documented(r)
	if !complete {
		return
	}
	spoken := []struct{ key, argument string }{{"at", f.At}, {"changes", f.Changes}, {"keys", f.Keys}, {"mapping", f.Mapping}}
	if f.Filters != nil {
		spoken = append(spoken, struct{ key, argument string }{"filters", f.Filters.Argument})
	}
	for _, s := range spoken {
		if s.argument != "" && !slices.Contains(documented, s.argument) {
			at := p.at(s.key)
			if s.key == "filters" {
				at = at.at("argument")
			}
			v.fault(at, "is %q, which no documented method of %s has as an argument%s", s.argument, r.Name, near(s.argument, documented))
		}
	}
	v.filterShape(p.at("filters"), r, f.Filters)
}

// filterShape checks the operators against those that the documentation allows.
func (v *validator) filterShape(p place, r *Resource, f *FilterShape) {
	if f == nil {
		return
	}
	allowed := v.conditions(r, f)
	groups := []struct {
		key       string
		operators []string
	}{{"lists", f.Lists}, {"texts", f.Texts}, {"bare", f.Bare}}
	for i, group := range groups {
		v.unique(p.at(group.key), group.operators)
		for j, o := range group.operators {
			if len(allowed) > 0 && !slices.Contains(allowed, o) {
				v.fault(p.at(group.key).index(j), "is %q, which is no operator that the documentation of %s allows%s", o, r.Name, suggest(o, allowed))
			}
			for _, other := range groups[:i] {
				if slices.Contains(other.operators, o) {
					v.fault(p.at(group.key).index(j), "is %q, which is among %s too: an operator's value has one form", o, other.key)
				}
			}
		}
	}
}

// fieldList checks how custom fields are read.
func (v *validator) fieldList(p place, r *Resource) {
	f := r.FieldList
	if f == nil {
		return
	}
	if m, ok := v.named(p.at("method"), r, f.Method); ok {
		if arguments := pathArguments(m); !slices.Equal(arguments, []string{"id"}) {
			v.fault(p.at("method"), "is %s, whose path is %s: it must have {{id}} and no other argument, since only the id of what owns the fields is known", f.Method, m.Path)
		}
		if !isSafe(m) {
			v.fault(p.at("method"), "is %s, which is not marked safe, and reading fields must change nothing: add safe: true to it if that is so", f.Method)
		}
		for _, name := range v.required(docPlace(r, m).at("query_schema")) {
			if name != "id" {
				v.fault(p.at("method"), "is %s, which requires %s: it must take nothing but the id", f.Method, name)
			}
		}
	}
	v.dotted(p.at("items"), f.Items)
	for _, path := range []struct{ key, value string }{{"key", f.Key}, {"label", f.Label}, {"description", f.Description}, {"type", f.Type}, {"required", f.Required}, {"options", f.Options}} {
		v.dotted(p.at(path.key), path.value)
	}
	if len(f.Types) > 0 && f.Type == "" {
		v.fault(p, "has types and does not say where a field tells its own: add type, the dotted path to it")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Types)) {
		v.schema(p.at("types", name))
	}
}

// toolNames checks that no two tools have one name.
func (v *validator) toolNames() {
	type owner struct{ resource, method string }
	taken := map[string]owner{}
	for _, r := range v.def.Resources {
		for _, m := range r.Methods {
			if m.Doc == nil || !nameForm.MatchString(v.def.Name) {
				continue
			}
			name, p := ToolName(v.def, r, m), place{"resources", r.Name, m.Name}
			if other, ok := taken[name]; ok {
				v.fault(p, "makes the tool %s, and so does %s.%s: give one of the two another name, or its resource another singular", name, other.resource, other.method)
			}
			taken[name] = owner{r.Name, m.Name}
			if full := fullToolName(v.def, r, m); full != name {
				v.advise(p, "makes a tool's name of %d characters, %s, and clients take %d: it is cut to %s", len(full), full, MaxToolName, name)
			}
		}
	}
}

// docPlace is where a method is documented.
func docPlace(r *Resource, m *Method) place { return place{docsDir, r.Name, m.Name} }

// required are the names that a schema requires.
func (v *validator) required(p place) []string { return texts(v.node(p).get("required")) }

// texts are the texts in a list.
func texts(n *node) []string {
	var all []string
	if n != nil && n.kind == list {
		for _, item := range n.items {
			if item.kind == text {
				all = append(all, item.text)
			}
		}
	}
	return all
}

func memberNames(n *node) []string {
	var names []string
	if n != nil && n.kind == object {
		for _, m := range n.members {
			names = append(names, m.key)
		}
	}
	return names
}

func unique(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
