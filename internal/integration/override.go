package integration

import "slices"

// overrideFile names an override in its faults.
const overrideFile = "override"

// Override is the definition with an override merged over it: YAML or JSON of a definition's own shape, with no more in it than what is to be different. It is a
// merge patch (RFC 7396): an object is merged member by member, null takes away what is there (a method with its documentation), and everything else, lists too,
// takes the place of what was there. What comes of it is checked like any definition; the faults stand in a file called override.
func (d *Definition) Override(patch []byte) (*Definition, error) {
	over, faults := parseTree(overrideFile, patch)
	if over == nil || len(faults.Fatal()) > 0 {
		return nil, faults
	}
	main, broken := parseTree(mainFile, d.JSON())
	if main == nil {
		return nil, broken
	}
	m := &overriding{}
	switch {
	case over.kind != object:
		m.fault(over.line, over.column, "an override is an object of a definition's shape, not %v: write what is to be different, as in base_url: https://eu.example.com", over.kind)
	case over.get("name") != nil:
		m.fault(over.get("name").line, over.get("name").column, "name cannot be different: accounts find their integration by it")
	default:
		m.merge(nil, main, over)
		m.prune(main)
	}
	if len(m.faults) > 0 {
		return nil, m.faults
	}
	doc := document{main: main, docs: map[string]docFile{}}
	merged, faults := doc.definition()
	for i := range faults {
		// The definition alone has no fault: what is wrong comes of the override, though it shows elsewhere.
		if faults[i].File != overrideFile && !m.stands(faults[i]) {
			faults[i].Line, faults[i].Column = 0, 0
		}
		faults[i].File = overrideFile
	}
	faults.sort()
	if fatal := faults.Fatal(); len(fatal) > 0 {
		return nil, fatal
	}
	merged.Digest = merged.digest()
	return merged, nil
}

// overriding is one merge under way.
type overriding struct {
	faults Faults
	lines  [][2]int // where the members of the override stand
	gone   []place  // resources and methods that were taken away
}

func (m *overriding) fault(line, column int, format string, args ...any) {
	b := builder{file: overrideFile}
	b.fault(line, column, format, args...)
	m.faults = append(m.faults, b.faults...)
}

// stands reports whether a fault, which was found while types were read, is at a member of the override.
func (m *overriding) stands(f Fault) bool { return slices.Contains(m.lines, [2]int{f.Line, f.Column}) }

// merge puts an object over another.
func (m *overriding) merge(at place, into, over *node) {
	for _, part := range over.members {
		here := at.at(part.key)
		m.lines = append(m.lines, [2]int{part.line, part.column}, [2]int{part.value.line, part.value.column})
		i := slices.IndexFunc(into.members, func(have member) bool { return have.key == part.key })
		switch {
		case part.value.kind == null && i < 0:
			m.fault(part.line, part.column, "%s is not there to be taken away%s", here, suggest(part.key, memberNames(into)))
		case part.value.kind == null:
			into.members = slices.Delete(into.members, i, i+1)
			if here[0] == "resources" && (len(here) == 2 || len(here) == 3) {
				m.gone = append(m.gone, here)
			}
		case i >= 0 && part.value.kind == object && into.members[i].value.kind == object:
			m.merge(here, into.members[i].value, part.value)
		default:
			m.mark(part.value)
			if i >= 0 {
				into.members[i] = part
			} else {
				into.members = append(into.members, part)
			}
		}
	}
}

// prune takes out the documentation of what was taken away.
func (m *overriding) prune(main *node) {
	docs := main.get(docsDir)
	for _, at := range m.gone {
		of := docs
		for _, key := range at[1 : len(at)-1] {
			of = of.get(key)
		}
		if of != nil {
			of.members = slices.DeleteFunc(of.members, func(have member) bool { return have.key == at[len(at)-1] })
		}
	}
}

// mark notes that all below stands in the override, and drops what null would take away there.
func (m *overriding) mark(n *node) {
	n.override = true
	m.lines = append(m.lines, [2]int{n.line, n.column})
	if n.kind == object {
		n.members = slices.DeleteFunc(n.members, func(part member) bool { return part.value.kind == null })
	}
	for _, part := range n.members {
		m.lines = append(m.lines, [2]int{part.line, part.column})
		m.mark(part.value)
	}
	for _, item := range n.items {
		m.mark(item)
	}
}
