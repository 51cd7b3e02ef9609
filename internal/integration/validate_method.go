package integration

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// groups are the words by which an MCP server's filter names several methods at once.
var groups = []string{"read", "write", "custom"}

// method checks one method, its documentation included.
func (v *validator) method(p place, r *Resource, m *Method) {
	v.name(p, "a method", m.Name)
	if slices.Contains(groups, m.Name) {
		v.fault(p, "has the name of a group of methods, by which filters name many: call it %s_%s", m.Name, r.singular())
	}
	v.word(p.at("method"), strings.ToLower(m.HTTPMethod), httpMethods)
	v.path(p.at("path"), m.Path)
	v.address(p.at("base_url"), m.BaseURL)
	v.tags(p.at("tags"), m.Tags)
	if m.Tool != "" && !toolForm.MatchString(m.Tool) {
		v.fault(p.at("tool"), "is no name that every client takes: write letters, digits, _ and -, at most %d of them", MaxToolName)
	}
	v.safe(p, m)
	v.headers(p.at("headers"), m.Headers, v.everyWay())
	if m.Authorization != nil {
		v.authorization(p.at("authorization"), *m.Authorization)
	}
	v.parameters(p.at("parameters"), r, m)
	v.body(p.at("body"), r, m)
	v.methodPagination(p, r, m)
	v.word(p.at("response", "format"), m.Response.Format, responseFormats)
	v.jq(p.at("response", "expression"), m.Response.Expression)
	for _, path := range m.Response.Brief {
		v.dotted(p.at("response", "brief"), path)
	}
	if m.Response.Format == responseCustomFields && r.FieldList == nil {
		v.fault(p.at("response", "format"), "is custom_fields, and %s does not say how they are read: add field_list to it", r.Name)
	}
	v.dryRun(p.at("dry_run"), r, m)
	v.complete(p.at("complete"), r, m)
	v.ask(p.at("ask"), r, m)
	if m.Doc != nil {
		v.documentation(r, m)
	}
}

// safe checks that what is marked safe can be (RFC 9110, 9.2.1).
func (v *validator) safe(p place, m *Method) {
	standard := slices.Contains(standardMethods, m.Name)
	switch {
	case m.Safe && standard && m.Name != "list" && m.Name != "get":
		v.fault(p.at("safe"), "is said of %s, which changes something: take it out", m.Name)
	case m.Safe && m.HTTPMethod == "DELETE":
		v.fault(p.at("safe"), "is said of a DELETE, which changes something: take it out")
	case m.Safe && standard:
		v.advise(p.at("safe"), "goes without saying of %s: take it out", m.Name)
	case !m.Safe && !standard && m.HTTPMethod == "GET":
		v.advise(p, "is a GET and counts as a write: add safe: true if it changes nothing")
	}
}

func (v *validator) parameters(p place, r *Resource, m *Method) {
	arguments := pathArguments(m)
	documented := v.properties(docPlace(r, m).at("query_schema"))
	for _, name := range slices.Sorted(maps.Keys(m.Parameters)) {
		parameter, at := m.Parameters[name], p.at(name)
		v.word(at.at("in"), parameter.In, parameterPlaces)
		v.word(at.at("style"), parameter.Style, parameterStyles)
		if key := parameter.ofFiles(); key != "" {
			v.fault(at.at(key), "is of a file in a multipart body: write it under body.properties.%s", name)
		}
		inThePath := slices.Contains(arguments, name)
		switch {
		case inThePath && (parameter.In != "" && parameter.In != "path" || parameter.Const != nil || parameter.Name != "" && parameter.Style != "matrix"):
			v.fault(at, "stands in the path %s already: take it out here", m.Path)
		case inThePath && parameter.Style != "" && slices.Contains(parameterStyles, parameter.Style) && !slices.Contains(pathStyles, parameter.Style):
			v.fault(at.at("style"), "is %s, which a path cannot have: one of %s joins a list there", parameter.Style, strings.Join(pathStyles, ", "))
		case !inThePath && (parameter.Style == "dot" || parameter.Style == "matrix"):
			v.fault(at.at("style"), "is %s, which only a path can have", parameter.Style)
		case parameter.In == "path" && !inThePath:
			v.fault(at.at("in"), "is path, and the path %s has no %s: put it there", m.Path, inPath(name))
		case parameter.In == "header":
			wire := name
			if parameter.Name != "" {
				wire = parameter.Name
			}
			v.headerName(at, wire)
		}
		if m.Doc != nil && parameter.Const == nil && documented.known && !documented.has(name) && !inThePath {
			v.fault(at, "is not described by the documentation's query_schema%s", cmp.Or(near(name, documented.names), ": add it there, or give it a const"))
		}
	}
}

func (v *validator) body(p place, r *Resource, m *Method) {
	b := m.Body
	v.word(p.at("format"), b.Format, bodyFormats)
	if (b.Format == "none" || b.Format == "raw") && len(b.Properties) > 0 {
		v.fault(p.at("properties"), "has no effect with the format %s, where a body has no members: take it out", b.Format)
	}
	if b.Expression != "" {
		v.jq(p.at("expression"), b.Expression)
		if b.Format != "" && b.Format != "json" {
			v.fault(p.at("expression"), "makes JSON, and the body's format is %s: take one of the two out", b.Format)
		}
	}
	documented := v.properties(docPlace(r, m).at("body_schema"))
	for _, name := range slices.Sorted(maps.Keys(b.Properties)) {
		property, at := b.Properties[name], p.at("properties", name)
		if property.In != "" {
			v.fault(at.at("in"), "has no place here: what travels outside the body is one of parameters")
		}
		v.word(at.at("style"), property.Style, parameterStyles)
		v.file(at, m, property, documented)
		v.namedBy(at.at("name"), property.Name, v.required(docPlace(r, m).at("body_schema")))
		if m.Doc != nil && property.Const == nil && documented.known && !documented.has(name) {
			v.fault(at, "is not described by the documentation's body_schema%s", cmp.Or(near(name, documented.names), ": add it there, or give it a const"))
		}
	}
	if schema := docPlace(r, m).at("body_schema"); m.Doc != nil && v.node(schema) != nil {
		switch {
		case b.Format == "none":
			v.fault(schema, "describes a body, and the method's body has the format none: take one of the two out")
		case m.HTTPMethod == "GET":
			v.advise(schema, "describes the body of a GET, which servers and proxies may ignore or refuse: describe the arguments in query_schema unless the vendor reads them there")
		}
	}
}

// namedBy checks the name of a body's member where it is a template: it is made of what is always given.
func (v *validator) namedBy(p place, name string, required []string) {
	if !strings.Contains(name, "{{") {
		return
	}
	t, err := ParseTemplate(name)
	if err != nil {
		v.fault(p, "is no template: %v", err)
		return
	}
	for _, ref := range t.References() {
		if ref.Space != "body" || !slices.Contains(required, ref.Name) {
			v.fault(p, "refers to {{%s}}: a name can be made of other arguments of the body that its schema requires, as in {{body.field}}", ref)
		}
	}
}

// ofFiles is the first key of a parameter that only a file has, "" if there is none.
func (p Parameter) ofFiles() string {
	switch {
	case p.Filename != "":
		return "filename"
	case len(p.Types) > 0:
		return "types"
	case p.MaxSize > 0:
		return "max_size"
	}
	return ""
}

// mediaType is a media type, or all of a kind (RFC 9110, 12.5.1).
var mediaType = regexp.MustCompile(`^[A-Za-z0-9!#$&^_.+-]+/([A-Za-z0-9!#$&^_.+-]+|\*)$`)

// file checks what is said of a file in a multipart body.
func (v *validator) file(p place, m *Method, property Parameter, documented properties) {
	if key := property.ofFiles(); key != "" && m.Body.Format != "multipart" {
		v.fault(p.at(key), "is of a file in a multipart body: add format: multipart to body")
	}
	if name := property.Filename; name != "" && m.Doc != nil && documented.known && !documented.has(name) {
		v.fault(p.at("filename"), "is %q, which the documentation's body_schema does not describe%s", name, near(name, documented.names))
	}
	v.unique(p.at("types"), property.Types)
	for i, t := range property.Types {
		if t != "" && !mediaType.MatchString(t) {
			v.fault(p.at("types").index(i), "is %q, which is no media type: write one as text/csv, or image/* for all of a kind", t)
		}
	}
}

// methodPagination checks how a method pages, by what of it is its own.
func (v *validator) methodPagination(p place, r *Resource, m *Method) {
	page := &v.def.Pagination
	if m.Pagination != nil {
		page = m.Pagination
		v.pagination(p.at("pagination"), page)
	}
	if m.Name == "list" && page.Format == "" && m.Pagination == nil {
		v.advise(p, "does not say how it pages, so that one page is all that is read: add pagination to it or to the definition, with format none where the answer is always whole")
	}
	if m.Name != "list" && m.Pagination == nil || m.Doc == nil {
		return
	}
	for _, name := range []string{page.Page, page.Offset, page.Cursor, page.Size} {
		if name != "" && v.node(docPlace(r, m).at("query_schema", "properties", name)) != nil {
			v.advise(docPlace(r, m).at("query_schema", "properties", name), "is how the list is paged, which Sluice does by itself: take it out")
		}
	}
}

func (v *validator) pagination(p place, page *Pagination) {
	if page.Format == "" {
		return
	}
	v.format(p, page.Format, paginationFormats)
	v.dotted(p.at("items"), page.Items)
	v.dotted(p.at("total"), page.Total)
	v.dotted(p.at("last_page"), page.LastPage)
	v.dotted(p.at("more"), page.More)
	switch page.Format {
	case "expression":
		v.jq(p.at("next"), page.Next)
	case "header":
		if page.Next != "" && !isHeaderName(page.Next) {
			v.fault(p.at("next"), "is no header's name: write the one that holds the next cursor or address")
		}
	default:
		v.dotted(p.at("next"), page.Next)
	}
	counted := page.Format == "page" || page.Format == "offset"
	if counted && page.MaxSize == 0 && page.Next == "" && page.Total == "" && page.LastPage == "" && page.More == "" {
		v.advise(p, "does not say how its end is known, so that every list costs a call more: add total, last_page, more or max_size")
	}
}

// dryRun checks how it is found out what a method would do: by a list, or by the table that it imports.
func (v *validator) dryRun(p place, r *Resource, m *Method) {
	d := m.DryRun
	if d == nil {
		return
	}
	switch {
	case d.List == "" && d.File == "":
		v.fault(p, "does not say how one finds out what the method would do: add list, the method that lists what it would touch, or file, the argument that is a table")
	case d.List != "" && d.File != "":
		v.fault(p.at("file"), "is beside list: what a call would do is found out in one way, so take one of the two out")
	case d.File == "" && d.Mapping != "":
		v.fault(p.at("mapping"), "has no effect without file: take it out")
	case d.List == "" && d.Changes != "":
		v.fault(p.at("changes"), "has no effect without list: take it out")
	}
	body := v.properties(docPlace(r, m).at("body_schema"))
	for _, named := range []struct{ key, argument string }{{"changes", d.Changes}, {"file", d.File}, {"mapping", d.Mapping}} {
		if named.argument != "" && m.Doc != nil && body.known && !body.has(named.argument) {
			v.fault(p.at(named.key), "is %q, which is no member of the body%s", named.argument, near(named.argument, body.names))
		}
	}
	if d.List != "" {
		v.dryRunList(p.at("list"), r, m)
	}
}

// dryRunList checks that a list can be called with what the method is called with.
func (v *validator) dryRunList(p place, r *Resource, m *Method) {
	d := m.DryRun
	lister, ok := v.named(p, r, d.List)
	if !ok {
		return
	}
	if lister.Name != "list" && lister.Pagination == nil {
		v.fault(p, "is %s, which does not list: name a method that answers a page of items", d.List)
		return
	}
	own := pathArguments(m)
	for _, argument := range pathArguments(lister) {
		if !slices.Contains(own, argument) {
			v.fault(p, "is %s, whose path needs %s, which %s does not have", d.List, argument, m.Name)
		}
	}
	listed := v.properties(docPlace(r, lister).at("query_schema"))
	for _, name := range v.required(docPlace(r, m).at("body_schema")) {
		if m.Doc != nil && lister.Doc != nil && listed.known && name != d.Changes && !listed.has(name) {
			v.fault(p, "is %s, which takes no %s: a dry run gives it the call's own arguments, so describe it there", d.List, name)
		}
	}
}

// named is the method that is named at a place; none, and a fault, where there is no such. That a name is missing is told elsewhere.
func (v *validator) named(p place, r *Resource, name string) (*Method, bool) {
	m, ok := r.Method(name)
	if !ok && name != "" {
		v.fault(p, "is %q, which is no method of %s%s", name, r.Name, suggest(name, r.methodNames()))
	}
	return m, ok
}

// complete checks that the object of a call can be read, and that what is taken from it has a place in the body.
func (v *validator) complete(p place, r *Resource, m *Method) {
	c := m.Complete
	if c == nil {
		return
	}
	if reader, ok := v.named(p.at("method"), r, c.Method); ok {
		if reader.Name != "get" && !reader.Safe {
			v.fault(p.at("method"), "is %s, which may change something: name a method that only reads", c.Method)
		}
		own := pathArguments(m)
		for _, argument := range pathArguments(reader) {
			if !slices.Contains(own, argument) {
				v.fault(p.at("method"), "is %s, whose path needs %s, which %s does not have", c.Method, argument, m.Name)
			}
		}
	}
	if !slices.Contains(pathArguments(m), "id") {
		v.fault(p, "has no effect without {{id}} in the path, which says what is read: take it out")
	}
	if m.Body.Expression != "" {
		v.fault(p, "is beside an expression that makes the body, so that nobody knows what the vendor requires of it: take one of the two out")
	}
	schema := docPlace(r, m).at("body_schema")
	body := v.properties(schema)
	if m.Doc != nil && !body.known {
		v.fault(p, "needs a body_schema whose properties all stand in it, not in schemas that it combines")
		return
	}
	described := func(p place, member string) {
		if m.Doc != nil && !body.has(member) {
			v.fault(p, "is no member of the body%s", near(member, body.names))
		}
	}
	for _, member := range slices.Sorted(maps.Keys(c.From)) {
		described(p.at("from", member), member)
		v.dotted(p.at("from", member), c.From[member])
	}
	for i, member := range c.Merge {
		described(p.at("merge").index(i), member)
	}
	if m.Doc != nil && len(c.Merge) == 0 && len(v.required(schema)) == 0 {
		v.fault(p, "completes nothing, since the body_schema requires nothing: take it out")
	}
}

// properties are the names that a schema describes.
type properties struct {
	names []string // in their order
	set   map[string]bool
	known bool // there are no others, as far as the schema can be read at a glance
}

func (p properties) has(name string) bool { return p.set[name] }

func (v *validator) properties(p place) properties {
	n := v.node(p)
	if n == nil {
		return properties{known: true}
	}
	names := memberNames(n.get("properties"))
	return properties{names, setOf(names), !combined(n)}
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, word := range words {
		set[word] = true
	}
	return set
}

// combined reports whether a schema is put together of others, so that its properties do not all stand in it.
func combined(n *node) bool {
	for _, key := range []string{"$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties"} {
		if n.get(key) != nil {
			return true
		}
	}
	return false
}
