package toolset

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// arguments of one method, while they are gathered. Paths come first, then what else stands outside the body, then the body, then what pages a list.
type arguments struct {
	method *integration.Method
	list   bool
	taken  map[string]bool
	all    []argument

	// What the documented schemas say beyond single arguments is checked on all of a place's arguments together; nil: nothing.
	outside, body *jsonschema.Schema

	secretFields []string
	secrets      map[string]bool // names of members that are masked in the audit wherever they stand
	extra        bool            // members of the body that no schema names are allowed…
	extraRule    *rule           // …if they follow this
	paging       map[string]bool
	filenames    []filename
}

// gather finds out a method's arguments; references are those of its path, and asks says that its calls ask a person first.
func gather(def *integration.Definition, m *integration.Method, references []string, asks bool) (*arguments, error) {
	a := &arguments{method: m, secretFields: def.SecretFields, list: isList(def, m), taken: map[string]bool{}, secrets: map[string]bool{}, paging: map[string]bool{}}
	if a.list {
		a.taken[limitName], a.taken[cursorName] = true, true
		p := pagination(def, m)
		for _, name := range []string{p.Page, p.Offset, p.Cursor, p.Size} {
			if name != "" {
				a.paging[name] = true
			}
		}
	}
	a.taken[dryRunName], a.taken[confirmationName] = m.DryRun != nil, asks
	for _, name := range def.SecretFields {
		a.secrets[name] = true
	}
	if err := a.gatherOutside(references); err != nil {
		return nil, fmt.Errorf("query_schema: %w", err)
	}
	if err := a.gatherBody(); err != nil {
		return nil, fmt.Errorf("body_schema: %w", err)
	}
	a.addFiles()
	if a.list {
		a.all = append(a.all,
			argument{name: limitName, property: limitName, in: inLimit, rule: limitRule, shown: fmt.Appendf(nil, `{"type":"integer","minimum":1,"maximum":%d,"description":"Most items to return"}`, MostItems)},
			argument{name: cursorName, property: cursorName, in: inCursor, rule: cursorRule, shown: []byte(`{"type":"string","description":"The last answer's next_cursor, unchanged; one page is not the whole list"}`)})
		if !a.has(fieldsName) { // a vendor's own says more
			words := "Only these members of each item; a.b reaches inside"
			if m.Response.Brief != nil {
				words = "Members of each item, a.b reaches inside; without it a short form"
			}
			a.all = append(a.all, argument{name: fieldsName, property: fieldsName, in: inFields, rule: fieldsRule,
				shown: fmt.Appendf(nil, `{"type":"array","items":{"type":"string"},"description":%q}`, words)})
		}
	}
	if m.DryRun != nil {
		a.all = append(a.all, argument{name: dryRunName, property: dryRunName, in: inDryRun, rule: dryRunRule,
			shown: []byte(`{"type":"boolean","description":"true: change nothing, only tell how many match, with a sample before and after"}`)})
	}
	if asks {
		a.all = append(a.all, argument{name: confirmationName, property: confirmationName, in: inConfirmation, rule: confirmationRule,
			shown: []byte(`{"type":"string","description":"What came with this tool's question, unchanged, once the person agreed"}`)})
	}
	for i := range a.all {
		a.all[i].asked = slices.ContainsFunc(m.Ask, func(f integration.Form) bool { return slices.Contains(f.Arguments, a.all[i].property) })
		if c := m.Complete; c != nil && a.all[i].in == inBody {
			a.all[i].filled = a.all[i].required && !a.all[i].asked
			a.all[i].merged = slices.Contains(c.Merge, a.all[i].property)
		}
		a.all[i].key = append(jsonscan.AppendQuote(nil, a.all[i].name), ':')
	}
	return a, nil
}

// has reports whether an argument of that name was gathered.
func (a *arguments) has(name string) bool {
	return slices.ContainsFunc(a.all, func(arg argument) bool { return arg.name == name })
}

// isList reports whether a method answers a page of items.
func isList(def *integration.Definition, m *integration.Method) bool {
	return m.Name == "list" || m.Pagination != nil && m.Pagination.Format != "" && m.Pagination.Format != "none"
}

func pagination(def *integration.Definition, m *integration.Method) integration.Pagination {
	if m.Pagination != nil {
		return *m.Pagination
	}
	return def.Pagination
}

// gatherOutside takes the arguments outside the body: first those of the path, in its order, then the others as they are documented.
func (a *arguments) gatherOutside(references []string) error {
	var documented view
	if a.method.Doc != nil && len(a.method.Doc.QuerySchema) > 0 {
		doc, err := a.document(a.method.Doc.QuerySchema)
		if err != nil {
			return err
		}
		root := doc.schema()
		documented = viewOf(root)
		if !documented.plain {
			if a.outside, err = doc.library.compile(""); err != nil {
				return err
			}
		}
	}
	find := func(name string) []schema {
		for _, p := range documented.properties {
			if p.name == name {
				return p.alternatives
			}
		}
		return nil
	}
	names := slices.Clone(references)
	for _, p := range documented.properties {
		if !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	legal := legalNames(names)
	for _, name := range references {
		alternatives := find(name)
		if alternatives == nil {
			alternatives = []schema{{raw: []byte(`{"type":"string"}`)}}
		}
		if err := a.add(argument{name: legal[name], property: name, wire: cmp.Or(a.method.Parameters[name].Name, name), in: inPath, style: a.method.Parameters[name].Style, required: true}, alternatives); err != nil {
			return err
		}
		if find(name) == nil { // a number is as good where nobody said what it is
			a.all[len(a.all)-1].rule.kinds |= kindInteger
		}
	}
	for _, p := range documented.properties {
		if slices.Contains(references, p.name) {
			continue
		}
		parameter := a.method.Parameters[p.name]
		in, known := whereNames[parameter.In]
		if !known {
			return fmt.Errorf("parameter %s: in %q is none of query, path, header and cookie", p.name, parameter.In)
		}
		wire := parameter.Name
		if wire == "" {
			wire = p.name
		}
		if parameter.Const != nil || in == inQuery && a.paging[wire] {
			continue
		}
		if in == inPath {
			return fmt.Errorf("parameter %s: the path %s has no {{query.%s}}", p.name, a.method.Path, p.name)
		}
		required := slices.Contains(documented.required, p.name)
		if err := a.add(argument{name: legal[p.name], property: p.name, wire: wire, in: in, style: parameter.Style, required: required}, p.alternatives); err != nil {
			return err
		}
	}
	// Parameters that no schema mentions are arguments too: a proxied method has no other documentation.
	for _, name := range sortedKeys(a.method.Parameters) {
		parameter := a.method.Parameters[name]
		in := whereNames[parameter.In]
		if parameter.Const != nil || in == inPath || find(name) != nil || slices.Contains(references, name) || in == inQuery && (a.paging[name] || a.paging[parameter.Name]) {
			continue
		}
		wire := parameter.Name
		if wire == "" {
			wire = name
		}
		if err := a.add(argument{name: name, property: name, wire: wire, in: in, style: parameter.Style}, []schema{{raw: []byte(`{}`)}}); err != nil {
			return err
		}
	}
	return nil
}

// document reads a documented schema, and learns which names are secret in it.
func (a *arguments) document(raw []byte) (*document, error) {
	doc, err := newDocument(raw, a.secretFields...)
	if err != nil {
		return nil, err
	}
	for _, name := range doc.secrets.Names() {
		a.secrets[name] = true
	}
	return doc, nil
}

func (a *arguments) gatherBody() error {
	m := a.method
	if m.Doc == nil || len(m.Doc.BodySchema) == 0 || m.Body.Format == "none" {
		return nil
	}
	doc, err := a.document(m.Doc.BodySchema)
	if err != nil {
		return err
	}
	root := doc.schema()
	v := viewOf(root)
	if m.Body.Format == "raw" || len(v.properties) == 0 || v.kinds&^kindNull != kindObject {
		return a.add(argument{name: wholeName, property: wholeName, wire: wholeName, in: inWhole, required: v.kinds&kindNull == 0 && !m.Body.Optional}, []schema{root})
	}
	if !v.plain {
		if a.body, err = doc.library.compile(""); err != nil {
			return err
		}
	}
	if a.extra = v.open; v.open && v.plain {
		if a.extraRule, err = ruleOf(v.additional); err != nil {
			return err
		}
	}
	legal := legalNames(v.names())
	for _, p := range v.properties {
		parameter := m.Body.Properties[p.name]
		if parameter.Const != nil {
			continue
		}
		wire := parameter.Name
		if wire == "" {
			wire = p.name
		}
		required := slices.Contains(v.required, p.name)
		if err := a.add(argument{name: legal[p.name], property: p.name, wire: wire, in: inBody, style: parameter.Style, media: partMedia(parameter), required: required}, p.alternatives); err != nil {
			return err
		}
	}
	return nil
}

// partMedia is what a part that is no file is sent as.
func partMedia(parameter integration.Parameter) string {
	if len(parameter.Types) == 0 || strings.HasSuffix(parameter.Types[0], "*") {
		return ""
	}
	return parameter.Types[0]
}

// add takes an argument in under a name that no other has: one that stands in several places is prefixed in the later ones.
func (a *arguments) add(arg argument, alternatives []schema) error {
	name := legalName(arg.name)
	if a.taken[name] {
		name = legalName(arg.in.String() + "_" + name)
	}
	arg.name = unused(name, a.taken)
	a.taken[arg.name] = true
	var err error
	if len(alternatives) == 1 {
		arg.rule, err = ruleOf(alternatives[0])
	} else {
		arg.rule, err = ruleOfAny(alternatives)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", arg.property, err)
	}
	if a.secrets[arg.property] || a.secrets[arg.wire] {
		arg.rule = arg.rule.asSecret()
	}
	arg.secret = arg.rule != nil && arg.rule.secret
	arg.shown = look(alternatives).appendInput(nil, 1)
	arg.header = alternatives[0].text(headerKeyword)
	a.all = append(a.all, arg)
	return nil
}

// ruleOfAny is the rule of a property that the branches of a schema describe differently: only its type and its options are checked here, the rest with the whole.
func ruleOfAny(alternatives []schema) (*rule, error) {
	v := look(alternatives)
	r := newRule()
	r.kinds = v.kinds
	r.allow(v.options)
	for _, s := range alternatives {
		one, err := ruleOf(s)
		if err != nil {
			return nil, err
		}
		if one != nil {
			r.secret, r.masks, r.binary = r.secret || one.secret, r.masks || one.masks, r.binary || one.binary
		}
	}
	return r, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
