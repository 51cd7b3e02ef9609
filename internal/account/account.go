// Package account keeps integrated accounts: one tenant's connection to one vendor, its sealed credentials, its context and its
// status, and hands out what authenticates a call, renewing it once for all who wait.
//
// It imports integration, outbound (to log in), refusal and jsonscan (to read the answer), store and secret. What a person enters comes in
// by Create and Update, is checked and proven with the vendor, and is sealed; what leaves is an Account, which never holds a secret, or for the call
// path alone a Credential.
package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/internal/integration"
)

// Account is an integrated account. Credentials are never part of it. It is not changed: a changed account is another one.
type Account struct {
	ID          string // acc_…
	Environment string // env_…
	TenantID    string
	Name        string
	Integration string // the definition's name
	Status      Status
	Context     map[string]string // what is not secret: base_url, domain
	Settings    Settings
	LastError   string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Status of an account.
type Status string

const (
	Connecting      Status = "connecting"
	Active          Status = "active"
	NeedsReauth     Status = "needs_reauth"
	ValidationError Status = "validation_error"
	Disabled        Status = "disabled"
)

// Statuses are all of them.
var Statuses = []Status{Connecting, Active, NeedsReauth, ValidationError, Disabled}

// ErrNotFound is wrapped where an environment has no account of that id.
var ErrNotFound = errors.New("no such integrated account")

// InvalidError is an input that cannot be taken. Its text is a sentence without the field's name.
type InvalidError struct {
	Field   string // credentials.email, context.base_url, integration
	Message string
	Remote  bool // the vendor said so
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Message }

func invalid(field, format string, args ...any) *InvalidError {
	return &InvalidError{Field: field, Message: fmt.Sprintf(format, args...)}
}

// UnavailableError says that the vendor could not be asked. Nothing was lost by it: the same again may work.
type UnavailableError struct {
	Message string
	Err     error

	status int // the vendor's, 0 where it did not answer
}

func (e *UnavailableError) Error() string { return e.Message }
func (e *UnavailableError) Unwrap() error { return e.Err }

// StatusError says in one sentence why an account cannot make calls, or no longer.
type StatusError struct {
	Status  Status
	Message string
}

func (e *StatusError) Error() string { return e.Message }

// usable returns a *StatusError unless the account can make calls.
func (s *Service) usable(a *Account, label string) error {
	switch a.Status {
	case Active:
		return nil
	case Disabled:
		return &StatusError{a.Status, fmt.Sprintf("The integrated account %s is disabled: no calls are made with it until it is set to active again.", a.ID)}
	case Connecting:
		return &StatusError{a.Status, fmt.Sprintf("The integrated account %s is not connected yet: finish connecting it first%s.", a.ID, s.at(a.ID))}
	}
	return s.dead(a.ID, a.Status, label, a.LastError)
}

// dead says in one sentence that an account must be connected again, where, and why.
func (s *Service) dead(id string, status Status, label, why string) *StatusError {
	message := fmt.Sprintf("The integrated account %s must be connected to %s again by its owner%s", id, label, s.at(id))
	if why != "" {
		message += ": " + why
	}
	return &StatusError{status, period(message)}
}

// at is where an account is connected again.
func (s *Service) at(id string) string {
	if s.reconnectURL == nil {
		return ""
	}
	return " at " + s.reconnectURL(id)
}

func period(s string) string {
	for n := len(s); n > 0 && (s[n-1] == ' ' || s[n-1] == '.'); n = len(s) {
		s = s[:n-1]
	}
	return s + "."
}

// Sealer seals what must not be readable in the database. bound is authenticated with it: what was sealed for one account opens for no other.
type Sealer interface {
	Seal(plain, bound []byte) ([]byte, error)
	Open(sealed, bound []byte) ([]byte, error)
}

// Definitions finds the definition that an environment's accounts follow.
type Definitions interface {
	Find(ctx context.Context, environment, name string) (*integration.Definition, error)
	// FindFor is Find for one account, which may have an override of its own.
	FindFor(ctx context.Context, environment, name, account string) (*integration.Definition, error)
}
