package api

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"sluice/internal/prose"
)

// route answers in the API's own shape what the mux would answer in plain text, or by a redirect to a path that it takes to be meant: a client
// that follows one may lose its body, or its method. Where the path has a handler it answers by which pattern.
func (a *api) route(w http.ResponseWriter, r *http.Request) (pattern string, p *Problem) {
	if isPlain(r.URL.EscapedPath()) && isText(r.URL.Path) {
		if _, pattern := a.mux.Handler(r); pattern != "" {
			return pattern, nil
		}
		if allowed := a.allowed(r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return "", problem(http.StatusMethodNotAllowed, fmt.Sprintf("%s is no method of this path; it takes %s.", prose.Clip(r.Method, 64), strings.Join(allowed, ", ")))
		}
	}
	return "", problem(http.StatusNotFound, "There is no such path; /openapi.json lists them all.")
}

// isPlain reports whether a path is as it should be: no empty segment, none of dots alone.
func isPlain(path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && (i > 0 || len(segments) > 1) {
			return false
		}
	}
	return true
}

// allowed answers the methods that the path of r would take.
func (a *api) allowed(r *http.Request) []string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := *r
		other.Method = m
		if _, pattern := a.mux.Handler(&other); pattern != "" {
			methods = append(methods, m)
		}
	}
	return methods
}

// checkQuery refuses what no database keeps: some would find nothing, others fail.
func checkQuery(r *http.Request) *Problem {
	for name, values := range r.URL.Query() {
		for _, value := range values {
			if !isText(value) {
				field := strings.ReplaceAll(prose.Clip(name, 64), "\x00", "\uFFFD")
				return problem(http.StatusUnprocessableEntity, field+" holds the character U+0000, or is not UTF-8: leave that out.").at(field)
			}
		}
	}
	return nil
}

// isText reports whether every database can keep a text.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }
