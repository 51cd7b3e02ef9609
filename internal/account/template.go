package account

import (
	"fmt"
	"strings"
	"sync"

	"sluice/internal/integration"
)

// Values are what a definition's templates may name for one account. Credential may be nil, where a template has no business with it.
type Values struct {
	Definition *integration.Definition
	Context    map[string]string
	Credential *Credential
}

func (v *Values) lookup(space, name string) (string, bool) {
	switch space {
	case "context":
		if value, ok := v.Context[name]; ok && value != "" {
			return value, true
		}
		for _, f := range v.Definition.Context { // one that the definition got after the account was connected
			if f.Name == name && f.Default != "" {
				return f.Default, true
			}
		}
	case "credentials":
		if v.Credential != nil {
			value, ok := v.Credential.Fields[name]
			return value, ok && value != ""
		}
	case "token":
		if v.Credential != nil {
			switch name {
			case "access":
				return v.Credential.Token, v.Credential.Token != ""
			case "refresh":
				return v.Credential.refresh, v.Credential.refresh != ""
			}
		}
	}
	return "", false
}

// Templates expands templates, parsing each once. The zero value is ready; it is safe for concurrent use.
type Templates struct {
	mu     sync.RWMutex
	parsed map[string]*integration.Template
}

// maxTemplates bounds what is kept: a definition has a few dozen, and those in use come back at once.
const maxTemplates = 4096

// Expand puts values into a template. Its error names the reference that has none.
func (t *Templates) Expand(source string, v *Values) (string, error) {
	if !strings.Contains(source, "{{") {
		return source, nil
	}
	template, err := t.parse(source)
	if err != nil {
		return "", err
	}
	return template.Expand(v.lookup)
}

// ExpandAddress is Expand for an address, or the beginning of one. A value that stands within its host may hold what hosts are made of and nothing else: in
// https://{{context.domain}}.example.com a slash would make an address of whoever wrote the domain, to which the credential went. A value at the very
// beginning is an address of its own.
func (t *Templates) ExpandAddress(source string, v *Values) (string, error) {
	address, err := t.Expand(source, v)
	if err != nil || !strings.Contains(source, "{{") {
		return address, err
	}
	template, err := t.parse(source)
	if err != nil {
		return "", err
	}
	if ref := template.InHost(func(p integration.Part) bool {
		value, _ := v.lookup(p.Space, p.Name)
		return strings.ContainsFunc(value, noHost)
	}); ref != nil {
		return "", fmt.Errorf("%s may hold letters, digits, dots and hyphens only: it becomes a part of %s", ref, source)
	}
	return address, nil
}

// noHost is true of what no host's name is made of.
func noHost(r rune) bool {
	return !(r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
}

func (t *Templates) parse(source string) (*integration.Template, error) {
	t.mu.RLock()
	template, ok := t.parsed[source]
	t.mu.RUnlock()
	if ok {
		return template, nil
	}
	template, err := integration.ParseTemplate(source)
	if err != nil {
		return nil, fmt.Errorf("read a template of the definition: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.parsed == nil || len(t.parsed) >= maxTemplates {
		t.parsed = map[string]*integration.Template{}
	}
	t.parsed[source] = template
	return template, nil
}

// missing reports whether a template names a value that is not there.
func (t *Templates) missing(source string, v *Values) bool {
	template, err := t.parse(source)
	if err != nil {
		return false
	}
	for _, ref := range template.References() {
		if _, ok := v.lookup(ref.Space, ref.Name); !ok {
			return true
		}
	}
	return false
}
