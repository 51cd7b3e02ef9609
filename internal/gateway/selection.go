package gateway

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
)

// selection is what a caller wants of each item of a list: the members that it names, and of those inside others, the way to them. It belongs to one call.
type selection struct {
	whole   bool                  // the value itself, whatever it is
	members map[string]*selection // by name
	found   bool                  // in some item
	path    string
	seen    []string // the outermost only: names of the first item that is an object
}

// selectionOf makes a selection of fields such as name and pipeline_stage.name; nil for none.
func selectionOf(fields []string) *selection {
	if fields == nil {
		return nil
	}
	root := &selection{}
	for _, field := range fields {
		at := root
		for name := range strings.SplitSeq(field, ".") {
			if at.members == nil {
				at.members = map[string]*selection{}
			}
			next := at.members[name]
			if next == nil {
				next = &selection{path: strings.TrimPrefix(at.path+"."+name, ".")}
				at.members[name] = next
			}
			at = next
		}
		at.whole = true
	}
	return root
}

// page reduces each item of a page to what is wanted.
func (s *selection) page(body []byte) ([]byte, error) {
	dst := make([]byte, 0, len(body)/2)
	dst, err := s.append(dst, body)
	return dst, err
}

// append appends what is wanted of a value. A list on the way is gone into; what has no members stays as it is.
func (s *selection) append(dst, value []byte) ([]byte, error) {
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
		note := s.path == "" && s.seen == nil
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
			member.found = true
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

// missed says in a sentence which fields no item has; "" where there is none, or no item to tell by.
func (s *selection) missed() string {
	if s == nil || s.seen == nil {
		return ""
	}
	var missing []string
	var look func(*selection)
	look = func(at *selection) {
		for _, member := range at.members {
			if !member.found {
				missing = append(missing, member.path)
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
	return fmt.Sprintf("No item here has %s; the members of an item are %s.", strings.Join(missing, " or "), strings.Join(s.seen, ", "))
}
