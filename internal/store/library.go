package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A library that keeps tables of its own in the same database, as the job queue does, needs the database itself: on PostgreSQL the pool, on SQLite a
// connection beside the store's.

// Pool is the pool of a PostgreSQL database, nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Side opens the SQLite file once more, with one connection. The caller closes it. What writes through it meets the store's writers at SQLite's own lock, so it
// should write seldom and little.
func (s *Store) Side() (*sql.DB, error) {
	side, err := sql.Open("sqlite", sqliteDSN(s.path))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.path, err)
	}
	side.SetMaxOpenConns(1)
	return side, nil
}

// Migrating runs f while no other node changes the schema: of several that start at once one does the work and the others wait for it, however long it
// takes. On PostgreSQL the lock lives in a connection of its own and goes with it; on SQLite f waits for the store's writers.
func (s *Store) Migrating(ctx context.Context, f func() error) error {
	if s.dialect == SQLite {
		if err := s.gate.enter(ctx); err != nil {
			return err
		}
		defer s.gate.leave()
		return f()
	}
	c, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", migrating); err != nil {
		return fmt.Errorf("wait for another node's migration: %w", err)
	}
	return f()
}
