package oauth

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Grant is what one person allowed one client to do at one MCP server.
type Grant struct {
	ID          string // gra_…
	Environment string
	ServerID    string
	UserID      string
	ClientID    string
	ClientName  string
	Scopes      permission.Set
	CreatedAt   time.Time
	LastUsedAt  time.Time // zero: not yet; some minutes late
	ExpiresAt   time.Time // unless it is used again before

	attemptID string
	touched   atomic.Int64 // when its last use was written down, in milliseconds
}

const grantPrefix = "gra"

// scopeText is a set of scopes as RFC 6749, section 3.3, writes it.
func scopeText(s permission.Set) string { return strings.Join(s.Names(), " ") }

// parseScopes reads scopes; those that are none of ours are left out.
func parseScopes(text string) permission.Set {
	var s permission.Set
	for name := range strings.FieldsSeq(text) {
		s |= permission.Of(permission.Permission(name)).Both(bothScopes)
	}
	return s
}

// ListGrants returns up to limit grants of an environment, of one server or one person where those are said, newest first, below the id that a call before
// gave as next.
func (s *Service) ListGrants(ctx context.Context, environment, serverID, userID, after string, limit int) (page []*Grant, next string, err error) {
	rows, err := s.Store.ListOAuthGrants(ctx, db.ListOAuthGrantsParams{
		Environment: environment, ServerID: serverID, UserID: userID, Before: store.Below(after), Lim: int64(limit) + 1,
	})
	if err != nil {
		if unstorable(err) == ErrNotFound {
			return nil, "", nil
		}
		return nil, "", fmt.Errorf("list OAuth grants: %w", err)
	}
	rows, next = store.Cut(rows, limit, func(row *db.OAuthGrant) string { return row.ID })
	for _, row := range rows {
		page = append(page, grantOf(row))
	}
	return page, next, nil
}

// GetGrant returns one grant of an environment.
func (s *Service) GetGrant(ctx context.Context, environment, id string) (*Grant, error) {
	row, err := s.Store.GetOAuthGrant(ctx, db.GetOAuthGrantParams{Environment: environment, ID: id})
	if store.NotFound(err) || unstorable(err) == ErrNotFound {
		return nil, fmt.Errorf("OAuth grant %.80q: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("get OAuth grant: %w", err)
	}
	return grantOf(row), nil
}

// Revoke ends a grant: its tokens open nothing from the moment this returns, on other nodes within a second.
func (s *Service) Revoke(ctx context.Context, environment, id string) error {
	if _, err := s.GetGrant(ctx, environment, id); err != nil {
		return err
	}
	err := s.Store.Tx(ctx, func(tx *store.Tx) error { return dropGrant(ctx, tx, environment, id) })
	if err != nil {
		return fmt.Errorf("revoke OAuth grant: %w", err)
	}
	return nil
}

// dropGrant removes a grant with its tokens, and tells every node.
func dropGrant(ctx context.Context, tx *store.Tx, environment, id string) error {
	tx.Publish(store.OAuthGrants, id)
	_, err := tx.DeleteOAuthGrant(ctx, db.DeleteOAuthGrantParams{Environment: environment, ID: id})
	return err
}

func grantOf(row db.OAuthGrant) *Grant {
	g := &Grant{
		ID: row.ID, Environment: row.Environment, ServerID: row.ServerID, UserID: row.UserID, ClientID: row.ClientID, ClientName: row.ClientName,
		Scopes: parseScopes(row.Scopes), CreatedAt: store.Time(row.CreatedAt), LastUsedAt: store.Time(row.LastUsedAt), ExpiresAt: store.Time(row.ExpiresAt),
		attemptID: row.AttemptID,
	}
	g.touched.Store(row.LastUsedAt)
	return g
}

// pair is a new access token and a new refresh token of a grant.
type pair struct {
	access, refresh string
	scopes          permission.Set
	expires         time.Time
}

const (
	accessKind    = "access"
	refreshKind   = "refresh"
	accessPrefix  = "sla_"
	refreshPrefix = "slr_"
	codePrefix    = "slc_"

	keptAccess  = 50  // access tokens of one grant that are good at once: several windows, each with its own
	keptRefresh = 200 // refresh tokens of one grant whose second use is recognised
)

// issue makes a pair of tokens within a transaction.
func (s *Service) issue(ctx context.Context, tx *store.Tx, environment, grantID string, scopes permission.Set) (*pair, error) {
	now := s.Now()
	p := &pair{access: secret.NewToken(accessPrefix), refresh: secret.NewToken(refreshPrefix), scopes: scopes, expires: now.Add(accessLife)}
	for _, t := range []struct {
		kind, text string
		life       time.Duration
		keep       int64
	}{{accessKind, p.access, accessLife, keptAccess}, {refreshKind, p.refresh, refreshLife, keptRefresh}} {
		keyID, hash := s.Keys.HashToken(t.text)
		if err := tx.CreateOAuthToken(ctx, db.CreateOAuthTokenParams{
			ID: store.NewID("otk"), Environment: environment, GrantID: grantID, Kind: t.kind, KeyID: keyID, TokenHash: hash[:], Scopes: scopeText(scopes),
			CreatedAt: now.UnixMilli(), ExpiresAt: now.Add(t.life).UnixMilli(),
		}); err != nil {
			return nil, fmt.Errorf("keep the token: %w", err)
		}
		if err := tx.DeleteOldOAuthTokens(ctx, db.DeleteOldOAuthTokensParams{Environment: environment, GrantID: grantID, Kind: t.kind, Keep: t.keep}); err != nil {
			return nil, fmt.Errorf("remove tokens that nobody uses: %w", err)
		}
	}
	return p, nil
}

// removeExpired removes grants, tokens, codes and clients that have ended.
func (s *Service) removeExpired(ctx context.Context) error {
	now := s.Now()
	for {
		rows, err := s.Store.ListExpiredOAuthGrants(ctx, db.ListExpiredOAuthGrantsParams{Now: now.UnixMilli(), Lim: 100})
		if err != nil || len(rows) == 0 {
			if err != nil {
				return err
			}
			break
		}
		if err := s.Store.Tx(ctx, func(tx *store.Tx) error {
			for _, row := range rows {
				if err := dropGrant(ctx, tx, row.Environment, row.ID); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if err := s.Store.DeleteExpiredOAuthTokens(ctx, now.UnixMilli()); err != nil {
		return err
	}
	if err := s.Store.DeleteExpiredOAuthCodes(ctx, now.Add(-replayKept).UnixMilli()); err != nil {
		return err
	}
	if err := s.Store.DeleteUnusedOAuthClients(ctx, db.DeleteUnusedOAuthClientsParams{
		UnusedSince: now.Add(-24 * time.Hour).UnixMilli(), IdleSince: now.Add(-refreshLife).UnixMilli(),
	}); err != nil {
		return err
	}
	return s.Connections.Forget(ctx)
}
