//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

// lockFile holds path, a file beside the database, until the returned file is closed or the process ends, however it does. It answers false where another process
// holds it. A file system that knows no locks is taken at the operator's word.
func lockFile(path string) (*os.File, bool, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return f, false, nil
	}
	return f, true, nil
}
