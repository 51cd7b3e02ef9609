package customfield

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// Column is where a table's column goes: to a custom field, or to a member of the resource itself.
type Column struct {
	Index int
	Key   string
	field *Field // nil: an own member
}

// Columns reads a mapping of column titles to fields. What does not fit is in c.Faults: a title that the table has not, a field that is none, what is
// required and comes from no column.
func (c *Check) Columns(at string, mapping []byte, titles []string) (columns []Column) {
	taken := map[string]string{}
	for it := jsonscan.Members(mapping); it.Next(); {
		title := unquote(it.Name())
		index := slices.IndexFunc(titles, func(t string) bool { return fold(t) == fold(title) })
		if index < 0 {
			c.fault(at+"."+title, "is no column of the file: %s", toolset.Nearest(title, titles))
			continue
		}
		column := Column{Index: index, Key: unquote(it.Value())}
		if !c.own(column.Key) {
			f, why := c.Set.Resolve(column.Key)
			if f == nil {
				c.fault(at+"."+title, "names %q, which %s", column.Key, why)
				continue
			}
			column.Key, column.field = f.Key, f
		}
		if other, twice := taken[column.Key]; twice {
			c.fault(at+"."+title, "goes to %s, where %s goes too", column.Key, other)
			continue
		}
		taken[column.Key] = title
		columns = append(columns, column)
	}
	for _, f := range c.Set.Fields {
		if _, ok := taken[f.Key]; f.Required && !ok {
			c.fault(at, "gives no column for %s%s, which is required", f.Key, labelled(f))
		}
	}
	return columns
}

// Cell checks one cell of a column, and says what is wrong with it, "" for nothing. A list is not taken apart: vendors differ in how they write one.
func (column *Column) Cell(cell string) string {
	f := column.field
	if f == nil {
		return ""
	}
	if cell == "" {
		if f.Required {
			return "is required"
		}
		return ""
	}
	if f.item != f.value {
		return ""
	}
	_, faults := f.value.Check(column.Key, jsonscan.AppendQuote(nil, cell))
	words := make([]string, len(faults))
	for i, fault := range faults {
		words[i] = fault.Message
	}
	return strings.Join(words, "; ")
}

// Name is the column's field for people.
func (column *Column) Name() string {
	if column.field == nil || column.field.Label == "" {
		return column.Key
	}
	return fmt.Sprintf("%s (%s)", column.Key, column.field.Label)
}
