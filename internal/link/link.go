// Package link keeps the links by which a person who has no login of Sluice's connects one integrated account, where such a link may send them afterwards, and
// what is remembered while they are at the vendor's page.
//
// It imports store, secret and account. A link's token enters once, as text, and is kept as its hash; Find answers the link behind it, and Use ties the link
// to the account that was connected, in the transaction that keeps the account.
package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sluice/internal/account"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Link lets whoever has its token connect one account, once.
type Link struct {
	ID          string // lnk_…
	Environment string
	AccountID   string // that is connected again, or that was connected by the link; "": not yet
	TenantID    string // of a new account
	Name        string
	Integration string            // "": the person chooses
	Context     map[string]string // values that are not asked
	RedirectURI string            // "": nowhere
	CreatedBy   string
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      time.Time // zero: not yet
}

// State of a link.
type State string

const (
	Open    State = "open"
	Used    State = "used"
	Expired State = "expired"
)

// State tells whether the link still leads anywhere.
func (l *Link) State() State {
	switch {
	case !l.UsedAt.IsZero():
		return Used
	case !time.Now().Before(l.ExpiresAt):
		return Expired
	}
	return Open
}

// ErrNotFound is wrapped where there is no such link, or none in the environment that asks.
var ErrNotFound = errors.New("no such link")

// ErrSpent is returned by Use where somebody else used the link first.
var ErrSpent = errors.New("the link was used already")

// InvalidError says which field of a request is wrong, and how to mend it.
type InvalidError struct {
	Field   string
	Message string
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

func invalid(field, format string, args ...any) *InvalidError {
	return &InvalidError{field, fmt.Sprintf(format, args...)}
}

// How long a link lives: an hour unless it is said, a week at most. One that is spent is remembered a week longer, so that whoever opens it is told.
const (
	DefaultLife = time.Hour
	MaxLife     = 7 * 24 * time.Hour
	remembered  = 7 * 24 * time.Hour
)

// Service keeps links. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	keys     *secret.Keys
	accounts *account.Service
	defs     account.Definitions
}

// New makes a service.
func New(st *store.Store, keys *secret.Keys, accounts *account.Service, defs account.Definitions) *Service {
	return &Service{st, keys, accounts, defs}
}

// Draft is a link as somebody asks for it.
type Draft struct {
	Environment string
	AccountID   string // connects this one again; excludes the others but RedirectURI and Life
	TenantID    string
	Name        string
	Integration string
	Context     map[string]string
	RedirectURI string
	Life        time.Duration // 0: DefaultLife
	CreatedBy   string
	// Own is a redirect to a page of Sluice's, which need not be on the environment's list.
	Own bool
}

// Create makes a link. token is shown this once. What is wrong with the draft is an *InvalidError; an account or integration that is not there, an error of
// package account or of Definitions.
func (s *Service) Create(ctx context.Context, d Draft) (l *Link, token string, err error) {
	if d.Life == 0 {
		d.Life = DefaultLife
	}
	if d.Life < time.Minute || d.Life > MaxLife {
		return nil, "", invalid("expires_in", "must be from 60 to %d seconds", int(MaxLife.Seconds()))
	}
	if d.AccountID != "" {
		acct, err := s.accounts.Get(ctx, d.Environment, d.AccountID)
		if err != nil {
			return nil, "", err
		}
		if d.TenantID != "" && d.TenantID != acct.TenantID {
			return nil, "", invalid("tenant_id", "is another than that of the integrated account: leave it out")
		}
		if d.Integration != "" && d.Integration != acct.Integration {
			return nil, "", invalid("integration", "is another than that of the integrated account: leave it out")
		}
		if acct.Status == account.Disabled {
			return nil, "", invalid("integrated_account_id", "is an account that is disabled: set it to active first")
		}
		d.TenantID, d.Integration, d.Name = acct.TenantID, acct.Integration, acct.Name
	}
	if err := s.checkContext(ctx, &d); err != nil {
		return nil, "", err
	}
	if d.RedirectURI != "" && !d.Own {
		if err := s.checkRedirect(ctx, d.Environment, d.RedirectURI); err != nil {
			return nil, "", err
		}
	}
	now := time.Now()
	token = secret.NewToken("")
	keyID, hash := s.keys.HashToken(token)
	values, err := json.Marshal(d.Context)
	if err != nil {
		return nil, "", err
	}
	row := db.InsertLinkTokenParams{ID: store.NewID("lnk"), Environment: d.Environment, KeyID: keyID, TokenHash: hash[:], AccountID: d.AccountID, TenantID: d.TenantID,
		Name: d.Name, Integration: d.Integration, Context: string(values), RedirectURI: d.RedirectURI, CreatedBy: d.CreatedBy,
		CreatedAt: store.Millis(now), ExpiresAt: store.Millis(now.Add(d.Life))}
	if _, err := s.store.DeleteOldLinkTokens(ctx, store.Millis(now.Add(-remembered))); err != nil {
		return nil, "", fmt.Errorf("forget old links: %w", err)
	}
	if err := s.store.InsertLinkToken(ctx, row); err != nil {
		return nil, "", fmt.Errorf("store the link: %w", err)
	}
	l, err = s.Get(ctx, d.Environment, row.ID)
	return l, token, err
}

// checkContext wants names that the integration knows, and texts that can be stored.
func (s *Service) checkContext(ctx context.Context, d *Draft) error {
	for field, text := range map[string]string{"tenant_id": d.TenantID, "name": d.Name} {
		if err := store.CheckText(text); err != nil {
			return invalid(field, "cannot be used: %v", err)
		}
		if len(text) > 200 {
			return invalid(field, "is longer than 200 bytes")
		}
	}
	if d.Integration == "" {
		if len(d.Context) > 0 {
			return invalid("context", "is of an integration: name that too")
		}
		return nil
	}
	def, err := s.defs.Find(ctx, d.Environment, d.Integration)
	if err != nil {
		return err
	}
	return s.accounts.CheckContext(def, d.Context)
}

// Get answers a link by id.
func (s *Service) Get(ctx context.Context, environment, id string) (*Link, error) {
	row, err := s.store.GetLinkToken(ctx, db.GetLinkTokenParams{Environment: environment, ID: id})
	if store.NotFound(err) {
		return nil, fmt.Errorf("%w: %.80q", ErrNotFound, id)
	}
	if err != nil {
		return nil, fmt.Errorf("read a link: %w", err)
	}
	return fromRow(&row)
}

// Find answers the link behind a token, whatever its state.
func (s *Service) Find(ctx context.Context, token string) (*Link, error) {
	for _, hash := range s.keys.TokenHashes(token) {
		row, err := s.store.GetLinkTokenByHash(ctx, hash[:])
		if err == nil {
			return fromRow(&row)
		}
		if !store.NotFound(err) {
			return nil, fmt.Errorf("read a link: %w", err)
		}
	}
	return nil, ErrNotFound
}

func fromRow(row *db.LinkToken) (*Link, error) {
	l := &Link{ID: row.ID, Environment: row.Environment, AccountID: row.AccountID, TenantID: row.TenantID, Name: row.Name, Integration: row.Integration,
		RedirectURI: row.RedirectURI, CreatedBy: row.CreatedBy, CreatedAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt), UsedAt: store.Time(row.UsedAt)}
	if err := json.Unmarshal([]byte(row.Context), &l.Context); err != nil {
		return nil, fmt.Errorf("read the context of link %s: %w", row.ID, err)
	}
	return l, nil
}

// Use ties the link to the account that it connects, in the transaction that keeps the account: for account.Within. An account that is active uses the link
// up; one that is not yet can be gone on with by the same link. ErrSpent undoes the transaction.
func (s *Service) Use(ctx context.Context, l *Link) account.Within {
	return func(tx *store.Tx, a *account.Account) error {
		p := db.UseLinkTokenParams{ID: l.ID, OldAccountID: l.AccountID, AccountID: a.ID}
		if a.Status == account.Active {
			p.UsedAt = time.Now().UnixMilli()
		}
		n, err := tx.UseLinkToken(ctx, p)
		if err == nil && n == 0 {
			err = ErrSpent
		}
		return err
	}
}
