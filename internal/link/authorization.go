package link

import (
	"context"
	"fmt"
	"time"

	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// AuthorizationLife is how long a person may take at the vendor's page.
const AuthorizationLife = 15 * time.Minute

// NewState makes the state of an authorization request (RFC 6749, 10.12): nobody can guess it, and Take takes it once.
func NewState() string { return secret.NewToken("") }

// Keep remembers what is needed when a person comes back with state. It is kept sealed.
func (s *Service) Keep(ctx context.Context, l *Link, state string, pending []byte) error {
	id := store.NewID("vau")
	sealed, err := s.keys.Seal(pending, []byte(id))
	if err != nil {
		return err
	}
	now := time.Now()
	keyID, hash := s.keys.HashToken(state)
	err = s.store.InsertVendorAuthorization(ctx, db.InsertVendorAuthorizationParams{ID: id, LinkID: l.ID, KeyID: keyID, StateHash: hash[:], Pending: sealed,
		CreatedAt: store.Millis(now), ExpiresAt: store.Millis(now.Add(AuthorizationLife))})
	if err != nil {
		return fmt.Errorf("remember the authorization: %w", err)
	}
	return nil
}

// Take answers what was kept under a state, and forgets it: a second call finds nothing, nor does one that comes too late. The error is ErrNotFound then.
func (s *Service) Take(ctx context.Context, state string) (pending []byte, err error) {
	for _, hash := range s.keys.TokenHashes(state) {
		row, err := s.store.GetVendorAuthorizationByHash(ctx, hash[:])
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read the authorization: %w", err)
		}
		n, err := s.store.DeleteVendorAuthorization(ctx, row.ID)
		if err != nil {
			return nil, fmt.Errorf("forget the authorization: %w", err)
		}
		if n == 0 || time.Now().UnixMilli() >= row.ExpiresAt {
			return nil, ErrNotFound
		}
		return s.keys.Open(row.Pending, []byte(row.ID))
	}
	return nil, ErrNotFound
}
