package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"sluice/internal/permission"
	"sluice/internal/webhook"
)

// Webhook is an address that is told what happens to integrated accounts.
type Webhook struct {
	ID         string     `json:"id"`
	URL        string     `json:"url"`
	Types      []string   `json:"types" nullable:"false" doc:"The types of events that it wants; none: all"`
	Enabled    bool       `json:"enabled"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  *time.Time `json:"created_at"`
	UpdatedAt  *time.Time `json:"updated_at"`
	LastAt     *time.Time `json:"last_delivery_at"`
	LastStatus *int       `json:"last_status" doc:"What the receiver answered to the last delivery"`
	LastError  *string    `json:"last_error" doc:"Why the last delivery failed; it is tried again by a schedule"`
	Secret     string     `json:"secret,omitempty" doc:"What deliveries are signed with (Standard Webhooks), shown this once"`
}

func showWebhook(w *webhook.Webhook) Webhook {
	out := Webhook{
		ID: w.ID, URL: w.URL, Types: w.Types, Enabled: w.Enabled, CreatedBy: w.CreatedBy, CreatedAt: moment(w.CreatedAt), UpdatedAt: moment(w.UpdatedAt),
		LastAt: moment(w.LastAt), LastError: text(w.LastError),
	}
	if out.Types == nil {
		out.Types = []string{}
	}
	if w.LastStatus != 0 {
		out.LastStatus = &w.LastStatus
	}
	return out
}

// Event is something that happened to an integrated account.
type Event struct {
	ID        string          `json:"id" doc:"The webhook-id of its deliveries"`
	AccountID string          `json:"integrated_account_id"`
	Type      string          `json:"type"`
	CreatedAt *time.Time      `json:"created_at"`
	Payload   json.RawMessage `json:"payload" doc:"What webhooks are sent"`
}

func showEvent(e *webhook.Event) Event {
	return Event{ID: e.ID, AccountID: e.AccountID, Type: e.Type, CreatedAt: moment(e.CreatedAt), Payload: e.Payload}
}

// WebhookByID is the path of one webhook.
type WebhookByID struct {
	ID string `path:"id"`
}

func (a *api) webhooks() {
	register(a, operation{"list-webhooks", http.MethodGet, "/webhook", "List webhooks", 0, permission.WebhooksRead},
		func(ctx context.Context, in *Paging) (*listed[Webhook], error) {
			before, err := in.below("whk")
			if err != nil {
				return nil, err
			}
			page, next, err := a.Webhooks.List(ctx, caller(ctx).Environment, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(page, next, showWebhook), nil
		})
	register(a, operation{"create-webhook", http.MethodPost, "/webhook", "Have a back-end told what happens to integrated accounts", http.StatusCreated, permission.WebhooksWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				URL   string   `json:"url" doc:"https://…, which is sent each event by POST"`
				Types []string `json:"types,omitempty" doc:"The types of events wanted; all if left out"`
			}
		}) (*one[Webhook], error) {
			w, secret, err := a.Webhooks.Create(ctx, webhook.Draft{Environment: caller(ctx).Environment, URL: in.Body.URL, Types: in.Body.Types, CreatedBy: caller(ctx).ID})
			if err != nil {
				return nil, err
			}
			out := showWebhook(w)
			out.Secret = secret
			return &one[Webhook]{out}, nil
		})
	register(a, operation{"get-webhook", http.MethodGet, "/webhook/{id}", "Get a webhook", 0, permission.WebhooksRead},
		func(ctx context.Context, in *WebhookByID) (*one[Webhook], error) {
			w, err := a.Webhooks.Get(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			return &one[Webhook]{showWebhook(w)}, nil
		})
	register(a, operation{"update-webhook", http.MethodPatch, "/webhook/{id}", "Change a webhook; what is not given stays", 0, permission.WebhooksWrite},
		func(ctx context.Context, in *struct {
			WebhookByID
			Body struct {
				URL     *string   `json:"url,omitempty"`
				Types   *[]string `json:"types,omitempty"`
				Enabled *bool     `json:"enabled,omitempty"`
			}
		}) (*one[Webhook], error) {
			w, err := a.Webhooks.Update(ctx, caller(ctx).Environment, in.ID, webhook.Change{URL: in.Body.URL, Types: in.Body.Types, Enabled: in.Body.Enabled})
			if err != nil {
				return nil, err
			}
			return &one[Webhook]{showWebhook(w)}, nil
		})
	register(a, operation{"delete-webhook", http.MethodDelete, "/webhook/{id}", "Delete a webhook", http.StatusNoContent, permission.WebhooksWrite},
		func(ctx context.Context, in *WebhookByID) (*struct{}, error) {
			return nil, a.Webhooks.Delete(ctx, caller(ctx).Environment, in.ID)
		})
	register(a, operation{"rotate-webhook-secret", http.MethodPost, "/webhook/{id}/rotate-secret", "Give a webhook a new secret; the one before signs too for a day", 0, permission.WebhooksWrite},
		func(ctx context.Context, in *WebhookByID) (*one[Webhook], error) {
			secret, err := a.Webhooks.RotateSecret(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			w, err := a.Webhooks.Get(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			out := showWebhook(w)
			out.Secret = secret
			return &one[Webhook]{out}, nil
		})
	register(a, operation{"test-webhook", http.MethodPost, "/webhook/{id}/test", "Send a webhook a message of the type webhook.test, now", 0, permission.WebhooksWrite},
		func(ctx context.Context, in *WebhookByID) (*one[testedWebhook], error) {
			status, refused, err := a.Webhooks.Test(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			out := testedWebhook{Delivered: refused == nil}
			if status != 0 {
				out.Status = &status
			}
			if refused != nil {
				out.Error = text(refused.Error())
			}
			return &one[testedWebhook]{out}, nil
		})
	register(a, operation{"list-events", http.MethodGet, "/event", "List what happened to integrated accounts in the last 30 days", 0, permission.WebhooksRead},
		func(ctx context.Context, in *struct {
			Paging
			AccountID string `query:"integrated_account_id"`
		}) (*listed[Event], error) {
			before, err := in.below("evt")
			if err != nil {
				return nil, err
			}
			page, next, err := a.Webhooks.Events(ctx, caller(ctx).Environment, in.AccountID, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(page, next, showEvent), nil
		})
}

// testedWebhook is what became of a message sent to try a webhook.
type testedWebhook struct {
	Delivered bool    `json:"delivered"`
	Status    *int    `json:"status" doc:"What the receiver answered"`
	Error     *string `json:"error"`
}
