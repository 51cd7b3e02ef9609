package node

import (
	"slices"
	"strings"
	"sync"

	"sluice/internal/mcpserver"
	"sluice/internal/store"
)

// changes tells those who listen to an MCP server that its tools, or their right to them, may have changed, wherever the change was made.
type changes struct {
	cancels []func()

	mu       sync.Mutex
	watchers map[*watcher]struct{}
}

type watcher struct {
	server *mcpserver.Server
	rights []string // ids of what gives the right to it
	tell   func()
}

func newChanges(st *store.Store) *changes {
	c := &changes{watchers: map[*watcher]struct{}{}}
	for _, topic := range []string{store.Servers, store.Accounts, store.Fields, store.Integrations, store.APITokens, store.OAuthTokens, store.OAuthGrants, store.Users} {
		c.cancels = append(c.cancels, st.Subscribe(topic, func(key string) { c.changed(topic, key) }))
	}
	return c
}

func (c *changes) close() {
	for _, cancel := range c.cancels {
		cancel()
	}
}

// Watch implements mcp.Changes.
func (c *changes) Watch(server *mcpserver.Server, rights []string, changed func()) (stop func()) {
	w := &watcher{server, rights, changed}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchers[w] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, w)
	}
}

func (c *changes) changed(topic, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.watchers {
		if w.concerns(topic, key) {
			w.tell()
		}
	}
}

func (w *watcher) concerns(topic, key string) bool {
	switch {
	case key == "": // news may have been missed
		return true
	case topic == store.Servers:
		return key == w.server.ID
	case topic == store.Accounts, topic == store.Fields:
		return key == w.server.AccountID
	case topic == store.Integrations:
		return strings.HasPrefix(key, w.server.Environment+"/")
	}
	return slices.Contains(w.rights, key)
}
