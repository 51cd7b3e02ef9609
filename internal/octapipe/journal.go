package octapipe

import (
	"sync"
	"time"
)

// Request is one call that came in, for tests and people who ask what really reached the service.
type Request struct {
	Time   time.Time
	Method string
	Path   string // as it was sent, percent signs and all
	Query  string
	Body   []byte // JSON bodies, but for logins'; nil otherwise
	Status int    // of the answer
}

// journal remembers the last requests.
type journal struct {
	mu   sync.Mutex
	kept []Request
}

const journalLength = 2000

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.kept) >= 2*journalLength { // forget in halves: moving the slice once in a while is cheaper than at every call
		j.kept = append(j.kept[:0:0], j.kept[len(j.kept)-journalLength:]...)
	}
	j.kept = append(j.kept, r)
}

func (j *journal) all() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Request(nil), j.kept[max(0, len(j.kept)-journalLength):]...)
}

func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kept = nil
}
