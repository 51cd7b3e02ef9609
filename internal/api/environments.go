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
}

// APIToken is a bearer credential of this API.
type APIToken struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix" doc:"Its first characters, to recognise it by"`
	CreatedBy  string     `json:"created_by"`
	CreatedAt  *time.Time `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	Token      string     `json:"token,omitempty" doc:"The token itself, shown this once"`
}

func showToken(t *environment.Token) APIToken {
	return APIToken{ID: t.ID, Name: t.Name, Prefix: t.Prefix, CreatedBy: t.CreatedBy, CreatedAt: moment(t.CreatedAt), ExpiresAt: moment(t.ExpiresAt), LastUsedAt: moment(t.LastUsedAt)}
}

func (a *api) apiTokens() {
	register(a, operation{"list-api-tokens", http.MethodGet, "/api-token", "List the environment's API tokens", 0, permission.TokensRead},
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
	register(a, operation{"create-api-token", http.MethodPost, "/api-token", "Create an API token", http.StatusCreated, permission.TokensWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				Name      string  `json:"name" minLength:"1" maxLength:"200"`
				ExpiresAt *string `json:"expires_at,omitempty" nullable:"true" doc:"RFC 3339, in the future; never if left out"`
			}
		}) (*one[APIToken], error) {
			var expires time.Time
			if in.Body.ExpiresAt != nil {
				var err error
				if expires, err = mcpserver.ParseExpiry(*in.Body.ExpiresAt); err != nil {
					return nil, err
				}
			}
			t, text, err := a.Environments.CreateToken(ctx, caller(ctx).Environment, in.Body.Name, caller(ctx).ID, expires)
			if err != nil {
				return nil, err
			}
			out := showToken(t)
			out.Token = text
			return &one[APIToken]{out}, nil
		})
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
