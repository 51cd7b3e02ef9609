package api

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/environment"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
)

// Environment is a tenant boundary.
type Environment struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	CreatedAt *time.Time `json:"created_at"`
	UpdatedAt *time.Time `json:"updated_at"`
	Token     string     `json:"token,omitempty" doc:"The first API token of a new environment, shown this once"`
}

func showEnvironment(e *environment.Environment) Environment {
	return Environment{ID: e.ID, Name: e.Name, CreatedAt: moment(e.CreatedAt), UpdatedAt: moment(e.UpdatedAt)}
}

func (a *api) environments() {
	register(a, operation{"list-environments", http.MethodGet, "/environment", "List the environment that the API token belongs to", 0, anyCaller},
		func(ctx context.Context, _ *struct{}) (*listed[Environment], error) {
			e, err := a.Environments.Get(ctx, caller(ctx).Environment)
			if err != nil {
				return nil, err
			}
			return listOf([]*environment.Environment{e}, "", showEnvironment), nil
		})
	register(a, operation{"create-environment", http.MethodPost, "/environment", "Create another environment, with its first API token", http.StatusCreated, permission.EnvironmentWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				Name string `json:"name" minLength:"1" maxLength:"200"`
			}
		}) (*one[Environment], error) {
			e, err := a.Environments.Create(ctx, in.Body.Name)
			if err != nil {
				return nil, err
			}
			_, text, err := a.Environments.CreateToken(ctx, e.ID, "First token", caller(ctx).ID, time.Time{})
			if err != nil {
				return nil, err
			}
			out := showEnvironment(e)
			out.Token = text
			return &one[Environment]{out}, nil
		})
	register(a, operation{"get-environment", http.MethodGet, "/environment/{id}", "Get the environment that the API token belongs to", 0, anyCaller},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*one[Environment], error) {
			if in.ID != caller(ctx).Environment {
				return nil, environment.ErrNotFound
			}
			e, err := a.Environments.Get(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &one[Environment]{showEnvironment(e)}, nil
		})
	register(a, operation{"update-environment", http.MethodPatch, "/environment/{id}", "Rename the environment that the API token belongs to", 0, permission.EnvironmentWrite},
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Name string `json:"name" minLength:"1" maxLength:"200"`
			}
		}) (*one[Environment], error) {
			if in.ID != caller(ctx).Environment {
				return nil, environment.ErrNotFound
			}
			e, err := a.Environments.Rename(ctx, in.ID, in.Body.Name)
			if err != nil {
				return nil, err
			}
			return &one[Environment]{showEnvironment(e)}, nil
		})
}

// APIToken is a bearer credential of this API.
type APIToken struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix" doc:"Its first characters, to recognise it by"`
	Scopes     []string   `json:"scopes" nullable:"false" doc:"The permissions that it holds, at most"`
	UserID     *string    `json:"user_id" doc:"Whose it is: it may do no more than that user, and goes with them; null: the environment's"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  *time.Time `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Token      string     `json:"token,omitempty" doc:"The token itself, shown this once"`
}

func showToken(t *environment.Token) APIToken {
	return APIToken{
		ID: t.ID, Name: t.Name, Prefix: t.Prefix, Scopes: t.Scopes.Names(), UserID: text(t.UserID), CreatedBy: t.CreatedBy,
		CreatedAt: moment(t.CreatedAt), ExpiresAt: moment(t.ExpiresAt), LastUsedAt: moment(t.LastUsedAt),
	}
}

// NewAPIToken is what an API token is made of.
type NewAPIToken struct {
	Body struct {
		Name      string    `json:"name" minLength:"1" maxLength:"200"`
		Scopes    *[]string `json:"scopes,omitempty" doc:"Permissions; all that the caller holds if left out"`
		ExpiresAt *string   `json:"expires_at,omitempty" nullable:"true" doc:"RFC 3339, in the future; never if left out, but no later than the API token that makes it"`
	}
}

// issue makes an API token, which is the user's or, for "", the environment's.
func (a *api) issue(ctx context.Context, in *NewAPIToken, userID string) (*one[APIToken], error) {
	var (
		by      = caller(ctx)
		expires time.Time
		names   []string
		err     error
	)
	if in.Body.ExpiresAt != nil {
		if expires, err = mcpserver.ParseExpiry(*in.Body.ExpiresAt); err != nil {
			return nil, err
		}
	}
	if in.Body.Scopes != nil {
		names = append([]string{}, *in.Body.Scopes...)
	}
	scopes, expires, err := by.grantable(names, expires)
	if err != nil {
		return nil, err
	}
	t, text, err := a.Environments.IssueToken(ctx, environment.TokenDraft{
		Environment: by.Environment, Name: in.Body.Name, UserID: userID, Scopes: scopes, CreatedBy: by.ID, ExpiresAt: expires,
	})
	if err != nil {
		return nil, err
	}
	out := showToken(t)
	out.Token = text
	return &one[APIToken]{out}, nil
}

func (a *api) apiTokens() {
	register(a, operation{"list-api-tokens", http.MethodGet, "/api-token", "List the environment's API tokens, its users' too", 0, permission.TokensRead},
		func(ctx context.Context, in *Paging) (*listed[APIToken], error) {
			before, err := in.below("tok")
			if err != nil {
				return nil, err
			}
			tokens, next, err := a.Environments.ListTokens(ctx, caller(ctx).Environment, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(tokens, next, showToken), nil
		})
	register(a, operation{"create-api-token", http.MethodPost, "/api-token", "Create an API token of the environment's", http.StatusCreated, permission.TokensWrite},
		func(ctx context.Context, in *NewAPIToken) (*one[APIToken], error) { return a.issue(ctx, in, "") })
	type byID struct {
		ID string `path:"id"`
	}
	register(a, operation{"get-api-token", http.MethodGet, "/api-token/{id}", "Get an API token, but for the token itself", 0, permission.TokensRead},
		func(ctx context.Context, in *byID) (*one[APIToken], error) {
			t, err := a.Environments.GetToken(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			return &one[APIToken]{showToken(t)}, nil
		})
	register(a, operation{"delete-api-token", http.MethodDelete, "/api-token/{id}", "Revoke an API token", http.StatusNoContent, permission.TokensWrite},
		func(ctx context.Context, in *byID) (*struct{}, error) {
			return nil, a.Environments.DeleteToken(ctx, caller(ctx).Environment, in.ID)
		})
}
