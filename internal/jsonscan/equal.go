package jsonscan

import "bytes"

// Equal reports whether two values are the same by JSON Schema's measure (2020-12 core, 4.2.2): numbers by their exact value, texts by what they say,
// objects whatever the order of their members. A malformed value equals nothing. Of duplicate names the last counts.
func Equal(a, b []byte) bool {
	a, b = trimSpace(a), trimSpace(b)
	kind := KindOf(a)
	if kind != KindOf(b) {
		return false
	}
	switch kind {
	case Null, True, False:
		return bytes.Equal(a, b)
	case Number:
		return CompareNumbers(a, b) == 0
	case String:
		return equalText(a, b)
	case Array:
		x, y := Elements(a), Elements(b)
		for x.Next() {
			if !y.Next() || !Equal(x.Value(), y.Value()) {
				return false
			}
		}
		return !y.Next() && x.Err() == nil && y.Err() == nil
	case Object:
		return equalObjects(a, b)
	}
	return false
}

func equalText(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err := Unquote(a)
	if err != nil {
		return false
	}
	y, err := Unquote(b)
	return err == nil && bytes.Equal(x, y)
}

func equalObjects(a, b []byte) bool {
	x, ok := membersByName(a)
	if !ok {
		return false
	}
	y, ok := membersByName(b)
	if !ok || len(x) != len(y) {
		return false
	}
	for name, value := range x {
		other, ok := y[name]
		if !ok || !Equal(value, other) {
			return false
		}
	}
	return true
}

func membersByName(object []byte) (map[string][]byte, bool) {
	members := map[string][]byte{}
	it := Members(object)
	for it.Next() {
		name, err := Unquote(it.Name())
		if err != nil {
			return nil, false
		}
		members[string(name)] = it.Value()
	}
	return members, it.Err() == nil
}
