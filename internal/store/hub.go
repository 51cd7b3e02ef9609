package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
)

// Topics of change. The key is the id of what changed, except where it says otherwise.
const (
	Accounts     = "account"
	Servers      = "mcp_server"
	APITokens    = "api_token"
	Users        = "user"
	Sessions     = "session"
	Fields       = "fields"      // key: the account's id
	Integrations = "integration" // key: environment/name
	OAuthTokens  = "oauth_token"
	OAuthGrants  = "oauth_grant"
	Keysets      = "keyset"
	Leases       = "lease" // key: its name
	Events       = "event" // of accounts; key: the environment's id
	Webhooks     = "webhook"
)

// Change is one piece of news: something of a topic was changed or removed.
type Change struct{ Topic, Key string }

func (c Change) encode() string { return c.Topic + " " + c.Key }

func decodeChange(s string) Change {
	topic, key, _ := strings.Cut(s, " ")
	return Change{topic, key}
}

const (
	changes = "sluice_changes" // the PostgreSQL channel
	notify  = "SELECT pg_notify($1, $2)"
)

// hub carries news of changes to those who cache: within the process on SQLite, by LISTEN and NOTIFY on PostgreSQL (listen.go).
type hub struct {
	log     *slog.Logger
	hearing atomic.Bool
	stop    context.CancelFunc // ends listening
	done    chan struct{}      // closed when it has ended

	mu   sync.RWMutex
	subs map[string]map[*func(string)]struct{}
}

func newHub(log *slog.Logger) *hub {
	h := &hub{log: log, subs: map[string]map[*func(string)]struct{}{}}
	h.hearing.Store(true)
	return h
}

func (h *hub) close() {
	if h.stop != nil {
		h.stop()
		<-h.done
	}
}

func (h *hub) deliver(c Change) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for f := range h.subs[c.Topic] {
		(*f)(c.Key)
	}
}

// forget tells every subscriber to drop all that it holds.
func (h *hub) forget() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, subs := range h.subs {
		for f := range subs {
			(*f)("")
		}
	}
}

// Publish announces a change to the subscribers of every node, this one's before it returns. A change that is made in the database at the same
// time is announced better by Tx.Publish, which cannot lose the news between the two.
func (s *Store) Publish(ctx context.Context, topic, key string) error {
	c := Change{topic, key}
	if s.dialect == PostgreSQL {
		if _, err := s.sql.ExecContext(ctx, notify, changes, c.encode()); err != nil {
			return fmt.Errorf("announce change: %w", err)
		}
	}
	s.hub.deliver(c)
	return nil
}

// Subscribe calls f for each change of a topic, wherever it was made, and sometimes twice; cancel ends that. An empty key means that news may have been
// missed: drop everything. f runs on the publisher's goroutine or the hub's, so it must be quick, must not wait, and must not subscribe or publish.
//
// What was read from the database before f was called for its key may be old. A cache therefore takes note of a counter that f
// advances, reads, and keeps what it read only if the counter has not moved.
func (s *Store) Subscribe(topic string, f func(key string)) (cancel func()) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs[topic] == nil {
		h.subs[topic] = map[*func(string)]struct{}{}
	}
	h.subs[topic][&f] = struct{}{}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs[topic], &f)
	}
}

// Hearing reports whether news from other nodes reaches this one. While it does not, a cache asks the database each time instead of answering from what
// may since have been revoked.
func (s *Store) Hearing() bool { return s.hub.hearing.Load() }
