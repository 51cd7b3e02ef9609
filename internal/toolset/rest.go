package toolset

import (
	"encoding/json"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// Allowed reports whether a method passes both filters, documented or not. CheckFilter says whether they make sense.
func Allowed(r *integration.Resource, m *integration.Method, methods, tags []string) bool {
	return allowed(m, r, methods, tags)
}

// Schemas are the tool's input schema in two halves, for callers that keep them apart: the arguments outside the body (path arguments, limit and
// next_cursor among them), and those of the body. Their members together are InputSchema's.
func (t *Tool) Schemas() (query, body json.RawMessage) {
	return t.plan.schemaOf(func(a *argument) bool { return !a.in.inBody() }, t.plan.free, nil),
		t.plan.schemaOf(func(a *argument) bool { return a.in.inBody() }, t.plan.free || t.plan.extra, nil)
}

// FromQuery makes an argument's value of the texts that a URL's query holds under its name: a list where the argument is one, JSON where it
// cannot be a text. What is wrong with it Prepare finds.
func (t *Tool) FromQuery(name string, values []string) json.RawMessage {
	var wanted kinds
	if i, ok := t.plan.byName[name]; ok && t.plan.args[i].rule != nil {
		wanted = t.plan.args[i].rule.kinds
	}
	isText := wanted == 0 || wanted&kindString != 0
	if len(values) == 1 && !(wanted&kindArray != 0 && !isText) {
		if isText || !json.Valid([]byte(values[0])) {
			return jsonscan.AppendQuote(nil, values[0])
		}
		return json.RawMessage(values[0])
	}
	if len(values) == 1 && json.Valid([]byte(values[0])) && jsonscan.KindOf([]byte(values[0])) == jsonscan.Array {
		return json.RawMessage(values[0])
	}
	list := []byte{'['}
	for i, v := range values {
		if i > 0 {
			list = append(list, ',')
		}
		list = jsonscan.AppendQuote(list, v)
	}
	return append(list, ']')
}
