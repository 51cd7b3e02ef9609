// Package catalog finds integrations for an environment: its own stored ones, and those that come with the binary. A stored one hides a
// built-in of the same name. Stored definitions are immutable versions; the newest is the one that counts, on every node within a second.
//
// It imports store and integration.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// ErrNotFound says that an environment knows no integration of that name.
var ErrNotFound = errors.New("no such integration")

// ErrMoved says that somebody else was quicker.
var ErrMoved = errors.New("another change landed at the same moment; try again")

// Entry is one integration of an environment.
type Entry struct {
	Definition *integration.Definition
	Stored     bool  // the environment's own
	Version    int64 // of a stored one, from 1
	UpdatedAt  time.Time
}

// Catalog finds definitions. It is safe for concurrent use.
type Catalog struct {
	store   *store.Store
	builtin map[string]*integration.Definition
	forget  func()
	check   func(def *integration.Definition, config string) error

	mu    sync.RWMutex
	found map[place]*followed                // built-in ones too, so that each is looked up once
	read  map[string]*integration.Definition // stored ones, by digest: what was read and checked once is so for good
	moved uint64                             // grows with each change: what was read before one is not kept
}

// place is where a definition is looked for: an integration's name in an environment.
type place struct{ environment, name string }

// maxFound bounds the cache; it is dropped whole beyond.
const maxFound = 16384

// New returns a catalog over the built-in definitions. Close it to let go of the store's news.
func New(st *store.Store, builtin []*integration.Definition) *Catalog {
	c := &Catalog{store: st, builtin: map[string]*integration.Definition{}, found: map[place]*followed{}, read: map[string]*integration.Definition{}}
	for _, d := range builtin {
		c.builtin[d.Name] = d
	}
	c.forget = st.Subscribe(store.Integrations, c.drop)
	return c
}

// Check sets what a change of a definition must be good for: without a config, that tools can be made of it; with one, an MCP server's. Whatever the error says is
// why the change is refused. It is to be set before the first change.
func (c *Catalog) Check(check func(def *integration.Definition, config string) error) {
	c.check = check
}

// Close ends the subscription to the store's news.
func (c *Catalog) Close() { c.forget() }

func (c *Catalog) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved++
	if key == "" {
		clear(c.found)
		return
	}
	environment, name, _ := strings.Cut(key, "/")
	delete(c.found, place{environment, name})
}

// Find answers the definition that the environment's accounts of that name follow, its override put over it, the same pointer until it changes; or ErrNotFound.
func (c *Catalog) Find(ctx context.Context, environment, name string) (*integration.Definition, error) {
	return c.FindFor(ctx, environment, name, "")
}

// FindFor is Find for one account, which may have an override of its own.
func (c *Catalog) FindFor(ctx context.Context, environment, name, account string) (*integration.Definition, error) {
	key := place{environment, name}
	c.mu.RLock()
	f, ok := c.found[key]
	moved := c.moved
	c.mu.RUnlock()
	if ok && c.store.Hearing() {
		return f.of(name, account)
	}
	e, err := c.Get(ctx, environment, name)
	if err != nil {
		return nil, err
	}
	now, err := c.follow(ctx, environment, e.Definition)
	if err != nil {
		return nil, err
	}
	if ok {
		now.keep(f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == moved {
		if len(c.found) >= maxFound {
			clear(c.found)
		}
		c.found[key] = now
	}
	return now.of(name, account)
}

// Get reads one integration past the cache.
func (c *Catalog) Get(ctx context.Context, environment, name string) (*Entry, error) {
	row, err := c.store.GetIntegration(ctx, db.GetIntegrationParams{Environment: environment, Name: name})
	if store.NotFound(err) {
		if d, ok := c.builtin[name]; ok {
			return &Entry{Definition: d}, nil
		}
		return nil, c.unknown(ctx, environment, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read integration %s: %w", name, err)
	}
	return c.entry(row)
}

// unknown is ErrNotFound with the names that there are.
func (c *Catalog) unknown(ctx context.Context, environment, name string) error {
	entries, err := c.List(ctx, environment)
	if err != nil {
		return err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Definition.Name
	}
	return fmt.Errorf("%w: %.80q; there are %s", ErrNotFound, name, strings.Join(names, ", "))
}

// maxRead bounds what is kept of stored definitions.
const maxRead = 1024

func (c *Catalog) entry(row db.Integration) (*Entry, error) {
	e := &Entry{Stored: true, Version: row.Version, UpdatedAt: store.Time(row.CreatedAt)}
	c.mu.RLock()
	e.Definition = c.read[row.Digest]
	c.mu.RUnlock()
	if e.Definition != nil {
		return e, nil
	}
	d, err := integration.Parse(row.Document)
	if err != nil {
		return nil, fmt.Errorf("read version %d of integration %s: %w", row.Version, row.Name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.read) >= maxRead {
		clear(c.read)
	}
	c.read[row.Digest] = d
	e.Definition = d
	return e, nil
}

// List answers all integrations of an environment by name.
func (c *Catalog) List(ctx context.Context, environment string) ([]*Entry, error) {
	all := map[string]*Entry{}
	for name, d := range c.builtin {
		all[name] = &Entry{Definition: d}
	}
	const page = 100
	for after := ""; ; {
		rows, err := c.store.ListIntegrations(ctx, db.ListIntegrationsParams{Environment: environment, After: after, Lim: page})
		if err != nil {
			return nil, fmt.Errorf("list integrations: %w", err)
		}
		for _, row := range rows {
			e, err := c.entry(row)
			if err != nil {
				return nil, err
			}
			all[row.Name], after = e, row.Name
		}
		if len(rows) < page {
			break
		}
	}
	entries := make([]*Entry, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		entries = append(entries, all[name])
	}
	return entries, nil
}

// Put stores a checked definition as the environment's newest version of its name. One that equals the newest is not stored again. It is refused as PutOverride
// refuses: where an override would not go with it, or a server be left without tools.
func (c *Catalog) Put(ctx context.Context, environment, by string, d *integration.Definition) (*Entry, error) {
	if err := c.checkDefinition(ctx, environment, d); err != nil {
		return nil, err
	}
	var stored *Entry
	err := c.store.Tx(ctx, func(tx *store.Tx) error {
		version := int64(1)
		row, err := tx.GetIntegration(ctx, db.GetIntegrationParams{Environment: environment, Name: d.Name})
		switch {
		case store.NotFound(err):
		case err != nil:
			return err
		case row.Digest == d.Digest:
			stored, err = c.entry(row)
			return err
		default:
			version = row.Version + 1
		}
		now := time.Now()
		stored = &Entry{Definition: d, Stored: true, Version: version, UpdatedAt: now}
		tx.Publish(store.Integrations, environment+"/"+d.Name)
		return tx.InsertIntegration(ctx, db.InsertIntegrationParams{
			Environment: environment, Name: d.Name, Version: version, Digest: d.Digest, Document: d.JSON(),
			CreatedBy: by, CreatedAt: store.Millis(now),
		})
	})
	if store.Conflict(err) {
		return nil, fmt.Errorf("store integration %s: %w", d.Name, ErrMoved)
	}
	if err != nil {
		return nil, fmt.Errorf("store integration %s: %w", d.Name, err)
	}
	return stored, nil
}

// Version is one version of a stored definition.
type Version struct {
	Version   int64
	Digest    string
	CreatedBy string
	CreatedAt time.Time
}

// Versions answers the versions of an environment's own integration, the newest first; none where it has none of its own.
func (c *Catalog) Versions(ctx context.Context, environment, name string) ([]Version, error) {
	rows, err := c.store.ListIntegrationVersions(ctx, db.ListIntegrationVersionsParams{Environment: environment, Name: name})
	if err != nil {
		return nil, fmt.Errorf("read the versions of integration %s: %w", name, err)
	}
	versions := make([]Version, len(rows))
	for i, row := range rows {
		versions[i] = Version{row.Version, row.Digest, row.CreatedBy, store.Time(row.CreatedAt)}
	}
	return versions, nil
}
