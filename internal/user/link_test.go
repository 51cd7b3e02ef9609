package user_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

func TestALinkWorksOnceWhoeverIsFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		u := h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
		token, _, err := h.NewLink(t.Context(), u.Environment, u.ID, user.SignInLink, time.Hour, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.UseLink(t.Context(), user.PasswordLink, token); !errors.Is(err, user.ErrLink) {
			t.Errorf("as a link of another kind: got error %v, want ErrLink", err)
		}
		for range 2 {
			if got, err := h.Link(t.Context(), user.SignInLink, token); err != nil || got.ID != u.ID {
				t.Errorf("looked at: %+v, error %v", got, err)
			}
		}
		var mu sync.Mutex
		used := 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				got, err := h.UseLink(t.Context(), user.SignInLink, token)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && got.ID == u.ID:
					used++
				case !errors.Is(err, user.ErrLink):
					t.Errorf("got error %v, want ErrLink", err)
				}
			})
		}
		wg.Wait()
		if used != 1 {
			t.Errorf("the link was used %d times", used)
		}
	})
}

func TestALinkEndsByTimeByAnotherAndByANewPassword(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		u := h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
		link := func(kind user.LinkKind, life time.Duration) string {
			token, _, err := h.NewLink(t.Context(), u.Environment, u.ID, kind, life, user.Operator)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		first := link(user.PasswordLink, time.Hour)
		second := link(user.PasswordLink, time.Hour)
		signIn := link(user.SignInLink, time.Hour)
		session, _, err := h.StartSession(t.Context(), u, "password", user.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.ChoosePassword(t.Context(), first, "a password of mine"); !errors.Is(err, user.ErrLink) {
			t.Errorf("a link that another one replaced: got error %v, want ErrLink", err)
		}
		_, err = h.ChoosePassword(t.Context(), second, "short")
		wants[*user.InvalidError](t, "a password that is too short", err, "12")
		if _, err := h.ChoosePassword(t.Context(), second, "a password of mine"); err != nil {
			t.Fatalf("the link is used up by a password that is too short: %v", err)
		}
		if _, err := h.UseLink(t.Context(), user.SignInLink, signIn); !errors.Is(err, user.ErrLink) {
			t.Errorf("a link from before the new password: got error %v, want ErrLink", err)
		}
		if _, _, err := h.Session(t.Context(), session); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("a session from before the new password: got error %v, want ErrNotFound", err)
		}
		if _, err := h.SignIn(t.Context(), u.Email, good, user.Origin{}); !errors.Is(err, user.ErrPassword) {
			t.Errorf("the old password: got error %v, want ErrPassword", err)
		}
		if _, err := h.SignIn(t.Context(), u.Email, "a password of mine", user.Origin{}); err != nil {
			t.Errorf("the new password: %v", err)
		}
		short := link(user.SignInLink, 30*time.Millisecond)
		time.Sleep(40 * time.Millisecond)
		if _, err := h.UseLink(t.Context(), user.SignInLink, short); !errors.Is(err, user.ErrLink) {
			t.Errorf("a link that has expired: got error %v, want ErrLink", err)
		}
	})
}

func TestAnInvitationMakesOneUser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		env := h.environment(t, "here")
		h.user(t, env, "owner@example.com", permission.Owner)
		draft := user.Draft{Environment: env, Email: "Guest@example.com", Name: "The guest", Role: permission.Member}
		_, replaced, err := h.Invite(t.Context(), draft, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		inv, token, err := h.Invite(t.Context(), draft, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		if list, _, err := h.Invitations(t.Context(), env, "", 10); err != nil || len(list) != 1 || list[0].ID != inv.ID {
			t.Errorf("the invitations are %v (%v), want the second alone", list, err)
		}
		if _, err := h.Accept(t.Context(), replaced, "", good); !errors.Is(err, user.ErrLink) {
			t.Errorf("an invitation that another one replaced: got error %v, want ErrLink", err)
		}
		_, err = h.Accept(t.Context(), token, "", "short")
		wants[*user.InvalidError](t, "a password that is too short", err)
		_, err = h.Accept(t.Context(), token, "", "")
		wants[*user.InvalidError](t, "no password", err)
		u, err := h.Accept(t.Context(), token, "", good)
		if err != nil || u.Email != "guest@example.com" || u.Name != "The guest" || u.Role != permission.Member || u.Environment != env {
			t.Fatalf("the guest is %+v (%v)", u, err)
		}
		if _, err := h.Accept(t.Context(), token, "", good); !errors.Is(err, user.ErrLink) {
			t.Errorf("accepting again: got error %v, want ErrLink", err)
		}
		_, _, err = h.Invite(t.Context(), draft, user.Operator)
		wants[*user.ConflictError](t, "inviting who is there", err)

		gone, token, err := h.Invite(t.Context(), user.Draft{Environment: env, Email: "late@example.com", Role: permission.Viewer}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Uninvite(t.Context(), h.environment(t, "there"), gone.ID); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("taken back from another environment: got error %v, want ErrNotFound", err)
		}
		if err := h.Uninvite(t.Context(), env, gone.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Invitation(t.Context(), token); !errors.Is(err, user.ErrLink) {
			t.Errorf("an invitation that was taken back: got error %v, want ErrLink", err)
		}
	})
}

func TestWhatHasEndedIsRemovedAndNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		env := h.environment(t, "here")
		u := h.user(t, env, "ada@example.com", permission.Owner)
		session, _, err := h.StartSession(t.Context(), u, "password", user.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		link, _, err := h.NewLink(t.Context(), env, u.ID, user.SignInLink, time.Hour, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		_, invitation, err := h.Invite(t.Context(), user.Draft{Environment: env, Email: "g@example.com", Role: permission.Viewer}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		guess := func() error {
			_, err := h.SignIn(t.Context(), "x@example.com", "a wrong password", user.Origin{})
			return err
		}
		for range 5 {
			if err := guess(); !errors.Is(err, user.ErrPassword) {
				t.Fatal(err)
			}
		}
		// Each is there, or it is not: what is seen when its end is set to a time to come.
		there := func() map[string]bool {
			end := time.Now().Add(time.Hour).UnixMilli()
			for _, table := range []string{"sessions", "user_links", "invitations", "sign_in_attempts"} {
				if err := st.Exec(t.Context(), "UPDATE "+table+" SET expires_at = "+strconv.FormatInt(end, 10)); err != nil {
					t.Fatal(err)
				}
			}
			var many *user.TooManyError
			_, _, sessionErr := newHouse(t, st).Session(t.Context(), session) // which remembers nothing
			_, linkErr := h.Link(t.Context(), user.SignInLink, link)
			_, invitationErr := h.Invitation(t.Context(), invitation)
			return map[string]bool{"session": sessionErr == nil, "link": linkErr == nil, "invitation": invitationErr == nil, "attempts": errors.As(guess(), &many)}
		}
		h.Sweep(t.Context())
		for what, is := range there() {
			if !is {
				t.Errorf("the %s is removed before its end", what)
			}
		}
		for _, table := range []string{"sessions", "user_links", "invitations", "sign_in_attempts"} {
			if err := st.Exec(t.Context(), "UPDATE "+table+" SET expires_at = 1"); err != nil {
				t.Fatal(err)
			}
		}
		h.Sweep(t.Context())
		for what, is := range there() {
			if is {
				t.Errorf("the %s is there after its end", what)
			}
		}
	})
}
