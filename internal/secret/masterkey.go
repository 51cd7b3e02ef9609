package secret

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// MasterKey wraps the keyset. It is the one secret that is not in the database.
type MasterKey struct{ bytes [32]byte }

// String keeps a key that is printed by mistake out of what is printed.
func (MasterKey) String() string { return "[master key]" }

// GoString does the same for %#v.
func (MasterKey) GoString() string { return "[master key]" }

// Source yields the master key. first says that there is no keyset yet, so that a key may be made; otherwise only the key that wrapped
// the keyset will do.
type Source func(first bool) (MasterKey, error)

// Given is a master key from a setting: 32 random bytes, in base64 or hexadecimal.
func Given(text string) Source {
	return func(bool) (MasterKey, error) { return parse(text) }
}

// File is a master key in a file that only its owner can read, which is made on first start.
func File(path string) Source {
	return func(first bool) (MasterKey, error) {
		key, err := readFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return key, err
		}
		if !first {
			return MasterKey{}, fmt.Errorf("the master key file %s is missing, and the database holds secrets that only this key opens: put the file back, or give the key as a setting", path)
		}
		if err := createFile(path); err != nil {
			return MasterKey{}, fmt.Errorf("make the master key file: %w", err)
		}
		return readFile(path)
	}
}

var errMasterKey = errors.New("the master key must be 32 random bytes in base64 or hexadecimal: make one with openssl rand -base64 32")

func parse(text string) (key MasterKey, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return key, errors.New("no master key is given: make one with openssl rand -base64 32, and give the same to every node")
	}
	var b []byte
	if len(text) == hex.EncodedLen(len(key.bytes)) {
		b, err = hex.DecodeString(text)
	} else {
		text = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
		b, err = base64.RawStdEncoding.DecodeString(text)
	}
	if err != nil || copy(key.bytes[:], b) != len(key.bytes) || len(b) != len(key.bytes) {
		return MasterKey{}, errMasterKey // not err, which quotes the text
	}
	return key, nil
}

func readFile(path string) (MasterKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return MasterKey{}, fmt.Errorf("read the master key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return MasterKey{}, fmt.Errorf("read the master key: %w", err)
	}
	if loose := info.Mode().Perm() & 0o077; loose != 0 && runtime.GOOS != "windows" { // whose permissions are not these
		return MasterKey{}, fmt.Errorf("the master key file %s can be read by others than its owner (mode %04o): run chmod 600 on it, and think about who may have read it", path, info.Mode().Perm())
	}
	text := make([]byte, 256)
	n, err := f.Read(text)
	if err != nil {
		return MasterKey{}, fmt.Errorf("read the master key file %s: %w", path, err)
	}
	key, err := parse(string(text[:n]))
	if err != nil {
		return key, fmt.Errorf("master key file %s: %w", path, err)
	}
	return key, nil
}

// createFile writes a new key beside path and then gives it its name, which fails where another process was first: the file is never seen half-written,
// and whoever comes second uses the first one's.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".master-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var key MasterKey
	rand.Read(key.bytes[:]) // never fails: crypto/rand ends the process instead
	if _, err := f.WriteString(base64.StdEncoding.EncodeToString(key.bytes[:]) + "\n"); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		dir.Sync() // as far as the system can: a power cut must not leave the keyset and take its master key
		dir.Close()
	}
	return nil
}
