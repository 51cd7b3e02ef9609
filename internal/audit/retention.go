package audit

import (
	"context"
	"time"

	"sluice/internal/store"
)

// Old calls are dropped seldom, since nobody waits for it, and few at once, so that the intent of a write never waits long behind them.
const (
	dropEvery  = time.Hour
	dropAtOnce = 500
)

// Retain drops calls that began longer ago than keep, now and every hour, until Close. It is called once. Any number of nodes may do so on one database.
func (l *Log) Retain(keep time.Duration) {
	l.retention = store.StartSweep(dropEvery, func(ctx context.Context) {
		switch n, err := l.Drop(ctx, time.Now().Add(-keep)); {
		case ctx.Err() != nil:
		case err != nil:
			l.log.Warn("old calls could not be dropped from the log; the next try is in an hour", "error", err)
		case n > 0:
			l.log.Info("dropped old calls from the log", "calls", n, "kept_for", keep)
		}
	})
}

// Drop removes the calls that began before a time, of all environments, and reports how many there were.
func (l *Log) Drop(ctx context.Context, before time.Time) (int64, error) {
	below := store.FirstID(idPrefix, before)
	for dropped := int64(0); ; {
		n, err := l.store.DropCalls(ctx, below, dropAtOnce)
		dropped += n
		if err != nil || n < dropAtOnce {
			return dropped, err
		}
	}
}
