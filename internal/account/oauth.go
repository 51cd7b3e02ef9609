package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"sluice/internal/integration"
	"sluice/internal/outbound"
	"sluice/internal/prose"
	"sluice/internal/store"
)

// This file is the client's half of OAuth 2.0 (RFC 6749) at a vendor: which client is used, where the vendor's endpoints are, and what its answers mean.
// The flow itself is in connect.go, renewal in renew.go.

// server is a vendor's authorization server with the client that is used there.
type server struct {
	oauth2.Config
	issuer        string // "" where it is not known
	revocationURL string // "" where it offers none
	tokenType     string // the vendor's own word for bearer
}

// server puts together what the definition says, what the account holds and the client that it or its environment brings. A client that nobody has
// registered yet is an *InvalidError.
func (s *Service) server(ctx context.Context, environment string, way *integration.Credentials, v *Values) (*server, error) {
	o, def := way.OAuth2, v.Definition
	if o == nil {
		return nil, fmt.Errorf("integration %s is of the format %s, and its definition has no oauth2", def.Name, way.Format)
	}
	srv := &server{tokenType: o.TokenType}
	srv.Scopes = o.Scopes
	srv.Endpoint.AuthStyle = oauth2.AuthStyleInHeader // RFC 6749, 2.3.1: every server takes it
	var err error
	if o.ClientID != "" {
		if srv.ClientID, err = s.templates.Expand(o.ClientID, v); err != nil {
			return nil, err
		}
		if o.ClientSecret != "" && !s.templates.missing(o.ClientSecret, v) {
			if srv.ClientSecret, err = s.templates.Expand(o.ClientSecret, v); err != nil {
				return nil, err
			}
		}
	} else {
		row, err := s.vendorClient(ctx, environment, def.Name)
		if errors.Is(err, ErrNoVendorClient) {
			return nil, invalid("integration", "%s", s.noClient(def))
		}
		if err != nil {
			return nil, err
		}
		if err := s.mayLearn(row, o, v); err != nil {
			return nil, err
		}
		srv.ClientID = row.ClientID
		if len(row.ClientSecret) > 0 {
			secret, err := s.sealer.Open(row.ClientSecret, boundClient(environment, def.Name))
			if err != nil {
				return nil, fmt.Errorf("open the OAuth client's secret for %s: %w", def.Name, err)
			}
			srv.ClientSecret = string(secret)
		}
	}
	if err := s.endpoints(ctx, srv, o, v); err != nil {
		return nil, err
	}
	if o.ClientAuthentication == "body" {
		srv.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	if srv.ClientSecret == "" { // a public client names itself in the body (RFC 6749, 3.2.1)
		srv.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return srv, nil
}

func (s *Service) noClient(def *integration.Definition) string {
	return fmt.Sprintf("needs an OAuth client of this environment at %s: register an application there with the redirect URI %s, and give its client id and secret by `sluice integration oauth-client set %s` or PUT /integration/%s/oauth-client",
		labelOf(def), orDefault(s.callback, "of this installation"), def.Name, def.Name)
}

func (s *Service) endpoints(ctx context.Context, srv *server, o *integration.OAuth2, v *Values) (err error) {
	if o.RevocationURL != "" {
		if srv.revocationURL, err = s.address(o.RevocationURL, v); err != nil {
			return err
		}
	}
	if o.Issuer != "" {
		issuer, err := s.address(o.Issuer, v)
		if err != nil {
			return err
		}
		found, err := s.discovery.find(s.oauthContext(ctx), issuer)
		if err != nil {
			return unavailable(labelOf(v.Definition), "where to sign in", err)
		}
		srv.issuer, srv.Endpoint, srv.revocationURL = issuer, found.endpoint, orDefault(srv.revocationURL, found.revocationURL)
		return nil
	}
	if o.AuthorizationURL != "" {
		if srv.Endpoint.AuthURL, err = s.address(o.AuthorizationURL, v); err != nil {
			return err
		}
	}
	srv.Endpoint.TokenURL, err = s.address(o.TokenURL, v)
	return err
}

// discovery remembers what issuers tell of themselves (OpenID Connect Discovery 1.0).
type discovery struct {
	mu    sync.Mutex
	found map[string]discovered
}

type discovered struct {
	endpoint      oauth2.Endpoint
	revocationURL string
	at            time.Time
}

const (
	discoveryTime = time.Hour
	maxDiscovered = 1024
)

func (d *discovery) find(ctx context.Context, issuer string) (discovered, error) {
	d.mu.Lock()
	known, ok := d.found[issuer]
	d.mu.Unlock()
	if ok && time.Since(known.at) < discoveryTime {
		return known, nil
	}
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return discovered{}, err
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	var more struct {
		Methods    []string `json:"token_endpoint_auth_methods_supported"`
		Revocation string   `json:"revocation_endpoint"` // RFC 8414, section 2
	}
	if err := provider.Claims(&more); err == nil && len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.found == nil || len(d.found) >= maxDiscovered {
		d.found = map[string]discovered{}
	}
	known = discovered{endpoint, more.Revocation, time.Now()}
	d.found[issuer] = known
	return known, nil
}

// oauthContext has the OAuth library go out where all calls do. A secret is not carried elsewhere: of redirects none is followed.
func (s *Service) oauthContext(ctx context.Context) context.Context {
	ctx, _ = s.listening(ctx)
	return ctx
}

// listening is oauthContext whose ear keeps what the library does not tell of an answer that it cannot use.
func (s *Service) listening(ctx context.Context) (context.Context, *ear) {
	client := s.outbound.HTTP(exchangeTimeout)
	heard := &ear{next: client.Transport}
	client.Transport = heard
	return oidc.ClientContext(ctx, client), heard
}

// ear asks for JSON, where some token endpoints answer a form otherwise, and reads the answer before the OAuth library does: that one refuses a whole answer for
// a lifetime which is no integer, and forgets the refresh token of one that it refuses, which may be the only one that is still good.
type ear struct {
	next    http.RoundTripper
	refresh string // of the last answer
}

func (e *ear) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Accept") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "application/json")
	}
	response, err := e.next.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost {
		return response, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // as much as the library reads
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	body, e.refresh = heard(body)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, nil
}

// heard finds the refresh token of a token endpoint's answer, and makes its lifetime an integer or takes out what is no number. An answer of another form stays as it is.
func heard(body []byte) (_ []byte, refresh string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return body, ""
	}
	refresh = scalar(members["refresh_token"])
	said, ok := members["expires_in"]
	if !ok {
		return body, refresh
	}
	seconds, err := strconv.ParseFloat(scalar(said), 64)
	switch {
	case err != nil || math.IsNaN(seconds):
		delete(members, "expires_in")
	default:
		members["expires_in"] = strconv.AppendInt(nil, int64(max(0, min(seconds, math.MaxInt32))), 10)
	}
	if fixed, err := json.Marshal(members); err == nil {
		body = fixed
	}
	return body, refresh
}

func (srv *server) clientCredentials() *clientcredentials.Config {
	return &clientcredentials.Config{ClientID: srv.ClientID, ClientSecret: srv.ClientSecret, TokenURL: srv.Endpoint.TokenURL, Scopes: srv.Scopes,
		EndpointParams: url.Values{}, AuthStyle: srv.Endpoint.AuthStyle}
}

// granted makes a token of the vendor's answer.
func (srv *server) granted(label string, issued time.Time, t *oauth2.Token) (*token, error) {
	if kind := t.TokenType; kind != "" && !strings.EqualFold(kind, "bearer") && (srv.tokenType == "" || !strings.EqualFold(kind, srv.tokenType)) {
		// RFC 6749, 7.1: a token of a type that one does not know is not to be used.
		return nil, unavailable(label, "for a token", fmt.Errorf("it gave one of the type %q where a bearer token was expected; the definition's oauth2.token_type can allow it", kind))
	}
	fresh := &token{Access: t.AccessToken, Refresh: t.RefreshToken, Issued: issued.UnixMilli()}
	life := time.Duration(t.ExpiresIn) * time.Second
	if life == 0 && !t.Expiry.IsZero() { // an answer that is a form
		life = time.Until(t.Expiry)
	}
	if told, ok := jwtLifetime(fresh.Access, issued); ok && life <= 0 {
		life = time.Duration(told * float64(time.Second))
	}
	if life > 0 {
		fresh.Expires = issued.Add(life).UnixMilli()
	}
	return fresh, nil
}

// Errors of a token endpoint (RFC 6749, 5.2) that speak of the client or the request, and none of the grant: the grant may still be good.
var notOfTheGrant = []string{"invalid_client", "unauthorized_client", "invalid_request", "unsupported_grant_type", "invalid_scope", "invalid_target",
	"server_error", "temporarily_unavailable", "slow_down"}

// tokenError tells what a token endpoint's failure means: a *refusedError where the grant is refused, else an *UnavailableError, which costs nothing. What it
// says is cleared of the client's secret and of the account's own.
func (s *Service) tokenError(srv *server, what string, v *Values, err error) error {
	label := labelOf(v.Definition)
	said, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		if wire, ok := errors.AsType[*outbound.Error](err); ok {
			return unavailable(label, what, wire)
		}
		text := err.Error()
		switch {
		case strings.Contains(text, "missing access_token"):
			text = "its answer holds no access_token"
		case strings.Contains(text, "cannot parse"):
			text = "its answer is not what a token endpoint says (a web page, perhaps); is the address right?"
		}
		return unavailable(label, what, errors.New(text))
	}
	status := said.Response.StatusCode
	reason := said.ErrorDescription
	if reason == "" {
		reason = said.ErrorCode
	} else if said.ErrorCode != "" {
		reason += " (" + said.ErrorCode + ")"
	}
	if srv.ClientSecret != "" {
		reason = strings.ReplaceAll(reason, srv.ClientSecret, mask)
	}
	reason = store.CleanText(v.Credential.Mask(prose.Clip(reason, 300)))
	switch {
	case said.ErrorCode == "" || status >= 500 || status == http.StatusTooManyRequests:
		text := fmt.Sprintf("it answered %d", status)
		if reason != "" {
			text += ": " + reason
		}
		return unavailableAt(label, what, status, errors.New(text))
	case slices.Contains([]string{"invalid_client", "unauthorized_client"}, said.ErrorCode) && v.clientIsOurs(srv):
		return unavailableAt(label, what, 0, fmt.Errorf("it does not accept this environment's OAuth client there: %s; `sluice integration oauth-client set %s` gives another", reason, v.Definition.Name))
	case said.ErrorCode == "invalid_client" || !slices.Contains(notOfTheGrant, said.ErrorCode):
		return &refusedError{reason}
	}
	return unavailableAt(label, what, status, errors.New(reason))
}

// clientIsOurs reports whether the client is the environment's, so that an account's owner cannot mend it.
func (v *Values) clientIsOurs(srv *server) bool {
	if v.Credential == nil {
		return true
	}
	for _, value := range v.Credential.Fields {
		if value == srv.ClientID {
			return false
		}
	}
	return true
}
