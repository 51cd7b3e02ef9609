package jsonscan

import (
	"maps"
	"math/bits"
	"slices"
)

// Set is a set of member names. The zero Set is empty. It is not changed after it was made, so that calls can share it.
type Set struct {
	names   map[string]struct{}
	lengths uint64 // bit n: a name of n bytes is in it (63: of 63 or more); most names of a document end here
}

// NewSet makes a set.
func NewSet(names ...string) Set {
	s := Set{names: make(map[string]struct{}, len(names))}
	for _, name := range names {
		s.names[name] = struct{}{}
		s.lengths |= 1 << min(len(name), 63)
	}
	return s
}

// Has reports whether the name, without quotes or escapes, is in the set.
func (s *Set) Has(name []byte) bool {
	if s.lengths>>min(len(name), 63)&1 == 0 {
		return false
	}
	_, ok := s.names[string(name)]
	return ok
}

// Names returns the names in the set, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.names)) }

// Empty reports whether no name is in the set.
func (s *Set) Empty() bool { return s.lengths == 0 }

// Drop appends to dst a copy of the document src without the members whose name is in names, at every depth and however the name is
// escaped. Everything else is kept as it is spelled, every digit of a number too, except that white space between tokens goes, that
// a leading byte order mark goes, that text which is not UTF-8 becomes U+FFFD, and that characters beyond ASCII stand for themselves. Duplicate names pass. After an error what was
// appended is of no use; the error is a *SyntaxError.
func Drop(dst, src []byte, names Set) ([]byte, error) {
	dst, _, err := DropCount(dst, src, names)
	return dst, err
}

// DropCount is Drop that counts on its way: elements is how many a document has that is an array, and 0 of any other.
func DropCount(dst, src []byte, names Set) (out []byte, elements int, err error) {
	s := scanner{src: src, copying: true, dst: dst, drop: names}
	if err := s.document(); err != nil {
		return dst, 0, err
	}
	s.flush(len(src), len(src))
	return s.dst, s.elements, nil
}

// flush writes what is pending up to end, and goes on at next.
func (s *scanner) flush(end, next int) {
	if end > s.from {
		s.dst = append(s.dst, s.src[s.from:end]...)
	}
	s.from = next
}

// replace puts text into the copy where src[start:end] stands.
func (s *scanner) replace(start, end int, text string) {
	if s.copying {
		s.flush(start, end)
		s.dst = append(s.dst, text...)
	}
}

// dropped reports whether the name that begins with the quote at i is to be left out; end is what plainEnd says of it. A name that never ends is not: text
// fails on it.
func (s *scanner) dropped(i, end int) bool {
	if end >= 0 {
		return s.drop.Has(s.src[i+1 : end-1])
	}
	if end = stringEnd(s.src, i); end < 0 {
		return false
	}
	name, err := Unquote(s.src[i:end])
	return err == nil && s.drop.Has(name)
}

func firstMark(m uint64) int { return bits.TrailingZeros64(m) / 8 }
