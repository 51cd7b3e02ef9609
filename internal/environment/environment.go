// Package environment keeps environments, the tenant boundary, and the API tokens that stand for them: bearer credentials of Sluice's own admin API, each of
// one environment.
//
// It imports store and secret. A token enters once, as text, and leaves as its hash; Authenticate finds out whose it is, from memory where it can.
package environment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Environment is a tenant boundary: accounts, MCP servers, API tokens and logs belong to one, and nothing crosses it.
type Environment struct {
	ID        string // env_…
	Name      string // unique
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ErrNotFound is wrapped where there is no environment or API token of that id or name.
var ErrNotFound = errors.New("not found")

// InvalidError says which field of a request is wrong, and how to mend it.
type InvalidError struct {
	Field   string
	Message string
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

// ConflictError says why what was asked cannot be done as things stand.
type ConflictError struct{ Message string }

func (e *ConflictError) Error() string { return e.Message }

// Service keeps environments and API tokens. It is safe for concurrent use; Close ends its goroutine.
type Service struct {
	store *store.Store
	keys  *secret.Keys
	log   *slog.Logger
	cache *store.Cache[secret.TokenHash, *known]
	uses  uses
}

// New makes a service. log may be nil.
func New(st *store.Store, keys *secret.Keys, log *slog.Logger) *Service {
	if log == nil {
		log = slog.Default()
	}
	s := &Service{store: st, keys: keys, log: log}
	s.cache = store.NewCache[secret.TokenHash](st, store.APITokens, maxCached, func(k *known) string { return k.token.ID })
	s.uses.start(s.writeUses)
	return s
}

// Close writes down when tokens were last used, and waits for that.
func (s *Service) Close() {
	s.uses.stop()
	s.cache.Close()
}

// Create makes an environment. Its name is free to choose, but taken once.
func (s *Service) Create(ctx context.Context, name string) (*Environment, error) {
	name, err := checkName(name)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	row := db.CreateEnvironmentParams{ID: store.NewID("env"), Name: name, CreatedAt: now.UnixMilli(), UpdatedAt: now.UnixMilli()}
	switch err := s.store.CreateEnvironment(ctx, row); {
	case store.Conflict(err):
		return nil, taken(name)
	case err != nil:
		return nil, fmt.Errorf("create environment: %w", err)
	}
	return environment(db.Environment(row)), nil
}

// Rename gives an environment another name. Nothing but people goes by it.
func (s *Service) Rename(ctx context.Context, id, name string) (*Environment, error) {
	name, err := checkName(name)
	if err != nil {
		return nil, err
	}
	n, err := s.store.RenameEnvironment(ctx, db.RenameEnvironmentParams{ID: id, Name: name, UpdatedAt: time.Now().UnixMilli()})
	switch {
	case store.Conflict(err):
		return nil, taken(name)
	case missing(err) || err == nil && n == 0:
		return nil, fmt.Errorf("environment %.80q: %w", id, ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("rename environment: %w", err)
	}
	return s.Get(ctx, id)
}

func taken(name string) *ConflictError {
	return &ConflictError{fmt.Sprintf("there is an environment named %q already: choose another name", name)}
}

// Get returns an environment by id.
func (s *Service) Get(ctx context.Context, id string) (*Environment, error) {
	row, err := s.store.GetEnvironment(ctx, id)
	return found(row, err, id)
}

// ByName returns an environment by name.
func (s *Service) ByName(ctx context.Context, name string) (*Environment, error) {
	row, err := s.store.GetEnvironmentByName(ctx, name)
	return found(row, err, name)
}

func found(row db.Environment, err error, asked string) (*Environment, error) {
	if missing(err) {
		return nil, fmt.Errorf("environment %.80q: %w", asked, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get environment: %w", err)
	}
	return environment(row), nil
}

// missing reports whether err says that there is no such row. What cannot be stored is not there either.
func missing(err error) bool {
	_, unstorable := errors.AsType[*store.TextError](err)
	return store.NotFound(err) || unstorable
}

// List returns up to limit environments, newest first, below the id that a call before gave as next; next is "" when the list ends.
func (s *Service) List(ctx context.Context, after string, limit int) (page []*Environment, next string, err error) {
	rows, err := s.store.ListEnvironments(ctx, db.ListEnvironmentsParams{Before: store.Below(after), Lim: int64(limit) + 1})
	if err != nil {
		return nil, "", fmt.Errorf("list environments: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.Environment) string { return row.ID })
	for _, row := range rows {
		page = append(page, environment(row))
	}
	return page, next, nil
}

// Delete removes an environment with its users, API tokens and stored integrations. One that still has integrated accounts is left alone: credentials
// and URLs that people use do not vanish by the way.
func (s *Service) Delete(ctx context.Context, id string) error {
	err := s.store.Tx(ctx, func(tx *store.Tx) error {
		accounts, err := tx.CountAccounts(ctx, id)
		if err != nil {
			return err
		}
		if accounts > 0 {
			return &ConflictError{fmt.Sprintf("the environment still has integrated accounts (%d): delete them first", accounts)}
		}
		tokens, err := tx.ListAPITokenIDs(ctx, id)
		if err != nil {
			return err
		}
		users, err := tx.ListUserIDs(ctx, id)
		if err != nil {
			return err
		}
		n, err := tx.DeleteEnvironment(ctx, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		for _, token := range tokens {
			tx.Publish(store.APITokens, token)
		}
		for _, user := range users {
			tx.Publish(store.Users, user)
		}
		return nil
	})
	switch {
	case missing(err) || errors.Is(err, ErrNotFound):
		return fmt.Errorf("environment %.80q: %w", id, ErrNotFound)
	case store.Dangling(err):
		return &ConflictError{"an integrated account was made in the environment just now: delete it first"}
	case err != nil:
		if _, told := errors.AsType[*ConflictError](err); told {
			return err
		}
		return fmt.Errorf("delete environment: %w", err)
	}
	return nil
}

func environment(row db.Environment) *Environment {
	return &Environment{ID: row.ID, Name: row.Name, CreatedAt: store.Time(row.CreatedAt), UpdatedAt: store.Time(row.UpdatedAt)}
}

// maxName is in characters, not bytes.
const maxName = 200

func checkName(name string) (string, error) {
	name, fault := store.CheckName(name, maxName)
	if fault == "" && name == "" {
		fault = "is required: say what this is for"
	}
	if fault != "" {
		return "", &InvalidError{"name", fault}
	}
	return name, nil
}
