package octapipe

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// readValues reads custom_fields_values, checks each value against its field, and gives back the object as it is stored: empty values left
// out, numbers digit for digit. What is wrong is added to faults under custom_fields_values.KEY.
func (c *call) readValues(in *input, fields []*field, required bool) (fieldValues, error) {
	const name = "custom_fields_values"
	if !in.given(name) {
		if required {
			in.missing(name)
		}
		return "{}", nil
	}
	sent := map[string]json.RawMessage{}
	if raw := bytes.TrimSpace(in.members[name]); string(raw) != "[]" { // how the service itself writes an empty one
		if json.Unmarshal(raw, &sent) != nil {
			in.faults.add(name, "The %s field must be an object.", said(name))
			return "{}", nil
		}
	}
	return c.checkValues(&in.faults, name, fields, sent)
}

// checkValues checks a whole set of values: known keys, right types, nothing missing that a field requires.
func (c *call) checkValues(f *faults, at string, fields []*field, sent map[string]json.RawMessage) (fieldValues, error) {
	kept := map[string]json.RawMessage{}
	for _, key := range sortedKeys(sent) {
		i := slices.IndexFunc(fields, func(f *field) bool { return f.Key == key })
		if i < 0 {
			f.add(at+"."+key, "The custom field %s does not exist.", key)
			continue
		}
		reason, err := c.checkValue(fields[i], sent[key])
		if err != nil {
			return "", err
		}
		if reason != "" {
			f.add(at+"."+key, "%s", reason)
		} else if !isEmptyValue(sent[key]) {
			kept[key] = sent[key]
		}
	}
	for _, field := range fields {
		if raw, ok := sent[field.Key]; field.Required && (!ok || isEmptyValue(raw)) {
			f.add(at+"."+field.Key, "The %s field is required.", field.Label)
		}
	}
	stored, err := encode(kept)
	return fieldValues(stored), err
}

func isEmptyValue(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "null", `""`, "[]":
		return true
	}
	return false
}

var (
	numberText = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$`)
	phoneText  = regexp.MustCompile(`^\+?[0-9][0-9 ()./-]{3,30}$`)
)

// checkValue says what is wrong with a value, or "" if it is right. null empties a field of any type.
func (c *call) checkValue(f *field, raw json.RawMessage) (reason string, err error) {
	raw = bytes.TrimSpace(raw)
	if isEmptyValue(raw) && (f.Type != "multi_select" || string(raw) != `""`) {
		return "", nil
	}
	must := func(what string) (string, error) { return "The " + f.Label + " field must be " + what + ".", nil }
	switch f.Type {
	case "number", "currency":
		if !numberText.Match(raw) {
			return must("a number")
		}
		return "", nil
	case "checkbox":
		if string(raw) != "true" && string(raw) != "false" {
			return must("true or false")
		}
		return "", nil
	case "multi_select":
		var chosen []string
		if json.Unmarshal(raw, &chosen) != nil {
			return must("a list of strings")
		}
		for i, option := range chosen {
			if !slices.Contains(f.Options, option) {
				return must("a list of: " + strings.Join(f.Options, ", "))
			}
			if slices.Contains(chosen[:i], option) {
				return must("a list without duplicates")
			}
		}
		return "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return must("a string")
	}
	if utf8.RuneCountInString(text) > maxText || f.Type == "text" && utf8.RuneCountInString(text) > maxName*4 {
		return must("shorter")
	}
	switch f.Type {
	case "date":
		if !isDate(text) {
			return must("a date (YYYY-MM-DD)")
		}
	case "datetime":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return must("a date and time (RFC 3339, such as 2026-01-31T09:00:00Z)")
		}
	case "select":
		if !slices.Contains(f.Options, text) {
			return must("one of: " + strings.Join(f.Options, ", "))
		}
	case "email":
		if address, err := mail.ParseAddress(text); err != nil || address.Address != text {
			return must("a valid email address")
		}
	case "phone":
		if !phoneText.MatchString(text) {
			return must("a phone number")
		}
	case "url":
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return must("an http or https URL")
		}
	case "user":
		known, err := c.exists("SELECT 1 FROM users WHERE uuid = ? AND deleted_at = 0", text)
		if err != nil || known {
			return "", err
		}
		return must("the uuid of a user")
	case "record":
		known, err := c.exists("SELECT 1 FROM records WHERE uuid = ? AND database_uuid = ? AND deleted_at = 0", text, string(f.RelatedDatabase))
		if err != nil || known {
			return "", err
		}
		return must("the uuid of a record in the related database")
	case "file":
		known, err := c.exists("SELECT 1 FROM files WHERE uuid = ? AND deleted_at = 0", text)
		if err != nil || known {
			return "", err
		}
		return must("the uuid of a file")
	}
	return "", nil
}

// filterKindOf says how values of a type compare.
func filterKindOf(fieldType string) kind {
	switch fieldType {
	case "number", "currency":
		return kindNumber
	case "date":
		return kindDate
	case "datetime":
		return kindDatetime
	case "checkbox":
		return kindBool
	case "multi_select":
		return kindList
	}
	return kindText
}

// withCustom adds the custom fields to the columns that can be filtered.
func (known columns) withCustom(fields []*field) columns {
	all := columns{}
	for name, column := range known {
		all[name] = column
	}
	for _, f := range fields {
		all[f.Key] = column{
			expr: "custom_values ->> '$." + f.Key + "'", // a key is letters, digits and underscores
			each: "json_each(custom_values, '$." + f.Key + "')",
			kind: filterKindOf(f.Type),
		}
	}
	return all
}

func position(at string, i int) string { return at + "." + strconv.Itoa(i) }
