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

// Invitation is a link that makes whoever opens it a user, once.
type Invitation struct {
	ID          string // inv_…
	Environment string
	Email       string
	Name        string
	Role        permission.Role
	CreatedBy   string
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// Invite invites somebody. The token is returned this once and not kept; an invitation of before to the same address ends.
func (s *Service) Invite(ctx context.Context, n Draft, by By) (*Invitation, string, error) {
	row := db.CreateInvitationParams{ID: store.NewID("inv"), Environment: n.Environment, Role: string(n.Role), CreatedBy: by.ID}
	var err error
	if row.Email, err = checkEmail(n.Email); err != nil {
		return nil, "", err
	}
	if n.Name != "" {
		if row.Name, err = checkName(n.Name, row.Email); err != nil {
			return nil, "", err
		}
	}
	if err := mayGrant(by, n.Role); err != nil {
		return nil, "", err
	}
	switch _, err := s.ByEmail(ctx, row.Email); {
	case err == nil:
		return nil, "", &ConflictError{"there is a user with this email address already: each address is one user's"}
	case !errors.Is(err, ErrNotFound):
		return nil, "", err
	}
	token := secret.NewToken("")
	keyID, hash := s.Keys.HashToken(token)
	now := time.Now()
	row.KeyID, row.TokenHash, row.CreatedAt, row.ExpiresAt = keyID, hash[:], now.UnixMilli(), now.Add(InvitationLife).UnixMilli()
	err = s.Store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteInvitationsTo(ctx, db.DeleteInvitationsToParams{Environment: row.Environment, Email: row.Email}); err != nil {
			return err
		}
		return tx.CreateInvitation(ctx, row)
	})
	if err != nil {
		return nil, "", explain(err, "invite")
	}
	return invitationOf(db.Invitation(row)), token, nil
}

// Invitations returns up to limit invitations of an environment that still hold, newest first, below the id that a call before gave as next.
func (s *Service) Invitations(ctx context.Context, environment, after string, limit int) (page []*Invitation, next string, err error) {
	rows, err := s.Store.ListInvitations(ctx, db.ListInvitationsParams{
		Environment: environment, Now: time.Now().UnixMilli(), Before: store.Below(after), Lim: int64(limit) + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("list invitations: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.Invitation) string { return row.ID })
	for _, row := range rows {
		page = append(page, invitationOf(row))
	}
	return page, next, nil
}

// Uninvite takes an invitation back.
func (s *Service) Uninvite(ctx context.Context, environment, id string) error {
	n, err := s.Store.DeleteInvitation(ctx, db.DeleteInvitationParams{Environment: environment, ID: id})
	if err == nil && n == 0 || missing(err) {
		return fmt.Errorf("invitation %.80q: %w", id, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("take an invitation back: %w", err)
	}
	return nil
}

// Invitation tells what a link invites to, and leaves it as it is. It returns ErrLink if it opens nothing.
func (s *Service) Invitation(ctx context.Context, token string) (*Invitation, error) {
	for _, hash := range s.Keys.TokenHashes(token) {
		row, err := s.Store.FindInvitationByHash(ctx, hash[:])
		switch {
		case store.NotFound(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("look up an invitation: %w", err)
		case row.ExpiresAt > time.Now().UnixMilli():
			return invitationOf(row), nil
		}
	}
	return nil, ErrLink
}

// Accept uses an invitation up and makes its user.
func (s *Service) Accept(ctx context.Context, token, name, password string) (*User, error) {
	inv, err := s.Invitation(ctx, token)
	if err != nil {
		return nil, err
	}
	switch p, err := s.Provider(ctx, inv.Environment); {
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil, err
	case err == nil && p.ReplacesPasswords(inv.Role):
		return nil, &ConflictError{"passwords are switched off here: join with " + p.Label}
	}
	if err := checkPassword(password, inv.Email); err != nil {
		return nil, err
	}
	if name == "" {
		name = inv.Name
	}
	// What the role may was looked at when the invitation was made.
	return s.accept(ctx, inv, Draft{Environment: inv.Environment, Email: inv.Email, Name: name, Role: inv.Role, Password: password})
}

func (s *Service) accept(ctx context.Context, inv *Invitation, n Draft) (*User, error) {
	row, err := s.draft(ctx, n, Operator)
	if err != nil {
		return nil, err
	}
	err = s.Store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.DeleteInvitation(ctx, db.DeleteInvitationParams{Environment: inv.Environment, ID: inv.ID})
		if err == nil && n == 0 {
			err = ErrLink // somebody was first
		}
		if err != nil {
			return err
		}
		return insert(ctx, tx, row)
	})
	if err != nil {
		return nil, explain(err, "accept an invitation")
	}
	return s.Get(ctx, row.Environment, row.ID)
}

func invitationOf(row db.Invitation) *Invitation {
	return &Invitation{
		ID: row.ID, Environment: row.Environment, Email: row.Email, Name: row.Name, Role: permission.Role(row.Role), CreatedBy: row.CreatedBy,
		CreatedAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt),
	}
}
