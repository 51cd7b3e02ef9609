package audit

import (
	"sync"

	"sluice/internal/store/db"
)

// The queue is bounded by the number of outcomes that wait and by their arguments' bytes, whichever is first.
const (
	maxQueued      = 32768
	maxQueuedBytes = 64 << 20
)

// batch is the intents that one commit makes durable. Everybody who waits for it waits on the same channel.
type batch struct {
	rows []db.CallIntent
	done chan struct{} // closed when err is known
	err  error
}

// queue is what callers leave for the writer.
type queue struct {
	mu       sync.Mutex
	intents  *batch        // what the next commit takes; nil: nothing waits
	outcomes []db.Call     // in the order in which they came
	held     int           // outcomes that are queued or being written
	bytes    int           // of their arguments
	space    *sync.Cond    // told when held and bytes shrink
	closed   bool          // nothing enters any more
	wake     chan struct{} // holds a token when intents wait
	flushes  chan chan struct{}
}

func (q *queue) init() {
	q.space = sync.NewCond(&q.mu)
	q.wake = make(chan struct{}, 1)
	q.flushes = make(chan chan struct{})
}

func (q *queue) begin(row db.CallIntent) (*batch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrClosed
	}
	if q.intents == nil {
		q.intents = &batch{done: make(chan struct{})}
		select {
		case q.wake <- struct{}{}:
		default: // the token of a batch that was taken on the way to something else
		}
	}
	q.intents.rows = append(q.intents.rows, row)
	return q.intents, nil
}

// finish queues an outcome, waiting for room. It reports false if the queue is closed.
func (q *queue) finish(row db.Call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && q.held > 0 && (q.held >= maxQueued || q.bytes+len(row.Arguments) > maxQueuedBytes) {
		q.space.Wait()
	}
	if q.closed {
		return false
	}
	q.held++
	q.bytes += len(row.Arguments)
	q.outcomes = append(q.outcomes, row)
	return true
}

// takeIntents takes the batch that waits, nil if none does.
func (q *queue) takeIntents() *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.intents
	q.intents = nil
	return b
}

// waiting is the number of intents that wait.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.intents == nil {
		return 0
	}
	return len(q.intents.rows)
}

// takeOutcomes takes all outcomes that wait, and leaves spare for those to come.
func (q *queue) takeOutcomes(spare []db.Call) []db.Call {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.outcomes
	q.outcomes = spare[:0]
	return taken
}

// written makes room for as many outcomes as were written.
func (q *queue) written(rows []db.Call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held -= len(rows)
	for i := range rows {
		q.bytes -= len(rows[i].Arguments)
	}
	q.space.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.space.Broadcast()
}
