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
