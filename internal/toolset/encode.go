package toolset

import (
	"cmp"
	"strconv"
	"strings"

	"sluice/internal/jsonscan"
)

const upperHex = "0123456789ABCDEF"

// unreserved are the characters that stand for themselves everywhere in a URL (RFC 3986, 2.3). All others of an argument are encoded, so that it stays
// data: a slash never ends its segment, a plus never reads as a space.
var unreserved = func() (table [256]bool) {
	for c := 0; c < 128; c++ {
		b := byte(c)
		table[c] = b|0x20-'a' < 26 || b-'0' < 10 || b == '-' || b == '.' || b == '_' || b == '~'
	}
	return table
}()

// appendEncoded appends content percent-encoded.
func appendEncoded(dst, content []byte) []byte {
	from := 0
	for i, c := range content {
		if !unreserved[c] {
			dst = append(append(dst, content[from:i]...), '%', upperHex[c>>4], upperHex[c&15])
			from = i + 1
		}
	}
	return append(dst, content[from:]...)
}

// appendScalar appends a value percent-encoded as one word: a text as what it says, numbers with every digit, and what is no scalar as its JSON.
func appendScalar(dst, value []byte) []byte { return appendEncoded(dst, scalar(value)) }

// scalar is a value as one word.
func scalar(value []byte) []byte {
	switch jsonscan.KindOf(value) {
	case jsonscan.String:
		content, _ := jsonscan.Unquote(value)
		return content
	case jsonscan.Null:
		return nil
	case jsonscan.Array, jsonscan.Object:
		if compact, err := jsonscan.Drop(nil, value, jsonscan.Set{}); err == nil {
			return compact
		}
	}
	return value
}

// separators are what stands between the elements of a list in one parameter, already encoded.
var separators = map[string]string{"comma": ",", "space": "%20", "pipe": "%7C", "tab": "%09"}

// inSegments are separators as a path has them (RFC 3986, 3.3, leaves commas and dots to whoever writes the path).
var inSegments = map[string]string{"comma": ",", "space": "%20", "pipe": "%7C", "tab": "%09", "equals": ",", "dot": ".", "matrix": ""}

// appendSegment appends a value to a path: a scalar as one word, a list or an object joined in its style (OpenAPI 3.2, "Style Values"). A matrix names each element.
func appendSegment(dst []byte, name string, value []byte, style string) []byte {
	if jsonscan.KindOf(value) == jsonscan.Object && style != "" {
		return appendMembers(dst, value, style)
	}
	if style == "matrix" {
		if jsonscan.KindOf(value) != jsonscan.Array {
			return appendScalar(append(appendEncoded(append(dst, ';'), []byte(name)), '='), value)
		}
		for it := jsonscan.Elements(value); it.Next(); {
			dst = appendScalar(append(appendEncoded(append(dst, ';'), []byte(name)), '='), it.Value())
		}
		return dst
	}
	if jsonscan.KindOf(value) != jsonscan.Array {
		return appendScalar(dst, value)
	}
	first := true
	for it := jsonscan.Elements(value); it.Next(); first = false {
		if !first {
			dst = append(dst, inSegments[style]...)
		}
		dst = appendScalar(dst, it.Value())
	}
	return dst
}

// appendMembers appends an object to a path: name=value where its style says so, and names and values in turn where it does not. null is left out.
func appendMembers(dst, object []byte, style string) []byte {
	start := len(dst)
	for it := jsonscan.Members(object); it.Next(); {
		if jsonscan.KindOf(it.Value()) == jsonscan.Null {
			continue
		}
		switch {
		case style == "matrix":
			dst = append(dst, ';')
		case len(dst) > start:
			dst = append(dst, inSegments[style]...)
		}
		dst = appendEncoded(dst, []byte(text(it.Name())))
		switch style {
		case "equals", "dot", "matrix":
			dst = append(dst, '=')
		default:
			dst = append(dst, inSegments[style]...)
		}
		dst = appendScalar(dst, it.Value())
	}
	return dst
}

// appendPairs appends a parameter to a query or a form, in its style (OpenAPI 3.2, "Style Values"; tab is Swagger 2.0's tsv). null, an
// empty list and an empty object add nothing.
func appendPairs(dst []byte, name string, value []byte, style string) []byte {
	kind := jsonscan.KindOf(value)
	if kind == jsonscan.Null {
		return dst
	}
	if style == "json" {
		return appendPair(dst, name, scalarJSON(value))
	}
	switch kind {
	case jsonscan.Array:
		return appendList(dst, name, value, style)
	case jsonscan.Object:
		return appendObject(dst, name, value, style)
	}
	return appendPair(dst, name, scalar(value))
}

func scalarJSON(value []byte) []byte {
	compact, err := jsonscan.Drop(nil, value, jsonscan.Set{})
	if err != nil {
		return value
	}
	return compact
}

func appendName(dst []byte, name string) []byte {
	if len(dst) > 0 && dst[len(dst)-1] != '?' {
		dst = append(dst, '&')
	}
	return append(appendEncoded(dst, []byte(name)), '=')
}

func appendPair(dst []byte, name string, content []byte) []byte {
	return appendEncoded(appendName(dst, name), content)
}

// deeper is the style deep below the top.
const deeper = "deeper"

func appendList(dst []byte, name string, array []byte, style string) []byte {
	separator, joined := separators[style]
	first := true
	place := 0
	for it := jsonscan.Elements(array); it.Next(); first = false {
		switch {
		case style == "deep", style == deeper && jsonscan.KindOf(it.Value()) == jsonscan.Object:
			// OpenAPI says nothing of lists here. Those who ask for this style of a list read its places in brackets, and objects in one cannot be told apart otherwise.
			dst = appendPairs(dst, name+"["+strconv.Itoa(place)+"]", it.Value(), deeper)
			place++
		case !joined:
			dst = appendPair(dst, name, scalar(it.Value()))
		case first:
			dst = appendPair(dst, name, scalar(it.Value()))
		default:
			dst = appendScalar(append(dst, separator...), it.Value())
		}
	}
	return dst
}

func appendObject(dst []byte, name string, members []byte, style string) []byte {
	separator, joined := separators[style]
	first := true
	for it := jsonscan.Members(members); it.Next(); {
		member, value := text(it.Name()), it.Value()
		if jsonscan.KindOf(value) == jsonscan.Null {
			continue
		}
		switch {
		case style == "deep", style == deeper:
			dst = appendPairs(dst, name+"["+member+"]", value, deeper)
		case joined:
			if first {
				dst = appendName(dst, name)
			} else {
				dst = append(dst, separator...)
			}
			dst = append(appendEncoded(dst, []byte(member)), separator...)
			dst = appendScalar(dst, value)
		default:
			dst = appendPairs(dst, member, value, "")
		}
		first = false
	}
	return dst
}

// headerValue is a value as a header carries it (OpenAPI's style simple): lists and objects with commas, in Swagger 2.0 also with other separators, or as JSON. In the
// style equals an object's members are name=value.
func headerValue(value []byte, style string) string {
	var dst []byte
	separator := cmp.Or(inParts[style], ",")
	switch kind := jsonscan.KindOf(value); {
	case style == "json":
		return string(scalarJSON(value))
	case kind == jsonscan.Array:
		for it := jsonscan.Elements(value); it.Next(); {
			if len(dst) > 0 {
				dst = append(dst, separator...)
			}
			dst = append(dst, scalar(it.Value())...)
		}
	case kind == jsonscan.Object:
		between := byte(',')
		if style == "equals" {
			between = '='
		}
		for it := jsonscan.Members(value); it.Next(); {
			if jsonscan.KindOf(it.Value()) == jsonscan.Null {
				continue
			}
			if len(dst) > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, text(it.Name())...), between), scalar(it.Value())...)
		}
	default:
		dst = scalar(value)
	}
	return string(dst)
}

// appendCookie appends a parameter to the value of a Cookie header: in the style form each element or member as a cookie of its own, else joined by commas, or as JSON.
func appendCookie(dst []byte, name string, value []byte, style string) []byte {
	pair := func(name string, content []byte) {
		if len(dst) > 0 {
			dst = append(dst, "; "...)
		}
		dst = appendInCookie(append(appendInCookie(dst, []byte(name)), '='), content)
	}
	kind := jsonscan.KindOf(value)
	switch {
	case style == "json":
		pair(name, scalarJSON(value))
	case kind == jsonscan.Array && style == "":
		for it := jsonscan.Elements(value); it.Next(); {
			pair(name, scalar(it.Value()))
		}
	case kind == jsonscan.Object && style == "":
		for it := jsonscan.Members(value); it.Next(); {
			if jsonscan.KindOf(it.Value()) != jsonscan.Null {
				pair(text(it.Name()), scalar(it.Value()))
			}
		}
	case kind == jsonscan.Array, kind == jsonscan.Object:
		first := true
		word := func(content []byte) {
			if !first {
				dst = append(dst, ',')
			}
			dst, first = appendInCookie(dst, content), false
		}
		pair(name, nil)
		for it := jsonscan.Elements(value); kind == jsonscan.Array && it.Next(); {
			word(scalar(it.Value()))
		}
		for it := jsonscan.Members(value); kind == jsonscan.Object && it.Next(); {
			if jsonscan.KindOf(it.Value()) != jsonscan.Null {
				word([]byte(text(it.Name())))
				word(scalar(it.Value()))
			}
		}
	default:
		pair(name, scalar(value))
	}
	return dst
}

// appendInCookie appends content as a cookie can hold it. What RFC 6265 (4.1.1) allows stays as it is, for the sake of receivers that do not decode; what they would
// decode, and what separates, is encoded.
func appendInCookie(dst, content []byte) []byte {
	for _, c := range content {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`",;\%+`, c) >= 0 {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// isHeaderSafe reports whether a header can carry the text (RFC 9110, 5.5): no line breaks, no other control characters.
func isHeaderSafe(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// isSegment reports whether content can be one segment of a path. Nothing, or only dots, cannot be sent safely, encoded or not: servers
// and proxies on the way resolve such segments (RFC 3986, 5.2.4).
func isSegment(content []byte) bool {
	for _, c := range content {
		if c != '.' {
			return true
		}
	}
	return false
}
