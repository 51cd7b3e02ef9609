package account

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// entry is an account as it was read, with its sealed columns, and its credential once somebody needed it.
type entry struct {
	account *Account
	row     db.Account
	held    atomic.Pointer[held]
}

// held is an opened credential.
type held struct {
	credential *Credential
	def        *integration.Definition // that it was opened by
	way        *integration.Credentials
	expires    time.Time // zero: not known
	renew      time.Time // from when on it is renewed, before it expires
}

// token is the held token as an exchange yields it.
func (h *held) token() *token {
	t := &token{Access: h.credential.Token, Refresh: h.credential.refresh}
	if !h.expires.IsZero() {
		t.Expires = h.expires.UnixMilli()
	}
	return t
}

// cache keeps entries until the store tells of a change. It is dropped whole when it is full: what is in use is read again within milliseconds.
type cache struct {
	mu      sync.RWMutex
	entries map[string]*entry // by account id
	moved   uint64            // grows with each change: what was read before one is not kept
}

const maxEntries = 16384

func (c *cache) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved++
	if id == "" {
		clear(c.entries)
		return
	}
	delete(c.entries, id)
}

// entry answers an account from the cache or the database. Of another environment's account it knows nothing.
func (s *Service) entry(ctx context.Context, environment, id string) (*entry, error) {
	c := &s.cache
	c.mu.RLock()
	e := c.entries[id]
	moved := c.moved
	c.mu.RUnlock()
	if e != nil && s.store.Hearing() {
		if e.account.Environment != environment {
			return nil, fmt.Errorf("%w: %.80q", ErrNotFound, id)
		}
		return e, nil
	}
	e, err := s.read(ctx, environment, id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == moved {
		if known := c.entries[id]; known != nil && known.row.UpdatedAt == e.row.UpdatedAt && known.row.CredentialVersion == e.row.CredentialVersion {
			return known, nil // another caller was quicker; its credential is open already
		}
		if c.entries == nil || len(c.entries) >= maxEntries {
			c.entries = map[string]*entry{}
		}
		c.entries[id] = e
	}
	return e, nil
}

// read reads an account past the cache.
func (s *Service) read(ctx context.Context, environment, id string) (*entry, error) {
	row, err := s.store.GetAccount(ctx, db.GetAccountParams{Environment: environment, ID: id})
	if store.NotFound(err) {
		return nil, fmt.Errorf("%w: %.80q", ErrNotFound, id)
	}
	if err != nil {
		return nil, fmt.Errorf("read account %s: %w", id, err)
	}
	a, err := fromRow(&row)
	if err != nil {
		return nil, err
	}
	return &entry{account: a, row: row}, nil
}

func fromRow(row *db.Account) (*Account, error) {
	a := &Account{
		ID: row.ID, Environment: row.Environment, TenantID: row.TenantID, Name: row.Name, Integration: row.Integration, Status: Status(row.Status),
		LastError: row.LastError, CreatedAt: store.Time(row.CreatedAt), UpdatedAt: store.Time(row.UpdatedAt),
	}
	if err := json.Unmarshal([]byte(row.Context), &a.Context); err != nil {
		return nil, fmt.Errorf("read the context of account %s: %w", row.ID, err)
	}
	var err error
	a.Settings, err = readSettings(row.ID, row.Settings)
	return a, err
}

// What a sealed column is bound to: its account, and which of the two it is.
func boundCredentials(id string) []byte { return []byte(id + "/credentials") }
func boundToken(id string) []byte       { return []byte(id + "/token") }

// open opens an entry's credential.
func (s *Service) open(e *entry, def *integration.Definition) (*held, error) {
	before := e.held.Load()
	if before != nil && before.def == def {
		return before, nil
	}
	fields, err := s.openFields(&e.row)
	if err != nil {
		return nil, err
	}
	var t token
	if len(e.row.Token) > 0 {
		plain, err := s.sealer.Open(e.row.Token, boundToken(e.row.ID))
		if err != nil {
			return nil, fmt.Errorf("open the token of account %s: %w", e.row.ID, err)
		}
		if err := json.Unmarshal(plain, &t); err != nil {
			return nil, fmt.Errorf("read the token of account %s: %w", e.row.ID, err)
		}
	}
	h, err := s.hold(def, fields, e.account.Context, &t, e.row.CredentialVersion)
	if err != nil {
		return nil, fmt.Errorf("prepare the credential of account %s: %w", e.row.ID, err)
	}
	e.held.CompareAndSwap(before, h) // or another caller opened it in the meantime: both are the same
	return h, nil
}

func (s *Service) openFields(row *db.Account) (map[string]string, error) {
	fields := map[string]string{}
	if len(row.Credentials) == 0 {
		return fields, nil
	}
	plain, err := s.sealer.Open(row.Credentials, boundCredentials(row.ID))
	if err != nil {
		return nil, fmt.Errorf("open the credentials of account %s: %w", row.ID, err)
	}
	if err := json.Unmarshal(plain, &fields); err != nil {
		return nil, fmt.Errorf("read the credentials of account %s: %w", row.ID, err)
	}
	return fields, nil
}

// hold makes a credential of what was entered and what came of it.
func (s *Service) hold(def *integration.Definition, fields, context map[string]string, t *token, version int64) (*held, error) {
	way := wayOf(&def.Credentials, fields)
	access := t.Access
	if way.Format == formatStatic && way.Token != "" {
		v := Values{Definition: def, Context: context, Credential: &Credential{Fields: fields}}
		var err error
		if access, err = s.templates.Expand(way.Token, &v); err != nil {
			return nil, err
		}
	}
	h := &held{def: def, credential: newCredential(way, fields, access, t.Refresh, version), way: way}
	h.credential.hideBasic(&s.templates, &Values{Definition: def, Context: context, Credential: h.credential})
	if t.Expires > 0 {
		h.expires = time.UnixMilli(t.Expires)
		h.renew = h.expires.Add(-margin(time.Duration(t.Expires-t.Issued) * time.Millisecond))
	}
	return h, nil
}

// margin is how long before its end a token is renewed: a tenth of its life, and a minute at most.
func margin(life time.Duration) time.Duration { return min(life/10, time.Minute) }

func (s *Service) sealFields(id string, fields map[string]string) ([]byte, error) {
	plain, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	sealed, err := s.sealer.Seal(plain, boundCredentials(id))
	if err != nil {
		return nil, fmt.Errorf("seal the credentials of account %s: %w", id, err)
	}
	return sealed, nil
}

func (s *Service) sealToken(id string, t *token) ([]byte, int64, error) {
	if t == nil || t.Access == "" && t.Refresh == "" {
		return nil, 0, nil
	}
	plain, err := json.Marshal(t)
	if err != nil {
		return nil, 0, err
	}
	sealed, err := s.sealer.Seal(plain, boundToken(id))
	if err != nil {
		return nil, 0, fmt.Errorf("seal the token of account %s: %w", id, err)
	}
	return sealed, t.Expires, nil
}
