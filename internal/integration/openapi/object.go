package openapi

import (
	"bytes"
	"encoding/json"
	"slices"

	"sluice/internal/integration"
)

// object is a JSON object whose members keep their order: what is written is read by people, and equal documents make equal bytes. A member is nil, a bool, a
// json.Number, a string, a []any or an *object.
type object struct {
	names  []string
	values map[string]any
	// hidden are the properties of a schema that only the other side of the exchange has: what it is merged with loses them too, and cannot require them.
	hidden []string
}

func newObject(pairs ...any) *object {
	o := &object{values: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (o *object) get(name string) any {
	if o == nil {
		return nil
	}
	return o.values[name]
}

func (o *object) has(name string) bool {
	if o == nil {
		return false
	}
	_, ok := o.values[name]
	return ok
}

// keys are the members' names, none where there is no object.
func (o *object) keys() []string {
	if o == nil {
		return nil
	}
	return o.names
}

func (o *object) set(name string, value any) {
	if _, ok := o.values[name]; !ok {
		o.names = append(o.names, name)
	}
	o.values[name] = value
}

func (o *object) drop(names ...string) {
	for _, name := range names {
		if _, ok := o.values[name]; ok {
			delete(o.values, name)
			o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
		}
	}
}

// hide takes properties out of a schema, and out of what it requires.
func (o *object) hide(names []string) {
	if len(names) == 0 {
		return
	}
	o.hidden = slices.Clip(o.hidden)
	for _, name := range names {
		if !slices.Contains(o.hidden, name) {
			o.hidden = append(o.hidden, name)
		}
	}
	o.release(names)
	if properties := o.object("properties"); properties != nil && slices.ContainsFunc(names, properties.has) {
		properties = properties.clone()
		properties.drop(names...)
		o.set("properties", properties)
	}
}

// release takes properties out of what a schema requires.
func (o *object) release(names []string) {
	required := slices.DeleteFunc(slices.Clone(o.list("required")), func(name any) bool { return slices.Contains(names, name.(string)) })
	if o.set("required", required); len(required) == 0 {
		o.drop("required")
	}
}

// text, object and list are a member of that kind, or the kind's zero value.
func (o *object) text(name string) string {
	s, _ := o.get(name).(string)
	return s
}

func (o *object) object(name string) *object {
	v, _ := o.get(name).(*object)
	return v
}

func (o *object) list(name string) []any {
	v, _ := o.get(name).([]any)
	return v
}

// texts are the texts in a list.
func (o *object) texts(name string) []string {
	var all []string
	for _, v := range o.list(name) {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func (o *object) clone() *object {
	c := &object{names: slices.Clone(o.names), values: make(map[string]any, len(o.values)), hidden: o.hidden}
	for name, value := range o.values {
		c.values[name] = value
	}
	return c
}

// MarshalJSON keeps the order of the members.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	appendJSON(&b, o)
	return b.Bytes(), nil
}

func appendJSON(b *bytes.Buffer, value any) {
	switch v := value.(type) {
	case *object:
		b.WriteByte('{')
		for i, name := range v.names {
			if i > 0 {
				b.WriteByte(',')
			}
			appendText(b, name)
			b.WriteByte(':')
			appendJSON(b, v.values[name])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			appendJSON(b, item)
		}
		b.WriteByte(']')
	case string:
		appendText(b, v)
	case json.Number:
		b.WriteString(v.String())
	case bool:
		if v {
			b.WriteString("true")
		} else {
			b.WriteString("false")
		}
	default:
		b.WriteString("null")
	}
}

func appendText(b *bytes.Buffer, s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			e := json.NewEncoder(b)
			e.SetEscapeHTML(false)
			e.Encode(s)             // a text cannot fail
			b.Truncate(b.Len() - 1) // the encoder's line break
			return
		}
	}
	b.WriteByte('"')
	b.WriteString(s)
	b.WriteByte('"')
}

// raw is a value as compact JSON.
func raw(value any) json.RawMessage {
	var b bytes.Buffer
	appendJSON(&b, value)
	return b.Bytes()
}

// equal compares values, the order of members with them.
func equal(a, b any) bool {
	switch x := a.(type) {
	case *object:
		y, ok := b.(*object)
		if !ok || x == y {
			return ok
		}
		if !slices.Equal(x.names, y.names) {
			return false
		}
		for _, name := range x.names {
			if !equal(x.values[name], y.values[name]) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, equal)
	}
	switch b.(type) {
	case *object, []any:
		return false
	}
	return a == b
}

// plain is a value of a document as one of ours.
func plain(v integration.Value) any {
	switch {
	case v.IsObject():
		o := newObject()
		for name, member := range v.Members() {
			o.set(name, plain(member))
		}
		return o
	case v.IsList():
		items := []any{}
		for item := range v.Items() {
			items = append(items, plain(item))
		}
		return items
	case v.IsText():
		return v.Text()
	case v.IsNumber():
		return json.Number(v.Scalar())
	case v.IsBoolean():
		return v.IsTrue()
	}
	return nil
}
