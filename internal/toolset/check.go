package toolset

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/jsonscan"
	"sluice/internal/spelling"
)

// check checks a value, which is known to be strict JSON, and returns it as it is to be sent: the same span, unless it had to be put into the words of its schema
// (mend) or of the vendor (names that clients do not accept). What is wrong goes to f.
func (r *rule) check(value []byte, f *findings) []byte {
	if r == nil {
		return value
	}
	if r.never {
		f.wrong("must be left out")
		return value
	}
	kind := jsonscan.KindOf(value)
	if r.kinds != 0 && !r.kinds.has(kind, value) {
		better, ok := r.mend(kind, value)
		if !ok {
			r.refuseKind(kind, value, f)
			return value
		}
		value, kind = better, jsonscan.KindOf(better)
	}
	if kind == jsonscan.Number && r.kinds&(kindInteger|kindNumber) == kindInteger {
		value = wholeDigits(value)
	}
	if r.options != nil && !r.allows(kind, value) {
		option, ok := r.spelled(kind, value)
		if !ok {
			r.refuseOption(value, f)
			return value
		}
		value = option
	}
	before := len(f.faults)
	switch kind {
	case jsonscan.String:
		if r.hasText {
			r.checkText(value, f)
		}
	case jsonscan.Number:
		r.checkNumber(value, f)
	case jsonscan.Array:
		value = r.checkArray(value, f)
	case jsonscan.Object:
		if r.shaped() {
			value = r.checkObject(value, f)
		}
	}
	if r.rest != nil && len(f.faults) == before {
		for _, fault := range validate(r.rest, value) {
			f.add(f.here()+fault.Argument, "%s", fault.Message)
		}
	}
	return value
}

// checkBelow checks a part of the value where the check stands.
func (r *rule) checkBelow(value []byte, name string, index int, f *findings) []byte {
	if r == nil {
		return value
	}
	f.enter(name, index)
	value = r.check(value, f)
	f.leave()
	return value
}

// mend reads a value of a wrong type as what it plainly means, if no digit and no letter is lost by that: models write numbers, booleans and whole
// objects as text. Nothing is ever made into a text.
func (r *rule) mend(kind jsonscan.Kind, value []byte) ([]byte, bool) {
	if kind != jsonscan.String {
		return nil, false
	}
	content, err := jsonscan.Unquote(value)
	if err != nil {
		return nil, false
	}
	meant := jsonscan.KindOf(content)
	if meant == jsonscan.String || meant == jsonscan.Null || !r.kinds.has(meant, content) || !jsonscan.Valid(content, jsonscan.Strict) {
		return nil, false
	}
	return bytes.TrimSpace(content), true
}

// wholeDigits writes a whole number without fraction and exponent, as vendors want it where they ask for an integer.
func wholeDigits(value []byte) []byte {
	if bytes.IndexByte(value, '.') < 0 && bytes.IndexByte(value, 'e') < 0 && bytes.IndexByte(value, 'E') < 0 {
		return value
	}
	if digits, ok := jsonscan.AppendInteger(nil, value); ok {
		return digits
	}
	return value
}

func (r *rule) refuseKind(kind jsonscan.Kind, value []byte, f *findings) {
	if kind == jsonscan.Null {
		f.wrong("must be %v, not null: leave it out if there is nothing to say", r.kinds)
		return
	}
	hint := ""
	if kind == jsonscan.String && r.kinds&(kindArray|kindObject) == kindArray && r.items != nil && r.items.kinds&kindString != 0 {
		hint = ": put it in brackets"
	}
	if kind == jsonscan.Object && r.kinds&(kindArray|kindObject) == kindArray && r.items != nil && r.items.kinds&kindObject != 0 {
		hint = ": put it in brackets"
	}
	if kind == jsonscan.Number && r.kinds&kindString != 0 {
		hint = ": put it in quotes"
	}
	f.wrong("must be %v, not %s%s", r.kinds, describe(value, r.secret), hint)
}

func (r *rule) allows(kind jsonscan.Kind, value []byte) bool {
	var content []byte
	if kind == jsonscan.String {
		content, _ = jsonscan.Unquote(value)
	}
	for i := range r.options {
		o := &r.options[i]
		if o.kind != kind {
			continue
		}
		if kind == jsonscan.String {
			if o.text == string(content) {
				return true
			}
		} else if jsonscan.Equal(o.raw, value) {
			return true
		}
	}
	return false
}

func (r *rule) refuseOption(value []byte, f *findings) {
	const most = 40
	var all, texts []string
	for i := range r.options {
		o := &r.options[i]
		if i < most {
			all = append(all, shorten(string(o.raw)))
		}
		if o.kind == jsonscan.String {
			texts = append(texts, o.text)
		}
	}
	near := ""
	if jsonscan.KindOf(value) == jsonscan.String && !r.secret && len(r.options) > 4 {
		if n := spelling.Nearest(text(value), texts); n != "" {
			near = ": did you mean " + quoted(n) + "?"
		}
	}
	if len(all) == 1 && len(r.options) == 1 {
		f.wrong("must be %s, not %s", all[0], describe(value, r.secret))
		return
	}
	if len(r.options) > most {
		all = append(all, "…")
	}
	f.wrong("must be one of %s, not %s%s", strings.Join(all, ", "), describe(value, r.secret), near)
}

func (r *rule) checkText(value []byte, f *findings) {
	content, err := jsonscan.Unquote(value)
	if err != nil {
		f.wrong("cannot be read: %v", err)
		return
	}
	if r.minLength > 0 || r.maxLength >= 0 {
		n := utf8.RuneCount(content)
		if n < r.minLength {
			if n == 0 {
				f.wrong("must not be empty")
			} else {
				f.wrong("must have at least %s, not %d", counted(r.minLength, "character"), n)
			}
			return
		}
		if r.maxLength >= 0 && n > r.maxLength {
			f.wrong("must have at most %s, not %d", counted(r.maxLength, "character"), n)
			return
		}
	}
	if r.format != nil && !r.format.accepts(content) {
		f.wrong("must be %s, not %s", r.format.words, describe(value, r.secret))
		return
	}
	if r.pattern != nil && !r.pattern.Match(content) {
		words := ""
		if r.patternWords != "" {
			words = " (" + shorten(r.patternWords) + ")"
		}
		f.wrong("must match the pattern %s%s, and %s does not", shorten(r.pattern.String()), words, describe(value, r.secret))
	}
}

func (r *rule) checkNumber(value []byte, f *findings) {
	if b := r.least; b.number != nil {
		if c := jsonscan.CompareNumbers(value, b.number); c < 0 || c == 0 && b.exclusive {
			f.wrong("must be %s %s, not %s", either(b.exclusive, "more than", "at least"), b.number, describe(value, r.secret))
		}
	}
	if b := r.most; b.number != nil {
		if c := jsonscan.CompareNumbers(value, b.number); c > 0 || c == 0 && b.exclusive {
			f.wrong("must be %s %s, not %s", either(b.exclusive, "less than", "at most"), b.number, describe(value, r.secret))
		}
	}
}

func either[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func (r *rule) checkArray(value []byte, f *findings) []byte {
	if r.items == nil && r.minItems == 0 && r.maxItems < 0 {
		return value
	}
	var changed copying
	n := 0
	for it := jsonscan.Elements(value); it.Next(); n++ {
		if r.items != nil {
			changed.put(value, it.Offset(), it.Value(), r.items.checkBelow(it.Value(), "", n, f))
		}
	}
	if n < r.minItems {
		f.wrong("must have at least %s, not %d", counted(r.minItems, "item"), n)
	}
	if r.maxItems >= 0 && n > r.maxItems {
		f.wrong("must have at most %s, not %d", counted(r.maxItems, "item"), n)
	}
	return changed.result(value)
}

func (r *rule) checkObject(value []byte, f *findings) []byte {
	var changed copying
	var few [64]bool
	seen := few[:]
	if len(r.properties) > len(few) {
		seen = make([]bool, len(r.properties))
	}
	var extra []string // required members that are no property
	n := 0
	for it := jsonscan.Members(value); it.Next(); n++ {
		name, err := jsonscan.Unquote(it.Name())
		if err != nil {
			continue // it was checked before that this cannot be
		}
		i, known := r.byName[string(name)]
		switch {
		case known:
			p := &r.properties[i]
			if seen[i] {
				f.add(f.here()+"."+p.name, "is given twice")
			}
			seen[i] = true
			if p.name != p.wire {
				end := it.Offset()
				start := bytes.LastIndex(value[:end], it.Name())
				changed.put(value, start, it.Name(), jsonscan.AppendQuote(nil, p.wire))
			}
			changed.put(value, it.Offset(), it.Value(), p.rule.checkBelow(it.Value(), p.name, 0, f))
		case r.closed:
			f.add(f.here()+"."+shorten(string(name)), "is not known there: %s", offer(string(name), r.names()))
		default:
			if len(r.requiredMore) > 0 {
				extra = append(extra, string(name))
			}
			if r.additional != nil {
				changed.put(value, it.Offset(), it.Value(), r.additional.checkBelow(it.Value(), string(name), 0, f))
			}
		}
	}
	for _, i := range r.required {
		if !seen[i] {
			f.add(f.here()+"."+r.properties[i].name, "is required")
		}
	}
	for _, name := range r.requiredMore {
		if !slices.Contains(extra, name) {
			f.add(f.here()+"."+name, "is required")
		}
	}
	if n < r.minMembers {
		f.wrong("must have at least %s, not %d", counted(r.minMembers, "member"), n)
	}
	if r.maxMembers >= 0 && n > r.maxMembers {
		f.wrong("must have at most %s, not %d", counted(r.maxMembers, "member"), n)
	}
	return changed.result(value)
}

func (r *rule) names() []string {
	names := make([]string, len(r.properties))
	for i, p := range r.properties {
		names[i] = p.name
	}
	return names
}

// copying builds a changed copy of a value, once something in it differs.
type copying struct {
	dst  []byte
	from int // what precedes this offset of the value is in dst
}

// put notes that the span at start is now another.
func (c *copying) put(value []byte, start int, span, now []byte) {
	if len(span) == len(now) && (len(span) == 0 || &span[0] == &now[0] || bytes.Equal(span, now)) {
		return
	}
	c.dst = append(append(c.dst, value[c.from:start]...), now...)
	c.from = start + len(span)
}

func (c *copying) result(value []byte) []byte {
	if c.from == 0 {
		return value
	}
	return append(c.dst, value[c.from:]...)
}
