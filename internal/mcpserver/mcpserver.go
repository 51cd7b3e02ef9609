// Package mcpserver keeps MCP servers: one tokenised, filtered view of one integrated account each, with its config, expiry
// and revocation. A token is found by its hash (cached; a change anywhere reaches every node within a second).
//
// It imports store and secret. What a filter may name is not known here: whoever makes a Service passes a Validator that knows.
package mcpserver

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/internal/secret"
	"sluice/internal/store"
)

// Server is one MCP server.
type Server struct {
	ID          string // mcp_…
	Environment string // env_…
	AccountID   string // acc_…
	Name        string
	Config      Config
	CreatedBy   string
	ExpiresAt   time.Time // zero: never
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// expired reports whether the server has ended. It is then as if it had been deleted, whether its row is still there or not.
func (s *Server) expired(now time.Time) bool {
	return !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt)
}

// ErrNotFound is wrapped where no server is meant: unknown, deleted and expired ones, and those of others, are alike.
var ErrNotFound = errors.New("no such MCP server")

// ErrNoAccount is wrapped where a server is to be made on an integrated account that the environment does not have.
var ErrNoAccount = errors.New("no such integrated account")

// InvalidError says which field of a request is wrong, and how to mend it. Its text is a whole sentence.
type InvalidError struct {
	Field   string // config.methods
	Message string // follows the field's name
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

// Validator says whether the account's tools leave anything under a config's filters, and whether they know each name in it. Its errors are passed on as
// they are.
type Validator func(ctx context.Context, environment, accountID string, config Config) error

// Service keeps MCP servers. It is safe for concurrent use; Close ends its goroutine.
type Service struct {
	store    *store.Store
	keys     *secret.Keys
	validate Validator
	log      *slog.Logger
	cache    *store.Cache[secret.TokenHash, *Server]
	byID     *store.Cache[string, *Server] // those that people sign in to
	sweeping *store.Sweep
}

// Options of a Service.
type Options struct {
	Validate Validator     // nil: every filter will do
	Log      *slog.Logger  // nil: slog.Default()
	Sweep    time.Duration // between removals of expired servers; 0: 10 seconds
}

// maxCached bounds the memory of servers in use; more than these work, with a query each.
const maxCached = 65536

// New makes a service and starts removing what has expired.
func New(st *store.Store, keys *secret.Keys, o Options) *Service {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Sweep <= 0 {
		o.Sweep = 10 * time.Second
	}
	s := &Service{store: st, keys: keys, validate: o.Validate, log: o.Log}
	s.cache = store.NewCache[secret.TokenHash](st, store.Servers, maxCached, func(v *Server) string { return v.ID })
	s.byID = store.NewCache[string](st, store.Servers, maxCached, func(v *Server) string { return v.ID })
	s.sweeping = store.StartSweep(o.Sweep, s.sweep)
	return s
}

// Close ends the sweep and waits for it.
func (s *Service) Close() {
	s.sweeping.Stop()
	s.cache.Close()
	s.byID.Close()
}
