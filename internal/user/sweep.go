package user

import (
	"context"
	"errors"
	"time"

	"sluice/internal/store/db"
)

const sweepEvery = 10 * time.Minute

func (s *Service) sweep(ctx context.Context) {
	now := time.Now()
	err := errors.Join(
		s.Store.DeleteEndedSessions(ctx, db.DeleteEndedSessionsParams{Now: now.UnixMilli(), IdleSince: now.Add(-s.Idle).UnixMilli()}),
		s.Store.DeleteOldInvitations(ctx, now.UnixMilli()),
		s.Store.DeleteOldUserLinks(ctx, now.UnixMilli()),
		s.Store.DeleteOldSignInAttempts(ctx, now.UnixMilli()),
	)
	if err != nil && ctx.Err() == nil {
		s.Log.Warn("could not remove ended sessions, links and attempts; the next sweep tries again", "error", err)
	}
}
