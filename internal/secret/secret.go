// Package secret keeps what must not be read: it seals credentials, makes and hashes tokens, and makes cursors that nobody can forge. All keys come from one
// keyset, which lies in the database wrapped by a master key that does not, and which every node shares: what one seals, another opens.
//
// It imports none of ours. The keyset is loaded through Storage and stays in memory; Rotate adds new keys to it, after which the old ones only open.
package secret

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Storage keeps the wrapped keyset: one blob with a version that grows.
type Storage interface {
	// LoadKeyset returns nil and 0 if there is none yet.
	LoadKeyset(ctx context.Context) (wrapped []byte, version int64, err error)
	// SaveKeyset replaces the keyset of that version, or reports false if it has another by now.
	SaveKeyset(ctx context.Context, wrapped []byte, version int64) (saved bool, err error)
}

// Keys seals, opens, hashes and authenticates. It is safe for concurrent use.
type Keys struct {
	storage Storage
	master  MasterKey
	ring    atomic.Pointer[keyring]
	stale   atomic.Bool

	reloading sync.Mutex
	reloaded  time.Time // under reloading: when the last reload began
}

// errMaster is what unwrapping with another master key than the one that wrapped ends in.
var errMaster = errors.New("the master key does not open this database's keyset: give the one that it was first started with, or that its keys were last rewrapped by")

// Load reads the keyset, or makes one on first start.
func Load(ctx context.Context, storage Storage, source Source) (*Keys, error) {
	k := &Keys{storage: storage}
	for {
		wrapped, version, err := storage.LoadKeyset(ctx)
		if err != nil {
			return nil, fmt.Errorf("load the keyset: %w", err)
		}
		if k.master, err = source(version == 0); err != nil {
			return nil, err
		}
		if version > 0 {
			ring, err := unwrap(wrapped, k.master)
			if err != nil {
				return nil, err
			}
			k.ring.Store(ring)
			return k, nil
		}
		first, err := newKeyring()
		if err != nil {
			return nil, fmt.Errorf("make a keyset: %w", err)
		}
		if wrapped, err = first.wrap(k.master); err != nil {
			return nil, fmt.Errorf("wrap the keyset: %w", err)
		}
		if _, err := storage.SaveKeyset(ctx, wrapped, 0); err != nil {
			return nil, fmt.Errorf("save the keyset: %w", err)
		}
		// Read again, also when it was saved: what was stored is what must open, and another node may have been first.
	}
}

// Rotate adds a new key of each kind, which is used from now on; what older keys sealed and hashed stays good. Every node has to hear of it: Changed.
func (k *Keys) Rotate(ctx context.Context) error {
	return k.replace(ctx, k.master, (*keyring).rotated)
}

// Rewrap wraps the keyset by another master key. Nodes that run keep working, and need the new key when they start the next time.
func (k *Keys) Rewrap(ctx context.Context, source Source) error {
	master, err := source(false)
	if err != nil {
		return err
	}
	return k.replace(ctx, master, func(r *keyring) (*keyring, error) { return r, nil })
}

func (k *Keys) replace(ctx context.Context, master MasterKey, change func(*keyring) (*keyring, error)) error {
	for {
		wrapped, version, err := k.storage.LoadKeyset(ctx)
		if err != nil {
			return fmt.Errorf("load the keyset: %w", err)
		}
		old, err := unwrap(wrapped, k.master)
		if err != nil {
			return err
		}
		ring, err := change(old)
		if err != nil {
			return fmt.Errorf("make new keys: %w", err)
		}
		if wrapped, err = ring.wrap(master); err != nil {
			return fmt.Errorf("wrap the keyset: %w", err)
		}
		saved, err := k.storage.SaveKeyset(ctx, wrapped, version)
		if err != nil {
			return fmt.Errorf("save the keyset: %w", err)
		}
		if saved {
			k.ring.Store(ring)
			return nil
		}
	}
}

// Changed says that another node changed the keyset, or may have: it is read again before the next use. It does not wait.
func (k *Keys) Changed() { k.stale.Store(true) }

// current is the keyring to use. A keyset that cannot be read again now is better than none.
func (k *Keys) current() *keyring {
	if k.stale.Load() {
		k.reload(50 * time.Millisecond)
	}
	return k.ring.Load()
}

// reload reads the keyset again, unless that was last done within the interval.
func (k *Keys) reload(interval time.Duration) {
	k.reloading.Lock()
	defer k.reloading.Unlock()
	if time.Since(k.reloaded) < interval {
		return
	}
	k.reloaded = time.Now()
	k.stale.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	wrapped, version, err := k.storage.LoadKeyset(ctx)
	if err != nil || version == 0 {
		k.stale.Store(true)
		return
	}
	if ring, err := unwrap(wrapped, k.master); err == nil { // else it was wrapped anew by a master key that this node gets at its next start
		k.ring.Store(ring)
	}
}
