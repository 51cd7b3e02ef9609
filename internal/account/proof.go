package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/outbound"
)

// proof is a connection that the vendor was shown: what was entered, what came of it, and how far it leads.
type proof struct {
	fields, context map[string]string
	token           *token
	status          Status // Active, or Connecting where something is to be chosen yet
}

// prove shows the vendor what was entered: by a login, and by the validation call where the definition has one.
func (s *Service) prove(ctx context.Context, environment string, def *integration.Definition, fields, context map[string]string) (*proof, error) {
	h, err := s.hold(def, fields, context, &token{}, 0)
	if err != nil {
		return nil, err
	}
	var t *token
	v := &Values{Definition: def, Context: context, Credential: h.credential}
	switch h.way.Format {
	case formatNone, formatStatic:
	case formatLogin:
		if h.way.Login == nil {
			return nil, fmt.Errorf("integration %s logs in, and its definition has no login", def.Name)
		}
		if t, err = s.exchange(ctx, "to log in", h.way.Login, v); err != nil {
			return nil, s.unproven(def, err)
		}
	case formatClient:
		if t, err = s.clientCredentials(ctx, environment, h.way, v); err != nil {
			return nil, s.unproven(def, err)
		}
	case formatCode:
		return nil, invalid("integration", "connects accounts by signing in with %s, which takes a browser: POST /link-token makes the link for it, or `sluice connect %s`", labelOf(def), def.Name)
	default:
		return nil, fmt.Errorf("integration %s has credentials of the format %q, which is none", def.Name, h.way.Format)
	}
	p, err := s.check(ctx, def, fields, context, t, false)
	if err != nil {
		return nil, s.unproven(def, err)
	}
	return p, nil
}

// check tries a credential by the validation call, and finds out what is to be chosen. A choice that is none of the vendor's is refused or, with forget,
// asked again.
func (s *Service) check(ctx context.Context, def *integration.Definition, fields, context map[string]string, t *token, forget bool) (*proof, error) {
	if t == nil {
		t = &token{}
	}
	h, err := s.hold(def, fields, context, t, 0)
	if err != nil {
		return nil, err
	}
	v := &Values{Definition: def, Context: unchosen(def, context), Credential: h.credential}
	tried := false
	try := func() error {
		if tried || h.way.Validate == nil || s.templates.lacks(h.way.Validate.Path, v) {
			return nil
		}
		tried = true
		return s.probe(ctx, h.way.Validate, v)
	}
	if err := try(); err != nil {
		return nil, err
	}
	question, err := s.settle(ctx, v, context, forget)
	if err != nil {
		return nil, err
	}
	if err := try(); err != nil { // it may need what was chosen
		return nil, err
	}
	p := &proof{fields: fields, context: v.Context, status: Active}
	if t.Access != "" {
		p.token = t
	}
	if question != nil {
		p.status = Connecting
	}
	return p, nil
}

// lacks reports whether a path, or the base URL that it follows, names a value that is not there yet.
func (t *Templates) lacks(path string, v *Values) bool {
	return t.missing(path, v) || strings.HasPrefix(path, "/") && t.missing(v.Definition.BaseURL, v)
}

// unproven says which input is to blame for a proof that failed.
func (s *Service) unproven(def *integration.Definition, err error) error {
	if refused, ok := errors.AsType[*refusedError](err); ok {
		return &InvalidError{Field: "credentials", Message: period(fmt.Sprintf("were refused by %s: %s", labelOf(def), refused.why)), Remote: true}
	}
	if wire, ok := errors.AsType[*outbound.Error](err); ok && (wire.Reason == outbound.Refused || wire.Reason == outbound.BadRequest) {
		where := "context"
		for _, f := range def.Context {
			if f.Name == "base_url" {
				where = "context.base_url"
			}
		}
		return invalid(where, "cannot be used: %s", period(wire.Error()))
	}
	return err
}

// unchosen is a context without the values of choices: until the vendor has said that a value is one of its own, the credential goes nowhere by it.
func unchosen(def *integration.Definition, context map[string]string) map[string]string {
	context = maps.Clone(context)
	maps.DeleteFunc(context, func(name, _ string) bool { return def.Context.Chosen(name) })
	if context == nil {
		context = map[string]string{}
	}
	return context
}

// settle goes through the choices in order: one that was made in context is held against what there is, one that leaves no choice is made, and the first that
// is open comes back. What is settled is put into v.Context, which begins without any.
func (s *Service) settle(ctx context.Context, v *Values, context map[string]string, forget bool) (*FormField, error) {
	for _, f := range v.Definition.Context {
		if f.Choices == nil {
			continue
		}
		options, err := s.choices(ctx, f.Choices, v)
		if err != nil {
			return nil, err
		}
		at := describeField("context", f)
		at.Options, at.Required = options, true
		given, made := context[f.Name]
		switch {
		case made && has(options, given):
			v.Context[f.Name] = given
			if err := s.templates.checkBase(v.Definition, v.Context); err != nil {
				return nil, err
			}
			continue
		case made && !forget:
			return nil, invalid(at.Name, "is none that the account has: there are %s", listed(options))
		}
		if len(options) == 0 {
			return nil, invalid(at.Name, "cannot be chosen: %s has none for this account (%s)", labelOf(v.Definition), at.Label)
		}
		if len(options) > 1 {
			return &at, nil
		}
		v.Context[f.Name] = options[0].Value
		if err := s.templates.checkBase(v.Definition, v.Context); err != nil {
			return nil, err
		}
	}
	return nil, s.templates.checkBase(v.Definition, v.Context)
}

func has(options []Option, value string) bool {
	for _, o := range options {
		if o.Value == value {
			return true
		}
	}
	return false
}

func listed(options []Option) string {
	const most = 10
	var all []string
	for _, o := range options[:min(most, len(options))] {
		if o.Label == o.Value {
			all = append(all, o.Value)
		} else {
			all = append(all, fmt.Sprintf("%s (%s)", o.Value, o.Label))
		}
	}
	if len(options) > most {
		all = append(all, fmt.Sprintf("%d more", len(options)-most))
	}
	return strings.Join(all, ", ")
}

// Question answers what is to be chosen before a connecting account is active, with what there is to choose; nil: nothing. Update takes the answer, as a value
// of the context.
func (s *Service) Question(ctx context.Context, environment, id string) (*FormField, error) {
	e, err := s.read(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	def, err := s.definitions.FindFor(ctx, environment, e.account.Integration, e.account.ID)
	if err != nil {
		return nil, fmt.Errorf("find the integration of account %s: %w", id, err)
	}
	h, err := s.current(ctx, e, def)
	if err != nil {
		return nil, err
	}
	question, err := s.settle(ctx, &Values{Definition: def, Context: unchosen(def, e.account.Context), Credential: h.credential}, e.account.Context, true)
	if err != nil {
		return nil, s.unproven(def, err)
	}
	return question, nil
}

// current is the credential of an account whatever its status, renewed where it has expired.
func (s *Service) current(ctx context.Context, e *entry, def *integration.Definition) (*held, error) {
	h, err := s.open(e, def)
	if err != nil || h.expires.IsZero() || s.now().Before(h.expires) {
		return h, err
	}
	return s.flights.do(ctx, e.account.ID+"/refresh", renewalTime, func(ctx context.Context) (*held, error) {
		return s.renewOnce(ctx, e.account.Environment, e.account.ID, h.credential.Version, true)
	})
}

// CheckContext holds values for some of a definition's context against its form, before the rest is known.
func (s *Service) CheckContext(def *integration.Definition, given map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(def.Context, func(f integration.Field) bool { return f.Name == name })
		if i < 0 {
			return unknownField("context", name, def.Context)
		}
		if _, err := checkField(field("context", name), def.Context[i], given[name]); err != nil {
			return err
		}
	}
	return nil
}
