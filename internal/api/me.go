package api

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/environment"
	"sluice/internal/user"
)

// Me is who makes a request, and what they may do.
type Me struct {
	User        *User       `json:"user" doc:"null for an API token of the environment's"`
	APIToken    *APIToken   `json:"api_token" doc:"null for a user in their browser"`
	Environment Environment `json:"environment"`
	Permissions []string    `json:"permissions" nullable:"false"`
}

// Session is a browser in which a user is signed in.
type Session struct {
	ID         string     `json:"id"`
	Current    bool       `json:"current" doc:"Whether it is the one that asks"`
	Method     string     `json:"method" enum:"password,openid,link,invitation" doc:"How the user signed in"`
	Address    string     `json:"address"`
	UserAgent  string     `json:"user_agent"`
	CreatedAt  *time.Time `json:"created_at"`
	LastSeenAt *time.Time `json:"last_seen_at"`
	ExpiresAt  *time.Time `json:"expires_at"`
}

// me is about the caller themselves. What would outlast an API token, or reach further than its scopes, is done in person.
func (a *api) me() {
	register(a, operation{"get-me", http.MethodGet, "/me", "Tell who makes the request, and what they may do", 0, anyCaller},
		func(ctx context.Context, _ *struct{}) (*one[Me], error) {
			by := caller(ctx)
			e, err := a.Environments.Get(ctx, by.Environment)
			if err != nil {
				return nil, err
			}
			out := Me{Environment: showEnvironment(e), Permissions: by.permissions.Names()}
			if by.user != nil {
				shown := showUser(by.user)
				out.User = &shown
			}
			if by.token != nil {
				shown := showToken(by.token)
				out.APIToken = &shown
			}
			return &one[Me]{out}, nil
		})
	register(a, operation{"update-me", http.MethodPatch, "/me", "Change one's own name", 0, inPerson},
		func(ctx context.Context, in *struct {
			Body struct {
				Name *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
			}
		}) (*one[User], error) {
			by := caller(ctx)
			u, err := a.Users.Update(ctx, by.Environment, by.user.ID, user.Change{Name: in.Body.Name}, by.by())
			if err != nil {
				return nil, err
			}
			return &one[User]{showUser(u)}, nil
		})
	register(a, operation{"change-password", http.MethodPut, "/me/password", "Choose another password; all other sessions end", http.StatusNoContent, inPerson},
		func(ctx context.Context, in *struct {
			Body struct {
				Old      string `json:"old_password,omitempty" doc:"The one of now, if there is one"`
				Password string `json:"password" doc:"At least 12 characters"`
			}
		}) (*struct{}, error) {
			by := caller(ctx)
			return nil, a.Users.ChangePassword(ctx, by.user, in.Body.Old, in.Body.Password, by.session.ID, user.Origin{Address: by.session.Address})
		})
	register(a, operation{"list-my-sessions", http.MethodGet, "/me/session", "List the browsers in which one is signed in", 0, inPerson},
		func(ctx context.Context, _ *struct{}) (*listed[Session], error) {
			by := caller(ctx)
			sessions, err := a.Users.Sessions(ctx, by.Environment, by.user.ID)
			if err != nil {
				return nil, err
			}
			return listOf(sessions, "", func(s *user.Session) Session {
				return Session{
					ID: s.ID, Current: s.ID == by.session.ID, Method: s.Method, Address: s.Address, UserAgent: s.UserAgent,
					CreatedAt: moment(s.CreatedAt), LastSeenAt: moment(s.LastSeenAt), ExpiresAt: moment(s.ExpiresAt),
				}
			}), nil
		})
	register(a, operation{"delete-my-session", http.MethodDelete, "/me/session/{id}", "Sign out in one of one's browsers", http.StatusNoContent, inPerson},
		func(ctx context.Context, in *UserByID) (*struct{}, error) {
			return nil, a.Users.EndSession(ctx, caller(ctx).Environment, caller(ctx).user.ID, in.ID)
		})
	register(a, operation{"delete-my-other-sessions", http.MethodDelete, "/me/session", "Sign out in all of one's browsers but the one that asks", http.StatusNoContent, inPerson},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			by := caller(ctx)
			return nil, a.Users.EndOtherSessions(ctx, by.Environment, by.user.ID, by.session.ID)
		})

	register(a, operation{"list-my-api-tokens", http.MethodGet, "/me/api-token", "List one's own API tokens", 0, inPerson},
		func(ctx context.Context, in *Paging) (*listed[APIToken], error) {
			before, err := in.below("tok")
			if err != nil {
				return nil, err
			}
			tokens, next, err := a.Environments.ListTokensOf(ctx, caller(ctx).Environment, caller(ctx).user.ID, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(tokens, next, showToken), nil
		})
	register(a, operation{"create-my-api-token", http.MethodPost, "/me/api-token",
		"Create an API token of one's own: it may never do more than oneself, and ends when the user is removed", http.StatusCreated, inPerson},
		func(ctx context.Context, in *NewAPIToken) (*one[APIToken], error) {
			return a.issue(ctx, in, caller(ctx).user.ID)
		})
	register(a, operation{"delete-my-api-token", http.MethodDelete, "/me/api-token/{id}", "Revoke an API token of one's own", http.StatusNoContent, inPerson},
		func(ctx context.Context, in *UserByID) (*struct{}, error) {
			by := caller(ctx)
			t, err := a.Environments.GetToken(ctx, by.Environment, in.ID)
			if err == nil && t.UserID != by.user.ID {
				err = environment.ErrNotFound
			}
			if err != nil {
				return nil, err
			}
			return nil, a.Environments.DeleteToken(ctx, by.Environment, in.ID)
		})
}
