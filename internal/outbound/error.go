package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Reason is why there is no whole answer.
type Reason int

const (
	BadRequest  Reason = iota // the address or a header cannot be sent at all
	Refused                   // the policy forbids the address
	Unreachable               // no such name, or no connection
	TLS                       // the handshake failed
	TimedOut                  // the answer did not come in time
	Lost                      // the connection broke before the whole answer was there
	Garbled                   // what came is not HTTP
	TooLarge                  // the answer is larger than allowed
	Undecodable               // the answer is compressed in a way that was not asked for, or wrongly
	Cancelled                 // the caller's context ended
	Unread                    // the body to be sent could not be read to its end, so that the other side never had the whole request
)

// Error is a request without a whole answer. Its text is a clause without a full stop that names the host and never the path, the query or a header,
// since these may hold a credential.
type Error struct {
	Reason Reason
	Host   string
	Sent   bool // some of the request may have reached the other side
	Err    error
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	switch e.Reason {
	case BadRequest:
		return "the request cannot be sent: " + e.Err.Error()
	case Refused:
		return fmt.Sprintf("connecting to %s is not allowed: %v", e.Host, e.Err)
	case Unreachable:
		return fmt.Sprintf("%s cannot be reached: %v", e.Host, e.Err)
	case TLS:
		return fmt.Sprintf("no secure connection to %s: %v", e.Host, e.Err)
	case TimedOut:
		return fmt.Sprintf("%s did not answer in time", e.Host)
	case Lost:
		return fmt.Sprintf("the connection to %s broke before the whole answer had come", e.Host)
	case Garbled:
		return fmt.Sprintf("%s answered with something that HTTP does not allow", e.Host)
	case TooLarge:
		return fmt.Sprintf("the answer of %s is larger than %v", e.Host, e.Err)
	case Undecodable:
		return fmt.Sprintf("the answer of %s cannot be decompressed: %v", e.Host, e.Err)
	case Cancelled:
		return "the caller went away"
	case Unread:
		return "what was to be sent could not be read to its end: " + e.Err.Error()
	}
	return e.Err.Error()
}

// errTimeout is the cause of a context that ended because the exchange took too long, to tell it from the caller's own end.
var errTimeout = errors.New("the exchange took too long")

// classify makes an *Error of what a connection or a transport failed with.
func classify(ctx context.Context, err error, sent bool) *Error {
	e := &Error{Reason: Lost, Sent: sent, Err: err}
	if refused, ok := errors.AsType[*AddressError](err); ok {
		e.Reason, e.Err = Refused, refused
		return e
	}
	var timeout net.Error
	isTimeout := errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
	switch {
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errTimeout) && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		e.Reason = Cancelled
		return e
	case ctx.Err() != nil || isTimeout && sent:
		e.Reason = TimedOut
		return e
	case sent:
		if text := err.Error(); strings.Contains(text, "malformed") || strings.Contains(text, "headers exceeded") {
			e.Reason = Garbled
		}
		return e
	}
	e.Reason, e.Err = Unreachable, plainDialError(err, isTimeout)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op != "remote error" && op.Op != "local error" { // these two are TLS's alerts
		return e
	}
	if text, ok := tlsFault(err); ok {
		e.Reason, e.Err = TLS, text
	}
	return e
}

// plainDialError says in words what the standard library says with addresses and system calls.
func plainDialError(err error, timeout bool) error {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case isDNS && dns.IsNotFound:
		return errors.New("there is no such host")
	case isDNS:
		return errors.New("its name could not be looked up")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("the connection was refused")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return errors.New("there is no route to it")
	case timeout:
		return errors.New("the connection was not made in time")
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("the connection was closed at once")
	}
	return err
}

func tlsFault(err error) (error, bool) {
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return unknown, true
	}
	if name, ok := errors.AsType[x509.HostnameError](err); ok {
		return name, true
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalid, true
	}
	if verify, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return verify.Err, true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return errors.New("it does not speak TLS there"), true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err, true
	}
	switch text := err.Error(); {
	case strings.Contains(text, "TLS handshake timeout"):
		return errors.New("it was not made in time"), true
	case strings.HasPrefix(text, "tls: "), strings.Contains(text, "HTTP response to HTTPS client"):
		return errors.New(strings.TrimPrefix(text, "http: ")), true
	}
	return nil, false
}
