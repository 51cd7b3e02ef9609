package customfield

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// filters checks a list of conditions.
func (c *Check) filters(at string, array []byte) []byte {
	out := []byte{'['}
	i := 0
	for it := jsonscan.Elements(array); it.Next(); i++ {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, c.filter(fmt.Sprintf("%s[%d]", at, i), it.Value())...)
	}
	return append(out, ']')
}

// filter checks one condition: which field, and whether its value is one that the field can have.
func (c *Check) filter(at string, condition []byte) []byte {
	shape := c.Source.Filters
	if jsonscan.KindOf(condition) != jsonscan.Object {
		return condition
	}
	nameAt, _ := jsonscan.Find(condition, shape.Field)
	if jsonscan.KindOf(nameAt) != jsonscan.String {
		return condition
	}
	name := unquote(nameAt)
	f := &Field{}
	if c.own(name) {
		f.Key = name
		if strings.HasSuffix(name, "_at") {
			f.kind = dateTime
		}
	} else {
		var why string
		if f, why = c.Set.Resolve(name); f == nil {
			c.fault(at+"."+shape.Field, "%q %s", name, why)
			return condition
		}
	}
	operator, _ := jsonscan.Find(condition, shape.Operator)
	var w jsonscan.ObjectBuilder
	for it := jsonscan.Members(condition); it.Next(); {
		value := it.Value()
		switch {
		case jsonscan.NameIs(it.Name(), shape.Field):
			value = jsonscan.AppendQuote(nil, f.Key)
		case jsonscan.NameIs(it.Name(), shape.Value):
			value = c.operand(at+"."+shape.Value, f, unquote(operator), value)
		}
		w.Add(it.Name(), value)
	}
	return w.Bytes()
}

// operand checks what a field is compared to. A piece of text is not checked, nor is what stands beside an operator that needs nothing.
func (c *Check) operand(at string, f *Field, operator string, value []byte) []byte {
	shape := c.Source.Filters
	switch kind := jsonscan.KindOf(value); {
	case kind == jsonscan.Null, slices.Contains(shape.Bare, operator), slices.Contains(shape.Texts, operator):
		return value
	case slices.Contains(shape.Lists, operator):
		if kind != jsonscan.Array {
			c.fault(at, "must be a list with %s", operator)
			return value
		}
		out := []byte{'['}
		i := 0
		for it := jsonscan.Elements(value); it.Next(); i++ {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, c.single(fmt.Sprintf("%s[%d]", at, i), f, it.Value())...)
		}
		return append(out, ']')
	}
	return c.single(at, f, value)
}

func (c *Check) single(at string, f *Field, value []byte) []byte {
	value = c.moment(at, f, value)
	if f.item == nil || f.kind == dateTime { // a date is a good bound for a moment
		return value
	}
	mended, faults := f.item.Check(at, value)
	for i := range faults {
		if f.kind != noTime && jsonscan.KindOf(value) == jsonscan.String {
			faults[i].Message += "; " + toolset.SayToday(unquote(value), c.Now)
		}
	}
	c.Faults = append(c.Faults, faults...)
	return mended
}

// moment puts a time that is said relative to now in the field's own way of telling time, and notes what was understood. Days begin at midnight UTC.
func (c *Check) moment(at string, f *Field, value []byte) []byte {
	if f.kind == noTime || jsonscan.KindOf(value) != jsonscan.String {
		return value
	}
	said := unquote(value)
	t, ok := toolset.Moment(said, c.Now)
	if !ok {
		return value
	}
	text := t.Format(time.DateOnly)
	if f.kind == dateTime {
		text = t.Format(time.RFC3339)
	}
	c.Notes = append(c.Notes, fmt.Sprintf("%s: %q was taken as %s.", at, said, text))
	return jsonscan.AppendQuote(nil, text)
}
