// Package jsonscan reads JSON (RFC 8259) by scanning: values stay the spans of bytes in which they came, so that no digit of a number and
// no difference between absent, null and empty is lost on the way from one side of a call to the other, and little is allocated.
//
// It imports none of Sluice's packages. Documents enter as bytes. From clients they are checked in Strict mode; from vendors they are
// passed on by Drop, which is lenient about what does no harm and repairs it. What was checked is then taken apart:
//
//	Check, Valid             is this one JSON document?
//	Members, Elements, Count the parts of an object or array, as raw spans
//	Find                     the span at a dotted path
//	Drop                     a copy without some members, compact, repaired
//	ObjectBuilder            an object put together of spans
//	Unquote, NameIs          what a string says
//	AppendQuote, AppendQuotedJSON, AppendEscaped
//	                         text, or a whole document, as a JSON string
//	IsInteger, AppendInteger, CompareNumbers, Equal
//	                         values by their meaning, exactly: 3 and 3.0 are one number
//
// Spans alias the document that they were cut from. Every function returns, without a panic, on whatever bytes it is given; those
// that take parts of a document assume only that they may be wrong about its meaning if nobody checked it.
package jsonscan

import (
	"errors"
	"fmt"
)

// Mode is how much a document may deviate from what RFC 8259 calls interoperable.
type Mode uint8

const (
	// Strict refuses duplicate names, text that is not UTF-8 (lone surrogates written as escapes too), a byte order mark, and more than
	// StrictDepth levels. It is for clients.
	Strict Mode = iota
	// Lenient allows all of these, down to LenientDepth levels. It is for vendors.
	Lenient
)

// Levels of arrays and objects within each other.
const (
	StrictDepth  = 512
	LenientDepth = 10000
)

// What a SyntaxError wraps.
var (
	ErrSyntax        = errors.New("not JSON")
	ErrTruncated     = errors.New("the document ends too early")
	ErrDuplicateName = errors.New("a name occurs twice in one object")
	ErrUTF8          = errors.New("text is not valid UTF-8")
	ErrDepth         = errors.New("nested too deeply")
)

// SyntaxError says where a document is wrong. It wraps one of the errors above.
type SyntaxError struct {
	Offset int    // bytes before the place
	Detail string // what was found and what was wanted; may be empty
	Err    error
}

func (e *SyntaxError) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("%v (at byte %d)", e.Err, e.Offset)
	}
	return fmt.Sprintf("%v: %s (at byte %d)", e.Err, e.Detail, e.Offset)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// Check returns nil if b is exactly one JSON value with nothing but white space around it, and a *SyntaxError otherwise.
func Check(b []byte, mode Mode) error {
	s := scanner{src: b, strict: mode == Strict}
	return s.document()
}

// Valid reports whether Check returns nil.
func Valid(b []byte, mode Mode) bool { return Check(b, mode) == nil }

// Kind is the type of a value.
type Kind byte

const (
	Invalid Kind = 0
	Null    Kind = 'n'
	False   Kind = 'f'
	True    Kind = 't'
	Number  Kind = '0'
	String  Kind = '"'
	Object  Kind = '{'
	Array   Kind = '['
)

var kindNames = map[Kind]string{Null: "null", False: "a boolean", True: "a boolean", Number: "a number", String: "a text", Object: "an object", Array: "an array"}

// String names a kind as one names it to a person: "an array".
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return "not JSON"
}

// KindOf tells the kind of a value by its first byte that is not white space.
func KindOf(value []byte) Kind {
	for _, c := range value {
		switch c {
		case ' ', '\t', '\n', '\r':
		case 'n', 'f', 't', '"', '{', '[':
			return Kind(c)
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			return Number
		default:
			return Invalid
		}
	}
	return Invalid
}
