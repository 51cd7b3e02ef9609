package store

import (
	"context"
	"time"

	"sluice/internal/store/db"
)

// LoadKeyset returns the wrapped keyset and its version; nil and 0 if there is none yet.
func (s *Store) LoadKeyset(ctx context.Context) (wrapped []byte, version int64, err error) {
	row, err := s.GetKeyset(ctx)
	if NotFound(err) {
		return nil, 0, nil
	}
	return row.Wrapped, row.Version, err
}

// SaveKeyset replaces the keyset of the given version (0: none yet) and tells every node. It reports false, and changes nothing, if another came first.
func (s *Store) SaveKeyset(ctx context.Context, wrapped []byte, version int64) (saved bool, err error) {
	err = s.Tx(ctx, func(tx *Tx) (err error) {
		var n int64
		if version == 0 {
			n, err = tx.CreateKeyset(ctx, db.CreateKeysetParams{Wrapped: wrapped, UpdatedAt: time.Now().UnixMilli()})
		} else {
			n, err = tx.ReplaceKeyset(ctx, db.ReplaceKeysetParams{Wrapped: wrapped, Version: version, UpdatedAt: time.Now().UnixMilli()})
		}
		if saved = n > 0; saved {
			tx.Publish(Keysets, "")
		}
		return err
	})
	return saved && err == nil, err
}
