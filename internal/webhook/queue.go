package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"sluice/internal/store"
)

// delivery is the job of bringing one event to one webhook.
type delivery struct {
	Environment string `json:"environment"`
	Webhook     string `json:"webhook"`
	Event       string `json:"event"`
}

func (delivery) Kind() string { return "webhook_delivery" }

// InsertOpts make a delivery unique: the same event is queued for the same webhook once, however many nodes see it.
func (delivery) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// How the queue works. A job that a dead node held is taken by another after stuckAfter, so that a delivery outlives any node.
const (
	workers    = 8 // deliveries at the same time on one node
	timeout    = 20 * time.Second
	stuckAfter = time.Minute
	keepDone   = 24 * time.Hour // finished deliveries, which also keep an event from being queued again
	keepFailed = 7 * 24 * time.Hour
)

// client is what is used of River, whatever the database.
type client interface {
	Start(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	InsertMany(ctx context.Context, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
}

// queue is River on Sluice's own database. It works on a node from the moment that there is a webhook, and never where nobody has one.
type queue struct {
	store  *store.Store
	client client
	side   *sql.DB // SQLite: River's own connection

	mu      sync.Mutex
	started bool
}

// open makes River's tables and its client.
func (q *queue) open(ctx context.Context, s *Service) (err error) {
	q.store = s.store
	config := &river.Config{
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:                     river.NewWorkers(),
		JobTimeout:                  timeout,
		RescueStuckJobsAfter:        stuckAfter,
		MaxAttempts:                 len(s.schedule) + 1,
		CompletedJobRetentionPeriod: keepDone,
		CancelledJobRetentionPeriod: keepDone,
		DiscardedJobRetentionPeriod: keepFailed,
		Logger:                      slog.New(quiet{s.log.Handler()}),
	}
	river.AddWorker(config.Workers, &worker{service: s})
	if pool := q.store.Pool(); pool != nil {
		driver := riverpgxv5.New(pool)
		if err := migrate(ctx, q.store, driver); err != nil {
			return err
		}
		q.client, err = river.NewClient[pgx.Tx](driver, config)
		return err
	}
	if q.side, err = q.store.Side(); err != nil {
		return err
	}
	driver := riversqlite.New(q.side)
	if err := migrate(ctx, q.store, driver); err != nil {
		q.side.Close()
		return err
	}
	config.PollOnly = true
	if q.client, err = river.NewClient[*sql.Tx](driver, config); err != nil {
		q.side.Close()
	}
	return err
}

// migrate brings River's tables up to date, while no other node does.
func migrate[T any](ctx context.Context, st *store.Store, driver riverdriver.Driver[T]) error {
	return st.Migrating(ctx, func() error {
		m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return fmt.Errorf("read the job queue's migrations: %w", err)
		}
		if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return fmt.Errorf("migrate the job queue: %w", err)
		}
		return nil
	})
}

func (q *queue) startIfNeeded(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started {
		return nil
	}
	switch _, err := q.store.AnyWebhook(ctx); {
	case store.NotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("look for webhooks: %w", err)
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil { // close stops it
		return fmt.Errorf("start the job queue: %w", err)
	}
	q.started = true
	return nil
}

func (q *queue) add(ctx context.Context, deliveries []delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(deliveries))
	for i, d := range deliveries {
		params[i].Args = d
	}
	if _, err := q.client.InsertMany(ctx, params); err != nil {
		return fmt.Errorf("queue deliveries: %w", err)
	}
	return nil
}

// close ends the deliveries under way. River tries them again, here or on another node.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		q.client.StopAndCancel(ctx)
	}
	if q.side != nil {
		q.side.Close()
	}
}

// worker works jobs.
type worker struct {
	river.WorkerDefaults[delivery]
	service *Service
}

func (w *worker) Work(ctx context.Context, job *river.Job[delivery]) error {
	err := w.service.deliver(ctx, job.Args)
	if errors.Is(err, errGone) {
		return river.JobCancel(err)
	}
	if err != nil && ctx.Err() == nil && job.Attempt >= job.MaxAttempts {
		w.service.log.Error("an event was not delivered, and is not tried again", "webhook", job.Args.Webhook, "event", job.Args.Event, "tries", job.Attempt, "error", err)
	}
	return err
}

// NextRetry follows the schedule, a tenth earlier or later, so that a receiver that comes back is not met by all at once.
func (w *worker) NextRetry(job *river.Job[delivery]) time.Time {
	schedule := w.service.schedule
	pause := schedule[min(max(job.Attempt, 1), len(schedule))-1]
	return time.Now().Add(time.Duration((0.9 + rand.Float64()/5) * float64(pause)))
}

// quiet passes on what somebody may have to act on. That a try failed is no such thing: it stands at the webhook, and the schedule is there for it.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError && q.Handler.Enabled(ctx, l)
}
