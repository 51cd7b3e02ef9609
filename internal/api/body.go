package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sluice/internal/integration/openapi"
	"sluice/internal/jsonscan"
	"sluice/internal/prose"
)

// maxBody bounds a request's body.
const maxBody = 4 << 20

// large are the paths that take a larger one.
var large = map[string]int64{importPath: openapi.MaxDocument}

// takeJSON is what an operation with a JSON body does before huma sees it: huma would take a name twice, text that is not UTF-8, and a NUL, which
// no database keeps, and would answer in words of its own.
func takeJSON(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	body, p := readJSON(w, r)
	switch {
	case p != nil:
	case body == nil:
		p = problem(http.StatusBadRequest, "Send a body: a JSON object.")
	default:
		if at, found := findNUL(body); found {
			p = problem(http.StatusUnprocessableEntity, named(at)+" holds the character U+0000, which cannot be stored: leave it out.").at(at)
		}
	}
	if p != nil {
		write(w, p)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json") // as huma spells it
	next(ctx)
}

// takeDocument is takeJSON for a document that its handler reads itself.
func takeDocument(most int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		body, p := readBodyUpTo(w, r, most, "json", "yaml", "x-yaml", "vnd.oai.openapi")
		if p == nil && len(body) == 0 {
			p = problem(http.StatusBadRequest, "Send a body: the document, as JSON or YAML.")
		}
		if p != nil {
			write(w, p)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next(ctx)
	}
}

// readJSON reads a body that is JSON as RFC 8259 calls it interoperable. It is nil where there is none.
func readJSON(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	body, p := readBody(w, r, "json")
	if p != nil {
		return nil, p
	}
	if body = bytes.TrimSpace(body); len(body) == 0 {
		return nil, nil
	}
	if err := jsonscan.Check(body, jsonscan.Strict); err != nil {
		return nil, problem(http.StatusBadRequest, "The body is not JSON that can be taken: "+prose.Sentence(err.Error()))
	}
	return body, nil
}

// readBody reads a body of one of the given subtypes, up to maxBody. A client that names no type means the first.
func readBody(w http.ResponseWriter, r *http.Request, subtypes ...string) ([]byte, *Problem) {
	return readBodyUpTo(w, r, maxBody, subtypes...)
}

func readBodyUpTo(w http.ResponseWriter, r *http.Request, most int64, subtypes ...string) ([]byte, *Problem) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body is larger than the %d MiB that are taken.", most>>20))
	}
	if err != nil {
		return nil, problem(http.StatusBadRequest, "The body did not arrive whole.")
	}
	given := r.Header.Get("Content-Type")
	if len(body) == 0 || given == "" {
		return body, nil
	}
	mediaType, _, err := mime.ParseMediaType(given)
	if err == nil || errors.Is(err, mime.ErrInvalidMediaParameter) {
		_, subtype, _ := strings.Cut(mediaType, "/")
		for _, s := range subtypes {
			if subtype == s || strings.HasSuffix(subtype, "+"+s) {
				return body, nil
			}
		}
	}
	return nil, problem(http.StatusUnsupportedMediaType, "Send the body as Content-Type: application/"+strings.Join(subtypes[:min(2, len(subtypes))], " or application/")+".")
}

// findNUL answers where in a checked document the first NUL is, as config.methods[1]; "" is the document itself.
func findNUL(doc []byte) (at string, found bool) {
	if !jsonscan.ContainsNUL(doc) {
		return "", false
	}
	switch jsonscan.KindOf(doc) {
	case jsonscan.Object:
		for members := jsonscan.Members(doc); members.Next(); {
			name, _ := jsonscan.Unquote(members.Name()) // what was checked can be read
			if bytes.IndexByte(name, 0) >= 0 {
				return strings.ReplaceAll(prose.Clip(string(name), 64), "\x00", "\uFFFD"), true
			}
			if below, found := findNUL(members.Value()); found {
				return join(prose.Clip(string(name), 64), below), true
			}
		}
	case jsonscan.Array:
		for i, elements := 0, jsonscan.Elements(doc); elements.Next(); i++ {
			if below, found := findNUL(elements.Value()); found {
				return join(fmt.Sprintf("[%d]", i), below), true
			}
		}
	}
	return "", true
}

// join puts two steps of a field's path together.
func join(step, below string) string {
	if step == "" || below == "" || strings.HasPrefix(below, "[") {
		return step + below
	}
	return step + "." + below
}

// named is a field in a sentence.
func named(field string) string {
	if field == "" {
		return "The body"
	}
	return field
}
