package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"sluice/internal/mcpserver"
)

// privateKeyJWT is how a client proves itself whose document names keys (RFC 7523, section 2.2): it has no secret to share, and signs instead.
const (
	privateKeyJWT = "private_key_jwt"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	assertionLeeway = time.Minute
	maxAssertion    = 10 * time.Minute
)

var signatures = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.ES384, jose.EdDSA}

// issuerOfAssertion is the client that an assertion says it is of, before anything of it is checked.
func issuerOfAssertion(form url.Values) string {
	token, err := jwt.ParseSigned(form.Get("client_assertion"), signatures)
	if err != nil {
		return ""
	}
	var claims jwt.Claims
	if token.UnsafeClaimsWithoutVerification(&claims) != nil {
		return ""
	}
	return claims.Issuer
}

// checkAssertion has a client prove itself by its key.
func (d *Door) checkAssertion(ctx context.Context, server *mcpserver.Server, c *Client, form url.Values) error {
	refuse := func(words string) error { return oidc.ErrInvalidClient().WithDescription("%s", words) }
	if form.Get("client_assertion_type") != assertionType {
		return refuse("This client proves itself by private_key_jwt: client_assertion_type and client_assertion are missing.")
	}
	token, err := jwt.ParseSigned(form.Get("client_assertion"), signatures)
	if err != nil {
		return refuse("client_assertion is no signed JWT.")
	}
	keys, err := d.keysOf(ctx, c)
	if err != nil {
		return refuse("The client's keys could not be read.")
	}
	var claims jwt.Claims
	verified := false
	for _, key := range keys.Keys {
		if token.Headers[0].KeyID != "" && key.KeyID != "" && key.KeyID != token.Headers[0].KeyID {
			continue
		}
		if verified = key.IsPublic() && token.Claims(key, &claims) == nil; verified {
			break
		}
	}
	now := d.Now()
	audience := []string{d.Resource(server), d.endpoint(server, "token")}
	switch {
	case !verified:
		return refuse("client_assertion is signed by none of the client's keys.")
	case claims.Issuer != c.ID || claims.Subject != c.ID:
		return refuse("client_assertion is of another client.")
	case !slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(claims.Audience, a) }):
		return refuse("client_assertion is for another server: its aud must be the issuer.")
	case claims.Expiry == nil || claims.Expiry.Time().After(now.Add(maxAssertion)):
		return refuse("client_assertion must expire within ten minutes.")
	case claims.ValidateWithLeeway(jwt.Expected{Time: now}, assertionLeeway) != nil:
		return refuse("client_assertion has expired, or is not valid yet.")
	}
	return nil
}

func (d *Door) keysOf(ctx context.Context, c *Client) (*jose.JSONWebKeySet, error) {
	text := c.keys
	if len(text) == 0 {
		if err := checkDocumentURL(c.keysURL); err != nil {
			return nil, err
		}
		fetched, err := d.Fetch(ctx, c.keysURL)
		if err != nil {
			return nil, err
		}
		if fetched.Status != http.StatusOK {
			return nil, errNoClient
		}
		text = fetched.Body
	}
	var keys jose.JSONWebKeySet
	return &keys, json.Unmarshal(text, &keys)
}
