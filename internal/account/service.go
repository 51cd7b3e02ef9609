package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"time"

	"sluice/internal/integration"
	"sluice/internal/outbound"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Config is what a Service is made of. What is not said to have a default is needed.
type Config struct {
	Store       *store.Store
	Sealer      Sealer
	Definitions Definitions
	Outbound    *outbound.Client

	Callback     string                 // the URL that vendors send people back to, who signed in with them; registered with each vendor
	ReconnectURL func(id string) string // where a person connects an account again; nil: nobody is told

	Log *slog.Logger     // nil: slog.Default()
	Now func() time.Time // nil: time.Now
}

// Service keeps integrated accounts. It is safe for concurrent use.
type Service struct {
	store       *store.Store
	sealer      Sealer
	definitions Definitions
	outbound    *outbound.Client
	log         *slog.Logger
	now         func() time.Time

	callback     string
	reconnectURL func(id string) string

	templates   Templates
	discovery   discovery
	cache       cache
	flights     flights
	attempts    attempts
	unsubscribe func()
}

// New makes a Service. Close it before its store.
func New(c Config) *Service {
	s := &Service{store: c.Store, sealer: c.Sealer, definitions: c.Definitions, outbound: c.Outbound,
		callback: c.Callback, reconnectURL: c.ReconnectURL, log: c.Log, now: c.Now}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.unsubscribe = s.store.Subscribe(store.Accounts, s.cache.drop)
	return s
}

// Close waits for renewals under way.
func (s *Service) Close() {
	s.unsubscribe()
	s.flights.wait()
}

// NewAccount is an account as a person gives it.
type NewAccount struct {
	Integration string
	TenantID    string
	Name        string
	Credentials map[string]string
	Context     map[string]string
	Within      Within // may be nil
}

// Create connects an account: what was entered is checked against the definition's form and proven with the vendor before anything is kept. It is active then,
// or connecting where there is something to choose yet (Question). What is wrong is an *InvalidError; a vendor that could not be asked, an *UnavailableError.
func (s *Service) Create(ctx context.Context, environment string, n NewAccount) (*Account, error) {
	def, err := s.definitions.Find(ctx, environment, n.Integration)
	if err != nil {
		return nil, fmt.Errorf("find the integration: %w", err)
	}
	a := &Account{ID: store.NewID("acc"), Environment: environment, Integration: def.Name}
	if a.TenantID, err = checkName("tenant_id", n.TenantID); err != nil {
		return nil, err
	}
	if a.Name, err = checkName("name", n.Name); err != nil {
		return nil, err
	}
	fields, err := checkForm("credentials", wayOf(&def.Credentials, n.Credentials).Fields, n.Credentials)
	if err != nil {
		return nil, err
	}
	if a.Context, err = s.checkContext(def, n.Context); err != nil {
		return nil, err
	}
	proven, err := s.prove(ctx, environment, def, fields, a.Context)
	if err != nil {
		return nil, err
	}
	a.Status, a.Context = proven.status, proven.context
	row := db.Account{ID: a.ID, Environment: environment, TenantID: a.TenantID, Name: a.Name, Integration: a.Integration, Status: string(a.Status), CredentialVersion: 1}
	if row.Credentials, err = s.sealFields(a.ID, fields); err != nil {
		return nil, err
	}
	if row.Token, row.TokenExpiresAt, err = s.sealToken(a.ID, proven.token); err != nil {
		return nil, err
	}
	if row.Context, err = contextColumn(a.Context); err != nil {
		return nil, err
	}
	row.CreatedAt = store.Millis(s.now())
	row.UpdatedAt = row.CreatedAt
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		if err := s.insert(ctx, tx, def, &row); err != nil {
			return err
		}
		return n.Within.run(tx, &row)
	})
	if err != nil {
		return nil, fmt.Errorf("store the account: %w", err)
	}
	a.CreatedAt, a.UpdatedAt = store.Time(row.CreatedAt), store.Time(row.UpdatedAt)
	return a, nil
}

func (s *Service) checkContext(def *integration.Definition, given map[string]string) (map[string]string, error) {
	values, err := checkForm("context", def.Context, given)
	if err != nil {
		return nil, err
	}
	return values, s.templates.checkBase(def, values)
}

func contextColumn(values map[string]string) (string, error) {
	b, err := json.Marshal(values)
	return string(b), err
}

// Get answers an account, the same pointer until it changes, or an error that wraps ErrNotFound.
func (s *Service) Get(ctx context.Context, environment, id string) (*Account, error) {
	e, err := s.entry(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	return e.account, nil
}

// Filter narrows a list. What is empty does not.
type Filter struct {
	TenantID    string
	Integration string
	Status      Status
	Before      string // the id below which the page begins; "" for the first
	Limit       int    // of the page; 0: 50
}

// List answers accounts, the newest first, and the id below which the next page begins, "" at the end.
func (s *Service) List(ctx context.Context, environment string, f Filter) (page []*Account, next string, err error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 500)
	before := orDefault(f.Before, store.First)
	var rows []db.Account
	if f.TenantID != "" {
		rows, err = s.store.ListAccountsOfTenant(ctx, db.ListAccountsOfTenantParams{Environment: environment, TenantID: f.TenantID, Before: before,
			Integration: f.Integration, Status: string(f.Status), Lim: int64(limit) + 1})
	} else {
		rows, err = s.store.ListAccounts(ctx, db.ListAccountsParams{Environment: environment, Before: before,
			Integration: f.Integration, Status: string(f.Status), Lim: int64(limit) + 1})
	}
	if err != nil {
		return nil, "", fmt.Errorf("list accounts: %w", err)
	}
	if len(rows) > limit {
		rows, next = rows[:limit], rows[limit-1].ID
	}
	page = make([]*Account, len(rows))
	for i := range rows {
		if page[i], err = fromRow(&rows[i]); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}

// Change is what Update changes. What is nil stays.
type Change struct {
	TenantID    *string
	Name        *string
	Context     map[string]*string // by name; nil takes the value away
	Credentials map[string]string  // what is not given stays
	Status      *Status            // Disabled, or Active for one that was
	Settings    *Settings          // all of them anew
	Within      Within             // may be nil

	settle bool // the choices are gone through, whatever changes
}

// Settle goes on with a connecting account: it takes what was chosen, if anything is given, and finds out whether the account is active now.
func (s *Service) Settle(ctx context.Context, environment, id string, chosen map[string]*string, within Within) (*Account, error) {
	return s.Update(ctx, environment, id, Change{Context: chosen, Within: within, settle: true})
}

// Update changes an account. New credentials or another context are proven with the vendor first; an account that is connected again so keeps its id and
// becomes active.
func (s *Service) Update(ctx context.Context, environment, id string, c Change) (*Account, error) {
	e, err := s.read(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	a := *e.account
	if c.TenantID != nil {
		if a.TenantID, err = checkName("tenant_id", *c.TenantID); err != nil {
			return nil, err
		}
	}
	if c.Name != nil {
		if a.Name, err = checkName("name", *c.Name); err != nil {
			return nil, err
		}
	}
	if c.Status != nil {
		if a.Status, err = changeStatus(a.Status, *c.Status, len(c.Credentials) > 0); err != nil {
			return nil, err
		}
	}
	if c.Settings != nil {
		if err := c.Settings.check(); err != nil {
			return nil, err
		}
		a.Settings = *c.Settings
	}
	settings, err := a.Settings.column()
	if err != nil {
		return nil, err
	}
	var secret *db.UpdateAccountCredentialsParams
	def, err := s.definitions.FindFor(ctx, environment, a.Integration, id)
	switch {
	case len(c.Credentials) == 0 && len(c.Context) == 0 && !c.settle:
		if err != nil {
			def = nil // its integration is gone, and it can be renamed and disabled all the same
		}
	case err != nil:
		return nil, fmt.Errorf("find the integration of account %s: %w", id, err)
	case len(c.Credentials) == 0 && onlyChoices(def, c.Context):
		err = s.choose(ctx, e, def, &a, &c)
	default:
		secret, err = s.reconnect(ctx, e, def, &a, &c)
	}
	if err != nil && def != nil {
		return nil, err
	}
	context, err := contextColumn(a.Context)
	if err != nil {
		return nil, err
	}
	a.UpdatedAt = s.now()
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		row, err := lock(ctx, tx, environment, id)
		if err != nil {
			return err
		}
		_, err = tx.UpdateAccount(ctx, db.UpdateAccountParams{TenantID: a.TenantID, Name: a.Name, Context: context, UpdatedAt: store.Millis(a.UpdatedAt),
			Environment: environment, ID: id})
		if err != nil {
			return err
		}
		if c.Settings != nil {
			if _, err := tx.UpdateAccountSettings(ctx, db.UpdateAccountSettingsParams{Settings: settings, UpdatedAt: store.Millis(a.UpdatedAt), Environment: environment, ID: id}); err != nil {
				return err
			}
		}
		if secret != nil {
			secret.Context, secret.UpdatedAt = context, store.Millis(a.UpdatedAt)
			if _, err := tx.UpdateAccountCredentials(ctx, *secret); err != nil {
				return err
			}
		}
		tx.Publish(store.Accounts, id)
		row.Name, row.TenantID, row.Context = a.Name, a.TenantID, context
		if secret != nil || a.Status != e.account.Status {
			if err := s.move(ctx, tx, def, row, a.Status, a.LastError); err != nil {
				return err
			}
		}
		return c.Within.run(tx, row)
	})
	if err != nil {
		return nil, fmt.Errorf("change account %s: %w", id, err)
	}
	return s.Get(ctx, environment, id)
}

func changeStatus(from, to Status, reconnects bool) (Status, error) {
	switch {
	case to == from, to == Disabled, to == Active && from == Disabled, to == Active && reconnects:
		return to, nil
	case to == Active:
		return "", invalid("status", "is %s, which credentials that work make active: send credentials, or refresh them", from)
	}
	return "", invalid("status", "can be set to active or disabled only")
}

// reconnect checks and proves changed credentials and context.
func (s *Service) reconnect(ctx context.Context, e *entry, def *integration.Definition, a *Account, c *Change) (*db.UpdateAccountCredentialsParams, error) {
	fields, err := s.openFields(&e.row)
	if err != nil {
		return nil, err
	}
	if len(c.Credentials) > 0 {
		way := wayOf(&def.Credentials, c.Credentials)
		given := c.Credentials
		if way == wayOf(&def.Credentials, fields) { // the same way: the others stay
			given = maps.Clone(fields)
			maps.Copy(given, c.Credentials)
		}
		if fields, err = checkForm("credentials", way.Fields, given); err != nil {
			return nil, err
		}
	}
	if a.Context, err = s.checkContext(def, changed(a.Context, c.Context)); err != nil {
		return nil, err
	}
	proven, err := s.prove(ctx, a.Environment, def, fields, a.Context)
	if err != nil {
		return nil, err
	}
	a.Context = proven.context
	a.settled(proven.status, c)
	p := &db.UpdateAccountCredentialsParams{Environment: a.Environment, ID: a.ID}
	if p.Credentials, err = s.sealFields(a.ID, fields); err != nil {
		return nil, err
	}
	p.Token, p.TokenExpiresAt, err = s.sealToken(a.ID, proven.token)
	return p, err
}

// choose takes what was chosen, with the credential that the account has.
func (s *Service) choose(ctx context.Context, e *entry, def *integration.Definition, a *Account, c *Change) error {
	h, err := s.current(ctx, e, def)
	if err != nil {
		return err
	}
	if a.Context, err = s.checkContext(def, changed(a.Context, c.Context)); err != nil {
		return err
	}
	proven, err := s.check(ctx, def, h.credential.Fields, a.Context, h.token(), false)
	if err != nil {
		return s.unproven(def, err)
	}
	a.Context = proven.context
	a.settled(proven.status, c)
	return nil
}

// settled is the status of an account whose credential has just worked: one that a person disabled stays so, unless the change says otherwise.
func (a *Account) settled(status Status, c *Change) {
	if c.Status == nil && a.Status != Disabled || a.Status == Active {
		a.Status = status
	}
	if a.Status == Active || a.Status == Connecting {
		a.LastError = ""
	}
}

func changed(values map[string]string, by map[string]*string) map[string]string {
	values = maps.Clone(values)
	if values == nil {
		values = map[string]string{}
	}
	for name, value := range by {
		if value == nil {
			delete(values, name)
		} else {
			values[name] = *value
		}
	}
	return values
}

// onlyChoices reports whether a change is of nothing but what the vendor lets the account choose.
func onlyChoices(def *integration.Definition, change map[string]*string) bool {
	for name := range change {
		if !def.Context.Chosen(name) {
			return false
		}
	}
	return true
}

// Delete removes an account with the MCP servers on it.
func (s *Service) Delete(ctx context.Context, environment, id string) error {
	a, err := s.Get(ctx, environment, id)
	if err != nil {
		return err
	}
	def, _ := s.definitions.FindFor(ctx, environment, a.Integration, id) // nil: its integration is gone
	if err := s.store.Tx(ctx, func(tx *store.Tx) error { return s.remove(ctx, tx, def, environment, id) }); err != nil {
		return fmt.Errorf("delete account %s: %w", id, err)
	}
	return nil
}

// RefreshCredentials proves an account's credential at once, by a new token where the format yields one, and makes the account active, also one that needed
// its owner. A refusal is an *InvalidError, after which the account needs its owner.
func (s *Service) RefreshCredentials(ctx context.Context, environment, id string) (*Account, error) {
	e, err := s.read(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	if e.account.Status == Disabled {
		return nil, s.usable(e.account, "")
	}
	_, err = s.flights.do(ctx, id+"/refresh", renewalTime, func(ctx context.Context) (*held, error) {
		h, err := s.renewOnce(ctx, environment, id, math.MaxInt64, true)
		if err != nil {
			return nil, err
		}
		return h, s.resume(ctx, environment, id, h)
	})
	if status, ok := errors.AsType[*StatusError](err); ok {
		return nil, &InvalidError{Field: "credentials", Message: status.Message, Remote: true}
	}
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, environment, id)
}
