package jsonscan

import (
	"bytes"
	"fmt"
)

// Walker goes over a document once, for whoever decides at each value whether to go into it or to pass it as a whole. An Iterator passes each value before it
// answers it, so that to go into one is to scan it again, at every level.
//
//	w := jsonscan.Walk(doc)
//	for w.Enter(); w.Next(jsonscan.Object); {
//		use(w.Name(), w.Value())
//	}
//	if err := w.Err(); err != nil { … }
//
// What comes is checked in Lenient mode on the way. After a fault there are no more parts, and values are nil. It allocates nothing.
type Walker struct {
	s     scanner
	at    int // where the next value or what follows the last begins; -1 after a fault
	depth int
	first bool // the container that was entered last has had no part yet
	name  []byte
}

// Walk begins before the document's one value.
func Walk(doc []byte) Walker {
	w := Walker{s: scanner{src: doc}}
	if bytes.HasPrefix(doc, bom) {
		w.at = len(bom)
	}
	w.at = skipSpace(doc, w.at)
	return w
}

// Kind is the kind of the value that comes next.
func (w *Walker) Kind() Kind {
	if w.at < 0 {
		return Invalid
	}
	return KindOf(w.s.src[w.at:])
}

// Value passes the value that comes next, and returns its span.
func (w *Walker) Value() []byte {
	if w.at < 0 {
		return nil
	}
	start := w.at
	if w.at = w.s.value(start, w.depth); w.at < 0 {
		return nil
	}
	return w.s.src[start:w.at]
}

// Enter goes into the object or the array that comes next.
func (w *Walker) Enter() {
	if w.at < 0 {
		return
	}
	if w.depth++; w.depth > LenientDepth {
		w.at = w.s.fail(w.at, ErrDepth, fmt.Sprintf("more than %d levels", LenientDepth))
		return
	}
	w.at++
	w.first = true
}

// Next moves before the value of the next part of what was entered last, which is of this kind, and reports whether there is one. Behind the last part it leaves.
func (w *Walker) Next(of Kind) bool {
	if w.at < 0 {
		return false
	}
	end := byte(']')
	if of == Object {
		end = '}'
	}
	b := w.s.src
	i := skipSpace(b, w.at)
	switch {
	case i < len(b) && b[i] == end:
		w.at, w.first = i+1, false
		w.depth--
		return false
	case w.first:
		w.first = false
	case i < len(b) && b[i] == ',':
		i = skipSpace(b, i+1)
	default:
		w.at = w.s.unexpected(i, "a comma or "+string(end))
		return false
	}
	if of == Object {
		if i = w.readName(i); i < 0 {
			w.at = -1
			return false
		}
	}
	w.at = i
	return true
}

// readName reads a name and its colon, and returns where the value begins.
func (w *Walker) readName(i int) int {
	b := w.s.src
	if i >= len(b) || b[i] != '"' {
		return w.s.unexpected(i, "a name in quotes")
	}
	end := w.s.text(i)
	if end < 0 {
		return -1
	}
	w.name = b[i:end]
	if i = skipSpace(b, end); i >= len(b) || b[i] != ':' {
		return w.s.unexpected(i, "a colon")
	}
	return skipSpace(b, i+1)
}

// Name is the member's name as it is spelled, with its quotes, until the next.
func (w *Walker) Name() []byte { return w.name }

// Err is what is wrong with what was passed, a *SyntaxError, or with what follows the document's value; nil if nothing is.
func (w *Walker) Err() error {
	if w.at >= 0 {
		if i := skipSpace(w.s.src, w.at); i < len(w.s.src) {
			w.at = w.s.unexpected(i, "the end of the document")
		}
	}
	return w.s.failure()
}
