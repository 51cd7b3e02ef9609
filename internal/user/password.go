package user

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"sluice/internal/store"
)

// cost is what one guess costs: OWASP's first choice of parameters for argon2id, some 30 ms.
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

var costNow = cost{memory: 19 << 10, time: 2, threads: 1}

const (
	saltBytes = 16
	hashBytes = 32

	minPassword = 12   // characters; NIST SP 800-63B asks for length and for nothing else
	maxPassword = 1024 // bytes, so that hashing is bounded
)

// maxHashing is how many passwords are hashed at once: each takes a core and 19 MiB, and more at once would only be slower together.
func maxHashing() int { return max(1, runtime.GOMAXPROCS(0)) }

// checkPassword refuses what is too short to withstand guessing, and nothing else.
func checkPassword(password, email string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return &InvalidError{"password", fmt.Sprintf("must have at least %d characters; a few words in a row are good", minPassword)}
	case len(password) > maxPassword:
		return &InvalidError{"password", fmt.Sprintf("is longer than %d bytes: shorten it", maxPassword)}
	case store.CheckText(password) != nil:
		return &InvalidError{"password", "holds a character that cannot be typed everywhere: choose another"}
	case foldEmail(password) == email:
		return &InvalidError{"password", "is the email address: choose another"}
	}
	return nil
}

// hash makes what is kept of a password: the parameters, a salt and the hash, in the usual text form.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: crypto/rand ends the process instead
	sum, err := s.argon2id(ctx, password, salt, costNow)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, costNow.memory, costNow.time, costNow.threads, b64(salt), b64(sum)), nil
}

// argon2id hashes a password once there is room. Its characters are composed first (Unicode NFC): which keyboard a letter came from makes no difference.
func (s *Service) argon2id(ctx context.Context, password string, salt []byte, c cost) ([]byte, error) {
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.time, c.memory, c.threads, hashBytes), nil
}

// matches reports whether a password is the one that kept was made of. kept may be "", for somebody who has none or who is not there: that takes as long as a
// wrong password does, so that time tells nobody who has an account.
func (s *Service) matches(ctx context.Context, password, kept string) (bool, error) {
	c, salt, want, err := parseHash(kept)
	if kept == "" || err != nil {
		c, salt, want = costNow, make([]byte, saltBytes), nil
	}
	if len(password) > maxPassword {
		password = password[:maxPassword] // it was never accepted, and is not worth more work
		want = nil
	}
	sum, hashErr := s.argon2id(ctx, password, salt, c)
	if hashErr != nil {
		return false, hashErr
	}
	if kept != "" && err != nil {
		return false, err
	}
	return want != nil && subtle.ConstantTimeCompare(sum, want) == 1, nil
}

func parseHash(kept string) (c cost, salt, sum []byte, err error) {
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, fmt.Errorf("a password is kept in a form that is not known")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return c, nil, nil, fmt.Errorf("a password is kept in a form that is not known: %w", err)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, fmt.Errorf("a password's salt cannot be read: %w", err)
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(sum) != hashBytes {
		return c, nil, nil, fmt.Errorf("a password's hash cannot be read")
	}
	return c, salt, sum, nil
}

// outdated reports whether a hash was made at another cost than one made now.
func outdated(kept string) bool {
	c, _, _, err := parseHash(kept)
	return err == nil && c != costNow
}
