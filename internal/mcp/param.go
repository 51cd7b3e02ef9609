package mcp

import (
	"fmt"
	"net/http"

	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// checkParams compares the headers that mirror arguments with these: a proxy that routed by them must have seen what the vendor will be asked
// (2026-07-28, Streamable HTTP, Server Behavior for Custom Headers).
func checkParams(h http.Header, tool *toolset.Tool, arguments []byte) *failure {
	for i := range tool.Headers {
		mirrored := &tool.Headers[i]
		if !mirrored.Required && h[mirrored.Name] == nil {
			continue
		}
		if f := checkParam(h, mirrored.Name, mirrored.Argument, jsonscan.Member(arguments, mirrored.Argument)); f != nil {
			return f
		}
	}
	return nil
}

func checkParam(h http.Header, name, argument string, value []byte) *failure {
	header, given, f := single(h, name)
	if f != nil {
		return f
	}
	kind := jsonscan.KindOf(value)
	switch kind {
	case jsonscan.Invalid, jsonscan.Null: // absent
		if given {
			return headerMismatch(fmt.Sprintf("the %s header says %q, and the body has no argument %s.", name, header, argument))
		}
		return nil
	case jsonscan.Object, jsonscan.Array:
		if !given {
			return nil // no header can carry it; the tool says what is wrong with it
		}
	default:
		if !given {
			return headerMismatch(fmt.Sprintf("the %s header is missing; tools/list marks the argument %s with x-mcp-header, so each call that has it repeats it there.", name, argument))
		}
	}
	decoded, f := decodeHeader(name, header)
	if f != nil {
		return f
	}
	if !mirrors(decoded, kind, value) {
		said := string(value)
		if kind == jsonscan.String {
			said = text(value)
		}
		return mismatch(name, decoded, said)
	}
	return nil
}

// mirrors reports whether a header says what an argument says. Numbers are compared as numbers: 42.0 is 42.
func mirrors(header string, kind jsonscan.Kind, value []byte) bool {
	switch kind {
	case jsonscan.String:
		said, err := jsonscan.Unquote(value)
		return err == nil && string(said) == header
	case jsonscan.Number:
		number := []byte(header)
		return jsonscan.KindOf(number) == jsonscan.Number && jsonscan.Valid(number, jsonscan.Strict) && jsonscan.CompareNumbers(number, value) == 0
	default:
		return string(value) == header
	}
}
