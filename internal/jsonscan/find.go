package jsonscan

import (
	"strconv"
	"strings"
)

// Find returns the span at a dotted path: authorization.token, data, items.0.id. A number is an index where an array stands. A name that
// holds dots itself is found too (@odata.nextLink). An empty path is the document. Of duplicate names the first that leads to the
// end of the path counts. The result is false where there is no such value, also because the document is malformed before it.
func Find(doc []byte, path string) ([]byte, bool) {
	if path == "" {
		return trimSpace(doc), KindOf(doc) != Invalid
	}
	switch KindOf(doc) {
	case Array:
		first, rest, more := strings.Cut(path, ".")
		index, err := strconv.Atoi(first)
		if err != nil || index < 0 || more && rest == "" {
			return nil, false
		}
		for it := Elements(doc); it.Next(); index-- {
			if index == 0 {
				return Find(it.Value(), rest)
			}
		}
		return nil, false
	case Invalid: // Members knows a byte order mark
	case Object:
	default:
		return nil, false
	}
	it := Members(doc)
	for it.Next() {
		name, err := Unquote(it.Name())
		if err != nil || !strings.HasPrefix(path, string(name)) {
			continue
		}
		rest := path[len(name):]
		if rest == "" {
			return it.Value(), true
		}
		if rest[0] == '.' && len(rest) > 1 {
			if value, ok := Find(it.Value(), rest[1:]); ok {
				return value, true
			}
		}
	}
	return nil, false
}

// Member returns the value of an object's member of that very name, the first of them; nil if there is none, or if the value is no object.
func Member(object []byte, name string) []byte {
	if KindOf(object) != Object {
		return nil // before an iterator words what it found instead
	}
	for it := Members(object); it.Next(); {
		if NameIs(it.Name(), name) {
			return it.Value()
		}
	}
	return nil
}

func trimSpace(b []byte) []byte {
	i := skipSpace(b, 0)
	j := len(b)
	for j > i && b[j-1] <= ' ' {
		j--
	}
	return b[i:j]
}
