package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:generate env CGO_ENABLED=0 go tool -modfile=../../tools/sqlc/go.mod sqlc generate

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. Migrations only go forward, and each leaves what the release before it needs, so that older nodes keep
// running through one. The caller sees to it that no other node migrates the same database meanwhile.
func migrate(ctx context.Context, d Dialect, on *sql.DB) error {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	if d == PostgreSQL {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect, on, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}
