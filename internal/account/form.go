package account

import (
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/store"
)

const (
	formatNone   = "none"
	formatStatic = "static"
	formatLogin  = "login"
	formatCode   = "oauth2_authorization_code"
	formatClient = "oauth2_client_credentials"
)

// renewable reports whether Sluice itself can have a new token of the vendor.
func renewable(way *integration.Credentials) bool {
	return way.Format == formatLogin || way.Format == formatCode || way.Format == formatClient
}

const (
	maxValue = 64 << 10 // bytes of one field: a private key fits
	maxName  = 200      // characters of an account's name and of a tenant's id
)

// wayOf tells by the names of the values given which of a definition's ways to connect was taken: the first whose fields they all are, and of which none
// that is required is missing; if there is none, the one that fits best, for the error to speak of.
func wayOf(c *integration.Credentials, given map[string]string) *integration.Credentials {
	best, bestScore := c, -1<<30
	for i := -1; i < len(c.Alternatives); i++ {
		way := c
		if i >= 0 {
			way = &c.Alternatives[i]
		}
		score := 0
		for name := range given {
			if !slices.ContainsFunc(way.Fields, func(f integration.Field) bool { return f.Name == name }) {
				score -= 10
			}
		}
		for _, f := range way.Fields {
			switch _, ok := given[f.Name]; {
			case ok:
				score++
			case !f.Optional && f.Default == "":
				score -= 3
			}
		}
		if score > bestScore {
			best, bestScore = way, score
		}
	}
	return best
}

// checkForm checks given values against a form and fills in what has a default. prefix (credentials, context) goes before a field's name in errors. A form whose
// values are not all needed yet, because they change one that is filled in, has them in given already.
func checkForm(prefix string, form integration.Fields, given map[string]string) (map[string]string, error) {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.ContainsFunc(form, func(f integration.Field) bool { return f.Name == name }) {
			return nil, unknownField(prefix, name, form)
		}
	}
	values := make(map[string]string, len(form))
	for _, f := range form {
		value, err := checkField(field(prefix, f.Name), f, given[f.Name])
		if err != nil {
			return nil, err
		}
		if value != "" {
			values[f.Name] = value
		}
	}
	return values, nil
}

func unknownField(prefix, name string, form integration.Fields) error {
	if len(form) == 0 {
		return invalid(field(prefix, name), "is not known: this integration asks for no %s", prefix)
	}
	return invalid(field(prefix, name), "is not known: the fields are %s", strings.Join(names(form), ", "))
}

// field is a field's path in an error. A name too odd to be one is not repeated at length.
func field(prefix, name string) string {
	if len(name) > 64 {
		name = name[:64]
	}
	return prefix + "." + store.CleanText(name)
}

func checkField(path string, f integration.Field, value string) (string, error) {
	if f.Type == "password" {
		value = strings.Trim(value, "\r\n") // as pasted; a space may be part of it
	} else {
		value = strings.TrimSpace(value)
	}
	if value == "" {
		value = f.Default
	}
	if value == "" {
		if f.Optional || f.Choices != nil { // of choices one is taken later
			return "", nil
		}
		return "", invalid(path, "is required%s", help(f))
	}
	if err := store.CheckText(value); err != nil {
		return "", invalid(path, "cannot be used: %v", err)
	}
	if len(value) > maxValue {
		return "", invalid(path, "is longer than %d bytes", maxValue)
	}
	if len(f.Options) > 0 && !slices.Contains(f.Options, value) {
		return "", invalid(path, "must be one of %s", strings.Join(f.Options, ", "))
	}
	switch {
	case f.Format == "email":
		if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
			return "", invalid(path, "must be an e-mail address, such as ann@example.com")
		}
	case f.Format == "uri" || f.Name == "base_url":
		return checkURL(path, value)
	}
	return value, nil
}

func help(f integration.Field) string {
	switch {
	case f.Help != "":
		return ": " + f.Help
	case f.Label != "":
		return ": " + f.Label
	}
	return ""
}

// checkURL takes an address that others are built on. A slash at its end goes, since paths begin with one.
func checkURL(path, value string) (string, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", invalid(path, "must be an address that begins with https:// or http://, such as https://api.example.com")
	case u.User != nil:
		return "", invalid(path, "must not hold a user name or password: they belong into credentials")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", invalid(path, "must be an address without ? or #")
	}
	return strings.TrimRight(value, "/"), nil
}

// checkBase makes sure that a definition's base URL becomes one with this context, and that no value of it breaks out of its place: {{context.domain}}
// in a host may hold a host's letters and no slash, so that the credential goes to the vendor and not to who wrote the domain.
func (t *Templates) checkBase(def *integration.Definition, context map[string]string) error {
	template, err := t.parse(def.BaseURL)
	if err != nil {
		return err
	}
	v := &Values{Definition: def, Context: context}
	for i, ref := range template.Parts() {
		if !ref.IsReference() {
			continue
		}
		value, ok := v.lookup(ref.Space, ref.Name)
		if !ok && def.Context.Chosen(ref.Name) {
			return nil // it can be checked once the choice is made
		}
		if !ok {
			return invalid(field("context", ref.Name), "is required: the address of %s is made of it", def.Label)
		}
		if i > 0 && strings.ContainsFunc(value, noHost) {
			return invalid(field("context", ref.Name), "may hold letters, digits, dots and hyphens only: it becomes a part of %s", def.BaseURL)
		}
	}
	base, err := template.Expand(v.lookup)
	if err != nil {
		return err
	}
	if _, err := checkURL("context", base); err != nil {
		return invalid("context", "makes no address of %s: %s", def.BaseURL, base)
	}
	return nil
}

func checkName(path, value string) (string, error) {
	name, fault := store.CheckName(value, maxName)
	if fault != "" {
		return "", &InvalidError{Field: path, Message: fault}
	}
	return name, nil
}

func names(form integration.Fields) []string {
	list := make([]string, len(form))
	for i, f := range form {
		list[i] = f.Name
		if f.Optional {
			list[i] = fmt.Sprintf("%s (optional)", f.Name)
		}
	}
	return list
}
