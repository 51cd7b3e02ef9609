package toolset

import (
	"strings"

	"sluice/internal/jsonscan"
)

// kinds is a set of JSON Schema's types. The empty set stands for a schema that does not say.
type kinds uint8

const (
	kindNull kinds = 1 << iota
	kindBoolean
	kindInteger // numbers whose value is whole
	kindNumber  // all numbers
	kindString
	kindArray
	kindObject
)

var kindWords = []struct {
	kind        kinds
	name, words string
}{
	{kindString, "string", "a text"}, {kindInteger, "integer", "a whole number"}, {kindNumber, "number", "a number"}, {kindBoolean, "boolean", "true or false"},
	{kindArray, "array", "an array"}, {kindObject, "object", "an object"}, {kindNull, "null", "null"},
}

func kindOfType(name string) kinds {
	for _, k := range kindWords {
		if k.name == name {
			return k.kind
		}
	}
	return 0
}

// names are the types' names in JSON Schema.
func (k kinds) names() []string {
	var all []string
	for _, word := range kindWords {
		if k&word.kind != 0 && !(word.kind == kindInteger && k&kindNumber != 0) {
			all = append(all, word.name)
		}
	}
	return all
}

// String says what a value of these types is, for a person: "a text or null".
func (k kinds) String() string {
	var all []string
	for _, word := range kindWords {
		if k&word.kind != 0 && !(word.kind == kindInteger && k&kindNumber != 0) {
			all = append(all, word.words)
		}
	}
	return orList(all)
}

// has reports whether a value of that kind is of one of the types.
func (k kinds) has(kind jsonscan.Kind, value []byte) bool {
	switch kind {
	case jsonscan.Null:
		return k&kindNull != 0
	case jsonscan.True, jsonscan.False:
		return k&kindBoolean != 0
	case jsonscan.String:
		return k&kindString != 0
	case jsonscan.Array:
		return k&kindArray != 0
	case jsonscan.Object:
		return k&kindObject != 0
	case jsonscan.Number:
		return k&kindNumber != 0 || k&kindInteger != 0 && jsonscan.IsInteger(value)
	}
	return false
}

// orList joins words as one says them: "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
