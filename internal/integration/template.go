package integration

import (
	"fmt"
	"regexp"
	"strings"
)

// Template is a text with references to values in it: "https://{{context.domain}}/v2". A reference is a space and a name ({{context.domain}}), or the
// one word that needs no space ({{id}}). A template is parsed once and never changes.
type Template struct {
	source string
	parts  []Part
}

// Part is a piece of a template: literal text, or a reference.
type Part struct {
	Literal string
	Space   string // context, credentials, token, query; "" in {{id}}
	Name    string // "" in a literal
}

// IsReference tells a reference from literal text.
func (p Part) IsReference() bool { return p.Name != "" }

// String is the reference without its braces, or the literal.
func (p Part) String() string {
	switch {
	case p.Name == "":
		return p.Literal
	case p.Space == "":
		return p.Name
	}
	return p.Space + "." + p.Name
}

var templateName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)?$`)

// ParseTemplate reads a template. White space inside the braces does not count.
func ParseTemplate(source string) (*Template, error) {
	t := &Template{source: source}
	rest := source
	for rest != "" {
		literal, after, found := strings.Cut(rest, "{{")
		if strings.Contains(literal, "}}") {
			return nil, fmt.Errorf("%q closes braces that were not opened: write {{…}}", source)
		}
		if literal != "" {
			t.parts = append(t.parts, Part{Literal: literal})
		}
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}}")
		if !closed {
			return nil, fmt.Errorf("%q opens braces that are not closed: write {{…}}", source)
		}
		if name = strings.TrimSpace(name); !templateName.MatchString(name) {
			return nil, fmt.Errorf("{{%s}} is no reference: write a name as in {{context.base_url}} or {{id}}", name)
		}
		if space, word, dotted := strings.Cut(name, "."); dotted {
			t.parts = append(t.parts, Part{Space: space, Name: word})
		} else {
			t.parts = append(t.parts, Part{Name: name})
		}
		rest = tail
	}
	return t, nil
}

// String is the template as it was written.
func (t *Template) String() string { return t.source }

// Parts are the template's pieces in order. Not to be changed.
func (t *Template) Parts() []Part { return t.parts }

// References are the parts that need a value.
func (t *Template) References() []Part {
	var refs []Part
	for _, p := range t.parts {
		if p.IsReference() {
			refs = append(refs, p)
		}
	}
	return refs
}

// InHost answers the first reference of which bad is true among those that stand within the host of an address: behind its beginning, and before the first
// slash that ends the host. A path has no host.
func (t *Template) InHost(bad func(Part) bool) *Part {
	if strings.HasPrefix(t.source, "/") {
		return nil
	}
	for i := range t.parts {
		switch p := &t.parts[i]; {
		case p.IsReference():
			if i > 0 && bad(*p) {
				return p
			}
		case strings.Contains(strings.Replace(p.Literal, "://", "", 1), "/"):
			return nil
		}
	}
	return nil
}

// Domain answers the reference that decides whose host an address leads to: one that the host ends with, or that the whole address begins with. nil: the
// template says so itself, as in https://{{context.team}}.example.com/token, or is a path.
func (t *Template) Domain() *Part {
	if len(t.parts) == 0 || strings.HasPrefix(t.source, "/") {
		return nil
	}
	if t.parts[0].IsReference() {
		return &t.parts[0]
	}
	for i, p := range t.parts {
		switch {
		case !p.IsReference() && strings.Contains(strings.Replace(p.Literal, "://", "", 1), "/"):
			return nil
		case p.IsReference() && (i == len(t.parts)-1 || strings.ContainsAny(t.parts[i+1].Literal[:min(1, len(t.parts[i+1].Literal))], "/:")):
			return &t.parts[i]
		}
	}
	return nil
}

// Expand puts the values in. lookup gets a reference's space and name; where it knows no value, Expand says which is missing.
func (t *Template) Expand(lookup func(space, name string) (string, bool)) (string, error) {
	if len(t.parts) == 1 && !t.parts[0].IsReference() {
		return t.parts[0].Literal, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		if !p.IsReference() {
			b.WriteString(p.Literal)
			continue
		}
		value, ok := lookup(p.Space, p.Name)
		if !ok {
			return "", fmt.Errorf("%s is not set, and %q needs it", p, t.source)
		}
		b.WriteString(value)
	}
	return b.String(), nil
}
