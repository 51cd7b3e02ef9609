package user_test

import (
	"testing"

	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

func TestAProviderSpeaksForItsOwnPeopleAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		env, other := h.environment(t, "here"), h.environment(t, "there")
		ada := h.user(t, env, "ada@example.com", permission.Owner)
		h.user(t, other, "eve@example.com", permission.Owner)
		p := user.Provider{Environment: env, Label: "Example ID", Issuer: "https://id.example.com", ClientID: "sluice", ClientSecret: "x", Domains: []string{"example.com"}}
		if err := h.SetProvider(t.Context(), p, user.Operator); err != nil {
			t.Fatal(err)
		}
		provider := func() *user.Provider {
			p, err := h.ProviderFor(t.Context(), "Somebody@EXAMPLE.com")
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		said := user.Claims{Subject: "1", Email: "Ada@example.com", EmailVerified: true, Name: "Ada"}
		for what, c := range map[string]struct {
			claims user.Claims
			word   string
		}{
			"no address":                    {user.Claims{Subject: "1", EmailVerified: true}, "scope email"},
			"an address nobody verified":    {user.Claims{Subject: "1", Email: "ada@example.com"}, "verified"},
			"an address of another domain":  {user.Claims{Subject: "1", Email: "ada@evil.example", EmailVerified: true}, "domain"},
			"a domain that only ends alike": {user.Claims{Subject: "1", Email: "ada@notexample.com", EmailVerified: true}, "domain"},
			"another environment's user":    {user.Claims{Subject: "2", Email: "eve@example.com", EmailVerified: true}, "another environment"},
			"somebody who was not invited":  {user.Claims{Subject: "3", Email: "new@example.com", EmailVerified: true}, "invited"},
		} {
			_, err := h.SignInByProvider(t.Context(), provider(), c.claims)
			wants[*user.NobodyError](t, what, err, c.word)
		}
		if u, err := h.SignInByProvider(t.Context(), provider(), said); err != nil || u.ID != ada.ID || u.Subject != "1" {
			t.Fatalf("the first time: %+v, error %v", u, err)
		}
		// From now on the subject decides, whatever has become of the address.
		if u, err := h.SignInByProvider(t.Context(), provider(), user.Claims{Subject: "1", Email: "married@elsewhere.example"}); err != nil || u.ID != ada.ID {
			t.Errorf("with another address: %+v, error %v", u, err)
		}
		_, err := h.SignInByProvider(t.Context(), provider(), user.Claims{Subject: "9", Email: "ada@example.com", EmailVerified: true})
		wants[*user.NobodyError](t, "another person with the address", err, "another person")

		if _, _, err := h.Invite(t.Context(), user.Draft{Environment: env, Email: "new@example.com", Role: permission.Admin}, user.Operator); err != nil {
			t.Fatal(err)
		}
		p.Role = permission.Viewer
		if err := h.SetProvider(t.Context(), p, user.Operator); err != nil {
			t.Fatal(err)
		}
		if u, err := h.SignInByProvider(t.Context(), provider(), user.Claims{Subject: "3", Email: "new@example.com", EmailVerified: true, Name: "New"}); err != nil || u.Role != permission.Admin || u.HasPassword || u.Name != "New" {
			t.Errorf("who was invited: %+v, error %v", u, err)
		}
		if list, _, _ := h.Invitations(t.Context(), env, "", 10); len(list) != 0 {
			t.Errorf("the invitation is still there: %v", list)
		}
		if u, err := h.SignInByProvider(t.Context(), provider(), user.Claims{Subject: "4", Email: "join@example.com", EmailVerified: true, Name: "Bad\x00name"}); err != nil || u.Role != permission.Viewer || u.Name != "join" {
			t.Errorf("who joins by the provider's word: %+v, error %v", u, err)
		}
		by := user.By{Permissions: permission.Admin.Permissions()}
		p.Role = permission.Owner
		wants[*user.ForbiddenError](t, "letting people join as more than oneself", h.SetProvider(t.Context(), p, by), "environment:write")
	})
}

func TestPasswordsThatAreSwitchedOffStillLetAnOwnerIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		env := h.environment(t, "here")
		h.user(t, env, "owner@example.com", permission.Owner)
		h.user(t, env, "member@example.com", permission.Member)
		p := user.Provider{
			Environment: env, Label: "Example ID", Issuer: "https://id.example.com", ClientID: "sluice", ClientSecret: "x", Domains: []string{"example.com"}, Required: true,
		}
		if err := h.SetProvider(t.Context(), p, user.Operator); err != nil {
			t.Fatal(err)
		}
		_, err := h.SignIn(t.Context(), "member@example.com", good, user.Origin{})
		wants[*user.ConflictError](t, "a member's password", err, "Example ID")
		if _, err := h.SignIn(t.Context(), "member@example.com", "a wrong password", user.Origin{}); err != user.ErrPassword {
			t.Errorf("a wrong password: got error %v, want ErrPassword", err)
		}
		if _, err := h.SignIn(t.Context(), "owner@example.com", good, user.Origin{}); err != nil {
			t.Errorf("an owner's password: %v", err)
		}
		_, token, err := h.Invite(t.Context(), user.Draft{Environment: env, Email: "new@example.com", Role: permission.Viewer}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.Accept(t.Context(), token, "", good)
		wants[*user.ConflictError](t, "joining with a password", err, "Example ID")
	})
}
