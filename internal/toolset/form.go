package toolset

import (
	"slices"

	"sluice/internal/jsonscan"
)

// Missing are those of the named arguments, by the names in their schemas, that a call lacks.
func (t *Tool) Missing(names []string, arguments []byte) []string {
	var missing []string
	for i := range t.plan.args {
		arg := &t.plan.args[i]
		if slices.Contains(names, arg.property) && arg.fixed == nil && jsonscan.Member(arguments, arg.name) == nil {
			missing = append(missing, arg.name)
		}
	}
	return missing
}

// Requires reports whether a call has to have an argument.
func (t *Tool) Requires(name string) bool {
	i, ok := t.plan.byName[name]
	return ok && t.plan.args[i].required
}

// Form is the schema of a form for a person that asks for arguments of these names (MCP 2026-07-28, Elicitation, Requested Schema).
func (t *Tool) Form(names []string) []byte {
	w := object{dst: []byte{'{'}}
	w.text("type", "object")
	properties := object{dst: append(w.key("properties"), '{')}
	var required [][]byte
	for i := range t.plan.args {
		arg := &t.plan.args[i]
		if !slices.Contains(names, arg.name) {
			continue
		}
		properties.dst = append(properties.key(arg.name), arg.shown...)
		if arg.required {
			required = append(required, jsonscan.AppendQuote(nil, arg.name))
		}
	}
	w.dst = append(properties.dst, '}')
	w.array("required", required)
	return append(w.dst, '}')
}
