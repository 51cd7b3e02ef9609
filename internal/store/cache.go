package store

import (
	"context"
	"sync"
)

// Cache keeps rows that were read by a key of their own, such as a token's hash, until the store tells that they changed. It holds at most a fixed
// number, whatever is in the database, and answers from memory only while news of changes can reach this node.
type Cache[K comparable, V any] struct {
	store  *Store
	max    int
	id     func(V) string
	cancel func()

	mu    sync.RWMutex
	byKey map[K]V
	keys  map[string]K // by id
	moved uint64       // grows with each change: what was read before one is not kept
}

// NewCache makes a cache of at most max values whose changes are told under topic. id is what a value is called there.
func NewCache[K comparable, V any](s *Store, topic string, max int, id func(V) string) *Cache[K, V] {
	c := &Cache[K, V]{store: s, max: max, id: id, byKey: map[K]V{}, keys: map[string]K{}}
	c.cancel = s.Subscribe(topic, c.drop)
	return c
}

// Close ends listening for changes.
func (c *Cache[K, V]) Close() { c.cancel() }

// Get returns the value kept under key, or loads it. What load fails to find is asked again each time: a token that is made in the next moment must work.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	c.mu.RLock()
	v, ok := c.byKey[key]
	moved := c.moved
	c.mu.RUnlock()
	if ok && c.store.Hearing() {
		return v, nil
	}
	v, err := load(ctx)
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved != moved || !c.store.Hearing() {
		return v, nil
	}
	if known, ok := c.byKey[key]; ok {
		return known, nil // another caller was first: everybody gets the same value until it changes
	}
	id := c.id(v)
	if old, ok := c.keys[id]; ok {
		delete(c.byKey, old) // the same row under a key of before
	}
	for old, oldest := range c.byKey { // any one: the map's order is random
		if len(c.byKey) < c.max {
			break
		}
		delete(c.byKey, old)
		delete(c.keys, c.id(oldest))
	}
	c.byKey[key], c.keys[id] = v, key
	return v, nil
}

func (c *Cache[K, V]) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved++
	if id == "" {
		clear(c.byKey)
		clear(c.keys)
		return
	}
	if key, ok := c.keys[id]; ok {
		delete(c.byKey, key)
		delete(c.keys, id)
	}
}
