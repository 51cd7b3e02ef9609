package toolset

import "sluice/internal/jsonscan"

// lacks reports whether a call is completed by what is there before it is sent: it leaves out what the vendor requires, or gives a part of what is merged. One that
// changes nothing at all is a fault.
func (t *Tool) lacks(values [][]byte, more []unplanned, f *findings) bool {
	if t.Method.Complete == nil {
		return false
	}
	partial, changes := false, len(more) > 0
	for i := range t.plan.args {
		arg := &t.plan.args[i]
		partial = partial || values[i] == nil && arg.filled && arg.fixed == nil || values[i] != nil && arg.merged
		changes = changes || values[i] != nil && arg.in.inBody()
	}
	if !changes && f.none() {
		var names []string
		for i := range t.plan.args {
			if arg := &t.plan.args[i]; arg.in.inBody() && arg.fixed == nil {
				names = append(names, arg.name)
			}
		}
		f.add("arguments", "say nothing that changes: %s", offer("", names))
	}
	return partial
}

// Whole prepares a Partial call anew, with what it lacks taken from the object that it is about as the vendor answered it, a JSON object. What the object lacks
// as well is an *ArgumentError.
func (t *Tool) Whole(p *Prepared, object []byte) (*Prepared, error) {
	var w jsonscan.ObjectBuilder
	for i := range t.plan.args {
		arg := &t.plan.args[i]
		value := jsonscan.Member(p.Arguments, arg.name)
		switch {
		case arg.fixed != nil:
			continue
		case arg.merged && (value != nil || arg.filled):
			value = laidOver(t.present(arg, object), value)
		case arg.filled && value == nil:
			value = t.present(arg, object)
		}
		if value != nil {
			w.Add(jsonscan.AppendQuote(nil, arg.name), value)
		}
	}
	for it := jsonscan.Members(p.Arguments); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name())
		if _, planned := t.plan.byName[string(name)]; !planned {
			w.Add(it.Name(), it.Value())
		}
	}
	whole, err := t.prepare(w.Bytes(), true)
	if err == nil {
		whole.Ours = p.Ours
	}
	return whole, err
}

// present is what an argument is in the object that a call is about; nil where it is not there, or null.
func (t *Tool) present(arg *argument, object []byte) []byte {
	path, ok := t.Method.Complete.From[arg.property]
	if !ok {
		path = arg.property
	}
	value, _ := jsonscan.Find(object, path)
	if jsonscan.KindOf(value) == jsonscan.Null {
		return nil
	}
	return value
}

// laidOver is an object whose members are those of over, then those of under that over does not name. What is no object has no members: some vendors write an empty
// one as a list.
func laidOver(under, over []byte) []byte {
	var w jsonscan.ObjectBuilder
	given := map[string]bool{}
	for _, doc := range [][]byte{over, under} {
		if jsonscan.KindOf(doc) != jsonscan.Object {
			continue
		}
		for it := jsonscan.Members(doc); it.Next(); {
			raw, _ := jsonscan.Unquote(it.Name())
			if name := string(raw); !given[name] {
				given[name] = true
				w.Add(it.Name(), it.Value())
			}
		}
	}
	return w.Bytes()
}
