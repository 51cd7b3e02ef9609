package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"sync"
)

// executor is what *sql.DB, *sql.Conn and *sql.Tx have in common: db.DBTX by another name.
type executor interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// conn stands between the generated queries and a database, so that both behave the same: ?1 becomes $1 for PostgreSQL, a nil []byte becomes an empty
// one, and a text that the databases would treat differently is refused.
type conn struct {
	on      executor
	dialect Dialect
	gate    *gate // set outside transactions on SQLite, where each Exec takes the write lock for itself
}

func (c *conn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := tidy(args); err != nil {
		return nil, err
	}
	if c.gate != nil {
		if err := c.gate.enter(ctx); err != nil {
			return nil, err
		}
		defer c.gate.leave()
	}
	return c.on.ExecContext(ctx, c.rewrite(query), args...)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.on.PrepareContext(ctx, c.rewrite(query))
}

func (c *conn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tidy(args); err != nil {
		return nil, err
	}
	return c.on.QueryContext(ctx, c.rewrite(query), args...)
}

func (c *conn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := tidy(args); err != nil {
		// Only database/sql can make a *sql.Row that holds an error; an argument that refuses to be one gives it ours.
		args[0] = refusal{err}
	}
	return c.on.QueryRowContext(ctx, c.rewrite(query), args...)
}

// refusal is an argument whose value is an error.
type refusal struct{ err error }

func (r refusal) Value() (driver.Value, error) { return nil, r.err }

// tidy makes nil bytes empty and finds the first text that must not be stored.
func tidy(args []any) error {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			if err := CheckText(v); err != nil {
				return err
			}
		case []byte:
			if v == nil {
				args[i] = []byte{}
			}
		}
	}
	return nil
}

var (
	placeholder = regexp.MustCompile(`\?(\d+)`)
	rewritten   sync.Map // query → the same with $N; queries are constants, so it cannot grow beyond their number
)

func (c *conn) rewrite(query string) string {
	if c.dialect == SQLite {
		return query
	}
	if q, ok := rewritten.Load(query); ok {
		return q.(string)
	}
	q := placeholder.ReplaceAllString(query, "$$$1")
	rewritten.Store(query, q)
	return q
}

// gate lets one writer into SQLite at a time. Without it writers meet at SQLite's own lock, where they poll with growing pauses and in no order.
// The zero gate (PostgreSQL's) lets everybody pass.
type gate struct{ free chan struct{} }

func newGate() gate { return gate{make(chan struct{}, 1)} }

func (g gate) enter(ctx context.Context) error {
	if g.free == nil {
		return nil
	}
	select {
	case g.free <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() {
	if g.free != nil {
		<-g.free
	}
}
