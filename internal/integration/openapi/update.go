package openapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
)

// Merge brings a definition that people changed by hand up to date. before is what was imported the last time, mine what became of it, now what is imported
// this time. The rule, member by member at every depth:
//
//   - What nobody touched follows the document.
//   - What was changed, added or taken out by hand stays as it was made; where the document changed the same thing, kept tells of it.
//   - A method whose operation is gone from the document goes, with its documentation; where it was changed by hand, kept tells of it.
//   - Lists, such as enum and required, are taken whole.
//
// The error says why hand and document together make no definition.
func Merge(before, mine, now *integration.Definition) (merged *integration.Definition, kept []string, err error) {
	m := &merge{}
	result := m.objects(nil, tree(before.JSON()), tree(mine.JSON()), tree(now.JSON()))
	m.prune(result)
	d, err := integration.Parse(raw(result))
	if err != nil {
		return nil, m.kept, fmt.Errorf("what was changed by hand does not go with the document as it is now: %w", err)
	}
	return d, m.kept, nil
}

type merge struct{ kept []string }

func (m *merge) keep(at []string, what string) {
	m.kept = append(m.kept, strings.Join(at, ".")+" "+what)
}

// objects merges three objects; each may be nil.
func (m *merge) objects(at []string, before, mine, now *object) *object {
	result := newObject()
	for _, name := range mine.keys() {
		path := append(slices.Clip(at), name)
		b, m_, n := before.get(name), mine.get(name), now.get(name)
		switch {
		case !before.has(name): // made by hand
			if bo, no := asObject(m_), asObject(n); bo != nil && no != nil {
				result.set(name, m.objects(path, newObject(), bo, no)) // the document came to have it too
				continue
			}
			result.set(name, m_)
		case !now.has(name):
			m.gone(result, path, name, b, m_)
		case asObject(m_) != nil && asObject(n) != nil && asObject(b) != nil:
			result.set(name, m.objects(path, asObject(b), asObject(m_), asObject(n)))
		case equal(sorted(m_), sorted(b)):
			result.set(name, n)
		default:
			if !equal(sorted(n), sorted(b)) && !equal(sorted(n), sorted(m_)) {
				m.keep(path, "was changed by hand and in the document: the hand's stays")
			}
			result.set(name, m_)
		}
	}
	for _, name := range now.keys() {
		if !mine.has(name) && !before.has(name) {
			result.set(name, now.values[name])
		}
	}
	return result
}

// gone decides on what the document no longer has.
func (m *merge) gone(result *object, path []string, name string, before, mine any) {
	if equal(sorted(mine), sorted(before)) {
		return
	}
	whole := len(path) == 3 && (path[0] == "resources" && asObject(mine).has("path") || path[0] == "docs")
	switch b, o := asObject(before), asObject(mine); {
	case whole:
		m.keep(path, "is gone from the document, and what was changed by hand with it")
	case b != nil && o != nil: // what was added to it by hand stays
		if rest := m.objects(path, b, o, newObject()); len(rest.names) > 0 {
			result.set(name, rest)
		}
	default:
		result.set(name, mine)
	}
}

// prune takes out resources that no method is left in, and documentation that belongs to none.
func (m *merge) prune(d *object) {
	resources, docs := d.object("resources"), d.object("docs")
	for _, name := range slices.Clone(resources.keys()) {
		r := resources.object(name)
		if !slices.ContainsFunc(r.keys(), func(key string) bool { return r.object(key).has("path") }) {
			resources.drop(name)
		}
	}
	for _, name := range slices.Clone(docs.keys()) {
		of := docs.object(name)
		for _, method := range slices.Clone(of.keys()) {
			if !resources.object(name).has(method) {
				of.drop(method)
			}
		}
		if len(of.keys()) == 0 {
			docs.drop(name)
		}
	}
	for _, name := range resources.keys() {
		parents := resources.object(name).object("parent")
		for _, parent := range slices.Clone(parents.keys()) {
			if !resources.has(parent) {
				parents.drop(parent)
			}
		}
		if parents != nil && len(parents.names) == 0 {
			resources.object(name).drop("parent")
		}
	}
}

func asObject(v any) *object {
	o, _ := v.(*object)
	return o
}

// sorted is a value with the members of its objects in the order of their names, to be compared.
func sorted(v any) any {
	switch v := v.(type) {
	case *object:
		s := newObject()
		for _, name := range sortedKeys(v.values) {
			s.set(name, sorted(v.values[name]))
		}
		return s
	case []any:
		all := make([]any, len(v))
		for i, item := range v {
			all[i] = sorted(item)
		}
		return all
	}
	return v
}

// Update imports a document over what was imported before: names stay, and so does what was changed by hand. mine and before are nil the first time. It
// returns the definition to keep, and the one to give as before the next time.
func Update(document []byte, opt Options, before, mine *integration.Definition) (definition, imported *integration.Definition, report *Report, err error) {
	opt.Before = before
	if opt.Name == "" && mine != nil {
		opt.Name = mine.Name
	}
	imported, report, err = Import(document, opt)
	if err != nil {
		return nil, nil, report, err
	}
	if mine == nil {
		return imported, imported, report, nil
	}
	if before == nil {
		return nil, nil, report, errors.New("there is a definition of that name that was not imported: give the import another name")
	}
	definition, kept, err := Merge(before, mine, imported)
	if err == nil && opt.Check != nil {
		err = opt.Check(definition)
	}
	if err != nil {
		return nil, nil, report, err
	}
	report.Notes = append(report.Notes, kept...)
	report.rename(imported, definition)
	return definition, imported, report, nil
}

// rename drops from the report what was taken out by hand, and tells of it.
func (r *Report) rename(imported, definition *integration.Definition) {
	named := map[string]bool{}
	for _, resource := range definition.Resources {
		for _, m := range resource.Methods {
			if m.Doc != nil {
				named[integration.ToolName(definition, resource, m)] = true
			}
		}
	}
	r.Tools = slices.DeleteFunc(r.Tools, func(t Tool) bool {
		if named[t.Tool] {
			return false
		}
		r.LeftOut = append(r.LeftOut, Left{t.Method, t.Path, "it was taken out by hand"})
		return true
	})
}
