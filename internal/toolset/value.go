package toolset

import "sluice/internal/jsonscan"

// Schema is a JSON Schema that values are checked against which are no whole tool's arguments, such as a custom field's.
type Schema struct{ rule *rule }

// CompileSchema compiles a schema once for many checks.
func CompileSchema(raw []byte) (*Schema, error) {
	doc, err := newDocument(raw)
	if err != nil {
		return nil, err
	}
	r, err := ruleOf(doc.schema())
	if err != nil {
		return nil, err
	}
	return &Schema{r}, nil
}

// Check answers the value, mended where that loses nothing ("3" for 3), or what is wrong with it, at places that begin with argument.
func (s *Schema) Check(argument string, value []byte) ([]byte, []Fault) {
	if s.rule == nil {
		return value, nil
	}
	var f findings
	mended := s.rule.checkBelow(value, argument, 0, &f)
	return mended, f.faults
}

// Nearest offers the known names that a wrong one is most like, as the end of a sentence: "did you mean …?".
func Nearest(wrong string, names []string) string { return offer(wrong, names) }

// PrepareID prepares a call that takes nothing but an id.
func (t *Tool) PrepareID(id string) (*Prepared, error) {
	arguments := append(jsonscan.AppendQuote([]byte(`{"id":`), id), '}')
	return t.Prepare(arguments)
}
