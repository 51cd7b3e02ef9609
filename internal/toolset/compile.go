package toolset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// Compile makes the tools of a definition. Methods that are not documented, or that the filters leave out, are compiled too, to be reached
// by Operation; they are not offered. Filters are not judged here (CheckFilter), since a definition may change under a server that has them.
func Compile(def *integration.Definition, opt Options) (*Toolset, error) {
	s := &Toolset{
		Key: keyOf(def, opt), Definition: def, Options: opt,
		byName: map[string]*Tool{}, byOperation: map[string]*Tool{},
	}
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			t, err := newTool(def, r, m, opt.Confirm)
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", r.Name, m.Name, err)
			}
			s.byOperation[r.Name+"."+m.Name] = t
			if !t.Documented || !allowed(m, r, opt.Methods, opt.Tags) || opt.ReadOnly && !t.ReadOnly || s.outOfReach(t) {
				continue
			}
			if other, taken := s.byName[t.Name]; taken {
				return nil, fmt.Errorf("%s.%s: the tool's name %s is also that of %s.%s", r.Name, m.Name, t.Name, other.Resource.Name, other.Method.Name)
			}
			s.byName[t.Name] = t
			s.Tools = append(s.Tools, t)
		}
	}
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			t := s.byOperation[r.Name+"."+m.Name]
			s.sources(t)
			if err := t.plan.bind(s.bound(r)); err != nil {
				return nil, err
			}
			t.plan.showValues(r, opt.Values[r.Name])
			if t.InputSchema = t.verbatimSchema(opt.Values[r.Name] != nil); t.InputSchema != nil {
				t.verbatim = true
			} else {
				t.InputSchema = t.plan.inputSchema()
			}
			t.mirror()
			if opt.StructuredOutput {
				t.OutputSchema = outputSchema(def, t)
			}
		}
	}
	input := func(t *Tool) []byte { return t.InputSchema }
	s.list = listJSON(s.Tools, input, true)
	s.headerList, s.plainList = s.list, s.list
	if opt.StructuredOutput {
		s.plainList = listJSON(s.Tools, input, false)
	}
	if slices.ContainsFunc(s.Tools, func(t *Tool) bool { return len(t.Headers) > 0 }) {
		s.headerList = listJSON(s.Tools, (*Tool).headerSchema, true)
	}
	if err := s.offerPrompts(); err != nil {
		return nil, err
	}
	return s, nil
}

// keyOf hashes everything that shapes a toolset.
func keyOf(def *integration.Definition, opt Options) string {
	opt.Methods, opt.Tags = slices.Clone(opt.Methods), slices.Clone(opt.Tags)
	slices.Sort(opt.Methods)
	slices.Sort(opt.Tags)
	shape, _ := json.Marshal(struct {
		Name, Digest string
		Options      Options
	}{def.Name, def.Digest, opt})
	sum := sha256.Sum256(shape)
	return hex.EncodeToString(sum[:])
}

// sources notes for each argument that holds the id of something which tool shows such ids.
func (s *Toolset) sources(t *Tool) {
	for i := range t.plan.args {
		arg := &t.plan.args[i]
		if arg.in.ours() {
			continue
		}
		if owner := ownerOf(s.Definition, t.Resource, arg); owner != nil {
			if list, ok := s.byOperation[owner.Name+".list"]; ok && s.byName[list.Name] == list && list != t {
				arg.source = list.Name
			}
		}
		arg.describe(s.Definition, t.Resource)
	}
}

// ownerOf is the resource whose id an argument holds: the path's id is the tool's own, a parent's is named by the resource, and pipeline_stage_uuid
// says it by its name.
func ownerOf(def *integration.Definition, r *integration.Resource, arg *argument) *integration.Resource {
	if arg.in == inPath && arg.property == "id" {
		return r
	}
	for parent, name := range r.Parent {
		if name == arg.property {
			return resourceOf(def, parent)
		}
	}
	var best *integration.Resource
	for _, suffix := range []string{"_uuid", "_id"} {
		stem, ok := strings.CutSuffix(arg.property, suffix)
		if !ok {
			continue
		}
		for _, candidate := range def.Resources {
			singular := singularOf(candidate)
			if (stem == singular || strings.HasSuffix(stem, "_"+singular)) && (best == nil || len(singular) > len(singularOf(best))) {
				best = candidate
			}
		}
	}
	return best
}

// resourceOf is a resource by name, nil if there is none.
func resourceOf(def *integration.Definition, name string) *integration.Resource {
	r, _ := def.Resource(name)
	return r
}

// bound are the arguments of a resource's tools that are bound. Where the id of a resource is bound for what it owns, its own tools are
// bound to it as well: a server that is narrowed to one database reaches no other.
func (s *Toolset) bound(r *integration.Resource) map[string]string {
	id, ok := s.boundID(r)
	if !ok {
		return s.Options.Bind
	}
	values := maps.Clone(s.Options.Bind)
	values["id"] = id
	return values
}

func (s *Toolset) boundID(r *integration.Resource) (string, bool) {
	for _, other := range s.Definition.Resources {
		if id, ok := s.Options.Bind[other.Parent[r.Name]]; ok {
			return id, true
		}
	}
	return "", false
}

// outOfReach reports whether a tool would reach beyond the one object that a server is bound to: its siblings' list, a new one.
func (s *Toolset) outOfReach(t *Tool) bool {
	_, ok := s.boundID(t.Resource)
	return ok && t.plan.argument(inPath, "id") < 0
}

// showValues writes the schema of custom field values into the arguments that hold such.
func (p *plan) showValues(r *integration.Resource, schema json.RawMessage) {
	if schema == nil || r.Fields == nil {
		return
	}
	create := p.argument(inBody, r.Fields.At)
	for i := range p.args {
		arg := &p.args[i]
		switch {
		case arg.in != inBody:
		case i == create && p.create:
			arg.shown = schema
		case i == create:
			arg.shown = without(schema, "required")
		case r.Fields.Changes != "" && arg.property == r.Fields.Changes:
			arg.shown = without(without(schema, "required"), "additionalProperties")
		}
	}
}

// without is an object but for one member.
func without(doc []byte, name string) []byte {
	w := object{dst: []byte{'{'}}
	for it := jsonscan.Members(doc); it.Next(); {
		if !jsonscan.NameIs(it.Name(), name) {
			key, _ := jsonscan.Unquote(it.Name())
			w.dst = append(w.key(string(key)), it.Value()...)
		}
	}
	return append(w.dst, '}')
}

// bind fixes arguments to values that callers then neither see nor choose.
func (p *plan) bind(values map[string]string) error {
	for name, value := range values {
		i, ok := p.byName[name]
		if !ok || p.args[i].in.ours() {
			continue
		}
		arg := &p.args[i]
		var f findings
		fixed := arg.rule.checkBelow(jsonscan.AppendQuote(nil, value), name, 0, &f)
		if !f.none() {
			return fmt.Errorf("bind.%s", f.faults[0])
		}
		arg.fixed = fixed
	}
	return nil
}

// CheckBind reports names that no tool of the definition has as an argument.
func (s *Toolset) CheckBind(names ...string) error {
	for _, name := range names {
		var all []string
		found := false
		for _, t := range s.byOperation {
			for i := range t.plan.args {
				arg := &t.plan.args[i]
				found = found || arg.name == name && !arg.in.ours()
				if arg.in == inPath && arg.name != "id" && !slices.Contains(all, arg.name) {
					all = append(all, arg.name)
				}
			}
		}
		if !found {
			slices.Sort(all)
			return fmt.Errorf("bind names the argument %s, which no tool of %s has: %s", quoted(name), s.Definition.Name, offer(name, all))
		}
	}
	return nil
}
