package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"sluice/internal/audit"
	"sluice/internal/permission"
)

// Call is one recorded call.
type Call struct {
	ID          string          `json:"id"`
	Door        string          `json:"door" doc:"mcp, api, cli or dashboard"`
	AccountID   string          `json:"integrated_account_id"`
	ServerID    *string         `json:"mcp_server_id"`
	TokenID     *string         `json:"api_token_id"`
	GrantID     *string         `json:"oauth_grant_id" doc:"What the person allowed who signed in for the client"`
	UserID      *string         `json:"user_id" doc:"The person on whose behalf"`
	ClientName  string          `json:"client_name"`
	RequestID   string          `json:"request_id"`
	Integration string          `json:"integration"`
	Tool        string          `json:"tool_name"`
	Resource    string          `json:"resource"`
	Method      string          `json:"method"`
	Write       bool            `json:"write"`
	Arguments   json.RawMessage `json:"arguments" doc:"Secrets masked"`
	Outcome     string          `json:"outcome" doc:"started, ok, invalid, refused, rate_limited, unsent, unknown, cancelled, asked or declined"`
	Status      *int            `json:"status" doc:"The vendor's HTTP status"`
	Error       *string         `json:"error"`
	StartedAt   *time.Time      `json:"started_at"`
	DurationMS  float64         `json:"duration_ms"`
}

func showCall(r *audit.Record) Call {
	out := Call{
		ID: r.ID, Door: r.Door, AccountID: r.AccountID, ServerID: text(r.ServerID), UserID: text(r.UserID), ClientName: r.ClientName,
		RequestID: r.RequestID, Integration: r.Integration, Tool: r.Tool, Resource: r.Resource, Method: r.Method, Write: r.Write,
		Outcome: r.Outcome, Error: text(r.Error), StartedAt: moment(r.StartedAt), DurationMS: float64(r.Duration.Microseconds()) / 1000,
	}
	if strings.HasPrefix(r.TokenID, "gra_") {
		out.GrantID = &r.TokenID
	} else {
		out.TokenID = text(r.TokenID)
	}
	if r.Status != 0 {
		out.Status = &r.Status
	}
	if json.Valid(r.Arguments) {
		out.Arguments = r.Arguments
	}
	return out
}

func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (a *api) logs() {
	register(a, operation{"list-calls", http.MethodGet, "/log", "List recorded calls, newest first", 0, permission.LogsRead},
		func(ctx context.Context, in *struct {
			Paging
			AccountID string    `query:"integrated_account_id"`
			ServerID  string    `query:"mcp_server_id"`
			UserID    string    `query:"user_id"`
			Tool      string    `query:"tool_name"`
			Outcome   string    `query:"outcome" enum:"started,ok,invalid,refused,rate_limited,unsent,unknown,cancelled,asked,declined"`
			Client    string    `query:"client_name"`
			RequestID string    `query:"request_id"`
			Since     time.Time `query:"since" doc:"RFC 3339; started at or after"`
			Until     time.Time `query:"until" doc:"RFC 3339; started before"`
		}) (*listed[Call], error) {
			records, next, err := a.Audit.List(ctx, audit.Filter{
				Environment: caller(ctx).Environment, AccountID: in.AccountID, ServerID: in.ServerID, UserID: in.UserID, Tool: in.Tool, Outcome: in.Outcome,
				ClientName: in.Client, RequestID: in.RequestID, Since: in.Since, Until: in.Until,
			}, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(records, next, showCall), nil
		})
	register(a, operation{"get-call", http.MethodGet, "/log/{id}", "Get one recorded call", 0, permission.LogsRead},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*one[Call], error) {
			r, err := a.Audit.Get(ctx, caller(ctx).Environment, in.ID)
			if errors.Is(err, audit.ErrNotFound) {
				return nil, problem(http.StatusNotFound, "There is no such call in this environment's log.")
			}
			if err != nil {
				return nil, err
			}
			return &one[Call]{showCall(r)}, nil
		})
}
