// Package store is persistence on SQLite and PostgreSQL: migrations, the queries of every package that keeps something, transactions, the news of
// changes that every node hears, and leases. It knows rows, not what they mean; it imports none of ours but its generated half, store/db.
//
// A Store embeds the generated queries: st.GetAccount(ctx, db.GetAccountParams{…}) is one statement and its own transaction. Several
// statements that belong together, or a change with its news, go through Tx:
//
//	err := st.Tx(ctx, func(tx *store.Tx) error {
//		n, err := tx.DeleteAccount(ctx, db.DeleteAccountParams{Environment: env, ID: id})
//		if err == nil && n > 0 {
//			tx.Publish(store.Accounts, id) // sent if and only if the transaction commits
//		}
//		return err
//	})
//
// Conventions of every table: ids are prefixed and sortable (NewID); times are integer milliseconds, 0 for never (Millis, Time); no column is
// null, and a nil []byte is stored as an empty one; lists come newest first, below an id (First for the first page). A query for one row that finds none
// returns an error for which NotFound is true; one that breaks a UNIQUE constraint, an error for which Conflict is true; one that refers to a row
// that is not there, Dangling. Text that holds a NUL or is no UTF-8 is refused with a *TextError before it reaches either database, since they
// disagree about it.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"sluice/internal/store/db"
)

// Dialect is which database a store is on.
type Dialect int

const (
	SQLite Dialect = iota
	PostgreSQL
)

func (d Dialect) String() string {
	if d == PostgreSQL {
		return "PostgreSQL"
	}
	return "SQLite"
}

// Options of Open. The zero value is usable.
type Options struct {
	Log      *slog.Logger // nil: slog.Default()
	MaxConns int          // connections kept at most; 0: a number that fits the machine
	Existing bool         // make no file where there is none
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	*db.Queries // one statement each, outside any transaction

	dialect Dialect
	path    string   // SQLite: the file
	lock    *os.File // held while this process serves it; nil: it does not
	sql     *sql.DB
	pool    *pgxpool.Pool // PostgreSQL only
	gate    gate          // SQLite only: one writer at a time
	hub     *hub
}

// Open opens the database named by databaseURL and brings its schema up to date: a file's path or sqlite:path for SQLite,
// postgres://user:password@host/name for PostgreSQL 15 or newer.
func Open(ctx context.Context, databaseURL string, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	scheme, rest, hasScheme := strings.Cut(databaseURL, ":")
	switch {
	case databaseURL == "":
		return nil, errors.New("no database is named: give a file's path, or postgres://user:password@host/name")
	case hasScheme && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgreSQL(ctx, databaseURL, o)
	case hasScheme && scheme == "sqlite":
		return openSQLite(ctx, strings.TrimPrefix(rest, "//"), o)
	case strings.Contains(databaseURL, "://"):
		return nil, fmt.Errorf("database scheme %q is not known: use a file's path, sqlite:PATH or postgres://…", scheme)
	default:
		return openSQLite(ctx, databaseURL, o)
	}
}

// Close ends the hub and closes the database. Callers have ended what uses it.
func (s *Store) Close() error {
	s.hub.close()
	err := s.sql.Close()
	if s.pool != nil {
		s.pool.Close()
	}
	if s.lock != nil {
		s.lock.Close()
	}
	return err
}

// Dialect tells which database this is.
func (s *Store) Dialect() Dialect { return s.dialect }

// Path is the file of a SQLite database, "" on PostgreSQL.
func (s *Store) Path() string { return s.path }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.sql.PingContext(ctx) }

// Exec runs one statement that is no query of any package: an operator's, or a test's.
func (s *Store) Exec(ctx context.Context, query string, args ...any) error {
	_, err := s.exec(ctx, query, args...)
	return err
}

func (s *Store) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	c := conn{on: s.sql, dialect: s.dialect}
	if s.dialect == SQLite {
		c.gate = &s.gate
	}
	return c.ExecContext(ctx, query, args...)
}

// Tx is a transaction. It must not be used after the function that it was given to returns.
type Tx struct {
	*db.Queries
	news []Change
}

// Publish announces a change when the transaction commits, and not otherwise. See Store.Publish.
func (t *Tx) Publish(topic, key string) { t.news = append(t.news, Change{topic, key}) }

// Tx runs f in one transaction that can write: it commits if f returns nil and rolls back if f returns an error or panics. On SQLite it holds the
// one write lock from its start, so f should be short and must not wait for anything outside the database.
func (s *Store) Tx(ctx context.Context, f func(*Tx) error) error {
	if err := s.gate.enter(ctx); err != nil {
		return err
	}
	defer s.gate.leave()
	stx, err := s.sql.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer stx.Rollback() // does nothing after Commit
	tx := &Tx{Queries: db.New(&conn{on: stx, dialect: s.dialect})}
	if err := f(tx); err != nil {
		return err
	}
	if s.dialect == PostgreSQL {
		for _, c := range tx.news {
			if _, err := stx.ExecContext(ctx, notify, changes, c.encode()); err != nil {
				return fmt.Errorf("announce change: %w", err)
			}
		}
	}
	if err := stx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	for _, c := range tx.news {
		s.hub.deliver(c)
	}
	return nil
}
