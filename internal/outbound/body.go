package outbound

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"sluice/internal/prose"
)

// size is a number of bytes, told as people tell it.
type size int64

func (s size) Error() string {
	switch {
	case s >= 1<<20 && s%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", s>>20)
	case s >= 1<<10 && s%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", s>>10)
	}
	return fmt.Sprintf("%d bytes", int64(s))
}

// readBody reads all of an answer's body, of which length bytes are announced (-1: not known), up to limit. The error is an *Error for what is wrong with
// the body, or what the connection failed with.
func readBody(r io.Reader, length, limit int64) ([]byte, error) {
	if length > limit {
		return nil, &Error{Reason: TooLarge, Sent: true, Err: size(limit)}
	}
	if length >= 0 {
		return readMore(r, nil, length)
	}
	return readAll(r, limit)
}

// readMore reads n bytes more onto a body. Room is made for as much again as has come: whoever announces ten megabytes and sends none costs little, however many calls
// wait for them.
func readMore(r io.Reader, body []byte, n int64) ([]byte, error) {
	for n > 0 {
		start, step := len(body), min(n, max(int64(len(body)), 128<<10))
		body = slices.Grow(body, int(step))[:start+int(step)]
		if _, err := io.ReadFull(r, body[start:]); err != nil {
			return body[:start], err
		}
		n -= step
	}
	return body, nil
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	body := make([]byte, 0, 4<<10)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > limit {
			return nil, &Error{Reason: TooLarge, Sent: true, Err: size(limit)}
		}
		if err == io.EOF {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

var gunzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// decode undoes the content coding (RFC 9110, 8.4). Only gzip is asked for, and only gzip is understood.
func decode(body []byte, encoding string, limit int64) ([]byte, *Error) {
	switch encoding = strings.TrimSpace(encoding); {
	case encoding == "" || strings.EqualFold(encoding, "identity") || len(body) == 0:
		return body, nil
	case !strings.EqualFold(encoding, "gzip") && !strings.EqualFold(encoding, "x-gzip"):
		return nil, &Error{Reason: Undecodable, Sent: true, Err: fmt.Errorf("its coding is %q, and only gzip was asked for", prose.Clip(encoding, 40))}
	}
	zr := gunzippers.Get().(*gzip.Reader)
	defer gunzippers.Put(zr)
	if err := zr.Reset(bytes.NewReader(body)); err != nil {
		return nil, &Error{Reason: Undecodable, Sent: true, Err: errors.New("it is not the gzip that it says it is")}
	}
	out, err := readAll(zr, limit)
	if err == nil {
		return out, nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return nil, e
	}
	return nil, &Error{Reason: Undecodable, Sent: true, Err: errors.New("its gzip is damaged or cut short")}
}
