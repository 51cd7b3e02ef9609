package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"sluice/internal/integration"
	"sluice/internal/prose"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// This file connects accounts by OAuth 2.0's authorization code with PKCE (RFC 6749, 4.1; RFC 7636): Begin says where to send a person, and Complete takes
// what they come back with. Between the two whoever called Begin keeps the Pending, under a state that nobody can guess and that is taken once.

// Connection is what a person gave to connect an account by signing in with the vendor.
type Connection struct {
	AccountID   string // one that is connected again; "": a new one
	Integration string // of a new one
	TenantID    string
	Name        string
	Way         int // of the form's
	Credentials map[string]string
	Context     map[string]string
}

// Pending is an authorization that was begun. It may hold credentials and is to be kept sealed.
type Pending struct {
	URL        string            `json:"-"` // where to send the person
	Connection Connection        `json:"connection"`
	Fields     map[string]string `json:"fields"`
	Context    map[string]string `json:"context"`
	Verifier   string            `json:"verifier"`
	Digest     string            `json:"digest"` // of the definition
}

// DeniedError is an answer to an authorization that connects nothing: the person or the vendor said no, or what came back is no answer at all.
type DeniedError struct {
	Code    string // the vendor's, such as access_denied; "" where it gave none
	Message string
}

func (e *DeniedError) Error() string { return e.Message }

// Within runs in the transaction that keeps an account, with the account as it is kept. Its error undoes the transaction.
type Within func(tx *store.Tx, a *Account) error

func (w Within) run(tx *store.Tx, row *db.Account) error {
	if w == nil {
		return nil
	}
	a, err := fromRow(row)
	if err != nil {
		return err
	}
	return w(tx, a)
}

// Begin checks what was given and makes the address of the vendor's page, which sends the person back to Config.Callback with state.
func (s *Service) Begin(ctx context.Context, environment string, c Connection, state string) (*Pending, error) {
	known := map[string]string{}
	if c.AccountID != "" {
		e, err := s.read(ctx, environment, c.AccountID)
		if err != nil {
			return nil, err
		}
		if e.account.Status == Disabled {
			return nil, s.usable(e.account, "")
		}
		c.Integration, known = e.account.Integration, e.account.Context
	}
	def, err := s.definitions.FindFor(ctx, environment, c.Integration, c.AccountID)
	if err != nil {
		return nil, fmt.Errorf("find the integration: %w", err)
	}
	ways := waysOf(&def.Credentials)
	if c.Way < 0 || c.Way >= len(ways) || ways[c.Way].Format != formatCode {
		return nil, invalid("integration", "is not connected that way by signing in with %s", labelOf(def))
	}
	p := &Pending{Connection: c, Verifier: oauth2.GenerateVerifier(), Digest: def.Digest}
	if p.Connection.TenantID, err = checkName("tenant_id", c.TenantID); err != nil {
		return nil, err
	}
	if p.Connection.Name, err = checkName("name", c.Name); err != nil {
		return nil, err
	}
	way := ways[c.Way]
	if p.Fields, err = checkForm("credentials", way.Fields, c.Credentials); err != nil {
		return nil, err
	}
	given := maps.Clone(known)
	maps.Copy(given, c.Context)
	if p.Context, err = s.checkContext(def, given); err != nil {
		return nil, err
	}
	p.Connection.Credentials, p.Connection.Context = nil, nil
	v := &Values{Definition: def, Context: p.Context, Credential: newCredential(way, p.Fields, "", "", 0)}
	srv, err := s.server(ctx, environment, way, v)
	if err != nil {
		return nil, err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(p.Verifier)}
	for _, name := range slices.Sorted(maps.Keys(way.OAuth2.Parameters)) {
		value, err := s.templates.Expand(way.OAuth2.Parameters[name], v)
		if err != nil {
			return nil, err
		}
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	srv.RedirectURL = s.callback
	p.URL = srv.AuthCodeURL(state, options...)
	if u, err := url.Parse(p.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return nil, invalid("integration", "has no page to sign in at: its address would be %.200q", srv.Endpoint.AuthURL)
	}
	return p, nil
}

// codeTime bounds what Complete does. It is not cut short when the person goes away: the code that they brought is good once only.
const codeTime = 50 * time.Second

// Complete takes the answer to an authorization and keeps the account: active, or connecting where there is something to choose yet (Question), or
// validation_error where the vendor gave a token that its API does not take. An account that was in use keeps what it had unless the new token works. A refusal is
// a *DeniedError; a vendor that could not be asked, an *UnavailableError.
func (s *Service) Complete(ctx context.Context, environment string, p *Pending, answer url.Values, within Within) (*Account, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), codeTime)
	defer cancel()
	def, err := s.definitions.FindFor(ctx, environment, p.Connection.Integration, p.Connection.AccountID)
	if err != nil {
		return nil, fmt.Errorf("find the integration: %w", err)
	}
	label := labelOf(def)
	if def.Digest != p.Digest {
		return nil, &DeniedError{"", fmt.Sprintf("The definition of %s was changed in the meantime: begin again.", label)}
	}
	if code := answer.Get("error"); code != "" { // RFC 6749, 4.1.2.1
		return nil, denied(label, code, answer.Get("error_description"))
	}
	code := answer.Get("code")
	if code == "" {
		return nil, &DeniedError{"", fmt.Sprintf("%s sent back neither a code nor an error: begin again.", label)}
	}
	way := waysOf(&def.Credentials)[p.Connection.Way]
	v := &Values{Definition: def, Context: p.Context, Credential: newCredential(way, p.Fields, "", "", 0)}
	srv, err := s.server(ctx, environment, way, v)
	if err != nil {
		return nil, err
	}
	if iss := answer.Get("iss"); iss != "" && srv.issuer != "" && subtle.ConstantTimeCompare([]byte(iss), []byte(srv.issuer)) == 0 { // RFC 9207, 2.4
		return nil, &DeniedError{"", fmt.Sprintf("The answer is from another server than that of %s: begin again.", label)}
	}
	const what = "for a token"
	srv.RedirectURL = s.callback
	issued := s.now()
	got, err := srv.Exchange(s.oauthContext(ctx), code, oauth2.VerifierOption(p.Verifier))
	if err != nil {
		err = s.tokenError(srv, what, v, err)
		if refused, ok := errors.AsType[*refusedError](err); ok {
			return nil, &DeniedError{"", period(fmt.Sprintf("%s did not take its own answer: %s", label, refused.why))}
		}
		return nil, err
	}
	t, err := srv.granted(label, issued, got)
	if err != nil {
		return nil, err
	}
	return s.establish(ctx, environment, def, p, t, within)
}

// denied puts an authorization server's error into words.
func denied(label, code, description string) *DeniedError {
	e := &DeniedError{Code: prose.Clip(store.CleanText(code), 300)}
	if e.Message = fmt.Sprintf("%s did not allow it (%s)", label, e.Code); code == "access_denied" {
		e.Message = fmt.Sprintf("The access to %s was declined", label)
	}
	if description != "" {
		e.Message += ": " + prose.Clip(store.CleanText(description), 300)
	}
	e.Message = period(e.Message)
	return e
}

// establish keeps the account of a new grant.
func (s *Service) establish(ctx context.Context, environment string, def *integration.Definition, p *Pending, t *token, within Within) (*Account, error) {
	id := p.Connection.AccountID
	status, why := Active, ""
	proven, err := s.check(ctx, def, p.Fields, p.Context, t, true)
	if err == nil {
		status = proven.status
	} else {
		status, why = ValidationError, store.CleanText(newCredential(waysOf(&def.Credentials)[p.Connection.Way], p.Fields, t.Access, t.Refresh, 0).Mask(err.Error()))
		proven = &proof{fields: p.Fields, context: p.Context, token: t}
		if refused, ok := errors.AsType[*refusedError](err); ok {
			why = refused.why
		}
		if id != "" {
			e, readErr := s.read(ctx, environment, id)
			if readErr != nil {
				return nil, readErr
			}
			if e.account.Status != ValidationError && e.account.Status != Connecting { // it was in use, and may still be
				return nil, s.unproven(def, err)
			}
		}
	}
	fresh := id == ""
	if fresh {
		id = store.NewID("acc")
	}
	now := store.Millis(s.now())
	row := &db.Account{ID: id, Environment: environment, TenantID: p.Connection.TenantID, Name: p.Connection.Name, Integration: def.Name, Status: string(status),
		CredentialVersion: 1, LastError: why, CreatedAt: now, UpdatedAt: now}
	if row.Credentials, err = s.sealFields(id, proven.fields); err != nil {
		return nil, err
	}
	if row.Token, row.TokenExpiresAt, err = s.sealToken(id, t); err != nil {
		return nil, err
	}
	if row.Context, err = contextColumn(proven.context); err != nil {
		return nil, err
	}
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		if fresh {
			if err := s.insert(ctx, tx, def, row); err != nil {
				return err
			}
			return within.run(tx, row)
		}
		was, err := lock(ctx, tx, environment, id)
		if err != nil {
			return err
		}
		_, err = tx.UpdateAccountCredentials(ctx, db.UpdateAccountCredentialsParams{Credentials: row.Credentials, Token: row.Token, TokenExpiresAt: row.TokenExpiresAt,
			Context: row.Context, UpdatedAt: now, Environment: environment, ID: id})
		if err != nil {
			return err
		}
		tx.Publish(store.Accounts, id)
		was.Context = row.Context
		if err := s.move(ctx, tx, def, was, status, why); err != nil {
			return err
		}
		return within.run(tx, was)
	})
	if err != nil {
		return nil, fmt.Errorf("store the account: %w", err)
	}
	return s.Get(ctx, environment, id)
}

// clientCredentials has the client itself authorized (RFC 6749, 4.4).
func (s *Service) clientCredentials(ctx context.Context, environment string, way *integration.Credentials, v *Values) (*token, error) {
	const what = "for a token"
	srv, err := s.server(ctx, environment, way, v)
	if err != nil {
		return nil, err
	}
	c := srv.clientCredentials()
	for name, source := range way.OAuth2.Parameters {
		value, err := s.templates.Expand(source, v)
		if err != nil {
			return nil, err
		}
		c.EndpointParams.Set(name, value)
	}
	issued := s.now()
	got, err := c.Token(s.oauthContext(ctx))
	if err != nil {
		return nil, s.tokenError(srv, what, v, err)
	}
	return srv.granted(labelOf(v.Definition), issued, got)
}

// refreshGrant renews a token by its refresh token (RFC 6749, 6). The vendor may answer with another one, which is the one to keep then: also where the rest of the
// answer cannot be used, and the error comes with a token that is nothing but that one.
func (s *Service) refreshGrant(ctx context.Context, environment string, way *integration.Credentials, v *Values) (*token, error) {
	const what = "for a new token"
	if v.Credential.refresh == "" {
		return nil, fmt.Errorf("%w: %s gave no refresh token", ErrNotRenewable, labelOf(v.Definition))
	}
	srv, err := s.server(ctx, environment, way, v)
	if missing, ok := errors.AsType[*InvalidError](err); ok { // the environment's client is gone, which costs no grant
		return nil, unavailable(labelOf(v.Definition), what, errors.New(strings.TrimSuffix(missing.Message, ".")))
	}
	if err != nil {
		return nil, err
	}
	issued := s.now()
	ctx, heard := s.listening(ctx)
	got, err := srv.TokenSource(ctx, &oauth2.Token{RefreshToken: v.Credential.refresh}).Token()
	var fresh *token
	if err != nil {
		err = s.tokenError(srv, what, v, err)
	} else {
		fresh, err = srv.granted(labelOf(v.Definition), issued, got)
	}
	if err != nil && heard.refresh != "" && heard.refresh != v.Credential.refresh {
		return &token{Refresh: heard.refresh}, err
	}
	return fresh, err
}
