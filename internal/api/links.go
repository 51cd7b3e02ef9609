package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sluice/internal/catalog"
	"sluice/internal/environment"
	"sluice/internal/link"
	"sluice/internal/permission"
)

// LinkToken is a link by which a person without a login connects one account.
type LinkToken struct {
	ID          string     `json:"id"`
	Status      string     `json:"status" enum:"open,used,expired"`
	TenantID    string     `json:"tenant_id"`
	Integration string     `json:"integration" doc:"Empty: the person chooses"`
	AccountID   *string    `json:"integrated_account_id" doc:"That is connected again, or that was connected by the link"`
	RedirectURI string     `json:"redirect_uri"`
	CreatedAt   *time.Time `json:"created_at"`
	ExpiresAt   *time.Time `json:"expires_at"`
	UsedAt      *time.Time `json:"used_at"`
	Token       string     `json:"link_token,omitempty" doc:"The token itself, shown this once"`
	URL         string     `json:"link_url,omitempty" doc:"The page to send the person to, shown this once"`
}

func showLink(l *link.Link) LinkToken {
	out := LinkToken{ID: l.ID, Status: string(l.State()), TenantID: l.TenantID, Integration: l.Integration, RedirectURI: l.RedirectURI,
		CreatedAt: moment(l.CreatedAt), ExpiresAt: moment(l.ExpiresAt), UsedAt: moment(l.UsedAt)}
	if l.AccountID != "" {
		out.AccountID = &l.AccountID
	}
	return out
}

func (a *api) links() {
	register(a, operation{"create-link-token", http.MethodPost, "/link-token", "Make a link by which a person without a login connects one account", http.StatusCreated, permission.AccountsWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				TenantID    *string           `json:"tenant_id,omitempty" maxLength:"200" doc:"Whose the new account is, in your own words"`
				AccountID   string            `json:"integrated_account_id,omitempty" doc:"Connects this account again, instead of a new one"`
				Name        string            `json:"name,omitempty" maxLength:"200" doc:"What to call the new account"`
				Integration string            `json:"integration,omitempty" doc:"Left out: the person chooses"`
				Context     map[string]string `json:"context,omitempty" doc:"Values that the person is not asked for"`
				RedirectURI string            `json:"redirect_uri,omitempty" doc:"Where the person is sent afterwards; it must be on the environment's list"`
				ExpiresIn   int               `json:"expires_in,omitempty" minimum:"60" maximum:"604800" doc:"Seconds until the link ends; 3600 if left out"`
			}
		}) (*one[LinkToken], error) {
			b := &in.Body
			d := link.Draft{Environment: caller(ctx).Environment, AccountID: b.AccountID, Name: b.Name, Integration: b.Integration, Context: b.Context,
				RedirectURI: b.RedirectURI, Life: time.Duration(b.ExpiresIn) * time.Second, CreatedBy: caller(ctx).ID}
			switch {
			case b.TenantID != nil:
				d.TenantID = *b.TenantID
			case b.AccountID == "":
				return nil, problem(http.StatusUnprocessableEntity, "tenant_id is required: say whose the new account is, or which is connected again by integrated_account_id.").at("tenant_id")
			}
			l, token, err := a.Links.Create(ctx, d)
			if errors.Is(err, catalog.ErrNotFound) {
				return nil, problem(http.StatusUnprocessableEntity, a.fail(ctx, err).Message).at("integration")
			}
			if err != nil {
				return nil, err
			}
			out := showLink(l)
			out.Token, out.URL = token, a.LinkURL(token)
			return &one[LinkToken]{out}, nil
		})
	register(a, operation{"get-link-token", http.MethodGet, "/link-token/{id}", "Tell what became of a link", 0, permission.AccountsRead},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*one[LinkToken], error) {
			l, err := a.Links.Get(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			return &one[LinkToken]{showLink(l)}, nil
		})
	register(a, operation{"get-account-question", http.MethodGet, "/integrated-account/{id}/question", "Tell what is to be chosen before a connecting account is active; PATCH takes it in context", 0, permission.AccountsRead},
		func(ctx context.Context, in *AccountByID) (*one[Question], error) {
			q, err := a.Accounts.Question(ctx, caller(ctx).Environment, in.ID)
			if err != nil {
				return nil, err
			}
			out := Question{Options: []QuestionOption{}}
			if q != nil {
				out.Field, out.Label = q.Name, q.Label
				for _, o := range q.Options {
					out.Options = append(out.Options, QuestionOption{o.Value, o.Label})
				}
			}
			return &one[Question]{out}, nil
		})
	a.redirectURIs()
}

// Question is what can only be asked once an account's credential works.
type Question struct {
	Field   string           `json:"field" doc:"As PATCH takes it: context.workspace_id; empty: nothing is to be chosen"`
	Label   string           `json:"label"`
	Options []QuestionOption `json:"options"`
}

// QuestionOption is one of the answers.
type QuestionOption struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

func (a *api) redirectURIs() {
	type body struct {
		RedirectURIs []string `json:"redirect_uris" maxItems:"100" nullable:"false"`
	}
	show := func(ctx context.Context, environment string) (*one[body], error) {
		uris, err := a.Links.RedirectURIs(ctx, environment)
		if err != nil {
			return nil, err
		}
		if uris == nil {
			uris = []string{}
		}
		return &one[body]{body{uris}}, nil
	}
	register(a, operation{"get-redirect-uris", http.MethodGet, "/environment/{id}/redirect-uris", "List the pages that links may lead to when they are done", 0, permission.AccountsRead},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*one[body], error) {
			if in.ID != caller(ctx).Environment {
				return nil, environment.ErrNotFound
			}
			return show(ctx, in.ID)
		})
	register(a, operation{"put-redirect-uris", http.MethodPut, "/environment/{id}/redirect-uris", "Replace the list of pages that links may lead to", 0, permission.EnvironmentWrite},
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body body
		}) (*one[body], error) {
			if in.ID != caller(ctx).Environment {
				return nil, environment.ErrNotFound
			}
			if err := a.Links.SetRedirectURIs(ctx, in.ID, in.Body.RedirectURIs); err != nil {
				return nil, err
			}
			return show(ctx, in.ID)
		})
}
