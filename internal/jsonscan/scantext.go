package jsonscan

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// special marks, by the high bit of their place, the bytes of w that end a run of plain text: quotes, backslashes, control
// characters and, if asked, what is not ASCII. Only the lowest mark is exact, as subtraction borrows upwards.
func special(w uint64) uint64 {
	quote := w ^ lowBits*'"'
	slash := w ^ lowBits*'\\'
	return ((quote-lowBits)&^quote | (slash-lowBits)&^slash | (w-lowBits*' ')&^w) & highBits
}

// text scans a string, with its quotes.
func (s *scanner) text(i int) int {
	b := s.src
	ascii := uint64(0)
	if s.strict || s.copying {
		ascii = highBits // each rune is looked at
	}
	i++
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			m := special(w) | w&ascii
			if m != 0 {
				i += firstMark(m)
				break
			}
			i += 8
		}
		if i >= len(b) {
			return s.fail(len(b), ErrTruncated, "a text has no closing quote")
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			if i = s.escape(i); i < 0 {
				return -1
			}
		case c < ' ':
			return s.fail(i, ErrSyntax, fmt.Sprintf("found the bare control character 0x%02x in a text, wanted it escaped", c))
		case c < utf8.RuneSelf || ascii == 0:
			i++
		default:
			for i < len(b) && b[i] >= utf8.RuneSelf {
				r, size := utf8.DecodeRune(b[i:])
				if r == utf8.RuneError && size <= 1 {
					if s.strict {
						return s.fail(i, ErrUTF8, fmt.Sprintf("found byte 0x%02x", b[i]))
					}
					s.replace(i, i+1, "\ufffd")
				}
				i += size
			}
		}
	}
}

// plainEnd returns the offset behind the string that begins with the quote at i if it is ASCII without escapes, as names are, and -1 if text has to look closer.
func plainEnd(b []byte, i int) int {
	for i++; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		if m := special(w) | w&highBits; m != 0 {
			if i += firstMark(m); b[i] == '"' {
				return i + 1
			}
			break
		}
	}
	return -1
}

// escape scans what begins with the backslash at i.
func (s *scanner) escape(i int) int {
	b := s.src
	if i+1 >= len(b) {
		return s.fail(len(b), ErrTruncated, "a text has no closing quote")
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return s.unexpected(i+1, "an escape that JSON knows")
	}
	r, ok := hex4(b, i+2)
	if !ok {
		for i += 2; i < len(b) && isHex(b[i]); i++ {
		}
		return s.unexpected(i, "four hexadecimal digits")
	}
	if r < surrogateLow || r >= surrogateEnd {
		s.spellOut(i, i+6, r)
		return i + 6
	}
	if r < surrogateHigh && i+8 <= len(b) && b[i+6] == '\\' && b[i+7] == 'u' {
		if low, ok := hex4(b, i+8); ok && low >= surrogateHigh && low < surrogateEnd {
			s.spellOut(i, i+12, utf16.DecodeRune(r, low))
			return i + 12
		}
	}
	if s.strict {
		return s.fail(i, ErrUTF8, "half of a surrogate pair stands alone")
	}
	s.replace(i, i+6, "\ufffd")
	return i + 6
}

// spellOut copies a character in place of its escape: many vendors' languages escape whatever is not ASCII, which costs six bytes for two and a model its ease.
// What would be a control character stays escaped.
func (s *scanner) spellOut(start, end int, r rune) {
	if s.copying && r >= 0xa0 {
		s.replace(start, end, string(r))
	}
}

// Surrogates (RFC 8259, section 7): the first half of a pair from surrogateLow, the second from surrogateHigh.
const (
	surrogateLow  = 0xd800
	surrogateHigh = 0xdc00
	surrogateEnd  = 0xe000
)

func isHex(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 6 }

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case c-'0' < 10:
			c -= '0'
		case c-'a' < 6:
			c -= 'a' - 10
		case c-'A' < 6:
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
