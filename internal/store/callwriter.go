package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"sluice/internal/store/db"
)

// CallWriter writes the call log in batches. On SQLite it has a connection of its own, on which each statement is prepared once; on PostgreSQL a batch
// is one statement over arrays, which is one text whatever the batch's length. It is not safe for concurrent use: one goroutine owns it.
//
// Texts are the caller's to clean (CleanText): a batch must not fail for one record's sake.
type CallWriter struct {
	store *Store
	conn  *sql.Conn // SQLite; nil until first used, and after a fault

	begin, commit, insertIntent, insertCall, deleteIntent *sql.Stmt
}

// CallWriter makes a writer. Close it before the store.
func (s *Store) CallWriter() *CallWriter { return &CallWriter{store: s} }

const (
	intentColumns = "id, environment, door, account_id, server_id, token_id, client_name, request_id, integration, tool, resource, method, arguments, started_at"
	callColumns   = intentColumns + ", is_write, outcome, status, error, duration_us"
)

// Intents makes a batch of intents durable: when it returns nil they are on the disk. A record that is already there is left alone.
func (w *CallWriter) Intents(ctx context.Context, batch []db.CallIntent) error {
	if w.store.dialect == PostgreSQL {
		var columns columns
		for i := range batch {
			columns.intent(&batch[i])
		}
		return w.unnest(ctx, insertIntents, columns.args())
	}
	return w.sqliteTx(ctx, func() error {
		for i := range batch {
			r := &batch[i]
			if _, err := w.insertIntent.ExecContext(ctx, r.ID, r.Environment, r.Door, r.AccountID, r.ServerID, r.TokenID, r.ClientName, r.RequestID,
				r.Integration, r.Tool, r.Resource, r.Method, notNil(r.Arguments), r.StartedAt); err != nil {
				return err
			}
		}
		return nil
	})
}

// Outcomes enters a batch of calls whose outcome is known, and drops the intents of those that were writes, both or neither.
func (w *CallWriter) Outcomes(ctx context.Context, batch []db.Call) error {
	if w.store.dialect == PostgreSQL {
		var columns columns
		writes := make([]string, 0, len(batch))
		for i := range batch {
			columns.call(&batch[i])
			if batch[i].IsWrite != 0 {
				writes = append(writes, batch[i].ID)
			}
		}
		return w.unnest(ctx, insertCalls, append(columns.args(), writes))
	}
	return w.sqliteTx(ctx, func() error {
		for i := range batch {
			r := &batch[i]
			if _, err := w.insertCall.ExecContext(ctx, r.ID, r.Environment, r.Door, r.AccountID, r.ServerID, r.TokenID, r.ClientName, r.RequestID,
				r.Integration, r.Tool, r.Resource, r.Method, notNil(r.Arguments), r.StartedAt, r.IsWrite, r.Outcome, r.Status, r.Error, r.DurationUs); err != nil {
				return err
			}
			if r.IsWrite == 0 {
				continue
			}
			if _, err := w.deleteIntent.ExecContext(ctx, r.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// notNil is b, or an empty slice: no column is null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// sqliteTx runs f in one transaction of the writer's own connection, which it opens first where there is none.
func (w *CallWriter) sqliteTx(ctx context.Context, f func() error) (err error) {
	if err := w.store.gate.enter(ctx); err != nil {
		return err
	}
	defer w.store.gate.leave()
	if w.conn == nil {
		if err := w.prepare(ctx); err != nil {
			return fmt.Errorf("prepare to write the call log: %w", err)
		}
	}
	defer func() {
		if err != nil {
			w.Close() // rolls back whatever is open, and the next batch starts afresh
		}
	}()
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("write the call log: %w", err)
	}
	if err := f(); err != nil {
		return fmt.Errorf("write the call log: %w", err)
	}
	if _, err := w.commit.ExecContext(ctx); err != nil {
		return fmt.Errorf("commit the call log: %w", err)
	}
	return nil
}

func (w *CallWriter) prepare(ctx context.Context) (err error) {
	if w.conn, err = w.store.sql.Conn(ctx); err != nil {
		return err
	}
	for _, s := range []struct {
		at   **sql.Stmt
		text string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.insertIntent, "INSERT INTO call_intents (" + intentColumns + ") VALUES (" + marks(14) + ") ON CONFLICT (id) DO NOTHING"},
		{&w.insertCall, "INSERT INTO calls (" + callColumns + ") VALUES (" + marks(19) + ") ON CONFLICT (id) DO NOTHING"},
		{&w.deleteIntent, "DELETE FROM call_intents WHERE id = ?"},
	} {
		if *s.at, err = w.conn.PrepareContext(ctx, s.text); err != nil {
			w.Close()
			return err
		}
	}
	return nil
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// Close gives the writer's connection up. A writer that is used again opens another.
func (w *CallWriter) Close() {
	if w.conn == nil {
		return
	}
	for _, s := range []*sql.Stmt{w.begin, w.commit, w.insertIntent, w.insertCall, w.deleteIntent} {
		if s != nil {
			s.Close()
		}
	}
	// A connection that may be inside a transaction must not go back to the pool: ErrBadConn makes the pool close it.
	w.conn.Raw(func(any) error { return driver.ErrBadConn })
	w.conn.Close()
	*w = CallWriter{store: w.store}
}
