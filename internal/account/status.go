package account

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// What happens to an account: the types of its events.
const (
	EventConnecting      = "integrated_account.connecting"
	EventActive          = "integrated_account.active" // for the first time
	EventReactivated     = "integrated_account.reactivated"
	EventNeedsReauth     = "integrated_account.needs_reauth"
	EventValidationError = "integrated_account.validation_error"
	EventDisabled        = "integrated_account.disabled"
	EventDeleted         = "integrated_account.deleted"
)

// EventTypes are all of them.
var EventTypes = []string{EventConnecting, EventActive, EventReactivated, EventNeedsReauth, EventValidationError, EventDisabled, EventDeleted}

// Event is what is told of a change of status. It holds no secret. Its form is that of Standard Webhooks: type, timestamp, data.
type Event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      EventData `json:"data"`
}

// EventData is the account after the change; of a deleted one, as it was last.
type EventData struct {
	ID             string            `json:"id"`
	TenantID       string            `json:"tenant_id"`
	Name           string            `json:"name"`
	Integration    EventIntegration  `json:"integration"`
	Status         Status            `json:"status"`
	PreviousStatus Status            `json:"previous_status,omitempty"` // none: the account is new
	Context        map[string]string `json:"context"`
	LastError      *string           `json:"last_error"`
	CreatedAt      time.Time         `json:"created_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
}

// EventIntegration names the account's integration.
type EventIntegration struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

// This file is the only one that sets a status, and each function writes the event of it (table account_events) in the transaction that it is given.
// store.Events tells of it, with the environment as the key.

// lock reads an account's row and holds it until the transaction ends.
func lock(ctx context.Context, tx *store.Tx, environment, id string) (*db.Account, error) {
	n, err := tx.LockAccount(ctx, db.LockAccountParams{Environment: environment, ID: id})
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fmt.Errorf("%w: %.80q", ErrNotFound, id)
	}
	row, err := tx.GetAccount(ctx, db.GetAccountParams{Environment: environment, ID: id})
	return &row, err
}

// insert stores a new account.
func (s *Service) insert(ctx context.Context, tx *store.Tx, def *integration.Definition, row *db.Account) error {
	if err := tx.CreateAccount(ctx, db.CreateAccountParams(*row)); err != nil {
		return err
	}
	return s.tell(ctx, tx, def, row, eventOf("", Status(row.Status)), "")
}

// move brings a locked account to a status, and tells of it if it is another than before. def names the integration; nil: it is gone.
func (s *Service) move(ctx context.Context, tx *store.Tx, def *integration.Definition, row *db.Account, to Status, why string) error {
	from := Status(row.Status)
	if from == to && row.LastError == why {
		return nil
	}
	row.Status, row.LastError, row.UpdatedAt = string(to), why, store.Millis(s.now())
	_, err := tx.SetAccountStatus(ctx, db.SetAccountStatusParams{Status: row.Status, LastError: why, UpdatedAt: row.UpdatedAt, Environment: row.Environment, ID: row.ID})
	if err != nil {
		return err
	}
	tx.Publish(store.Accounts, row.ID)
	if from == to {
		return nil
	}
	return s.tell(ctx, tx, def, row, eventOf(from, to), from)
}

// remove deletes an account with its MCP servers, and answers what it was.
func (s *Service) remove(ctx context.Context, tx *store.Tx, def *integration.Definition, environment, id string) (*db.Account, error) {
	row, err := lock(ctx, tx, environment, id)
	if err != nil {
		return nil, err
	}
	if _, err := tx.RemoveAccount(ctx, environment, id); err != nil {
		return nil, err
	}
	if _, err := tx.DeleteOverridesOfAccount(ctx, db.DeleteOverridesOfAccountParams{Environment: environment, AccountID: id}); err != nil {
		return nil, err
	}
	row.UpdatedAt = store.Millis(s.now())
	return row, s.tell(ctx, tx, def, row, EventDeleted, Status(row.Status))
}

// eventOf is the type of a change of status.
func eventOf(from, to Status) string {
	if to == Active && (from == NeedsReauth || from == Disabled) {
		return EventReactivated
	}
	return "integrated_account." + string(to)
}

// tell writes an event.
func (s *Service) tell(ctx context.Context, tx *store.Tx, def *integration.Definition, row *db.Account, kind string, from Status) error {
	a, err := fromRow(row)
	if err != nil {
		return err
	}
	now := s.now()
	e := Event{Type: kind, Timestamp: now.UTC(), Data: EventData{
		ID: a.ID, TenantID: a.TenantID, Name: a.Name, Integration: EventIntegration{a.Integration, a.Integration}, Status: a.Status, PreviousStatus: from,
		Context: a.Context, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}}
	if a.Context == nil {
		e.Data.Context = map[string]string{}
	}
	if def != nil {
		e.Data.Integration.Label = labelOf(def)
	}
	if a.LastError != "" {
		e.Data.LastError = &a.LastError
	}
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	tx.Publish(store.Events, a.Environment)
	return tx.InsertAccountEvent(ctx, db.InsertAccountEventParams{
		ID: store.NewID("evt"), Environment: a.Environment, AccountID: a.ID, Type: kind, Payload: string(payload), CreatedAt: store.Millis(now),
	})
}
