package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// ErrOpen says that something sealed does not open: it was changed, belongs to something else, or was sealed by other keys.
var ErrOpen = errors.New("what was sealed does not open: it was changed, or belongs to something else")

// Seal encrypts plain and binds it to associatedData, such as the id of the row that it is kept in: moved to another row, it does not open.
func (k *Keys) Seal(plain, associatedData []byte) ([]byte, error) {
	sealed, err := k.current().seal.Encrypt(plain, associatedData)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open is the inverse of Seal. It returns ErrOpen if sealed was not sealed for the same associatedData by a key of this keyset.
func (k *Keys) Open(sealed, associatedData []byte) ([]byte, error) {
	plain, err := k.current().seal.Decrypt(sealed, associatedData)
	if err == nil {
		return plain, nil
	}
	k.reload(time.Second) // another node may have sealed it by a key that this one has not heard of
	if plain, err = k.ring.Load().seal.Decrypt(sealed, associatedData); err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// SealCursor makes an opaque text of plain that OpenCursor takes on any node, also after a restart, for the same bound and for no other. The same plain
// and bound make the same text. It is compact: 28 characters and four thirds of plain.
func (k *Keys) SealCursor(plain, bound []byte) (string, error) {
	sealed, err := k.current().cursor.EncryptDeterministically(plain, bound)
	if err != nil {
		return "", fmt.Errorf("seal cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// OpenCursor is the inverse of SealCursor. It returns ErrOpen for whatever SealCursor did not make for the same bound.
func (k *Keys) OpenCursor(cursor string, bound []byte) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return nil, ErrOpen
	}
	plain, err := k.current().cursor.DecryptDeterministically(sealed, bound)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// MAC authenticates data for a purpose under the newest key: a signed link, a confirmation. 32 bytes.
func (k *Keys) MAC(purpose string, data []byte) ([]byte, error) {
	return k.current().roots[0].mac(purpose, data)
}

// CheckMAC reports whether mac authenticates data for that purpose under any key.
func (k *Keys) CheckMAC(purpose string, data, mac []byte) bool {
	for _, root := range k.current().roots {
		want, err := root.mac(purpose, data)
		if err == nil && hmac.Equal(want, mac) {
			return true
		}
	}
	return false
}

// CheckMACPrefix is CheckMAC for the first bytes of a MAC: for what a person copies by hand. How short is the caller's to answer for.
func (k *Keys) CheckMACPrefix(purpose string, data, prefix []byte) bool {
	for _, root := range k.current().roots {
		want, err := root.mac(purpose, data)
		if err == nil && len(prefix) > 0 && len(prefix) <= len(want) && hmac.Equal(want[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

func (r root) mac(purpose string, data []byte) ([]byte, error) {
	key, err := r.derive("mac " + purpose)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", purpose, err)
	}
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil), nil
}
