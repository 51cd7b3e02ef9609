package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"sync"
)

// APITokenPrefix begins every API token, so that people and scanners recognise one. An MCP server's token has none: it is part of a URL.
const APITokenPrefix = "slu_"

// TokenHash is what is kept of a token: its HMAC-SHA-256.
type TokenHash [sha256.Size]byte

// NewToken makes a token of 256 random bits after a prefix, in characters that a URL takes as they are.
func NewToken(prefix string) string {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// maxToken is longer than any token: what is longer is none, and is not worth hashing.
const maxToken = 256

// HashToken hashes a token under the newest key, whose id is kept beside the hash. It serves as a cache's key too.
func (k *Keys) HashToken(token string) (keyID string, h TokenHash) {
	key := &k.current().tokens[0]
	return key.id, key.hash(token)
}

// TokenHashes are the hashes that a token may be kept under: one for each key, newest first. nil: it is too long to be one.
func (k *Keys) TokenHashes(token string) []TokenHash {
	if len(token) > maxToken {
		return nil
	}
	keys := k.current().tokens
	hashes := make([]TokenHash, len(keys))
	for i := range keys {
		hashes[i] = keys[i].hash(token)
	}
	return hashes
}

// tokenKey hashes tokens under one key, without allocating: a lookup happens at every call.
type tokenKey struct {
	id   string
	pool *sync.Pool // of *tokenHasher
}

type tokenHasher struct {
	mac hash.Hash
	buf [maxToken]byte // the token as bytes, which the hash's interface would otherwise make escape
	sum TokenHash
}

func newTokenKey(id string, key []byte) tokenKey {
	return tokenKey{id, &sync.Pool{New: func() any { return &tokenHasher{mac: hmac.New(sha256.New, key)} }}}
}

func (k *tokenKey) hash(token string) TokenHash {
	h := k.pool.Get().(*tokenHasher)
	defer k.pool.Put(h)
	h.mac.Reset()
	for len(token) > 0 {
		n := copy(h.buf[:], token)
		h.mac.Write(h.buf[:n])
		token = token[n:]
	}
	h.mac.Sum(h.sum[:0])
	clear(h.buf[:])
	return h.sum
}
