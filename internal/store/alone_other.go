//go:build !unix

package store

import "os"

// lockFile holds nothing where there is no flock: the operator's word is taken.
func lockFile(string) (*os.File, bool, error) { return nil, true, nil }
