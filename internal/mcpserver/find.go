package mcpserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// tokenLength is that of 256 bits in base64url. What is shorter or longer is no token, and costs no query.
const tokenLength = 43

// ByToken returns the server behind a token, or an error that wraps ErrNotFound: unknown, expired and revoked ones are alike. Until the server changes every
// call returns the same pointer; what it points to must not be changed.
func (s *Service) ByToken(ctx context.Context, token string) (*Server, error) {
	if len(token) != tokenLength {
		return nil, ErrNotFound
	}
	_, hash := s.keys.HashToken(token)
	server, err := s.cache.Get(ctx, hash, func(ctx context.Context) (*Server, error) { return s.lookUp(ctx, token) })
	if err != nil {
		return nil, err
	}
	if server.Config.Auth != "" || server.expired(time.Now()) {
		return nil, ErrNotFound
	}
	return server, nil
}

// ByID returns the server that people sign in to and that has this id, or an error that wraps ErrNotFound: servers with a secret URL are found by that alone.
// Like ByToken it returns the same pointer until the server changes.
func (s *Service) ByID(ctx context.Context, id string) (*Server, error) {
	if !store.IsID("mcp", id) {
		return nil, ErrNotFound
	}
	server, err := s.byID.Get(ctx, id, func(ctx context.Context) (*Server, error) {
		row, err := s.store.GetMCPServerByID(ctx, id)
		switch {
		case store.NotFound(err):
			return nil, notFound(id)
		case err != nil:
			return nil, fmt.Errorf("look up MCP server: %w", err)
		}
		return serverOf(row)
	})
	if err != nil {
		return nil, err
	}
	if server.expired(time.Now()) {
		return nil, notFound(id)
	}
	return server, nil
}

// Only returns the one server of the whole installation that people sign in to, or an error that wraps ErrNotFound if there is none, or more.
func (s *Service) Only(ctx context.Context) (*Server, error) {
	ids, err := s.store.ListMCPServerIDsByAuth(ctx, db.ListMCPServerIDsByAuthParams{Auth: OAuth, Now: time.Now().UnixMilli(), Lim: 2})
	if err != nil {
		return nil, fmt.Errorf("look up MCP server: %w", err)
	}
	if len(ids) != 1 {
		return nil, ErrNotFound
	}
	return s.ByID(ctx, ids[0])
}

func (s *Service) lookUp(ctx context.Context, token string) (*Server, error) {
	for _, hash := range s.keys.TokenHashes(token) {
		row, err := s.store.GetMCPServerByHash(ctx, hash[:])
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look up MCP server: %w", err)
		}
		return serverOf(row)
	}
	return nil, ErrNotFound
}

// Get returns one server of an account.
func (s *Service) Get(ctx context.Context, environment, accountID, id string) (*Server, error) {
	row, err := s.row(ctx, environment, accountID, id)
	if err != nil {
		return nil, err
	}
	return serverOf(row)
}

// List returns up to limit servers of an account, newest first, below the id that a call before gave as next; next is "" when the list ends.
func (s *Service) List(ctx context.Context, environment, accountID, after string, limit int) (page []*Server, next string, err error) {
	rows, err := s.store.ListMCPServers(ctx, db.ListMCPServersParams{
		Environment: environment, AccountID: accountID, Before: store.Below(after), Now: time.Now().UnixMilli(), Lim: int64(limit) + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("list MCP servers: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.MCPServer) string { return row.ID })
	for _, row := range rows {
		server, err := serverOf(row)
		if err != nil {
			return nil, "", err
		}
		page = append(page, server)
	}
	return page, next, nil
}

// row is the row of a server that has not expired.
func (s *Service) row(ctx context.Context, environment, accountID, id string) (db.MCPServer, error) {
	row, err := s.store.GetMCPServer(ctx, db.GetMCPServerParams{Environment: environment, AccountID: accountID, ID: id})
	switch {
	case store.NotFound(err) || unstorable(err):
		return row, notFound(id)
	case err != nil:
		return row, fmt.Errorf("get MCP server: %w", err)
	case row.ExpiresAt != 0 && row.ExpiresAt <= time.Now().UnixMilli():
		return row, notFound(id)
	}
	return row, nil
}

func notFound(id string) error { return fmt.Errorf("%w: %.80q", ErrNotFound, id) }

// unstorable reports whether err says that a text can be in no database: then nothing of that name is there.
func unstorable(err error) bool {
	_, ok := errors.AsType[*store.TextError](err)
	return ok
}

func serverOf(row db.MCPServer) (*Server, error) {
	config, err := ParseConfig([]byte(row.Config))
	if err != nil {
		return nil, fmt.Errorf("MCP server %s was written by a newer version, whose config this one does not know: %w", row.ID, err)
	}
	return &Server{
		ID: row.ID, Environment: row.Environment, AccountID: row.AccountID, Name: row.Name, Config: config, CreatedBy: row.CreatedBy,
		ExpiresAt: store.Time(row.ExpiresAt), CreatedAt: store.Time(row.CreatedAt), UpdatedAt: store.Time(row.UpdatedAt),
	}, nil
}
