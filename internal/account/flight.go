package account

import (
	"context"
	"sync"
	"time"
)

// flights run one piece of work for all who ask for it at the same time. The work outlives its callers: what a vendor gave must be kept though
// nobody waits for it any more.
type flights struct {
	mu      sync.Mutex
	under   map[string]*flight
	running sync.WaitGroup
}

type flight struct {
	done chan struct{}
	held *held
	err  error
}

// do joins the flight of that key or begins it, and waits for its end or the context's.
func (f *flights) do(ctx context.Context, key string, timeout time.Duration, work func(context.Context) (*held, error)) (*held, error) {
	fl := f.begin(ctx, key, timeout, work)
	select {
	case <-fl.done:
		return fl.held, fl.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *flights) begin(ctx context.Context, key string, timeout time.Duration, work func(context.Context) (*held, error)) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.under[key]; fl != nil {
		return fl
	}
	fl := &flight{done: make(chan struct{})}
	if f.under == nil {
		f.under = map[string]*flight{}
	}
	f.under[key] = fl
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	f.running.Go(func() {
		defer cancel()
		defer func() {
			f.mu.Lock()
			delete(f.under, key)
			f.mu.Unlock()
			close(fl.done)
		}()
		fl.held, fl.err = work(ctx)
	})
	return fl
}

// wait waits for all work that was begun.
func (f *flights) wait() { f.running.Wait() }

// attempts keeps apart the tries to do what need not be done at once.
type attempts struct {
	mu   sync.Mutex
	last map[string]time.Time
}

const attemptEvery = 10 * time.Second

// begin reports whether it is time to try.
func (a *attempts) begin(key string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.last[key]; ok && now.Sub(last) < attemptEvery {
		return false
	}
	if a.last == nil || len(a.last) >= maxEntries {
		a.last = map[string]time.Time{}
	}
	a.last[key] = now
	return true
}
