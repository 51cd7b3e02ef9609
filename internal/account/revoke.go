package account

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/outbound"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// A token outlives its account unless the vendor is asked to end it: by RFC 7009 where its authorization server offers that, or by the logout that the definition
// knows. It is asked once, after the account is gone, so that a vendor that is down keeps nobody from deleting anything; what came of it is said to whoever deleted.

// RevocationStatus is what became of the tokens of a deleted account.
type RevocationStatus string

const (
	Revoked          RevocationStatus = "revoked"
	RevocationFailed RevocationStatus = "failed"
	NotRevoked       RevocationStatus = "none" // there was nothing to revoke, or no way to
)

// Revocation is what became of the tokens of a deleted account, and in one sentence what that leaves to do; "" is nothing.
type Revocation struct {
	Status  RevocationStatus
	Message string
}

// revocationTime bounds how long whoever deletes an account waits for the vendor.
const revocationTime = 10 * time.Second

// Delete removes an account with the MCP servers on it, and then asks the vendor to end its tokens.
func (s *Service) Delete(ctx context.Context, environment, id string) (*Revocation, error) {
	a, err := s.Get(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	def, _ := s.definitions.FindFor(ctx, environment, a.Integration, id) // nil: its integration is gone
	var row *db.Account
	err = s.store.Tx(ctx, func(tx *store.Tx) (err error) {
		row, err = s.remove(ctx, tx, def, environment, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("delete account %s: %w", id, err)
	}
	return s.revokeOf(ctx, row, def), nil
}

// revokeOf ends the tokens of an account that is no more.
func (s *Service) revokeOf(ctx context.Context, row *db.Account, def *integration.Definition) *Revocation {
	if def == nil {
		return &Revocation{NotRevoked, fmt.Sprintf("Its integration %s is gone, so that nothing could be withdrawn at the vendor.", row.Integration)}
	}
	a, err := fromRow(row)
	if err != nil {
		return s.revocationFailed(ctx, row.ID, def, err)
	}
	h, err := s.open(&entry{account: a, row: *row}, def)
	if err != nil {
		return s.revocationFailed(ctx, row.ID, def, err)
	}
	return s.revoke(ctx, a, h)
}

func (s *Service) revocationFailed(ctx context.Context, id string, def *integration.Definition, err error) *Revocation {
	s.log.WarnContext(ctx, "the tokens of a deleted account were not revoked", "account", id, "integration", def.Name, "error", err)
	why := err.Error()
	if refused, ok := errors.AsType[*refusedError](err); ok {
		why = "it answered: " + refused.why
	}
	return &Revocation{RevocationFailed, period(fmt.Sprintf("%s did not revoke its access: withdraw it there (%s", labelOf(def), period(why)) + ")")}
}

// revoke asks the vendor to end what it gave to an account. Whoever asked need not wait for it, nor the vendor know them any more.
func (s *Service) revoke(ctx context.Context, a *Account, h *held) *Revocation {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revocationTime)
	defer cancel()
	v := &Values{Definition: h.def, Context: a.Context, Credential: h.credential}
	label, asked := labelOf(h.def), false
	var err error
	switch {
	case h.way.Format == formatNone:
		return &Revocation{Status: NotRevoked}
	case h.way.Format == formatStatic:
		return &Revocation{NotRevoked, fmt.Sprintf("Its credential is good until it is withdrawn at %s.", label)}
	case h.credential.Token == "" && h.credential.refresh == "":
		return &Revocation{Status: NotRevoked}
	case h.way.Revoke != nil:
		asked, err = s.logOut(ctx, h.way.Revoke, v)
	case h.way.OAuth2 != nil:
		asked, err = s.revokeGrant(ctx, a.Environment, h.way, v)
	}
	switch {
	case err != nil:
		return s.revocationFailed(ctx, a.ID, h.def, err)
	case asked:
		s.log.InfoContext(ctx, "the tokens of a deleted account were revoked", "account", a.ID, "integration", h.def.Name)
		return &Revocation{Revoked, fmt.Sprintf("%s has revoked its access.", label)}
	case h.credential.refresh == "" && !h.expires.IsZero():
		return &Revocation{NotRevoked, fmt.Sprintf("%s is not known to take a token back: the last one is good until %s.", label, h.expires.UTC().Format(time.RFC3339))}
	}
	return &Revocation{NotRevoked, fmt.Sprintf("%s is not known to take a token back: withdraw the access there.", label)}
}

// logOut makes the definition's own call. A 401 says that what was to end has ended before.
func (s *Service) logOut(ctx context.Context, r *integration.Request, v *Values) (asked bool, err error) {
	const what = "to revoke the access"
	if s.templates.requestLacks(r, v) {
		return false, nil
	}
	request, err := s.request(r, v)
	if err != nil {
		return false, err
	}
	request.Timeout = revocationTime
	response, err := s.outbound.Do(ctx, request)
	switch {
	case err != nil && response == nil:
		return true, unavailable(labelOf(v.Definition), what, err)
	case response.Status >= 200 && response.Status <= 299, response.Status == http.StatusUnauthorized:
		return true, nil
	}
	return true, s.answered(labelOf(v.Definition), what, v, response)
}

// revokeGrant ends a grant by its refresh token and what is left of it by the access token (RFC 7009, 2.1): a server need not end the one with the other. Once the
// first is accepted, a refusal of the second says that it went along.
func (s *Service) revokeGrant(ctx context.Context, environment string, way *integration.Credentials, v *Values) (asked bool, err error) {
	srv, err := s.server(ctx, environment, way, v)
	if err != nil || srv.revocationURL == "" {
		return false, err
	}
	if v.Credential.refresh != "" {
		if err := s.revokeToken(ctx, srv, "refresh_token", v.Credential.refresh, v); err != nil {
			return true, err
		}
		asked = true
	}
	if v.Credential.Token != "" {
		if err := s.revokeToken(ctx, srv, "access_token", v.Credential.Token, v); err != nil && !(asked && isRefused(err)) {
			return true, err
		}
	}
	return true, nil
}

func (s *Service) revokeToken(ctx context.Context, srv *server, kind, token string, v *Values) error {
	const what = "to revoke the access"
	body := map[string]string{"token": token, "token_type_hint": kind}
	request := &outbound.Request{Method: http.MethodPost, URL: srv.revocationURL, Timeout: revocationTime, MaxBody: 1 << 20,
		Header: [][2]string{{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}}}
	srv.authenticate(request, body)
	request.Body = []byte(form(body))
	response, err := s.outbound.Do(ctx, request)
	if err != nil && response == nil {
		return unavailable(labelOf(v.Definition), what, err)
	}
	if response.Status >= 200 && response.Status <= 299 {
		return nil
	}
	if code, _ := jsonscan.Find(response.Body, "error"); scalar(code) == "invalid_token" { // some say so of one that has ended, where RFC 7009, 2.2, has them answer 200
		return nil
	}
	if srv.ClientSecret != "" {
		response.Body = bytes.ReplaceAll(response.Body, []byte(srv.ClientSecret), []byte(mask))
	}
	return s.answered(labelOf(v.Definition), what, v, response)
}

// authenticate names the client in a request (RFC 6749, 2.3.1), in the way that the server takes.
func (srv *server) authenticate(r *outbound.Request, body map[string]string) {
	if srv.Endpoint.AuthStyle == oauth2.AuthStyleInHeader {
		pair := url.QueryEscape(srv.ClientID) + ":" + url.QueryEscape(srv.ClientSecret)
		r.Header = append(r.Header, [2]string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))})
		return
	}
	body["client_id"] = srv.ClientID
	if srv.ClientSecret != "" {
		body["client_secret"] = srv.ClientSecret
	}
}
