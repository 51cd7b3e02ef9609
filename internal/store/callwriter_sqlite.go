package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"sluice/internal/store/db"
)

// sqliteWriter is the call log's own connection to SQLite: the driver's statements, prepared once and executed directly. database/sql would take and
// give back the connection, convert each argument and, for a context that can end, start a goroutine, at every row.
type sqliteWriter struct {
	conn *sql.Conn // nil until first used, and after a fault

	begin, commit, insertIntent, insertCall, deleteIntent sqliteStatement
}

// sqliteStatement is a prepared statement and its arguments. Those that a row has in common with the row before, as most of the log's texts are, stay as they
// are: each that changes costs an allocation, to become an any.
type sqliteStatement struct {
	prepared driver.StmtExecContext
	args     []driver.NamedValue
}

func (s *sqliteStatement) texts(from int, values ...string) {
	for i, v := range values {
		if before, ok := s.args[from+i].Value.(string); !ok || before != v {
			s.args[from+i].Value = v
		}
	}
}

func (s *sqliteStatement) number(at int, v int64) {
	if before, ok := s.args[at].Value.(int64); !ok || before != v {
		s.args[at].Value = v
	}
}

// exec waits for the disk however long it takes: a statement on this connection is milliseconds of work, and one that was interrupted half-way would
// leave nobody the wiser.
func (s *sqliteStatement) exec() error {
	_, err := s.prepared.ExecContext(context.Background(), s.args)
	return err
}

func (s *sqliteWriter) intent(r *db.CallIntent) error {
	at := &s.insertIntent
	at.texts(0, r.ID, r.Environment, r.Door, r.AccountID, r.ServerID, r.TokenID, r.ClientName, r.RequestID, r.Integration, r.Tool, r.Resource, r.Method, r.UserID)
	at.args[13].Value = notNil(r.Arguments)
	at.number(14, r.StartedAt)
	return at.exec()
}

func (s *sqliteWriter) call(r *db.Call) error {
	at := &s.insertCall
	at.texts(0, r.ID, r.Environment, r.Door, r.AccountID, r.ServerID, r.TokenID, r.ClientName, r.RequestID, r.Integration, r.Tool, r.Resource, r.Method, r.UserID)
	at.args[13].Value = notNil(r.Arguments)
	at.number(14, r.StartedAt)
	at.number(15, r.IsWrite)
	at.texts(16, r.Outcome)
	at.number(17, r.Status)
	at.texts(18, r.Error)
	at.number(19, r.DurationUs)
	err := at.exec()
	if err == nil && r.IsWrite != 0 {
		s.deleteIntent.texts(0, r.ID)
		err = s.deleteIntent.exec()
	}
	return err
}

// sqliteTx runs f in one transaction of the writer's own connection, which it opens first where there is none.
func (w *CallWriter) sqliteTx(ctx context.Context, f func(*sqliteWriter) error) (err error) {
	if err := w.store.gate.enter(ctx); err != nil {
		return fmt.Errorf("write the call log: %w", err)
	}
	defer w.store.gate.leave()
	s := &w.sqlite
	if s.conn == nil {
		if err := s.open(ctx, w.store.sql); err != nil {
			return fmt.Errorf("prepare to write the call log: %w", err)
		}
	}
	// Raw holds the connection's lock, and keeps out of the way otherwise.
	err = s.conn.Raw(func(any) error {
		if err := s.begin.exec(); err != nil {
			return err
		}
		if err := f(s); err != nil {
			return err
		}
		return s.commit.exec()
	})
	if err != nil {
		s.close() // rolls back whatever is open, and the next batch starts afresh
		return fmt.Errorf("write the call log: %w", err)
	}
	return nil
}

func (s *sqliteWriter) open(ctx context.Context, from *sql.DB) (err error) {
	if s.conn, err = from.Conn(ctx); err != nil {
		return err
	}
	err = s.conn.Raw(func(c any) error {
		prepare := c.(driver.ConnPrepareContext)
		for _, one := range []struct {
			at   *sqliteStatement
			text string
		}{
			{&s.begin, "BEGIN IMMEDIATE"},
			{&s.commit, "COMMIT"},
			{&s.insertIntent, "INSERT INTO call_intents (" + intentColumns + ") VALUES (" + marks(15) + ") ON CONFLICT (id) DO NOTHING"},
			{&s.insertCall, "INSERT INTO calls (" + callColumns + ") VALUES (" + marks(20) + ") ON CONFLICT (id) DO NOTHING"},
			{&s.deleteIntent, "DELETE FROM call_intents WHERE id = ?"},
		} {
			stmt, err := prepare.PrepareContext(context.Background(), one.text)
			if err != nil {
				return err
			}
			one.at.prepared = stmt.(driver.StmtExecContext)
			one.at.args = make([]driver.NamedValue, strings.Count(one.text, "?"))
			for i := range one.at.args {
				one.at.args[i].Ordinal = i + 1
			}
		}
		return nil
	})
	if err != nil {
		s.close()
	}
	return err
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

func (s *sqliteWriter) close() {
	if s.conn == nil {
		return
	}
	for _, stmt := range []driver.StmtExecContext{s.begin.prepared, s.commit.prepared, s.insertIntent.prepared, s.insertCall.prepared, s.deleteIntent.prepared} {
		if stmt != nil {
			s.conn.Raw(func(any) error { return stmt.(driver.Stmt).Close() })
		}
	}
	// A connection that may be inside a transaction must not go back to the pool: ErrBadConn makes the pool close it.
	if err := s.conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		s.conn.Close()
	}
	*s = sqliteWriter{}
}
