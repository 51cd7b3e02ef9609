package toolset

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/jsonscan"
)

// The schema library is the oracle: what it accepts passes unchanged, and what it refuses is refused, or was mended into what it accepts.
func TestRulesAgreeWithTheSchemaLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawSchema(t, 3)
		doc, err := newDocument([]byte(source))
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		r, err := ruleOf(doc.schema())
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		oracle, err := doc.library.compile("")
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		for range 6 {
			value := drawValue(t, 3)
			var f findings
			sent := r.check([]byte(value), &f)
			refused := validate(oracle, []byte(value))
			switch {
			case refused == nil && !f.none():
				t.Fatalf("%s\nfor %s: the rule says %v, the library accepts it", source, value, f.faults)
			case refused == nil && !jsonscan.Equal(sent, []byte(value)):
				t.Fatalf("%s\nfor %s: good, but sent as %s", source, value, sent)
			case refused != nil && f.none() && jsonscan.Equal(sent, []byte(value)):
				t.Fatalf("%s\nfor %s: the rule accepts it, the library says %v", source, value, refused)
			case f.none():
				if still := validate(oracle, sent); still != nil {
					t.Fatalf("%s\nfor %s: sent as %s, of which the library says %v", source, value, sent, still)
				}
			}
		}
	})
}

var words = []string{"a", "b", "name", "größe", "x y"}

func drawSchema(t *rapid.T, depth int) string {
	var members []string
	add := func(format string, args ...any) { members = append(members, fmt.Sprintf(format, args...)) }
	chance := func(n int) bool { return rapid.IntRange(0, n).Draw(t, "chance") == 0 }
	if !chance(4) {
		types := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"string", "integer", "number", "boolean", "null", "array", "object"}), 1, 3, rapid.ID).Draw(t, "types")
		if len(types) == 1 {
			add(`"type":%q`, types[0])
		} else {
			add(`"type":["%s"]`, strings.Join(types, `","`))
		}
	}
	if chance(5) {
		var options []string
		for range rapid.IntRange(1, 3).Draw(t, "options") {
			options = append(options, drawValue(t, 1))
		}
		add(`"enum":[%s]`, strings.Join(options, ","))
	}
	if chance(9) {
		add(`"const":%s`, drawValue(t, 1))
	}
	if chance(3) {
		add(`"minLength":%d`, rapid.IntRange(0, 3).Draw(t, "minLength"))
	}
	if chance(3) {
		add(`"maxLength":%d`, rapid.IntRange(0, 8).Draw(t, "maxLength"))
	}
	if chance(5) {
		add(`"pattern":%q`, rapid.SampledFrom([]string{"^a", "b$", "^[a-z]*$", "ö"}).Draw(t, "pattern"))
	}
	if chance(5) {
		add(`"format":%q`, rapid.SampledFrom([]string{"date", "date-time", "uuid", "email", "uri", "int32", "ipv4"}).Draw(t, "format"))
	}
	for _, keyword := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
		if chance(5) {
			add(`%q:%s`, keyword, rapid.SampledFrom(numbers).Draw(t, keyword))
		}
	}
	if chance(12) {
		add(`"multipleOf":%s`, rapid.SampledFrom([]string{"2", "0.5", "3"}).Draw(t, "multipleOf"))
	}
	if chance(12) {
		add(`"uniqueItems":true`)
	}
	for _, keyword := range []string{"minItems", "minProperties"} {
		if chance(6) {
			add(`%q:%d`, keyword, rapid.IntRange(0, 2).Draw(t, keyword))
		}
	}
	for _, keyword := range []string{"maxItems", "maxProperties"} {
		if chance(6) {
			add(`%q:%d`, keyword, rapid.IntRange(0, 3).Draw(t, keyword))
		}
	}
	if depth > 0 {
		if chance(2) {
			add(`"items":%s`, drawSchema(t, depth-1))
		}
		if chance(1) {
			var properties []string
			for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 3, rapid.ID).Draw(t, "properties") {
				properties = append(properties, fmt.Sprintf("%q:%s", name, drawSchema(t, depth-1)))
			}
			add(`"properties":{%s}`, strings.Join(properties, ","))
		}
		if chance(3) {
			add(`"required":["%s"]`, strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 2, rapid.ID).Draw(t, "required"), `","`))
		}
		if chance(3) {
			add(`"additionalProperties":%s`, rapid.SampledFrom([]string{"false", "true", drawSchema(t, 0)}).Draw(t, "additional"))
		}
		if chance(8) {
			add(`%q:[%s,%s]`, rapid.SampledFrom([]string{"anyOf", "oneOf", "allOf"}).Draw(t, "combinator"), drawSchema(t, depth-1), drawSchema(t, depth-1))
		}
		if chance(12) {
			add(`"not":%s`, drawSchema(t, depth-1))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

var numbers = []string{"0", "-0.0", "1", "2", "3", "3.0", "30e-1", "-1.5", "0.1", "9007199254740993", "9007199254740992.0", "1e3", "12345678901234567890.5"}

func drawValue(t *rapid.T, depth int) string {
	kinds := 5
	if depth > 0 {
		kinds = 7
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return "null"
	case 1:
		return rapid.SampledFrom([]string{"true", "false"}).Draw(t, "boolean")
	case 2:
		return rapid.SampledFrom(numbers).Draw(t, "number")
	case 3:
		return rapid.SampledFrom([]string{`""`, `"a"`, `"ab"`, `"\u0061b"`, `"größe"`, `"3"`, `"3.0"`, `"true"`, `"[1]"`, `"{\"a\":1}"`, `"2026-02-29"`, `"2024-02-29"`,
			`"2026-11-30T09:00:00+01:00"`, `"0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e"`, `"0192F0C1-7D3A-7C1E-9B1E-2F6D5A1C0B9Eb"`, `"ada@example.com"`, `"https://example.com/a"`, `"192.0.2.1"`, `"null"`, `" 3"`}).Draw(t, "text")
	case 4:
		return string(jsonscan.AppendQuote(nil, rapid.StringN(0, 9, -1).Draw(t, "any text")))
	case 5:
		var elements []string
		for range rapid.IntRange(0, 4).Draw(t, "elements") {
			elements = append(elements, drawValue(t, depth-1))
		}
		return "[" + strings.Join(elements, " , ") + "]"
	default:
		var members []string
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(append(words, "other")), 0, 4, rapid.ID).Draw(t, "members") {
			members = append(members, fmt.Sprintf("%q : %s", name, drawValue(t, depth-1)))
		}
		return "{" + strings.Join(members, ",") + "}"
	}
}
