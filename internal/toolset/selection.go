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

// Of reduces an answer, or each item of a page, to what is wanted.
func (s *Selection) Of(body []byte) ([]byte, error) {
	dst, err := s.append(make([]byte, 0, len(body)/2), body)
	if err == nil && s.shared && (string(dst) == "{}" || strings.HasPrefix(string(dst[:min(len(dst), 3)]), "[{}")) {
		return body, nil // an answer of another kind than the one that its short form was made for
	}
	return dst, err
}

// append appends what is wanted of a value. A list on the way is gone into; what has no members stays as it is.
func (s *Selection) append(dst, value []byte) ([]byte, error) {
	if s.whole {
		return append(dst, value...), nil
	}
	var err error
	switch jsonscan.KindOf(value) {
	case jsonscan.Array:
		dst = append(dst, '[')
		it := jsonscan.Elements(value)
		for it.Next() {
			if dst, err = s.append(dst, it.Value()); err != nil {
				return dst, err
			}
			dst = append(dst, ',')
		}
		return closed(dst, ']'), it.Err()
	case jsonscan.Object:
		dst = append(dst, '{')
		note := !s.shared && s.path == "" && s.seen == nil
		it := jsonscan.Members(value)
		for it.Next() {
			name, err := jsonscan.Unquote(it.Name())
			if err != nil {
				return dst, err
			}
			if note {
				s.seen = append(s.seen, string(name))
			}
			member := s.members[string(name)]
			if member == nil {
				continue
			}
			if !s.shared {
				member.found = true
			}
			dst = append(append(dst, it.Name()...), ':')
			if dst, err = member.append(dst, it.Value()); err != nil {
				return dst, err
			}
			dst = append(dst, ',')
		}
		return closed(dst, '}'), it.Err()
	}
	return append(dst, value...), nil
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
