package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite" // registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sluice/internal/store/db"
)

// openSQLite opens the file at path, creating it readable by its owner alone: it holds sealed credentials and the record of every call.
func openSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("SQLite needs a file: a database in memory would be another one on each connection")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the database file: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name a file in it, such as %s", path, filepath.Join(path, "sluice.db"))
	} else if o.Existing && err != nil {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	if err := create(path); err != nil {
		return nil, err
	}
	sdb, err := sql.Open("sqlite", sqliteDSN(path))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	conns := o.MaxConns
	if conns <= 0 {
		conns = max(4, 2*runtime.GOMAXPROCS(0))
	}
	sdb.SetMaxOpenConns(conns)
	sdb.SetMaxIdleConns(conns)
	if err := migrateSQLite(ctx, sdb); err != nil {
		sdb.Close()
		if broken, ok := errors.AsType[*sqlite.Error](err); ok && broken.Code() == sqlite3.SQLITE_NOTADB {
			return nil, fmt.Errorf("%s holds something else than a database of Sluice's: name another file", path)
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{dialect: SQLite, path: path, sql: sdb, gate: newGate(), hub: newHub(o.Log)}
	s.Queries = db.New(&conn{on: sdb, dialect: SQLite, gate: &s.gate})
	return s, nil
}

// sqliteDSN says how every connection is set up. WAL lets readers go on beside the writer; FULL makes a commit durable before it returns, which the
// intent of a write relies on; an immediate transaction takes the write lock at its start, since one that starts reading and then
// writes loses to any other writer at once, whatever the timeout.
func sqliteDSN(path string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	u.RawQuery = "_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	return u.String()
}

func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the database's folder: %w", err)
	}
	if err := createNew(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func createNew(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create the file: %w", err)
	}
	return f.Close()
}

// ServeAlone keeps every other process from serving the same SQLite file until the store is closed: what one of them changes, the caches of the other would
// not hear of, so that a token that was revoked would go on opening. On PostgreSQL, where nodes hear of each other's changes, it does nothing.
func (s *Store) ServeAlone() error {
	if s.dialect != SQLite {
		return nil
	}
	f, alone, err := lockFile(s.path + ".lock")
	if err != nil {
		return fmt.Errorf("keep %s for this process: %w", s.path, err)
	}
	if !alone {
		f.Close()
		return fmt.Errorf("another Sluice serves %s: stop that one first, or give both one PostgreSQL, which several may serve", s.path)
	}
	s.lock = f
	return nil
}

// migrateSQLite tries again where it failed, because another process may have migrated the same file meanwhile: then there is nothing left to do.
func migrateSQLite(ctx context.Context, sdb *sql.DB) (err error) {
	for range 3 {
		if err = migrate(ctx, SQLite, sdb); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// Backup writes the database as it is now to a new file, while others go on reading and writing. PostgreSQL has tools of its own for that.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.dialect != SQLite {
		return errors.New("back up PostgreSQL with its own tools, such as pg_dump")
	}
	switch err := createNew(path); { // first, so that nobody else can read it: SQLite would make it by the umask
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("a backup goes to a new file: %w", err)
	case err != nil:
		return err
	}
	if _, err := s.sql.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		os.Remove(path)
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return nil
}
