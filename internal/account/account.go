// Package account keeps integrated accounts: one tenant's connection to one vendor, its sealed credentials, its context and its
// status, and hands out what authenticates a call, renewing it once for all who wait.
//
// It imports integration, outbound (to log in), store and secret.
package account

import "time"

// Account is an integrated account. Credentials are never part of it.
type Account struct {
	ID          string // acc_…
	Environment string // env_…
	TenantID    string
	Name        string
	Integration string // the definition's name
	Status      Status
	Context     map[string]string // what is not secret: base_url, domain
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

// Credential is what authenticates one call: the values that an authorization's templates may name. It must not be logged.
type Credential struct {
	Fields  map[string]string // as entered
	Token   string            // access token, where the format yields one
	Version int64             // grows with each renewal: a caller that failed with one version asks to renew that one
}
