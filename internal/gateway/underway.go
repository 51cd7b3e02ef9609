package gateway

import (
	"fmt"
	"sync"

	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// underWay counts the calls of each environment that are under way on this node. They hold memory, connections and the vendor's time for up to a minute, and downloads
// for longer: a tenant whose agents flood, or whose vendor does not answer, must not take what all have. What is bounded is how many there are at once, not how many
// come after each other: that is the vendor's to limit.
type underWay struct {
	most int // of one environment; 0: any number

	mu     sync.Mutex
	of     map[string]int // by environment; none where none is under way
	total  int
	turned int64 // away
}

// enter counts a call in, or answers it with a Result. Whoever is let in leaves.
func (u *underWay) enter(c *Caller, tool *toolset.Tool) *Result {
	u.mu.Lock()
	defer u.mu.Unlock()
	if n := u.of[c.Environment]; u.most > 0 && n >= u.most {
		u.turned++
		limit := vendor.NoRateLimit
		limit.RetryAfter = 1
		return &Result{Tool: tool, Outcome: vendor.RateLimited, Total: -1, RateLimit: limit,
			Message: fmt.Sprintf("This environment has %d calls under way in Sluice, as many as it may have at once, so nothing was sent: make fewer at the same time. The operator sets how many (--calls-per-environment).", n)}
	}
	if u.of == nil {
		u.of = map[string]int{}
	}
	u.of[c.Environment]++
	u.total++
	return nil
}

func (u *underWay) leave(c *Caller) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.total--
	if u.of[c.Environment]--; u.of[c.Environment] == 0 {
		delete(u.of, c.Environment)
	}
}

// UnderWay is how many calls are under way, and how many were turned away since the start because their environment had as many as it may have.
func (g *Gateway) UnderWay() (calls int, turnedAway int64) {
	g.underWay.mu.Lock()
	defer g.underWay.mu.Unlock()
	return g.underWay.total, g.underWay.turned
}
