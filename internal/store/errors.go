package store

import (
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// NotFound reports whether err says that a query for one row found none.
func NotFound(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// Conflict reports whether err says that a row with the same key is already there.
func Conflict(err error) bool {
	return is(err, "23505", sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// Dangling reports whether err says that a row refers to another that is not there, or is still referred to.
func Dangling(err error) bool {
	return is(err, "23503", sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY)
}

func is(err error, sqlstate string, codes ...int) bool {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pg.Code == sqlstate
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) {
		for _, c := range codes {
			if lite.Code() == c {
				return true
			}
		}
	}
	return false
}
