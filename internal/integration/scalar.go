package integration

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Scalars are told apart by the core schema of YAML 1.2 (10.3.2): no, on and yes are texts, a date is a text, and a number keeps its digits.

var (
	yamlInt   = regexp.MustCompile(`^[-+]?[0-9]+$`)
	yamlBased = regexp.MustCompile(`^0(o[0-7]+|x[0-9a-fA-F]+)$`)
	yamlFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
)

// scalar says what a YAML scalar is, with its text as JSON would write it.
func scalar(y *yaml.Node) (k kind, value, problem string) {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if y.Style&quoted != 0 || y.Style&yaml.TaggedStyle != 0 && y.Tag == "!!str" {
		return text, y.Value, ""
	}
	if y.Style&yaml.TaggedStyle != 0 {
		return text, y.Value, "the tag " + y.Tag + " is not taken: write the value without it"
	}
	switch v := y.Value; {
	case v == "" || v == "~" || v == "null" || v == "Null" || v == "NULL":
		return null, "", ""
	case v == "true" || v == "True" || v == "TRUE" || v == "false" || v == "False" || v == "FALSE":
		return boolean, strings.ToLower(v), ""
	case yamlInt.MatchString(v), yamlFloat.MatchString(v):
		return number, jsonNumber(v), ""
	case yamlBased.MatchString(v):
		i, _ := new(big.Int).SetString(v[2:], map[byte]int{'o': 8, 'x': 16}[v[1]])
		return number, i.String(), ""
	case strings.HasPrefix(strings.TrimLeft(strings.ToLower(v), "+-"), ".inf") && len(v) <= 5, strings.EqualFold(v, ".nan"):
		return text, v, v + " is no number in JSON: quote it, or leave it out"
	default:
		return text, v, ""
	}
}

// jsonNumber writes a YAML number in JSON's grammar, touching no digit that counts: +1 → 1, 007 → 7, .5 → 0.5, 1. → 1.
func jsonNumber(v string) string {
	v = strings.TrimPrefix(v, "+")
	sign := ""
	if rest, ok := strings.CutPrefix(v, "-"); ok {
		sign, v = "-", rest
	}
	mantissa, exponent := v, ""
	if i := strings.IndexAny(v, "eE"); i >= 0 {
		mantissa, exponent = v[:i], v[i:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole + exponent
}

// json writes the node as compact JSON, members in the order of the file.
func (n *node) json(b *bytes.Buffer) {
	switch n.kind {
	case null:
		b.WriteString("null")
	case boolean, number:
		b.WriteString(n.text)
	case text:
		writeString(b, n.text)
	case list:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.json(b)
		}
		b.WriteByte(']')
	case object:
		b.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, m.key)
			b.WriteByte(':')
			m.value.json(b)
		}
		b.WriteByte('}')
	}
}

func (n *node) raw() json.RawMessage {
	var b bytes.Buffer
	n.json(&b)
	return b.Bytes()
}

// value is the node as Go values; a number is a json.Number.
func (n *node) value() any {
	switch n.kind {
	case boolean:
		return n.text == "true"
	case number:
		return json.Number(n.text)
	case text:
		return n.text
	case list:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			items[i] = item.value()
		}
		return items
	case object:
		members := make(map[string]any, len(n.members))
		for _, m := range n.members {
			members[m.key] = m.value.value()
		}
		return members
	}
	return nil
}

func writeString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.Encode(s)           // a string cannot fail
	b.Truncate(b.Len() - 1) // the encoder's line break
}
