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

// Draft is a user to be.
type Draft struct {
	Environment string
	Email       string
	Name        string // "": made of the address
	Role        permission.Role
	Password    string // "": none yet
	Issuer      string // with Subject, who an OpenID provider says it is
	Subject     string
}

// Create makes a user.
func (s *Service) Create(ctx context.Context, n Draft, by By) (*User, error) {
	row, err := s.draft(ctx, n, by)
	if err != nil {
		return nil, err
	}
	err = s.Store.Tx(ctx, func(tx *store.Tx) error { return insert(ctx, tx, row) })
	if err != nil {
		return nil, explain(err, "create user")
	}
	return userOf(db.User{
		ID: row.ID, Environment: row.Environment, Email: row.Email, Name: row.Name, Role: row.Role, Password: row.Password, Issuer: row.Issuer, Subject: row.Subject,
		CreatedAt: row.CreatedAt, UpdatedAt: row.UpdatedAt,
	}), nil
}

// ErrNotFirst is returned by CreateFirst once there is a user.
var ErrNotFirst = errors.New("there is a user already")

// CreateFirst makes the installation's first user, an owner, in the environment that prepare answers, unless there is a user already. Of several that try at
// once, on any node, one succeeds.
func (s *Service) CreateFirst(ctx context.Context, n Draft, prepare func(context.Context) (environment string, err error)) (*User, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	lease, err := s.Store.Lease(ctx, "first user", 30*time.Second)
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	switch count, err := s.Count(ctx); {
	case err != nil:
		return nil, err
	case count > 0:
		return nil, ErrNotFirst
	}
	n.Role = permission.Owner
	if _, err := s.draft(ctx, n, Operator); err != nil { // before an environment is made that nobody would be in
		return nil, err
	}
	if n.Environment, err = prepare(ctx); err != nil {
		return nil, err
	}
	return s.Create(ctx, n, Operator)
}

// draft checks what a user is to be.
func (s *Service) draft(ctx context.Context, n Draft, by By) (row db.CreateUserParams, err error) {
	if row.Email, err = checkEmail(n.Email); err != nil {
		return row, err
	}
	if row.Name, err = checkName(n.Name, row.Email); err != nil {
		return row, err
	}
	if err := mayGrant(by, n.Role); err != nil {
		return row, err
	}
	if n.Password != "" {
		if err := checkPassword(n.Password, row.Email); err != nil {
			return row, err
		}
		if row.Password, err = s.hash(ctx, n.Password); err != nil {
			return row, err
		}
	}
	now := time.Now().UnixMilli()
	row.ID, row.Environment, row.Role, row.Issuer, row.Subject = store.NewID("usr"), n.Environment, string(n.Role), n.Issuer, n.Subject
	row.CreatedAt, row.UpdatedAt = now, now
	return row, nil
}

// insert enters a user. Whoever was invited by that address is in now.
func insert(ctx context.Context, tx *store.Tx, row db.CreateUserParams) error {
	if err := tx.CreateUser(ctx, row); err != nil {
		return err
	}
	tx.Publish(store.Users, row.ID)
	return tx.DeleteInvitationsTo(ctx, db.DeleteInvitationsToParams{Environment: row.Environment, Email: row.Email})
}

// Change is what of a user is to be another; nil stays.
type Change struct {
	Name *string
	Role *permission.Role
}

// Update changes a user. What a role gains or loses holds at once here, on other nodes within a second.
func (s *Service) Update(ctx context.Context, environment, id string, c Change, by By) (*User, error) {
	var u *User
	err := s.change(ctx, environment, id, by, func(tx *store.Tx, row db.User) error {
		if c.Name != nil {
			name, err := checkName(*c.Name, row.Email)
			if err != nil {
				return err
			}
			row.Name = name
		}
		if c.Role != nil && *c.Role != permission.Role(row.Role) {
			if err := mayGrant(by, *c.Role); err != nil {
				return err
			}
			if err := keepAnOwner(ctx, tx, row); err != nil {
				return err
			}
			row.Role = string(*c.Role)
		}
		row.UpdatedAt = time.Now().UnixMilli()
		u = userOf(row)
		_, err := tx.UpdateUser(ctx, db.UpdateUserParams{Environment: environment, ID: id, Name: row.Name, Role: row.Role, UpdatedAt: row.UpdatedAt})
		return err
	})
	return u, err
}

// Delete removes a user with their sessions and API tokens.
func (s *Service) Delete(ctx context.Context, environment, id string, by By) error {
	return s.change(ctx, environment, id, by, func(tx *store.Tx, row db.User) error {
		if err := keepAnOwner(ctx, tx, row); err != nil {
			return err
		}
		tokens, err := tx.ListTokenIDsOfUser(ctx, db.ListTokenIDsOfUserParams{Environment: environment, UserID: id})
		if err != nil {
			return err
		}
		for _, token := range tokens {
			tx.Publish(store.APITokens, token)
		}
		if err := tx.DeleteTokensOfUser(ctx, db.DeleteTokensOfUserParams{Environment: environment, UserID: id}); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, environment, id, ""); err != nil {
			return err
		}
		_, err = tx.DeleteUser(ctx, db.DeleteUserParams{Environment: environment, ID: id})
		return err
	})
}

// change runs f on a user as they are now, one change of an environment's users at a time, if by may act on the user at all: whoever could change somebody who
// may do more than they would take that over.
func (s *Service) change(ctx context.Context, environment, id string, by By, f func(*store.Tx, db.User) error) error {
	err := s.Store.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockEnvironment(ctx, environment); err != nil {
			return err
		}
		row, err := tx.GetUser(ctx, db.GetUserParams{Environment: environment, ID: id})
		if err != nil {
			return err
		}
		if err := mayActOn(by, permission.Role(row.Role), id); err != nil {
			return err
		}
		tx.Publish(store.Users, id)
		return f(tx, row)
	})
	return explain(err, "change user")
}

// keepAnOwner refuses to take an environment its last owner: nobody could make another.
func keepAnOwner(ctx context.Context, tx *store.Tx, row db.User) error {
	if permission.Role(row.Role) != permission.Owner {
		return nil
	}
	others, err := tx.CountOwners(ctx, db.CountOwnersParams{Environment: row.Environment, Besides: row.ID})
	if err == nil && others == 0 {
		err = &ConflictError{"the user " + row.Email + " is the environment's last owner: make somebody else an owner first"}
	}
	return err
}

// mayGrant refuses a role that may do what by may not.
func mayGrant(by By, role permission.Role) error {
	if _, err := permission.ParseRole(string(role)); err != nil {
		return &InvalidError{"role", err.Error()}
	}
	if lacks := role.Permissions().Without(by.Permissions); lacks != 0 {
		return &ForbiddenError{fmt.Sprintf("nobody gives what they have not: the role %s includes %s", role, lacks)}
	}
	return nil
}

func mayActOn(by By, role permission.Role, id string) error {
	if lacks := role.Permissions().Without(by.Permissions); lacks != 0 && by.ID != id {
		return &ForbiddenError{fmt.Sprintf("this user is %s and may do more than you: %s; ask somebody who may too", article(role), lacks)}
	}
	return nil
}

func article(role permission.Role) string {
	if role == permission.Owner || role == permission.Admin {
		return "an " + string(role)
	}
	return "a " + string(role)
}

// explain turns what a transaction ended in into what callers understand.
func explain(err error, doing string) error {
	var (
		invalid   *InvalidError
		conflict  *ConflictError
		forbidden *ForbiddenError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid), errors.As(err, &conflict), errors.As(err, &forbidden), errors.Is(err, ErrLink), errors.Is(err, ErrNotFound):
		return err
	case missing(err):
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	case store.Conflict(err):
		return &ConflictError{"there is a user with this email address already: each address is one user's"}
	case store.Dangling(err):
		return fmt.Errorf("%s: environment: %w", doing, ErrNotFound)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
