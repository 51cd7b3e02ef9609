// Package storetest runs tests on both databases: SQLite in the test's own folder, and PostgreSQL from the binaries that are installed, in one throw-away
// cluster for each test process, with a fresh database for each test. There is no way to skip PostgreSQL: a test that passes on one database alone says
// nothing about the other.
package storetest

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"sluice/internal/store"
)

// Each runs f as two subtests, on an empty SQLite and an empty PostgreSQL, migrated.
func Each(t *testing.T, f func(t *testing.T, st *store.Store)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { f(t, Open(t, url)) })
}

// EachURL is Each for a test that opens the database itself, twice or in another process.
func EachURL(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, PostgreSQL(t)) })
}

// Open opens a database for the length of the test.
func Open(t testing.TB, url string) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), url, store.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return st
}

// SQLite names a database file that does not exist yet.
func SQLite(t testing.TB) string { return filepath.Join(t.TempDir(), "sluice.db") }
