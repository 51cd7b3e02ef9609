package toolset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// library checks what rules do not: the schema library, on decoded values. Nothing is ever loaded from outside the document.
type library struct {
	raw      []byte
	compiler *jsonschema.Compiler
}

const libraryURL = "sluice:///schema.json"

func newLibrary(raw []byte) *library { return &library{raw: raw} }

var errNotLoaded = errors.New("a schema may refer to nothing outside itself")

type refusingLoader struct{}

func (refusingLoader) Load(string) (any, error) { return nil, errNotLoaded }

// compile compiles the schema at a JSON pointer.
func (l *library) compile(pointer string) (*jsonschema.Schema, error) {
	if l.compiler == nil {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(l.raw))
		if err != nil {
			return nil, err
		}
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.UseLoader(refusingLoader{})
		c.AssertFormat()
		if err := c.AddResource(libraryURL, doc); err != nil {
			return nil, err
		}
		l.compiler = c
	}
	return l.compiler.Compile(libraryURL + "#" + strings.NewReplacer("%", "%25", "#", "%23", "?", "%3F", " ", "%20", `"`, "%22").Replace(pointer))
}

// mostExponent bounds the numbers that are given to the library, which writes them out in full.
const mostExponent = 1000

var errExponent = fmt.Errorf("holds a number beyond 1e%d", mostExponent)

// validate checks a value, and returns what is wrong in sentences that go on from a place in it. They never hold the value.
func validate(s *jsonschema.Schema, value []byte) []Fault {
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return []Fault{{Message: "cannot be read: " + err.Error()}}
	}
	if !bounded(decoded) {
		return []Fault{{Message: errExponent.Error()}}
	}
	err = s.Validate(decoded)
	var invalid *jsonschema.ValidationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return reasons(invalid)
	}
	return []Fault{{Message: err.Error()}}
}

func bounded(value any) bool {
	switch v := value.(type) {
	case json.Number:
		if _, exponent, ok := strings.Cut(strings.ToLower(v.String()), "e"); ok {
			n, err := strconv.Atoi(exponent)
			return err == nil && n <= mostExponent && n >= -mostExponent
		}
	case []any:
		for _, e := range v {
			if !bounded(e) {
				return false
			}
		}
	case map[string]any:
		for _, e := range v {
			if !bounded(e) {
				return false
			}
		}
	}
	return true
}
