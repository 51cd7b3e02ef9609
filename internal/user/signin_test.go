package user_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

func TestAPasswordIsTakenHoweverItsLettersWereTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		env := h.environment(t, "here")
		const typed = "Fünf Äpfel für Zoë"
		for i, form := range []norm.Form{norm.NFC, norm.NFD} {
			email := fmt.Sprintf("u%d@example.com", i)
			if _, err := h.Create(t.Context(), user.Draft{Environment: env, Email: email, Role: permission.Viewer, Password: form.String(typed)}, user.Operator); err != nil {
				t.Fatal(err)
			}
			for _, other := range []norm.Form{norm.NFC, norm.NFD} {
				if u, err := h.SignIn(t.Context(), strings.ToUpper(email), other.String(typed), user.Origin{}); err != nil || u.Email != email {
					t.Errorf("chosen as %d, typed as %d: %+v, error %v", form, other, u, err)
				}
			}
		}
		for _, wrong := range []string{"", "short", strings.Repeat("x", 2000), "u9@example.com", "a password\x00here"} {
			_, err := h.Create(t.Context(), user.Draft{Environment: env, Email: "u9@example.com", Role: permission.Viewer, Password: wrong}, user.Operator)
			if wrong == "" { // none is a choice
				continue
			}
			if e := wants[*user.InvalidError](t, "a password that will not do", err); e != nil && e.Field != "password" {
				t.Errorf("%.20q: the field is %s", wrong, e.Field)
			}
		}
	})
}

func TestAWrongPasswordAndAnUnknownAddressAreTheSameAndCostTheSame(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	h := newHouse(t, st)
	env := h.environment(t, "here")
	h.user(t, env, "ada@example.com", permission.Owner)
	if _, err := h.Create(t.Context(), user.Draft{Environment: env, Email: "none@example.com", Role: permission.Viewer}, user.Operator); err != nil {
		t.Fatal(err)
	}
	emails := []string{"ada@example.com", "nobody@example.com", "none@example.com", "no address", "x\x00@example.com"}
	for _, email := range emails {
		for _, password := range []string{"a wrong password", "", strings.Repeat("x", 5000)} {
			if _, err := h.SignIn(t.Context(), email, password, user.Origin{}); !errors.Is(err, user.ErrPassword) {
				t.Errorf("%q with %.20q: got error %v, want ErrPassword", email, password, err)
			}
		}
	}
	// While no password can be hashed, no answer comes: each of them waits for a hash.
	free := h.FillHashing()
	defer free()
	for _, email := range emails {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := h.SignIn(ctx, email, "a wrong password", user.Origin{}); err == nil || ctx.Err() == nil || errors.Is(err, user.ErrPassword) {
			t.Errorf("%q is answered without a hash: %v", email, err)
		}
		cancel()
	}
}

func TestWaitsDoubleUpToAnEnd(t *testing.T) {
	for failures, want := range map[int64][3]time.Duration{
		1: {}, 4: {}, 5: {time.Second}, 6: {2 * time.Second}, 10: {32 * time.Second, time.Second}, 30: {5 * time.Minute, time.Minute, time.Second},
		1000: {5 * time.Minute, time.Minute, time.Minute},
	} {
		var got [3]time.Duration
		if got[0], got[1], got[2] = user.Waits(failures); got != want {
			t.Errorf("after %d failures: %v, want %v", failures, got, want)
		}
	}
}

func TestGuessingAtAnAccountIsSlowedDownOnEveryNode(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		nodes := []*house{newHouse(t, storetest.Open(t, url))}
		if nodes[0].store.Dialect() == store.PostgreSQL {
			nodes = append(nodes, newHouse(t, storetest.Open(t, url)))
		}
		h := nodes[0]
		h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
		// All at once, each from an address of its own.
		var tried atomic.Int64
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				_, err := nodes[i%len(nodes)].SignIn(t.Context(), "ada@example.com", "a wrong password", user.Origin{Address: fmt.Sprintf("192.0.2.%d", i)})
				var many *user.TooManyError
				switch {
				case errors.Is(err, user.ErrPassword):
					tried.Add(1)
				case !errors.As(err, &many) || many.Seconds() < 1:
					t.Errorf("got error %v", err)
				}
			})
		}
		wg.Wait()
		if got := tried.Load(); got < 5 || got > 7 { // a wait of a second may be over on a slow machine
			t.Errorf("%d passwords were tried at once, want 5", got)
		}
		_, err := h.SignIn(t.Context(), "ada@example.com", good, user.Origin{Address: "198.51.100.1"})
		wants[*user.TooManyError](t, "the right one, at once", err, "wait", "seconds")
		if _, err := h.SignIn(t.Context(), "bob@example.com", "a wrong password", user.Origin{Address: "198.51.100.1"}); !errors.Is(err, user.ErrPassword) {
			t.Errorf("another account: got error %v, want ErrPassword", err)
		}
		if err := h.store.Exec(t.Context(), "UPDATE sign_in_attempts SET blocked_until = 1"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.SignIn(t.Context(), "ada@example.com", good, user.Origin{Address: "198.51.100.1"}); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		for range 4 {
			if _, err := h.SignIn(t.Context(), "ada@example.com", "a wrong password", user.Origin{Address: "198.51.100.1"}); !errors.Is(err, user.ErrPassword) {
				t.Errorf("the failures are not forgotten: %v", err)
			}
		}
	})
}

func TestAStrangersGuessesDoNotKeepSomebodyOutOfABrowserThatKnowsThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		ada := h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
		device, err := h.NewDevice(ada)
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			h.SignIn(t.Context(), "ada@example.com", "a wrong password", user.Origin{Address: "203.0.113.9"})
		}
		_, err = h.SignIn(t.Context(), "ada@example.com", good, user.Origin{Address: "192.0.2.1"})
		wants[*user.TooManyError](t, "in a browser that is not known", err)
		for _, forged := range []string{"x.y", device + "x", "." + strings.SplitN(device, ".", 2)[1]} {
			_, err := h.SignIn(t.Context(), "ada@example.com", good, user.Origin{Address: "192.0.2.1", Device: forged})
			wants[*user.TooManyError](t, "with a mark that is forged", err)
		}
		if _, err := h.SignIn(t.Context(), "ada@example.com", good, user.Origin{Address: "192.0.2.1", Device: device}); err != nil {
			t.Errorf("in a browser that is known: %v", err)
		}
		// The mark is one account's, and guesses in that browser are limited, too.
		for range 10 {
			h.SignIn(t.Context(), "ada@example.com", "a wrong password", user.Origin{Address: "192.0.2.1", Device: device})
		}
		_, err = h.SignIn(t.Context(), "ada@example.com", good, user.Origin{Address: "192.0.2.1", Device: device})
		wants[*user.TooManyError](t, "after ten guesses in that browser", err)
	})
}

func TestGuessingAtManyAccountsFromOneNetworkIsSlowedDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		h.user(t, h.environment(t, "here"), "mine@example.com", permission.Owner)
		from := func(i int) user.Origin { return user.Origin{Address: fmt.Sprintf("2001:db8:1:2::%x", i)} } // one /64
		refused := 0
		for i := range 32 {
			_, err := h.SignIn(t.Context(), fmt.Sprintf("u%d@example.com", i), "a wrong password", from(i))
			if !errors.Is(err, user.ErrPassword) {
				wants[*user.TooManyError](t, "a guess", err)
				refused++
			}
			if i%5 == 0 && refused == 0 { // an account of one's own between does not wipe the slate
				if _, err := h.SignIn(t.Context(), "mine@example.com", good, from(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if refused == 0 {
			t.Error("32 accounts were tried from one network, and nobody had to wait")
		}
		if _, err := h.SignIn(t.Context(), "mine@example.com", good, user.Origin{Address: "2001:db8:1:3::1"}); err != nil {
			t.Errorf("from the next network: %v", err)
		}
	})
}

func TestAPasswordOfAnotherCostIsHashedAnewWhenItIsKnown(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	h := newHouse(t, st)
	u := h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
	kept := func() string {
		row, err := st.FindUser(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		return row.Password
	}
	before := kept()
	restore := user.SetCost(128)
	defer restore()
	for range 2 {
		if _, err := h.SignIn(t.Context(), u.Email, good, user.Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	if after := kept(); after == before || !strings.Contains(after, "m=128") {
		t.Errorf("the password is kept as %.40s, want it hashed anew", after)
	}
}
