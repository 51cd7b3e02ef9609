package octapipe

import (
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter counts calls a minute for each token [A]. As in the service's framework the minute begins with the first call, and a call
// that was refused is not counted.
type limiter struct {
	perMinute int // 0: no limit

	mu      sync.Mutex
	windows map[string]*window
}

type window struct {
	ends time.Time
	used int
}

// admit counts a call and writes the headers that tell of the limit. false is a 429.
func (l *limiter) admit(header http.Header, who string, now time.Time) bool {
	if l.perMinute <= 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	current := l.windows[who]
	if current == nil || !now.Before(current.ends) {
		if len(l.windows) > 10_000 {
			for key, old := range l.windows {
				if !now.Before(old.ends) {
					delete(l.windows, key)
				}
			}
		}
		current = &window{ends: now.Add(time.Minute)}
		l.windows[who] = current
	}
	header.Set("X-RateLimit-Limit", strconv.Itoa(l.perMinute))
	if current.used >= l.perMinute {
		wait := (current.ends.Sub(now) + time.Second - 1) / time.Second // rounded up: who waits that long is let in
		header.Set("X-RateLimit-Remaining", "0")
		header.Set("Retry-After", strconv.Itoa(int(wait)))
		header.Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(wait*time.Second).Unix(), 10))
		return false
	}
	current.used++
	header.Set("X-RateLimit-Remaining", strconv.Itoa(l.perMinute-current.used))
	return true
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}
