package integration

import (
	"errors"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

const schemaURL = "sluice:///schema.json"

type refusingLoader struct{}

func (refusingLoader) Load(string) (any, error) {
	return nil, errors.New("a schema may refer to nothing outside itself")
}

// compile hands a schema to the library, one that is used in many places once.
func (v *validator) compile(p place, n *node) *jsonschema.Schema {
	source := string(n.raw())
	if compiled, ok := v.compiled[source]; ok {
		return compiled
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(refusingLoader{})
	c.AssertFormat()
	err := c.AddResource(schemaURL, n.value())
	if err == nil {
		var compiled *jsonschema.Schema
		if compiled, err = c.Compile(schemaURL); err == nil {
			if problem := endless(compiled); problem != "" {
				v.fault(p, "%s", problem)
				return nil
			}
			v.compiled[source] = compiled
			return compiled
		}
	}
	var invalid *jsonschema.SchemaValidationError
	var why *jsonschema.ValidationError
	if errors.As(err, &invalid) && errors.As(invalid.Err, &why) {
		for _, reason := range reasons(why) {
			v.fault(append(slices.Clip(p), reason.at...), "is no JSON Schema: %s", reason.text)
		}
		return nil
	}
	v.fault(p, "is no JSON Schema: %v", err)
	return nil
}

// reason is one thing that a schema has against a value.
type reason struct {
	at   []string
	text string
}

// reasons are the innermost causes of a refusal.
func reasons(e *jsonschema.ValidationError) []reason {
	if len(e.Causes) == 0 {
		return []reason{{e.InstanceLocation, e.ErrorKind.LocalizedString(message.NewPrinter(language.English))}}
	}
	var all []reason
	for _, cause := range e.Causes {
		all = append(all, reasons(cause)...)
	}
	return all
}
