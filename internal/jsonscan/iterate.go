package jsonscan

import "bytes"

// Iterator goes over the members of an object or the elements of an array:
//
//	it := jsonscan.Members(doc)
//	for it.Next() {
//		use(it.Name(), it.Value())
//	}
//	if err := it.Err(); err != nil { … }
//
// Each value is checked in Lenient mode as it is passed, and what follows it when the next is asked for. Use Check before, where the document
// must be strict. It allocates nothing.
type Iterator struct {
	s           scanner
	at          int // where the next part begins; -1 at the end
	name, value []byte
	close       byte
	started     bool
}

// Members iterates over an object. Anything else is an error of the iterator's.
func Members(object []byte) Iterator { return iterate(object, '{', '}', "an object") }

// Elements iterates over an array. Anything else is an error of the iterator's.
func Elements(array []byte) Iterator { return iterate(array, '[', ']', "an array") }

func iterate(doc []byte, open, close byte, want string) Iterator {
	it := Iterator{s: scanner{src: doc}, close: close}
	i := 0
	if bytes.HasPrefix(doc, bom) {
		i = len(bom)
	}
	i = skipSpace(doc, i)
	if i >= len(doc) || doc[i] != open {
		it.at = it.s.unexpected(i, want)
		return it
	}
	it.at = i + 1
	return it
}

// Next moves to the next part and reports whether there is one.
func (it *Iterator) Next() bool {
	if it.at < 0 {
		return false
	}
	b := it.s.src
	i := skipSpace(b, it.at)
	switch {
	case i < len(b) && b[i] == it.close:
		if i = skipSpace(b, i+1); i < len(b) {
			it.s.unexpected(i, "the end of the document")
		}
		return it.end()
	case !it.started:
		it.started = true
	case i < len(b) && b[i] == ',':
		i = skipSpace(b, i+1)
	default:
		it.s.unexpected(i, "a comma or "+string(it.close))
		return it.end()
	}
	if it.close == '}' {
		if i >= len(b) || b[i] != '"' {
			it.s.unexpected(i, "a name in quotes")
			return it.end()
		}
		end := it.s.text(i)
		if end < 0 {
			return it.end()
		}
		it.name = b[i:end]
		if i = skipSpace(b, end); i >= len(b) || b[i] != ':' {
			it.s.unexpected(i, "a colon")
			return it.end()
		}
		i = skipSpace(b, i+1)
	}
	end := it.s.value(i, 1)
	if end < 0 {
		return it.end()
	}
	it.value, it.at = b[i:end], end
	return true
}

func (it *Iterator) end() bool {
	it.at, it.name, it.value = -1, nil, nil
	return false
}

// Name is the member's name as it is spelled, with its quotes: compare it by NameIs, read it by Unquote. Nil in an array.
func (it *Iterator) Name() []byte { return it.name }

// Value is the span of the value, without white space around it.
func (it *Iterator) Value() []byte { return it.value }

// Offset is where Value begins in the document.
func (it *Iterator) Offset() int { return it.at - len(it.value) }

// Err is what ended the iteration early: a *SyntaxError, or nil.
func (it *Iterator) Err() error {
	if it.s.err != nil {
		return it.s.err
	}
	return nil
}

// Count returns how many elements an array, or members an object, has.
func Count(doc []byte) (int, error) {
	it := Elements(doc)
	if KindOf(bytes.TrimPrefix(doc, bom)) == Object {
		it = Members(doc)
	}
	n := 0
	for it.Next() {
		n++
	}
	return n, it.Err()
}
