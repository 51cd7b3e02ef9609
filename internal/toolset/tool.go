package toolset

import (
	"fmt"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

func newTool(def *integration.Definition, r *integration.Resource, m *integration.Method, confirm string) (*Tool, error) {
	t := &Tool{
		Name: integration.ToolName(def, r, m), Title: titleOf(r, m), Resource: r, Method: m, Documented: m.Doc != nil,
		ReadOnly: isSafe(m), Idempotent: m.Name == "update",
	}
	t.Destructive = !t.ReadOnly && (m.Name == "delete" || m.Name == "bulk_delete" || strings.EqualFold(m.HTTPMethod, "DELETE"))
	t.Asks = confirm == ConfirmWrites && !t.ReadOnly || confirm == ConfirmDestructive && t.Destructive
	var err error
	if t.plan, err = planOf(def, m, t.Asks); err != nil {
		return nil, err
	}
	t.Brief = selectionOf(m.Response.Brief, true)
	if m.Doc != nil {
		t.Description = strings.TrimSpace(m.Doc.Description)
	}
	return t, nil
}

// titleOf names a tool for people.
func titleOf(r *integration.Resource, m *integration.Method) string {
	many, one := spaced(r.Name), spaced(singularOf(r))
	switch m.Name {
	case "list":
		return "List " + many
	case "get":
		return "Get one " + one
	case "create":
		return "Create a " + one
	case "update":
		return "Update a " + one
	case "delete":
		return "Delete a " + one
	}
	return strings.ToUpper(many[:1]) + many[1:] + ": " + spaced(m.Name)
}

// inputSchema is the one flat object that clients are shown. It has nothing at its top that one of them refuses.
func (p *plan) inputSchema() []byte {
	return p.inputSchemaWith(nil)
}

// inputSchemaWith is inputSchema with each argument's schema as show gives it; nil: as it is.
func (p *plan) inputSchemaWith(show func(arg *argument, shown []byte) []byte) []byte {
	return p.schemaOf(func(*argument) bool { return true }, p.free || p.extra, show)
}

// schemaOf is an object schema of some of the arguments; extra says that others are taken too. show may change what is shown of one; nil: nothing is changed.
func (p *plan) schemaOf(some func(*argument) bool, extra bool, show func(arg *argument, shown []byte) []byte) []byte {
	w := object{dst: []byte(`{`)}
	w.text("type", "object")
	properties := object{dst: append(w.key("properties"), '{')}
	var required [][]byte
	for i := range p.args {
		arg := &p.args[i]
		if arg.fixed != nil || !some(arg) {
			continue
		}
		shown := arg.shown
		if show != nil {
			shown = show(arg, shown)
		}
		properties.dst = append(properties.key(arg.name), shown...)
		if arg.required && !arg.asked && !arg.filled {
			required = append(required, jsonscan.AppendQuote(nil, arg.name))
		}
	}
	w.dst = append(properties.dst, '}')
	w.array("required", required)
	switch {
	case extra && (p.free || p.extraRule == nil):
	case extra:
		w.dst = append(w.key("additionalProperties"), "{}"...)
	default:
		w.dst = append(w.key("additionalProperties"), "false"...)
	}
	return append(w.dst, '}')
}

// outputSchema says what the tool's structured content looks like: always an object, the vendor's or the page of a list.
func outputSchema(def *integration.Definition, t *Tool) []byte {
	secret := jsonscan.NewSet(def.SecretFields...)
	item := []byte(`{}`)
	isObject := false
	if t.Method.Doc != nil && len(t.Method.Doc.ResponseSchema) > 0 {
		if doc, err := newDocument(t.Method.Doc.ResponseSchema); err == nil {
			v := viewOf(doc.schema())
			isObject = v.kinds == kindObject
			depth := 0
			if t.plan.list {
				depth = 1
			}
			item = v.appendOutput(nil, depth, &secret)
		}
	}
	switch {
	case t.plan.list:
		return fmt.Appendf(nil, `{"type":"object","properties":{"result":{"type":"array","items":%s},"next_cursor":{"type":["string","null"]}},"required":["result"]}`, item)
	case isObject:
		return item
	}
	return []byte(`{"type":"object"}`)
}

// listJSON is the tools as tools/list shows them (MCP 2026-07-28, "Tool"). All four hints are said, since a client takes what is not said for the worst.
func listJSON(tools []*Tool, input func(*Tool) []byte, output bool) []byte {
	dst := []byte{'['}
	for i, t := range tools {
		if i > 0 {
			dst = append(dst, ',')
		}
		w := object{dst: append(dst, '{')}
		w.text("name", t.Name)
		w.text("title", t.Title)
		w.text("description", t.Description)
		w.dst = append(w.key("inputSchema"), input(t)...)
		if output && t.OutputSchema != nil {
			w.dst = append(w.key("outputSchema"), t.OutputSchema...)
		}
		w.dst = fmt.Appendf(w.key("annotations"), `{"readOnlyHint":%t,"destructiveHint":%t,"idempotentHint":%t,"openWorldHint":true}`, t.ReadOnly, t.Destructive, t.Idempotent)
		dst = append(w.dst, '}')
	}
	return append(dst, ']')
}
