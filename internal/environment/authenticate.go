package environment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// maxCached bounds the memory of tokens in use; more than these work, with a query each.
const maxCached = 16384

// known is a token that was looked up, and when it was last used since.
type known struct {
	token  *Token
	usedAt atomic.Int64 // milliseconds
	noted  atomic.Bool  // it waits in uses
}

// Authenticate finds out whose a bearer credential is. It returns ErrUnknownToken if nobody's. The token is shared: not to be changed.
func (s *Service) Authenticate(ctx context.Context, bearer string) (*Token, error) {
	if !strings.HasPrefix(bearer, secret.APITokenPrefix) {
		return nil, ErrUnknownToken
	}
	_, hash := s.keys.HashToken(bearer)
	k, err := s.cache.Get(ctx, hash, func(ctx context.Context) (*known, error) { return s.lookUp(ctx, bearer) })
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if t := k.token.ExpiresAt; !t.IsZero() && !now.Before(t) {
		return nil, ErrUnknownToken
	}
	k.usedAt.Store(now.UnixMilli())
	s.uses.note(k)
	return k.token, nil
}

func (s *Service) lookUp(ctx context.Context, bearer string) (*known, error) {
	for _, hash := range s.keys.TokenHashes(bearer) {
		row, err := s.store.GetAPITokenByHash(ctx, hash[:])
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look up API token: %w", err)
		}
		return &known{token: tokenOf(row)}, nil
	}
	return nil, ErrUnknownToken
}

// uses gathers which tokens were used, so that a busy token costs one row change in half a minute and not one a call.
type uses struct {
	mu      sync.Mutex
	waiting []*known
	end     chan struct{}
	ended   chan struct{}
}

const usesEvery = 30 * time.Second

func (u *uses) start(write func([]*known)) {
	u.end, u.ended = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(u.ended)
		tick := time.NewTicker(usesEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				write(u.take())
			case <-u.end:
				write(u.take())
				return
			}
		}
	}()
}

func (u *uses) stop() {
	close(u.end)
	<-u.ended
}

func (u *uses) note(k *known) {
	if k.noted.Load() || !k.noted.CompareAndSwap(false, true) {
		return
	}
	u.mu.Lock()
	u.waiting = append(u.waiting, k)
	u.mu.Unlock()
}

func (u *uses) take() []*known {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.waiting
	u.waiting = nil
	return taken
}

// writeUses is a courtesy to whoever reads the list of tokens: what fails is logged, and the next use is written anew.
func (s *Service) writeUses(used []*known) {
	if len(used) == 0 {
		return
	}
	// Two nodes that change the same rows in different orders would wait for each other.
	slices.SortFunc(used, func(a, b *known) int { return strings.Compare(a.token.ID, b.token.ID) })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := s.store.Tx(ctx, func(tx *store.Tx) error {
		for _, k := range used {
			k.noted.Store(false) // before the time is read: a use in between is noted again
			if err := tx.TouchAPIToken(ctx, db.TouchAPITokenParams{ID: k.token.ID, LastUsedAt: k.usedAt.Load()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.log.Warn("could not write down when API tokens were last used", "error", err)
	}
}
