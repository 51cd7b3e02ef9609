package oauth

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"github.com/zitadel/schema"

	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// decoder reads forms into zitadel/oidc's types; parameters that are not ours are ignored (RFC 6749, section 3.1).
var decoder = func() *schema.Decoder {
	d := schema.NewDecoder()
	d.IgnoreUnknownKeys(true)
	return d
}()

const maxForm = 64 << 10

// tokenAnswer is RFC 6749, section 5.1.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

// token answers the token endpoint: the code of an authorization, or a refresh token, against new tokens.
func (d *Door) token(w http.ResponseWriter, r *http.Request, server *mcpserver.Server) {
	from := d.from(server, r)
	p, err := d.exchange(w, r, server, &from)
	w.Header().Set("Pragma", "no-cache")
	if err != nil {
		status, e := d.tokenError(w, r, err)
		d.Connections.Record(r.Context(), from, connection.Step{Name: connection.Token, Status: status, Fault: e.Description})
		writeError(w, status, e)
		return
	}
	name := connection.Token
	if r.PostForm.Get("grant_type") == string(oidc.GrantTypeRefreshToken) {
		name = connection.Refresh
	}
	d.Connections.Record(r.Context(), from, connection.Step{Name: name, Status: http.StatusOK, Detail: scopeText(p.scopes)})
	writeJSON(w, http.StatusOK, tokenAnswer{
		AccessToken: p.access, TokenType: "Bearer", ExpiresIn: int64(p.expires.Sub(d.Now()) / time.Second), RefreshToken: p.refresh, Scope: scopeText(p.scopes),
	})
}

// tokenError is an error as the client is told of it. What is nobody's fault outside is logged.
func (d *Door) tokenError(w http.ResponseWriter, r *http.Request, err error) (int, *oidc.Error) {
	e, ok := errors.AsType[*oidc.Error](err)
	switch {
	case !ok:
		if r.Context().Err() == nil {
			d.Log.ErrorContext(r.Context(), "oauth: could not answer a token request", "error", err)
		}
		return http.StatusInternalServerError, oidc.ErrServerError().WithDescription(internalWords)
	case e.ErrorType == oidc.InvalidClient:
		if r.Header.Get("Authorization") != "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="Sluice"`)
		}
		return http.StatusUnauthorized, e
	}
	return http.StatusBadRequest, e
}

// exchange reads a token request, finds out which client makes it, and gives it its tokens.
func (d *Door) exchange(w http.ResponseWriter, r *http.Request, server *mcpserver.Server, from *connection.From) (*pair, error) {
	if err := readForm(w, r); err != nil {
		return nil, err
	}
	switch grant := r.PostForm.Get("grant_type"); grant {
	case string(oidc.GrantTypeCode):
		var in oidc.AccessTokenRequest
		if err := op.ParseAuthenticatedTokenRequest(r, decoder, &in); err != nil {
			return nil, err
		}
		c, err := d.clientOfRequest(r, server, in.ClientID, in.ClientSecret, from)
		if err != nil {
			return nil, err
		}
		return d.exchangeCode(r, server, c, &in, from)
	case string(oidc.GrantTypeRefreshToken):
		var in oidc.RefreshTokenRequest
		if err := op.ParseAuthenticatedTokenRequest(r, decoder, &in); err != nil {
			return nil, err
		}
		c, err := d.clientOfRequest(r, server, in.ClientID, in.ClientSecret, from)
		if err != nil {
			return nil, err
		}
		return d.refresh(r, server, c, &in, from)
	case "":
		return nil, oidc.ErrInvalidRequest().WithDescription("grant_type is missing.")
	default:
		return nil, oidc.ErrUnsupportedGrantType().WithDescription("Only authorization_code and refresh_token are offered.")
	}
}

// readForm reads a form whose parameters stand in the body, each once (RFC 6749, section 3.2); only resource may be said several times (RFC 8707, section 2).
func readForm(w http.ResponseWriter, r *http.Request) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return oidc.ErrInvalidRequest().WithDescription("Send the parameters as application/x-www-form-urlencoded.")
	}
	if r.URL.RawQuery != "" {
		return oidc.ErrInvalidRequest().WithDescription("Send the parameters in the body, not in the URL.")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return oidc.ErrInvalidRequest().WithDescription("The form could not be read.").WithParent(err)
	}
	return once(r.PostForm)
}

func once(form map[string][]string) error {
	for name, values := range form {
		if len(values) > 1 && name != "resource" {
			return oidc.ErrInvalidRequest().WithDescription("%.40s is said more than once.", printable(name))
		}
	}
	return nil
}

// printable keeps what RFC 6749, section 4.1.2.1, allows in a description.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s)
}

// clientOfRequest finds the client and has it prove itself.
func (d *Door) clientOfRequest(r *http.Request, server *mcpserver.Server, id, clientSecret string, from *connection.From) (*Client, error) {
	if id == "" {
		id = issuerOfAssertion(r.PostForm)
	}
	if id == "" {
		return nil, oidc.ErrInvalidClient().WithDescription("client_id is missing.")
	}
	if isDocument(id) {
		if err := d.mayRead(r.Context(), server, id, r.PostForm); err != nil {
			return nil, err
		}
	}
	c, err := d.client(r.Context(), server, id)
	if errors.Is(err, errNoClient) {
		return nil, oidc.ErrInvalidClient().WithDescription("The client is not known here: it has to register again.").WithParent(err)
	}
	if err != nil {
		return nil, err
	}
	from.ClientID, from.ClientName = c.ID, c.Name
	if len(c.keys) > 0 || c.keysURL != "" {
		return c, d.checkAssertion(r.Context(), server, c, r.PostForm)
	}
	return c, d.authenticate(c, clientSecret)
}

// mayRead refuses to read the document of a client that presents nothing which was given to it. Anybody can name any address here: without this, a stranger could
// have Sluice ask it, as often as they like.
func (d *Door) mayRead(ctx context.Context, server *mcpserver.Server, id string, form url.Values) error {
	for _, text := range []string{form.Get("refresh_token"), form.Get("token")} {
		for _, prefix := range []string{refreshPrefix, accessPrefix} {
			switch _, g, err := d.findToken(ctx, text, prefix); {
			case err != nil:
				return err
			case g != nil && g.ServerID == server.ID && g.ClientID == id:
				return nil
			}
		}
	}
	code, err := d.findCode(ctx, server, form.Get("code"))
	switch e, ours := errors.AsType[*oidc.Error](err); {
	case err == nil && code.ClientID == id:
		return nil
	case err == nil || ours && e.ErrorType == oidc.InvalidGrant:
		return invalidGrant("What the client presents is not known here, or was given to another client or by another server.")
	}
	return err
}

// checkResource refuses a token for another resource than the server whose endpoint this is (RFC 8707, section 2). Clients of older revisions name none.
func (s *Service) checkResource(server *mcpserver.Server, resources []string) error {
	for _, resource := range resources {
		if !s.samePlace(server, resource) {
			return oidc.ErrInvalidTarget().WithDescription("Tokens of this issuer are for %s alone, not for %.200s.", s.Resource(server), printable(resource))
		}
	}
	return nil
}

func invalidGrant(words string) error { return oidc.ErrInvalidGrant().WithDescription("%s", words) }

// exchangeCode turns a code into tokens, once. A code that comes back was seen by somebody else, so what it was used for ends (RFC 6749, section 4.1.2).
func (d *Door) exchangeCode(r *http.Request, server *mcpserver.Server, c *Client, in *oidc.AccessTokenRequest, from *connection.From) (*pair, error) {
	ctx := r.Context()
	code, err := d.findCode(ctx, server, in.Code)
	if err != nil {
		return nil, err
	}
	from.AttemptID, from.UserID = code.AttemptID, code.UserID
	switch {
	case code.ClientID != c.ID:
		return nil, invalidGrant("The code was given to another client.")
	case code.GrantID != "":
		return nil, d.replayed(ctx, server, code)
	case d.Now().UnixMilli() >= code.ExpiresAt:
		return nil, invalidGrant("The code has expired: it is good for two minutes.")
	case in.RedirectURI != code.RedirectURI:
		return nil, invalidGrant("redirect_uri is not the one that the code was sent to.")
	case len(in.CodeVerifier) < 43 || len(in.CodeVerifier) > 128: // RFC 7636, section 4.1
		return nil, invalidGrant("code_verifier is missing, or is no verifier of 43 to 128 characters.")
	case op.AuthorizeCodeChallenge(in.CodeVerifier, &oidc.CodeChallenge{Challenge: code.Challenge, Method: oidc.CodeChallengeMethodS256}) != nil:
		return nil, invalidGrant("code_verifier does not belong to this code: the code was begun by somebody else.")
	}
	if err := d.checkResource(server, r.PostForm["resource"]); err != nil {
		return nil, err
	}
	person, err := d.People.Find(ctx, server.Environment, code.UserID)
	if err != nil {
		return nil, fmt.Errorf("find the person: %w", err)
	}
	if person == nil {
		return nil, invalidGrant("The person who allowed this is no longer there.")
	}
	scopes, now := parseScopes(code.Scopes), d.Now()
	grantID := store.NewID(grantPrefix)
	var p *pair
	used := false
	err = d.Store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.UseOAuthCode(ctx, db.UseOAuthCodeParams{GrantID: grantID, CodeHash: code.CodeHash, Environment: server.Environment})
		if used = n == 0; err != nil || used {
			return err
		}
		if err := tx.CreateOAuthGrant(ctx, db.CreateOAuthGrantParams{
			ID: grantID, Environment: server.Environment, ServerID: server.ID, UserID: code.UserID, ClientID: c.ID, ClientName: c.Name, Scopes: code.Scopes,
			AttemptID: code.AttemptID, CreatedAt: now.UnixMilli(), ExpiresAt: now.Add(refreshLife).UnixMilli(),
		}); err != nil {
			return fmt.Errorf("keep the grant: %w", err)
		}
		if c.Kind != Document {
			if err := tx.TouchOAuthClient(ctx, db.TouchOAuthClientParams{LastUsedAt: now.UnixMilli(), Environment: server.Environment, ID: c.ID}); err != nil {
				return fmt.Errorf("note the client's use: %w", err)
			}
		}
		p, err = d.issue(ctx, tx, server.Environment, grantID, scopes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("exchange a code: %w", err)
	}
	if used { // by somebody else, in the moment since it was read
		if code, err = d.findCode(ctx, server, in.Code); err != nil {
			return nil, err
		}
		return nil, d.replayed(ctx, server, code)
	}
	return p, nil
}

func (d *Door) findCode(ctx context.Context, server *mcpserver.Server, text string) (code db.OAuthCode, err error) {
	if strings.HasPrefix(text, codePrefix) {
		for _, hash := range d.Keys.TokenHashes(text) {
			code, err = d.Store.GetOAuthCode(ctx, db.GetOAuthCodeParams{CodeHash: hash[:], Environment: server.Environment, ServerID: server.ID})
			if err == nil || !store.NotFound(err) {
				return code, err
			}
		}
	}
	return code, invalidGrant("The code is not known here: it is of another server, or mistyped, or too old.")
}

// replayed ends what a code was used for.
func (d *Door) replayed(ctx context.Context, server *mcpserver.Server, code db.OAuthCode) error {
	d.Log.WarnContext(ctx, "an authorization code was used twice; what it was used for is revoked", "mcp_server", server.ID, "grant", code.GrantID, "client", code.ClientID)
	if err := d.drop(ctx, server.Environment, code.GrantID); err != nil {
		return err
	}
	return invalidGrant("The code was used before. Since somebody else may have seen it, what it was used for is revoked too.")
}

func (d *Door) drop(ctx context.Context, environment, grantID string) error {
	err := d.Store.Tx(ctx, func(tx *store.Tx) error { return dropGrant(ctx, tx, environment, grantID) })
	if err != nil {
		return fmt.Errorf("revoke a grant: %w", err)
	}
	return nil
}

// refresh turns a refresh token into new tokens. Each is good once, but for a few seconds in which it may be used again; after those, a second use means that
// there is a copy, and all that the person allowed this client ends (OAuth 2.1, section 4.3.1).
func (d *Door) refresh(r *http.Request, server *mcpserver.Server, c *Client, in *oidc.RefreshTokenRequest, from *connection.From) (*pair, error) {
	ctx := r.Context()
	token, g, err := d.findToken(ctx, in.RefreshToken, refreshPrefix)
	if err != nil {
		return nil, err
	}
	now := d.Now()
	switch {
	case g == nil || g.Environment != server.Environment || g.ServerID != server.ID || g.ClientID != c.ID:
		return nil, invalidGrant("The refresh token is not known here: it was revoked, or belongs to another client or server.")
	case now.UnixMilli() >= token.ExpiresAt:
		return nil, invalidGrant("The refresh token was not used for so long that it has expired.")
	case token.ExchangedAt != 0 && now.UnixMilli()-token.ExchangedAt > grace.Milliseconds():
		from.AttemptID = ""
		d.Log.WarnContext(ctx, "a refresh token was used again; its grant is revoked", "mcp_server", server.ID, "grant", g.ID, "client", c.ID)
		if err := d.drop(ctx, server.Environment, g.ID); err != nil {
			return nil, err
		}
		return nil, invalidGrant("The refresh token was used before. Since somebody else may have a copy, all of its tokens are revoked: sign in again.")
	}
	if err := d.checkResource(server, r.PostForm["resource"]); err != nil {
		return nil, err
	}
	scopes := parseScopes(token.Scopes)
	if asked := parseScopes(strings.Join(in.Scopes, " ")); asked != 0 {
		if !scopes.HasAll(asked) {
			return nil, oidc.ErrInvalidScope().WithDescription("A refresh gives no more than was allowed: %s. Authorize again for more.", scopeText(scopes))
		}
		scopes = asked
	}
	if gone, err := d.personGone(ctx, g); err != nil {
		return nil, err
	} else if gone {
		return nil, invalidGrant("The person who allowed this is no longer there.")
	}
	var p *pair
	revoked := false
	err = d.Store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.ExtendOAuthGrant(ctx, db.ExtendOAuthGrantParams{ExpiresAt: now.Add(refreshLife).UnixMilli(), Environment: g.Environment, ID: g.ID})
		if revoked = n == 0; err != nil || revoked {
			return err
		}
		if _, err := tx.ExchangeOAuthToken(ctx, db.ExchangeOAuthTokenParams{ExchangedAt: now.UnixMilli(), Environment: g.Environment, ID: token.ID}); err != nil {
			return err
		}
		p, err = d.issue(ctx, tx, g.Environment, g.ID, scopes)
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("refresh: %w", err)
	case revoked:
		return nil, invalidGrant("The refresh token was revoked.")
	}
	return p, nil
}

func (s *Service) personGone(ctx context.Context, g *Grant) (bool, error) {
	person, err := s.People.Find(ctx, g.Environment, g.UserID)
	if err != nil {
		return false, fmt.Errorf("find the person: %w", err)
	}
	return person == nil || !person.Permissions.Has(permission.ToolsRead), nil
}

// findToken finds a token of a kind and its grant; a nil grant means that there is none.
func (s *Service) findToken(ctx context.Context, text, prefix string) (token db.OAuthToken, g *Grant, err error) {
	if !strings.HasPrefix(text, prefix) {
		return token, nil, nil
	}
	for _, hash := range s.Keys.TokenHashes(text) {
		token, err = s.Store.GetOAuthTokenByHash(ctx, hash[:])
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return token, nil, fmt.Errorf("look up a token: %w", err)
		}
		row, err := s.Store.GetOAuthGrant(ctx, db.GetOAuthGrantParams{Environment: token.Environment, ID: token.GrantID})
		if store.NotFound(err) {
			return token, nil, nil
		}
		if err != nil {
			return token, nil, fmt.Errorf("look up a grant: %w", err)
		}
		return token, grantOf(row), nil
	}
	return token, nil, nil
}
