package octapipe

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	_ "modernc.org/sqlite"
)

//go:embed schema.sql
var schema string

// schemaVersion goes up with every change of schema.sql. The sandbox does not migrate: its data is play data.
const schemaVersion = 1

// querier is what a handler reads and writes through: the pool for a GET, one transaction for anything else.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// openDatabase opens or makes the database file at path. Transactions begin as writers (_txlock=immediate): one that reads first and writes
// later would otherwise fail instead of waiting when another came between.
func openDatabase(path string, durable bool) (db *sql.DB, fresh bool, err error) {
	synchronous := "OFF" // a temporary sandbox has nothing to lose
	if durable {
		synchronous = "NORMAL"
	}
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(1)",
	}}
	db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, false, err
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	if fresh, err = isFresh(db); err != nil {
		return nil, false, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return db, fresh, nil
}

// isFresh tells whether the database has no tables yet, and refuses one that has others than this code knows.
func isFresh(db *sql.DB) (bool, error) {
	var version int
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return false, err
	}
	if version != 0 && version != schemaVersion {
		return false, fmt.Errorf("it was written by another version of the sandbox (layout %d, this one knows %d): move it away and start again",
			version, schemaVersion)
	}
	return version == 0, nil
}

// layOut makes the tables of a new database.
func layOut(tx *sql.Tx) error {
	_, err := tx.Exec(schema + "; PRAGMA user_version = " + strconv.Itoa(schemaVersion))
	return err
}

// write runs fn in a transaction of its own and commits if fn returns nil. Writers queue here rather than in SQLite, whose waiting is polling.
func (s *Sandbox) write(ctx context.Context, fn func(tx *sql.Tx) error) error {
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return ctx.Err()
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no effect after Commit
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// stamp is a time in Unix milliseconds; 0 is none and reads null.
type stamp int64

func (t stamp) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(time.UnixMilli(int64(t)).UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

// optional is a text whose absence reads null.
type optional string

func (o optional) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("null"), nil
	}
	return encode(string(o))
}

// document is JSON as it is stored.
type document string

func (d document) MarshalJSON() ([]byte, error) { return []byte(d), nil }

// fieldValues is a stored custom_fields_values object. An empty one leaves as [], which is what the service's framework makes of an empty
// map; callers must read it as {}.
type fieldValues string

func (v fieldValues) MarshalJSON() ([]byte, error) {
	if v == "" || v == "{}" {
		return []byte("[]"), nil
	}
	return []byte(v), nil
}
