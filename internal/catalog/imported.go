package catalog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// importer begins the created_by of a version that is what an import made, whole and untouched. What was changed by hand is in versions after it, so that the
// next import can tell the two apart.
const importer = "import by "

// Imported is an integration of the environment's own as far as imports are concerned.
type Imported struct {
	Version int64                   // the newest; 0: there is none
	Mine    *integration.Definition // the newest; nil: there is none
	Before  *integration.Definition // what the last import made; nil: there was none
}

// Imported reads what the next import of that name is put over.
func (c *Catalog) Imported(ctx context.Context, environment, name string) (*Imported, error) {
	row, err := c.store.GetIntegration(ctx, db.GetIntegrationParams{Environment: environment, Name: name})
	if store.NotFound(err) {
		return &Imported{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read integration %s: %w", name, err)
	}
	newest, err := c.entry(row)
	if err != nil {
		return nil, err
	}
	found := &Imported{Version: row.Version, Mine: newest.Definition}
	versions, err := c.store.ListIntegrationVersions(ctx, db.ListIntegrationVersionsParams{Environment: environment, Name: name})
	if err != nil {
		return nil, fmt.Errorf("read the versions of integration %s: %w", name, err)
	}
	for _, v := range versions {
		if !strings.HasPrefix(v.CreatedBy, importer) {
			continue
		}
		row, err := c.store.GetIntegrationVersion(ctx, db.GetIntegrationVersionParams{Environment: environment, Name: name, Version: v.Version})
		if err != nil {
			return nil, fmt.Errorf("read version %d of integration %s: %w", v.Version, name, err)
		}
		before, err := c.entry(row)
		if err != nil {
			return nil, err
		}
		found.Before = before.Definition
		break
	}
	return found, nil
}

// PutImported stores what an import made over what was read before, and the definition that counts, where hands made another of it. Both land together, and
// not at all where the integration changed meanwhile. An import that changes nothing stores nothing.
func (c *Catalog) PutImported(ctx context.Context, environment, by string, over *Imported, imported, d *integration.Definition) (*Entry, error) {
	stored := &Entry{Definition: d, Stored: true, Version: over.Version, UpdatedAt: time.Now()}
	if over.Mine != nil && over.Before != nil && over.Mine.Digest == d.Digest && over.Before.Digest == imported.Digest {
		return stored, nil
	}
	if err := c.checkDefinition(ctx, environment, d); err != nil {
		return nil, err
	}
	err := c.store.Tx(ctx, func(tx *store.Tx) error {
		row, err := tx.GetIntegration(ctx, db.GetIntegrationParams{Environment: environment, Name: d.Name})
		if err != nil && !store.NotFound(err) {
			return err
		}
		if row.Version != over.Version {
			return ErrMoved
		}
		insert := func(by string, d *integration.Definition) error {
			stored.Version++
			return tx.InsertIntegration(ctx, db.InsertIntegrationParams{
				Environment: environment, Name: d.Name, Version: stored.Version, Digest: d.Digest, Document: d.JSON(), CreatedBy: by, CreatedAt: store.Millis(stored.UpdatedAt),
			})
		}
		tx.Publish(store.Integrations, environment+"/"+d.Name)
		if err := insert(importer+by, imported); err != nil || d.Digest == imported.Digest {
			return err
		}
		return insert(by, d)
	})
	if store.Conflict(err) || err == ErrMoved {
		return nil, fmt.Errorf("store integration %s: %w", d.Name, ErrMoved)
	}
	if err != nil {
		return nil, fmt.Errorf("store integration %s: %w", d.Name, err)
	}
	return stored, nil
}
