package store

import (
	"context"

	"sluice/internal/store/db"
)

// RemoveAccount deletes an account with its MCP servers and announces each of them, so that no node serves one from its cache. It reports whether
// the account was there.
func (t *Tx) RemoveAccount(ctx context.Context, environment, id string) (found bool, err error) {
	servers, err := t.ListMCPServerIDs(ctx, db.ListMCPServerIDsParams{Environment: environment, AccountID: id})
	if err != nil {
		return false, err
	}
	n, err := t.DeleteAccount(ctx, db.DeleteAccountParams{Environment: environment, ID: id})
	if err != nil || n == 0 {
		return false, err
	}
	t.Publish(Accounts, id)
	for _, server := range servers {
		t.Publish(Servers, server)
	}
	return true, nil
}
