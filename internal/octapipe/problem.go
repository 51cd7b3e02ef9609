package octapipe

import (
	"fmt"
	"net/http"
	"sort"
	"strings"
)

// problem is an answer that is not a success: a status and the body that the service sends with it.
type problem struct {
	status  int
	Message string              `json:"message"`
	Errors  map[string][]string `json:"errors,omitempty"`
}

func (p *problem) Error() string { return fmt.Sprintf("%d: %s", p.status, p.Message) }

func refuse(status int, format string, args ...any) error {
	return &problem{status: status, Message: fmt.Sprintf(format, args...)}
}

// notFound is said of what never was, of what was deleted, and of what hangs on another parent: the caller cannot tell them apart.
func notFound(what string) error { return refuse(http.StatusNotFound, "%s not found.", what) }

func unauthenticated() error { return refuse(http.StatusUnauthorized, "Unauthenticated.") }

func forbidden() error { return refuse(http.StatusForbidden, "This action is unauthorized.") }

// faults gathers what is wrong with a request, by field, so that the caller learns of everything at once.
type faults struct {
	first   string
	reasons map[string][]string
}

func (f *faults) add(field, format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if f.reasons == nil {
		f.reasons, f.first = map[string][]string{}, reason
	}
	f.reasons[field] = append(f.reasons[field], reason)
}

// err is nil if nothing was added, and otherwise the 422 that names every field.
func (f *faults) err() error {
	if f.reasons == nil {
		return nil
	}
	count := 0
	for _, reasons := range f.reasons {
		count += len(reasons)
	}
	message := f.first
	switch {
	case count == 2:
		message += " (and 1 more error)"
	case count > 2:
		message += fmt.Sprintf(" (and %d more errors)", count-1)
	}
	return &problem{status: http.StatusUnprocessableEntity, Message: message, Errors: f.reasons}
}

func invalid(field, format string, args ...any) error {
	var f faults
	f.add(field, format, args...)
	return f.err()
}

// said turns a member's name into words: "start_date" is "start date".
func said(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	return strings.ReplaceAll(name, "_", " ")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
