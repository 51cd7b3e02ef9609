package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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

	KeepAlive time.Duration // how often idle grants are looked for; 0: never

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
	keeper      keeper
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
	if c.KeepAlive > 0 {
		s.keeper.start(c.KeepAlive, s.KeepAlive)
	}
	return s
}

// Close waits for renewals under way.
func (s *Service) Close() {
	s.keeper.stop()
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
	before := store.Below(f.Before)
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
	rows, next = store.Cut(rows, limit, func(row *db.Account) string { return row.ID })
	page = make([]*Account, len(rows))
	for i := range rows {
		if page[i], err = fromRow(&rows[i]); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
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
