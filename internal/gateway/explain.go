package gateway

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// explain adds to a refusal which tool or argument mends it, where the definition's own shape tells.
func explain(r *Result, tools *toolset.Toolset) {
	if r.Outcome != vendor.Refused {
		return
	}
	switch {
	case r.Status == http.StatusNotFound:
		if hints := lookups(r.Tool, tools); len(hints) > 0 {
			r.Message = prose.Sentence(r.Message) + " Check " + strings.Join(hints, ", and ") + "."
		}
	case len(r.Fields) > 0:
		names := make([]string, 0, len(r.Fields))
		for name := range r.Fields {
			names = append(names, name)
		}
		sort.Strings(names)
		r.Field = names[0]
		for _, name := range names {
			if source := listOf(owner(tools.Definition, r.Tool.Resource, name), tools); source != "" {
				r.Message = prose.Sentence(r.Message) + fmt.Sprintf(" %s shows the values of %s.", source, name)
			}
		}
	}
}

// lookups says for each id that a call is addressed by which tool shows the right ones.
func lookups(tool *toolset.Tool, tools *toolset.Toolset) []string {
	var hints []string
	if strings.Contains(tool.Method.Path, "{{id}}") {
		if source := listOf(tool.Resource, tools); source != "" && source != tool.Name {
			hints = append(hints, "id by "+source)
		}
	}
	if path, err := integration.ParseTemplate(tool.Method.Path); err == nil {
		for _, ref := range path.References() { // what no list shows, as the id of something under way, can be wrong all the same
			name, given := strings.CutPrefix(ref.String(), "query.")
			if given && !isParent(tool.Resource, name) {
				hints = append(hints, name)
			}
		}
	}
	parents := make([]string, 0, len(tool.Resource.Parent))
	for parent := range tool.Resource.Parent {
		parents = append(parents, parent)
	}
	sort.Strings(parents)
	for _, parent := range parents {
		if source := listOf(resource(tools.Definition, parent), tools); source != "" {
			hints = append(hints, tool.Resource.Parent[parent]+" by "+source)
		}
	}
	return hints
}

// owner is the resource whose id an argument holds, by its name: pipeline_stage_uuid holds a pipeline_stage's.
func owner(def *integration.Definition, at *integration.Resource, argument string) *integration.Resource {
	for parent, name := range at.Parent {
		if name == argument {
			return resource(def, parent)
		}
	}
	for _, r := range def.Resources {
		for _, suffix := range []string{"_uuid", "_id"} {
			if stem, ok := strings.CutSuffix(argument, suffix); ok && (stem == r.Singular || strings.HasSuffix(stem, "_"+r.Singular)) {
				return r
			}
		}
	}
	return nil
}

// resource is a resource by name, nil if there is none.
func resource(def *integration.Definition, name string) *integration.Resource {
	r, _ := def.Resource(name)
	return r
}

// listOf is the name of the offered tool that lists a resource, or "".
func listOf(r *integration.Resource, tools *toolset.Toolset) string {
	if r == nil {
		return ""
	}
	if tool, ok := tools.Operation(r.Name, "list"); ok {
		if _, offered := tools.Tool(tool.Name); offered {
			return tool.Name
		}
	}
	return ""
}

// unknownTool names the tools that are spelled most like the wrong one. Of one that the server's owner left out it says so: it is no slip, and no other does the same.
func unknownTool(tools *toolset.Toolset, name string) error {
	for _, r := range tools.Definition.Resources {
		for _, m := range r.Methods {
			if t, ok := tools.Operation(r.Name, m.Name); ok && t.Name == name {
				return fmt.Errorf("%w: %q; this MCP server does not offer it, so that its owner has to allow it first: tools/list names what is offered", ErrUnknownTool, name)
			}
		}
	}
	names := make([]string, len(tools.Tools))
	for i, t := range tools.Tools {
		names[i] = t.Name
	}
	if near := nearest(name, names); len(near) > 0 {
		return fmt.Errorf("%w: %.80q; did you mean %s?", ErrUnknownTool, name, strings.Join(near, " or "))
	}
	return fmt.Errorf("%w: %.80q; tools/list names the %d that this server offers", ErrUnknownTool, name, len(names))
}

func unknownOperation(def *integration.Definition, resourceName, method string) error {
	var known []string
	if r := resource(def, resourceName); r != nil {
		for _, m := range r.Methods {
			known = append(known, m.Name)
		}
		return fmt.Errorf("%w: %s has no method %.80q; it has %s", ErrUnknownTool, resourceName, method, strings.Join(known, ", "))
	}
	for _, r := range def.Resources {
		known = append(known, r.Name)
	}
	return fmt.Errorf("%w: %s has no resource %.80q; it has %s", ErrUnknownTool, def.Name, resourceName, strings.Join(known, ", "))
}

// nearest answers up to three of names that share most of their words with name, the best first; none if nothing is near.
func nearest(name string, names []string) []string {
	words := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' })
	}
	wanted := words(name)
	type scored struct {
		name  string
		score float64
	}
	var all []scored
	for _, candidate := range names {
		have := words(candidate)
		common := 0
		for _, w := range wanted {
			if slices.ContainsFunc(have, func(h string) bool { return h == w || strings.TrimSuffix(h, "s") == strings.TrimSuffix(w, "s") }) {
				common++
			}
		}
		if score := 2 * float64(common) / float64(len(have)+len(wanted)+1); score > 0.4 {
			all = append(all, scored{candidate, score})
		}
	}
	// Of those that share as many words, the one that begins most alike: a slip of the finger is at the end as often as anywhere.
	slices.SortStableFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(commonPrefix(b.name, name), commonPrefix(a.name, name)))
	})
	var near []string
	for _, s := range all[:min(3, len(all))] {
		near = append(near, s.name)
	}
	return near
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
