package octapipe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/octapipe"
)

// service is a sandbox behind a real HTTP server, with a clock that tests move.
type service struct {
	t     *testing.T
	box   *octapipe.Sandbox
	url   string
	token string

	mu     sync.Mutex
	clock  time.Time
	parent *service // whose clock it is, if not its own
}

func start(t *testing.T, config octapipe.Config) *service {
	t.Helper()
	s := &service{t: t, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	config.Clock = func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.clock }
	box, err := octapipe.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box.Handler())
	t.Cleanup(func() {
		server.Close()
		if err := box.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.box, s.url, s.token = box, server.URL, box.AdminToken()
	return s
}

func seeded(t *testing.T) *service { return start(t, octapipe.Config{Seed: true}) }

func (s *service) pass(d time.Duration) {
	if s.parent != nil {
		s.parent.pass(d)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

// as is the same service with another token.
func (s *service) as(token string) *service {
	return &service{t: s.t, box: s.box, url: s.url, token: token, parent: s}
}

// upload sends a multipart form.
func (s *service) upload(name, kind, content string, fields object) *reply {
	s.t.Helper()
	return s.uploadTo("/files", name, kind, content, fields)
}

func (s *service) uploadTo(path, name, kind, content string, fields object) *reply {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	header := textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", map[string]string{"name": "file", "filename": name})}}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	part, err := form.CreatePart(header)
	if err != nil {
		s.t.Fatal(err)
	}
	io.WriteString(part, content)
	for name, value := range fields {
		form.WriteField(name, value.(string))
	}
	form.Close()
	r, err := http.NewRequest("POST", s.url+path, &body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return s.send(r)
}

type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

func (s *service) do(method, path string, body any) *reply {
	s.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	r, err := http.NewRequest(method, s.url+path, reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if reader != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return s.send(r)
}

func (s *service) send(r *http.Request) *reply {
	s.t.Helper()
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return &reply{s.t, r.Method + " " + r.URL.Path, response.StatusCode, response.Header, content}
}

// is fails the test unless the status is the one wanted.
func (r *reply) is(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: want %d, got %d: %s", r.what, status, r.status, r.body)
	}
	return r
}

// into decodes the body.
func into[T any](r *reply) (value T) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &value); err != nil {
		r.t.Fatalf("%s: %v in %s", r.what, err, r.body)
	}
	return value
}

type object = map[string]any

func (r *reply) object() object { r.t.Helper(); return into[object](r) }
func (r *reply) list() []object { r.t.Helper(); return into[[]object](r) }

// reasons are those of a 422, by field.
func (r *reply) reasons() map[string][]string {
	r.t.Helper()
	r.is(http.StatusUnprocessableEntity)
	refusal := into[struct {
		Message string
		Errors  map[string][]string
	}](r)
	if refusal.Message == "" || len(refusal.Errors) == 0 {
		r.t.Fatalf("%s: a 422 must have a message and errors: %s", r.what, r.body)
	}
	return refusal.Errors
}

// refuses fails the test unless the answer is a 422 with reasons for exactly these fields.
func (r *reply) refuses(fields ...string) {
	r.t.Helper()
	got := r.reasons()
	for _, field := range fields {
		if len(got[field]) == 0 {
			r.t.Errorf("%s: want a reason for %s, got %s", r.what, field, r.body)
		}
	}
	if len(got) != len(fields) {
		r.t.Errorf("%s: want reasons for %v, got %s", r.what, fields, r.body)
	}
}

func equal[T comparable](t *testing.T, what string, want, got T) {
	t.Helper()
	if want != got {
		t.Errorf("%s: want %v, got %v", what, want, got)
	}
}

// all reads a bare list to its end.
func (s *service) all(path string) []object {
	s.t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	var items []object
	for page := 1; ; page++ {
		got := s.do("GET", fmt.Sprintf("%s%spage=%d", path, separator, page), nil).is(200).list()
		if len(got) == 0 {
			return items
		}
		items = append(items, got...)
	}
}

// named finds the uuid of an item of an enveloped list.
func (s *service) named(path, name string) string {
	s.t.Helper()
	filters := url.QueryEscape(fmt.Sprintf(`[{"field":"name","operator":"eq","value":%q}]`, name))
	page := s.do("GET", path+"?filters="+filters, nil).is(200)
	var items []object
	if page.body[0] == '[' {
		items = page.list()
	} else {
		items = into[struct{ Data []object }](page).Data
	}
	if len(items) != 1 {
		s.t.Fatalf("%s: want one %q, got %d", path, name, len(items))
	}
	return items[0]["uuid"].(string)
}
