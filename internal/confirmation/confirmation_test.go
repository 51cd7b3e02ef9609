package confirmation_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/await"
	"sluice/internal/confirmation"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

func TestAPolicyIsOneOfThreeWords(t *testing.T) {
	for word, want := range map[string]confirmation.Policy{"": "", "never": "", "destructive": confirmation.Destructive, "writes": confirmation.Writes} {
		if got, err := confirmation.ParsePolicy(word); err != nil || got != want {
			t.Errorf("%q is read as %q, %v; want %q", word, got, err, want)
		}
	}
	if _, err := confirmation.ParsePolicy("always"); err == nil {
		t.Error("a fourth word is taken")
	}
	for _, p := range confirmation.Words {
		if got, err := confirmation.ParsePolicy(string(p.Policy)); err != nil || got != p.Policy && p.Policy != confirmation.Never || p.Sentence == "" {
			t.Errorf("the choice %q is read as %q, %v", p.Policy, got, err)
		}
	}
	all := []confirmation.Policy{"", confirmation.Destructive, confirmation.Writes}
	for i, a := range all {
		for j, b := range all {
			if got := confirmation.Stricter(a, b); got != all[max(i, j)] {
				t.Errorf("the stricter of %q and %q is %q", a, b, got)
			}
		}
	}
}

// asked is a service with a question of an environment's that waits.
type asked struct {
	*confirmation.Service
	store    *store.Store
	question *confirmation.Confirmation
}

func newAsked(t *testing.T, st *store.Store, needsApproval bool) *asked {
	t.Helper()
	env, acc := store.NewID("env"), store.NewID("acc")
	if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: env, Name: env}); err != nil {
		t.Fatal(err)
	}
	if err := st.CreateAccount(t.Context(), db.CreateAccountParams{ID: acc, Environment: env, Integration: "octapipe", Context: "{}"}); err != nil {
		t.Fatal(err)
	}
	s := confirmation.New(st, slog.New(slog.DiscardHandler))
	t.Cleanup(s.Close)
	q := &confirmation.Confirmation{Environment: env, AccountID: acc, ServerID: "mcp_1", TokenID: "tok_1", Tool: "delete", Question: "Delete \x00 it?", Fingerprint: []byte{0, 1}, NeedsApproval: needsApproval}
	if err := s.Ask(t.Context(), q, time.Hour); err != nil {
		t.Fatal(err)
	}
	return &asked{s, st, q}
}

func (a *asked) use(t *testing.T) bool {
	t.Helper()
	ok, err := a.Use(t.Context(), a.question.Environment, a.question.ID)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestOneOfAllWhoComeMayActOnAnAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		a := newAsked(t, st, false)
		if got, err := a.Get(t.Context(), a.question.Environment, a.question.ID); err != nil || got.State != confirmation.Pending || string(got.Fingerprint) != "\x00\x01" {
			t.Fatalf("%v, %+v", err, got)
		}
		var first atomic.Int32
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				ok, err := a.Use(context.Background(), a.question.Environment, a.question.ID)
				if err != nil {
					t.Error(err)
				}
				if ok {
					first.Add(1)
				}
			})
		}
		all.Wait()
		if first.Load() != 1 {
			t.Errorf("%d may act, want 1", first.Load())
		}
	})
}

func TestAQuestionIsAnsweredOnlyWhileItWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for name, c := range map[string]struct {
			approval bool
			before   func(a *asked) error
			want     bool
		}{
			"of another environment": {false, func(a *asked) error { a.question.Environment = "env_other"; return nil }, false},
			"declined":               {false, func(a *asked) error { return a.Decline(t.Context(), a.question.Environment, a.question.ID, "") }, false},
			"replaced":               {false, func(a *asked) error { return a.Replace(t.Context(), a.question.Environment, a.question.ID) }, false},
			"over":                   {false, func(a *asked) error { return st.Exec(t.Context(), "UPDATE confirmations SET expires_at = 1") }, false},
			"not approved":           {true, func(*asked) error { return nil }, false},
			"approved":               {true, func(a *asked) error { return a.Approve(t.Context(), a.question.Environment, a.question.ID, "usr_1") }, true},
		} {
			a := newAsked(t, st, c.approval)
			if err := c.before(a); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := a.use(t); got != c.want {
				t.Errorf("a question that is %s: may act is %v, want %v", name, got, c.want)
			}
			if a.use(t) {
				t.Errorf("a question that is %s can be used twice", name)
			}
		}
		a := newAsked(t, st, false)
		if err := a.Decline(t.Context(), a.question.Environment, a.question.ID, "usr_1"); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"approve": a.Approve(t.Context(), a.question.Environment, a.question.ID, "usr_2"),
			"decline": a.Decline(t.Context(), a.question.Environment, a.question.ID, "usr_2"),
			"NUL":     a.Decline(t.Context(), a.question.Environment, "cnf_\x00", "usr_2"),
		} {
			if !errors.Is(err, confirmation.ErrNotFound) {
				t.Errorf("to %s what was decided ends with %v", name, err)
			}
		}
		if got, err := a.Get(t.Context(), a.question.Environment, a.question.ID); err != nil || got.State != confirmation.Declined || got.DecidedBy != "usr_1" {
			t.Errorf("%v, %+v", err, got)
		}
	})
}

func TestWhatWaitsIsListedInPagesAndGoesWithItsAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		a := newAsked(t, st, false)
		for range 4 {
			next := *a.question
			if err := a.Ask(t.Context(), &next, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		over := *a.question
		if err := a.Ask(t.Context(), &over, -time.Second); err != nil {
			t.Fatal(err)
		}
		var seen []string
		for f := (confirmation.Filter{ServerID: "mcp_1", Limit: 2}); ; {
			page, next, err := a.List(t.Context(), a.question.Environment, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				seen = append(seen, c.ID)
			}
			if f.Before = next; next == "" {
				break
			}
		}
		if len(seen) != 5 {
			t.Errorf("the pages hold %v, want 5", seen)
		}
		if page, _, err := a.List(t.Context(), "env_other", confirmation.Filter{}); err != nil || len(page) != 0 {
			t.Errorf("another environment sees %d, %v", len(page), err)
		}
		if n, err := st.DeleteAccount(t.Context(), db.DeleteAccountParams{Environment: a.question.Environment, ID: a.question.AccountID}); err != nil || n != 1 {
			t.Fatalf("%d accounts were deleted, %v", n, err)
		}
		if page, _, err := a.List(t.Context(), a.question.Environment, confirmation.Filter{}); err != nil || len(page) != 0 {
			t.Errorf("questions of an account that is gone wait still: %d, %v", len(page), err)
		}
	})
}

func TestWhatIsOverIsRemoved(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	a := newAsked(t, st, false)
	if err := st.Exec(t.Context(), "UPDATE confirmations SET expires_at = 1"); err != nil {
		t.Fatal(err)
	}
	s := confirmation.New(st, nil) // sweeps at once
	defer s.Close()
	await.True(t, "what is over to be removed", func() bool {
		_, err := st.GetConfirmation(t.Context(), db.GetConfirmationParams{Environment: a.question.Environment, ID: a.question.ID})
		if err != nil && !store.NotFound(err) {
			t.Fatal(err)
		}
		return err != nil
	})
}

func TestACallIsNotApprovedByTheTokenThatItCameWith(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		a := newAsked(t, st, true)
		if err := a.Approve(t.Context(), a.question.Environment, a.question.ID, a.question.TokenID); !errors.Is(err, confirmation.ErrOwn) {
			t.Errorf("got %v", err)
		}
		if a.use(t) {
			t.Error("it may act")
		}
		if err := a.Approve(t.Context(), a.question.Environment, a.question.ID, "tok_another"); err != nil || !a.use(t) {
			t.Errorf("another token's approval does not count: %v", err)
		}
	})
}
