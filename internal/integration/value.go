package integration

import (
	"encoding/json"
	"iter"
)

// Value is one value of a document that is no definition, read by the rules that definitions are read by: YAML 1.2 or JSON, UTF-8, aliases written out, scalars
// by the core schema (no, on and yes are texts, and so is a date), numbers with every digit, members in the order of the document. The zero Value is what is
// not there. Values are equal (==) where they are the same place of the document.
type Value struct{ n *node }

// Limits bound what reading a document may cost.
type Limits struct {
	Bytes  int // of the document
	Values int // aliases written out
	Depth  int
	// Merge takes YAML 1.1's merge keys (<<), as many published documents have them, for what they mean; members that are written out win.
	Merge bool
}

// ReadValue reads a document. file names it in the faults. What can be read in spite of faults is returned beside them; the zero Value means that nothing can.
func ReadValue(file string, data []byte, limits Limits) (Value, Faults) {
	root, faults := parseTreeWithin(file, data, limits)
	return Value{root}, faults
}

// Exists reports whether there is a value, null too.
func (v Value) Exists() bool { return v.n != nil }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.n != nil && v.n.kind == null }

// IsObject reports whether the value has members.
func (v Value) IsObject() bool { return v.n != nil && v.n.kind == object }

// IsList reports whether the value has items.
func (v Value) IsList() bool { return v.n != nil && v.n.kind == list }

// IsNumber reports whether the value is a number.
func (v Value) IsNumber() bool { return v.n != nil && v.n.kind == number }

// IsText reports whether the value is a text.
func (v Value) IsText() bool { return v.n != nil && v.n.kind == text }

// IsTrue reports whether the value is true.
func (v Value) IsTrue() bool { return v.n != nil && v.n.kind == boolean && v.n.text == "true" }

// IsBoolean reports whether the value is true or false.
func (v Value) IsBoolean() bool { return v.n != nil && v.n.kind == boolean }

// Text is a text's content; "" for every other kind.
func (v Value) Text() string {
	if v.IsText() {
		return v.n.text
	}
	return ""
}

// Scalar is what a text, a number or a truth value says; "" for every other kind.
func (v Value) Scalar() string {
	if v.n == nil {
		return ""
	}
	return v.n.text
}

// Spelled is Scalar as the document spells it: 007, where Scalar is 7, and True.
func (v Value) Spelled() string {
	if v.n != nil && v.n.spelled != "" {
		return v.n.spelled
	}
	return v.Scalar()
}

// Get is an object's member of that name.
func (v Value) Get(name string) Value { return Value{v.n.get(name)} }

// Members are an object's members in the order of the document.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if !v.IsObject() {
			return
		}
		for _, m := range v.n.members {
			if !yield(m.key, Value{m.value}) {
				return
			}
		}
	}
}

// Items are a list's items.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !v.IsList() {
			return
		}
		for _, item := range v.n.items {
			if !yield(Value{item}) {
				return
			}
		}
	}
}

// Len is how many members or items there are.
func (v Value) Len() int {
	if v.n == nil {
		return 0
	}
	return len(v.n.members) + len(v.n.items)
}

// Find is the value at a JSON pointer (RFC 6901).
func (v Value) Find(pointer string) Value {
	if v.n == nil || pointer != "" && pointer[0] != '/' {
		return Value{}
	}
	return Value{find(v.n, pointer)}
}

// Line is the line of the document that the value stands in.
func (v Value) Line() int {
	if v.n == nil {
		return 0
	}
	return v.n.line
}

// JSON is the value as compact JSON.
func (v Value) JSON() json.RawMessage {
	if v.n == nil {
		return nil
	}
	return v.n.raw()
}
