package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"sluice/internal/prose"
)

// What huma itself refuses comes in the API's own shape and words. They are settings of the whole program, which has no other API made by huma.
func init() {
	huma.ValidateStrictCasing = true // else Name would be taken for name, and both at once for either
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return refusal(status, message, nil, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		known, _ := ctx.Operation().Metadata[bodyMembers].([]string)
		return refusal(status, message, known, errs)
	}
	validation.MsgUnexpectedProperty = unknownMember
	validation.MsgExpectedRequiredProperty = missingMember + "%s"
	validation.MsgExpectedBoolean = "must be true or false"
	validation.MsgExpectedNumber = "must be a number"
	validation.MsgExpectedInteger = "must be a whole number"
	validation.MsgExpectedString = "must be a text"
	validation.MsgExpectedArray = "must be a list"
	validation.MsgExpectedObject = "must be an object"
	validation.MsgExpectedOneOf = "must be one of %s"
	validation.MsgExpectedMinimumNumber = "must be at least %v"
	validation.MsgExpectedMaximumNumber = "must be at most %v"
	validation.MsgExpectedMinLength = "must have at least %d characters"
	validation.MsgExpectedMaxLength = "must have at most %d characters"
	validation.MsgExpectedRFC3339DateTime = badTime
}

const (
	unknownMember = "is not known"
	missingMember = "lacks the member " // huma says it of the object around, which the name is put below
	badTime       = "must be a time in RFC 3339, such as 2027-01-31T18:00:00Z"

	// bodyMembers is the key of an operation's metadata that holds what its body may have.
	bodyMembers = "members"
)

// paramWords are for what huma says of parameters in fixed words.
var paramWords = []struct{ prefix, words string }{
	{"invalid integer", "must be a whole number"},
	{"invalid boolean", "must be true or false"},
	{"invalid date/time", badTime},
	{"required", "is required"},
}

// refusal is what huma refuses as a Problem. A detail of huma's also holds the value that was wrong; that may be a secret and is not repeated.
func refusal(status int, message string, known []string, errs []error) *Problem {
	type fault struct{ field, words string }
	var faults []fault
	for _, err := range errs {
		detail, ok := err.(huma.ErrorDetailer)
		if !ok {
			continue
		}
		d := detail.ErrorDetail()
		place, field, _ := strings.Cut(d.Location, ".")
		f := fault{prose.Clip(field, 64), d.Message}
		if name, missing := strings.CutPrefix(d.Message, missingMember); missing {
			f = fault{join(f.field, name), "is required"}
		}
		if d.Message == unknownMember && len(known) > 0 && !strings.ContainsAny(f.field, ".[") {
			f.words += ": there are " + strings.Join(known, ", ")
			known = nil // once is enough
		}
		if place != "body" {
			for _, p := range paramWords {
				if strings.HasPrefix(f.words, p.prefix) {
					f.words = p.words
				}
			}
		}
		if strings.HasPrefix(f.words, "json: ") { // which names types of Go
			f.words = "cannot be read"
		}
		faults = append(faults, f)
	}
	if len(faults) == 0 {
		return problem(status, prose.Sentence(prose.Capital(message)))
	}
	// Unknown members come in the order of a map.
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(a.field, b.field) })
	all := make([]string, len(faults))
	for i, f := range faults {
		all[i] = named(f.field) + " " + f.words
	}
	p := problem(status, prose.Sentence(strings.Join(all, "; ")))
	if status == http.StatusUnprocessableEntity || status == http.StatusBadRequest {
		p.Field = faults[0].field
	}
	return p
}
