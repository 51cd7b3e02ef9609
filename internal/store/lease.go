package store

import (
	"context"
	"fmt"
	"time"

	"sluice/internal/store/db"
)

// Lease is held by one at a time.
type Lease struct {
	// Abandoned says that the holder before did not give it back: it died at its work, and nobody knows how far that went.
	Abandoned bool

	release func()
}

// Release gives the lease back.
func (l *Lease) Release() { l.release() }

// Lease waits until nobody else holds name, on any node, and takes it for at most ttl: for what only one may do at a time, such as renewing a
// credential. A holder that dies keeps the others waiting until ttl is over, so ctx for the work should
// end before that; whoever got the lease then looks first whether the work is still to be done.
//
// Nodes compare their own clocks with the end of a lease: they should agree within a fraction of ttl.
func (s *Store) Lease(ctx context.Context, name string, ttl time.Duration) (*Lease, error) {
	holder := NewID("lse")
	freed := make(chan struct{}, 1)
	defer s.Subscribe(Leases, func(key string) {
		if key == name || key == "" {
			select {
			case freed <- struct{}{}:
			default:
			}
		}
	})()
	abandoned := false
	for wait := 25 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		now := time.Now()
		dropped, err := s.DropStaleLease(ctx, db.DropStaleLeaseParams{Name: name, Now: now.UnixMilli()})
		if err != nil {
			return nil, fmt.Errorf("take the lease %s: %w", name, err)
		}
		abandoned = abandoned || dropped > 0
		n, err := s.TakeLease(ctx, db.TakeLeaseParams{Name: name, Holder: holder, ExpiresAt: now.Add(ttl).UnixMilli()})
		if err != nil {
			return nil, fmt.Errorf("take the lease %s: %w", name, err)
		}
		if n > 0 {
			return &Lease{abandoned, func() { s.endLease(name, holder) }}, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("wait for the lease %s: %w", name, ctx.Err())
		case <-freed: // the news saves most of the wait; the timer is for a holder that died
		case <-timer.C:
		}
		timer.Stop()
	}
}

// endLease works after the caller's context has ended too, since a lease that stays makes others wait. If it cannot, the lease ends by itself.
func (s *Store) endLease(name, holder string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := s.Tx(ctx, func(tx *Tx) error {
		tx.Publish(Leases, name)
		return tx.DropLease(ctx, db.DropLeaseParams{Name: name, Holder: holder})
	})
	if err != nil {
		s.hub.log.Warn("could not give a lease back; it ends by itself", "lease", name, "error", err)
	}
}
