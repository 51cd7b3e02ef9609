package account

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// Credential is what authenticates one call: the values that an authorization's templates may name. It must not be logged, and where it is by
// mistake, it shows none of them.
type Credential struct {
	Fields  map[string]string // as entered
	Token   string            // access token, where the format yields one
	Version int64             // grows with each renewal: a caller that failed with one version asks to renew that one

	refresh string   // refresh token
	secrets []string // what Mask hides, the longest first
	echoed  []needle // what MaskAnswer hides

	mu      sync.Mutex
	applied map[*integration.Authorization]*Authorization // by the first of a list
}

func (c *Credential) String() string       { return fmt.Sprintf("credential of version %d", c.Version) }
func (c *Credential) GoString() string     { return c.String() }
func (c *Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON refuses: a credential is written nowhere.
func (c *Credential) MarshalJSON() ([]byte, error) {
	return nil, fmt.Errorf("a credential is not to be written")
}

const mask = "•••"

// minSecret is the shortest value that Mask hides: hiding a shorter one would tell what it is by what it left out.
const minSecret = 4

func newCredential(way *integration.Credentials, fields map[string]string, access, refresh string, version int64) *Credential {
	c := &Credential{Fields: fields, Token: access, refresh: refresh, Version: version}
	hide := func(value string) {
		if len(value) < minSecret {
			return
		}
		// JSON has a text in several spellings: as few escapes as can be, < > & as well, slashes as well; and within a text that is JSON itself, escaped once more.
		escaped, _ := json.Marshal(value)
		quoted := inQuotes(value)
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), quoted, inQuotes(quoted), strings.ReplaceAll(quoted, "/", `\/`),
			string(escaped[1 : len(escaped)-1]), base64.StdEncoding.EncodeToString([]byte(value))} {
			c.addForm(form)
		}
	}
	hide(access)
	hide(refresh)
	if way == nil {
		c.echoed = needlesOf(c.secrets)
		return c
	}
	for _, f := range way.Fields {
		// A login's other fields (a domain, a user's name) are what makes its errors readable.
		named := f.Format == "email" || f.Format == "uri" || len(f.Options) > 0
		if f.Type == "password" || way.Format == formatStatic && !named {
			hide(fields[f.Name])
		}
	}
	c.search()
	return c
}

func (c *Credential) addForm(form string) {
	if !slices.Contains(c.secrets, form) {
		c.secrets = append(c.secrets, form)
	}
}

// search makes the forms ready to be searched for, the longest first.
func (c *Credential) search() {
	slices.SortFunc(c.secrets, func(a, b string) int { return len(b) - len(a) })
	c.echoed = needlesOf(c.secrets)
}

// inQuotes is a text as it stands between the quotes of a JSON string.
func inQuotes(s string) string {
	quoted := jsonscan.AppendQuote(nil, s)
	return string(quoted[1 : len(quoted)-1])
}

// hideBasic hides what basic authentication makes of a name and a password, which shows neither and is both.
func (c *Credential) hideBasic(t *Templates, v *Values) {
	known := len(c.secrets)
	hide := func(list integration.Authorizations) {
		for i := range list {
			var to Authorization
			if list[i].Format != "basic" {
				continue
			}
			if ok, err := t.apply(&to, &list[i], v); ok && err == nil {
				c.addForm(strings.TrimPrefix(to.Header[0][1], "Basic "))
			}
		}
	}
	hide(v.Definition.Authorization)
	for _, r := range v.Definition.Resources {
		for _, m := range r.Methods {
			if m.Authorization != nil {
				hide(*m.Authorization)
			}
		}
	}
	if len(c.secrets) > known {
		c.search()
	}
}

// Mask replaces each of the credential's own secret values in a text, also where it is encoded.
func (c *Credential) Mask(text string) string {
	if c == nil {
		return text
	}
	for _, secret := range c.secrets {
		text = strings.ReplaceAll(text, secret, mask)
	}
	return text
}

// MaskBytes is Mask for bytes. It returns b itself where there is nothing to hide.
func (c *Credential) MaskBytes(b []byte) []byte {
	if c == nil {
		return b
	}
	for _, secret := range c.secrets {
		if bytes.Contains(b, []byte(secret)) {
			b = bytes.ReplaceAll(b, []byte(secret), []byte(mask))
		}
	}
	return b
}
