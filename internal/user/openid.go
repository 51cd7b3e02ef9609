package user

import (
	"context"
	"errors"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Claims are what an OpenID provider says of somebody, in a token whose signature, audience and nonce were checked.
type Claims struct {
	Subject       string
	Email         string
	EmailVerified bool
	Name          string
}

// NobodyError says why somebody whom the provider knows is no user here.
type NobodyError struct{ Message string }

func (e *NobodyError) Error() string { return e.Message }

// SignInByProvider finds, or makes, the user whom a provider speaks of. The subject decides, once it is known; the first time, an address that the provider has
// verified and that is of its domains. A provider says nothing of the users of another environment.
func (s *Service) SignInByProvider(ctx context.Context, p *Provider, c Claims) (*User, error) {
	row, err := s.Store.FindUserBySubject(ctx, db.FindUserBySubjectParams{Environment: p.Environment, Issuer: p.Issuer, Subject: c.Subject})
	if err == nil {
		return userOf(row), nil
	}
	if !missing(err) {
		return nil, explain(err, "sign in by the OpenID provider")
	}
	email, err := checkEmail(c.Email)
	switch {
	case err != nil:
		return nil, &NobodyError{p.Label + " does not tell your email address: Sluice asks for the scope email"}
	case !c.EmailVerified:
		return nil, &NobodyError{p.Label + " has not verified the address " + email + ": have it verified there, then try again"}
	case !p.SpeaksFor(email):
		return nil, &NobodyError{"the address " + email + " is of no domain that signs in by " + p.Label + " here"}
	}
	u, err := s.ByEmail(ctx, email)
	switch {
	case errors.Is(err, ErrNotFound):
		return s.join(ctx, p, c, email)
	case err != nil:
		return nil, err
	case u.Environment != p.Environment:
		return nil, &NobodyError{"the address " + email + " is a user's of another environment"}
	case u.Subject != "" && u.Issuer == p.Issuer:
		return nil, &NobodyError{"the user " + email + " is another person to " + p.Label + ": if the address has a new owner, remove the user and invite them anew"}
	}
	_, err = s.Store.SetSubject(ctx, db.SetSubjectParams{Environment: u.Environment, ID: u.ID, Issuer: p.Issuer, Subject: c.Subject, UpdatedAt: time.Now().UnixMilli()})
	if err == nil {
		err = s.Store.Publish(ctx, store.Users, u.ID)
	}
	if err != nil {
		return nil, explain(err, "link the user to the OpenID provider")
	}
	return s.Get(ctx, u.Environment, u.ID)
}

// join makes a user of somebody who was invited, or whom the provider's word is enough for.
func (s *Service) join(ctx context.Context, p *Provider, c Claims, email string) (*User, error) {
	n := Draft{Environment: p.Environment, Email: email, Name: c.Name, Role: p.Role, Issuer: p.Issuer, Subject: c.Subject}
	if _, err := checkName(n.Name, email); err != nil {
		n.Name = ""
	}
	row, err := s.Store.FindInvitationByEmail(ctx, db.FindInvitationByEmailParams{Environment: p.Environment, Email: email, Now: time.Now().UnixMilli()})
	switch {
	case err == nil:
		inv := invitationOf(row)
		if n.Role = inv.Role; inv.Name != "" {
			n.Name = inv.Name
		}
		return s.accept(ctx, inv, n)
	case !missing(err):
		return nil, explain(err, "look for an invitation")
	case p.Role == "":
		return nil, &NobodyError{"the address " + email + " was not invited: ask an owner or admin for an invitation"}
	}
	return s.Create(ctx, n, Operator)
}
