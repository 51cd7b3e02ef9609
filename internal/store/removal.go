package store

import (
	"context"

	"sluice/internal/store/db"
)

// RemoveAccount deletes an account with its MCP servers and announces each of them, so that no node serves one from its cache. It reports whether
// the account was there.
func (s *Store) RemoveAccount(ctx context.Context, environment, id string) (found bool, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		servers, err := tx.ListMCPServerIDs(ctx, db.ListMCPServerIDsParams{Environment: environment, AccountID: id})
		if err != nil {
			return err
		}
		n, err := tx.DeleteAccount(ctx, db.DeleteAccountParams{Environment: environment, ID: id})
		if err != nil || n == 0 {
			return err
		}
		found = true
		tx.Publish(Accounts, id)
		for _, server := range servers {
			tx.Publish(Servers, server)
		}
		return nil
	})
	return found && err == nil, err
}
