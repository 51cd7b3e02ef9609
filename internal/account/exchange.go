package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/outbound"
	"sluice/internal/refusal"
)

// token is what an exchange with the vendor yields. It is stored sealed, as JSON.
type token struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh,omitempty"`
	Issued  int64  `json:"issued"`            // Unix milliseconds, by our clock
	Expires int64  `json:"expires,omitempty"` // 0: the vendor did not say
}

// refusedError is a vendor's no to a login, a refresh or a validation call: the same again will be refused, too. Everything else that goes wrong is an
// *UnavailableError and costs no grant.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return e.why }

func isRefused(err error) bool {
	_, ok := errors.AsType[*refusedError](err)
	return ok
}

// exchangeTimeout bounds a login. People wait for it, and so do calls.
const exchangeTimeout = 20 * time.Second

// exchange makes the call that yields a token. held are the values it is made of, the old token among them.
func (s *Service) exchange(ctx context.Context, what string, e *integration.Exchange, held *Values) (*token, error) {
	label := labelOf(held.Definition)
	request, err := s.request(e.Request(), held)
	if err != nil {
		return nil, err
	}
	issued := s.now()
	response, err := s.outbound.Do(ctx, request)
	if err != nil {
		return nil, unavailable(label, what, err)
	}
	if response.Status < 200 || response.Status > 299 {
		return nil, s.answered(label, what, held, response)
	}
	access, ok := jsonscan.Find(response.Body, e.Token)
	value := scalar(access)
	if !ok || value == "" {
		return nil, unavailable(label, what, fmt.Errorf("its answer holds no token at %s", e.Token))
	}
	t := &token{Access: value, Issued: issued.UnixMilli()}
	if e.RefreshToken != "" {
		if refresh, ok := jsonscan.Find(response.Body, e.RefreshToken); ok {
			t.Refresh = scalar(refresh)
		}
	}
	lifetime := float64(e.Lifetime)
	if told, ok := jwtLifetime(value, issued); ok {
		lifetime = told
	}
	if e.ExpiresIn != "" {
		if raw, ok := jsonscan.Find(response.Body, e.ExpiresIn); ok {
			if seconds, err := strconv.ParseFloat(scalar(raw), 64); err == nil && seconds > 0 {
				lifetime = seconds
			}
		}
	}
	if lifetime > 0 {
		lifetime = min(lifetime, 100*365*24*3600)
		t.Expires = issued.Add(time.Duration(lifetime * float64(time.Second))).UnixMilli()
	}
	return t, nil
}

// request makes a call that carries credentials of what the definition says of it.
func (s *Service) request(e *integration.Request, held *Values) (*outbound.Request, error) {
	address, err := s.address(e.Path, held)
	if err != nil {
		return nil, err
	}
	query, err := s.pairs(e.Query, held)
	if err != nil {
		return nil, err
	}
	if len(query) > 0 {
		address += separator(address) + form(query)
	}
	request := &outbound.Request{Method: strings.ToUpper(orDefault(e.Method, http.MethodPost)), URL: address, Timeout: exchangeTimeout, MaxBody: 1 << 20}
	headers, err := s.headers(held, e.Headers)
	if err != nil {
		return nil, err
	}
	request.Header = append(headers, [2]string{"Accept", "application/json"})
	if len(e.Body) == 0 {
		return request, nil
	}
	body, err := s.pairs(e.Body, held)
	if err != nil {
		return nil, err
	}
	if e.BodyFormat == "form" {
		request.Header = append(request.Header, [2]string{"Content-Type", "application/x-www-form-urlencoded"})
		request.Body = []byte(form(body))
		return request, nil
	}
	request.Header = append(request.Header, [2]string{"Content-Type", "application/json"})
	request.Body, err = json.Marshal(body)
	return request, err
}

// address is a path below the definition's base URL, or an address of its own.
func (s *Service) address(path string, v *Values) (string, error) {
	path, err := s.templates.ExpandAddress(path, v)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://") {
		return path, nil
	}
	if !strings.HasPrefix(path, "/") { // behind a host it would be the end of another
		return "", fmt.Errorf("the address %.200q begins with neither https:// nor /", path)
	}
	base, err := s.templates.ExpandAddress(v.Definition.BaseURL, v)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(base, "/") + path, nil
}

// pairs expands the values of a map. A member that stands for an optional credential which was not entered is left out.
func (s *Service) pairs(templates map[string]string, v *Values) (map[string]string, error) {
	out := make(map[string]string, len(templates))
	for name, source := range templates {
		if s.templates.optional(source, v) {
			continue
		}
		value, err := s.templates.Expand(source, v)
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	return out, nil
}

// optional reports whether a template is one reference alone, to a credential that may be left out and was.
func (t *Templates) optional(source string, v *Values) bool {
	template, err := t.parse(source)
	if err != nil || len(template.Parts()) != 1 {
		return false
	}
	ref := template.Parts()[0]
	if ref.Space != "credentials" {
		return false
	}
	if _, ok := v.lookup(ref.Space, ref.Name); ok {
		return false
	}
	ways := append([]integration.Credentials{v.Definition.Credentials}, v.Definition.Credentials.Alternatives...)
	for _, way := range ways {
		for _, f := range way.Fields {
			if f.Name == ref.Name && f.Optional {
				return true
			}
		}
	}
	return false
}

// headers are the definition's own, but for those that need a token, and the exchange's, which win.
func (s *Service) headers(v *Values, own map[string]string) ([][2]string, error) {
	var headers [][2]string
	for _, name := range slices.Sorted(maps.Keys(v.Definition.Headers)) {
		if _, ok := own[name]; !ok && !s.templates.missing(v.Definition.Headers[name], v) {
			value, err := s.templates.Expand(v.Definition.Headers[name], v)
			if err != nil {
				return nil, err
			}
			headers = append(headers, [2]string{name, value})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		value, err := s.templates.Expand(own[name], v)
		if err != nil {
			return nil, err
		}
		headers = append(headers, [2]string{name, value})
	}
	return headers, nil
}

// probe makes the definition's validation call. A *refusedError says that the credential is dead; nil, that it is not.
func (s *Service) probe(ctx context.Context, p *integration.Probe, v *Values) error {
	const what = "to try the credentials"
	response, err := s.ask(ctx, what, orDefault(p.Method, http.MethodGet), p.Path, v)
	if err != nil {
		return err
	}
	switch {
	case response.Status >= 200 && response.Status <= 299, response.Status == http.StatusForbidden: // 403: a permission is missing, the credential is not dead
		return nil
	case response.Status == http.StatusUnauthorized:
		return s.answered(labelOf(v.Definition), what, v, response)
	}
	// Whatever else it answers says nothing of the credential.
	return unavailableAt(labelOf(v.Definition), what, response.Status, fmt.Errorf("it answered %d; is the base URL right?", response.Status))
}

// ask makes a call with the credential, outside the resources.
func (s *Service) ask(ctx context.Context, what, method, path string, v *Values) (*outbound.Response, error) {
	address, err := s.address(path, v)
	if err != nil {
		return nil, err
	}
	return s.askAt(ctx, what, method, address, v)
}

// askAt is ask for a whole address.
func (s *Service) askAt(ctx context.Context, what, method, address string, v *Values) (*outbound.Response, error) {
	auth, err := s.Authorize(v.Definition.Authorization, v)
	if err != nil {
		return nil, &refusedError{err.Error()}
	}
	if auth.Query != "" {
		address += separator(address) + auth.Query
	}
	headers, err := s.headers(v, nil)
	if err != nil {
		return nil, err
	}
	headers = append(append(headers, auth.Header...), [2]string{"Accept", "application/json"})
	if auth.Cookie != "" {
		headers = append(headers, [2]string{"Cookie", auth.Cookie})
	}
	response, err := s.outbound.Do(ctx, &outbound.Request{Method: strings.ToUpper(method), URL: address, Header: headers, Timeout: exchangeTimeout})
	if err != nil && response == nil {
		return nil, unavailable(labelOf(v.Definition), what, err)
	}
	return response, nil
}

// answered tells a refusal from a vendor that could not answer, with the vendor's own words.
func (s *Service) answered(label, what string, v *Values, response *outbound.Response) error {
	said := refusal.Read(v.Definition.Errors, response.Header.Get("Content-Type"), response.Body).Message
	said = v.Credential.Mask(said)
	switch response.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity:
		if said == "" {
			said = fmt.Sprintf("status %d", response.Status)
		}
		return &refusedError{said}
	}
	text := fmt.Sprintf("it answered %d", response.Status)
	switch {
	case response.Location != "":
		text += ", which sends callers to another place; is the base URL right?"
	case response.Status == http.StatusNotFound || response.Status == http.StatusMethodNotAllowed:
		text += "; is the base URL right?"
	case said != "":
		text += ": " + said
	}
	return unavailableAt(label, what, response.Status, errors.New(text))
}

func unavailableAt(label, what string, status int, err error) *UnavailableError {
	e := unavailable(label, what, err)
	e.status = status
	return e
}

func unavailable(label, what string, err error) *UnavailableError {
	return &UnavailableError{Message: period(fmt.Sprintf("%s could not be asked %s: %v", label, what, err)), Err: err}
}

func labelOf(def *integration.Definition) string { return orDefault(def.Label, def.Name) }

func orDefault(s, value string) string {
	if s == "" {
		return value
	}
	return s
}

// scalar is a text's content or a number's digits.
func scalar(value []byte) string {
	switch jsonscan.KindOf(value) {
	case jsonscan.String:
		if s, err := jsonscan.Unquote(value); err == nil {
			return string(s)
		}
	case jsonscan.Number:
		return string(value)
	}
	return ""
}

func form(pairs map[string]string) string {
	values := url.Values{}
	for name, value := range pairs {
		values.Set(name, value)
	}
	return values.Encode()
}

func separator(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}
