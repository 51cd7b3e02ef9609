package toolset

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
)

// masked stands for what the audit does not show.
const masked = `"***"`

// record writes what a cursor is bound to, and what the audit shows.
func (p *plan) record(values [][]byte, more []unplanned, prepared *Prepared) {
	size, paged := 2, false
	for i := range p.args {
		if values[i] != nil {
			size += len(p.args[i].key) + len(values[i]) + 1
			paged = paged || p.args[i].in.ours()
		}
	}
	for _, m := range more {
		size += len(m.name) + len(m.value) + 4
	}
	same := !paged && !p.masks && !p.mayHideSecrets(values, more)
	room := make([]byte, 0, either(same, size, 2*size))
	dst := append(room, '{')
	for i := range p.args {
		if arg := &p.args[i]; values[i] != nil && !arg.in.ours() {
			dst = appendCanonical(append(dst, arg.key...), values[i])
			dst = append(dst, ',')
		}
	}
	for _, m := range more {
		dst = append(jsonscan.AppendQuote(dst, m.name), ':')
		dst = append(appendCanonical(dst, m.value), ',')
	}
	dst = closeObject(dst)
	prepared.Arguments = dst
	if same {
		prepared.Masked = prepared.Arguments
		return
	}
	prepared.Arguments = slices.Clip(prepared.Arguments)
	dst = append(dst[len(dst):], '{')
	for i := range p.args {
		arg, value := &p.args[i], values[i]
		if value == nil || arg.in == inConfirmation {
			continue // a confirmation is a key, if only for minutes
		}
		dst = append(dst, arg.key...)
		if arg.secret {
			dst = append(dst, masked...)
		} else {
			dst = p.appendMasked(dst, value, arg.rule)
		}
		dst = append(dst, ',')
	}
	for _, m := range more {
		dst = append(jsonscan.AppendQuote(dst, m.name), ':')
		if p.secrets.Has([]byte(m.name)) {
			dst = append(dst, masked...)
		} else {
			dst = p.appendMasked(dst, m.value, p.extraRule)
		}
		dst = append(dst, ',')
	}
	prepared.Masked = closeObject(dst)
}

func closeObject(dst []byte) []byte {
	if dst[len(dst)-1] == ',' {
		dst[len(dst)-1] = '}'
		return dst
	}
	return append(dst, '}')
}

// mayHideSecrets reports whether a member that the definition calls secret could stand within a value.
func (p *plan) mayHideSecrets(values [][]byte, more []unplanned) bool {
	if p.secrets.Empty() {
		return false
	}
	if len(more) > 0 {
		return true
	}
	for _, value := range values {
		if kind := jsonscan.KindOf(value); kind == jsonscan.Object || kind == jsonscan.Array {
			return true
		}
	}
	return false
}

// appendCanonical appends a value as two spellings of it should be the same: without white space, and a text without needless escapes.
func appendCanonical(dst, value []byte) []byte {
	switch jsonscan.KindOf(value) {
	case jsonscan.String:
		if bytes.IndexByte(value, '\\') >= 0 {
			return jsonscan.AppendQuote(dst, text(value))
		}
	case jsonscan.Array, jsonscan.Object:
		n := len(dst)
		compact, err := jsonscan.Drop(dst, value, jsonscan.Set{})
		if err == nil {
			return compact
		}
		dst = dst[:n]
	}
	return append(dst, value...)
}

// appendMasked appends a value, or what stands for it, without what its rule or the definition marks secret. Bytes in base64 are only counted.
func (p *plan) appendMasked(dst, value []byte, r *rule) []byte {
	kind := jsonscan.KindOf(value)
	if r != nil && r.secret {
		return append(dst, masked...)
	}
	if r != nil && r.hides != hideNothing && kind == jsonscan.String {
		return r.hides.append(dst, value)
	}
	switch kind {
	case jsonscan.Array:
		var items *rule
		if r != nil {
			items = r.items
		}
		dst = append(dst, '[')
		for it := jsonscan.Elements(value); it.Next(); {
			dst = append(p.appendMasked(dst, it.Value(), items), ',')
		}
		if dst[len(dst)-1] == ',' {
			dst = dst[:len(dst)-1]
		}
		return append(dst, ']')
	case jsonscan.Object:
		dst = append(dst, '{')
		for it := jsonscan.Members(value); it.Next(); {
			name, _ := jsonscan.Unquote(it.Name())
			dst = append(append(dst, it.Name()...), ':')
			if p.secrets.Has(name) {
				dst = append(dst, masked...)
			} else {
				dst = p.appendMasked(dst, it.Value(), r.member(name))
			}
			dst = append(dst, ',')
		}
		if dst[len(dst)-1] == ',' {
			dst = dst[:len(dst)-1]
		}
		return append(dst, '}')
	}
	return appendCanonical(dst, value)
}

// hiding says how much of a text the audit keeps, where it is no secret.
type hiding uint8

const (
	hideNothing hiding = iota
	hideBase64         // bytes are only counted
	hideText           // and so is a file's text
	hideQuery          // a URL's query often is a signature
)

// hiding is the rule with something kept from the audit.
func (r *rule) hiding(h hiding) *rule {
	r.hides, r.masks = h, true
	return r
}

func (h hiding) append(dst, value []byte) []byte {
	switch h {
	case hideBase64:
		return fmt.Appendf(dst, `"(%d characters of base64)"`, len(value)-2)
	case hideText:
		return fmt.Appendf(dst, `"(%d bytes of text)"`, len(text(value)))
	}
	place, _, signed := strings.Cut(text(value), "?")
	if signed {
		place += "?…"
	}
	return jsonscan.AppendQuote(dst, place)
}

// member is the rule of an object's member by the vendor's name.
func (r *rule) member(name []byte) *rule {
	if r == nil {
		return nil
	}
	for i := range r.properties {
		if r.properties[i].wire == string(name) {
			return r.properties[i].rule
		}
	}
	return r.additional
}
