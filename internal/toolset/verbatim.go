package toolset

import "sluice/internal/jsonscan"

// verbatimSchema is the documented schema word for word, where the definition asks for it, and nil where it would not be the truth: what is bound,
// what Sluice itself adds, what it completes, and what is read from the account does not stand in it.
func (t *Tool) verbatimSchema(liveFields bool) []byte {
	doc := t.Method.Doc
	if doc == nil || !doc.Verbatim || liveFields {
		return nil
	}
	written := doc.QuerySchema
	if len(written) == 0 {
		written = doc.BodySchema
	} else if len(doc.BodySchema) > 0 {
		return nil
	}
	for i := range t.plan.args {
		if arg := &t.plan.args[i]; arg.fixed != nil || arg.in.ours() || arg.name != arg.property || arg.in == inWhole || arg.filled {
			return nil
		}
	}
	compact, err := jsonscan.Drop(nil, written, jsonscan.Set{})
	if err != nil {
		return nil
	}
	return compact
}
