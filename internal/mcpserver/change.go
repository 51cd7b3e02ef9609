package mcpserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Draft is what a new server is made of.
type Draft struct {
	Environment         string
	AccountID           string
	Name                string
	Config              []byte    // JSON; nil or null: nothing is narrowed
	RequireAPITokenAuth *bool     // also accepted beside the config; nil: as the config says
	ExpiresAt           time.Time // zero: never
	CreatedBy           string
}

// Create makes a server. token is the secret part of its URL: it is shown this once and not kept. A server that people sign in to has none.
func (s *Service) Create(ctx context.Context, d Draft) (server *Server, token string, err error) {
	now := time.Now()
	config, err := ParseConfig(d.Config)
	if err != nil {
		return nil, "", err
	}
	if d.RequireAPITokenAuth != nil {
		config.RequireAPITokenAuth = *d.RequireAPITokenAuth
	}
	server = &Server{
		ID: store.NewID("mcp"), Environment: d.Environment, AccountID: d.AccountID, Config: config, CreatedBy: d.CreatedBy,
		CreatedAt: toMillis(now), UpdatedAt: toMillis(now),
	}
	if err := config.checkAuth(); err != nil {
		return nil, "", err
	}
	if server.Name, err = checkName(d.Name); err != nil {
		return nil, "", err
	}
	if server.ExpiresAt, err = checkExpiry(d.ExpiresAt, now); err != nil {
		return nil, "", err
	}
	if s.validate != nil {
		if err := s.validate(ctx, d.Environment, d.AccountID, config); err != nil {
			return nil, "", err
		}
	}
	kept, err := config.encode()
	if err != nil {
		return nil, "", err
	}
	token = secret.NewToken("")
	keyID, hash := s.keys.HashToken(token)
	err = s.store.CreateMCPServer(ctx, db.CreateMCPServerParams{
		ID: server.ID, Environment: server.Environment, AccountID: server.AccountID, Name: server.Name, Config: kept, CreatedBy: server.CreatedBy,
		KeyID: keyID, TokenHash: hash[:], ExpiresAt: store.Millis(server.ExpiresAt), CreatedAt: store.Millis(now), UpdatedAt: store.Millis(now),
		Auth: config.Auth,
	})
	switch {
	case store.Dangling(err) || unstorable(err):
		return nil, "", fmt.Errorf("%w: %.80q", ErrNoAccount, d.AccountID)
	case err != nil:
		return nil, "", fmt.Errorf("create MCP server: %w", err)
	}
	if config.Auth != "" {
		return server, "", nil // the token that was hashed opens nothing, and nobody knows it
	}
	return server, token, nil
}

// checkAuth: both kinds of proof would stand in the one Authorization header.
func (c Config) checkAuth() error {
	if c.Auth != "" && c.RequireAPITokenAuth {
		return &InvalidError{"config.require_api_token_auth", "does not go with auth: \"oauth\", where people sign in instead: leave one of the two out"}
	}
	return nil
}

// Patch is a change to a server. What is nil stays as it is.
type Patch struct {
	Name                *string
	Config              []byte // a JSON object, merged key by key (Config.Merge); nil: the filters stay, and are not checked again
	RequireAPITokenAuth *bool
	ExpiresAt           *time.Time // the zero time lifts it
}

// Update changes a server. On this node the change is in force when it returns, on others within a second.
func (s *Service) Update(ctx context.Context, environment, accountID, id string, p Patch) (*Server, error) {
	for {
		old, err := s.row(ctx, environment, accountID, id)
		if err != nil {
			return nil, err
		}
		server, err := serverOf(old)
		if err != nil {
			return nil, err
		}
		if err := s.apply(ctx, server, p); err != nil {
			return nil, err
		}
		kept, err := server.Config.encode()
		if err != nil {
			return nil, err
		}
		changed := false
		err = s.store.Tx(ctx, func(tx *store.Tx) error {
			n, err := tx.UpdateMCPServer(ctx, db.UpdateMCPServerParams{
				Name: server.Name, Config: kept, ExpiresAt: store.Millis(server.ExpiresAt), UpdatedAt: store.Millis(server.UpdatedAt),
				Environment: environment, AccountID: accountID, ID: id, OldName: old.Name, OldConfig: old.Config, OldExpiresAt: old.ExpiresAt,
			})
			changed = n > 0
			tx.Publish(store.Servers, id)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("update MCP server: %w", err)
		}
		if changed {
			return server, nil
		}
	}
}

func (s *Service) apply(ctx context.Context, server *Server, p Patch) (err error) {
	now, auth := time.Now(), server.Config.Auth
	if p.Name != nil {
		if server.Name, err = checkName(*p.Name); err != nil {
			return err
		}
	}
	if p.ExpiresAt != nil {
		if server.ExpiresAt, err = checkExpiry(*p.ExpiresAt, now); err != nil {
			return err
		}
	}
	if p.Config != nil {
		if server.Config, err = server.Config.Merge(p.Config); err != nil {
			return err
		}
	}
	if p.RequireAPITokenAuth != nil {
		server.Config.RequireAPITokenAuth = *p.RequireAPITokenAuth
	}
	if server.Config.Auth != auth {
		return &InvalidError{"config.auth", "is decided when a server is made, since its URL follows from it: make another server"}
	}
	if err := server.Config.checkAuth(); err != nil {
		return err
	}
	if p.Config != nil && s.validate != nil {
		if err := s.validate(ctx, server.Environment, server.AccountID, server.Config); err != nil {
			return err
		}
	}
	server.UpdatedAt = toMillis(now)
	return nil
}

// Delete revokes a server: its URL opens nothing from the moment this returns, on other nodes within a second.
func (s *Service) Delete(ctx context.Context, environment, accountID, id string) error {
	if _, err := s.row(ctx, environment, accountID, id); err != nil {
		return err
	}
	err := s.store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.DeleteMCPServer(ctx, db.DeleteMCPServerParams{Environment: environment, AccountID: accountID, ID: id})
		if err == nil && n == 0 {
			err = notFound(id)
		}
		tx.Publish(store.Servers, id)
		return err
	})
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("delete MCP server: %w", err)
	}
	return err
}

// maxName is in characters, not bytes.
const maxName = 200

func checkName(name string) (string, error) {
	name, fault := store.CheckName(name, maxName)
	if fault == "" && name == "" {
		fault = "is required: say whom or what the server is for"
	}
	if fault != "" {
		return "", &InvalidError{"name", fault}
	}
	return name, nil
}

// checkExpiry refuses a time that is over, and returns it as it will be read again.
func checkExpiry(t, now time.Time) (time.Time, error) {
	if t.IsZero() {
		return t, nil
	}
	if t = toMillis(t); !t.After(now) {
		return t, &InvalidError{"expires_at", "lies in the past: give a time to come, or leave it out for a server that does not expire"}
	}
	return t, nil
}

// ParseExpiry reads an expiry as RFC 3339 writes it. Whether it lies in the future is checked where it is used.
func ParseExpiry(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, &InvalidError{"expires_at", "must be a date and time with its offset, such as 2027-01-31T18:00:00Z"}
	}
	return t, nil
}

func toMillis(t time.Time) time.Time { return store.Time(store.Millis(t)) }
