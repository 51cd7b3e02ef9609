package octapipe

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// call is one request on its way through a handler.
type call struct {
	context.Context
	s      *Sandbox
	w      http.ResponseWriter
	r      *http.Request
	db     querier
	user   *user // who asks; nil on public routes
	params map[string]string
	in     *input // the JSON body; nil for GET and on streaming routes
	now    stamp
	seen   *Request
	after  func() // runs once what the handler did is kept

	users map[string]*user // those embedded so far
}

// answer is what a handler has to say.
type answer struct {
	status int
	body   any                                      // as JSON; nil: none
	stream func(http.ResponseWriter, *http.Request) // instead of body
}

func ok(body any) (answer, error)       { return answer{status: http.StatusOK, body: body}, nil }
func created(body any) (answer, error)  { return answer{status: http.StatusCreated, body: body}, nil }
func accepted(body any) (answer, error) { return answer{status: http.StatusAccepted, body: body}, nil }
func noContent() (answer, error)        { return answer{status: http.StatusNoContent}, nil }

// Handler serves the API, and at / the boards.
func (s *Sandbox) Handler() http.Handler { return http.HandlerFunc(s.serve) }

func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request) {
	if s.serveBoard(w, r) {
		return
	}
	seen := Request{Time: s.config.Clock(), Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery}
	status := &statusWriter{ResponseWriter: w}
	s.answer(status, r, &seen)
	seen.Status = status.status
	s.journal.add(seen)
}

// answer finds the route, lets the caller in, and runs the handler.
func (s *Sandbox) answer(w http.ResponseWriter, r *http.Request, seen *Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	found, params, allowed := s.routes.find(r.Method, r.URL.EscapedPath())
	c := &call{Context: r.Context(), s: s, w: w, r: r, db: s.db, params: params, now: s.now(), seen: seen, users: map[string]*user{}}
	counted, err := "address "+hostOf(r.RemoteAddr), error(nil) // what a caller without a token is counted by
	switch {
	case found == nil && allowed == nil:
		err = refuse(http.StatusNotFound, "The route %s could not be found.", r.URL.EscapedPath())
	case found == nil:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		err = refuse(http.StatusMethodNotAllowed, "The %s method is not supported for this route. Supported methods: %s.",
			r.Method, strings.Join(allowed, ", "))
	case found.access != public:
		var token string
		if c.user, token, err = s.authenticate(c, bearer(r)); err == nil {
			counted = token
		}
	}
	if !s.limits.admit(w.Header(), counted, s.config.Clock()) {
		err = refuse(http.StatusTooManyRequests, "Too Many Attempts.")
	}
	if err == nil && found.access == admin && c.user.Role != roleAdmin {
		err = forbidden()
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	result, err := s.run(c, found)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case result.stream != nil:
		result.stream(w, r)
	case result.body == nil:
		w.WriteHeader(result.status)
	default:
		s.send(w, r, result.status, result.body)
	}
}

// run gives the handler its body and its transaction. The answer is made inside the transaction and sent after the commit: nobody hears of
// what was not kept.
func (s *Sandbox) run(c *call, found *compiled) (result answer, err error) {
	if found.streaming {
		return found.handle(c)
	}
	if strings.Contains(c.r.URL.RawQuery, "%00") {
		return answer{}, invalid("query", "The query must not contain a NUL character.")
	}
	if found.method == http.MethodGet {
		return found.handle(c)
	}
	var raw []byte
	c.in, raw, err = readInput(c.w, c.r)
	if found.access != public {
		c.seen.Body = raw
	}
	if err != nil {
		return answer{}, err
	}
	err = s.write(c, func(tx *sql.Tx) error {
		c.db = tx
		if result, err = found.handle(c); err != nil || result.body == nil {
			return err
		}
		encoded, err := encode(result.body)
		result.body = document(encoded)
		return err
	})
	if err == nil && c.after != nil {
		c.after()
	}
	return result, err
}

func (s *Sandbox) fail(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *problem
	if errors.As(err, &refusal) {
		s.send(w, r, refusal.status, refusal)
		return
	}
	if r.Context().Err() != nil {
		return // the caller has hung up
	}
	s.log.Error("octapipe sandbox", "method", r.Method, "path", r.URL.EscapedPath(), "error", err)
	s.send(w, r, http.StatusInternalServerError, &problem{Message: "Server Error"})
}

func (s *Sandbox) send(w http.ResponseWriter, r *http.Request, status int, body any) {
	encoded, err := encode(body)
	if err != nil {
		s.log.Error("octapipe sandbox", "method", r.Method, "path", r.URL.EscapedPath(), "error", err)
		status, encoded = http.StatusInternalServerError, []byte(`{"message":"Server Error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(encoded)
}

// encode is json.Marshal without its escaping of <, > and &, so that texts and stored numbers leave as they came.
func encode(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
