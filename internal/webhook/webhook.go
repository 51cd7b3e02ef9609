// Package webhook tells an environment's own back-end what happens to its integrated accounts: each event goes out as a signed request (Standard
// Webhooks, https://www.standardwebhooks.com), at least once, and again by a schedule of a day and more while the receiver does not take it.
//
// It imports account for the types of events, store, secret and outbound. Events enter as rows of account_events, written in the transaction that made them
// happen; the relay hands each to the job queue once for every webhook that wants it; a job delivers it. What came of the last delivery stands at the
// webhook.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/internal/account"
	"sluice/internal/outbound"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Webhook is an address that an environment wants its events delivered to.
type Webhook struct {
	ID          string // whk_…
	Environment string
	URL         string
	Types       []string // of events; none: all
	Enabled     bool
	CreatedBy   string
	CreatedAt   time.Time
	UpdatedAt   time.Time

	// What came of the last delivery.
	LastAt     time.Time // zero: there was none
	LastStatus int       // 0: no answer
	LastError  string    // one sentence; "": it was taken
}

// Event is something that happened to an integrated account.
type Event struct {
	ID        string // evt_…, the webhook-id of its deliveries
	AccountID string
	Type      string
	Payload   json.RawMessage // what is delivered
	CreatedAt time.Time
}

// ErrNotFound is wrapped where an environment has no webhook of that id.
var ErrNotFound = errors.New("no such webhook")

// InvalidError says which field of a request is wrong, and how to mend it.
type InvalidError struct {
	Field   string
	Message string
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

// Sealer seals secrets for the row that they are kept in.
type Sealer interface {
	Seal(plain, bound []byte) ([]byte, error)
	Open(sealed, bound []byte) ([]byte, error)
}

// Config is what a Service is made of.
type Config struct {
	Store    *store.Store
	Sealer   Sealer
	Outbound *outbound.Client
	Log      *slog.Logger    // nil: slog.Default()
	Schedule []time.Duration // pauses between the tries of one delivery; nil: Schedule
}

// Schedule is when a delivery is tried again, as Standard Webhooks recommends: ten tries within three days.
var Schedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Service keeps webhooks and delivers events. It is safe for concurrent use; Close ends its goroutines.
type Service struct {
	store    *store.Store
	sealer   Sealer
	outbound *outbound.Client
	log      *slog.Logger
	schedule []time.Duration

	wake       chan struct{} // holds a token when there may be events to relay
	end        context.CancelFunc
	background sync.WaitGroup
	unhear     []func()
	sweep      *store.Sweep
	queue      queue
}

// New makes a service and starts relaying.
func New(ctx context.Context, c Config) (*Service, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Schedule == nil {
		c.Schedule = Schedule
	}
	s := &Service{store: c.Store, sealer: c.Sealer, outbound: c.Outbound, log: c.Log, schedule: c.Schedule, wake: make(chan struct{}, 1)}
	if err := s.queue.open(ctx, s); err != nil {
		return nil, err
	}
	for _, topic := range []string{store.Events, store.Webhooks} {
		s.unhear = append(s.unhear, c.Store.Subscribe(topic, func(string) { s.stir() }))
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	s.background.Go(func() { s.relay(running) })
	s.sweep = store.StartSweep(dropEvery, s.dropOld)
	s.stir()
	return s, nil
}

// Close ends deliveries under way, which are made again by whoever starts next, and waits for them.
func (s *Service) Close() {
	for _, f := range s.unhear {
		f()
	}
	s.sweep.Stop()
	s.end()
	s.background.Wait()
	s.queue.close()
}

func (s *Service) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// maxWebhooks bounds what one event can cause.
const maxWebhooks = 20

// Draft is a webhook to be made.
type Draft struct {
	Environment string
	URL         string
	Types       []string
	CreatedBy   string
}

// Create makes a webhook. secret is what its deliveries are signed with: it is shown this once.
func (s *Service) Create(ctx context.Context, d Draft) (w *Webhook, secret string, err error) {
	if err := checkURL(d.URL); err != nil {
		return nil, "", err
	}
	types, err := checkTypes(d.Types)
	if err != nil {
		return nil, "", err
	}
	id, now := store.NewID("whk"), store.Millis(time.Now())
	secret = newSecret()
	sealed, err := s.seal(id, secrets{Current: secret})
	if err != nil {
		return nil, "", err
	}
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.CountWebhooks(ctx, d.Environment)
		if err != nil {
			return err
		}
		if n >= maxWebhooks {
			return &InvalidError{"url", fmt.Sprintf("would be one too many: an environment has at most %d webhooks, so delete one first", maxWebhooks)}
		}
		tx.Publish(store.Webhooks, id)
		return tx.CreateWebhook(ctx, db.CreateWebhookParams{
			ID: id, Environment: d.Environment, URL: d.URL, Types: types, Secrets: sealed, CreatedBy: d.CreatedBy, CreatedAt: now,
		})
	})
	if err != nil {
		return nil, "", fmt.Errorf("create webhook: %w", err)
	}
	w, err = s.Get(ctx, d.Environment, id)
	return w, secret, err
}

// Get returns a webhook of an environment.
func (s *Service) Get(ctx context.Context, environment, id string) (*Webhook, error) {
	row, err := s.row(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	return fromRow(row), nil
}

func (s *Service) row(ctx context.Context, environment, id string) (*db.Webhook, error) {
	row, err := s.store.GetWebhook(ctx, db.GetWebhookParams{Environment: environment, ID: id})
	if _, unstorable := errors.AsType[*store.TextError](err); unstorable || store.NotFound(err) {
		return nil, fmt.Errorf("%w: %.80q", ErrNotFound, id)
	}
	if err != nil {
		return nil, fmt.Errorf("get webhook: %w", err)
	}
	return &row, nil
}

// List returns up to limit webhooks, newest first, below the id that a call before gave as next.
func (s *Service) List(ctx context.Context, environment, after string, limit int) (page []*Webhook, next string, err error) {
	rows, err := s.store.ListWebhooks(ctx, db.ListWebhooksParams{Environment: environment, Before: store.Below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list webhooks: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.Webhook) string { return row.ID })
	for i := range rows {
		page = append(page, fromRow(&rows[i]))
	}
	return page, next, nil
}

// Change is what an Update changes: what is nil stays.
type Change struct {
	URL     *string
	Types   *[]string
	Enabled *bool
}

// Update changes a webhook. Deliveries that wait go to its new address.
func (s *Service) Update(ctx context.Context, environment, id string, c Change) (*Webhook, error) {
	row, err := s.row(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	if c.URL != nil {
		if err := checkURL(*c.URL); err != nil {
			return nil, err
		}
		row.URL = *c.URL
	}
	if c.Types != nil {
		if row.Types, err = checkTypes(*c.Types); err != nil {
			return nil, err
		}
	}
	if c.Enabled != nil {
		row.Enabled = 0
		if *c.Enabled {
			row.Enabled = 1
		}
	}
	err = s.change(ctx, id, func(tx *store.Tx) (int64, error) {
		return tx.UpdateWebhook(ctx, db.UpdateWebhookParams{URL: row.URL, Types: row.Types, Enabled: row.Enabled, UpdatedAt: store.Millis(time.Now()), Environment: environment, ID: id})
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, environment, id)
}

// Delete removes a webhook. Deliveries that wait are dropped.
func (s *Service) Delete(ctx context.Context, environment, id string) error {
	return s.change(ctx, id, func(tx *store.Tx) (int64, error) {
		return tx.DeleteWebhook(ctx, db.DeleteWebhookParams{Environment: environment, ID: id})
	})
}

func (s *Service) change(ctx context.Context, id string, f func(*store.Tx) (int64, error)) error {
	err := s.store.Tx(ctx, func(tx *store.Tx) error {
		n, err := f(tx)
		if err == nil && n == 0 {
			err = fmt.Errorf("%w: %.80q", ErrNotFound, id)
		}
		tx.Publish(store.Webhooks, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("change webhook: %w", err)
	}
	return nil
}

// Events returns up to limit events, newest first, of one account if it is named, below the id that a call before gave as next. They are kept for a month.
func (s *Service) Events(ctx context.Context, environment, accountID, after string, limit int) (page []*Event, next string, err error) {
	rows, err := s.store.ListEvents(ctx, db.ListEventsParams{Environment: environment, AccountID: accountID, Before: store.Below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list events: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.AccountEvent) string { return row.ID })
	for _, r := range rows {
		page = append(page, &Event{ID: r.ID, AccountID: r.AccountID, Type: r.Type, Payload: json.RawMessage(r.Payload), CreatedAt: store.Time(r.CreatedAt)})
	}
	return page, next, nil
}

func fromRow(row *db.Webhook) *Webhook {
	w := &Webhook{
		ID: row.ID, Environment: row.Environment, URL: row.URL, Enabled: row.Enabled != 0, CreatedBy: row.CreatedBy,
		CreatedAt: store.Time(row.CreatedAt), UpdatedAt: store.Time(row.UpdatedAt),
		LastAt: store.Time(row.LastAt), LastStatus: int(row.LastStatus), LastError: row.LastError,
	}
	w.Types = strings.Fields(row.Types)
	return w
}

// wants reports whether a webhook asked for events of a type.
func (w *Webhook) wants(kind string) bool { return len(w.Types) == 0 || slices.Contains(w.Types, kind) }

// checkURL takes an address that events can be sent to. They name customers, so that only this machine is reached without TLS.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(raw) > 2000 {
		return &InvalidError{"url", "must be an absolute URL without user information or fragment, such as https://example.com/hooks/sluice"}
	}
	if u.Scheme == "https" {
		return nil
	}
	address, err := netip.ParseAddr(u.Hostname())
	if u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && address.IsLoopback()) {
		return nil
	}
	return &InvalidError{"url", "must begin with https://"}
}

// checkTypes takes names of event types, and gives them as they are kept.
func checkTypes(types []string) (string, error) {
	for _, t := range types {
		if !slices.Contains(account.EventTypes, t) {
			return "", &InvalidError{"types", fmt.Sprintf("holds %.80q, which is no type of event: the types are %s", t, strings.Join(account.EventTypes, ", "))}
		}
	}
	types = slices.Clone(types)
	slices.Sort(types)
	return strings.Join(slices.Compact(types), " "), nil
}
