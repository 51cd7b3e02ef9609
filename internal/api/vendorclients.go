package api

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/account"
	"sluice/internal/permission"
)

// OAuthClient is the client that an environment registered with a vendor. Its secret never comes back.
type OAuthClient struct {
	Integration string     `json:"integration"`
	ClientID    string     `json:"client_id"`
	HasSecret   bool       `json:"has_secret"`
	Server      string     `json:"authorization_server,omitempty" doc:"The only server that the secret goes to; left out where the definition names it"`
	RedirectURI string     `json:"redirect_uri" doc:"What the client is to be registered with at the vendor"`
	CreatedAt   *time.Time `json:"created_at"`
	UpdatedAt   *time.Time `json:"updated_at"`
}

func (a *api) vendorClients() {
	type byName struct {
		Name string `path:"name"`
	}
	show := func(c *account.VendorClient, err error) (*one[OAuthClient], error) {
		if err != nil {
			return nil, err
		}
		return &one[OAuthClient]{OAuthClient{Integration: c.Integration, ClientID: c.ClientID, HasSecret: c.HasSecret, Server: c.Server, RedirectURI: a.CallbackURL,
			CreatedAt: moment(c.CreatedAt), UpdatedAt: moment(c.UpdatedAt)}}, nil
	}
	const path = "/integration/{name}/oauth-client"
	register(a, operation{"get-oauth-client", http.MethodGet, path, "Get the OAuth client that the environment has with a vendor, but for its secret", 0, permission.IntegrationsRead},
		func(ctx context.Context, in *byName) (*one[OAuthClient], error) {
			return show(a.Accounts.VendorClient(ctx, caller(ctx).Environment, in.Name))
		})
	register(a, operation{"put-oauth-client", http.MethodPut, path, "Give the OAuth client that the environment registered with a vendor", 0, permission.IntegrationsWrite},
		func(ctx context.Context, in *struct {
			Name string `path:"name"`
			Body struct {
				ClientID     string `json:"client_id" minLength:"1" maxLength:"200"`
				ClientSecret string `json:"client_secret,omitempty" doc:"Left out for a public client"`
				Server       string `json:"authorization_server,omitempty" maxLength:"2000" doc:"https://host of the server that the secret is for: needed where the definition leaves its address to each account"`
			}
		}) (*one[OAuthClient], error) {
			return show(a.Accounts.SetVendorClient(ctx, caller(ctx).Environment, in.Name, caller(ctx).ID,
				account.NewVendorClient{ID: in.Body.ClientID, Secret: in.Body.ClientSecret, Server: in.Body.Server}))
		})
	register(a, operation{"delete-oauth-client", http.MethodDelete, path, "Forget the OAuth client that the environment has with a vendor", http.StatusNoContent, permission.IntegrationsWrite},
		func(ctx context.Context, in *byName) (*struct{}, error) {
			return nil, a.Accounts.RemoveVendorClient(ctx, caller(ctx).Environment, in.Name)
		})
}
