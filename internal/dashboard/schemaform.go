package dashboard

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
	"sluice/internal/page"
)

// entry is one argument of a tool as a field of a form, made of its JSON Schema.
type entry struct {
	Argument string // its own name
	Name     string // of the form's field: a/values/cf_amount
	Label    string
	Help     string
	Kind     kind
	Required bool
	Options  []page.Option // choice: their values are JSON
	Below    []*entry      // group
	Input    []string      // attributes of the input
	number   bool          // of lines: each is a number
}

// kind is how an argument is entered.
type kind string

const (
	textKind   kind = "text"
	areaKind   kind = "area"
	numberKind kind = "number"
	yesNoKind  kind = "yesno"
	choiceKind kind = "choice"
	boxesKind  kind = "boxes"
	linesKind  kind = "lines" // a list of texts or numbers, one a line
	groupKind  kind = "group"
	jsonKind   kind = "json" // anything else, as JSON
)

// schema is what a form needs to know of a JSON Schema.
type schema struct {
	Title       string            `json:"title"`
	Type        json.RawMessage   `json:"type"`
	Enum        []json.RawMessage `json:"enum"`
	Description string            `json:"description"`
	Format      string            `json:"format"`
	Default     json.RawMessage   `json:"default"`
	Items       *schema           `json:"items"`
	Properties  json.RawMessage   `json:"properties"`
	Required    []string          `json:"required"`
}

// mainType is a schema's type, that beside null where there are two; "" where it may be several things.
func (s *schema) mainType() string {
	var one string
	if json.Unmarshal(s.Type, &one) == nil {
		return one
	}
	var several []string
	json.Unmarshal(s.Type, &several)
	several = slices.DeleteFunc(several, func(t string) bool { return t == "null" })
	if len(several) == 1 {
		return several[0]
	}
	return ""
}

// deepest is how far a form follows a schema; what lies below is entered as JSON.
const deepest = 3

// formOf makes the fields for a tool's arguments.
func formOf(inputSchema []byte) []*entry {
	var s schema
	if json.Unmarshal(inputSchema, &s) != nil {
		return nil
	}
	return entries(&s, "a/", 0)
}

// entries are the fields of an object's members, in the schema's order.
func entries(s *schema, prefix string, depth int) []*entry {
	var all []*entry
	if jsonscan.KindOf(s.Properties) != jsonscan.Object {
		return nil
	}
	for it := jsonscan.Members(s.Properties); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name())
		var below schema
		if json.Unmarshal(it.Value(), &below) != nil {
			continue
		}
		all = append(all, entryOf(string(name), &below, prefix, slices.Contains(s.Required, string(name)), depth))
	}
	return all
}

// longTexts are names of arguments that people write more than a line into.
var longTexts = []string{"description", "body", "text", "content", "note", "message", "comment", "file_text"}

func entryOf(name string, s *schema, prefix string, required bool, depth int) *entry {
	e := &entry{Argument: name, Name: prefix + name, Label: name, Help: s.Description, Required: required, Kind: jsonKind}
	if s.Title != "" {
		e.Label = s.Title + " (" + name + ")"
	}
	switch kind := s.mainType(); {
	case len(s.Enum) > 0:
		e.Kind = choiceKind
		e.Options = append([]page.Option{{Value: "", Label: "–"}}, optionsOf(s.Enum)...)
	case kind == "string":
		e.Kind = textKind
		switch {
		case slices.Contains(longTexts, name):
			e.Kind, e.Input = areaKind, []string{"rows=3"}
		case s.Format == "date":
			e.Input = []string{"placeholder=2027-01-31"}
		case s.Format == "date-time":
			e.Input = []string{"placeholder=2027-01-31T18:00:00Z"}
		case s.Format == "email":
			e.Input = []string{"inputmode=email"}
		}
	case kind == "integer", kind == "number":
		e.Kind, e.Input = numberKind, []string{"inputmode=decimal"}
	case kind == "boolean":
		e.Kind, e.Options = yesNoKind, []page.Option{{Value: "", Label: "–"}, {Value: "true", Label: "yes"}, {Value: "false", Label: "no"}}
	case kind == "array" && s.Items != nil && len(s.Items.Enum) > 0:
		e.Kind, e.Options = boxesKind, optionsOf(s.Items.Enum)
	case kind == "array" && s.Items != nil && slices.Contains([]string{"string", "integer", "number"}, s.Items.mainType()):
		e.Kind, e.number, e.Input = linesKind, s.Items.mainType() != "string", []string{"rows=2", "spellcheck=false"}
		e.Help = strings.TrimSpace(sentence(e.Help) + " One a line.")
	case kind == "object" && depth < deepest && jsonscan.KindOf(s.Properties) == jsonscan.Object:
		if e.Below = entries(s, e.Name+"/", depth+1); len(e.Below) > 0 {
			e.Kind = groupKind
		}
	}
	if e.Kind == jsonKind {
		e.Input = []string{"rows=3", "spellcheck=false", "data-mono", "placeholder=JSON"}
		if s.mainType() == "array" {
			e.Input[3] = "placeholder=[…]"
		} else if s.mainType() == "object" {
			e.Input[3] = "placeholder={…}"
		}
	}
	return e
}

// Attributes are what the field's input is given.
func (e *entry) Attributes() []string {
	all := append([]string{"help=" + e.Help, "autocomplete=off"}, e.Input...)
	return all
}

// star is the field's label, marked where it must be given. The browser is not told: a call with an argument missing is there to be seen refused.
func (e *entry) star() string {
	if e.Required {
		return e.Label + " *"
	}
	return e.Label
}

func optionsOf(values []json.RawMessage) []page.Option {
	options := make([]page.Option, len(values))
	for i, v := range values {
		options[i] = page.Option{Value: string(v), Label: plainText(v)}
	}
	return options
}

// plainText is a JSON text without its quotes, and any other value as it is.
func plainText(v json.RawMessage) string {
	var text string
	if json.Unmarshal(v, &text) == nil && len(v) > 0 && v[0] == '"' {
		return text
	}
	return string(v)
}

// argumentsOf makes a tool's arguments of what was entered. What is left empty is not given. A value that cannot be of its type goes as a text, so that the
// call itself says what is wrong with it.
func argumentsOf(entries []*entry, form *page.Form) []byte {
	object, _ := objectOf(entries, form)
	return object
}

func objectOf(entries []*entry, form *page.Form) (object []byte, given bool) {
	object = []byte{'{'}
	for _, e := range entries {
		value := e.value(form)
		if value == nil {
			continue
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(append(jsonscan.AppendQuote(object, e.Argument), ':'), value...)
		given = true
	}
	return append(object, '}'), given
}

// value is what was entered as JSON, nil where nothing was.
func (e *entry) value(form *page.Form) []byte {
	text := form.Get(e.Name)
	switch e.Kind {
	case groupKind:
		if object, given := objectOf(e.Below, form); given || e.Required {
			return object
		}
		return nil
	case boxesKind:
		if chosen := form.All(e.Name); len(chosen) > 0 {
			return []byte("[" + strings.Join(slices.DeleteFunc(slices.Clone(chosen), func(v string) bool { return !json.Valid([]byte(v)) }), ",") + "]")
		}
		return nil
	case linesKind:
		var list []byte
		for l := range strings.Lines(text) {
			if l = strings.TrimSpace(l); l != "" {
				list = append(append(list, ','), scalar(l, e.number)...)
			}
		}
		if list == nil {
			return nil
		}
		list[0] = '['
		return append(list, ']')
	}
	if text == "" {
		return nil
	}
	switch e.Kind {
	case textKind, areaKind:
		return jsonscan.AppendQuote(nil, strings.ReplaceAll(text, "\r\n", "\n"))
	case numberKind:
		return scalar(strings.TrimSpace(text), true)
	}
	if json.Valid([]byte(text)) {
		return compact([]byte(text))
	}
	return jsonscan.AppendQuote(nil, text)
}

// scalar is a number as it is written, and anything else as a text.
func scalar(text string, number bool) []byte {
	if number && json.Valid([]byte(text)) && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') {
		return []byte(text)
	}
	return jsonscan.AppendQuote(nil, text)
}

func compact(b []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return b
	}
	return out.Bytes()
}

// fillIn writes arguments into a form's fields. It reports false where they have something that the form has no place for.
func fillIn(entries []*entry, arguments []byte, form *page.Form) (whole bool) {
	if jsonscan.KindOf(arguments) != jsonscan.Object || !json.Valid(arguments) {
		return false
	}
	whole = true
	for it := jsonscan.Members(arguments); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name())
		i := slices.IndexFunc(entries, func(e *entry) bool { return e.Argument == string(name) })
		if i < 0 {
			whole = false
			continue
		}
		e, value := entries[i], json.RawMessage(it.Value())
		switch e.Kind {
		case groupKind:
			whole = fillIn(e.Below, value, form) && whole
			continue
		case boxesKind, linesKind:
			if jsonscan.KindOf(value) != jsonscan.Array {
				whole = false
				continue
			}
			var list []string
			for below := jsonscan.Elements(value); below.Next(); {
				if e.Kind == boxesKind {
					list = append(list, string(below.Value()))
				} else {
					list = append(list, plainText(below.Value()))
				}
			}
			if e.Kind == linesKind {
				list = []string{strings.Join(list, "\n")}
			}
			form.Values[e.Name] = list
			continue
		case choiceKind, yesNoKind:
			form.Values.Set(e.Name, string(compact(value)))
			continue
		case jsonKind:
			form.Values.Set(e.Name, pretty(value))
			continue
		}
		form.Values.Set(e.Name, plainText(value))
	}
	return whole
}
