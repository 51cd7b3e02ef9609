package audit

import (
	"context"
	"errors"
	"time"

	"sluice/internal/store"
)

// Span is what happened in one span of time.
type Span struct {
	Start  time.Time
	Calls  int
	Failed int // neither done nor cancelled by who asked
	// Half of the calls took no longer than Median, and all but one in twenty no longer than Slow, both to the next of a few rounded lengths.
	Median, Slow time.Duration
}

// bounds are the lengths, in microseconds, to which a call's is rounded up: each about half as long again as the one before.
var bounds = []int64{
	500, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 50_000, 75_000, 100_000, 150_000, 200_000, 300_000, 500_000, 750_000,
	1_000_000, 1_500_000, 2_000_000, 3_000_000, 5_000_000, 7_500_000, 10_000_000, 15_000_000, 30_000_000, 60_000_000,
}

// Stats sums up the calls of a filter, whose Since and Until must be given, in so many spans of equal length. Calls whose outcome is not known are left out.
func (l *Log) Stats(ctx context.Context, f Filter, spans int) ([]Span, error) {
	length := f.Until.Sub(f.Since) / time.Duration(max(spans, 1))
	if length < time.Millisecond {
		return nil, errors.New("sum up calls: there is no time between since and until")
	}
	if err := l.Flush(ctx); err != nil {
		return nil, err
	}
	counts, err := l.store.CountCalls(ctx, f.stored(), length.Milliseconds(), bounds)
	if _, unstorable := errors.AsType[*store.TextError](err); unstorable {
		counts, err = nil, nil // no record holds such a text
	}
	if err != nil {
		return nil, err
	}
	sums := make([]Span, spans)
	lengths := make([][]int64, spans)
	for i := range sums {
		sums[i].Start = f.Since.Add(time.Duration(i) * length)
		lengths[i] = make([]int64, len(bounds)+1)
	}
	for _, n := range counts {
		at := min(max(int(n.Span), 0), spans-1) // the last span takes what rounding left over
		sums[at].Calls += int(n.Calls)
		if n.Outcome != "ok" && n.Outcome != "cancelled" {
			sums[at].Failed += int(n.Calls)
		}
		lengths[at][n.Duration] += n.Calls
	}
	for i := range sums {
		sums[i].Median, sums[i].Slow = quantile(lengths[i], 50), quantile(lengths[i], 95)
	}
	return sums, nil
}

// quantile is the length that so many percent of calls stayed below.
func quantile(lengths []int64, percent int64) time.Duration {
	var all, seen int64
	for _, n := range lengths {
		all += n
	}
	if all == 0 {
		return 0
	}
	for i, n := range lengths {
		if seen += n; seen*100 >= all*percent {
			return time.Duration(bounds[min(i, len(bounds)-1)]) * time.Microsecond
		}
	}
	return 0
}

// LastOfAccounts answers when each of some integrated accounts was last called. One that never was is not in it.
func (l *Log) LastOfAccounts(ctx context.Context, environment string, ids []string) (map[string]time.Time, error) {
	return l.last(ctx, environment, false, ids)
}

// LastOfServers is LastOfAccounts for MCP servers.
func (l *Log) LastOfServers(ctx context.Context, environment string, ids []string) (map[string]time.Time, error) {
	return l.last(ctx, environment, true, ids)
}

func (l *Log) last(ctx context.Context, environment string, ofServers bool, ids []string) (map[string]time.Time, error) {
	if err := l.Flush(ctx); err != nil {
		return nil, err
	}
	found, err := l.store.LastCalls(ctx, environment, ofServers, ids)
	if err != nil {
		return nil, err
	}
	last := make(map[string]time.Time, len(found))
	for id, at := range found {
		last[id] = store.Time(at)
	}
	return last, nil
}
