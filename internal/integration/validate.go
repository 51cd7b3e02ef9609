package integration

import (
	"fmt"
	"slices"
)

// validator checks what no type can: that names are names, references lead somewhere, and words are known ones.
type validator struct {
	doc    document
	def    *Definition
	faults Faults
}

// fault reports what is wrong at a place in the document, given as the keys that lead to it; for documentation they begin with docs and the resource.
func (v *validator) fault(at []string, format string, args ...any) {
	f := v.locate(at)
	f.Message = fmt.Sprintf(format, args...)
	v.faults = append(v.faults, f)
}

func (v *validator) advise(at []string, format string, args ...any) {
	v.fault(at, format, args...)
	v.faults[len(v.faults)-1].Advice = true
}

// locate finds the line of a place: that of the deepest key on the way there that is written down.
func (v *validator) locate(at []string) Fault {
	file, n := mainFile, v.doc.main
	if len(at) > 1 && at[0] == docsDir {
		if d, ok := v.doc.docs[at[1]]; ok {
			file, n, at = d.file, d.root, at[2:]
		}
	}
	f := Fault{File: file, Line: n.line, Column: n.column}
	for _, key := range at {
		if n.kind == list {
			i := -1
			fmt.Sscanf(key, "%d", &i)
			if i < 0 || i >= len(n.items) {
				break
			}
			n = n.items[i]
			f.Line, f.Column = n.line, n.column
			continue
		}
		i := slices.IndexFunc(n.members, func(m member) bool { return m.key == key })
		if i < 0 {
			break
		}
		f.Line, f.Column = n.members[i].line, n.members[i].column
		n = n.members[i].value
	}
	return f
}

func path_(at []string, more ...string) []string { return append(slices.Clip(at), more...) }

func (v *validator) definition() {
}
