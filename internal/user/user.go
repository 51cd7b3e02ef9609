// Package user keeps the people of an environment: their roles, how they prove who they are, the sessions in which they are signed in, and the links by which
// they are invited or choose a password.
//
// It imports store, secret, origin and permission. What people enter comes in as texts and leaves as a *User or an error that says what to do; cookies and pages are
// the business of whoever calls. Passwords, sessions' tokens and links' tokens are kept as hashes only.
package user

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// User is somebody who signs in. A *User that a Service returns is shared: not to be changed.
type User struct {
	ID           string // usr_…
	Environment  string // env_…
	Email        string // in lower case; one user's in the whole installation
	Name         string
	Role         permission.Role
	HasPassword  bool
	Issuer       string // of the OpenID provider that knows the user as Subject; "": none yet
	Subject      string
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastSignInAt time.Time // zero: not yet
}

// Permissions is what the user may do.
func (u *User) Permissions() permission.Set { return u.Role.Permissions() }

// By is who changes something: an id for the record, and what they may do, since nobody grants what they do not hold.
type By struct {
	ID          string
	Permissions permission.Set
}

// Operator is whoever has the database in their hands.
var Operator = By{ID: "command line", Permissions: permission.Everything}

// ErrNotFound is wrapped where there is no user, session or invitation of that id in the environment.
var ErrNotFound = errors.New("not found")

// InvalidError says which field is wrong, and how to mend it.
type InvalidError struct{ Field, Message string }

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

// ConflictError says why what was asked cannot be done as things stand.
type ConflictError struct{ Message string }

func (e *ConflictError) Error() string { return e.Message }

// ForbiddenError says what somebody would have to hold to do what they asked.
type ForbiddenError struct{ Message string }

func (e *ForbiddenError) Error() string { return e.Message }

// Config is what a Service is made of.
type Config struct {
	Store *store.Store
	Keys  *secret.Keys
	Log   *slog.Logger // nil: slog.Default()

	Idle time.Duration // after which an unused session ends; 0: a week
	Life time.Duration // after which any session ends; 0: thirty days
}

// Service keeps users. It is safe for concurrent use; Close ends its goroutine.
type Service struct {
	Config
	users    *store.Cache[string, *User]
	sessions *store.Cache[secret.TokenHash, *known]
	hashing  chan struct{} // a place for each password that is hashed at the same time
	sweeping *store.Sweep
}

// maxCached bounds the memory of people who are signed in; more than these work, with a query each.
const maxCached = 4096

// New makes a service.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Idle == 0 {
		c.Idle = 7 * 24 * time.Hour
	}
	if c.Life == 0 {
		c.Life = 30 * 24 * time.Hour
	}
	s := &Service{Config: c, hashing: make(chan struct{}, maxHashing())}
	s.users = store.NewCache[string](c.Store, store.Users, maxCached, func(u *User) string { return u.ID })
	s.sessions = store.NewCache[secret.TokenHash](c.Store, store.Sessions, maxCached, func(k *known) string { return k.session.ID })
	s.sweeping = store.StartSweep(sweepEvery, s.sweep)
	return s
}

// Close ends the service's goroutine, and waits for it.
func (s *Service) Close() {
	s.sweeping.Stop()
	s.sessions.Close()
	s.users.Close()
}

// Count tells how many users the installation has.
func (s *Service) Count(ctx context.Context) (int, error) {
	n, err := s.Store.CountUsers(ctx)
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return int(n), nil
}

// Get returns a user of an environment.
func (s *Service) Get(ctx context.Context, environment, id string) (*User, error) {
	row, err := s.Store.GetUser(ctx, db.GetUserParams{Environment: environment, ID: id})
	return found(row, err, id)
}

// Find returns a user by id, from memory where it can: a change anywhere reaches it within a second.
func (s *Service) Find(ctx context.Context, id string) (*User, error) {
	return s.users.Get(ctx, id, func(ctx context.Context) (*User, error) {
		row, err := s.Store.FindUser(ctx, id)
		return found(row, err, id)
	})
}

// ByEmail returns the user who has an email address.
func (s *Service) ByEmail(ctx context.Context, email string) (*User, error) {
	row, err := s.Store.FindUserByEmail(ctx, foldEmail(email))
	return found(row, err, email)
}

// List returns up to limit users of an environment, newest first, below the id that a call before gave as next; next is "" when the list ends.
func (s *Service) List(ctx context.Context, environment, after string, limit int) (page []*User, next string, err error) {
	rows, err := s.Store.ListUsers(ctx, db.ListUsersParams{Environment: environment, Before: store.Below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list users: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.User) string { return row.ID })
	for _, row := range rows {
		page = append(page, userOf(row))
	}
	return page, next, nil
}

func found(row db.User, err error, asked string) (*User, error) {
	if missing(err) {
		return nil, fmt.Errorf("user %.80q: %w", asked, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get user: %w", err)
	}
	return userOf(row), nil
}

func userOf(row db.User) *User {
	return &User{
		ID: row.ID, Environment: row.Environment, Email: row.Email, Name: row.Name, Role: permission.Role(row.Role), HasPassword: row.Password != "",
		Issuer: row.Issuer, Subject: row.Subject,
		CreatedAt: store.Time(row.CreatedAt), UpdatedAt: store.Time(row.UpdatedAt), LastSignInAt: store.Time(row.LastSignInAt),
	}
}

// missing reports whether err says that there is no such row. What cannot be stored is not there either.
func missing(err error) bool {
	_, unstorable := errors.AsType[*store.TextError](err)
	return store.NotFound(err) || unstorable
}

// foldEmail is an address as it is kept and looked for. Mail servers may tell capitals apart before the @; none that people sign in by does.
func foldEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// checkEmail folds an address and refuses what can be none. Whether somebody reads mail there is proven by whoever is sent the link.
func checkEmail(email string) (string, error) {
	email = foldEmail(email)
	local, domain, ok := strings.Cut(email, "@")
	odd := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`@<>()[]\,;:"`, r)
	}
	switch {
	case email == "":
		return "", &InvalidError{"email", "is required"}
	case !ok || local == "" || domain == "" || len(email) > 254 || strings.ContainsFunc(local, odd) || strings.ContainsFunc(domain, odd), store.CheckText(email) != nil:
		return "", &InvalidError{"email", "is no email address: write one such as ada@example.com"}
	}
	return email, nil
}

// maxName is in characters, not bytes.
const maxName = 200

// checkName takes the address's first part for a name that was left out.
func checkName(name, email string) (string, error) {
	if name = strings.TrimSpace(name); name == "" {
		name, _, _ = strings.Cut(email, "@")
	}
	name, fault := store.CheckName(name, maxName)
	if fault != "" {
		return "", &InvalidError{"name", fault}
	}
	return name, nil
}
