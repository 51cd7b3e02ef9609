package environment_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sluice/internal/await"
	"sluice/internal/environment"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

const masterText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func newService(t *testing.T, st *store.Store) *environment.Service {
	t.Helper()
	keys, err := secret.Load(t.Context(), st, secret.Given(masterText))
	if err != nil {
		t.Fatalf("load the keyset: %v", err)
	}
	s := environment.New(st, keys, slog.New(slog.DiscardHandler))
	t.Cleanup(s.Close)
	return s
}

func create(t *testing.T, s *environment.Service, name string) *environment.Environment {
	t.Helper()
	env, err := s.Create(t.Context(), name)
	if err != nil {
		t.Fatalf("create environment %q: %v", name, err)
	}
	return env
}

func createToken(t *testing.T, s *environment.Service, env, name string, expires time.Time) (*environment.Token, string) {
	t.Helper()
	token, text, err := s.CreateToken(t.Context(), env, name, "a test", expires)
	if err != nil {
		t.Fatalf("create API token %q: %v", name, err)
	}
	return token, text
}

func TestAnEnvironmentIsMadeFoundListedAndDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newService(t, st)
		first := create(t, s, "  Zürich  ")
		if first.Name != "Zürich" || !strings.HasPrefix(first.ID, "env_") || time.Since(first.CreatedAt).Abs() > time.Minute {
			t.Errorf("created %+v", first)
		}
		second := create(t, s, "second")
		for name, get := range map[string]func() (*environment.Environment, error){
			"by id":   func() (*environment.Environment, error) { return s.Get(t.Context(), first.ID) },
			"by name": func() (*environment.Environment, error) { return s.ByName(t.Context(), "Zürich") },
		} {
			if got, err := get(); err != nil || *got != *first {
				t.Errorf("%s: got %+v, error %v; want %+v", name, got, err, first)
			}
		}
		page, next, err := s.List(t.Context(), "", 1)
		if err != nil || len(page) != 1 || page[0].ID != second.ID || next == "" {
			t.Fatalf("first page: %v, next %q, error %v; want the second and more", page, next, err)
		}
		page, next, err = s.List(t.Context(), next, 1)
		if err != nil || len(page) != 1 || page[0].ID != first.ID || next != "" {
			t.Errorf("second page: %v, next %q, error %v; want the first and no more", page, next, err)
		}
		if err := s.Delete(t.Context(), first.ID); err != nil {
			t.Fatalf("delete: %v", err)
		}
		for name, missing := range map[string]error{
			"get what was deleted":       second2(s.Get(t.Context(), first.ID)),
			"get by a name of nobody":    second2(s.ByName(t.Context(), "Zürich")),
			"get by a name with a NUL":   second2(s.ByName(t.Context(), "Z\x00")),
			"delete it again":            s.Delete(t.Context(), first.ID),
			"delete an id with a NUL":    s.Delete(t.Context(), "env_\x00"),
			"make a token in it":         third(s.CreateToken(t.Context(), first.ID, "x", "", time.Time{})),
			"get a token that never was": second2(s.GetToken(t.Context(), second.ID, "tok_none")),
		} {
			if !errors.Is(missing, environment.ErrNotFound) {
				t.Errorf("%s: got error %v, want ErrNotFound", name, missing)
			}
		}
	})
}

func second2[T any](_ T, err error) error       { return err }
func third[T, U any](_ T, _ U, err error) error { return err }

func TestANameThatWillNotDoIsRefusedInWords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newService(t, st)
		env := create(t, s, "taken")
		for name, want := range map[string]string{
			"":                       "is required",
			" \t ":                   "is required",
			"a\x00b":                 "NUL",
			"a\xffb":                 "UTF-8",
			"a\nb":                   "control character",
			strings.Repeat("é", 201): "longer than 200",
		} {
			var invalid *environment.InvalidError
			if _, err := s.Create(t.Context(), name); !errors.As(err, &invalid) || invalid.Field != "name" || !strings.Contains(err.Error(), want) {
				t.Errorf("environment %q: got error %v, want one of name with %q", name, err, want)
			}
			if _, _, err := s.CreateToken(t.Context(), env.ID, name, "", time.Time{}); !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("token %q: got error %v, want one with %q", name, err, want)
			}
		}
		var conflict *environment.ConflictError
		if _, err := s.Create(t.Context(), "taken"); !errors.As(err, &conflict) || !strings.Contains(err.Error(), `"taken"`) {
			t.Errorf("a name twice: got error %v", err)
		}
		var invalid *environment.InvalidError
		if _, _, err := s.CreateToken(t.Context(), env.ID, "x", "", time.Now().Add(-time.Second)); !errors.As(err, &invalid) || invalid.Field != "expires_at" {
			t.Errorf("an expiry that is over: got error %v, want one of expires_at", err)
		}
	})
}

func TestATokenAuthenticatesUntilItIsRevoked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newService(t, st)
		env, other := create(t, s, "mine"), create(t, s, "theirs")
		token, text := createToken(t, s, env.ID, "laptop", time.Time{})
		if !strings.HasPrefix(text, "slu_") || !strings.HasPrefix(text, token.Prefix) || len(token.Prefix) != 10 {
			t.Errorf("token %q, prefix %q", text, token.Prefix)
		}
		for range 2 { // from the database, from memory
			got, err := s.Authenticate(t.Context(), text)
			if err != nil || got.ID != token.ID || got.Environment != env.ID {
				t.Fatalf("authenticate: %+v, error %v; want %s of %s", got, err, token.ID, env.ID)
			}
		}
		for _, wrong := range []string{"", "slu_", text + "a", text[:len(text)-1], strings.ToUpper(text), "slu_" + strings.Repeat("a", 100000), "slu_\x00\xff"} {
			if _, err := s.Authenticate(t.Context(), wrong); !errors.Is(err, environment.ErrUnknownToken) {
				t.Errorf("%.20q: got error %v, want ErrUnknownToken", wrong, err)
			}
		}
		if err := s.DeleteToken(t.Context(), other.ID, token.ID); !errors.Is(err, environment.ErrNotFound) {
			t.Errorf("revoking another environment's token: got error %v, want ErrNotFound", err)
		}
		if _, err := s.Authenticate(t.Context(), text); err != nil {
			t.Errorf("after another environment tried to revoke it: %v", err)
		}
		if err := s.DeleteToken(t.Context(), env.ID, token.ID); err != nil {
			t.Fatalf("revoke: %v", err)
		}
		if _, err := s.Authenticate(t.Context(), text); !errors.Is(err, environment.ErrUnknownToken) {
			t.Errorf("a revoked token: got error %v, want ErrUnknownToken", err)
		}
	})
}

func TestATokenIsNotInTheDatabase(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	s := newService(t, st)
	env := create(t, s, "mine")
	token, text := createToken(t, s, env.ID, "laptop", time.Time{})
	row, err := st.GetAPIToken(t.Context(), db.GetAPITokenParams{Environment: env.ID, ID: token.ID})
	if err != nil {
		t.Fatalf("get the row: %v", err)
	}
	if strings.Contains(string(row.TokenHash), text) || len(row.TokenHash) != 32 || row.KeyID == "" {
		t.Errorf("the row holds %q under key %q, want a hash of 32 bytes", row.TokenHash, row.KeyID)
	}
}

func TestAnExpiredTokenIsRefusedAtOnceAlsoFromMemory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newService(t, st)
		env := create(t, s, "mine")
		await.Life(t, func(life time.Duration) bool {
			token, text := createToken(t, s, env.ID, "short", time.Now().Add(life))
			_, err := s.Authenticate(t.Context(), text)
			if time.Now().After(token.ExpiresAt) {
				return false
			}
			if err != nil {
				t.Fatalf("before it expires: %v", err)
			}
			time.Sleep(time.Until(token.ExpiresAt))
			if _, err := s.Authenticate(t.Context(), text); !errors.Is(err, environment.ErrUnknownToken) {
				t.Errorf("got error %v, want ErrUnknownToken", err)
			}
			return true
		})
	})
}

func TestLastUseIsWrittenDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newService(t, st)
		env := create(t, s, "mine")
		used, text := createToken(t, s, env.ID, "used", time.Time{})
		idle, _ := createToken(t, s, env.ID, "idle", time.Time{})

		keys, err := secret.Load(t.Context(), st, secret.Given(masterText))
		if err != nil {
			t.Fatal(err)
		}
		passing := environment.New(st, keys, nil)
		before := time.Now()
		if _, err := passing.Authenticate(t.Context(), text); err != nil {
			t.Fatalf("authenticate: %v", err)
		}
		passing.Close()

		page, next, err := s.ListTokens(t.Context(), env.ID, "", 10)
		if err != nil || len(page) != 2 || next != "" {
			t.Fatalf("list: %v, next %q, error %v; want two", page, next, err)
		}
		if page[0].ID != idle.ID || !page[0].LastUsedAt.IsZero() {
			t.Errorf("first %+v, want the newest, not used", page[0])
		}
		if page[1].ID != used.ID || page[1].LastUsedAt.Before(before.Truncate(time.Millisecond)) {
			t.Errorf("second %+v, want the other, used since %v", page[1], before)
		}
	})
}

func TestRevocationReachesOtherNodesWithinASecond(t *testing.T) {
	url := storetest.PostgreSQL(t)
	here, there := newService(t, storetest.Open(t, url)), newService(t, storetest.Open(t, url))
	env := create(t, here, "mine")
	token, text := createToken(t, here, env.ID, "laptop", time.Time{})
	if _, err := there.Authenticate(t.Context(), text); err != nil {
		t.Fatalf("authenticate there: %v", err)
	}
	if err := here.DeleteToken(t.Context(), env.ID, token.ID); err != nil {
		t.Fatalf("revoke here: %v", err)
	}
	await.True(t, "the token to be refused there", func() bool {
		_, err := there.Authenticate(t.Context(), text)
		return errors.Is(err, environment.ErrUnknownToken)
	})
}

func TestAnEnvironmentWithAccountsIsNotDeletedAndOneWithTokensTakesThemAlong(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := newService(t, st)
		full, light := create(t, s, "full"), create(t, s, "light")
		account := db.CreateAccountParams{ID: store.NewID("acc"), Environment: full.ID, Integration: "octapipe", Context: "{}"}
		if err := st.CreateAccount(t.Context(), account); err != nil {
			t.Fatalf("create account: %v", err)
		}
		var conflict *environment.ConflictError
		if err := s.Delete(t.Context(), full.ID); !errors.As(err, &conflict) || !strings.Contains(err.Error(), "accounts (1)") {
			t.Errorf("deleting an environment with an account: got error %v", err)
		}
		_, text := createToken(t, s, light.ID, "x", time.Time{})
		if _, err := s.Authenticate(t.Context(), text); err != nil {
			t.Fatalf("authenticate: %v", err)
		}
		if err := s.Delete(t.Context(), light.ID); err != nil {
			t.Fatalf("delete: %v", err)
		}
		if _, err := s.Authenticate(t.Context(), text); !errors.Is(err, environment.ErrUnknownToken) {
			t.Errorf("a token of an environment that is gone: got error %v, want ErrUnknownToken", err)
		}
	})
}

func TestTokensOutliveARotationOfTheKeys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		keys, err := secret.Load(t.Context(), st, secret.Given(masterText))
		if err != nil {
			t.Fatal(err)
		}
		s := environment.New(st, keys, nil)
		defer s.Close()
		env := create(t, s, "mine")
		old, text := createToken(t, s, env.ID, "old", time.Time{})
		if _, err := s.Authenticate(t.Context(), text); err != nil {
			t.Fatalf("before: %v", err)
		}
		if err := keys.Rotate(t.Context()); err != nil {
			t.Fatalf("rotate: %v", err)
		}
		if got, err := s.Authenticate(t.Context(), text); err != nil || got.ID != old.ID {
			t.Errorf("after: %+v, error %v", got, err)
		}
		if err := s.DeleteToken(t.Context(), env.ID, old.ID); err != nil {
			t.Fatalf("revoke: %v", err)
		}
		if _, err := s.Authenticate(t.Context(), text); !errors.Is(err, environment.ErrUnknownToken) {
			t.Errorf("revoked after the rotation: got error %v, want ErrUnknownToken", err)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	st := storetest.Open(b, storetest.SQLite(b))
	keys, err := secret.Load(b.Context(), st, secret.Given(masterText))
	if err != nil {
		b.Fatal(err)
	}
	s := environment.New(st, keys, nil)
	defer s.Close()
	env, err := s.Create(b.Context(), "mine")
	if err != nil {
		b.Fatal(err)
	}
	_, text, err := s.CreateToken(b.Context(), env.ID, "x", "", time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Authenticate(b.Context(), text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
