package api

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/confirmation"
	"sluice/internal/permission"
)

// Confirmation is a question that waits for a person.
type Confirmation struct {
	ID            string     `json:"id"`
	AccountID     string     `json:"integrated_account_id"`
	ServerID      *string    `json:"mcp_server_id"`
	TokenID       *string    `json:"api_token_id"`
	Door          string     `json:"door" doc:"mcp, api, cli or dashboard"`
	ClientName    string     `json:"client_name"`
	Tool          string     `json:"tool_name"`
	Question      string     `json:"question" doc:"What the call would change"`
	NeedsApproval bool       `json:"needs_approval" doc:"The call is made only when it was approved here; else whoever is at the client answers"`
	CreatedAt     *time.Time `json:"created_at"`
	ExpiresAt     *time.Time `json:"expires_at"`
}

func showConfirmation(c *confirmation.Confirmation) Confirmation {
	return Confirmation{
		ID: c.ID, AccountID: c.AccountID, ServerID: text(c.ServerID), TokenID: text(c.TokenID), Door: c.Door, ClientName: c.ClientName, Tool: c.Tool,
		Question: c.Question, NeedsApproval: c.NeedsApproval, CreatedAt: moment(c.CreatedAt), ExpiresAt: moment(c.ExpiresAt),
	}
}

func (a *api) confirmations() {
	register(a, operation{"list-confirmations", http.MethodGet, "/confirmation", "List the questions that wait for a person, newest first", 0, permission.LogsRead},
		func(ctx context.Context, in *struct {
			Paging
			AccountID string `query:"integrated_account_id"`
			ServerID  string `query:"mcp_server_id"`
		}) (*listed[Confirmation], error) {
			before, err := in.below("cnf")
			if err != nil {
				return nil, err
			}
			waiting, next, err := a.Confirmations.List(ctx, caller(ctx).Environment, confirmation.Filter{
				AccountID: in.AccountID, ServerID: in.ServerID, Before: before, Limit: in.Limit,
			})
			if err != nil {
				return nil, err
			}
			return listOf(waiting, next, showConfirmation), nil
		})
	for _, d := range []struct {
		word, summary string
		decide        func(ctx context.Context, environment, id, by string) error
	}{
		{"approve", "Agree to a call that waits for an approval; its client then makes it", a.Confirmations.Approve},
		{"decline", "Decline a call that waits for a person: it is not made", a.Confirmations.Decline},
	} {
		register(a, operation{d.word + "-confirmation", http.MethodPost, "/confirmation/{id}/" + d.word, d.summary, http.StatusNoContent, permission.ToolsWrite},
			func(ctx context.Context, in *struct {
				ID string `path:"id"`
			}) (*struct{}, error) {
				return nil, d.decide(ctx, caller(ctx).Environment, in.ID, caller(ctx).ID)
			})
	}
}
