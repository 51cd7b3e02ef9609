package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"sluice/internal/store/db"
)

// oldest is the oldest PostgreSQL that the tests run on, as server_version_num tells it.
const oldest = 150000

// migrating is the advisory lock that the one node that migrates holds; the number says nothing, it only has to be always the same.
const migrating = 0x51c1ce

func openPostgreSQL(ctx context.Context, databaseURL string, o Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("the PostgreSQL address cannot be read: write postgres://user:password@host:port/name, with special characters percent-encoded") // pgx's text may quote the password
	}
	if o.MaxConns > 0 {
		cfg.MaxConns = int32(o.MaxConns)
	} else if cfg.MaxConns == max(4, int32(runtime.NumCPU())) { // pgx's own default: the address does not say
		cfg.MaxConns = max(16, 4*int32(runtime.GOMAXPROCS(0)))
	}
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "sluice"
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	s := &Store{dialect: PostgreSQL, pool: pool, sql: stdlib.OpenDBFromPool(pool), hub: newHub(o.Log)}
	s.Queries = db.New(&conn{on: s.sql, dialect: PostgreSQL})
	if err := s.migratePostgreSQL(ctx); err != nil {
		s.sql.Close()
		pool.Close()
		return nil, err
	}
	if err := s.hub.listen(ctx, cfg.ConnConfig); err != nil {
		s.sql.Close()
		pool.Close()
		return nil, err
	}
	return s, nil
}

// migratePostgreSQL migrates where the version is one that Sluice can use.
func (s *Store) migratePostgreSQL(ctx context.Context) error {
	var version int
	if err := s.pool.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if version < oldest {
		return fmt.Errorf("this is PostgreSQL %d: version %d or newer is needed", version/10000, oldest/10000)
	}
	return s.Migrating(ctx, func() error { return migrate(ctx, PostgreSQL, s.sql) })
}
