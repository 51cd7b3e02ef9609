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
// A page of JSON has a quote every few bytes, at distances that no processor predicts, and this function's cost is most of a large call's. So eight
// bytes are written at once into room made beforehand; then each of them that needs a backslash gets one, and what follows it
// is written again, one place further. Measured on such pages this is twice as fast as going from quote to quote.
func AppendEscaped(dst, src []byte) []byte {
	// Room for each byte to become two, and for what the last store writes too much.
	dst = slices.Grow(dst, 2*len(src)+8)
	out := dst[:cap(dst)]
	o, i := len(dst), 0
	for i+8 <= len(src) {
		w := binary.LittleEndian.Uint64(src[i:])
		if (w|(w-lowBits*' '))&highBits != 0 { // a control character, or one outside ASCII
			for end := i + 8; i < end; {
				c := src[i]
				letter := shortEscape[c]
				switch {
				case letter != 0:
					out[o], out[o+1] = '\\', letter
					i, o = i+1, o+2
				case c >= ' ' && c < utf8.RuneSelf:
					out[o] = c
					i, o = i+1, o+1
				default:
					r, size := utf8.DecodeRune(src[i:])
					if r < ' ' || r == utf8.RuneError && size <= 1 {
						dst = appendUnusual(out[:o], c)
						dst = slices.Grow(dst, 2*(len(src)-i)+8)
						out, o = dst[:cap(dst)], len(dst)
					} else {
						o += copy(out[o:], src[i:i+size])
					}
					i += size
				}
			}
			continue
		}
		binary.LittleEndian.PutUint64(out[o:], w)
		// The high bit of each byte that is a quote or a backslash, exactly: no carry leaves a byte below 0x80.
		const most = lowBits * 0x7f
		marks := ^((w ^ lowBits*'"' + most) & (w ^ lowBits*'\\' + most)) & highBits
		for ; marks != 0; marks &= marks - 1 {
			n := firstMark(marks)
			out[o+n] = '\\'
			binary.LittleEndian.PutUint64(out[o+n+1:], w>>(8*n))
			o++
		}
		i, o = i+8, o+8
	}
	dst = out[:o]
	for i < len(src) {
		c := src[i]
		if letter := shortEscape[c]; letter != 0 {
			dst = append(dst, '\\', letter)
			i++
			continue
		}
		r, size := utf8.DecodeRune(src[i:])
		if r < ' ' || r == utf8.RuneError && size <= 1 {
			dst = appendUnusual(dst, c)
		} else {
			dst = append(dst, src[i:i+size]...)
		}
		i += size
	}
	return dst
}

// shortEscape is the letter that stands for a character behind a backslash.
var shortEscape = [256]byte{'"': '"', '\\': '\\', '\n': 'n', '\t': 't', '\r': 'r', '\b': 'b', '\f': 'f'}

// appendUnusual appends a control character without a letter of its own, or a byte that is not UTF-8.
func appendUnusual(dst []byte, c byte) []byte {
	if c < ' ' {
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, "\ufffd"...)
}
