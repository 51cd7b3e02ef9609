package jsonscan

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"
)

// scanner walks over one document: to check it, to find where a value ends, or to copy it. A method takes the offset where something
// begins and returns the offset behind it, or -1 after it has set err.
type scanner struct {
	src    []byte
	strict bool
	err    *SyntaxError

	// In strict mode, names[:open] says where the names of the objects that are open stand: the innermost object's are the last. It is an
	// array of numbers so that checking allocates nothing.
	names   [24]span
	open    int
	escapes bool // one of all names has been spelled with an escape

	// What follows serves copying (drop.go). src[from:] up to the scanner's offset is kept but not yet written to dst.
	copying bool
	dst     []byte
	from    int
	drop    Set

	elements int // of the document, if it is an array
}

var bom = []byte("\xef\xbb\xbf")

// document scans one value and the white space around it.
func (s *scanner) document() error {
	i := 0
	if !s.strict && bytes.HasPrefix(s.src, bom) {
		i = len(bom)
		s.from = i
	}
	if s.strict && len(s.src) > math.MaxUint32 {
		s.fail(0, ErrSyntax, "more than 4 GiB")
		return s.failure()
	}
	i = s.value(s.space(i), 0)
	if i >= 0 {
		if i = s.space(i); i < len(s.src) {
			s.unexpected(i, "the end of the document")
		}
	}
	return s.failure()
}

// failure returns a copy of err: a scanner whose own parts were handed out would live on the heap.
func (s *scanner) failure() error {
	if s.err == nil {
		return nil
	}
	return &SyntaxError{Offset: s.err.Offset, Detail: s.err.Detail, Err: s.err.Err}
}

func (s *scanner) fail(i int, err error, detail string) int {
	if s.err == nil {
		s.err = &SyntaxError{Offset: i, Detail: detail, Err: err}
	}
	return -1
}

// unexpected fails because src[i] is not what the grammar wants.
func (s *scanner) unexpected(i int, want string) int {
	if i >= len(s.src) {
		return s.fail(len(s.src), ErrTruncated, "wanted "+want)
	}
	r, size := utf8.DecodeRune(s.src[i:])
	if r == utf8.RuneError && size <= 1 {
		return s.fail(i, ErrSyntax, fmt.Sprintf("found byte 0x%02x, wanted %s", s.src[i], want))
	}
	return s.fail(i, ErrSyntax, fmt.Sprintf("found %q, wanted %s", r, want))
}

// space skips white space. When copying, it is left out of the copy.
func (s *scanner) space(i int) int {
	if i >= len(s.src) || s.src[i] > ' ' {
		return i
	}
	end := skipSpace(s.src, i)
	if s.copying && end > i {
		s.flush(i, end)
	}
	return end
}

func skipSpace(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ' ', '\n', '\r', '\t':
			i++
		default:
			return i
		}
	}
	return i
}

func (s *scanner) value(i, depth int) int {
	if i >= len(s.src) {
		return s.unexpected(i, "a value")
	}
	switch c := s.src[i]; c {
	case '"':
		return s.text(i)
	case '{':
		return s.object(i, depth+1)
	case '[':
		return s.array(i, depth+1)
	case 'n':
		return s.literal(i, "null")
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	default:
		if c == '-' || c-'0' < 10 {
			return s.number(i)
		}
		return s.unexpected(i, "a value")
	}
}

func (s *scanner) literal(i int, word string) int {
	for j := 0; j < len(word); j++ {
		if i+j >= len(s.src) || s.src[i+j] != word[j] {
			return s.unexpected(i+j, word)
		}
	}
	return i + len(word)
}

func (s *scanner) number(i int) int {
	b := s.src
	if b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	case i < len(b) && b[i]-'1' < 9:
		i = digits(b, i)
	default:
		return s.unexpected(i, "a digit")
	}
	if i < len(b) && b[i] == '.' {
		j := digits(b, i+1)
		if j == i+1 {
			return s.unexpected(j, "a digit")
		}
		i = j
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := digits(b, i)
		if j == i {
			return s.unexpected(j, "a digit")
		}
		i = j
	}
	return i
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	return i
}

func (s *scanner) deepest() int {
	if s.strict {
		return StrictDepth
	}
	return LenientDepth
}

func (s *scanner) array(i, depth int) int {
	if depth > s.deepest() {
		return s.fail(i, ErrDepth, fmt.Sprintf("more than %d levels", s.deepest()))
	}
	i = s.space(i + 1)
	if i < len(s.src) && s.src[i] == ']' {
		return i + 1
	}
	for {
		if i = s.value(i, depth); i < 0 {
			return -1
		}
		if depth == 1 {
			s.elements++
		}
		i = s.space(i)
		switch {
		case i < len(s.src) && s.src[i] == ',':
			i = s.space(i + 1)
		case i < len(s.src) && s.src[i] == ']':
			return i + 1
		default:
			return s.unexpected(i, "a comma or ]")
		}
	}
}

func (s *scanner) object(i, depth int) int {
	if depth > s.deepest() {
		return s.fail(i, ErrDepth, fmt.Sprintf("more than %d levels", s.deepest()))
	}
	i = s.space(i + 1)
	if i < len(s.src) && s.src[i] == '}' {
		return i + 1
	}
	outer := s.open
	var seen map[string]struct{}
	kept := false // a member of this object is in the copy
	comma := i    // where the comma before the next member stands
	first := true // no comma has come
	for {
		// The white space between a comma and a name is handled here rather than by space, since the comma goes with the member.
		start := i
		if i >= len(s.src) || s.src[i] != '"' {
			return s.unexpected(i, "a name in quotes")
		}
		end := plainEnd(s.src, start)
		dropping := false
		if s.copying {
			if !s.drop.Empty() {
				if dropping = s.dropped(start, end); dropping {
					s.flush(comma, comma)
					s.copying = false
				}
			}
			if !dropping {
				switch {
				case !first && !kept:
					s.flush(comma, start) // the members before were dropped, so there is nothing to separate from
				case !first && start > comma+1:
					s.flush(comma+1, start)
				}
				kept = true
			}
		}
		if i = end; i < 0 {
			if i = s.text(start); i < 0 {
				return -1
			}
		}
		if s.strict && !s.remember(&seen, outer, start, i) {
			return s.fail(start, ErrDuplicateName, quoteShort(s.src[start:i]))
		}
		i = s.space(i)
		if i >= len(s.src) || s.src[i] != ':' {
			return s.unexpected(i, "a colon")
		}
		if i = s.value(s.space(i+1), depth); i < 0 {
			return -1
		}
		i = s.space(i)
		if dropping {
			s.copying, s.from = true, i
		}
		switch {
		case i < len(s.src) && s.src[i] == ',':
			comma, first = i, false
			i = skipSpace(s.src, i+1)
		case i < len(s.src) && s.src[i] == '}':
			s.open = outer
			return i + 1
		default:
			return s.unexpected(i, "a comma or }")
		}
	}
}

// remember notes the name src[start:end] of an object whose names begin at outer, and reports whether it is new there. A
// few names are compared one by one; from many on, a map keeps a hostile document from costing the square of its length.
func (s *scanner) remember(seen *map[string]struct{}, outer, start, end int) bool {
	name := s.src[start:end]
	s.escapes = s.escapes || bytes.IndexByte(name, '\\') >= 0
	if *seen != nil {
		n := len(*seen)
		(*seen)[s.said(name)] = struct{}{}
		return len(*seen) > n
	}
	for _, other := range s.names[outer:s.open] {
		raw := s.src[other.start:other.end]
		if bytes.Equal(raw, name) || s.escapes && s.said(raw) == s.said(name) {
			return false
		}
	}
	if s.open < len(s.names) {
		s.names[s.open] = span{uint32(start), uint32(end)}
		s.open++
		return true
	}
	*seen = map[string]struct{}{s.said(name): {}}
	for _, other := range s.names[outer:s.open] {
		(*seen)[s.said(s.src[other.start:other.end])] = struct{}{}
	}
	s.open = outer
	return true
}

type span struct{ start, end uint32 }

// said decodes a name that text has found right.
func (s *scanner) said(raw []byte) string {
	name, _ := Unquote(raw)
	return string(name)
}

func quoteShort(name []byte) string {
	if len(name) > 60 {
		return string(name[:57]) + "…"
	}
	return string(name)
}
