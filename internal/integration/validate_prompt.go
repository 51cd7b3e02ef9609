package integration

import (
	"regexp"
	"slices"
	"strings"
)

// toolForm is what every client takes as a tool's name, or a prompt's.
var toolForm = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// prompts checks the workflows that people start: what they ask for is what their text refers to, and what they count on is there.
func (v *validator) prompts() {
	taken := map[string]bool{}
	for i := range v.def.Prompts {
		prompt, p := &v.def.Prompts[i], place{"prompts"}.index(i)
		v.name(p.at("name"), "a prompt", prompt.Name)
		if len(prompt.Name) > MaxToolName {
			v.fault(p.at("name"), "has %d characters, and clients take %d: shorten it", len(prompt.Name), MaxToolName)
		}
		if taken[prompt.Name] {
			v.fault(p.at("name"), "is %q a second time: each prompt needs a name of its own", prompt.Name)
		}
		taken[prompt.Name] = true
		v.promptText(p, prompt)
		v.needs(p.at("needs"), prompt.Needs)
	}
}

func (v *validator) promptText(p place, prompt *Prompt) {
	names := []string{}
	for i, argument := range prompt.Arguments {
		at := p.at("arguments").index(i)
		v.name(at.at("name"), "an argument", argument.Name)
		if slices.Contains(names, argument.Name) {
			v.fault(at.at("name"), "is %q a second time: each argument needs a name of its own", argument.Name)
		}
		if argument.Default != "" && !argument.Optional {
			v.fault(at.at("default"), "is never used, since the argument cannot be left out: add optional: true, or take it out")
		}
		names = append(names, argument.Name)
	}
	text := v.template(p.at("text"), prompt.Text, references{"arguments": names})
	if text == nil {
		return
	}
	for i, name := range names {
		if !slices.ContainsFunc(text.References(), func(ref Part) bool { return ref.Name == name }) {
			v.fault(p.at("arguments").index(i), "is asked for, and the text never says {{arguments.%s}}: put it there, or take the argument out", name)
		}
	}
}

// needs checks the tools that a prompt counts on.
func (v *validator) needs(p place, needs []string) {
	v.unique(p, needs)
	for i, need := range needs {
		resource, method, _ := strings.Cut(need, ".")
		r, ok := v.def.Resource(resource)
		if !ok {
			v.fault(p.index(i), "is %q, and there is no resource %q%s: write resource.method", need, resource, near(resource, v.def.resourceNames()))
			continue
		}
		switch m, ok := r.Method(method); {
		case !ok:
			v.fault(p.index(i), "is %q, and %s has no such method%s", need, resource, suggest(method, r.methodNames()))
		case m.Doc == nil:
			v.fault(p.index(i), "is %q, which is not documented and so no tool: document it, or take it out", need)
		}
	}
}

// verbatim checks that a schema which is shown word for word can be: it has to say all there is to say of the tool.
func (v *validator) verbatim(p place, r *Resource, m *Method) {
	if !m.Doc.Verbatim {
		return
	}
	at := p.at("verbatim")
	query, body := v.has(p, "query_schema"), v.has(p, "body_schema")
	own := (&examples{method: m}).ownArguments()
	switch {
	case query == body:
		v.fault(at, "shows one schema word for word, and there %s: write all arguments into one", map[bool]string{true: "are two", false: "is none"}[query])
		return
	case len(own) > 0:
		v.fault(at, "leaves no place for %s, which the tool has beside its schema: take it out", strings.Join(own, " and "))
	}
	schema := p.at("query_schema")
	if body {
		schema = p.at("body_schema")
		for _, argument := range pathArguments(m) {
			v.fault(at, "shows the body's schema alone, and the path has %s too: take it out", inPath(argument))
		}
	}
	if n := v.node(schema); n.get("type") == nil || n.get("type").text != "object" {
		v.fault(schema, "is shown word for word, and a tool's schema is one of type: object")
	}
	described := v.properties(schema)
	if r.Fields != nil && (described.has(r.Fields.At) || r.Fields.Changes != "" && described.has(r.Fields.Changes)) {
		v.fault(at, "leaves no place for the custom fields of %s, which are written into its schemas: take it out", r.Name)
	}
	if !allLegal(described.names) {
		v.fault(at, "shows clients the names as they are, and some refuse others than letters, digits and _ . - up to 64: take it out")
	}
}

// mirrored checks that no two arguments of a method are repeated in one header (MCP 2026-07-28, Custom Headers from Tool Parameters): clients leave such a tool out.
func (v *validator) mirrored(p place) {
	taken := map[string]string{}
	for _, schema := range []string{"query_schema", "body_schema"} {
		properties := p.at(schema, "properties")
		documented := v.node(properties)
		if documented == nil || documented.kind != object {
			continue
		}
		for i := range documented.members { // not by name, since there may be many
			name := documented.members[i].key
			header := documented.members[i].value.get("x-mcp-header")
			if header == nil || header.kind != text {
				continue
			}
			word := strings.ToLower(header.text)
			if other, ok := taken[word]; ok {
				v.fault(properties.at(name, "x-mcp-header"), "is %q, which %s has already: capitals do not tell headers apart, so give it another", header.text, other)
			}
			taken[word] = name
		}
	}
}
