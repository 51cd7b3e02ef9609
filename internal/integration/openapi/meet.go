package openapi

import (
	"encoding/json"
	"slices"
)

// meetKeyword narrows a keyword that m has by what another schema says with it. It reports false where one schema cannot say both.
func meetKeyword(m *object, name string, value any) bool {
	have := m.values[name]
	if equal(have, value) {
		return true
	}
	switch name {
	case "description", "title", "default", "examples", "format", "deprecated", "contentEncoding", "contentMediaType", "secret":
		return true // the first one's
	case "type":
		return meetTypes(m, value)
	case "enum":
		both := []any{}
		other, _ := value.([]any)
		for _, option := range m.list("enum") {
			if slices.ContainsFunc(other, func(o any) bool { return equal(o, option) }) {
				both = append(both, option)
			}
		}
		if len(both) > 0 { // else they contradict each other, and the first one's are kept
			m.set("enum", both)
		}
		return true
	case "required":
		all := slices.Clone(m.list("required"))
		other, _ := value.([]any)
		for _, name := range other {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
		m.set("required", all)
		return true
	case "properties":
		all := m.object("properties").clone()
		other, ok := value.(*object)
		if !ok {
			return true
		}
		for _, property := range other.names {
			if all.has(property) {
				all.set(property, meet(all.values[property], other.values[property]))
			} else {
				all.set(property, other.values[property])
			}
		}
		m.set("properties", all)
		return true
	case "items":
		m.set("items", meet(have, value))
		return true
	case "allOf":
		other, _ := value.([]any)
		m.set("allOf", append(slices.Clip(m.list("allOf")), other...))
		return true
	case "minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum":
		m.set(name, tighter(have, value, 1))
		return true
	case "maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum":
		m.set(name, tighter(have, value, -1))
		return true
	}
	return false
}

func tighter(a, b any, direction int) any {
	x, okX := a.(json.Number)
	y, okY := b.(json.Number)
	if okX && okY && compare(y, x)*direction > 0 {
		return b
	}
	return a
}

func meetTypes(m *object, value any) bool {
	others := typesOf(newObject("type", value))
	var both []any
	for _, t := range typesOf(m) {
		switch {
		case slices.Contains(others, t), t == "integer" && slices.Contains(others, "number"):
			both = append(both, t)
		case t == "number" && slices.Contains(others, "integer"):
			both = append(both, "integer")
		}
	}
	switch len(both) {
	case 0: // they contradict each other, and the first one's are kept
	case 1:
		m.set("type", both[0])
	default:
		m.set("type", both)
	}
	return true
}
