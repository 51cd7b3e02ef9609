package store

import (
	"context"

	"sluice/internal/store/db"
)

// CallWriter writes the call log in batches. On SQLite it has a connection of its own, on which each statement is prepared once and executed without
// database/sql in between (callwriter_sqlite.go); on PostgreSQL a batch is one statement over arrays, which is one text whatever the batch's length
// (callwriter_postgres.go). It is not safe for concurrent use: one goroutine owns it.
//
// Texts are the caller's to clean (CleanText): a batch must not fail for one record's sake.
type CallWriter struct {
	store  *Store
	sqlite sqliteWriter
}

// CallWriter makes a writer. Close it before the store.
func (s *Store) CallWriter() *CallWriter { return &CallWriter{store: s} }

const (
	intentColumns = "id, environment, door, account_id, server_id, token_id, client_name, request_id, integration, tool, resource, method, user_id, arguments, started_at"
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
	return w.sqliteTx(ctx, func(lite *sqliteWriter) error {
		for i := range batch {
			if err := lite.intent(&batch[i]); err != nil {
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
	return w.sqliteTx(ctx, func(lite *sqliteWriter) error {
		for i := range batch {
			if err := lite.call(&batch[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close gives the writer's connection up. A writer that is used again opens another.
func (w *CallWriter) Close() { w.sqlite.close() }

// notNil is b, or an empty slice: no column is null.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
