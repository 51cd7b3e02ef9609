package store

import (
	"context"
	"time"
)

// A Sweep removes what has ended, now and then. Nothing may depend on it being quick: an end is looked at whenever a thing is used.
type Sweep struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// StartSweep calls sweep now and after every so long, until it is stopped.
func StartSweep(every time.Duration, sweep func(context.Context)) *Sweep {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sweep{cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			sweep(ctx)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

// Stop cancels what is being swept and waits for it.
func (s *Sweep) Stop() {
	s.cancel()
	<-s.ended
}
