package openapi

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// taken are names that a method cannot have: the groups of filters, and what else stands beside methods in a resource.
var takenNames = []string{"read", "write", "custom", "singular", "tags", "parent", "fields", "field_list", "references", "lookup"}

var standardMethods = []string{"list", "get", "create", "update", "delete"}

// calls reads every operation's path and answer, and finds where each belongs.
func (b *builder) calls(all []*operation) []*call {
	b.security(all)
	var calls []*call
	for _, o := range all {
		r, err := routeOf(o.path)
		if err != nil {
			b.left(o.method, o.path, err.Error())
			continue
		}
		c := &call{number: len(calls), operation: o, route: r, names: map[string]string{}}
		if len(r.steps) == 0 {
			r.steps = []step{{words: []string{"root"}}}
		}
		c.steps = r.meaningful()
		calls = append(calls, c)
	}
	siblings := siblingsOf(calls)
	calls = slices.DeleteFunc(calls, func(c *call) bool {
		all, err := c.parameters()
		if err != nil {
			b.left(c.method, c.path, err.Error())
			return true
		}
		c.answer = c.answered()
		pages := turning(all, c.document, slices.Concat(pageNames, offsetNames[:2], cursorNames[:6]), "integer", "number", "string") != nil
		c.findList(pages)
		c.page = c.findPaging(all)
		c.locate(siblings)
		return false
	})
	adopt(calls)
	b.place(calls)
	return calls
}

// place gives each operation a resource and a method that no other has. What it was before it stays; else the first in the document takes the simpler name.
func (b *builder) place(calls []*call) {
	before := map[string]place{}
	if b.options.Before != nil {
		for _, r := range b.options.Before.Resources {
			for _, m := range r.Methods {
				key := operationKey(m.HTTPMethod, m.Path)
				if _, twice := before[key]; !twice {
					before[key] = place{r.Name, m.Name}
				}
			}
		}
	}
	taken := map[place]bool{}
	tools := map[string]bool{}
	try := func(c *call, p place) bool {
		if taken[p] || !nameForm.MatchString(p.resource) || !nameForm.MatchString(p.method) || slices.Contains(takenNames, p.method) {
			return false
		}
		r := &integration.Resource{Name: p.resource, Singular: singularName(p.resource)}
		tool := integration.ToolName(b.def, r, &integration.Method{Name: p.method})
		if tools[tool] {
			return false
		}
		taken[p], tools[tool], c.place = true, true, p
		return true
	}
	for _, c := range calls {
		if p, known := before[operationKey(c.method, c.template())]; known && c.fragment == "" {
			try(c, p)
		}
	}
	for _, c := range calls {
		if c.place.method != "" {
			continue
		}
		for i, p := range c.places {
			if i >= c.standards && slices.Contains(standardMethods, p.method) {
				continue // its name promises what it is not
			}
			if try(c, p) {
				break
			}
		}
		for n := 2; c.place.method == ""; n++ {
			last := c.places[len(c.places)-1]
			try(c, place{last.resource, fmt.Sprintf("%s_%d", last.method, n)})
		}
	}
}

// operationKey tells an operation by what is sent, whatever its arguments are called.
func operationKey(method, path string) string {
	return strings.ToUpper(method) + " " + templateReference.ReplaceAllString(path, "{}")
}

var templateReference = regexp.MustCompile(`\{\{[^{}]*\}\}`)

// template is the path as a definition writes it.
func (c *call) template() string {
	return token.ReplaceAllStringFunc(c.sent, func(found string) string {
		name := c.names[bare(found[1:len(found)-1])]
		if name == "id" {
			return "{{id}}"
		}
		return "{{query." + name + "}}"
	})
}

var argumentForm = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// nameTokens gives the variables of the path the names that arguments have: the resource's own id is id, the others are called as in the document where they can be.
func (c *call) nameTokens(all []*parameter) {
	used := map[string]bool{"id": true}
	for _, p := range all {
		if p.in == "query" && p.name == "id" && c.id != "id" {
			c.id = "" // the query has what is called so
			if slices.Contains(c.tokens, "id") {
				c.id = "id" // …and so has the path, which comes first
			}
		}
	}
	for i, t := range c.tokens {
		if t == c.id {
			c.names[t] = "id"
			continue
		}
		name := strings.Trim(argumentForm.ReplaceAllString(ascii(t), "_"), "_-")
		if name == "" || name[0] >= '0' && name[0] <= '9' {
			name = fmt.Sprintf("part_%d", i+1)
		}
		if name == "id" {
			name = c.ownerOf(t) + "_id"
		}
		for used[name] {
			name += "_" + fmt.Sprint(i+1)
		}
		used[name] = true
		c.names[t] = name
	}
}

// ownerOf is what the variable is an id of: the word before it, in the singular.
func (c *call) ownerOf(t string) string {
	for i, s := range c.route.steps {
		if s.token == t && i > 0 && c.route.steps[i-1].token == "" {
			return snake([]string{singularName(strings.Join(c.route.steps[i-1].words, "_"))})
		}
	}
	return "owner"
}

// settle makes the methods, and of them the definition. An operation that would break it is left out.
func (b *builder) settle(calls []*call) error {
	var demands []demand
	made := map[*integration.Method]*call{}
	for _, c := range calls {
		d, err := b.demand(c.operation)
		if err == nil {
			var m *integration.Method
			if m, err = b.method(c, d); err == nil {
				made[m] = c
				demands = append(demands, d)
				b.add(c, m)
				continue
			}
		}
		b.left(c.method, c.path, err.Error())
	}
	if len(made) == 0 {
		if len(b.report.LeftOut) > 0 {
			first := b.report.LeftOut[0]
			return fmt.Errorf("%w: each of %d operations was left out, the first, %s %s, because %s", errNothing, len(b.report.LeftOut), first.Method, prose.Clip(first.Path, 80), first.Reason)
		}
		return fmt.Errorf("%w: the document has no operation", errNothing)
	}
	b.credentials(demands)
	b.limits(calls)
	b.failures(calls)
	b.parents(made)
	b.tag()
	return b.check(made)
}

// add puts a method into its resource.
func (b *builder) add(c *call, m *integration.Method) {
	r, ok := b.def.Resource(m.Resource.Name)
	if !ok {
		r = m.Resource
		b.def.Resources = append(b.def.Resources, r)
	}
	m.Resource = r
	r.Methods = append(r.Methods, m)
}

// method makes the method of an operation.
func (b *builder) method(c *call, d demand) (*integration.Method, error) {
	all, err := c.parameters()
	if err != nil {
		return nil, err
	}
	c.nameTokens(all)
	var notes grouped
	note := func(at, what string) {
		if at == "" {
			at = "the body"
		}
		notes.add(what, prose.Clip(at, 80))
	}
	outside, err := c.outside(all, c.names, func(p *parameter) bool { return b.sends(d, p) || p.in == "query" && c.page.turns(p.name) }, note)
	if err != nil {
		return nil, err
	}
	m := &integration.Method{Name: c.place.method, HTTPMethod: c.method, Path: c.pathTemplate(all, outside.parameters), Parameters: outside.parameters, Doc: &integration.Documentation{Description: c.describe()}}
	m.Resource = &integration.Resource{Name: c.place.resource, Singular: singularName(c.place.resource)}
	if len(m.Parameters) == 0 {
		m.Parameters = nil
	}
	body, err := c.body(all, note)
	switch {
	case err != nil:
		return nil, err
	case body != nil:
		m.Body, m.Doc.BodySchema = body.how, raw(body.schema)
	}
	if len(outside.properties.names) > 0 {
		m.Doc.QuerySchema = raw(outside.schema())
	}
	if c.method == "get" && c.place.method != "list" && c.place.method != "get" {
		m.Safe = true
	}
	if err := b.reach(c, m, d); err != nil {
		return nil, err
	}
	b.answers(c, m)
	for _, what := range notes.whats {
		b.report.Notes = append(b.report.Notes, c.String()+": "+some(notes.of[what], 5)+" "+what)
	}
	return m, nil
}

// pathTemplate is the method's path, with what a style puts before a value.
func (c *call) pathTemplate(all []*parameter, how map[string]integration.Parameter) string {
	path := c.template()
	for _, p := range all {
		if p.in == "path" && p.prefix != "" && how[c.names[p.name]].Style != "matrix" {
			reference := "{{query." + c.names[p.name] + "}}"
			if c.names[p.name] == "id" {
				reference = "{{id}}"
			}
			path = strings.Replace(path, reference, p.prefix+reference, 1)
		}
	}
	return path
}

// reach says where the method is and with which credential it is called, where that is not what holds for all.
func (b *builder) reach(c *call, m *integration.Method, d demand) error {
	own, err := c.serverOf()
	if err != nil {
		return err
	}
	if own != nil && *own != b.server {
		m.BaseURL = own.address
		if own.address == "" {
			m.BaseURL = "{{context.base_url}}" + own.path
			if b.server.address != "" {
				if at, ok := (&document{source: parsed(b.server.address)}).server(cmp.Or(own.path, "/")); ok {
					m.BaseURL = at.address
				}
			}
		}
		b.inside(m.BaseURL)
	}
	if d.key() != b.main().key() {
		list := b.authorizations(d)
		m.Authorization = &list
	}
	return nil
}

// answers says how the method's answer is read.
func (b *builder) answers(c *call, m *integration.Method) {
	a := c.answer
	m.Response.Format = a.format
	if !a.isList {
		if a.schema != nil && len(a.schema.names) > 0 {
			m.Doc.ResponseSchema = raw(a.schema)
		}
		return
	}
	if c.page != nil {
		page := c.page.how
		m.Pagination = &page
		b.guesses.add("the list goes on "+c.page.why+inItems(a.items), c.String())
	} else if m.Name == "list" {
		m.Pagination = &integration.Pagination{Format: "none", Items: a.items}
	}
	if m.Pagination != nil && a.guessed {
		m.Response.Expression = `if type == "array" then . else [.[]? | arrays][0] // [.] end`
		b.guesses.add("the document does not say what is answered: a bare list is taken, or else the first list in the answer", c.String())
	}
	schema := a.item
	if m.Pagination == nil {
		schema = a.schema
	}
	if s, ok := schema.(*object); ok && s != nil && len(s.names) > 0 {
		m.Doc.ResponseSchema = raw(s)
	}
}

func inItems(items string) string {
	if items == "" {
		return ""
	}
	return ", in " + items
}

// parents says which resource owns which, by the ids in their paths.
func (b *builder) parents(made map[*integration.Method]*call) {
	for _, r := range b.def.Resources {
		for _, m := range r.Methods {
			c := made[m]
			for i, s := range c.steps {
				if s.token == "" || c.names[s.token] == "id" || i == 0 || c.steps[i-1].token != "" {
					continue
				}
				for _, brief := range []bool{true, false} {
					owner, ok := b.def.Resource(resourceName(c.steps[:i], brief))
					if !ok || owner == r {
						continue
					}
					if r.Parent == nil {
						r.Parent = map[string]string{}
					}
					if _, known := r.Parent[owner.Name]; !known {
						r.Parent[owner.Name] = c.names[s.token]
					}
					break
				}
			}
		}
	}
	for _, r := range b.def.Resources { // an argument belongs to one owner
		owners := slices.Sorted(maps.Keys(r.Parent))
		for i, owner := range owners {
			if slices.ContainsFunc(owners[:i], func(other string) bool { return r.Parent[other] == r.Parent[owner] }) {
				delete(r.Parent, owner)
			}
		}
	}
	for m, c := range made {
		m.Tags = nil
		for v := range c.own.Get("tags").Items() {
			if tag := snake(splitWords(v.Scalar())); tag != "" && !slices.Contains(m.Tags, tag) {
				m.Tags = append(m.Tags, tag)
			}
		}
	}
}

// tag gives a resource the tags that all of its methods have.
func (b *builder) tag() {
	for _, r := range b.def.Resources {
		order(r)
		common := slices.Clone(r.Methods[0].Tags)
		for _, m := range r.Methods {
			common = slices.DeleteFunc(common, func(tag string) bool { return !slices.Contains(m.Tags, tag) })
		}
		r.Tags = common
		for _, m := range r.Methods {
			m.Tags = slices.DeleteFunc(slices.Clone(m.Tags), func(tag string) bool { return slices.Contains(common, tag) })
		}
	}
}

// order sorts methods as a definition that is read has them.
func order(r *integration.Resource) {
	rank := func(m *integration.Method) int {
		if i := slices.Index(standardMethods, m.Name); i >= 0 {
			return i
		}
		return len(standardMethods)
	}
	slices.SortStableFunc(r.Methods, func(a, b *integration.Method) int { return rank(a) - rank(b) })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
