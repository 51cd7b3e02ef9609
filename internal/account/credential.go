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
		quoted, _ := json.Marshal(value)
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), string(quoted[1 : len(quoted)-1]), base64.StdEncoding.EncodeToString([]byte(value))} {
			if !slices.Contains(c.secrets, form) {
				c.secrets = append(c.secrets, form)
			}
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
	slices.SortFunc(c.secrets, func(a, b string) int { return len(b) - len(a) })
	c.echoed = needlesOf(c.secrets)
	return c
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
