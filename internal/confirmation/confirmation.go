// Package confirmation keeps the questions that calls put to a person before they change something: what was asked of whom, until when, and what
// came of it. A question is a row, so that any node can take its answer, and only one ever does.
//
// It imports store. The gateway makes a Confirmation by Ask and takes its answer by Use; people who look at what waits (List) approve or decline it.
package confirmation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// State of a question.
type State string

const (
	Pending  State = "pending"
	Approved State = "approved" // by a person in the dashboard; the call is still to come
	Declined State = "declined"
	Used     State = "used"     // agreed to, and the call was sent
	Replaced State = "replaced" // what it was about has changed, and another question was put
)

// Confirmation is one question.
type Confirmation struct {
	ID            string // cnf_…
	Environment   string
	AccountID     string
	ServerID      string // the MCP server, "" for the API
	TokenID       string // the API token, if one was shown
	Door          string
	ClientName    string
	Tool          string
	Question      string // what the person reads
	Fingerprint   []byte // of what the question is about: answered when that is another, it is put anew
	NeedsApproval bool   // nobody but a person who looks at what waits can agree
	State         State
	DecidedBy     string // who approved or declined it where it waited
	CreatedAt     time.Time
	ExpiresAt     time.Time
}

// ErrNotFound is wrapped where an environment has no such question, or none that still waits.
var ErrNotFound = errors.New("no such confirmation")

// Service keeps confirmations. It is safe for concurrent use; Close ends its goroutine.
type Service struct {
	store    *store.Store
	log      *slog.Logger
	sweeping *store.Sweep
}

// New makes a Service and starts removing what has expired. log may be nil.
func New(st *store.Store, log *slog.Logger) *Service {
	if log == nil {
		log = slog.Default()
	}
	s := &Service{store: st, log: log}
	s.sweeping = store.StartSweep(time.Minute, s.sweep)
	return s
}

// Close ends the sweep and waits for it.
func (s *Service) Close() {
	s.sweeping.Stop()
}

func (s *Service) sweep(ctx context.Context) {
	if _, err := s.store.DeleteExpiredConfirmations(ctx, time.Now().UnixMilli()); err != nil && ctx.Err() == nil {
		s.log.Warn("could not remove expired confirmations; the next sweep tries again", "error", err)
	}
}

// Ask keeps a question that waits for life from now on. It gives it its id, state and times.
func (s *Service) Ask(ctx context.Context, c *Confirmation, life time.Duration) error {
	now := time.Now()
	c.ID, c.State = store.NewID("cnf"), Pending
	c.CreatedAt, c.ExpiresAt = store.Time(store.Millis(now)), store.Time(store.Millis(now.Add(life)))
	approval := int64(0)
	if c.NeedsApproval {
		approval = 1
	}
	err := s.store.CreateConfirmation(ctx, db.CreateConfirmationParams{
		ID: c.ID, Environment: c.Environment, AccountID: c.AccountID, ServerID: c.ServerID, TokenID: c.TokenID, Door: c.Door,
		ClientName: store.CleanText(c.ClientName), Tool: c.Tool, Question: store.CleanText(c.Question), Fingerprint: c.Fingerprint, Approval: approval,
		State: string(c.State), CreatedAt: store.Millis(c.CreatedAt), ExpiresAt: store.Millis(c.ExpiresAt),
	})
	if err != nil {
		return fmt.Errorf("keep a question: %w", err)
	}
	return nil
}

// Get returns a question of an environment, whatever its state, until it expires.
func (s *Service) Get(ctx context.Context, environment, id string) (*Confirmation, error) {
	row, err := s.store.GetConfirmation(ctx, db.GetConfirmationParams{Environment: environment, ID: id})
	if _, unstorable := errors.AsType[*store.TextError](err); store.NotFound(err) || unstorable {
		return nil, notFound(id)
	}
	if err != nil {
		return nil, fmt.Errorf("read a question: %w", err)
	}
	if c := of(row); time.Now().Before(c.ExpiresAt) {
		return c, nil
	}
	return nil, notFound(id)
}

// Use takes the answer of a question that was agreed to, and reports whether this caller is the one who may act on it: of all who come with the same
// answer, to whichever nodes, one is.
func (s *Service) Use(ctx context.Context, environment, id string) (bool, error) {
	n, err := s.store.UseConfirmation(ctx, db.UseConfirmationParams{Environment: environment, ID: id, Now: time.Now().UnixMilli()})
	if err != nil {
		return false, fmt.Errorf("take the answer of a question: %w", err)
	}
	return n == 1, nil
}

// Replace takes a question back, since what it was about has changed.
func (s *Service) Replace(ctx context.Context, environment, id string) error {
	if _, err := s.store.ReplaceConfirmation(ctx, db.ReplaceConfirmationParams{Environment: environment, ID: id}); err != nil {
		return fmt.Errorf("replace a question: %w", err)
	}
	return nil
}

// Decline says no to a question that waits: the call that it is about is not sent. by names who said so, "" for whoever was asked.
func (s *Service) Decline(ctx context.Context, environment, id, by string) error {
	return s.decide(ctx, environment, id, Declined, by)
}

// ErrOwn is returned by Approve to the API token that the call came with: an agent that holds it would agree to its own calls.
var ErrOwn = errors.New("a call is not approved by the API token that it came with")

// Approve says yes where a question waits. The call is sent when its client comes back with it.
func (s *Service) Approve(ctx context.Context, environment, id, by string) error {
	switch c, err := s.Get(ctx, environment, id); {
	case err != nil:
		return err
	case by != "" && c.TokenID == by:
		return ErrOwn
	}
	return s.decide(ctx, environment, id, Approved, by)
}

func (s *Service) decide(ctx context.Context, environment, id string, state State, by string) error {
	n, err := s.store.DecideConfirmation(ctx, db.DecideConfirmationParams{
		State: string(state), DecidedBy: by, Environment: environment, ID: id, Now: time.Now().UnixMilli(),
	})
	if _, unstorable := errors.AsType[*store.TextError](err); unstorable {
		return notFound(id)
	}
	if err != nil {
		return fmt.Errorf("decide a question: %w", err)
	}
	if n == 0 {
		return notFound(id)
	}
	return nil
}

// Filter narrows a list. What is empty does not.
type Filter struct {
	AccountID string
	ServerID  string
	Before    string // the id below which the page begins; "" for the first
	Limit     int    // of the page; 0: 50
}

// List answers what waits for an answer, the newest first, and the id below which the next page begins, "" at the end.
func (s *Service) List(ctx context.Context, environment string, f Filter) (page []*Confirmation, next string, err error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	rows, err := s.store.ListPendingConfirmations(ctx, db.ListPendingConfirmationsParams{
		Environment: environment, Before: store.Below(f.Before), Now: time.Now().UnixMilli(), AccountID: f.AccountID, ServerID: f.ServerID, Lim: int64(f.Limit) + 1,
	})
	if _, unstorable := errors.AsType[*store.TextError](err); unstorable {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("list questions: %w", err)
	}
	rows, next = store.Cut(rows, f.Limit, func(row *db.Confirmation) string { return row.ID })
	for _, row := range rows {
		page = append(page, of(row))
	}
	return page, next, nil
}

func notFound(id string) error { return fmt.Errorf("%w: %.80q", ErrNotFound, id) }

func of(row db.Confirmation) *Confirmation {
	return &Confirmation{
		ID: row.ID, Environment: row.Environment, AccountID: row.AccountID, ServerID: row.ServerID, TokenID: row.TokenID, Door: row.Door,
		ClientName: row.ClientName, Tool: row.Tool, Question: row.Question, Fingerprint: row.Fingerprint, NeedsApproval: row.Approval != 0,
		State: State(row.State), DecidedBy: row.DecidedBy, CreatedAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt),
	}
}
