package toolset

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
)

// mostShown bounds the schemas within each other that a client is shown, since a recursive one has no end.
const mostShown = 12

// appendInput appends the view as clients are shown what a tool takes.
func (v view) appendInput(dst []byte, depth int) []byte {
	w := object{dst: append(dst, '{')}
	w.kinds(v.kinds)
	description := v.description
	if v.binary && !strings.Contains(strings.ToLower(description), "base64") {
		description = strings.TrimPrefix(description+" (bytes in base64)", " ")
	}
	w.text("description", description)
	w.array("enum", distinctOptions(v.options))
	for _, k := range v.bounds {
		w.raw(k.name, k.raw)
	}
	if depth < mostShown {
		if len(v.items) > 0 {
			w.dst = look(v.items).appendInput(w.key("items"), depth+1)
		} else if v.kinds&kindArray != 0 {
			w.dst = append(w.key("items"), "{}"...) // some models' providers refuse a list of which nothing is said
		}
		w.properties(v, depth, nil)
	}
	return append(w.dst, '}')
}

// appendOutput appends the view as clients are shown what a tool answers. It promises types and names only, and null everywhere: a client that
// validates answers must not throw one away because its vendor departs from its documentation.
func (v view) appendOutput(dst []byte, depth int, secret *jsonscan.Set) []byte {
	w := object{dst: append(dst, '{')}
	if v.kinds != 0 && depth > 0 {
		v.kinds |= kindNull
	}
	w.kinds(v.kinds)
	w.text("description", v.description)
	if depth < mostShown {
		if len(v.items) > 0 {
			w.dst = look(v.items).appendOutput(w.key("items"), depth+1, secret)
		}
		v.required, v.closed, v.open = nil, false, false
		w.properties(v, depth, secret)
	}
	return append(w.dst, '}')
}

// object writes the members of a JSON object.
type object struct {
	dst []byte
}

func (o *object) key(name string) []byte {
	if c := o.dst[len(o.dst)-1]; c != '{' {
		o.dst = append(o.dst, ',')
	}
	return append(jsonscan.AppendQuote(o.dst, name), ':')
}

func (o *object) raw(name string, raw []byte) {
	o.dst = o.key(name)
	if compact, err := jsonscan.Drop(o.dst, raw, jsonscan.Set{}); err == nil {
		o.dst = compact
	}
}

func (o *object) text(name, text string) {
	if text != "" {
		o.dst = jsonscan.AppendQuote(o.key(name), text)
	}
}

func (o *object) array(name string, elements [][]byte) {
	if elements == nil {
		return
	}
	o.dst = append(o.key(name), '[')
	for i, e := range elements {
		if i > 0 {
			o.dst = append(o.dst, ',')
		}
		o.dst = append(o.dst, e...)
	}
	o.dst = append(o.dst, ']')
}

func (o *object) kinds(k kinds) {
	names := k.names()
	if len(names) == 1 {
		o.text("type", names[0])
		return
	}
	var quoted [][]byte
	for _, name := range names {
		quoted = append(quoted, fmt.Appendf(nil, "%q", name))
	}
	o.array("type", quoted)
}

// properties writes what a view says of an object. With a set of secret names it is an answer's, whose members have the vendor's names.
func (o *object) properties(v view, depth int, secret *jsonscan.Set) {
	if len(v.properties) > 0 {
		inner := object{dst: append(o.key("properties"), '{')}
		shown := map[string]string{} // names as clients are shown them
		legal := legalise(v.names())
		for i, p := range v.properties {
			if secret != nil {
				if !secret.Has([]byte(p.name)) {
					inner.dst = look(p.alternatives).appendOutput(inner.key(p.name), depth+1, secret)
				}
				continue
			}
			name := p.name
			if v.plain {
				name = legal[i]
			} else if !isLegalName(name) {
				continue
			}
			shown[p.name] = name
			inner.dst = look(p.alternatives).appendInput(inner.key(name), depth+1)
		}
		o.dst = append(inner.dst, '}')
		var required [][]byte
		for _, name := range v.required {
			if name, ok := shown[name]; ok { // some models' providers refuse a name that nothing describes
				required = append(required, jsonscan.AppendQuote(nil, name))
			}
		}
		o.array("required", required)
	}
	if v.closed {
		o.dst = append(o.key("additionalProperties"), "false"...)
	} else if v.open && jsonscan.KindOf(v.additional.raw) == jsonscan.Object && v.plain {
		o.dst = viewOf(v.additional).appendInput(o.key("additionalProperties"), depth+1)
	}
}

func distinctOptions(options [][]byte) [][]byte {
	var distinct [][]byte
	for _, o := range options {
		if !slices.ContainsFunc(distinct, func(have []byte) bool { return jsonscan.Equal(have, o) }) {
			distinct = append(distinct, o)
		}
	}
	return distinct
}
