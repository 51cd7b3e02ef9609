package user

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
)

// Session is a browser in which a user is signed in. It ends by itself when it was not used for a while, and at the latest at ExpiresAt.
type Session struct {
	ID          string // ses_…
	Environment string
	UserID      string
	Method      string // how the user signed in: password, openid, link, invitation
	Address     string // from where
	UserAgent   string
	CreatedAt   time.Time
	LastSeenAt  time.Time // up to a minute late
	ExpiresAt   time.Time
}

// Origin is where a request comes from.
type Origin struct {
	Address   string // of the client
	UserAgent string
	Device    string // what NewDevice gave this browser once, if anything
}

// known is a session that was looked up, and when it was last seen since.
type known struct {
	session *Session
	seen    atomic.Int64 // milliseconds, as it is in the database
}

// touchEvery is how late LastSeenAt may be: a session in use costs one row change a minute.
const touchEvery = time.Minute

// StartSession signs a user in. The token is for the browser alone: it is returned this once and not kept. It is new each time, whatever the browser had
// before: a session that somebody else put there gains nothing.
func (s *Service) StartSession(ctx context.Context, u *User, method string, from Origin) (token string, session *Session, err error) {
	now := time.Now()
	token = secret.NewToken("")
	keyID, hash := s.Keys.HashToken(token)
	row := db.CreateSessionParams{
		ID: store.NewID("ses"), Environment: u.Environment, UserID: u.ID, KeyID: keyID, TokenHash: hash[:], Method: method,
		Address: store.CleanText(from.Address), UserAgent: store.CleanText(clip(from.UserAgent)), CreatedAt: now.UnixMilli(), ExpiresAt: now.Add(s.Life).UnixMilli(),
	}
	err = s.Store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.CreateSession(ctx, row); err != nil {
			return err
		}
		return tx.NoteSignIn(ctx, db.NoteSignInParams{Environment: u.Environment, ID: u.ID, LastSignInAt: row.CreatedAt})
	})
	switch {
	case store.Dangling(err): // removed this moment
		return "", nil, ErrNotFound
	case err != nil:
		return "", nil, fmt.Errorf("start a session: %w", err)
	}
	return token, &Session{
		ID: row.ID, Environment: row.Environment, UserID: row.UserID, Method: method, Address: row.Address, UserAgent: row.UserAgent,
		CreatedAt: store.Time(row.CreatedAt), LastSeenAt: store.Time(row.CreatedAt), ExpiresAt: store.Time(row.ExpiresAt),
	}, nil
}

// Session finds the session of a token and the user as they are now. ErrNotFound: the token opens nothing: unknown, ended and expired ones look alike.
func (s *Service) Session(ctx context.Context, token string) (*Session, *User, error) {
	_, hash := s.Keys.HashToken(token)
	load := func(ctx context.Context) (*known, error) { return s.lookUpSession(ctx, token) }
	k, err := s.sessions.Get(ctx, hash, load)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	if !now.Before(k.session.ExpiresAt) {
		return nil, nil, ErrNotFound
	}
	if s.isIdle(k, now) { // here; it may have been used on another node
		fresh, err := load(ctx)
		if err != nil {
			return nil, nil, err
		}
		if s.isIdle(fresh, now) {
			return nil, nil, ErrNotFound
		}
		k.seen.Store(fresh.seen.Load())
	}
	u, err := s.Find(ctx, k.session.UserID)
	if err != nil {
		return nil, nil, err
	}
	if seen := k.seen.Load(); now.UnixMilli()-seen >= touchEvery.Milliseconds() && k.seen.CompareAndSwap(seen, now.UnixMilli()) {
		if err := s.Store.TouchSession(ctx, db.TouchSessionParams{ID: k.session.ID, LastSeenAt: now.UnixMilli()}); err != nil {
			s.Log.WarnContext(ctx, "could not write down that a session is in use", "error", err)
		}
	}
	return k.session, u, nil
}

func (s *Service) isIdle(k *known, now time.Time) bool {
	return now.UnixMilli()-k.seen.Load() >= s.Idle.Milliseconds()
}

func (s *Service) lookUpSession(ctx context.Context, token string) (*known, error) {
	for _, hash := range s.Keys.TokenHashes(token) {
		row, err := s.Store.FindSessionByHash(ctx, hash[:])
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look up session: %w", err)
		}
		k := &known{session: sessionOf(row)}
		k.seen.Store(row.LastSeenAt)
		return k, nil
	}
	return nil, ErrNotFound
}

// EndSession signs a browser out. Here its token opens nothing from the moment this returns, on other nodes within a second.
func (s *Service) EndSession(ctx context.Context, environment, userID, id string) error {
	err := s.Store.Tx(ctx, func(tx *store.Tx) error {
		n, err := tx.DeleteSession(ctx, db.DeleteSessionParams{Environment: environment, UserID: userID, ID: id})
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		tx.Publish(store.Sessions, id)
		return err
	})
	if err != nil && !errors.Is(err, ErrNotFound) && !missing(err) {
		return fmt.Errorf("end a session: %w", err)
	}
	if err != nil {
		return fmt.Errorf("session %.80q: %w", id, ErrNotFound)
	}
	return nil
}

// EndOtherSessions signs a user out everywhere but in one session; "" is none.
func (s *Service) EndOtherSessions(ctx context.Context, environment, userID, keep string) error {
	err := s.Store.Tx(ctx, func(tx *store.Tx) error { return endSessions(ctx, tx, environment, userID, keep) })
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// Sessions lists a user's sessions that have not ended, newest first.
func (s *Service) Sessions(ctx context.Context, environment, userID string) ([]*Session, error) {
	now := time.Now()
	rows, err := s.Store.ListSessions(ctx, db.ListSessionsParams{Environment: environment, UserID: userID, Now: now.UnixMilli(), IdleSince: now.Add(-s.Idle).UnixMilli()})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	list := make([]*Session, len(rows))
	for i, row := range rows {
		list[i] = sessionOf(row)
	}
	return list, nil
}

func endSessions(ctx context.Context, tx *store.Tx, environment, userID, keep string) error {
	ids, err := tx.ListSessionIDs(ctx, db.ListSessionIDsParams{Environment: environment, UserID: userID})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id == keep {
			continue
		}
		if _, err := tx.DeleteSession(ctx, db.DeleteSessionParams{Environment: environment, UserID: userID, ID: id}); err != nil {
			return err
		}
		tx.Publish(store.Sessions, id)
	}
	return nil
}

func sessionOf(row db.Session) *Session {
	return &Session{
		ID: row.ID, Environment: row.Environment, UserID: row.UserID, Method: row.Method, Address: row.Address, UserAgent: row.UserAgent,
		CreatedAt: store.Time(row.CreatedAt), LastSeenAt: store.Time(row.LastSeenAt), ExpiresAt: store.Time(row.ExpiresAt),
	}
}

// clip bounds what a browser says of itself.
func clip(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most]
	}
	return s
}
