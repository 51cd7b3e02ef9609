package toolset

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// reasons puts the library's refusal into the words of a rule's. They tell what is wanted and never what came, which may be secret. Of alternatives
// (anyOf, oneOf) they follow the one that came nearest.
func reasons(e *jsonschema.ValidationError) []Fault {
	if len(e.Causes) == 0 {
		return reason(e)
	}
	var all, best []Fault
	leastCost := -1
	for _, cause := range e.Causes {
		below := reasons(cause)
		all = append(all, below...)
		if c := cost(cause); leastCost < 0 || c < leastCost {
			best, leastCost = below, c
		}
	}
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		all = best
		if names := missingEither(e); names != nil {
			all = []Fault{{instancePlace(e.InstanceLocation), "must have " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]}}
		}
	}
	return all[:min(len(all), mostFaults)]
}

// missingEither are the names of which one would do, where that is all that each alternative lacks.
func missingEither(e *jsonschema.ValidationError) []string {
	var names []string
	for _, cause := range e.Causes {
		for len(cause.Causes) == 1 {
			cause = cause.Causes[0]
		}
		missing, ok := cause.ErrorKind.(*kind.Required)
		if !ok || len(missing.Missing) != 1 || len(cause.Causes) > 0 || len(cause.InstanceLocation) != len(e.InstanceLocation) {
			return nil
		}
		if name := missing.Missing[0]; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) < 2 {
		return nil
	}
	return names
}

// cost says how far a branch is from fitting: a value of another type, or another constant, speaks for another branch.
func cost(e *jsonschema.ValidationError) int {
	if len(e.Causes) == 0 {
		switch k := e.ErrorKind.(type) {
		case *kind.Type, *kind.Const, *kind.Enum, *kind.FalseSchema:
			return 100
		case *kind.Required:
			return 10 * len(k.Missing)
		}
		return 10
	}
	total := 0
	for _, cause := range e.Causes {
		total += cost(cause)
	}
	return total
}

func reason(e *jsonschema.ValidationError) []Fault {
	at := instancePlace(e.InstanceLocation)
	one := func(format string, args ...any) []Fault { return []Fault{{at, fmt.Sprintf(format, args...)}} }
	each := func(names []string, message string) []Fault {
		var all []Fault
		for _, name := range names {
			all = append(all, Fault{at + "." + name, message})
		}
		return all
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Type:
		var wanted kinds
		for _, name := range k.Want {
			wanted |= kindOfType(name)
		}
		return one("must be %v", wanted)
	case *kind.Const:
		return one("must be %s", spell(k.Want))
	case *kind.Enum:
		var options []string
		for _, o := range k.Want {
			options = append(options, spell(o))
		}
		return one("must be one of %s", strings.Join(options, ", "))
	case *kind.Format:
		if f := formatOf(k.Want); f != nil {
			return one("must be %s", f.words)
		}
	case *kind.Pattern:
		return one("must match the pattern %s", shorten(k.Want))
	case *kind.Required:
		return each(k.Missing, "is required")
	case *kind.AdditionalProperties:
		return each(k.Properties, "is not known there")
	case *kind.DependentRequired:
		return each(k.Missing, "is required where "+k.Prop+" is given")
	case *kind.Dependency:
		return each(k.Missing, "is required where "+k.Prop+" is given")
	case *kind.FalseSchema:
		return one("must be left out")
	case *kind.MinLength:
		return one("must have at least %s, not %d", counted(k.Want, "character"), k.Got)
	case *kind.MaxLength:
		return one("must have at most %s, not %d", counted(k.Want, "character"), k.Got)
	case *kind.MinItems:
		return one("must have at least %s, not %d", counted(k.Want, "item"), k.Got)
	case *kind.MaxItems:
		return one("must have at most %s, not %d", counted(k.Want, "item"), k.Got)
	case *kind.MinProperties:
		return one("must have at least %s, not %d", counted(k.Want, "member"), k.Got)
	case *kind.MaxProperties:
		return one("must have at most %s, not %d", counted(k.Want, "member"), k.Got)
	case *kind.UniqueItems:
		return one("must not hold the same item twice, as items %d and %d are", k.Duplicates[0], k.Duplicates[1])
	case *kind.Minimum:
		return one("must be at least %s", spellRat(k.Want))
	case *kind.Maximum:
		return one("must be at most %s", spellRat(k.Want))
	case *kind.ExclusiveMinimum:
		return one("must be more than %s", spellRat(k.Want))
	case *kind.ExclusiveMaximum:
		return one("must be less than %s", spellRat(k.Want))
	case *kind.MultipleOf:
		return one("must be a multiple of %s", spellRat(k.Want))
	case *kind.Not:
		return one("is one of the values that its schema rules out")
	case *kind.OneOf:
		return one("fits several alternatives of its schema, and may fit only one")
	}
	return one("is refused by the %s of its schema", strings.Join(e.ErrorKind.KeywordPath(), " "))
}

func instancePlace(location []string) string {
	var at strings.Builder
	for _, part := range location {
		if _, err := strconv.Atoi(part); err == nil {
			at.WriteString("[" + part + "]")
		} else {
			at.WriteString("." + part)
		}
	}
	return at.String()
}

func spell(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return shorten(string(b))
}

func spellRat(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}
