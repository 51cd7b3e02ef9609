// Package refusal reads what a vendor says when it refuses: its message, code, reasons by field and missing permission, by the definition's paths where it
// names some and by the usual ones where it does not. A page of HTML becomes the words that a person would read on it.
//
// It imports integration and jsonscan. An answer's body enters, with whatever is secret already out of it, and a Refusal leaves, in single lines of
// bounded length.
package refusal

import (
	"bytes"
	"html"
	"mime"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// Refusal is a vendor's own words.
type Refusal struct {
	Message string // "" when it says nothing
	Code    string
	Fields  map[string][]string // field → reasons; nil when it names none
	Scope   string              // the permission that is missing
}

const (
	maxMessage = 600 // bytes of a message
	maxReason  = 300 // bytes of one reason
	maxFields  = 50
)

// Where vendors put a message, when the definition does not say; of what is there, the first counts.
var (
	messagePaths = []string{"message", "error_description", "error.message", "detail", "error_message", "errorMessage", "Message", "msg", "description", "reason",
		"errors.0.message", "errors.0.detail", "errors.0.title", "error.errors.0.message", "errors.0", "errorMessages.0", "fault.faultstring", "title", "error"}
	codePaths   = []string{"code", "error.code", "error_code", "errorCode", "errors.0.code", "error.type", "type", "error"}
	fieldsPaths = []string{"errors", "error.errors", "fields", "field_errors", "fieldErrors", "validation_errors", "invalid_params", "violations", "error.fields",
		"error.details", "data", "details", "detail"}
)

// Read reads the body of an answer that is a refusal.
func Read(spec integration.Errors, contentType string, body []byte) Refusal {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return Refusal{}
	}
	if !jsonscan.Valid(body, jsonscan.Lenient) {
		return Refusal{Message: plainText(contentType, body)}
	}
	var r Refusal
	if kind := jsonscan.KindOf(body); kind != jsonscan.Object && kind != jsonscan.Array {
		r.Message = line(text(body), maxMessage)
		return r
	}
	r.Message = line(first(body, spec.Message, messagePaths), maxMessage)
	r.Code = line(first(body, spec.Code, codePaths), 100)
	if r.Code == r.Message {
		r.Code = ""
	}
	if spec.Scope != "" {
		if value, ok := jsonscan.Find(body, spec.Scope); ok {
			r.Scope = line(text(value), maxReason)
		}
	}
	if spec.Fields != "" {
		if value, ok := jsonscan.Find(body, spec.Fields); ok {
			r.Fields = fields(value, true)
		}
		return r
	}
	for _, path := range fieldsPaths {
		if value, ok := jsonscan.Find(body, path); ok {
			if r.Fields = fields(value, false); r.Fields != nil {
				break
			}
		}
	}
	return r
}

// first is the text at the definition's path, or at the first of the usual ones that has some.
func first(body []byte, path string, usual []string) string {
	if path != "" {
		if value, ok := jsonscan.Find(body, path); ok {
			if s := text(value); s != "" {
				return s
			}
		}
	}
	for _, path := range usual {
		value, ok := jsonscan.Find(body, path)
		if !ok {
			continue
		}
		if kind := jsonscan.KindOf(value); kind != jsonscan.String && kind != jsonscan.Number {
			continue
		}
		if s := text(value); s != "" {
			return s
		}
	}
	return ""
}

// text is a value as one reads it: a text's content, a list's joined, anything else as it is spelled.
func text(value []byte) string {
	switch jsonscan.KindOf(value) {
	case jsonscan.String:
		s, err := jsonscan.Unquote(value)
		if err != nil {
			return ""
		}
		return string(s)
	case jsonscan.Null:
		return ""
	case jsonscan.Array:
		var parts []string
		for it := jsonscan.Elements(value); it.Next(); {
			if s := text(it.Value()); s != "" {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, "; ")
	}
	return string(value)
}

// fields reads an object of reasons by field, or a list of objects that each name a field and a reason. Where the definition did not name the place, only
// what looks like reasons counts.
func fields(value []byte, named bool) map[string][]string {
	found := map[string][]string{}
	add := func(field string, reasons []string) {
		if field == "" || len(reasons) == 0 || len(found) >= maxFields && found[field] == nil {
			return
		}
		found[field] = append(found[field], reasons...)
	}
	switch jsonscan.KindOf(value) {
	case jsonscan.Object:
		for it := jsonscan.Members(value); it.Next(); {
			name, err := jsonscan.Unquote(it.Name())
			if err != nil {
				continue
			}
			reasons, ok := reasonsOf(it.Value(), named)
			if !ok {
				return nil
			}
			add(line(string(name), 100), reasons)
		}
	case jsonscan.Array:
		for it := jsonscan.Elements(value); it.Next(); {
			if jsonscan.KindOf(it.Value()) != jsonscan.Object {
				continue
			}
			field := member(it.Value(), "field", "field_name", "path", "loc", "attribute", "property", "parameter", "param", "name", "source.pointer", "source.parameter", "extensions.field", "pointer", "instancePath")
			reason := member(it.Value(), "message", "detail", "reason", "msg", "error", "description", "title", "code")
			if reason != "" {
				add(line(strings.Trim(strings.ReplaceAll(field, "; ", "."), "/"), 100), []string{line(reason, maxReason)})
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

// reasonsOf reads what stands under a field's name: one reason, a list of them, or an object with a message.
func reasonsOf(value []byte, named bool) ([]string, bool) {
	switch jsonscan.KindOf(value) {
	case jsonscan.String:
		return []string{line(text(value), maxReason)}, true
	case jsonscan.Array:
		var reasons []string
		for it := jsonscan.Elements(value); it.Next(); {
			reason := text(it.Value())
			if jsonscan.KindOf(it.Value()) == jsonscan.Object {
				if message := member(it.Value(), "message", "detail", "msg", "reason", "code"); message != "" {
					reason = message
				} else if !named {
					return nil, false
				}
			} else if jsonscan.KindOf(it.Value()) != jsonscan.String && !named {
				return nil, false
			}
			reasons = append(reasons, line(reason, maxReason))
		}
		return reasons, true
	case jsonscan.Object:
		if message := member(value, "message", "detail", "msg", "reason", "code"); message != "" {
			return []string{line(message, maxReason)}, true
		}
	}
	if !named {
		return nil, false
	}
	return []string{line(text(value), maxReason)}, true
}

func member(object []byte, paths ...string) string {
	for _, path := range paths {
		if value, ok := jsonscan.Find(object, path); ok {
			if s := text(value); s != "" {
				return s
			}
		}
	}
	return ""
}

var (
	invisible = regexp.MustCompile(`(?is)<(script|style|head|noscript|svg|template)\b.*?</(script|style|head|noscript|svg|template)\s*>|<!--.*?-->`)
	titleTag  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	anyTag    = regexp.MustCompile(`(?s)<[^>]*>`)
)

// plainText is what a person reads in a body that is not JSON; "" for bytes that are no text.
func plainText(contentType string, body []byte) string {
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind != "" && !strings.HasPrefix(kind, "text/") && !strings.Contains(kind, "xml") && !strings.Contains(kind, "json") && kind != "application/x-www-form-urlencoded" {
		return ""
	}
	body = body[:min(len(body), 64<<10)]
	if bytes.IndexByte(body, 0) >= 0 {
		return ""
	}
	s := strings.ToValidUTF8(string(body), "\ufffd")
	if strings.HasPrefix(s, "<") || strings.Contains(kind, "html") || strings.Contains(kind, "xml") {
		title := ""
		if m := titleTag.FindStringSubmatch(s); m != nil {
			title = line(html.UnescapeString(anyTag.ReplaceAllString(m[1], " ")), 200)
		}
		s = anyTag.ReplaceAllString(invisible.ReplaceAllString(s, " "), " ")
		s = line(html.UnescapeString(s), maxMessage)
		switch {
		case title == "" || strings.HasPrefix(s, title):
		case s == "":
			s = title
		default:
			s = title + ": " + s
		}
		return line(s, 200)
	}
	return line(s, 300)
}

// line makes one line of s, without control characters, of at most n bytes.
func line(s string, n int) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			space = b.Len() > 0
			continue
		}
		if b.Len()+utf8.RuneLen(r) > n {
			b.WriteString("…")
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
