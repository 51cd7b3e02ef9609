package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

func newEnvironment(t *testing.T, st *store.Store) string {
	t.Helper()
	id := store.NewID("env")
	if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: id, Name: id, CreatedAt: 1, UpdatedAt: 1}); err != nil {
		t.Fatalf("create environment: %v", err)
	}
	return id
}

func newAccount(t *testing.T, st *store.Store, environment string) string {
	t.Helper()
	id := store.NewID("acc")
	if err := st.CreateAccount(t.Context(), db.CreateAccountParams{ID: id, Environment: environment, Integration: "octapipe", Status: "active", Context: "{}"}); err != nil {
		t.Fatalf("create account: %v", err)
	}
	return id
}

func newServer(t *testing.T, st *store.Store, environment, account string) string {
	t.Helper()
	id := store.NewID("mcp")
	if err := st.CreateMCPServer(t.Context(), db.CreateMCPServerParams{ID: id, Environment: environment, AccountID: account, Config: "{}", TokenHash: []byte(id)}); err != nil {
		t.Fatalf("create MCP server: %v", err)
	}
	return id
}

func TestARowComesBackAsItWasStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		env := newEnvironment(t, st)
		want := db.CreateAccountParams{
			ID: store.NewID("acc"), Environment: env, TenantID: "Zürich 🚢", Name: `'; DROP TABLE accounts; --`, Integration: "octapipe", Status: "active",
			Context: `{"a":"\u0000"}`, Credentials: []byte{0, 255, 1}, Token: nil, TokenExpiresAt: 1<<62 + 1, CredentialVersion: 3, CreatedAt: 5, UpdatedAt: -6,
		}
		if err := st.CreateAccount(t.Context(), want); err != nil {
			t.Fatalf("create: %v", err)
		}
		got, err := st.GetAccount(t.Context(), db.GetAccountParams{Environment: env, ID: want.ID})
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		if len(got.Token) != 0 {
			t.Errorf("no token came back as %q", got.Token)
		}
		got.Token = nil // an empty one reads as nil from SQLite, as empty from PostgreSQL
		if !reflect.DeepEqual(db.CreateAccountParams(got), want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestTextThatTheDatabasesWouldTreatDifferentlyIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for name, text := range map[string]string{"a NUL": "a\x00b", "broken UTF-8": "a\xffb"} {
			id := store.NewID("env")
			var refused *store.TextError
			if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: id, Name: text}); !errors.As(err, &refused) {
				t.Errorf("%s in a written text: got error %v, want a *TextError", name, err)
			}
			if _, err := st.GetEnvironmentByName(t.Context(), text); !errors.As(err, &refused) {
				t.Errorf("%s in a text to search by: got error %v, want a *TextError", name, err)
			}
			if _, err := st.ListEnvironments(t.Context(), db.ListEnvironmentsParams{Before: text, Lim: 1}); !errors.As(err, &refused) {
				t.Errorf("%s in a list's text: got error %v, want a *TextError", name, err)
			}
			if _, err := st.GetEnvironment(t.Context(), id); !store.NotFound(err) {
				t.Errorf("%s: the row is there (error %v)", name, err)
			}
		}
	})
}

func TestErrorsAreTheSameOnBothDatabases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		env := newEnvironment(t, st)
		if _, err := st.GetAccount(t.Context(), db.GetAccountParams{Environment: env, ID: "acc_none"}); !store.NotFound(err) {
			t.Errorf("an account that is not there: got %v, want NotFound", err)
		}
		if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: "env_other", Name: env}); !store.Conflict(err) {
			t.Errorf("a name twice: got %v, want Conflict", err)
		}
		if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: env, Name: "other"}); !store.Conflict(err) {
			t.Errorf("an id twice: got %v, want Conflict", err)
		}
		newAccount(t, st, env)
		if _, err := st.DeleteEnvironment(t.Context(), env); !store.Dangling(err) {
			t.Errorf("deleting an environment that has accounts: got %v, want Dangling", err)
		}
	})
}

func TestTheDatabaseItselfKeepsTenantsApart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		mine, theirs := newEnvironment(t, st), newEnvironment(t, st)
		account := newAccount(t, st, theirs)
		err := st.CreateMCPServer(t.Context(), db.CreateMCPServerParams{ID: store.NewID("mcp"), Environment: mine, AccountID: account, Config: "{}", TokenHash: []byte("x")})
		if !store.Dangling(err) {
			t.Errorf("an MCP server on another environment's account: got error %v, want Dangling", err)
		}
		if _, err := st.GetAccount(t.Context(), db.GetAccountParams{Environment: mine, ID: account}); !store.NotFound(err) {
			t.Errorf("another environment's account by id: got error %v, want NotFound", err)
		}
		if n, err := st.SetAccountStatus(t.Context(), db.SetAccountStatusParams{Environment: mine, ID: account, Status: "disabled"}); n != 0 || err != nil {
			t.Errorf("changing another environment's account: %d rows, error %v; want none", n, err)
		}
		if found, err := remove(t, st, mine, account); found || err != nil {
			t.Errorf("removing another environment's account: found %v, error %v; want not found", found, err)
		}
	})
}

func TestAListComesNewestFirstAndPagesToTheEndOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		env := newEnvironment(t, st)
		var want []string
		for range 7 {
			want = append([]string{newAccount(t, st, env)}, want...)
		}
		var got []string
		for before := store.First; ; {
			page, err := st.ListAccounts(t.Context(), db.ListAccountsParams{Environment: env, Before: before, Lim: 3, Integration: "octapipe"})
			if err != nil {
				t.Fatalf("list: %v", err)
			}
			for _, a := range page {
				got = append(got, a.ID)
			}
			if len(page) < 3 {
				break
			}
			before = page[2].ID
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
		none, err := st.ListAccounts(t.Context(), db.ListAccountsParams{Environment: env, Before: store.First, Lim: 3, Status: "disabled"})
		if err != nil || len(none) != 0 {
			t.Errorf("a status that no account has: %d rows, error %v; want none", len(none), err)
		}
	})
}

func TestARenewedTokenIsStoredByTheFirstAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		env := newEnvironment(t, st)
		account := newAccount(t, st, env)
		var mu sync.Mutex
		var won int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				n, err := st.UpdateAccountToken(t.Context(), db.UpdateAccountTokenParams{Environment: env, ID: account, CredentialVersion: 0})
				if err != nil {
					t.Errorf("store a token: %v", err)
				}
				mu.Lock()
				won += n
				mu.Unlock()
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d of 8 renewals of one version were stored, want 1", won)
		}
	})
}

func TestATransactionThatFailsLeavesNothingAndSaysNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		heard := make(chan string, 10)
		defer st.Subscribe("environment", func(key string) { heard <- key })()
		failure := errors.New("no")
		err := st.Tx(t.Context(), func(tx *store.Tx) error {
			tx.Publish("environment", "env_1")
			if err := tx.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: "env_1", Name: "one"}); err != nil {
				t.Errorf("create: %v", err)
			}
			return failure
		})
		if !errors.Is(err, failure) {
			t.Errorf("got error %v, want the function's own", err)
		}
		if _, err := st.GetEnvironment(t.Context(), "env_1"); !store.NotFound(err) {
			t.Errorf("the row is there (error %v)", err)
		}
		if err := st.Publish(t.Context(), "environment", "last"); err != nil {
			t.Fatalf("publish: %v", err)
		}
		if key := <-heard; key != "last" {
			t.Errorf("heard of %q from a transaction that failed", key)
		}
	})
}

func TestWritersDoNotLoseEachOthersUpdates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		if saved, err := st.SaveKeyset(t.Context(), []byte("0"), 0); !saved || err != nil {
			t.Fatalf("first keyset: saved %v, error %v", saved, err)
		}
		if saved, err := st.SaveKeyset(t.Context(), []byte("again"), 0); saved || err != nil {
			t.Fatalf("a second first keyset: saved %v, error %v; want neither", saved, err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 5 {
					for {
						wrapped, version, err := st.LoadKeyset(t.Context())
						if err != nil {
							t.Errorf("load: %v", err)
							return
						}
						saved, err := st.SaveKeyset(t.Context(), append(wrapped, '+'), version)
						if err != nil {
							t.Errorf("save: %v", err)
							return
						}
						if saved {
							break
						}
					}
				}
			})
		}
		wg.Wait()
		wrapped, version, err := st.LoadKeyset(t.Context())
		if err != nil || len(wrapped) != 41 || version != 41 {
			t.Errorf("got %d bytes at version %d, error %v; want 41 at 41", len(wrapped), version, err)
		}
	})
}

func TestRemovingAnAccountTakesItsServersAndSaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		env := newEnvironment(t, st)
		account := newAccount(t, st, env)
		server := newServer(t, st, env, account)
		var mu sync.Mutex
		heard := map[string]bool{}
		for _, topic := range []string{store.Accounts, store.Servers} {
			defer st.Subscribe(topic, func(key string) {
				mu.Lock()
				defer mu.Unlock()
				heard[topic+" "+key] = true
			})()
		}
		if found, err := remove(t, st, env, account); !found || err != nil {
			t.Fatalf("remove: found %v, error %v", found, err)
		}
		if _, err := st.GetMCPServerByHash(t.Context(), []byte(server)); !store.NotFound(err) {
			t.Errorf("the MCP server is still there (error %v)", err)
		}
		mu.Lock()
		defer mu.Unlock()
		if !heard[store.Accounts+" "+account] || !heard[store.Servers+" "+server] {
			t.Errorf("heard of %v, want of the account and of its server", heard)
		}
	})
}

func TestALeaseIsHeldByOneAtATimeAndEndsByItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var mu sync.Mutex
		inside, most := 0, 0
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				lease, err := st.Lease(t.Context(), "renew", time.Minute)
				if err != nil || lease.Abandoned {
					t.Errorf("lease: %+v, %v", lease, err)
					return
				}
				mu.Lock()
				inside++
				most = max(most, inside)
				mu.Unlock()
				time.Sleep(time.Millisecond) // work
				mu.Lock()
				inside--
				mu.Unlock()
				lease.Release()
			})
		}
		wg.Wait()
		if most != 1 {
			t.Errorf("%d held the lease at once", most)
		}
		if _, err := st.Lease(t.Context(), "died", 50*time.Millisecond); err != nil {
			t.Fatalf("lease: %v", err)
		}
		if lease, err := st.Lease(t.Context(), "died", time.Minute); err != nil || !lease.Abandoned {
			t.Errorf("after its holder died: %+v, %v", lease, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := st.Lease(ctx, "died", time.Minute); err == nil || ctx.Err() == nil {
			t.Errorf("a held lease: got %v, want to wait until the deadline", err)
		}
	})
}

func TestOpeningTwiceAtOnceMigratesOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { storetest.Open(t, url) })
		}
		wg.Wait()
	})
}

func TestTheSQLiteFileIsItsOwnersAloneWhateverItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "50% ?mode=memory#1.db")
	st := storetest.Open(t, "sqlite:"+path)
	newEnvironment(t, st)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatalf("the database is not where it was asked for: %v", err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
	if st.Path() != path {
		t.Errorf("Path is %q, want %q", st.Path(), path)
	}
}

func TestAnAddressThatCannotBeUsedIsRefusedInWords(t *testing.T) {
	for url, want := range map[string]string{
		"":                                   "no database is named",
		":memory:":                           "needs a file",
		"sqlite::memory:":                    "needs a file",
		"mysql://localhost/x":                `"mysql"`,
		"postgres://u:hunter2@host:port/bad": "cannot be read",
	} {
		_, err := store.Open(t.Context(), url, store.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): got %v, want an error with %q", url, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) shows the password: %v", url, err)
		}
	}
}

func TestIDsSortAsTheyWereMade(t *testing.T) {
	last := ""
	for range 10000 {
		id := store.NewID("log")
		if id <= last || id >= store.First || len(id) != 30 {
			t.Fatalf("%q after %q", id, last)
		}
		last = id
	}
}

func remove(t *testing.T, st *store.Store, environment, account string) (found bool, err error) {
	t.Helper()
	err = st.Tx(t.Context(), func(tx *store.Tx) error {
		found, err = tx.RemoveAccount(t.Context(), environment, account)
		return err
	})
	return found, err
}

func TestABackupIsTheDatabaseAsItWasAndNothingIsOverwritten(t *testing.T) {
	path := storetest.SQLite(t)
	st := storetest.Open(t, path)
	before := newEnvironment(t, st)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := st.Backup(t.Context(), backup); err != nil {
		t.Fatalf("back up: %v", err)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode is %v, error %v; want it readable by its owner alone", info.Mode(), err)
	}
	after := newEnvironment(t, st)
	if err := st.Backup(t.Context(), backup); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second backup to the same file: error %v, want that it exists", err)
	}
	restored := storetest.Open(t, backup)
	if _, err := restored.GetEnvironment(t.Context(), before); err != nil {
		t.Errorf("what was there before is not in the backup: %v", err)
	}
	if _, err := restored.GetEnvironment(t.Context(), after); !store.NotFound(err) {
		t.Errorf("what was made after the backup: error %v, want that it is not there", err)
	}
}

func TestADatabaseThatMustExistIsNotMade(t *testing.T) {
	path := storetest.SQLite(t)
	if _, err := store.Open(t.Context(), path, store.Options{Existing: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v, want that there is none", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there now: %v", err)
	}
}
