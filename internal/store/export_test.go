package store

import "context"

// Compile has the database read a query as it is generated, without running it.
func (s *Store) Compile(ctx context.Context, query string) error {
	stmt, err := (&conn{on: s.sql, dialect: s.dialect}).PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	return stmt.Close()
}

// Deafen makes a store behave as while no news reaches its node.
func (s *Store) Deafen(deaf bool) { s.hub.hearing.Store(!deaf) }
