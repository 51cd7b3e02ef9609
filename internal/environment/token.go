package environment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Token is an API token as it is listed: never the token itself.
type Token struct {
	ID          string // tok_…
	Environment string
	Name        string
	Prefix      string // its first characters, to recognise it by
	CreatedBy   string
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	LastUsedAt  time.Time // zero: not yet; up to half a minute late
}

// ErrUnknownToken is returned for every API token that opens nothing: unknown, revoked and expired ones look alike.
var ErrUnknownToken = errors.New("the API token is unknown, revoked or expired")

// shown is how much of a token is kept in clear: enough to recognise it, far too little to guess the rest.
const shown = len(secret.APITokenPrefix) + 6

// CreateToken makes an API token of an environment. text is the token: it is shown this once and not kept. A zero expiresAt means never.
func (s *Service) CreateToken(ctx context.Context, environment, name, createdBy string, expiresAt time.Time) (token *Token, text string, err error) {
	if name, err = checkName(name); err != nil {
		return nil, "", err
	}
	now := time.Now()
	if !expiresAt.IsZero() && !expiresAt.After(now) {
		return nil, "", &InvalidError{"expires_at", "lies in the past: give a time to come, or none"}
	}
	text = secret.NewToken(secret.APITokenPrefix)
	keyID, hash := s.keys.HashToken(text)
	row := db.CreateAPITokenParams{
		ID: store.NewID("tok"), Environment: environment, Name: name, Prefix: text[:shown], KeyID: keyID, TokenHash: hash[:],
		CreatedBy: createdBy, CreatedAt: now.UnixMilli(), ExpiresAt: store.Millis(expiresAt),
	}
	switch err := s.store.CreateAPIToken(ctx, row); {
	case store.Dangling(err):
		return nil, "", fmt.Errorf("environment %.80q: %w", environment, ErrNotFound)
	case err != nil:
		return nil, "", fmt.Errorf("create API token: %w", err)
	}
	return &Token{
		ID: row.ID, Environment: environment, Name: name, Prefix: row.Prefix, CreatedBy: createdBy,
		CreatedAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt),
	}, text, nil
}

// GetToken returns an API token of an environment by id.
func (s *Service) GetToken(ctx context.Context, environment, id string) (*Token, error) {
	row, err := s.store.GetAPIToken(ctx, db.GetAPITokenParams{Environment: environment, ID: id})
	if missing(err) {
		return nil, fmt.Errorf("API token %.80q: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get API token: %w", err)
	}
	return tokenOf(row), nil
}

// ListTokens returns up to limit API tokens of an environment, expired ones too, newest first, below the id that a call before gave as next.
func (s *Service) ListTokens(ctx context.Context, environment, after string, limit int) (page []*Token, next string, err error) {
	rows, err := s.store.ListAPITokens(ctx, db.ListAPITokensParams{Environment: environment, Before: below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list API tokens: %w", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].ID
	}
	for _, row := range rows {
		page = append(page, tokenOf(row))
	}
	return page, next, nil
}

// DeleteToken revokes an API token. Here it opens nothing from the moment this returns, on other nodes within a second.
func (s *Service) DeleteToken(ctx context.Context, environment, id string) error {
	err := s.store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.DeleteAPIToken(ctx, db.DeleteAPITokenParams{Environment: environment, ID: id})
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		tx.Publish(store.APITokens, id)
		return err
	})
	switch {
	case missing(err) || errors.Is(err, ErrNotFound):
		return fmt.Errorf("API token %.80q: %w", id, ErrNotFound)
	case err != nil:
		return fmt.Errorf("delete API token: %w", err)
	}
	return nil
}

func tokenOf(row db.APIToken) *Token {
	return &Token{
		ID: row.ID, Environment: row.Environment, Name: row.Name, Prefix: row.Prefix, CreatedBy: row.CreatedBy,
		CreatedAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt), LastUsedAt: store.Time(row.LastUsedAt),
	}
}
