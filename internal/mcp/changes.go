package mcp

import (
	"sync"

	"sluice/internal/mcpserver"
)

// Watchers is the Changes of a process that hears of changes by id: connect its methods to whatever carries the news between nodes.
// The zero Watchers is ready.
type Watchers struct {
	mu       sync.Mutex
	all      map[*watcher]struct{}
	servers  map[string]map[*watcher]struct{}
	accounts map[string]map[*watcher]struct{}
}

type watcher struct{ changed chan struct{} }

func (w *watcher) tell() {
	select {
	case w.changed <- struct{}{}:
	default: // one signal waits already
	}
}

// Watch is Changes'.
func (ws *Watchers) Watch(server *mcpserver.Server) (changed <-chan struct{}, stop func()) {
	w := &watcher{changed: make(chan struct{}, 1)}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all, ws.servers, ws.accounts = map[*watcher]struct{}{}, map[string]map[*watcher]struct{}{}, map[string]map[*watcher]struct{}{}
	}
	ws.all[w] = struct{}{}
	enter(ws.servers, server.ID, w)
	enter(ws.accounts, server.AccountID, w)
	return w.changed, func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		delete(ws.all, w)
		leave(ws.servers, server.ID, w)
		leave(ws.accounts, server.AccountID, w)
	}
}

func enter(m map[string]map[*watcher]struct{}, id string, w *watcher) {
	if m[id] == nil {
		m[id] = map[*watcher]struct{}{}
	}
	m[id][w] = struct{}{}
}

func leave(m map[string]map[*watcher]struct{}, id string, w *watcher) {
	delete(m[id], w)
	if len(m[id]) == 0 {
		delete(m, id)
	}
}

// ServerChanged tells those who watch an MCP server that it was changed or removed; "" tells all, as after news may have been missed.
func (ws *Watchers) ServerChanged(id string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.tell(ws.servers, id)
}

// AccountChanged tells those who watch a server of the integrated account; "" tells all.
func (ws *Watchers) AccountChanged(id string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.tell(ws.accounts, id)
}

// AllChanged tells everybody: a definition was changed, and who follows it is found out by looking.
func (ws *Watchers) AllChanged(string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.tell(nil, "")
}

// tell expects mu to be held.
func (ws *Watchers) tell(among map[string]map[*watcher]struct{}, id string) {
	told := ws.all
	if id != "" {
		told = among[id]
	}
	for w := range told {
		w.tell()
	}
}
