package user_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"sluice/internal/await"
	"sluice/internal/environment"
	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

const (
	masterText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	good       = "correct horse battery"
)

func TestMain(m *testing.M) {
	restore := user.SetCost(64) // hashing is tested, not waited for
	code := m.Run()
	restore()
	os.Exit(code)
}

// house is a user service with the environments around it.
type house struct {
	*user.Service
	environments *environment.Service
	store        *store.Store
}

func newHouse(t *testing.T, st *store.Store) *house { return newHouseWith(t, st, user.Config{}) }

func newHouseWith(t *testing.T, st *store.Store, c user.Config) *house {
	t.Helper()
	keys, err := secret.Load(t.Context(), st, secret.Given(masterText))
	if err != nil {
		t.Fatal(err)
	}
	c.Store, c.Keys, c.Log = st, keys, slog.New(slog.DiscardHandler)
	h := &house{user.New(c), environment.New(st, keys, nil), st}
	t.Cleanup(func() {
		h.Service.Close()
		h.environments.Close()
	})
	return h
}

func (h *house) environment(t *testing.T, name string) string {
	t.Helper()
	e, err := h.environments.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func (h *house) user(t *testing.T, environment, email string, role permission.Role) *user.User {
	t.Helper()
	u, err := h.Create(t.Context(), user.Draft{Environment: environment, Email: email, Role: role, Password: good}, user.Operator)
	if err != nil {
		t.Fatalf("create %s: %v", email, err)
	}
	return u
}

// wants checks that err is of a type and speaks of some words.
func wants[E error](t *testing.T, what string, err error, words ...string) (e E) {
	t.Helper()
	if !errors.As(err, &e) {
		t.Errorf("%s: got error %v, want a %T", what, err, e)
		return e
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: the error does not speak of %q: %v", what, w, err)
		}
	}
	return e
}

func TestAnAddressIsOneUsersHoweverItIsSpelled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		here, there := h.environment(t, "here"), h.environment(t, "there")
		u := h.user(t, here, "  Ada@Example.COM ", permission.Owner)
		if u.Email != "ada@example.com" || u.Name != "ada" || !u.HasPassword {
			t.Errorf("the user is %+v", u)
		}
		for _, env := range []string{here, there} {
			_, err := h.Create(t.Context(), user.Draft{Environment: env, Email: "ADA@example.com", Role: permission.Viewer}, user.Operator)
			wants[*user.ConflictError](t, "the address again", err, "already")
		}
		if _, err := h.Get(t.Context(), there, u.ID); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("from another environment: got error %v, want ErrNotFound", err)
		}
		for _, wrong := range []string{"", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c", "Ada <ada@example.com>", "a\x00@example.com", strings.Repeat("a", 250) + "@example.com"} {
			_, err := h.Create(t.Context(), user.Draft{Environment: here, Email: wrong, Role: permission.Viewer}, user.Operator)
			if e := wants[*user.InvalidError](t, wrong, err); e != nil && e.Field != "email" {
				t.Errorf("%q: the field is %s", wrong, e.Field)
			}
		}
	})
}

func TestOfOwnersWhoGoAtOnceOneStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		env := h.environment(t, "here")
		const n = 4
		var ids []string
		for i := range n {
			ids = append(ids, h.user(t, env, string(rune('a'+i))+"@example.com", permission.Owner).ID)
		}
		viewer := permission.Viewer
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() {
				if i%2 == 0 {
					h.Delete(t.Context(), env, id, user.Operator)
				} else {
					h.Update(t.Context(), env, id, user.Change{Role: &viewer}, user.Operator)
				}
			})
		}
		wg.Wait()
		users, _, err := h.List(t.Context(), env, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		owners := 0
		for _, u := range users {
			if u.Role == permission.Owner {
				owners++
				wants[*user.ConflictError](t, "removing the last owner", h.Delete(t.Context(), env, u.ID, user.Operator), "last owner")
			}
		}
		if owners != 1 {
			t.Errorf("%d owners are left, want 1", owners)
		}
	})
}

func TestTheFirstUserIsOneAlsoWhenManyTryOnSeveralNodes(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		nodes := []*house{newHouse(t, storetest.Open(t, url))}
		if nodes[0].store.Dialect() == store.PostgreSQL {
			nodes = append(nodes, newHouse(t, storetest.Open(t, url)))
		}
		var (
			mu   sync.Mutex
			won  int
			wg   sync.WaitGroup
			made = func(ctx context.Context) (string, error) {
				e, err := nodes[0].environments.Create(ctx, "default")
				if err != nil {
					return "", err
				}
				return e.ID, nil
			}
		)
		for i := range 6 {
			wg.Go(func() {
				u, err := nodes[i%len(nodes)].CreateFirst(t.Context(), user.Draft{Email: string(rune('a'+i)) + "@example.com", Password: good}, made)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil && u.Role == permission.Owner:
					won++
				case !errors.Is(err, user.ErrNotFirst):
					t.Errorf("got %+v, error %v", u, err)
				}
			})
		}
		wg.Wait()
		if count, err := nodes[0].Count(t.Context()); err != nil || won != 1 || count != 1 {
			t.Errorf("%d became the first, and there are %d users (%v)", won, count, err)
		}
	})
}

func TestAUserWhoIsRemovedTakesSessionsAndTokensAlongOnEveryNode(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		here := newHouse(t, storetest.Open(t, url))
		there := here
		if here.store.Dialect() == store.PostgreSQL {
			there = newHouse(t, storetest.Open(t, url))
		}
		env := here.environment(t, "here")
		here.user(t, env, "stays@example.com", permission.Owner)
		u := here.user(t, env, "ada@example.com", permission.Member)
		session, _, err := here.StartSession(t.Context(), u, "password", user.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		_, token, err := here.environments.IssueToken(t.Context(), environment.TokenDraft{Environment: env, Name: "x", UserID: u.ID, Scopes: permission.Of(permission.ToolsRead)})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := there.Session(t.Context(), session); err != nil {
			t.Fatalf("the session before: %v", err)
		}
		if _, err := there.environments.Authenticate(t.Context(), token); err != nil {
			t.Fatalf("the token before: %v", err)
		}
		// What the role loses reaches the other node, too.
		viewer := permission.Viewer
		if _, err := here.Update(t.Context(), env, u.ID, user.Change{Role: &viewer}, user.Operator); err != nil {
			t.Fatal(err)
		}
		await.True(t, "the role's change to reach the other node", func() bool {
			_, now, err := there.Session(t.Context(), session)
			return err == nil && now.Role == permission.Viewer
		})
		if err := here.Delete(t.Context(), env, u.ID, user.Operator); err != nil {
			t.Fatal(err)
		}
		await.True(t, "the session to end", func() bool {
			_, _, err := there.Session(t.Context(), session)
			return errors.Is(err, user.ErrNotFound)
		})
		await.True(t, "the token to be refused", func() bool {
			_, err := there.environments.Authenticate(t.Context(), token)
			return errors.Is(err, environment.ErrUnknownToken)
		})
		if _, _, err := here.environments.IssueToken(t.Context(), environment.TokenDraft{Environment: env, Name: "x", UserID: u.ID, Scopes: permission.Everything}); !errors.Is(err, environment.ErrNotFound) {
			t.Errorf("a token of somebody who is gone: got error %v, want ErrNotFound", err)
		}
	})
}

func TestAnEnvironmentThatIsDeletedTakesItsUsersAlong(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		env := h.environment(t, "here")
		u := h.user(t, env, "ada@example.com", permission.Owner)
		session, _, err := h.StartSession(t.Context(), u, "password", user.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Session(t.Context(), session); err != nil {
			t.Fatalf("before: %v", err)
		}
		if err := h.environments.Delete(t.Context(), env); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Session(t.Context(), session); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("after: got error %v, want ErrNotFound", err)
		}
	})
}
