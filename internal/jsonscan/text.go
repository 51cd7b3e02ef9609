package jsonscan

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Unquote returns what a JSON string says. Where it holds no escape, the result aliases raw. What is not UTF-8 becomes U+FFFD.
func Unquote(raw []byte) ([]byte, error) {
	if content, ok := plain(raw); ok && utf8.Valid(content) {
		return content, nil
	}
	return AppendUnquoted(nil, raw)
}

// AppendUnquoted appends what the JSON string raw says to dst. Its error is a *SyntaxError.
func AppendUnquoted(dst, raw []byte) ([]byte, error) {
	s := scanner{src: raw}
	if len(raw) == 0 || raw[0] != '"' {
		s.unexpected(0, "a text in quotes")
		return dst, s.err
	}
	end := s.text(0)
	if end >= 0 && end < len(raw) {
		s.unexpected(end, "the end of the text")
	}
	if s.err != nil {
		return dst, s.err
	}
	b := raw[1 : end-1]
	for len(b) > 0 {
		if b[0] == '\\' {
			r, size := unescape(b)
			dst, b = utf8.AppendRune(dst, r), b[size:]
			continue
		}
		if b[0] >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(b)
			dst, b = utf8.AppendRune(dst, r), b[size:]
			continue
		}
		n := 1
		for n < len(b) && b[n] < utf8.RuneSelf && b[n] != '\\' {
			n++
		}
		dst, b = append(dst, b[:n]...), b[n:]
	}
	return dst, nil
}

// unescape decodes the escape, or the pair of them, at the start of b, which the scanner has found right.
func unescape(b []byte) (rune, int) {
	switch c := b[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(c), 2
	}
	r, _ := hex4(b, 2)
	if r < surrogateLow || r >= surrogateEnd {
		return r, 6
	}
	if r < surrogateHigh && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low, ok := hex4(b, 8); ok && low >= surrogateHigh && low < surrogateEnd {
			return (r-surrogateLow)<<10 + (low - surrogateHigh) + 0x10000, 12
		}
	}
	return utf8.RuneError, 6
}

// plain returns what is between the quotes of raw if that is raw's whole and holds no escape.
func plain(raw []byte) ([]byte, bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return nil, false
	}
	content := raw[1 : len(raw)-1]
	i := 0
	for ; i+8 <= len(content); i += 8 {
		if special(binary.LittleEndian.Uint64(content[i:])) != 0 {
			return nil, false
		}
	}
	for ; i < len(content); i++ {
		if c := content[i]; c == '"' || c == '\\' || c < ' ' {
			return nil, false
		}
	}
	return content, true
}

// stringEnd returns the offset behind the string that begins with the quote at i, or -1 if it has no end.
func stringEnd(b []byte, i int) int {
	i++
	for {
		for i+8 <= len(b) {
			m := special(binary.LittleEndian.Uint64(b[i:]))
			if m != 0 {
				i += firstMark(m)
				break
			}
			i += 8
		}
		if i >= len(b) {
			return -1
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
		i++
	}
}

// NameIs reports whether the JSON string raw says name.
func NameIs(raw []byte, name string) bool {
	if content, ok := plain(raw); ok && (string(content) == name || utf8.Valid(content)) {
		return string(content) == name
	}
	content, err := Unquote(raw)
	return err == nil && string(content) == name
}

// ContainsNUL reports whether a text anywhere in the document holds the character U+0000, which JSON can only write as an escape.
// Many databases cannot store it.
func ContainsNUL(doc []byte) bool {
	const nul = `\u0000`
	for at := 0; ; {
		i := bytes.Index(doc[at:], []byte(nul))
		if i < 0 {
			return false
		}
		i += at
		slashes := 0
		for i-slashes > 0 && doc[i-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return true
		}
		at = i + 1
	}
}
