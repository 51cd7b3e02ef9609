package octapipe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// kind says how a column's values compare.
type kind int

const (
	kindText kind = iota
	kindNumber
	kindBool
	kindDate     // YYYY-MM-DD
	kindDatetime // RFC 3339 text
	kindStamp    // Unix milliseconds
	kindList     // a JSON array of texts
)

// column is a place that filters can name, as SQL.
type column struct {
	expr string
	kind kind
	each string // lists: a table of the elements
}

// columns are what a resource can be filtered by, under the names that callers know.
type columns map[string]column

var stamps = columns{
	"created_at": {expr: "created_at", kind: kindStamp},
	"updated_at": {expr: "updated_at", kind: kindStamp},
}

func (known columns) and(more columns) columns {
	all := columns{}
	for name, column := range known {
		all[name] = column
	}
	for name, column := range more {
		all[name] = column
	}
	return all
}

func textColumn(expr string) column { return column{expr: expr} }

// filter is one condition; those of a list must all hold [A].
type filter struct {
	Field    string          `json:"field"`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value"`
}

var comparisons = map[string]string{"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

var operators = []string{"eq", "neq", "contains", "not_contains", "gt", "gte", "lt", "lte", "in", "not_in", "is_empty", "is_not_empty"}

const (
	mostFilters = 50
	mostChoices = 500
)

// parseFilters reads a list of filters; what is wrong in its form is added to faults.
func parseFilters(f *faults, raw json.RawMessage) []filter {
	if holdsNUL(raw) {
		f.add("filters", "The filters field must not contain a NUL character.")
		return nil
	}
	var list []filter
	if err := json.Unmarshal(raw, &list); err != nil {
		f.add("filters", `The filters field must be a list of {"field","operator","value"}.`)
		return nil
	}
	if len(list) > mostFilters {
		f.add("filters", "The filters field must not have more than %d items.", mostFilters)
		return nil
	}
	return list
}

// queryFilters narrows a list by the filters in the query, if there are any.
func (c *call) queryFilters(l *listing, known columns) error {
	raw := c.r.URL.Query().Get("filters")
	if raw == "" {
		return nil
	}
	var f faults
	l.narrow(&f, parseFilters(&f, json.RawMessage(raw)), known)
	return f.err()
}

// bodyFilters narrows by the filters of a bulk call or an export. A bulk call must have some: an empty list is never "all" [S].
func (c *call) bodyFilters(l *listing, known columns, required bool) {
	f := &c.in.faults
	if !c.in.given("filters") {
		if required {
			c.in.missing("filters")
		}
		return
	}
	list := parseFilters(f, c.in.members["filters"])
	if required && len(list) == 0 && f.reasons["filters"] == nil {
		f.add("filters", "The filters field must have at least 1 item.")
	}
	l.narrow(f, list, known)
}

// narrow adds each filter as a condition.
func (l *listing) narrow(f *faults, list []filter, known columns) {
	for i, one := range list {
		at := position("filters", i)
		column, found := known[one.Field]
		switch {
		case one.Field == "":
			f.add(at+".field", "The field field is required.")
		case !found:
			f.add(at+".field", "The field %s does not exist. Fields: %s.", one.Field, strings.Join(sortedKeys(known), ", "))
		case !slices.Contains(operators, one.Operator):
			f.add(at+".operator", "The selected operator is invalid: it must be one of %s.", strings.Join(operators, ", "))
		default:
			condition, args, reason := column.condition(one)
			if reason != "" {
				f.add(at+".value", "%s", reason)
				continue
			}
			l.and(condition, args...)
		}
	}
}

// condition writes one filter as SQL, or says why it cannot. What is empty is never greater or less than anything, and differs from
// everything.
func (col column) condition(f filter) (condition string, args []any, reason string) {
	switch f.Operator {
	case "is_empty":
		return col.empty(), nil, ""
	case "is_not_empty":
		return "NOT (" + col.empty() + ")", nil, ""
	}
	if len(f.Value) == 0 || string(f.Value) == "null" {
		return "", nil, "The value field is required with this operator. Use is_empty to find what has no value."
	}
	values := []json.RawMessage{f.Value}
	if f.Operator == "in" || f.Operator == "not_in" {
		if json.Unmarshal(f.Value, &values) != nil || len(values) == 0 || len(values) > mostChoices {
			return "", nil, fmt.Sprintf("The value field must be a list of 1 to %d values with this operator.", mostChoices)
		}
	}
	expr := col.expr
	for i, raw := range values {
		argument, as, reason := col.argument(raw)
		if reason != "" {
			return "", nil, reason
		}
		if i > 0 && as != expr {
			return "", nil, "The value field must not mix dates with dates and times."
		}
		expr, args = as, append(args, argument)
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ")
	ordered := col.kind == kindNumber || col.kind == kindDate || col.kind == kindDatetime || col.kind == kindStamp
	if col.kind == kindList {
		condition = "EXISTS (SELECT 1 FROM " + col.each + " WHERE value IN (" + marks + "))"
		switch f.Operator {
		case "eq", "contains", "in":
			return condition, args, ""
		case "neq", "not_contains", "not_in":
			return "NOT " + condition, args, ""
		}
		return "", nil, "The operator " + f.Operator + " can not be used with a list."
	}
	switch operator := f.Operator; {
	case operator == "eq" || operator == "in":
		return expr + " IN (" + marks + ")", args, ""
	case operator == "neq" || operator == "not_in":
		return "coalesce(" + expr + " NOT IN (" + marks + "), 1)", args, ""
	case comparisons[operator] != "" && ordered:
		return col.present() + expr + " " + comparisons[operator] + " ?", args, ""
	case operator == "contains" && col.kind == kindText:
		return "instr(lower(" + expr + "), lower(?)) > 0", args, ""
	case operator == "not_contains" && col.kind == kindText:
		return "coalesce(instr(lower(" + expr + "), lower(?)), 0) = 0", args, ""
	}
	return "", nil, "The operator " + f.Operator + " can not be used with this field."
}

func (col column) empty() string {
	switch col.kind {
	case kindList:
		return "NOT EXISTS (SELECT 1 FROM " + col.each + ")"
	case kindStamp:
		return col.expr + " = 0"
	}
	return "coalesce(" + col.expr + ", '') = ''"
}

// present keeps a time that was never set out of comparisons: it is stored as 0. A custom field that is empty is NULL, which compares as
// nothing by itself, but a text column may be blank.
func (col column) present() string {
	if col.kind == kindStamp {
		return col.expr + " <> 0 AND "
	}
	return "coalesce(" + col.expr + ", '') <> '' AND "
}

// argument turns a value into what SQL compares with, and names the expression that it is compared to: a date and time is
// compared by its day with a date, and to the millisecond with another date and time.
func (col column) argument(raw json.RawMessage) (argument any, expr, reason string) {
	switch col.kind {
	case kindNumber:
		if !numberText.Match(raw) {
			return nil, "", "The value field must be a number."
		}
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return n, col.expr, ""
		}
		n, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return nil, "", "The value field is a number out of range."
		}
		return n, col.expr, ""
	case kindBool:
		switch string(raw) {
		case "true":
			return 1, col.expr, ""
		case "false":
			return 0, col.expr, ""
		}
		return nil, "", "The value field must be true or false."
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return nil, "", "The value field must be a string."
	}
	if col.kind == kindText || col.kind == kindList {
		return text, col.expr, ""
	}
	if isDate(text) {
		switch col.kind {
		case kindStamp:
			return text, "date(" + col.expr + " / 1000, 'unixepoch')", ""
		case kindDatetime:
			return text, "date(" + col.expr + ")", ""
		}
		return text, col.expr, ""
	}
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, "", "The value field must be a date (YYYY-MM-DD), or a date and time (RFC 3339)."
	}
	switch col.kind {
	case kindStamp:
		return moment.UnixMilli(), col.expr, ""
	case kindDatetime:
		return moment.UnixMilli(), "CAST(round(unixepoch(" + col.expr + ", 'subsec') * 1000) AS INTEGER)", ""
	}
	return moment.UTC().Format(time.DateOnly), col.expr, ""
}
