package oauth

import (
	"sync"
	"time"
)

// limiter lets each network do something so many times in a window. Each node counts by itself: it keeps one caller from filling the database, no more.
type limiter struct {
	mu    sync.Mutex
	since time.Time
	count map[string]int
}

const (
	limitWindow   = time.Hour
	limitPerHour  = 60
	limitWatching = 65536 // addresses that are counted
)

// take reports whether the address may, and counts it; if it may not, after is how long to wait.
func (l *limiter) take(address string, now time.Time) (ok bool, after time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == nil || now.Sub(l.since) >= limitWindow || len(l.count) > limitWatching {
		l.since, l.count = now, map[string]int{}
	}
	l.count[address]++
	return l.count[address] <= limitPerHour, l.since.Add(limitWindow).Sub(now)
}
