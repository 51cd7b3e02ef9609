package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"sluice/internal/store/db"
)

const (
	intentArrays = "$1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], " +
		"$12::text[], $13::text[], $14::bytea[], $15::bigint[]"
	callArrays = intentArrays + ", $16::bigint[], $17::text[], $18::bigint[], $19::text[], $20::bigint[]"

	insertIntents = "INSERT INTO call_intents (" + intentColumns + ") SELECT * FROM unnest(" + intentArrays + ") ON CONFLICT (id) DO NOTHING"
	insertCalls   = "WITH gone AS (DELETE FROM call_intents WHERE id = ANY($21::text[])) " +
		"INSERT INTO calls (" + callColumns + ") SELECT * FROM unnest(" + callArrays + ") ON CONFLICT (id) DO NOTHING"
)

// columns turns rows into the arrays that unnest takes.
type columns struct {
	texts     [13][]string
	arguments [][]byte
	started   []int64
	isWrite   []int64
	outcome   []string
	status    []int64
	fault     []string
	duration  []int64
}

func (c *columns) intent(r *db.CallIntent) {
	for i, v := range [...]string{r.ID, r.Environment, r.Door, r.AccountID, r.ServerID, r.TokenID, r.ClientName, r.RequestID, r.Integration, r.Tool, r.Resource, r.Method, r.UserID} {
		c.texts[i] = append(c.texts[i], v)
	}
	c.arguments = append(c.arguments, notNil(r.Arguments))
	c.started = append(c.started, r.StartedAt)
}

func (c *columns) call(r *db.Call) {
	c.intent(&db.CallIntent{
		ID: r.ID, Environment: r.Environment, Door: r.Door, AccountID: r.AccountID, ServerID: r.ServerID, TokenID: r.TokenID, ClientName: r.ClientName,
		RequestID: r.RequestID, Integration: r.Integration, Tool: r.Tool, Resource: r.Resource, Method: r.Method, UserID: r.UserID, Arguments: r.Arguments, StartedAt: r.StartedAt,
	})
	c.isWrite = append(c.isWrite, r.IsWrite)
	c.outcome = append(c.outcome, r.Outcome)
	c.status = append(c.status, r.Status)
	c.fault = append(c.fault, r.Error)
	c.duration = append(c.duration, r.DurationUs)
}

func (c *columns) args() []any {
	args := make([]any, 0, 21)
	for _, t := range c.texts {
		args = append(args, t)
	}
	args = append(args, c.arguments, c.started)
	if c.outcome != nil {
		args = append(args, c.isWrite, c.outcome, c.status, c.fault, c.duration)
	}
	return args
}

// unnest sends one batch. It tries once more, on a new connection, where the first try met one that had died unnoticed; a batch that was written twice
// is there once.
func (w *CallWriter) unnest(ctx context.Context, query string, args []any) error {
	_, err := w.store.pool.Exec(ctx, query, args...)
	if err != nil && ctx.Err() == nil && !refused(err) {
		w.store.pool.Reset() // the other idle ones died with it
		_, err = w.store.pool.Exec(ctx, query, args...)
	}
	if err != nil {
		return fmt.Errorf("write the call log: %w", err)
	}
	return nil
}

// refused reports whether the server looked at the batch and said no, so that another try would end the same. Class 57P is a server that is going away.
func refused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && !strings.HasPrefix(pg.Code, "57P")
}
