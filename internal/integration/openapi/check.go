package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sluice/internal/integration"
)

// check validates the definition like any other, and takes out the operations that would break it.
func (b *builder) check(made map[*integration.Method]*call) error {
	if len(b.def.JSON()) > mostDefinition {
		for m := range made {
			m.Doc.ResponseSchema = nil
		}
		b.report.Notes = append(b.report.Notes, "the document is so large that what calls answer is not described")
	}
	def, err := b.parse(b.def)
	if err != nil {
		if err := b.drop(made); err != nil {
			return err
		}
		if def, err = b.parse(b.def); err != nil {
			return fmt.Errorf("the definition that was made of the document is not right: %w", firstFault(err))
		}
	}
	for _, c := range callsInOrder(made) {
		m := methodOf(def, c.place)
		b.report.Tools = append(b.report.Tools, Tool{strings.ToUpper(c.method), c.path, integration.ToolName(def, m.Resource, m)})
	}
	b.def = def
	return nil
}

// mostDefinition is how large a definition gets before it does without what can be done without.
const mostDefinition = 8 << 20

// parse reads a definition as everybody else will.
func (b *builder) parse(d *integration.Definition) (*integration.Definition, error) {
	parsed, err := integration.Parse(d.JSON())
	if err == nil && b.options.Check != nil {
		err = b.options.Check(parsed)
	}
	return parsed, err
}

// drop tries each method in a definition of its own, and leaves out those that are not right there.
func (b *builder) drop(made map[*integration.Method]*call) error {
	for _, r := range b.def.Resources {
		r.Methods = slices.DeleteFunc(r.Methods, func(m *integration.Method) bool {
			alone := *b.def
			alone.Resources = integration.Resources{{Name: r.Name, Singular: r.Singular, Methods: []*integration.Method{m}}}
			_, err := b.parse(&alone)
			if err == nil {
				return false
			}
			c := made[m]
			b.left(c.method, c.path, "it cannot be described right: "+firstFault(err).Error())
			delete(made, m)
			return true
		})
	}
	b.def.Resources = slices.DeleteFunc(b.def.Resources, func(r *integration.Resource) bool { return len(r.Methods) == 0 })
	if len(made) == 0 {
		return fmt.Errorf("%w: %s", errNothing, b.report.LeftOut[len(b.report.LeftOut)-1].Reason)
	}
	for _, r := range b.def.Resources {
		r.Parent = nil
	}
	b.parents(made)
	b.tag()
	return nil
}

func firstFault(err error) error {
	var faults integration.Faults
	if errors.As(err, &faults) && len(faults) > 0 {
		return errors.New(faults[0].Message)
	}
	return err
}

// callsInOrder are the operations that became methods, in the order of the document.
func callsInOrder(made map[*integration.Method]*call) []*call {
	all := make([]*call, 0, len(made))
	for _, c := range made {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *call) int { return a.number - b.number })
	return all
}

func methodOf(d *integration.Definition, p place) *integration.Method {
	r, _ := d.Resource(p.resource)
	m, _ := r.Method(p.method)
	return m
}

func parsed(address string) *url.URL {
	u, _ := url.Parse(address)
	return u
}

// limits names the headers that tell the vendor's limits, where the document has them.
func (b *builder) limits(calls []*call) {
	counts := map[string]map[string]int{}
	for _, c := range calls {
		for _, v := range c.own.Get("responses").Members() {
			response, err := c.resolve(v)
			if err != nil {
				continue
			}
			for name := range response.Get("headers").Members() {
				if kind := limitKind(name); kind != "" {
					if counts[kind] == nil {
						counts[kind] = map[string]int{}
					}
					counts[kind][name]++
				}
			}
		}
	}
	var said []string
	for _, to := range []struct {
		kind string
		name *string
	}{{"limit", &b.def.RateLimit.Limit}, {"remaining", &b.def.RateLimit.Remaining}, {"reset", &b.def.RateLimit.Reset}, {"retry", &b.def.RateLimit.RetryAfter}} {
		for _, name := range sortedKeys(counts[to.kind]) {
			if *to.name == "" || counts[to.kind][name] > counts[to.kind][*to.name] {
				*to.name = name
			}
		}
		if *to.name != "" {
			said = append(said, *to.name)
		}
	}
	if len(said) > 0 {
		b.guess("limits are told by the headers %s", strings.Join(said, ", "))
	}
}

// failures finds out whether a success says in its body that it is none, as most answers of some vendors do.
func (b *builder) failures(calls []*call) {
	flags, graphs, all := map[string]int{}, 0, 0
	for _, c := range calls {
		if c.answer.schema == nil {
			continue
		}
		properties := c.answer.schema.object("properties")
		if properties == nil || len(properties.names) == 0 {
			continue
		}
		all++
		for _, flag := range []string{"ok", "success"} {
			if isOnly(properties.object(flag), "boolean") && (properties.has("error") || properties.has("errors") || properties.has("message")) {
				flags[flag]++
			}
		}
		if properties.has("data") && isOnly(properties.object("errors"), "array") {
			graphs++
		}
	}
	for _, flag := range []string{"ok", "success"} {
		if 2*flags[flag] > all {
			b.def.Errors.When = `type == "object" and .` + flag + " == false"
			b.guess("an answer whose %s is false is taken for a refusal, whatever its status", flag)
			return
		}
	}
	if 2*graphs > all {
		b.def.Errors.When = `type == "object" and (.errors | type) == "array" and (.errors | length) > 0 and .data == null`
		b.guess("an answer with errors and without data is taken for a refusal, whatever its status")
	}
}

func limitKind(header string) string {
	n := normal(header)
	if n == "retryafter" {
		return "retry"
	}
	if !strings.Contains(n, "ratelimit") && !strings.Contains(n, "quota") {
		return ""
	}
	switch {
	case strings.Contains(n, "remaining"):
		return "remaining"
	case strings.Contains(n, "reset"):
		return "reset"
	case strings.HasSuffix(n, "limit"):
		return "limit"
	}
	return ""
}
