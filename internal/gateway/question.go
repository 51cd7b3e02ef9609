package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// maxChanges is the most values that a question lists: the rest is counted.
const maxChanges = 20

// asking writes one question. Names are read from the vendor as they are needed.
type asking struct {
	g        *Gateway
	ctx      context.Context
	c        *Caller
	tool     *toolset.Tool
	asked    *toolset.Prepared // as the call came, with names where it gave names
	prepared *toolset.Prepared
	said     *speaking

	names map[string]string // resource and id → name
	reads int
	ended *Result // the vendor is limited, and nothing more can be read
	err   error
}

// question says in words what a call would do. A Result is the answer of a call that ends here.
func (g *Gateway) question(ctx context.Context, c *Caller, tool *toolset.Tool, asked, prepared *toolset.Prepared, said *speaking, f *facts) (string, *Result, error) {
	a := &asking{g: g, ctx: ctx, c: c, tool: tool, asked: asked, prepared: prepared, said: said, names: map[string]string{}}
	text := a.write(f)
	return text, a.ended, a.err
}

func (a *asking) write(f *facts) string {
	many, one := nouns(a.c.Tools.Definition, a.tool.Resource)
	of := a.of()
	switch {
	case f.report != nil:
		return a.imports(f.report, many, of)
	case f.matched != nil && f.matched.changes != nil:
		return fmt.Sprintf("Set %s on %s%s?", a.list(changesOf(a.tool, a.prepared, nil, a.said), " to ", false), amount(f.matched, one, many), of) + a.which() + among(f.matched)
	case f.matched != nil:
		return fmt.Sprintf("Delete %s%s?", amount(f.matched, one, many), of) + a.which() + among(f.matched) + "\nWhat is deleted is lost: Sluice cannot bring it back."
	}
	target := "the " + one + a.target(f.object) + of
	changes := changesOf(a.tool, a.prepared, f.object, a.said)
	switch a.tool.Method.Name {
	case "create":
		var name string
		changes = slices.DeleteFunc(changes, func(c change) bool {
			if name == "" && !c.custom && slices.Contains(nameMembers, c.name) {
				name = " " + a.value(c.name, c.after)
				return true
			}
			return false
		})
		return fmt.Sprintf("Create a %s%s%s%s?", one, name, of, with(a.list(changes, " ", false)))
	case "update":
		if len(changes) == 0 {
			return fmt.Sprintf("Send %s as it is already: nothing about it would be different. Do it?", target)
		}
		return fmt.Sprintf("Change %s: %s?", target, a.list(changes, " to ", true))
	}
	if a.tool.Destructive {
		lost := "\nIt is lost then"
		if held := a.held(); held != "" {
			lost += ", with its " + held
		}
		return fmt.Sprintf("Delete %s%s?%s: Sluice cannot bring it back.", target, with(a.list(changes, " ", false)), lost)
	}
	if jsonscan.Member(a.prepared.Arguments, "id") != nil && strings.Contains(a.tool.Method.Path, "{{id}}") {
		method := words(a.tool.Method.Name)
		return strings.ToUpper(method[:1]) + method[1:] + ": " + target + with(a.list(changes, " ", false)) + "?"
	}
	return a.tool.Title + of + with(a.list(changes, " ", false)) + "?"
}

func with(list string) string {
	if list == "" {
		return ""
	}
	return " with " + list
}

// nouns are what people call the things of a resource: database_records of databases are records.
func nouns(def *integration.Definition, r *integration.Resource) (many, one string) {
	many, one = r.Name, r.Singular
	if one == "" {
		one = many
	}
	for parent := range r.Parent {
		if p := resource(def, parent); p != nil && p.Singular != "" {
			many, one = strings.TrimPrefix(many, p.Singular+"_"), strings.TrimPrefix(one, p.Singular+"_")
		}
	}
	return words(many), words(one)
}

func amount(m *matched, one, many string) string {
	switch {
	case !m.exact:
		return fmt.Sprintf("at least %d %s", m.count, many)
	case m.count == 1:
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", m.count, many)
}

// of names the parents that a call's object lies in.
func (a *asking) of() string {
	var all []string
	for _, parent := range slices.Sorted(maps.Keys(a.tool.Resource.Parent)) {
		id := textAt(a.prepared.Arguments, a.tool.Resource.Parent[parent])
		if id == "" {
			continue
		}
		name := a.nameOf(parent, id)
		if name == "" {
			_, one := nouns(a.c.Tools.Definition, resource(a.c.Tools.Definition, parent))
			name = one + " " + plain(id)
		}
		all = append(all, name)
	}
	if len(all) == 0 {
		return ""
	}
	return " of " + strings.Join(all, " and ")
}

// held says what of other resources belongs to a call's object, by the definition.
func (a *asking) held() string {
	var all []string
	for _, r := range a.c.Tools.Definition.Resources {
		if _, belongs := r.Parent[a.tool.Resource.Name]; belongs {
			many, _ := nouns(a.c.Tools.Definition, r)
			all = append(all, many)
		}
	}
	return enumerate(all)
}

func enumerate(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// target tells a call's object from others: by its name, else by its id.
func (a *asking) target(object []byte) string {
	if name := nameIn(object); name != "" {
		return " " + plain(name)
	}
	if id := jsonscan.Member(a.prepared.Arguments, "id"); id != nil {
		return " " + plain(scalar(id))
	}
	return ""
}

// which says by which conditions a call on many picks them.
func (a *asking) which() string {
	at := conditions(a.tool)
	value := jsonscan.Member(a.prepared.Masked, at)
	if jsonscan.KindOf(value) != jsonscan.Array {
		return ""
	}
	shape := a.tool.Resource.Fields.Filters
	var all []string
	for it := jsonscan.Elements(value); it.Next(); {
		field, operator := textAt(it.Value(), shape.Field), textAt(it.Value(), shape.Operator)
		to := jsonscan.Member(it.Value(), shape.Value)
		words := a.label(field, true) + " " + operatorWords(operator, isDate(to))
		if to != nil && !slices.Contains(shape.Bare, operator) {
			words += " " + a.value(field, to)
		}
		all = append(all, words)
	}
	if len(all) == 0 {
		return "\nWhich: all of them"
	}
	return "\nWhich: " + enumerate(all)
}

// operators are the usual words for comparing, as people say them; of dates differently.
var operators = map[string][2]string{
	"eq": {"is", "is"}, "neq": {"is not", "is not"}, "ne": {"is not", "is not"}, "in": {"is one of", "is one of"}, "not_in": {"is none of", "is none of"},
	"lt": {"is under", "is before"}, "lte": {"is at most", "is not after"}, "le": {"is at most", "is not after"},
	"gt": {"is over", "is after"}, "gte": {"is at least", "is not before"}, "ge": {"is at least", "is not before"},
	"not_contains": {"does not contain", "does not contain"},
}

func operatorWords(operator string, ofDates bool) string {
	known, ok := operators[operator]
	switch {
	case !ok:
		return words(operator)
	case ofDates:
		return known[1]
	}
	return known[0]
}

var date = regexp.MustCompile(`^"\d{4}-\d\d-\d\d`)

func isDate(value []byte) bool { return date.Match(value) }

// among shows some of what is matched, by name.
func among(m *matched) string {
	var names []string
	for _, item := range m.sample {
		if name := nameIn(item); name != "" {
			names = append(names, plain(name))
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) < m.count:
		return "\nAmong them: " + strings.Join(names, ", ")
	}
	return "\nNamely: " + strings.Join(names, ", ")
}

// imports tells what a dry run of an import found.
func (a *asking) imports(report []byte, many, of string) string {
	var found struct {
		Rows    int `json:"rows"`
		Refused int `json:"refused_rows"`
	}
	if err := json.Unmarshal(report, &found); err != nil {
		a.err = fmt.Errorf("read the dry run of %s: %w", a.tool.Name, err)
		return ""
	}
	rows := "1 row"
	if found.Rows != 1 {
		rows = fmt.Sprintf("%d rows", found.Rows)
	}
	text := fmt.Sprintf("Import a table of %s into the %s%s?", rows, many, of)
	if found.Refused > 0 {
		text += fmt.Sprintf("\n%d of them would be refused.", found.Refused)
	}
	return text
}

// list says what a call sets, each label joined to its value; from says also what stands there now.
func (a *asking) list(changes []change, joined string, from bool) string {
	var all []string
	for i, c := range changes {
		if i == maxChanges {
			all = append(all, fmt.Sprintf("%d more values", len(changes)-i))
			break
		}
		words := a.label(c.name, c.custom)
		if from && c.before != nil && !holds(c.before) {
			words += " from " + a.value(c.name, c.before)
		}
		all = append(all, words+joined+a.value(c.name, c.after))
	}
	return enumerate(all)
}

// holds reports whether a value is made of others.
func holds(value []byte) bool {
	kind := jsonscan.KindOf(value)
	return kind == jsonscan.Object || kind == jsonscan.Array
}
