package audit

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// How the writer works was measured: one goroutine, since a second would only wait for the first at the database's one lock; intents first, always; and a
// moment before a commit in which more of them gather, since what a commit costs is the disk's answer and not the number of rows.
const (
	gathering  = 300 * time.Microsecond // at most
	quiet      = 4                      // turns of the scheduler in which nobody joined end it sooner
	every      = 100 * time.Millisecond // between writes of outcomes
	chunk      = 512                    // outcomes in one transaction, so that an intent never waits long behind them
	patience   = 15 * time.Second       // for the database to take one batch
	lastChance = 5 * time.Second        // for Close to write what is left, while the database refuses
)

// writer is the goroutine's own state.
type writer struct {
	*Log
	out      *store.CallWriter
	left     []db.Call // taken and not yet written: the database refused
	spare    []db.Call // an array to queue in again
	last     int       // intents of the last commit
	retryAt  time.Time
	retryIn  time.Duration
	refusing bool // a refusal was logged, and nothing was written since
}

func (l *Log) write() {
	defer close(l.ended)
	w := &writer{Log: l, out: l.store.CallWriter()}
	defer w.out.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.queue.wake:
			w.gather()
			w.writeIntents()
		case <-tick.C:
			w.writeOutcomes(false)
		case done := <-l.queue.flushes:
			w.writeOutcomes(true)
			close(done)
		case <-l.end:
			w.finish()
			return
		}
	}
}

// gather lets others join a commit where others are likely: a write that is alone goes at once. It yields instead of sleeping, because an idle
// process sleeps for a whole millisecond where it asks for a third of one, and because those who were waiting for the commit before, and will be
// here again, need the processor.
func (w *writer) gather() {
	n := w.waiting()
	if w.last <= 1 && n <= 1 {
		return
	}
	for start, still := time.Now(), 0; still < quiet && time.Since(start) < gathering; {
		runtime.Gosched()
		if now := w.waiting(); now != n {
			n, still = now, 0
		} else {
			still++
		}
	}
}

func (w *writer) writeIntents() {
	b := w.takeIntents()
	if b == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if b.err = w.out.Intents(ctx, b.rows); b.err != nil {
		w.log.Error("the database does not take the intents of writes; they are not sent", "writes", len(b.rows), "error", b.err)
	}
	w.last = len(b.rows)
	close(b.done)
}

// writeOutcomes writes what waits, intents in between. What the database refuses stays, to be tried again after a growing pause, or now.
func (w *writer) writeOutcomes(now bool) {
	if len(w.left) > 0 && !now && time.Now().Before(w.retryAt) {
		return
	}
	taken := w.takeOutcomes(w.spare)
	// The intents of these calls were queued before them, and are written before them: an outcome drops its intent.
	w.left = append(w.left, taken...)
	clear(taken) // its array is used again, and must not keep what is written
	w.spare = taken
	done := 0
	for done < len(w.left) {
		w.writeIntents()
		next := w.left[done:min(done+chunk, len(w.left))]
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := w.out.Outcomes(ctx, next)
		cancel()
		if err != nil {
			w.refused(err, len(w.left)-done)
			break
		}
		w.written(next)
		done += len(next)
		w.retryIn, w.refusing = 0, false
	}
	w.left = slices.Delete(w.left, 0, done)
}

func (w *writer) refused(err error, waiting int) {
	w.retryIn = min(max(2*w.retryIn, every), 5*time.Second)
	w.retryAt = time.Now().Add(w.retryIn)
	if !w.refusing {
		w.refusing = true
		w.log.Error("the database does not take the record of calls; it is kept in memory and tried again", "waiting", waiting, "error", err)
	}
}

// finish writes all that is left before the writer ends.
func (w *writer) finish() {
	limit := time.Now().Add(lastChance)
	for {
		w.writeIntents()
		w.writeOutcomes(true)
		if len(w.left) == 0 {
			return
		}
		if time.Now().After(limit) {
			w.log.Error("the outcomes of calls are lost: the database does not take them", "calls", len(w.left))
			return
		}
		time.Sleep(every)
	}
}

// Flush waits until what was finished before it is written, or was tried to be.
func (l *Log) Flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case l.queue.flushes <- done:
	case <-l.ended:
		return nil // all is written
	case <-ctx.Done():
		return fmt.Errorf("wait for the record of calls: %w", ctx.Err())
	}
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("wait for the record of calls: %w", ctx.Err())
	}
	return nil
}
