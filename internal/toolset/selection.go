package toolset

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
)

// Selection is what is wanted of an answer, or of each item of a list: the members that it names, and of those inside others, the way to them.
type Selection struct {
	whole   bool                  // the value itself, whatever it is
	members map[string]*Selection // by name
	path    string

	// What became of it. One that many calls share notes nothing.
	shared bool
	found  bool     // in some item
	seen   []string // the outermost only: names of the first item that is an object
}

// Select makes a selection of fields such as name and pipeline_stage.name, for one answer; nil for none.
func Select(fields []string) *Selection { return selectionOf(fields, false) }

func selectionOf(fields []string, shared bool) *Selection {
	if fields == nil {
		return nil
	}
	root := &Selection{shared: shared}
	for _, field := range fields {
		at := root
		for name := range strings.SplitSeq(field, ".") {
			if at.members == nil {
				at.members = map[string]*Selection{}
			}
			next := at.members[name]
			if next == nil {
				next = &Selection{shared: shared, path: strings.TrimPrefix(at.path+"."+name, ".")}
				at.members[name] = next
			}
			at = next
		}
		at.whole = true
	}
	return root
}

// Of reduces an answer, or each item of a page, to what is wanted, in one pass over it.
func (s *Selection) Of(body []byte) ([]byte, error) {
	if kind := jsonscan.KindOf(body); kind != jsonscan.Array && kind != jsonscan.Object {
		return body, nil
	}
	w := jsonscan.Walk(body)
	dst, err := s.append(make([]byte, 0, len(body)), &w) // never longer than what it was taken from
	if err == nil {
		err = w.Err()
	}
	if err == nil && s.shared && (string(dst) == "{}" || strings.HasPrefix(string(dst[:min(len(dst), 3)]), "[{}")) {
		return body, nil // an answer of another kind than the one that its short form was made for
	}
	return dst, err
}

// append appends what is wanted of the value that comes next. A list on the way is gone into; what has no members stays as it is. What is wrong with the
// document is the walker's to tell; an error here is of a name.
func (s *Selection) append(dst []byte, w *jsonscan.Walker) ([]byte, error) {
	if s.whole {
		return append(dst, w.Value()...), nil
	}
	var err error
	switch w.Kind() {
	case jsonscan.Array:
		dst = append(dst, '[')
		for w.Enter(); w.Next(jsonscan.Array); {
			if dst, err = s.append(dst, w); err != nil {
				return dst, err
			}
			dst = append(dst, ',')
		}
		return closed(dst, ']'), nil
	case jsonscan.Object:
		dst = append(dst, '{')
		note := !s.shared && s.path == "" && s.seen == nil
		for w.Enter(); w.Next(jsonscan.Object); {
			name, err := jsonscan.Unquote(w.Name())
			if err != nil {
				return dst, err
			}
			if note {
				s.seen = append(s.seen, string(name))
			}
			member := s.members[string(name)]
			if member == nil {
				w.Value()
				continue
			}
			if !s.shared {
				member.found = true
			}
			dst = append(append(dst, w.Name()...), ':')
			if dst, err = member.append(dst, w); err != nil {
				return dst, err
			}
			dst = append(dst, ',')
		}
		return closed(dst, '}'), nil
	}
	return append(dst, w.Value()...), nil
}

func closed(dst []byte, end byte) []byte {
	if dst[len(dst)-1] == ',' {
		dst[len(dst)-1] = end
		return dst
	}
	return append(dst, end)
}

// Missed says in a sentence which fields nothing had, but for those that may be lacking; "" where there is none, or nothing to tell by.
func (s *Selection) Missed(sparse []string) string {
	if s == nil || s.seen == nil {
		return ""
	}
	var missing []string
	var look func(*Selection)
	look = func(at *Selection) {
		for _, member := range at.members {
			if !member.found {
				if !slices.Contains(sparse, member.path) {
					missing = append(missing, member.path)
				}
				continue
			}
			look(member)
		}
	}
	look(s)
	if missing == nil {
		return ""
	}
	slices.Sort(missing)
	return fmt.Sprintf("Nothing here has %s; the members are %s.", strings.Join(missing, " or "), strings.Join(s.seen, ", "))
}
