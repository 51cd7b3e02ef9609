package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// ErrPassword is returned for every address and password that do not belong together, whether the address is known or not.
var ErrPassword = errors.New("the email address or the password is not right")

// SignIn finds the user whom an address and a password belong to. It returns ErrPassword, which takes as long whatever is wrong, or a *TooManyError.
func (s *Service) SignIn(ctx context.Context, email, password string, from Origin) (*User, error) {
	email = foldEmail(email)
	buckets := s.buckets(email, from)
	if err := s.attempt(ctx, buckets); err != nil {
		return nil, err
	}
	row, err := s.Store.FindUserByEmail(ctx, email)
	if err != nil && !missing(err) {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	right, err := s.matches(ctx, password, row.Password)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if !right {
		return nil, ErrPassword
	}
	if err := s.succeeded(ctx, buckets); err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	switch p, err := s.Provider(ctx, row.Environment); {
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil, err
	case err == nil && p.ReplacesPasswords(permission.Role(row.Role)):
		return nil, &ConflictError{"passwords are switched off here: sign in with " + p.Label}
	}
	if outdated(row.Password) {
		s.renew(ctx, row, password)
	}
	return userOf(row), nil
}

// renew hashes a password anew at today's cost. It is only known now.
func (s *Service) renew(ctx context.Context, row db.User, password string) {
	hash, err := s.hash(ctx, password)
	if err == nil {
		_, err = s.Store.SetPassword(ctx, db.SetPasswordParams{Environment: row.Environment, ID: row.ID, Password: hash, UpdatedAt: row.UpdatedAt})
	}
	if err != nil {
		s.Log.WarnContext(ctx, "could not hash a password anew", "user", row.ID, "error", err)
	}
}

// ChangePassword lets a user choose another password, who says the old one, if there is one. All sessions but the one they do it in end.
func (s *Service) ChangePassword(ctx context.Context, u *User, old, password, keepSession string, from Origin) error {
	row, err := s.Store.GetUser(ctx, db.GetUserParams{Environment: u.Environment, ID: u.ID})
	if err != nil {
		return explain(err, "change password")
	}
	if row.Password != "" {
		buckets := s.buckets(row.Email, from)
		if err := s.attempt(ctx, buckets); err != nil {
			return err
		}
		switch right, err := s.matches(ctx, old, row.Password); {
		case err != nil:
			return err
		case !right:
			return &InvalidError{"old_password", "is not the password you have now"}
		}
		if err := s.succeeded(ctx, buckets); err != nil {
			return err
		}
	}
	hash, err := s.newPassword(ctx, password, row.Email)
	if err != nil {
		return err
	}
	return explain(s.Store.Tx(ctx, func(tx *store.Tx) error { return setPassword(ctx, tx, row.Environment, row.ID, hash, keepSession) }), "change password")
}

func (s *Service) newPassword(ctx context.Context, password, email string) (string, error) {
	if err := checkPassword(password, email); err != nil {
		return "", err
	}
	return s.hash(ctx, password)
}

// setPassword also ends what whoever knew the old one may have opened: sessions, and links that are waiting.
func setPassword(ctx context.Context, tx *store.Tx, environment, id, hash, keepSession string) error {
	n, err := tx.SetPassword(ctx, db.SetPasswordParams{Environment: environment, ID: id, Password: hash, UpdatedAt: time.Now().UnixMilli()})
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	for _, kind := range []LinkKind{PasswordLink, SignInLink} {
		if err := tx.DeleteUserLinks(ctx, db.DeleteUserLinksParams{Environment: environment, UserID: id, Kind: string(kind)}); err != nil {
			return err
		}
	}
	tx.Publish(store.Users, id)
	return endSessions(ctx, tx, environment, id, keepSession)
}
