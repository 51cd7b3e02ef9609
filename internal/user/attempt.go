package user

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sluice/internal/origin"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Guessing is made slow, and nobody is locked out by a stranger's guesses. Failures are counted for the account, for the address they come from and, in a
// browser in which the same user has signed in before, for that browser instead of the account (OWASP's device cookies): whoever keeps an account busy from
// elsewhere does not keep its user waiting there. The counts are in the database, so that all nodes agree.

// TooManyError says how long to wait.
type TooManyError struct{ Wait time.Duration }

func (e *TooManyError) Error() string {
	return fmt.Sprintf("there were too many attempts: wait %d seconds, then try again", e.Seconds())
}

// Seconds is the time to wait, rounded up.
func (e *TooManyError) Seconds() int { return int(math.Ceil(e.Wait.Seconds())) }

// limit is how failures of one kind slow down: so many are free, then the wait doubles from one second to the longest. They are forgotten after quiet.
type limit struct {
	free    int64
	longest time.Duration
	quiet   time.Duration
}

var (
	perAccount = limit{free: 5, longest: 5 * time.Minute, quiet: time.Hour}
	perDevice  = limit{free: 10, longest: time.Minute, quiet: time.Hour}
	perAddress = limit{free: 30, longest: time.Minute, quiet: time.Hour} // an office may share one
)

func (l limit) wait(failures int64) time.Duration {
	over := failures - l.free
	switch {
	case over < 0:
		return 0
	case over > 20:
		return l.longest
	}
	return min(time.Second<<over, l.longest)
}

// bucket is what failures are counted for.
type bucket struct {
	name string
	limit
}

// newBucket keeps what is counted for as a hash: whatever is entered as an address has the same length, and is in no table.
func newBucket(l limit, kind string, of ...string) bucket {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return bucket{kind + ":" + base64.RawURLEncoding.EncodeToString(sum[:]), l}
}

func addressBucket(from Origin) bucket {
	return newBucket(perAddress, "address", origin.Network(from.Address))
}

// buckets are those of an attempt on an account.
func (s *Service) buckets(email string, from Origin) []bucket {
	if device, mac, ok := strings.Cut(from.Device, "."); ok {
		if sum, err := base64.RawURLEncoding.DecodeString(mac); err == nil && s.Keys.CheckMAC("device", []byte(email+"\x00"+device), sum) {
			return []bucket{addressBucket(from), newBucket(perDevice, "device", email, device)}
		}
	}
	return []bucket{newBucket(perAccount, "account", email), addressBucket(from)}
}

// NewDevice makes the mark of a browser in which a user has signed in.
func (s *Service) NewDevice(u *User) (string, error) {
	device := secret.NewToken("")
	sum, err := s.Keys.MAC("device", []byte(u.Email+"\x00"+device))
	if err != nil {
		return "", err
	}
	return device + "." + base64.RawURLEncoding.EncodeToString(sum), nil
}

// attempt counts a failure in advance, so that a thousand at once are a thousand: take it back when it was none. It answers a TooManyError, and counts nothing,
// where one of the buckets says to wait.
func (s *Service) attempt(ctx context.Context, buckets []bucket) error {
	slices.SortFunc(buckets, func(a, b bucket) int { return strings.Compare(a.name, b.name) }) // or two attempts would wait for each other
	now := time.Now()
	return s.Store.Tx(ctx, func(tx *store.Tx) error {
		for _, b := range buckets {
			if err := tx.EnsureSignInAttempts(ctx, b.name); err != nil {
				return err
			}
			if err := tx.LockSignInAttempts(ctx, b.name); err != nil {
				return err
			}
			row, err := tx.GetSignInAttempts(ctx, b.name)
			if err != nil {
				return err
			}
			if wait := store.Time(row.BlockedUntil).Sub(now); row.BlockedUntil != 0 && wait > 0 {
				return &TooManyError{wait}
			}
			if row.ExpiresAt <= now.UnixMilli() {
				row.Failures = 0
			}
			row.Failures++
			row.BlockedUntil = 0
			if wait := b.wait(row.Failures); wait > 0 {
				row.BlockedUntil = now.Add(wait).UnixMilli()
			}
			err = tx.SetSignInAttempts(ctx, db.SetSignInAttemptsParams{
				Bucket: b.name, Failures: row.Failures, BlockedUntil: row.BlockedUntil, ExpiresAt: now.Add(b.quiet).UnixMilli(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// succeeded takes an attempt back. The account's failures are forgotten; those of the address are not, or one account of their own would let somebody guess
// at all others for ever.
func (s *Service) succeeded(ctx context.Context, buckets []bucket) error {
	return s.Store.Tx(ctx, func(tx *store.Tx) error {
		for _, b := range buckets {
			undo := tx.ForgetSignInAttempts
			if b.limit == perAddress {
				undo = tx.TakeBackSignInAttempt
			}
			if err := undo(ctx, b.name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Guess runs a check of something that may be guessed and is no account's, within the limits of the address it comes from.
func (s *Service) Guess(ctx context.Context, from Origin, right func() bool) (bool, error) {
	buckets := []bucket{addressBucket(from)}
	if err := s.attempt(ctx, buckets); err != nil {
		return false, err
	}
	if !right() {
		return false, nil
	}
	return true, s.succeeded(ctx, buckets)
}
