// Package customfield knows the fields that a vendor's users made up: it reads them as a definition says they are told (integration.FieldList),
// finds the one that a caller means by its key or its label, checks and rewrites values, changes and conditions that speak of them,
// and shows them as a JSON Schema. Nothing is guessed: what could mean two fields is refused with both named.
//
// It imports integration, toolset (to check values) and jsonscan. A vendor's answer enters by Read; arguments enter and leave as bytes.
package customfield

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// Field is one custom field.
type Field struct {
	Key      string // what the vendor calls it
	Label    string // what people call it
	Type     string // the vendor's word
	Required bool
	Options  []string
	Schema   json.RawMessage // of one value

	value *toolset.Schema // checks one value
	item  *toolset.Schema // checks one of its items, where it is a list
	kind  temporal
}

// temporal says how a field tells time, if it does.
type temporal int

const (
	noTime temporal = iota
	date
	dateTime
)

// Set is the custom fields of one object, as they were read at one moment. Nothing in it changes.
type Set struct {
	Fields []*Field
	byKey  map[string]*Field
	labels map[string][]*Field // folded label → the fields that have it
}

// Read reads a vendor's answer.
func Read(list *integration.FieldList, answer []byte) (*Set, error) {
	items, ok := jsonscan.Find(answer, list.Items)
	if !ok || jsonscan.KindOf(items) != jsonscan.Array {
		return nil, fmt.Errorf("the answer has no list of custom fields at %q", list.Items)
	}
	s := &Set{byKey: map[string]*Field{}, labels: map[string][]*Field{}}
	for it := jsonscan.Elements(items); it.Next(); {
		f, err := readField(list, it.Value())
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, f)
		s.byKey[f.Key] = f
		if f.Label != "" {
			s.labels[fold(f.Label)] = append(s.labels[fold(f.Label)], f)
		}
	}
	return s, nil
}

func readField(list *integration.FieldList, field []byte) (*Field, error) {
	text := func(path string) string {
		value, ok := jsonscan.Find(field, path)
		if path == "" || !ok || jsonscan.KindOf(value) != jsonscan.String {
			return ""
		}
		b, _ := jsonscan.Unquote(value)
		return string(b)
	}
	f := &Field{Key: text(list.Key), Label: text(list.Label), Type: text(list.Type)}
	if f.Key == "" {
		return nil, fmt.Errorf("a custom field has no key at %q", list.Key)
	}
	if required, ok := jsonscan.Find(field, list.Required); ok && list.Required != "" {
		f.Required = jsonscan.KindOf(required) == jsonscan.True
	}
	if options, ok := jsonscan.Find(field, list.Options); ok && list.Options != "" && jsonscan.KindOf(options) == jsonscan.Array {
		json.Unmarshal(options, &f.Options) // options that are no texts cannot be checked
	}
	schema := map[string]any{}
	if base, ok := list.Types[f.Type]; ok {
		if err := json.Unmarshal(base, &schema); err != nil {
			return nil, fmt.Errorf("the schema of the type %s: %w", f.Type, err)
		}
	}
	if description := text(list.Description); description != "" {
		if of, ok := schema["description"].(string); ok {
			description += " (" + of + ")"
		}
		schema["description"] = description
	}
	item, isList := schema["items"].(map[string]any)
	if len(f.Options) > 0 {
		if isList {
			item["enum"] = f.Options
		} else {
			schema["enum"] = f.Options
		}
	}
	switch schema["format"] {
	case "date":
		f.kind = date
	case "date-time":
		f.kind = dateTime
	}
	var err error
	if f.Schema, err = marshal(schema); err != nil {
		return nil, err
	}
	if f.value, err = toolset.CompileSchema(f.Schema); err != nil {
		return nil, fmt.Errorf("the schema of the type %s: %w", f.Type, err)
	}
	f.item = f.value
	if isList {
		one, err := marshal(item)
		if err != nil {
			return nil, err
		}
		if f.item, err = toolset.CompileSchema(one); err != nil {
			return nil, fmt.Errorf("the schema of the type %s: %w", f.Type, err)
		}
	}
	return f, nil
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// fold makes labels comparable: case and white space do not tell two apart for people.
func fold(label string) string { return strings.ToLower(strings.Join(strings.Fields(label), " ")) }

// Resolve finds the field that a name means. A key is always itself, also where it is spelled like another field's label.
func (s *Set) Resolve(name string) (*Field, string) {
	if f, ok := s.byKey[name]; ok {
		return f, ""
	}
	switch found := s.labels[fold(name)]; len(found) {
	case 1:
		return found[0], ""
	case 0:
		names := make([]string, 0, len(s.Fields))
		for _, f := range s.Fields {
			names = append(names, f.named())
		}
		return nil, "is no custom field here: " + s.offer(name, names)
	default:
		keys := make([]string, len(found))
		for i, f := range found {
			keys[i] = f.Key
		}
		return nil, fmt.Sprintf("is the label of %d fields, %s: give the key of the one that is meant", len(found), strings.Join(keys, " and "))
	}
}

// offer names what is most like a wrong name, by key or label.
func (s *Set) offer(wrong string, all []string) string {
	var names []string
	for _, f := range s.Fields {
		names = append(names, f.Key, f.Label)
	}
	if near := toolset.Nearest(wrong, names); strings.HasPrefix(near, "did you mean") {
		return near
	}
	return toolset.Nearest("", all)
}

func (f *Field) named() string {
	if f.Label == "" {
		return f.Key
	}
	return f.Key + " (" + f.Label + ")"
}

// JSONSchema is the schema of an object of values, with labels as titles.
func (s *Set) JSONSchema() []byte {
	properties := &bytes.Buffer{}
	required := []string{}
	for i, f := range s.Fields {
		if i > 0 {
			properties.WriteByte(',')
		}
		properties.Write(jsonscan.AppendQuote(nil, f.Key))
		properties.WriteString(`:{`)
		if f.Label != "" {
			properties.Write(jsonscan.AppendQuote([]byte(`"title":`), f.Label))
		}
		if inner := bytes.TrimSpace(f.Schema[1 : len(f.Schema)-1]); len(inner) > 0 {
			if f.Label != "" {
				properties.WriteByte(',')
			}
			properties.Write(inner)
		}
		properties.WriteByte('}')
		if f.Required {
			required = append(required, f.Key)
		}
	}
	list, _ := json.Marshal(required)
	return fmt.Appendf(nil, `{"type":"object","properties":{%s},"required":%s,"additionalProperties":false}`, properties, list)
}

// Equal reports whether two sets say the same of the same fields.
func (s *Set) Equal(other *Set) bool {
	return slices.EqualFunc(s.Fields, other.Fields, func(a, b *Field) bool {
		return a.Key == b.Key && a.Label == b.Label && a.Required == b.Required && bytes.Equal(a.Schema, b.Schema)
	})
}

// Mode says what values are for.
type Mode int

const (
	Create Mode = iota // all required fields have to be there
	Change             // only what is given counts
)

// Check is one pass over arguments.
type Check struct {
	Set    *Set
	Source *integration.FieldSource
	Own    func(name string) bool // members of the resource itself that changes and filters may name: name, created_at
	Mode   Mode
	Now    time.Time

	Faults []toolset.Fault
	Notes  []string // what was understood that the caller should see
}

// Rewrite checks every argument that speaks of custom fields and answers the arguments with keys for labels, values mended, and dates for what
// was said relative to today. What is wrong is in c.Faults.
func (c *Check) Rewrite(arguments []byte) []byte {
	var w jsonscan.ObjectBuilder
	for it := jsonscan.Members(arguments); it.Next(); {
		value := it.Value()
		switch name := unquote(it.Name()); {
		case name == c.Source.At && jsonscan.KindOf(value) == jsonscan.Object:
			value = c.values(name, value, c.Mode == Create, false)
		case c.Source.Changes != "" && name == c.Source.Changes && jsonscan.KindOf(value) == jsonscan.Object:
			value = c.values(name, value, false, true)
		case c.Source.Keys != "" && name == c.Source.Keys && jsonscan.KindOf(value) == jsonscan.Array:
			value = c.keys(name, value)
		case c.Source.Keys != "" && name == c.Source.Keys:
			value = c.key(name, value)
		case c.Source.Mapping != "" && name == c.Source.Mapping && jsonscan.KindOf(value) == jsonscan.Object:
			value = c.mapping(name, value)
		case c.Source.Filters != nil && name == c.Source.Filters.Argument && jsonscan.KindOf(value) == jsonscan.Array:
			value = c.filters(name, value)
		}
		w.Add(it.Name(), value)
	}
	return w.Bytes()
}

// Concerns reports whether any argument speaks of custom fields, so that they have to be known.
func Concerns(source *integration.FieldSource, arguments []byte) bool {
	names := [...]string{source.At, source.Changes, source.Keys, source.Mapping, ""}
	if source.Filters != nil {
		names[len(names)-1] = source.Filters.Argument
	}
	for it := jsonscan.Members(arguments); it.Next(); {
		for _, name := range names {
			if name != "" && jsonscan.NameIs(it.Name(), name) {
				return true
			}
		}
	}
	return false
}

func (c *Check) fault(argument, format string, args ...any) {
	c.Faults = append(c.Faults, toolset.Fault{Argument: argument, Message: fmt.Sprintf(format, args...)})
}

// values checks an object of values by field.
func (c *Check) values(at string, object []byte, complete, ownToo bool) []byte {
	var w jsonscan.ObjectBuilder
	given := map[string]string{}
	for it := jsonscan.Members(object); it.Next(); {
		name := unquote(it.Name())
		if ownToo && c.own(name) {
			w.Add(it.Name(), it.Value())
			continue
		}
		f, why := c.Set.Resolve(name)
		if f == nil {
			c.fault(at+"."+name, "%s", why)
			continue
		}
		if other, twice := given[f.Key]; twice {
			c.fault(at+"."+name, "is the same field as %s: give it once", other)
			continue
		}
		given[f.Key] = name
		w.Add(jsonscan.AppendQuote(nil, f.Key), c.value(at+"."+name, f, it.Value()))
	}
	if complete {
		for _, f := range c.Set.Fields {
			if _, ok := given[f.Key]; f.Required && !ok {
				c.fault(at+"."+f.Key, "is required%s%s", labelled(f), optionsOf(f))
			}
		}
	}
	return w.Bytes()
}

// value checks one value of a field.
func (c *Check) value(at string, f *Field, value []byte) []byte {
	if jsonscan.KindOf(value) == jsonscan.Null {
		if f.Required {
			c.fault(at, "is required and cannot be emptied")
		}
		return value
	}
	value = c.moment(at, f, value)
	mended, faults := f.value.Check(at, value)
	c.Faults = append(c.Faults, faults...)
	return mended
}

func (c *Check) own(name string) bool { return c.Own != nil && c.Own(name) && c.Set.byKey[name] == nil }

// keys resolves a list of fields.
func (c *Check) keys(at string, array []byte) []byte {
	out := []byte{'['}
	i := 0
	for it := jsonscan.Elements(array); it.Next(); i++ {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, c.key(fmt.Sprintf("%s[%d]", at, i), it.Value())...)
	}
	return append(out, ']')
}

// mapping resolves the values of an object.
func (c *Check) mapping(at string, object []byte) []byte {
	var w jsonscan.ObjectBuilder
	for it := jsonscan.Members(object); it.Next(); {
		w.Add(it.Name(), c.key(at+"."+unquote(it.Name()), it.Value()))
	}
	return w.Bytes()
}

// key resolves one name that stands as a value.
func (c *Check) key(at string, value []byte) []byte {
	if jsonscan.KindOf(value) != jsonscan.String {
		return value
	}
	name := unquote(value)
	if c.own(name) {
		return value
	}
	f, why := c.Set.Resolve(name)
	if f == nil {
		c.fault(at, "names %q, which %s", name, why)
		return value
	}
	return jsonscan.AppendQuote(nil, f.Key)
}

func labelled(f *Field) string {
	if f.Label == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", f.Label)
}

func optionsOf(f *Field) string {
	if len(f.Options) == 0 {
		return ""
	}
	return ": one of " + strings.Join(f.Options, ", ")
}

func unquote(raw []byte) string {
	b, _ := jsonscan.Unquote(raw)
	return string(b)
}
