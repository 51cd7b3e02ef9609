package store

import (
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"
)

// sortable is base32 in an alphabet that keeps the order of what it encodes, in lower case.
var sortable = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// NewID makes an id such as acc_06a8…: the prefix and a UUIDv7 (RFC 9562, 5.7) in 26 characters. Ids made later by one process sort later as text.
func NewID(prefix string) string {
	id := uuid.Must(uuid.NewV7()) // fails only where the system has no randomness
	b := make([]byte, 0, len(prefix)+1+26)
	b = append(b, prefix...)
	b = append(b, '_')
	return string(sortable.AppendEncode(b, id[:]))
}

// FirstID is the id below every one that NewID makes with the prefix from t on, and above all that it made before.
func FirstID(prefix string, t time.Time) string {
	var id [16]byte // whose first 48 bits are the milliseconds since 1970 (RFC 9562, 5.7)
	binary.BigEndian.PutUint64(id[:], uint64(max(0, t.UnixMilli()))<<16)
	return prefix + "_" + sortable.EncodeToString(id[:])
}

// IsID reports whether text has the form of an id that NewID made with that prefix.
func IsID(prefix, text string) bool {
	digits, ok := strings.CutPrefix(text, prefix+"_")
	return ok && len(digits) == 26 && strings.Trim(digits, "0123456789abcdefghijklmnopqrstuv") == ""
}

// Millis is t as tables hold it: milliseconds since 1970, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is the inverse of Millis, in UTC.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
