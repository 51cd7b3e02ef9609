package integration

import (
	"regexp"
	"slices"
	"strings"
)

// way is one of the ways to connect an account.
type way struct {
	place place
	*Credentials
}

// More than a person would choose from, or fill in. They bound what hostile definitions cost, too.
const (
	maxWays   = 32
	maxFields = 200
)

// waysOf lists the main way and the alternatives, as many as there may be.
func waysOf(c *Credentials) []way {
	ways := []way{{place{"credentials"}, c}}
	for i := range c.Alternatives[:min(len(c.Alternatives), maxWays)] {
		ways = append(ways, way{place{"credentials", "alternatives"}.index(i), &c.Alternatives[i]})
	}
	return ways
}

// yieldsToken reports whether {{token.access}} has a value once an account is connected this way.
func (w way) yieldsToken() bool {
	switch w.Format {
	case "static":
		return w.Token != ""
	case "none":
		return false
	}
	return true
}

// references are what a template of a call may refer to when the account was connected this way.
func (w way) references(v *validator) references {
	refs := references{"context": v.def.Context.names(), "credentials": w.Fields.names(), "token": nil}
	if w.yieldsToken() {
		refs["token"] = []string{"access"}
	}
	return refs
}

// everyWay are the references that lead somewhere whichever way an account was connected.
func (v *validator) everyWay() references {
	all := v.ways[0].references(v)
	for _, w := range v.ways[1:] {
		for space, names := range w.references(v) {
			all[space] = slices.DeleteFunc(slices.Clone(all[space]), func(name string) bool { return !slices.Contains(names, name) })
		}
	}
	return all
}

// anyWay are the references that lead somewhere in one of the ways.
func (v *validator) anyWay() references {
	all := references{"context": v.def.Context.names(), "credentials": nil, "token": nil}
	for _, w := range v.ways {
		refs := w.references(v)
		all["credentials"] = append(all["credentials"], refs["credentials"]...)
		all["token"] = append(all["token"], refs["token"]...)
	}
	return all
}

// form checks the fields that a person fills in.
func (v *validator) form(p place, fields Fields) {
	if len(fields) > maxFields {
		v.fault(p, "has %d fields, and a form can have %d: leave out what need not be asked", len(fields), maxFields)
		return
	}
	seen := make(map[string]bool, len(fields))
	for i, f := range fields {
		at := p.index(i)
		if p[0] == "context" && f.Type == "password" {
			v.fault(at.at("type"), "cannot be password, since a context is shown to whoever sees the account: move %s to the fields of credentials", f.Name)
		}
		if f.Name != "" && !fieldForm.MatchString(f.Name) {
			v.fault(at.at("name"), "is no name for a field: write letters, digits, - and _, beginning with a letter, as in %s", suggestName(f.Name))
		}
		if seen[f.Name] && f.Name != "" {
			v.fault(at.at("name"), "is %q a second time: each field needs a name of its own", f.Name)
		}
		seen[f.Name] = true
		v.word(at.at("type"), f.Type, fieldTypes)
		v.word(at.at("format"), f.Format, fieldFormats)
		v.unique(at.at("options"), f.Options)
		if f.Choices != nil {
			v.choices(at, p, f)
		}
		if len(f.Options) > 0 && f.Default != "" && !slices.Contains(f.Options, f.Default) {
			v.fault(at.at("default"), "is none of the options: write one of %s", strings.Join(f.Options, ", "))
		}
	}
}

// fieldForm is what a template can refer to. Capitals are taken: an imported security scheme names its field as the vendor does.
var fieldForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// secretName tells fields that are hardly meant to be readable.
var secretName = regexp.MustCompile(`(^|_)(password|passphrase|secret|token|api_?key|private_?key)($|_)`)

func (v *validator) credentials() {
	if n := len(v.def.Credentials.Alternatives); n > maxWays {
		v.fault(place{"credentials", "alternatives"}, "are %d, and there can be %d: leave out what nobody chooses", n, maxWays)
	}
	for i, w := range v.ways {
		if w.Format == "" {
			continue
		}
		v.format(w.place, w.Format, credentialFormats, "label", "alternatives")
		v.form(w.place.at("fields"), w.Fields)
		for j, f := range w.Fields {
			if f.Type != "password" && secretName.MatchString(f.Name) {
				v.advise(w.place.at("fields").index(j), "is shown while it is typed: add type: password")
			}
		}
		if i > 0 && len(w.Alternatives) > 0 {
			v.fault(w.place.at("alternatives"), "cannot have alternatives of their own: put them beside this one")
		}
		if len(v.ways) > 1 && w.Label == "" {
			v.advise(w.place, "has no label, and people choose between the ways by it: add one")
		}
		v.way(w)
	}
	for i, w := range v.ways {
		for _, other := range v.ways[:i] {
			if slices.Equal(sortedRequired(w.Fields), sortedRequired(other.Fields)) {
				v.fault(w.place, "asks for the same as %s, so that nobody can tell them apart: name one of the fields otherwise", other.place)
			}
		}
	}
}

// sortedRequired are the names of the fields that cannot be left out.
func sortedRequired(fields Fields) []string {
	var names []string
	for _, f := range fields {
		if !f.Optional {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

func (v *validator) way(w way) {
	refs := references{"context": v.def.Context.names(), "credentials": w.Fields.names()}
	if w.Token != "" {
		v.template(w.place.at("token"), w.Token, refs)
	}
	v.exchange(w.place.at("login"), w.Login, refs)
	held := references{"context": refs["context"], "credentials": refs["credentials"], "token": {"access"}}
	if w.Login != nil && w.Login.RefreshToken != "" {
		held["token"] = []string{"access", "refresh"}
	}
	v.exchange(w.place.at("refresh"), w.Refresh, held)
	if w.Validate != nil {
		p := w.place.at("validate")
		v.word(p.at("method"), strings.ToLower(w.Validate.Method), httpMethods)
		v.target(p.at("path"), w.Validate.Path, w.references(v))
	}
	if w.OAuth2 != nil {
		held["token"] = []string{"access", "refresh"}
		v.oauth2(w, refs)
	}
	if w.Revoke != nil {
		v.request(w.place.at("revoke"), w.Revoke, held)
	}
}

func (v *validator) exchange(p place, e *Exchange, refs references) {
	if e == nil {
		return
	}
	v.request(p, e.Request(), refs)
	v.dotted(p.at("token"), e.Token)
	v.dotted(p.at("refresh_token"), e.RefreshToken)
	v.dotted(p.at("expires_in"), e.ExpiresIn)
}

// request checks a call that carries credentials.
func (v *validator) request(p place, r *Request, refs references) {
	v.word(p.at("method"), strings.ToLower(r.Method), httpMethods)
	v.target(p.at("path"), r.Path, refs)
	v.headers(p.at("headers"), r.Headers, refs)
	for _, part := range []struct {
		key    string
		values map[string]string
	}{{"query", r.Query}, {"body", r.Body}} {
		for name, value := range part.values {
			v.template(p.at(part.key, name), value, refs)
		}
	}
	v.word(p.at("body_format"), r.BodyFormat, exchangeFormats)
}

// authorization checks how the credential is put on requests, and that every way to connect has one that works.
func (v *validator) authorization(p place, list Authorizations) {
	written := v.node(p)
	for i, a := range list {
		at := p
		if written != nil && len(written.items) > 0 {
			at = p.index(i)
		}
		v.format(at, a.Format, authorizationFormats)
		switch {
		case a.Name == "":
		case a.Format == "header":
			v.headerName(at.at("name"), a.Name)
		case a.Format == "cookie" && !isHeaderName(a.Name):
			v.fault(at.at("name"), "is no cookie's name: write letters, digits, - and _")
		}
		if a.Format == "basic" && a.Username == "" && a.Password == "" {
			v.fault(at, "has neither username nor password: add what the vendor wants, as in username: \"{{credentials.email}}\"")
		}
		for _, part := range []struct{ key, source string }{{"value", a.Value}, {"username", a.Username}, {"password", a.Password}} {
			if part.source != "" {
				v.template(at.at(part.key), part.source, v.anyWay())
			}
		}
	}
	for _, w := range v.ways {
		switch {
		case w.Format == "":
		case w.Format == "none" && len(list) > 0:
			v.fault(p, "needs a credential, and %s has the format none: take one of the two out", w.place)
		case len(list) > 0 && !slices.ContainsFunc(list, func(a Authorization) bool { return v.works(w, a) }):
			v.fault(p, "uses nothing that an account connected by %s has: give %s a token, or add an authorization that uses its fields", w.place, w.place)
		}
	}
	if p.String() == "authorization" && len(list) == 0 && v.ways[0].Format != "none" && v.ways[0].Format != "" && !v.sendsCredential() {
		v.fault(nil, "has credentials and no authorization, so that they are never sent: add authorization: {format: bearer}, or what the vendor wants")
	}
}

// works reports whether an authorization finds what it needs in an account that was connected that way.
func (v *validator) works(w way, a Authorization) bool {
	refs := w.references(v)
	finds := func(source string) bool {
		t, err := ParseTemplate(source)
		if err != nil {
			return true // told already
		}
		for _, ref := range t.References() {
			if names, known := refs[ref.Space]; known && !slices.Contains(names, ref.Name) {
				return false
			}
		}
		return true
	}
	if a.Format == "basic" {
		return a.Username != "" && finds(a.Username) || a.Password != "" && finds(a.Password)
	}
	if a.Value == "" {
		return w.yieldsToken()
	}
	return finds(a.Value)
}

// sendsCredential reports whether credentials travel otherwise than by the authorization of the definition.
func (v *validator) sendsCredential() bool {
	for _, value := range v.def.Headers {
		if strings.Contains(value, "credentials.") || strings.Contains(value, "token.") {
			return true
		}
	}
	for _, r := range v.def.Resources {
		for _, m := range r.Methods {
			if m.Authorization != nil && len(*m.Authorization) > 0 {
				return true
			}
		}
	}
	return false
}
