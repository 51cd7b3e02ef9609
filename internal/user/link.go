package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// LinkKind is what a link is good for.
type LinkKind string

const (
	PasswordLink LinkKind = "password" // to choose a password
	SignInLink   LinkKind = "sign_in"  // to be signed in
)

// How long links hold that nobody uses.
const (
	PasswordLinkLife = 24 * time.Hour
	InvitationLife   = 7 * 24 * time.Hour
)

// ErrLink is returned for every link that opens nothing: unknown, used, replaced and expired ones look alike.
var ErrLink = errors.New("the link was used, or has expired: ask for another")

// NewLink makes a link's token for a user: it works once, until life is over. It is returned this once and not kept. Links of the kind that were made before
// for the user end.
func (s *Service) NewLink(ctx context.Context, environment, userID string, kind LinkKind, life time.Duration, by By) (token string, expires time.Time, err error) {
	token = secret.NewToken("")
	keyID, hash := s.Keys.HashToken(token)
	now := time.Now()
	expires = now.Add(life)
	err = s.Store.Tx(ctx, func(tx *store.Tx) error {
		row, err := tx.GetUser(ctx, db.GetUserParams{Environment: environment, ID: userID})
		if err != nil {
			return err
		}
		if err := mayActOn(by, permission.Role(row.Role), userID); err != nil {
			return err
		}
		if err := tx.DeleteUserLinks(ctx, db.DeleteUserLinksParams{Environment: environment, UserID: userID, Kind: string(kind)}); err != nil {
			return err
		}
		return tx.CreateUserLink(ctx, db.CreateUserLinkParams{
			ID: store.NewID("lnk"), Environment: environment, UserID: userID, Kind: string(kind), KeyID: keyID, TokenHash: hash[:],
			CreatedBy: by.ID, CreatedAt: now.UnixMilli(), ExpiresAt: expires.UnixMilli(),
		})
	})
	return token, expires.UTC(), explain(err, "make a link")
}

// Link tells whose a link is, and leaves it as it is.
func (s *Service) Link(ctx context.Context, kind LinkKind, token string) (*User, error) {
	link, err := s.findLink(ctx, kind, token)
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, link.Environment, link.UserID)
}

// UseLink uses a link up, and answers whose it was.
func (s *Service) UseLink(ctx context.Context, kind LinkKind, token string) (*User, error) {
	return s.useLink(ctx, kind, token, func(*store.Tx, db.User) error { return nil })
}

// ChoosePassword uses a PasswordLink up. All the user's sessions end.
func (s *Service) ChoosePassword(ctx context.Context, token, password string) (*User, error) {
	u, err := s.Link(ctx, PasswordLink, token)
	if err != nil {
		return nil, err
	}
	hash, err := s.newPassword(ctx, password, u.Email)
	if err != nil {
		return nil, err
	}
	return s.useLink(ctx, PasswordLink, token, func(tx *store.Tx, row db.User) error {
		return setPassword(ctx, tx, row.Environment, row.ID, hash, "")
	})
}

func (s *Service) useLink(ctx context.Context, kind LinkKind, token string, f func(*store.Tx, db.User) error) (*User, error) {
	link, err := s.findLink(ctx, kind, token)
	if err != nil {
		return nil, err
	}
	var row db.User
	err = s.Store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.DeleteUserLink(ctx, db.DeleteUserLinkParams{Environment: link.Environment, ID: link.ID})
		if err == nil && n == 0 {
			err = ErrLink // somebody was first
		}
		if err != nil {
			return err
		}
		if row, err = tx.GetUser(ctx, db.GetUserParams{Environment: link.Environment, ID: link.UserID}); err != nil {
			return err
		}
		return f(tx, row)
	})
	if err != nil {
		return nil, explain(err, "use a link")
	}
	return userOf(row), nil
}

func (s *Service) findLink(ctx context.Context, kind LinkKind, token string) (db.UserLink, error) {
	for _, hash := range s.Keys.TokenHashes(token) {
		row, err := s.Store.FindUserLinkByHash(ctx, db.FindUserLinkByHashParams{TokenHash: hash[:], Kind: string(kind)})
		switch {
		case store.NotFound(err):
			continue
		case err != nil:
			return row, fmt.Errorf("look up a link: %w", err)
		case row.ExpiresAt > time.Now().UnixMilli():
			return row, nil
		}
	}
	return db.UserLink{}, ErrLink
}
