package account

import (
	"context"
	"math/rand/v2"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Tokens are renewed when a call needs one. An account that nobody calls for weeks would lose its grant by that: most vendors let a refresh token die that is
// not used. So those whose token ended some days ago are renewed once, and if the vendor refuses it, their owner is told before anybody misses them.
const (
	idleAfter  = 3 * 24 * time.Hour
	idleAtOnce = 100
)

// keeper owns the goroutine that keeps idle grants alive.
type keeper struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

func (k *keeper) start(every time.Duration, keep func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel, k.ended = cancel, make(chan struct{})
	go func() {
		defer close(k.ended)
		for {
			timer := time.NewTimer(every/2 + rand.N(every)) // nodes that were started together need not ask together
			select {
			case <-timer.C:
				keep(ctx)
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	}()
}

func (k *keeper) stop() {
	if k.cancel != nil {
		k.cancel()
		<-k.ended
	}
}

// KeepAlive renews the grants of accounts that were not called for days, one after the other. What cannot be renewed now is tried the next time.
func (s *Service) KeepAlive(ctx context.Context) {
	before := store.Millis(s.now().Add(-idleAfter))
	for after := int64(0); ; {
		rows, err := s.store.ListIdleTokens(ctx, db.ListIdleTokensParams{After: after, Before: before, Lim: idleAtOnce})
		if err != nil {
			s.log.WarnContext(ctx, "could not look for idle accounts", "error", err)
			return
		}
		for _, row := range rows {
			if err := s.keepAlive(ctx, row.Environment, row.ID); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "could not renew the token of an idle account", "account", row.ID, "error", err)
			}
			if ctx.Err() != nil {
				return
			}
			after = row.TokenExpiresAt
		}
		if len(rows) < idleAtOnce {
			return
		}
	}
}

func (s *Service) keepAlive(ctx context.Context, environment, id string) error {
	e, h, err := s.opened(ctx, environment, id)
	if err != nil || h.way.Format != formatCode || h.credential.refresh == "" { // the others log in anew, whenever they are called
		return err
	}
	_, err = s.renew(ctx, e.account, h.credential.Version)
	return err
}
