package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sluice/internal/permission"
	"sluice/internal/user"
)

// OpenIDProvider is the provider by which an environment's people sign in. Its secret never comes back.
type OpenIDProvider struct {
	Label     string     `json:"label" doc:"What people call it"`
	Issuer    string     `json:"issuer"`
	ClientID  string     `json:"client_id"`
	Domains   []string   `json:"domains" nullable:"false" doc:"Whose email addresses it speaks for"`
	Role      *string    `json:"role" doc:"Of whoever signs in the first time; null: only who was invited"`
	Required  bool       `json:"required" doc:"Passwords are switched off, but for owners"`
	UpdatedAt *time.Time `json:"updated_at"`
}

func (a *api) openIDProvider() {
	get := func(ctx context.Context) (*one[OpenIDProvider], error) {
		p, err := a.Users.Provider(ctx, caller(ctx).Environment)
		if errors.Is(err, user.ErrNotFound) {
			return nil, problem(http.StatusNotFound, "This environment has no OpenID provider; PUT /openid-provider sets one.")
		}
		if err != nil {
			return nil, err
		}
		return &one[OpenIDProvider]{OpenIDProvider{
			Label: p.Label, Issuer: p.Issuer, ClientID: p.ClientID, Domains: p.Domains, Role: text(string(p.Role)), Required: p.Required, UpdatedAt: moment(p.UpdatedAt),
		}}, nil
	}
	register(a, operation{"get-openid-provider", http.MethodGet, "/openid-provider", "Get the OpenID provider by which the environment's people sign in", 0, permission.UsersRead},
		func(ctx context.Context, _ *struct{}) (*one[OpenIDProvider], error) { return get(ctx) })
	register(a, operation{"put-openid-provider", http.MethodPut, "/openid-provider", "Let the environment's people sign in by an OpenID provider", 0, permission.EnvironmentWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				Label        string           `json:"label,omitempty" maxLength:"200"`
				Issuer       string           `json:"issuer" example:"https://accounts.google.com"`
				ClientID     string           `json:"client_id"`
				ClientSecret string           `json:"client_secret,omitempty" doc:"The one of before stays if left out"`
				Domains      []string         `json:"domains" nullable:"false" example:"example.com"`
				Role         *permission.Role `json:"role,omitempty" nullable:"true" enum:"owner,admin,member,viewer" doc:"Of whoever signs in the first time; only who was invited if left out"`
				Required     bool             `json:"required,omitempty"`
			}
		}) (*one[OpenIDProvider], error) {
			p := user.Provider{
				Environment: caller(ctx).Environment, Label: in.Body.Label, Issuer: in.Body.Issuer, ClientID: in.Body.ClientID, ClientSecret: in.Body.ClientSecret,
				Domains: in.Body.Domains, Required: in.Body.Required,
			}
			if in.Body.Role != nil {
				p.Role = *in.Body.Role
			}
			if err := a.Users.SetProvider(ctx, p, caller(ctx).by()); err != nil {
				return nil, err
			}
			return get(ctx)
		})
	register(a, operation{"delete-openid-provider", http.MethodDelete, "/openid-provider", "Let nobody sign in by an OpenID provider any more", http.StatusNoContent, permission.EnvironmentWrite},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			return nil, a.Users.DeleteProvider(ctx, caller(ctx).Environment)
		})
}
