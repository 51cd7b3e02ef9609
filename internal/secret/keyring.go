package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/daead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keyring is all keys, unwrapped. It never changes; rotation makes another.
type keyring struct {
	sealing *keyset.Handle // AES-256-GCM, for credentials: a few million under one key at most, far from where random nonces meet
	cursors *keyset.Handle // AES-SIV, for cursors: made at every list call, so without a nonce that could repeat
	roots   []root         // newest first; MAC keys are derived from them, one for each purpose

	seal   tink.AEAD
	cursor tink.DeterministicAEAD
	tokens []tokenKey // in the order of roots
}

type root struct {
	ID     string `json:"id"`
	Secret []byte `json:"secret"`
}

func newKeyring() (*keyring, error) {
	return (&keyring{}).rotated()
}

// rotated is r with a new key of each kind, which is the one to use.
func (r *keyring) rotated() (*keyring, error) {
	sealing, err := withNewKey(r.sealing, aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	cursors, err := withNewKey(r.cursors, daead.AESSIVKeyTemplate())
	if err != nil {
		return nil, err
	}
	id, secret := make([]byte, 4), make([]byte, 32)
	rand.Read(id) // never fails: crypto/rand ends the process instead
	rand.Read(secret)
	next := &keyring{sealing: sealing, cursors: cursors, roots: append([]root{{"k" + hex.EncodeToString(id), secret}}, r.roots...)}
	return next, next.prepare()
}

func withNewKey(handle *keyset.Handle, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	m := keyset.NewManager()
	if handle != nil {
		m = keyset.NewManagerFromHandle(handle)
	}
	id, err := m.Add(template)
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, err
	}
	return m.Handle()
}

// prepare makes of the keys what is used.
func (r *keyring) prepare() (err error) {
	if r.seal, err = aead.New(r.sealing); err != nil {
		return err
	}
	if r.cursor, err = daead.New(r.cursors); err != nil {
		return err
	}
	for _, root := range r.roots {
		key, err := root.derive("token")
		if err != nil {
			return err
		}
		r.tokens = append(r.tokens, newTokenKey(root.ID, key))
	}
	return nil
}

// derive makes the key of one purpose (RFC 5869), so that what is authenticated for one never passes for another.
func (r root) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, r.Secret, nil, "sluice "+purpose, sha256.Size)
}

// document is a keyring as it is wrapped and stored.
type document struct {
	Sealing []byte `json:"sealing"`
	Cursors []byte `json:"cursors"`
	Roots   []root `json:"roots"`
}

// wrapping is what a wrapped keyset is bound to: other ciphertext under the same master key never passes for one.
var wrapping = []byte("sluice keyset 1")

func (r *keyring) wrap(master MasterKey) ([]byte, error) {
	d := document{Roots: r.roots}
	for _, part := range []struct {
		from *keyset.Handle
		to   *[]byte
	}{{r.sealing, &d.Sealing}, {r.cursors, &d.Cursors}} {
		var b bytes.Buffer
		if err := insecurecleartextkeyset.Write(part.from, keyset.NewBinaryWriter(&b)); err != nil { // in clear only until it is sealed below
			return nil, err
		}
		*part.to = b.Bytes()
	}
	plain, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	wrapper, err := subtle.NewAESGCM(master.bytes[:])
	if err != nil {
		return nil, err
	}
	return wrapper.Encrypt(plain, wrapping)
}

func unwrap(wrapped []byte, master MasterKey) (*keyring, error) {
	wrapper, err := subtle.NewAESGCM(master.bytes[:])
	if err != nil {
		return nil, fmt.Errorf("use the master key: %w", err)
	}
	plain, err := wrapper.Decrypt(wrapped, wrapping)
	if err != nil {
		return nil, errMaster
	}
	var d document
	if err := json.Unmarshal(plain, &d); err != nil {
		return nil, fmt.Errorf("read the keyset: %w", err)
	}
	r := &keyring{roots: d.Roots}
	if r.sealing, err = insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(d.Sealing))); err != nil {
		return nil, fmt.Errorf("read the keyset: %w", err)
	}
	if r.cursors, err = insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(d.Cursors))); err != nil {
		return nil, fmt.Errorf("read the keyset: %w", err)
	}
	if len(r.roots) == 0 {
		return nil, fmt.Errorf("read the keyset: it holds no root key")
	}
	return r, r.prepare()
}
