package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"sluice/internal/integration"
)

// Authorization is what a credential adds to a request. It is shared, and not to be changed.
type Authorization struct {
	Header [][2]string
	Query  string // encoded, without "?"
	Cookie string // name=value pairs, as in the Cookie header
}

// Authorize puts a credential into the form of a definition's authorizations, all of them at once.
func (s *Service) Authorize(list integration.Authorizations, v *Values) (*Authorization, error) {
	if len(list) == 0 {
		return &Authorization{}, nil
	}
	c := v.Credential
	if c == nil {
		return nil, errors.New("the call needs a credential, and the account has none")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.applied[&list[0]]; a != nil {
		return a, nil
	}
	a, err := s.templates.authorize(list, v)
	if err != nil {
		return nil, err
	}
	if c.applied == nil || len(c.applied) >= 16 { // a definition has few such lists; another definition's are forgotten in time
		c.applied = map[*integration.Authorization]*Authorization{}
	}
	c.applied[&list[0]] = a
	return a, nil
}

func (t *Templates) authorize(list integration.Authorizations, v *Values) (*Authorization, error) {
	a := &Authorization{}
	applied := 0
	for i := range list {
		ok, err := t.apply(a, &list[i], v)
		if err != nil {
			return nil, err
		}
		if ok {
			applied++
		}
	}
	if applied == 0 && !(sameList(list, v.Definition.Authorization) && mayBeNone(&v.Definition.Credentials)) {
		return nil, errors.New("the account lacks the credential that the call needs")
	}
	return a, nil
}

// sameList reports whether two lists are the same one.
func sameList(a, b integration.Authorizations) bool { return len(a) == len(b) && &a[0] == &b[0] }

// mayBeNone reports whether an account's form can be left empty: the vendor's calls do without a credential too.
func mayBeNone(c *integration.Credentials) bool {
	for _, f := range c.Fields {
		if !f.Optional {
			return false
		}
	}
	return true
}

// apply adds one authorization. One whose credential was optional and not given is left out.
func (t *Templates) apply(to *Authorization, how *integration.Authorization, v *Values) (bool, error) {
	value := how.Value
	if value == "" {
		value = "{{token.access}}"
	}
	templates := []string{value}
	if how.Format == "basic" {
		templates = []string{how.Username, how.Password}
	}
	for i, source := range templates {
		if t.missing(source, v) {
			// A user's name without a password, or the other way round, is what some vendors want: an API key on one side.
			if how.Format == "basic" && !t.missing(templates[1-i], v) {
				templates[i] = ""
				continue
			}
			return false, nil
		}
		expanded, err := t.Expand(source, v)
		if err != nil {
			return false, err
		}
		templates[i] = expanded
	}
	value = templates[0]
	switch how.Format {
	case "bearer":
		to.Header = append(to.Header, [2]string{"Authorization", "Bearer " + value})
	case "basic":
		to.Header = append(to.Header, [2]string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(value+":"+templates[1]))})
	case "header":
		to.Header = append(to.Header, [2]string{how.Name, value})
	case "query":
		if to.Query != "" {
			to.Query += "&"
		}
		to.Query += url.QueryEscape(how.Name) + "=" + url.QueryEscape(value)
	case "cookie":
		if strings.ContainsAny(value, "; \t\r\n,\"\\") {
			return false, fmt.Errorf("the credential for the cookie %s holds a character that a cookie cannot", how.Name)
		}
		if to.Cookie != "" {
			to.Cookie += "; "
		}
		to.Cookie += how.Name + "=" + value
	default:
		return false, fmt.Errorf("the definition's authorization has the format %q, which is none", how.Format)
	}
	return true, nil
}
