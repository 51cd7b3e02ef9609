// Package connection keeps how clients' attempts to connect went: one timeline each, from the challenge to the first call. Client and server each see half of
// an attempt that fails; this is the server's half, in words that say what did not come or went wrong, and how to mend it.
//
// It imports store. Doors tell of steps by Record; people read them by List and Get, which judge them (diagnose.go).
package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// StepName is what a client does on its way, in the order in which it does it.
type StepName string

const (
	Challenge        StepName = "challenge"         // it asks without a token, and is told where to ask
	ResourceMetadata StepName = "resource_metadata" // RFC 9728
	ServerMetadata   StepName = "server_metadata"   // RFC 8414, OpenID Connect Discovery
	Registration     StepName = "registration"      // RFC 7591
	ClientMetadata   StepName = "client_metadata"   // Sluice reads the document that the client's id names
	Authorization    StepName = "authorization"     // it sends a person's browser here
	SignIn           StepName = "sign_in"           // the person is sent to sign in
	Consent          StepName = "consent"           // the person is asked, and answers
	Token            StepName = "token"             // the code becomes a token
	Call             StepName = "call"              // the token's first use
	Refresh          StepName = "refresh"           // instead of all that, an old token was renewed
)

// Step is one of them, as it was answered.
type Step struct {
	Name   StepName
	At     time.Time
	Status int    // of HTTP, as it was answered; 0 where nothing was
	Fault  string // why it failed, as a sentence; "" where it did not
	Detail string // what else is worth knowing: which address, which scopes
}

// Attempt is one client's way.
type Attempt struct {
	ID          string // att_…
	Environment string
	ServerID    string
	ClientID    string
	ClientName  string
	UserID      string
	Address     string
	UserAgent   string
	Revision    string // of MCP, as far as it was said
	StartedAt   time.Time
	UpdatedAt   time.Time
	Steps       []Step
}

// From is what is known of who makes a step. AttemptID is the way it belongs to, where that is known; else it is found by the rest.
type From struct {
	AttemptID   string
	Environment string
	ServerID    string
	Address     string // of whoever sent the request
	UserAgent   string
	ClientID    string
	ClientName  string
	UserID      string
	Revision    string
}

// ErrNotFound is wrapped where an environment has no attempt of that id.
var ErrNotFound = errors.New("no such connection attempt")

const (
	together    = 10 * time.Minute    // steps further apart than this are not one attempt, unless they say so
	justNow     = time.Minute         // …and less, where another address makes them
	kept        = 30 * 24 * time.Hour // attempts are forgotten after this
	keptServer  = 200                 // attempts of one server
	maxSteps    = 60                  // of one attempt
	maxText     = 400                 // bytes of a text that a client sent
	perMinute   = 120                 // steps of one server that this node writes down: who sends more is not told of in detail
	maxWatching = 4096                // servers whose steps are counted
)

// Log keeps attempts. It is safe for concurrent use.
type Log struct {
	store *store.Store
	log   *slog.Logger

	mu      sync.Mutex
	minute  int64
	written map[string]int // steps in this minute, by server
}

// New makes a log. log may be nil.
func New(st *store.Store, log *slog.Logger) *Log {
	if log == nil {
		log = slog.Default()
	}
	return &Log{store: st, log: log}
}

// Record writes a step down and returns the attempt that it is part of, "" where it was not written. A step that cannot be written keeps nobody from
// connecting: that is logged.
func (l *Log) Record(ctx context.Context, from From, step Step) (attemptID string) {
	if step.At.IsZero() {
		step.At = time.Now()
	}
	if !l.mayWrite(from.ServerID, step.At) {
		return from.AttemptID
	}
	// Whoever hangs up right after a step has made it all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, s := range []*string{&from.UserAgent, &from.ClientID, &from.ClientName, &from.Revision, &step.Fault, &step.Detail} {
		*s = clean(*s)
	}
	attempt, err := l.continueOrBegin(ctx, from, step)
	if errors.Is(err, ErrNotFound) {
		return ""
	}
	if err == nil {
		err = l.write(ctx, attempt, from, step)
	}
	if err != nil {
		l.log.WarnContext(ctx, "a step of a client's attempt to connect could not be written down", "mcp_server", from.ServerID, "step", step.Name, "error", err)
		return from.AttemptID
	}
	args := []any{"attempt", attempt.ID, "mcp_server", from.ServerID, "step", step.Name, "status", step.Status, "client", attempt.ClientName, "user_agent", from.UserAgent}
	if step.Fault != "" {
		l.log.WarnContext(ctx, "connecting failed", append(args, "fault", step.Fault)...)
	} else {
		l.log.InfoContext(ctx, "connecting", args...)
	}
	return attempt.ID
}

func (l *Log) mayWrite(server string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := now.Unix() / 60; minute != l.minute || len(l.written) > maxWatching {
		l.minute, l.written = minute, map[string]int{}
	}
	l.written[server]++
	return l.written[server] <= perMinute
}

// continueOrBegin finds the attempt that a step belongs to. A program's own requests share an address, or come quickly by one name; the browser's have neither in
// common with them, and are found by the client's id, which registration made known, or failing that as the newest attempt that has named no client yet.
func (l *Log) continueOrBegin(ctx context.Context, from From, step Step) (db.ConnectionAttempt, error) {
	since := step.At.Add(-together).UnixMilli()
	find := []func() (db.ConnectionAttempt, error){}
	if from.AttemptID != "" {
		find = append(find, func() (db.ConnectionAttempt, error) {
			return l.store.GetConnectionAttempt(ctx, db.GetConnectionAttemptParams{Environment: from.Environment, ID: from.AttemptID})
		})
	} else {
		if from.ClientID != "" && step.Name != Refresh {
			find = append(find, func() (db.ConnectionAttempt, error) {
				return l.store.FindConnectionAttemptOfClient(ctx, db.FindConnectionAttemptOfClientParams{
					Environment: from.Environment, ServerID: from.ServerID, ClientID: from.ClientID, Since: since,
				})
			})
		}
		if step.Name == Authorization || step.Name == Call { // of a token that was given elsewhere
			find = append(find, func() (db.ConnectionAttempt, error) {
				return l.store.FindConnectionAttemptWithoutClient(ctx, db.FindConnectionAttemptWithoutClientParams{
					Environment: from.Environment, ServerID: from.ServerID, Since: since,
				})
			})
		} else {
			find = append(find, func() (db.ConnectionAttempt, error) {
				return l.store.FindConnectionAttempt(ctx, db.FindConnectionAttemptParams{
					Environment: from.Environment, ServerID: from.ServerID, Address: from.Address, Since: since,
				})
			}, func() (db.ConnectionAttempt, error) {
				return l.store.FindConnectionAttemptByAgent(ctx, db.FindConnectionAttemptByAgentParams{
					Environment: from.Environment, ServerID: from.ServerID, UserAgent: from.UserAgent, Since: step.At.Add(-justNow).UnixMilli(),
				})
			})
		}
	}
	for _, f := range find {
		row, err := f()
		if err == nil && row.ServerID == from.ServerID && !l.over(ctx, row, from, step) {
			return row, nil
		}
		if err != nil && !store.NotFound(err) {
			return row, fmt.Errorf("find the attempt: %w", err)
		}
	}
	if step.Name == Refresh || step.Name == Call && from.AttemptID == "" { // clients do that all the time: it is told of where a challenge came before
		return db.ConnectionAttempt{}, ErrNotFound
	}
	row := db.ConnectionAttempt{
		ID: store.NewID("att"), Environment: from.Environment, ServerID: from.ServerID, ClientID: from.ClientID, ClientName: from.ClientName,
		Address: from.Address, UserAgent: from.UserAgent, Revision: from.Revision, StartedAt: step.At.UnixMilli(),
	}
	err := l.store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.CreateConnectionAttempt(ctx, db.CreateConnectionAttemptParams{
			ID: row.ID, Environment: row.Environment, ServerID: row.ServerID, ClientID: row.ClientID, ClientName: row.ClientName,
			Address: row.Address, UserAgent: row.UserAgent, Revision: row.Revision, StartedAt: row.StartedAt,
		}); err != nil {
			return err
		}
		return tx.TrimConnectionAttempts(ctx, db.TrimConnectionAttemptsParams{Environment: row.Environment, ServerID: row.ServerID, Keep: keptServer})
	})
	if err != nil {
		return row, fmt.Errorf("begin an attempt: %w", err)
	}
	return row, nil
}

// over reports whether a found attempt has gone too far for the step to be part of it, so that it begins another one: a challenge comes before a client is known, and
// a call is the last there is.
func (l *Log) over(ctx context.Context, row db.ConnectionAttempt, from From, step Step) bool {
	last := map[StepName]int{Challenge: place(Registration), Call: place(Call)}[step.Name]
	if last == 0 || step.Name == Call && from.AttemptID != "" {
		return false
	}
	steps, err := l.store.ListConnectionSteps(ctx, db.ListConnectionStepsParams{Environment: row.Environment, AttemptID: row.ID})
	for _, s := range steps {
		if s.Fault == "" && place(StepName(s.Name)) >= last {
			return true
		}
	}
	return err != nil
}

func (l *Log) write(ctx context.Context, row db.ConnectionAttempt, from From, step Step) error {
	n, err := l.store.CountConnectionSteps(ctx, db.CountConnectionStepsParams{Environment: row.Environment, AttemptID: row.ID})
	if err != nil || n >= maxSteps {
		return err
	}
	keep := func(now *string, said string) {
		if said != "" {
			*now = said
		}
	}
	keep(&row.ClientID, from.ClientID)
	keep(&row.ClientName, from.ClientName)
	keep(&row.UserID, from.UserID)
	keep(&row.Revision, from.Revision)
	return l.store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.UpdateConnectionAttempt(ctx, db.UpdateConnectionAttemptParams{
			ClientID: row.ClientID, ClientName: row.ClientName, UserID: row.UserID, Revision: row.Revision, UpdatedAt: step.At.UnixMilli(),
			Environment: row.Environment, ID: row.ID,
		}); err != nil {
			return err
		}
		return tx.CreateConnectionStep(ctx, db.CreateConnectionStepParams{
			ID: store.NewID("stp"), Environment: row.Environment, AttemptID: row.ID, Name: string(step.Name), Status: int64(step.Status),
			Fault: step.Fault, Detail: step.Detail, HappenedAt: step.At.UnixMilli(),
		})
	})
}

// Get returns one attempt of an environment, with its steps.
func (l *Log) Get(ctx context.Context, environment, id string) (*Attempt, error) {
	row, err := l.store.GetConnectionAttempt(ctx, db.GetConnectionAttemptParams{Environment: environment, ID: id})
	if _, unstorable := errors.AsType[*store.TextError](err); store.NotFound(err) || unstorable {
		return nil, fmt.Errorf("%w: %.80q", ErrNotFound, id)
	}
	if err != nil {
		return nil, fmt.Errorf("get connection attempt: %w", err)
	}
	return l.whole(ctx, row)
}

// List returns up to limit attempts of an environment, of one server if serverID says so, newest first, below the id that a call before gave as next.
func (l *Log) List(ctx context.Context, environment, serverID, after string, limit int) (page []*Attempt, next string, err error) {
	rows, err := l.store.ListConnectionAttempts(ctx, db.ListConnectionAttemptsParams{Environment: environment, ServerID: serverID, Before: store.Below(after), Lim: int64(limit) + 1})
	if _, unstorable := errors.AsType[*store.TextError](err); unstorable {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("list connection attempts: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.ConnectionAttempt) string { return row.ID })
	for _, row := range rows {
		attempt, err := l.whole(ctx, row)
		if err != nil {
			return nil, "", err
		}
		page = append(page, attempt)
	}
	return page, next, nil
}

func (l *Log) whole(ctx context.Context, row db.ConnectionAttempt) (*Attempt, error) {
	steps, err := l.store.ListConnectionSteps(ctx, db.ListConnectionStepsParams{Environment: row.Environment, AttemptID: row.ID})
	if err != nil {
		return nil, fmt.Errorf("list the steps of a connection attempt: %w", err)
	}
	a := &Attempt{
		ID: row.ID, Environment: row.Environment, ServerID: row.ServerID, ClientID: row.ClientID, ClientName: row.ClientName, UserID: row.UserID,
		Address: row.Address, UserAgent: row.UserAgent, Revision: row.Revision, StartedAt: store.Time(row.StartedAt), UpdatedAt: store.Time(row.UpdatedAt),
	}
	for _, s := range steps {
		a.Steps = append(a.Steps, Step{Name: StepName(s.Name), At: store.Time(s.HappenedAt), Status: int(s.Status), Fault: s.Fault, Detail: s.Detail})
	}
	return a, nil
}

// Forget removes what is too old to help anybody.
func (l *Log) Forget(ctx context.Context) error {
	return l.store.DeleteOldConnectionAttempts(ctx, time.Now().Add(-kept).UnixMilli())
}

func clean(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return store.CleanText(s)
}
