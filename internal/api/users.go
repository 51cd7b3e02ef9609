package api

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/permission"
	"sluice/internal/user"
)

// User is somebody who signs in.
type User struct {
	ID           string     `json:"id"`
	Email        string     `json:"email"`
	Name         string     `json:"name"`
	Role         string     `json:"role" enum:"owner,admin,member,viewer"`
	HasPassword  bool       `json:"has_password" doc:"Whether a password was chosen"`
	OpenID       bool       `json:"openid" doc:"Whether the OpenID provider knows the user"`
	CreatedAt    *time.Time `json:"created_at"`
	UpdatedAt    *time.Time `json:"updated_at"`
	LastSignInAt *time.Time `json:"last_sign_in_at"`
}

func showUser(u *user.User) User {
	return User{
		ID: u.ID, Email: u.Email, Name: u.Name, Role: string(u.Role), HasPassword: u.HasPassword, OpenID: u.Issuer != "",
		CreatedAt: moment(u.CreatedAt), UpdatedAt: moment(u.UpdatedAt), LastSignInAt: moment(u.LastSignInAt),
	}
}

// Invitation is a link that makes whoever opens it a user, once.
type Invitation struct {
	ID        string     `json:"id"`
	Email     string     `json:"email"`
	Name      string     `json:"name"`
	Role      string     `json:"role" enum:"owner,admin,member,viewer"`
	CreatedBy string     `json:"created_by"`
	CreatedAt *time.Time `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
	URL       string     `json:"url,omitempty" doc:"What to send them, shown this once"`
}

func showInvitation(i *user.Invitation) Invitation {
	return Invitation{
		ID: i.ID, Email: i.Email, Name: i.Name, Role: string(i.Role), CreatedBy: i.CreatedBy, CreatedAt: moment(i.CreatedAt), ExpiresAt: moment(i.ExpiresAt),
	}
}

// Link is a link that was made for somebody.
type Link struct {
	URL       string     `json:"url" doc:"What to send them, shown this once"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// UserByID is the path of one user.
type UserByID struct {
	ID string `path:"id"`
}

func (a *api) users() {
	show := func(u *user.User, err error) (*one[User], error) {
		if err != nil {
			return nil, err
		}
		return &one[User]{showUser(u)}, nil
	}
	register(a, operation{"list-users", http.MethodGet, "/user", "List the environment's users", 0, permission.UsersRead},
		func(ctx context.Context, in *Paging) (*listed[User], error) {
			before, err := in.below("usr")
			if err != nil {
				return nil, err
			}
			users, next, err := a.Users.List(ctx, caller(ctx).Environment, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(users, next, showUser), nil
		})
	register(a, operation{"get-user", http.MethodGet, "/user/{id}", "Get a user", 0, permission.UsersRead},
		func(ctx context.Context, in *UserByID) (*one[User], error) {
			return show(a.Users.Get(ctx, caller(ctx).Environment, in.ID))
		})
	register(a, operation{"update-user", http.MethodPatch, "/user/{id}", "Change a user's name or role; what is not given stays", 0, permission.UsersWrite},
		func(ctx context.Context, in *struct {
			UserByID
			Body struct {
				Name *string          `json:"name,omitempty" maxLength:"200"`
				Role *permission.Role `json:"role,omitempty" enum:"owner,admin,member,viewer"`
			}
		}) (*one[User], error) {
			return show(a.Users.Update(ctx, caller(ctx).Environment, in.ID, user.Change{Name: in.Body.Name, Role: in.Body.Role}, caller(ctx).by()))
		})
	register(a, operation{"delete-user", http.MethodDelete, "/user/{id}", "Remove a user, with their sessions and API tokens", http.StatusNoContent, permission.UsersWrite},
		func(ctx context.Context, in *UserByID) (*struct{}, error) {
			return nil, a.Users.Delete(ctx, caller(ctx).Environment, in.ID, caller(ctx).by())
		})
	register(a, operation{"create-password-link", http.MethodPost, "/user/{id}/password-link",
		"Make a link by which a user chooses a password, once", http.StatusCreated, permission.UsersWrite},
		func(ctx context.Context, in *UserByID) (*one[Link], error) {
			token, expires, err := a.Users.NewLink(ctx, caller(ctx).Environment, in.ID, user.PasswordLink, user.PasswordLinkLife, caller(ctx).by())
			if err != nil {
				return nil, err
			}
			return &one[Link]{Link{a.People.PasswordURL(token), moment(expires)}}, nil
		})

	register(a, operation{"list-invitations", http.MethodGet, "/user-invitation", "List invitations that nobody has accepted yet", 0, permission.UsersRead},
		func(ctx context.Context, in *Paging) (*listed[Invitation], error) {
			before, err := in.below("inv")
			if err != nil {
				return nil, err
			}
			invitations, next, err := a.Users.Invitations(ctx, caller(ctx).Environment, before, in.Limit)
			if err != nil {
				return nil, err
			}
			return listOf(invitations, next, showInvitation), nil
		})
	register(a, operation{"create-invitation", http.MethodPost, "/user-invitation", "Invite somebody by a link; one of before to the same address ends", http.StatusCreated, permission.UsersWrite},
		func(ctx context.Context, in *struct {
			Body struct {
				Email string          `json:"email" maxLength:"254"`
				Name  string          `json:"name,omitempty" maxLength:"200"`
				Role  permission.Role `json:"role" enum:"owner,admin,member,viewer"`
			}
		}) (*one[Invitation], error) {
			inv, token, err := a.Users.Invite(ctx, user.Draft{
				Environment: caller(ctx).Environment, Email: in.Body.Email, Name: in.Body.Name, Role: in.Body.Role,
			}, caller(ctx).by())
			if err != nil {
				return nil, err
			}
			out := showInvitation(inv)
			out.URL = a.People.InvitationURL(token)
			return &one[Invitation]{out}, nil
		})
	register(a, operation{"delete-invitation", http.MethodDelete, "/user-invitation/{id}", "Take an invitation back", http.StatusNoContent, permission.UsersWrite},
		func(ctx context.Context, in *UserByID) (*struct{}, error) {
			return nil, a.Users.Uninvite(ctx, caller(ctx).Environment, in.ID)
		})
}
