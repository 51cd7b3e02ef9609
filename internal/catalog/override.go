package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Override is what of an integration is different for all accounts of an environment, or for one.
type Override struct {
	Account   string // "": for all
	Version   int64  // from 1; 0: there is none
	Document  []byte // as it was given; nil: there is none
	CreatedBy string
	UpdatedAt time.Time
}

// OverrideError says why a definition and an override make none together.
type OverrideError struct {
	Integration string
	Account     string // whose override it is; "": the environment's
	Err         error  // integration.Faults
}

func (e *OverrideError) Error() string {
	whose := "the environment's override"
	if e.Account != "" {
		whose = "the override of account " + e.Account
	}
	return fmt.Sprintf("%s does not go with the integration %s: %v", whose, e.Integration, e.Err)
}

func (e *OverrideError) Unwrap() error { return e.Err }

// followed is what the accounts of an integration follow in one environment.
type followed struct {
	base     *integration.Definition // without overrides
	own      *integration.Definition // with the environment's
	err      error                   // that the environment's override does not go with the base
	accounts map[string]*ofAccount   // those that have an override
}

// ofAccount is one account's definition, made when it is first asked for.
type ofAccount struct {
	document []byte
	once     sync.Once
	def      *integration.Definition
	err      error
}

func (f *followed) of(name, account string) (*integration.Definition, error) {
	if f.err != nil {
		return nil, f.err
	}
	one := f.accounts[account]
	if one == nil {
		return f.own, nil
	}
	one.once.Do(func() { one.def, one.err = overridden(f.own, one.document, account) })
	return one.def, one.err
}

// overridden puts an override over a definition; a document of nothing is none.
func overridden(d *integration.Definition, document []byte, account string) (*integration.Definition, error) {
	if len(document) == 0 {
		return d, nil
	}
	merged, err := d.Override(document)
	if err != nil {
		return nil, &OverrideError{Integration: d.Name, Account: account, Err: err}
	}
	return merged, nil
}

// follow puts the overrides that are stored over a definition.
func (c *Catalog) follow(ctx context.Context, environment string, base *integration.Definition) (*followed, error) {
	rows, err := c.store.ListOverridesOf(ctx, db.ListOverridesOfParams{Environment: environment, Integration: base.Name})
	if err != nil {
		return nil, fmt.Errorf("read the overrides of integration %s: %w", base.Name, err)
	}
	f := &followed{base: base, own: base}
	for _, row := range rows {
		switch {
		case len(row.Document) == 0:
		case row.AccountID == "":
			f.own, f.err = overridden(base, row.Document, "")
		default:
			if f.accounts == nil {
				f.accounts = map[string]*ofAccount{}
			}
			f.accounts[row.AccountID] = &ofAccount{document: row.Document}
		}
	}
	return f, nil
}

// GetOverride reads an override; Version is 0 where there was never one.
func (c *Catalog) GetOverride(ctx context.Context, environment, name, account string) (*Override, error) {
	row, err := c.store.GetOverride(ctx, db.GetOverrideParams{Environment: environment, Integration: name, AccountID: account})
	if store.NotFound(err) {
		return &Override{Account: account}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the override of integration %s: %w", name, err)
	}
	o := &Override{Account: account, Version: row.Version, CreatedBy: row.CreatedBy, UpdatedAt: store.Time(row.CreatedAt)}
	if len(row.Document) > 0 {
		o.Document = row.Document
	}
	return o, nil
}

// ReadOverride reads an override as somebody wrote it, JSON or YAML, and returns it as JSON for PutOverride. What is wrong with it, by its own lines, is
// integration.Faults.
func (c *Catalog) ReadOverride(ctx context.Context, environment, name, account string, document []byte) ([]byte, error) {
	e, err := c.Get(ctx, environment, name)
	if err != nil {
		return nil, err
	}
	over := e.Definition
	if account != "" {
		if over, err = c.Find(ctx, environment, name); err != nil {
			return nil, err
		}
	}
	if _, err := over.Override(document); err != nil {
		return nil, err
	}
	read, faults := integration.ReadValue("override", document, integration.Limits{Bytes: mostOverride, Values: 100_000, Depth: 100})
	if len(faults.Fatal()) > 0 {
		return nil, faults
	}
	return read.JSON(), nil
}

// mostOverride is how large an override may be.
const mostOverride = 4 << 20

// PutOverride makes an override the one that counts: for one account, or with account "" for all of the environment. An empty document takes it away. It lands
// whole, or is refused: by a *OverrideError where it makes no definition, there or for an account with an override of its own, and by a *InUseError where a
// server would be left without what it is for.
func (c *Catalog) PutOverride(ctx context.Context, environment, by, name, account string, document []byte) (*Override, error) {
	e, err := c.Get(ctx, environment, name)
	if err != nil {
		return nil, err
	}
	before, err := c.follow(ctx, environment, e.Definition)
	if err != nil {
		return nil, err
	}
	after := before.with(account, document)
	if err := c.checkChange(ctx, environment, name, before, after); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(document)
	o := &Override{Account: account, Document: document, CreatedBy: by, UpdatedAt: time.Now()}
	err = c.store.Tx(ctx, func(tx *store.Tx) error {
		row, err := tx.GetOverride(ctx, db.GetOverrideParams{Environment: environment, Integration: name, AccountID: account})
		if err != nil && !store.NotFound(err) {
			return err
		}
		o.Version = row.Version + 1
		if row.Version > 0 && row.Digest == hex.EncodeToString(sum[:]) || row.Version == 0 && len(document) == 0 {
			o.Version = row.Version // nothing changes
			return nil
		}
		tx.Publish(store.Integrations, environment+"/"+name)
		return tx.InsertOverride(ctx, db.InsertOverrideParams{
			Environment: environment, Integration: name, AccountID: account, Version: o.Version, Digest: hex.EncodeToString(sum[:]),
			Document: document, CreatedBy: by, CreatedAt: store.Millis(o.UpdatedAt),
		})
	})
	if store.Conflict(err) {
		err = ErrMoved
	}
	if err != nil {
		return nil, fmt.Errorf("store the override of integration %s: %w", name, err)
	}
	return o, nil
}

// with is what would be followed if one override were another.
func (f *followed) with(account string, document []byte) *followed {
	after := &followed{base: f.base, own: f.own, err: f.err, accounts: map[string]*ofAccount{}}
	for id, one := range f.accounts {
		after.accounts[id] = &ofAccount{document: one.document}
	}
	switch {
	case account == "":
		after.own, after.err = overridden(f.base, document, "")
	case len(document) == 0:
		delete(after.accounts, account)
	default:
		after.accounts[account] = &ofAccount{document: document}
	}
	return after
}

// InUseError says which MCP server a change would leave without what it is for.
type InUseError struct {
	Server, Name string // the server's id, and what it is called
	Account      string
	Err          error
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("the MCP server %q (%s) would be left without what it is for: %v", e.Name, e.Server, e.Err)
}

func (e *InUseError) Unwrap() error { return e.Err }

// checkDefinition is checkChange for another definition.
func (c *Catalog) checkDefinition(ctx context.Context, environment string, d *integration.Definition) error {
	after, err := c.follow(ctx, environment, d)
	if err != nil {
		return err
	}
	before := after // of a name that is new, nothing is there to be left without tools
	e, err := c.Get(ctx, environment, d.Name)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return err
	case e.Definition.Digest == d.Digest:
		return nil
	default:
		if before, err = c.follow(ctx, environment, e.Definition); err != nil {
			return err
		}
	}
	return c.checkChange(ctx, environment, d.Name, before, after)
}

// checkTools refuses definitions that no tools can be made of, where they are not what they were.
func (c *Catalog) checkTools(name string, before, after *followed) error {
	was := map[string]bool{}
	if before.err == nil {
		was[before.own.Digest] = true
	}
	for id := range before.accounts {
		if d, err := before.of(name, id); err == nil {
			was[d.Digest] = true
		}
	}
	check := func(d *integration.Definition, account string) error {
		if was[d.Digest] {
			return nil
		}
		if err := c.check(d, ""); err != nil {
			return &OverrideError{Integration: name, Account: account, Err: err}
		}
		return nil
	}
	if err := check(after.own, ""); err != nil {
		return err
	}
	for id := range after.accounts {
		if d, err := after.of(name, id); err == nil {
			if err := check(d, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep takes over what was made before of the same parts, so that whoever compares pointers sees no change where there is none.
func (f *followed) keep(before *followed) {
	if f.err != nil || before.err != nil || f.own.Digest != before.own.Digest {
		return
	}
	f.own = before.own
	for id, one := range before.accounts {
		if now := f.accounts[id]; now != nil && string(now.document) == string(one.document) {
			f.accounts[id] = one
		}
	}
}

// checkChange refuses a change by which an override no longer makes a definition, or by which a server that has tools now would have none.
func (c *Catalog) checkChange(ctx context.Context, environment, name string, before, after *followed) error {
	if after.err != nil {
		return after.err
	}
	for id, one := range after.accounts {
		if _, err := after.of(name, id); err != nil {
			if was := before.accounts[id]; was != nil && string(was.document) == string(one.document) {
				if _, broken := before.of(name, id); broken != nil {
					continue // it was before
				}
			}
			return err
		}
	}
	if c.check == nil {
		return nil
	}
	if err := c.checkTools(name, before, after); err != nil {
		return err
	}
	type question struct {
		def    *integration.Definition
		config string
	}
	asked := map[question]bool{}
	const page = 500
	for afterID := ""; ; {
		rows, err := c.store.ListServersOfIntegration(ctx, db.ListServersOfIntegrationParams{Environment: environment, Integration: name, After: afterID, Lim: page})
		if err != nil {
			return fmt.Errorf("read the MCP servers of integration %s: %w", name, err)
		}
		for _, row := range rows {
			afterID = row.ID
			def, err := after.of(name, row.AccountID)
			if err != nil || asked[question{def, row.Config}] {
				continue
			}
			if len(asked) > maxFound {
				clear(asked)
			}
			asked[question{def, row.Config}] = true
			failed := c.check(def, row.Config)
			if failed == nil {
				continue
			}
			if was, err := before.of(name, row.AccountID); err != nil || c.check(was, row.Config) != nil {
				continue // it is no worse than before
			}
			return &InUseError{Server: row.ID, Name: row.Name, Account: row.AccountID, Err: failed}
		}
		if len(rows) < page {
			return nil
		}
	}
}
