package mcpserver

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// sweepAtOnce bounds one transaction, so that writers in between do not wait long.
const sweepAtOnce = 100

func (s *Service) sweep(ctx context.Context) {
	for {
		n, err := s.removeExpired(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("could not remove expired MCP servers; the next sweep tries again", "error", err)
		}
		if err != nil || n < sweepAtOnce {
			return
		}
	}
}

func (s *Service) removeExpired(ctx context.Context) (int, error) {
	now := time.Now().UnixMilli()
	ids, err := s.store.ListExpiredMCPServers(ctx, db.ListExpiredMCPServersParams{Now: now, Lim: sweepAtOnce})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	slices.Sort(ids) // nodes that sweep at once lock rows in the same order
	err = s.store.Tx(ctx, func(tx *store.Tx) error {
		for _, id := range ids {
			if _, err := tx.DeleteExpiredMCPServer(ctx, db.DeleteExpiredMCPServerParams{ID: id, Now: now}); err != nil {
				return fmt.Errorf("remove %s: %w", id, err)
			}
			tx.Publish(store.Servers, id)
		}
		return nil
	})
	return len(ids), err
}
