package integration

import (
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schema library follows every branch of a combination, so that a small schema whose references multiply can keep it busy for ever. What it would do
// is counted here before it does it.

const (
	maxBranches = 10_000  // schemas that apply to one value at once
	maxSteps    = 200_000 // schemas that an example is checked by, in all
)

// inPlace are the schemas that apply to the same value as s does.
func inPlace(s *jsonschema.Schema) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	for _, one := range []*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else} {
		if one != nil {
			all = append(all, one)
		}
	}
	all = append(append(append(all, s.AllOf...), s.AnyOf...), s.OneOf...)
	for _, one := range s.DependentSchemas {
		all = append(all, one)
	}
	return all
}

// below are the schemas that apply to what is in a value.
func below(s *jsonschema.Schema) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	additional, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for _, one := range []*jsonschema.Schema{additional, s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems, s.ContentSchema} {
		if one != nil {
			all = append(all, one)
		}
	}
	for _, one := range s.Properties {
		all = append(all, one)
	}
	for _, one := range s.PatternProperties {
		all = append(all, one)
	}
	return append(all, s.PrefixItems...)
}

// endless says what keeps a schema from being checked in bounded time, "" if nothing does.
func endless(root *jsonschema.Schema) string {
	branches := map[*jsonschema.Schema]int{} // 0 while it is being counted
	var count func(s *jsonschema.Schema) int
	count = func(s *jsonschema.Schema) int {
		if n, known := branches[s]; known {
			if n == 0 {
				return -1
			}
			return n
		}
		branches[s] = 0
		sum := 1
		for _, one := range inPlace(s) {
			n := count(one)
			if n < 0 {
				return -1
			}
			sum = min(sum+n, maxBranches+1)
		}
		branches[s] = sum
		return sum
	}
	seen := map[*jsonschema.Schema]bool{}
	for rest := []*jsonschema.Schema{root}; len(rest) > 0; {
		s := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		if seen[s] {
			continue
		}
		seen[s] = true
		switch n := count(s); {
		case n < 0:
			return "refers to itself without going deeper, so that it has no meaning: take the circle of $ref out"
		case n > maxBranches:
			return fmt.Sprintf("applies more than %d schemas to one value, since its references multiply: combine fewer", maxBranches)
		}
		rest = append(append(rest, inPlace(s)...), below(s)...)
	}
	return ""
}

// tooLong says that a value would take too long to check, "" if it would not.
func tooLong(root *jsonschema.Schema, value any) string {
	steps := 0
	var walk func(s *jsonschema.Schema, value any)
	each := func(list []*jsonschema.Schema, value any) {
		for _, s := range list {
			walk(s, value)
		}
	}
	walk = func(s *jsonschema.Schema, value any) {
		if steps++; steps > maxSteps {
			return
		}
		each(inPlace(s), value)
		switch value := value.(type) {
		case map[string]any:
			for name, member := range value {
				if p, ok := s.Properties[name]; ok {
					walk(p, member)
				}
				for _, p := range s.PatternProperties {
					walk(p, member)
				}
				if p, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
					walk(p, member)
				}
				if s.UnevaluatedProperties != nil {
					walk(s.UnevaluatedProperties, member)
				}
			}
		case []any:
			for _, item := range value {
				each(s.PrefixItems, item)
				for _, p := range []*jsonschema.Schema{s.Items2020, s.Contains, s.UnevaluatedItems} {
					if p != nil {
						walk(p, item)
					}
				}
			}
		}
	}
	if walk(root, value); steps > maxSteps {
		return fmt.Sprintf("takes more than %d steps to check: make the example smaller, or the schema simpler", maxSteps)
	}
	return ""
}
