package environment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Token is an API token as it is listed: never the token itself.
type Token struct {
	ID          string // tok_…
	Environment string
	Name        string
	Prefix      string         // its first characters, to recognise it by
	UserID      string         // whose it is: it may do what that user may, and goes with them; "": the environment's
	Scopes      permission.Set // what it may do, at most
	CreatedBy   string
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	LastUsedAt  time.Time // zero: not yet; up to half a minute late
}

// ErrUnknownToken is returned for every API token that opens nothing: unknown, revoked and expired ones look alike.
var ErrUnknownToken = errors.New("the API token is unknown, revoked or expired")

// shown is how much of a token is kept in clear: enough to recognise it, far too little to guess the rest.
const shown = len(secret.APITokenPrefix) + 6

// TokenDraft is an API token to be.
type TokenDraft struct {
	Environment string
	Name        string
	UserID      string // "": it is the environment's
	Scopes      permission.Set
	CreatedBy   string
	ExpiresAt   time.Time // zero: never
}

// CreateToken makes an API token of an environment that may do everything. text is the token: it is shown this once and not kept. A zero expiresAt means never.
func (s *Service) CreateToken(ctx context.Context, environment, name, createdBy string, expiresAt time.Time) (token *Token, text string, err error) {
	return s.IssueToken(ctx, TokenDraft{Environment: environment, Name: name, Scopes: permission.Everything, CreatedBy: createdBy, ExpiresAt: expiresAt})
}

// IssueToken makes an API token. text is the token: it is shown this once and not kept. Whether who makes it may do what it will is the caller's to know.
func (s *Service) IssueToken(ctx context.Context, d TokenDraft) (token *Token, text string, err error) {
	if d.Name, err = checkName(d.Name); err != nil {
		return nil, "", err
	}
	now := time.Now()
	switch {
	case !d.ExpiresAt.IsZero() && !d.ExpiresAt.After(now):
		return nil, "", &InvalidError{"expires_at", "lies in the past: give a time to come, or none"}
	case d.Scopes == 0:
		return nil, "", &InvalidError{"scopes", "is empty: name at least one, or leave it out for all that you may do"}
	}
	text = secret.NewToken(secret.APITokenPrefix)
	keyID, hash := s.keys.HashToken(text)
	row := db.CreateAPITokenParams{
		ID: store.NewID("tok"), Environment: d.Environment, Name: d.Name, Prefix: text[:shown], KeyID: keyID, TokenHash: hash[:],
		CreatedBy: d.CreatedBy, CreatedAt: now.UnixMilli(), ExpiresAt: store.Millis(d.ExpiresAt), UserID: d.UserID, Scopes: scopeText(d.Scopes),
	}
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		if d.UserID != "" { // who may be removed this moment, and must take the token along
			if _, err := tx.LockEnvironment(ctx, d.Environment); err != nil {
				return err
			}
			if _, err := tx.GetUser(ctx, db.GetUserParams{Environment: d.Environment, ID: d.UserID}); err != nil {
				return err
			}
		}
		return tx.CreateAPIToken(ctx, row)
	})
	switch {
	case store.NotFound(err):
		return nil, "", fmt.Errorf("user %.80q: %w", d.UserID, ErrNotFound)
	case store.Dangling(err):
		return nil, "", fmt.Errorf("environment %.80q: %w", d.Environment, ErrNotFound)
	case err != nil:
		return nil, "", fmt.Errorf("create API token: %w", err)
	}
	return &Token{
		ID: row.ID, Environment: d.Environment, Name: d.Name, Prefix: row.Prefix, UserID: d.UserID, Scopes: d.Scopes, CreatedBy: d.CreatedBy,
		CreatedAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt),
	}, text, nil
}

// scopeText is how scopes are kept: as their names or, for all of them, as "", which a token from before there were scopes has too. It so holds what is added later.
func scopeText(scopes permission.Set) string {
	if scopes == permission.Everything {
		return ""
	}
	return strings.Join(scopes.Names(), " ")
}

// scopesOf reads what scopeText wrote. A name that is not known, of a newer node, gives nothing here.
func scopesOf(text string) permission.Set {
	if text == "" {
		return permission.Everything
	}
	var scopes permission.Set
	for _, name := range strings.Fields(text) {
		scopes |= permission.Of(permission.Permission(name))
	}
	return scopes
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
	rows, err := s.store.ListAPITokens(ctx, db.ListAPITokensParams{Environment: environment, Before: store.Below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list API tokens: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.APIToken) string { return row.ID })
	for _, row := range rows {
		page = append(page, tokenOf(row))
	}
	return page, next, nil
}

// ListTokensOf is ListTokens for those of one user.
func (s *Service) ListTokensOf(ctx context.Context, environment, userID, after string, limit int) (page []*Token, next string, err error) {
	rows, err := s.store.ListAPITokensOfUser(ctx, db.ListAPITokensOfUserParams{Environment: environment, UserID: userID, Before: store.Below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list a user's API tokens: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.APIToken) string { return row.ID })
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
		ID: row.ID, Environment: row.Environment, Name: row.Name, Prefix: row.Prefix, UserID: row.UserID, Scopes: scopesOf(row.Scopes), CreatedBy: row.CreatedBy,
		CreatedAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt), LastUsedAt: store.Time(row.LastUsedAt),
	}
}
