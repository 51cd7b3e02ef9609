package user_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/internal/await"
	"sluice/internal/permission"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

func TestASessionEndsWhenItIsNotUsedAndAtTheLatestAtItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		u := h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
		// start answers false if the session had ended before it was looked at.
		start := func(h *house) (string, *user.Session, bool) {
			token, session, err := h.StartSession(t.Context(), u, "password", user.Origin{Address: "192.0.2.1", UserAgent: strings.Repeat("é", 400)})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = h.Session(t.Context(), token)
			if time.Now().After(session.ExpiresAt) || errors.Is(err, user.ErrNotFound) && h.Idle > 0 && time.Since(session.LastSeenAt) > h.Idle {
				return token, session, false
			}
			if err != nil {
				t.Fatalf("a new session: %v", err)
			}
			return token, session, true
		}
		await.Life(t, func(life time.Duration) bool {
			short := newHouseWith(t, st, user.Config{Life: life})
			token, session, ok := start(short)
			if !ok {
				return false
			}
			time.Sleep(time.Until(session.ExpiresAt))
			if _, _, err := short.Session(t.Context(), token); !errors.Is(err, user.ErrNotFound) {
				t.Errorf("past its end: got error %v, want ErrNotFound", err)
			}
			return true
		})
		await.Life(t, func(life time.Duration) bool {
			idle := newHouseWith(t, st, user.Config{Idle: life})
			token, session, ok := start(idle)
			if !ok {
				return false
			}
			// In use on another node, which wrote that down: this one's copy is older.
			later := session.LastSeenAt.Add(2 * life)
			if err := st.TouchSession(t.Context(), db.TouchSessionParams{ID: session.ID, LastSeenAt: later.UnixMilli()}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(session.LastSeenAt.Add(life * 4 / 3)))
			_, _, err := idle.Session(t.Context(), token)
			if time.Now().After(later.Add(life)) {
				return false
			}
			if err != nil {
				t.Errorf("in use on another node: %v", err)
			}
			time.Sleep(time.Until(later.Add(life)))
			if _, _, err := idle.Session(t.Context(), token); !errors.Is(err, user.ErrNotFound) {
				t.Errorf("not used for long: got error %v, want ErrNotFound", err)
			}
			list, err := idle.Sessions(t.Context(), u.Environment, u.ID)
			if err != nil || len(list) != 0 {
				t.Errorf("the sessions that have not ended are %v (%v), want none", list, err)
			}
			return true
		})
	})
}

func TestUseIsWrittenDownOnceAMinute(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	h := newHouse(t, st)
	u := h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
	token, session, err := h.StartSession(t.Context(), u, "password", user.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(-2 * time.Minute)
	if err := st.Exec(t.Context(), "UPDATE sessions SET last_seen_at = ?1", before.UnixMilli()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, _, err := h.Session(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	list, err := h.Sessions(t.Context(), u.Environment, u.ID)
	if err != nil || len(list) != 1 || list[0].ID != session.ID || list[0].LastSeenAt.Before(before.Add(time.Minute)) {
		t.Errorf("the session is %+v (%v), want it seen now", list, err)
	}
}

func TestASessionsTokenIsNotInTheDatabase(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	h := newHouse(t, st)
	u := h.user(t, h.environment(t, "here"), "ada@example.com", permission.Owner)
	token, _, err := h.StartSession(t.Context(), u, "password", user.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	if row, err := st.FindSessionByHash(t.Context(), []byte(token)); err == nil {
		t.Errorf("a session is found by its token itself: %+v", row)
	}
	kept, err := st.FindUser(t.Context(), u.ID)
	if err != nil || strings.Contains(kept.Password, good) || !strings.HasPrefix(kept.Password, "$argon2id$v=19$") {
		t.Errorf("the password is kept as %q (%v)", kept.Password, err)
	}
}

func TestSigningOutReachesOtherNodesWithinASecond(t *testing.T) {
	url := storetest.PostgreSQL(t)
	here, there := newHouse(t, storetest.Open(t, url)), newHouse(t, storetest.Open(t, url))
	u := here.user(t, here.environment(t, "here"), "ada@example.com", permission.Owner)
	var tokens []string
	var sessions []*user.Session
	for range 3 {
		token, session, err := here.StartSession(t.Context(), u, "password", user.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := there.Session(t.Context(), token); err != nil {
			t.Fatalf("there, before: %v", err)
		}
		tokens, sessions = append(tokens, token), append(sessions, session)
	}
	gone := func(token string) func() bool {
		return func() bool {
			_, _, err := there.Session(t.Context(), token)
			return errors.Is(err, user.ErrNotFound)
		}
	}
	if err := here.EndSession(t.Context(), u.Environment, u.ID, sessions[0].ID); err != nil {
		t.Fatal(err)
	}
	await.True(t, "signing out to reach the other node", gone(tokens[0]))
	if err := here.EndSession(t.Context(), u.Environment, u.ID, sessions[0].ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("signing out again: got error %v, want ErrNotFound", err)
	}
	if err := here.ChangePassword(t.Context(), u, good, "another good password", sessions[1].ID, user.Origin{}); err != nil {
		t.Fatal(err)
	}
	await.True(t, "the other session to end by a new password", gone(tokens[2]))
	if _, _, err := there.Session(t.Context(), tokens[1]); err != nil {
		t.Errorf("the session in which the password was changed: %v", err)
	}
}
