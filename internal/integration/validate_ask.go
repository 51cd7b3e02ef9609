package integration

import (
	"slices"
	"strconv"
)

// ask checks the forms that a person is asked to fill in before a call. Clients show forms of texts, numbers and booleans only (MCP 2026-07-28, Elicitation,
// Requested Schema).
func (v *validator) ask(p place, r *Resource, m *Method) {
	outside, body := docPlace(r, m).at("query_schema"), docPlace(r, m).at("body_schema")
	seen, asked := map[string]bool{}, map[string]bool{}
	for i, form := range m.Ask {
		at := p.at(strconv.Itoa(i))
		switch {
		case !propertyName.MatchString(form.Name):
			v.fault(at.at("name"), "is %q, and should be of letters, digits and _", form.Name)
		case form.Name == "confirmation":
			v.fault(at.at("name"), "is the name of the question before a call that needs a yes: take another")
		case seen[form.Name]:
			v.fault(at.at("name"), "is %s, as another form's: give each a name of its own", form.Name)
		}
		seen[form.Name] = true
		if len(form.Arguments) == 0 {
			v.fault(at.at("arguments"), "names nothing to ask for: name arguments of the method")
		}
		for j, name := range form.Arguments {
			at := at.at("arguments", strconv.Itoa(j))
			if asked[name] {
				v.fault(at, "is %s, which is asked for already: take it out", name)
			}
			asked[name] = true
			schema := v.node(body.at("properties", name))
			if schema == nil {
				schema = v.node(outside.at("properties", name))
			}
			if schema == nil {
				known := slices.Concat(v.properties(outside).names, v.properties(body).names)
				v.fault(at, "is %q, which the documentation does not describe%s", name, near(name, known))
				continue
			}
			if kind := schema.get("type"); kind == nil || !slices.Contains([]string{"string", "number", "integer", "boolean"}, kind.text) {
				v.fault(at, "is %s, which is no text, number or boolean: no client shows a form for it", name)
			}
		}
	}
}
