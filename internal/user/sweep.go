package user

import (
	"context"
	"errors"
	"time"

	"sluice/internal/store/db"
)

// sweepEvery is how often what has ended is removed. Nothing depends on it being quick: each end is looked at whenever the thing is used.
const sweepEvery = 10 * time.Minute

type sweeper struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

func (w *sweeper) start(every time.Duration, sweep func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel, w.ended = cancel, make(chan struct{})
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				sweep(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (w *sweeper) stop() {
	w.cancel()
	<-w.ended
}

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
