package jsonscan

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendQuote appends s to dst as a JSON string. Only what must be escaped is (RFC 8259, section 7); what is not UTF-8 becomes U+FFFD.
func AppendQuote(dst []byte, s string) []byte { return AppendQuotedJSON(dst, []byte(s)) }

// AppendQuotedJSON appends a whole JSON document to dst as one JSON string, as MCP's text content wants it. It is AppendQuote for bytes.
func AppendQuotedJSON(dst, doc []byte) []byte {
	dst = append(dst, '"')
	dst = AppendEscaped(dst, doc)
	return append(dst, '"')
}

// AppendEscaped is AppendQuotedJSON without the quotes around it, for a string that is put together from several pieces, each of them whole UTF-8.
//
// A page of JSON has a quote every few bytes, at distances that no processor predicts, and this function's cost is most of a large call's. So
// eight bytes that hold something to escape go through a table without a branch, each store overwriting what the one before wrote
// too much; only what needs more than a backslash before one letter leaves that path.
func AppendEscaped(dst, src []byte) []byte {
	// Room for each byte to become two, and for what the last store writes too much.
	dst = slices.Grow(dst, 2*len(src)+8)
	out := dst[:cap(dst)]
	o, i := len(dst), 0
	for i+8 <= len(src) {
		w := binary.LittleEndian.Uint64(src[i:])
		if (w|(w-lowBits*' '))&highBits != 0 { // a control character or one outside ASCII; rarely, by a borrow, a space
			end := i + 8
			for i < end {
				if e := escapes[src[i]]; e.size > 0 {
					out[o], out[o+1] = byte(e.text), byte(e.text>>8)
					i, o = i+1, o+int(e.size)
					continue
				}
				if _, size := utf8.DecodeRune(src[i:]); size > 1 {
					o += copy(out[o:], src[i:i+size])
					i += size
					continue
				}
				dst, i = appendSpecial(out[:o], src, i)
				dst = slices.Grow(dst, 2*(len(src)-i)+8)
				out, o = dst[:cap(dst)], len(dst)
			}
			continue
		}
		if special(w) == 0 {
			binary.LittleEndian.PutUint64(out[o:], w)
			i, o = i+8, o+8
			continue
		}
		room := out[o : o+17]
		n := 0
		for range 8 {
			e := escapes[byte(w)]
			binary.LittleEndian.PutUint16(room[n&15:], e.text)
			n += int(e.size)
			w >>= 8
		}
		i, o = i+8, o+n
	}
	dst = out[:o]
	for i < len(src) {
		dst, i = appendSpecial(dst, src, i)
	}
	return dst
}

// escaped is a character as it stands in a string, in the order of its bytes in memory. A size of 0 means that it takes more than two bytes, or
// is part of a longer character.
type escaped struct {
	text uint16
	size uint16
}

var escapes = func() (table [256]escaped) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = escaped{uint16(c), 1}
	}
	for c, letter := range map[byte]byte{'"': '"', '\\': '\\', '\n': 'n', '\t': 't', '\r': 'r', '\b': 'b', '\f': 'f'} {
		table[c] = escaped{'\\' | uint16(letter)<<8, 2}
	}
	return table
}()

// appendSpecial appends the character at src[i] as it stands in a string, or a run of characters outside ASCII, and returns the offset behind it.
func appendSpecial(dst, src []byte, i int) ([]byte, int) {
	c := src[i]
	switch e := escapes[c]; {
	case e.size == 1:
		return append(dst, c), i + 1
	case e.size == 2:
		return append(dst, '\\', byte(e.text>>8)), i + 1
	case c < ' ':
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15]), i + 1
	}
	start := i
	for i < len(src) && src[i] >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size <= 1 {
			dst = append(dst, src[start:i]...)
			dst = append(dst, "\ufffd"...)
			start = i + 1
		}
		i += size
	}
	return append(dst, src[start:i]...), i
}
