package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// ErrNotRenewable is wrapped by Renew where nothing but the account's owner can make a new credential.
var ErrNotRenewable = errors.New("the credential cannot be renewed")

const (
	// renewalTime bounds a renewal with all its calls; a lease outlives it, so that no other node begins while one is still at it.
	renewalTime = 50 * time.Second
	leaseTime   = 60 * time.Second
)

// Credential answers what authenticates a call of the account, renewed where it is about to expire. Where the account's status forbids calls, the error is a
// *StatusError; where the vendor could not be asked for a token, an *UnavailableError. The account given may be an old copy.
func (s *Service) Credential(ctx context.Context, acct *Account) (*Credential, error) {
	e, h, err := s.opened(ctx, acct.Environment, acct.ID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	switch {
	case renewable(h.way) && h.credential.Token == "", !h.expires.IsZero() && !now.Before(h.expires):
		if h, err = s.renew(ctx, e.account, h.credential.Version); err != nil {
			return nil, err
		}
	case !h.renew.IsZero() && !now.Before(h.renew):
		s.renewSoon(e.account, h)
	}
	return h.credential, nil
}

// Mask hides what is secret in an account's credential as it is held now wherever text has it. It asks no vendor, and leaves text as it is where no credential
// can be opened, since no call can be made with it then. It answers text itself where there is nothing to hide.
func (s *Service) Mask(ctx context.Context, acct *Account, text []byte) []byte {
	_, h, err := s.opened(ctx, acct.Environment, acct.ID)
	if err != nil {
		return text
	}
	return h.credential.MaskBytes(text)
}

func (s *Service) opened(ctx context.Context, environment, id string) (*entry, *held, error) {
	e, err := s.entry(ctx, environment, id)
	if err != nil {
		return nil, nil, err
	}
	def, err := s.definitions.FindFor(ctx, environment, e.account.Integration, e.account.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("find the integration of account %s: %w", id, err)
	}
	if err := s.usable(e.account, labelOf(def)); err != nil {
		return nil, nil, err
	}
	h, err := s.open(e, def)
	return e, h, err
}

// Renew answers a credential newer than failed, with which the vendor answered 401: another caller's or another node's if there is one, and else a new one,
// which is asked for once however many wait. An error that wraps ErrNotRenewable says that there is no way to one but a person; a *StatusError, that the vendor
// refused to give one and the account has been marked for it; an *UnavailableError, that the vendor could not be asked, which costs nothing.
func (s *Service) Renew(ctx context.Context, acct *Account, failed *Credential) (*Credential, error) {
	e, h, err := s.opened(ctx, acct.Environment, acct.ID)
	if err != nil {
		return nil, err
	}
	if h.credential.Version > failed.Version {
		return h.credential, nil
	}
	if !renewable(h.way) {
		return nil, fmt.Errorf("%w: it is what the account's owner entered", ErrNotRenewable)
	}
	if h, err = s.renew(ctx, e.account, failed.Version); err != nil {
		return nil, err
	}
	return h.credential, nil
}

// renew renews the credential unless it is newer than version already, once for all callers of this process.
func (s *Service) renew(ctx context.Context, a *Account, version int64) (*held, error) {
	for {
		h, err := s.flights.do(ctx, a.ID, renewalTime, s.renewal(a, version))
		if err != nil || h.credential.Version > version {
			return h, err
		}
		// The flight that was under way had begun for an older credential.
	}
}

func (s *Service) renewal(a *Account, version int64) func(context.Context) (*held, error) {
	return func(ctx context.Context) (*held, error) { return s.renewOnce(ctx, a.Environment, a.ID, version, false) }
}

// renewSoon begins a renewal and does not wait for it: the old token still works. What fails is tried again after a while by another call.
func (s *Service) renewSoon(a *Account, h *held) {
	if !s.attempts.begin(a.ID, s.now()) {
		return
	}
	renewal := s.renewal(a, h.credential.Version)
	s.flights.begin(context.Background(), a.ID, renewalTime, func(ctx context.Context) (*held, error) {
		h, err := renewal(ctx)
		if err != nil {
			s.log.Warn("could not renew a token before it expires", "account", a.ID, "integration", a.Integration, "error", err)
		}
		return h, err
	})
}

// renewOnce holds the account's lease, so that only one node asks the vendor: with tokens that may be used once, the second to ask would be refused. force
// renews whatever the status, at the word of a person.
func (s *Service) renewOnce(ctx context.Context, environment, id string, version int64, force bool) (*held, error) {
	lease, err := s.store.Lease(ctx, "account/"+id, leaseTime)
	if err != nil && ctx.Err() != nil {
		return nil, &UnavailableError{Message: "No new token could be asked for: another node has been at it for too long, or died at it. Try again in a moment.", Err: err}
	}
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	e, err := s.read(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	def, err := s.definitions.FindFor(ctx, environment, e.account.Integration, e.account.ID)
	if err != nil {
		return nil, fmt.Errorf("find the integration of account %s: %w", id, err)
	}
	if !force {
		if err := s.usable(e.account, labelOf(def)); err != nil {
			return nil, err
		}
	}
	h, err := s.open(e, def)
	if err != nil {
		return nil, err
	}
	if h.credential.Version > version {
		return h, nil // the winner's
	}
	v := &Values{Definition: def, Context: e.account.Context, Credential: h.credential}
	if !renewable(h.way) {
		return h, s.reprove(ctx, e, def, h, v)
	}
	fresh, err := s.newToken(ctx, environment, h.way, v)
	refused, ok := errors.AsType[*refusedError](err)
	if !ok && errors.Is(err, ErrNotRenewable) && !h.expires.IsZero() && !s.now().Before(h.expires) {
		refused, ok = &refusedError{"the access has expired, and no refresh token was given to prolong it"}, true
	}
	if ok {
		why := answerTo(h.way) + refused.why
		if lease.Abandoned && h.way.Format == formatCode {
			why = strings.TrimRight(why, ". ") + "; a process died while it renewed the access before, and may have lost the vendor's answer"
		}
		err := s.rejected(ctx, e, def, h, why)
		if errors.Is(err, errMoved) {
			return s.reread(ctx, environment, id, def)
		}
		if err != nil {
			return nil, err
		}
		return nil, unavailable(labelOf(def), "for a new token", fmt.Errorf("it refused (%s), though the old one still works", refused.why))
	}
	if err != nil {
		if fresh != nil { // of the answer nothing can be used but the refresh token, and the one before it is spent
			old := h.token()
			old.Refresh = fresh.Refresh
			if _, keepErr := s.keep(ctx, e, def, h, old, false); keepErr != nil {
				return nil, keepErr
			}
		}
		return nil, err
	}
	return s.keep(ctx, e, def, h, fresh, true)
}

// answerTo introduces a vendor's refusal to renew.
func answerTo(way *integration.Credentials) string {
	if way.Format == formatLogin {
		return "its answer to the login was: "
	}
	return "it no longer renews the access: "
}

// resume finds out about an account that was not active for another reason than its credential, once that works: whether it is now.
func (s *Service) resume(ctx context.Context, environment, id string, h *held) error {
	e, err := s.read(ctx, environment, id)
	if err != nil || e.account.Status != ValidationError && e.account.Status != Connecting {
		return err
	}
	proven, err := s.check(ctx, h.def, h.credential.Fields, e.account.Context, h.token(), true)
	if err != nil {
		return s.unproven(h.def, err)
	}
	a := *e.account
	a.Status, a.LastError, a.Context = proven.status, "", proven.context
	column, err := contextColumn(a.Context)
	if err != nil {
		return err
	}
	return s.store.Tx(ctx, func(tx *store.Tx) error {
		row, err := lock(ctx, tx, environment, id)
		if err != nil {
			return err
		}
		_, err = tx.UpdateAccount(ctx, db.UpdateAccountParams{TenantID: row.TenantID, Name: row.Name, Context: column, UpdatedAt: store.Millis(s.now()), Environment: environment, ID: id})
		if err != nil {
			return err
		}
		row.Context = column
		tx.Publish(store.Accounts, id)
		return s.move(ctx, tx, h.def, row, a.Status, "")
	})
}

// reprove tries a credential that does not change, and makes its account active.
func (s *Service) reprove(ctx context.Context, e *entry, def *integration.Definition, h *held, v *Values) error {
	if h.way.Validate != nil {
		err := s.probe(ctx, h.way.Validate, v)
		if refused, ok := errors.AsType[*refusedError](err); ok {
			return s.condemn(ctx, e, def, h, "it answered 401: "+refused.why)
		}
		if err != nil {
			return err
		}
	}
	if e.account.Status == Connecting || e.account.Status == ValidationError {
		return nil // resume knows more
	}
	return s.find(ctx, e, def, h, Active, "")
}

// newToken refreshes, and where there is no refresh or it is refused, logs in.
func (s *Service) newToken(ctx context.Context, environment string, way *integration.Credentials, v *Values) (*token, error) {
	switch way.Format {
	case formatCode:
		return s.refreshGrant(ctx, environment, way, v)
	case formatClient:
		return s.clientCredentials(ctx, environment, way, v)
	}
	if way.Refresh != nil && v.Credential.Token != "" && !s.templates.requestLacks(way.Refresh.Request(), v) {
		t, err := s.exchange(ctx, "for a new token", way.Refresh, v)
		if err == nil {
			if t.Refresh == "" { // not every vendor sends it again
				t.Refresh = v.Credential.refresh
			}
			return t, nil
		}
		// A server that cannot answer now is asked again later, with the grant that it knows; one that refuses, or has no such call, may still take a login.
		down, ok := errors.AsType[*UnavailableError](err)
		if way.Login == nil || !ok && !isRefused(err) || ok && down.status != http.StatusNotFound && down.status != http.StatusMethodNotAllowed {
			return nil, err
		}
	}
	if way.Login == nil {
		return nil, fmt.Errorf("%w: the definition has no login", ErrNotRenewable)
	}
	return s.exchange(ctx, "to log in", way.Login, v)
}

// requestLacks reports whether a call names a value that the account does not hold, such as a refresh token that was never given.
func (t *Templates) requestLacks(r *integration.Request, v *Values) bool {
	for _, templates := range []map[string]string{r.Body, r.Headers, r.Query} {
		for _, source := range templates {
			if t.missing(source, v) {
				return true
			}
		}
	}
	return false
}

// keep stores a new token; works says that it makes an account that needed its owner active. If another node stored one in the meantime, that one counts. Where the
// account was deleted meanwhile, the vendor is asked to end what it has just given.
func (s *Service) keep(ctx context.Context, e *entry, def *integration.Definition, h *held, fresh *token, works bool) (*held, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	id := e.account.ID
	sealed, expires, err := s.sealToken(id, fresh)
	if err != nil {
		return nil, err
	}
	var stored int64
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		row, err := lock(ctx, tx, e.account.Environment, id)
		if err != nil {
			return err
		}
		stored, err = tx.UpdateAccountToken(ctx, db.UpdateAccountTokenParams{
			Token: sealed, TokenExpiresAt: expires, UpdatedAt: store.Millis(s.now()),
			Environment: e.account.Environment, ID: id, CredentialVersion: h.credential.Version,
		})
		if err != nil || stored == 0 {
			return err
		}
		tx.Publish(store.Accounts, id)
		if works && Status(row.Status) == NeedsReauth {
			return s.move(ctx, tx, def, row, Active, "")
		}
		return nil // active as it was; or disabled in the meantime, by a person
	})
	if errors.Is(err, ErrNotFound) {
		if given, holdErr := s.hold(def, h.credential.Fields, e.account.Context, fresh, h.credential.Version); holdErr == nil {
			s.revoke(ctx, e.account, given)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("store the new token of account %s: %w", id, err)
	}
	if stored > 0 {
		return s.hold(def, h.credential.Fields, e.account.Context, fresh, h.credential.Version+1)
	}
	return s.reread(ctx, e.account.Environment, id, def)
}

// reread answers the credential that another node stored.
func (s *Service) reread(ctx context.Context, environment, id string, def *integration.Definition) (*held, error) {
	e, err := s.read(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	return s.open(e, def)
}

// Rejected is told that the vendor answered 401 to a credential which Renew has just made or cannot make. If the definition has a validation call and that
// succeeds, the answer was about the one call and the account stays as it is; else the account is dead until its owner connects it again, and a *StatusError says
// so. why is the vendor's message, "" for none.
func (s *Service) Rejected(ctx context.Context, acct *Account, failed *Credential, why string) error {
	if why == "" {
		why = "it answered 401"
	} else {
		why = "it answered 401: " + why
	}
	_, err := s.flights.do(ctx, acct.ID+"/rejected", renewalTime, func(ctx context.Context) (*held, error) {
		e, err := s.read(ctx, acct.Environment, acct.ID)
		if err != nil {
			return nil, err
		}
		def, err := s.definitions.FindFor(ctx, acct.Environment, e.account.Integration, acct.ID)
		if err != nil {
			return nil, fmt.Errorf("find the integration of account %s: %w", acct.ID, err)
		}
		if err := s.usable(e.account, labelOf(def)); err != nil {
			return nil, err
		}
		h, err := s.open(e, def)
		if err != nil {
			return nil, err
		}
		if h.credential.Version > failed.Version || h.way.Format == formatNone {
			return nil, nil
		}
		return nil, s.rejected(ctx, e, def, h, why)
	})
	if errors.Is(err, errMoved) {
		return nil
	}
	return err
}

// rejected marks an account dead, unless its validation call still succeeds or nobody can tell.
func (s *Service) rejected(ctx context.Context, e *entry, def *integration.Definition, h *held, why string) error {
	if h.way.Validate != nil && (h.credential.Token != "" || h.way.Format == formatStatic) {
		err := s.probe(ctx, h.way.Validate, &Values{Definition: def, Context: e.account.Context, Credential: h.credential})
		if !isRefused(err) {
			return err
		}
	}
	return s.condemn(ctx, e, def, h, why)
}

// errMoved says that what was found out is of a credential which is no longer the account's: the newer one counts.
var errMoved = errors.New("the credential has been replaced in the meantime")

// condemn marks an account dead until its owner connects it again.
func (s *Service) condemn(ctx context.Context, e *entry, def *integration.Definition, h *held, why string) error {
	why = store.CleanText(h.credential.Mask(why))
	if err := s.find(ctx, e, def, h, NeedsReauth, why); err != nil {
		return err
	}
	s.log.Warn("an integrated account must be connected again", "account", e.account.ID, "integration", def.Name, "reason", why)
	return s.dead(e.account.ID, NeedsReauth, labelOf(def), why)
}

// find sets what was found out about a credential: errMoved if there is a newer one. An account that a person disabled in the meantime stays so.
func (s *Service) find(ctx context.Context, e *entry, def *integration.Definition, h *held, status Status, why string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	id := e.account.ID
	err := s.store.Tx(ctx, func(tx *store.Tx) error {
		row, err := lock(ctx, tx, e.account.Environment, id)
		switch {
		case err != nil:
			return err
		case row.CredentialVersion != h.credential.Version:
			return errMoved
		case Status(row.Status) == Disabled:
			return nil
		}
		return s.move(ctx, tx, def, row, status, why)
	})
	if err != nil {
		return fmt.Errorf("set account %s to %s: %w", id, status, err)
	}
	return nil
}
