package vendor

import (
	"fmt"
	"slices"
	"sync"

	"sluice/internal/expression"
	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// plan is what a definition says about answers, made ready once.
type plan struct {
	secrets     jsonscan.Set
	emptied     [][]byte // "name": for each member whose empty value the vendor may write as a list, though it is an object
	expressions map[string]*expression.Expression
}

// plans keeps the plan of each definition in use. They are dropped whole when there are too many.
type plans struct {
	mu   sync.RWMutex
	made map[*integration.Definition]*plan
}

const maxPlans = 1024

func (p *plans) of(def *integration.Definition) (*plan, error) {
	p.mu.RLock()
	made := p.made[def]
	p.mu.RUnlock()
	if made != nil {
		return made, nil
	}
	made, err := newPlan(def)
	if err != nil {
		return nil, fmt.Errorf("read the definition of %s: %w", def.Name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil || len(p.made) >= maxPlans {
		p.made = map[*integration.Definition]*plan{}
	}
	p.made[def] = made
	return made, nil
}

func newPlan(def *integration.Definition) (*plan, error) {
	p := &plan{secrets: jsonscan.NewSet(def.SecretFields...), expressions: map[string]*expression.Expression{}}
	sources := []string{def.RateLimit.When, def.Errors.When}
	page := func(g *integration.Pagination) {
		if g.Format == "expression" {
			sources = append(sources, g.Next)
		}
	}
	page(&def.Pagination)
	for _, hint := range def.Errors.Hints {
		sources = append(sources, hint.When)
	}
	for _, r := range def.Resources {
		if r.Fields != nil && r.Fields.At != "" && !r.Fields.Flat {
			pattern := append(jsonscan.AppendQuote(nil, r.Fields.At), ':')
			if !slices.ContainsFunc(p.emptied, func(b []byte) bool { return string(b) == string(pattern) }) {
				p.emptied = append(p.emptied, pattern)
			}
		}
		for _, m := range r.Methods {
			sources = append(sources, m.Response.Expression)
			if m.Pagination != nil {
				page(m.Pagination)
			}
		}
	}
	for _, source := range sources {
		if source == "" {
			continue
		}
		e, err := expression.Compile(source)
		if err != nil {
			return nil, err
		}
		p.expressions[source] = e
	}
	return p, nil
}
