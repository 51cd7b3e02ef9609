package mcpserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/await"
	"sluice/internal/mcpserver"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

// fixture is a service with two environments, of one account each.
type fixture struct {
	*mcpserver.Service
	store          *store.Store
	keys           *secret.Keys
	env, otherEnv  string
	acc, otherAcc  string
	refuse         error // what the validator says
	validations    int
	validatedLast  mcpserver.Config
	validatedWhose string
}

const masterText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func newFixture(t testing.TB, st *store.Store) *fixture {
	t.Helper()
	f := &fixture{store: st}
	var err error
	if f.keys, err = secret.Load(context.Background(), st, secret.Given(masterText)); err != nil {
		t.Fatalf("load the keyset: %v", err)
	}
	f.env, f.acc = newAccount(t, st)
	f.otherEnv, f.otherAcc = newAccount(t, st)
	f.Service = f.serve(t, st, time.Hour)
	return f
}

func (f *fixture) serve(t testing.TB, st *store.Store, sweep time.Duration) *mcpserver.Service {
	s := mcpserver.New(st, f.keys, mcpserver.Options{Log: slog.New(slog.DiscardHandler), Sweep: sweep, Validate: func(_ context.Context, environment, account string, c mcpserver.Config) error {
		f.validations++
		f.validatedLast, f.validatedWhose = c, environment+" "+account
		return f.refuse
	}})
	t.Cleanup(s.Close)
	return s
}

func newAccount(t testing.TB, st *store.Store) (env, acc string) {
	t.Helper()
	env, acc = store.NewID("env"), store.NewID("acc")
	if err := st.CreateEnvironment(context.Background(), db.CreateEnvironmentParams{ID: env, Name: env}); err != nil {
		t.Fatalf("create environment: %v", err)
	}
	if err := st.CreateAccount(context.Background(), db.CreateAccountParams{ID: acc, Environment: env, Integration: "octapipe", Context: "{}"}); err != nil {
		t.Fatalf("create account: %v", err)
	}
	return env, acc
}

func (f *fixture) create(t testing.TB, d mcpserver.Draft) (*mcpserver.Server, string) {
	t.Helper()
	d.Environment, d.AccountID = f.env, f.acc
	if d.Name == "" {
		d.Name = "for a test"
	}
	server, token, err := f.Create(context.Background(), d)
	if err != nil {
		t.Fatalf("create MCP server: %v", err)
	}
	return server, token
}

func TestAServerIsMadeFoundAndListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := newFixture(t, st)
		expires := time.Now().Add(time.Hour).Add(123456 * time.Nanosecond)
		made, token := f.create(t, mcpserver.Draft{
			Name: " For Ärzte ", Config: []byte(`{"methods":["read","update"],"tags":["cards"],"structured_output":true,"bind":{"database_uuid":"a\u0000b"}}`),
			ExpiresAt: expires, CreatedBy: "tok_1",
		})
		want := mcpserver.Config{Methods: []string{"read", "update"}, Tags: []string{"cards"}, StructuredOutput: true, Bind: map[string]string{"database_uuid": "a\x00b"}}
		if made.Name != "For Ärzte" || !reflect.DeepEqual(made.Config, want) || made.CreatedBy != "tok_1" || made.ExpiresAt.Sub(expires).Abs() > time.Millisecond ||
			made.Environment != f.env || made.AccountID != f.acc || !strings.HasPrefix(made.ID, "mcp_") {
			t.Errorf("made %+v", made)
		}
		if f.validations != 1 || !reflect.DeepEqual(f.validatedLast, want) || f.validatedWhose != f.env+" "+f.acc {
			t.Errorf("validated %d times, last %+v for %s", f.validations, f.validatedLast, f.validatedWhose)
		}
		got, err := f.Get(t.Context(), f.env, f.acc, made.ID)
		if err != nil || !reflect.DeepEqual(got, made) {
			t.Errorf("get: %+v, error %v; want %+v", got, err, made)
		}
		found, err := f.ByToken(t.Context(), token)
		if err != nil || !reflect.DeepEqual(found, made) {
			t.Errorf("by token: %+v, error %v; want %+v", found, err, made)
		}
		if again, err := f.ByToken(t.Context(), token); err != nil || again != found {
			t.Errorf("by token again: another pointer, error %v", err)
		}
		second, _ := f.create(t, mcpserver.Draft{})
		page, next, err := f.List(t.Context(), f.env, f.acc, "", 1)
		if err != nil || len(page) != 1 || page[0].ID != second.ID || next == "" {
			t.Fatalf("first page: %v, next %q, error %v; want the second and more", page, next, err)
		}
		page, next, err = f.List(t.Context(), f.env, f.acc, next, 1)
		if err != nil || len(page) != 1 || !reflect.DeepEqual(page[0], made) || next != "" {
			t.Errorf("second page: %v, next %q, error %v; want the first and no more", page, next, err)
		}
	})
}

func TestNobodyReachesAServerButThroughItsTokenOrItsOwnAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := newFixture(t, st)
		server, token := f.create(t, mcpserver.Draft{})
		row, err := st.GetMCPServer(t.Context(), db.GetMCPServerParams{Environment: f.env, AccountID: f.acc, ID: server.ID})
		if err != nil || len(row.TokenHash) != 32 || strings.Contains(string(row.TokenHash), token) || row.KeyID == "" {
			t.Errorf("the row keeps %q under key %q (error %v), want a hash", row.TokenHash, row.KeyID, err)
		}
		for _, wrong := range []string{"", token[1:], token + "a", strings.Repeat("a", len(token)), strings.Repeat("\x00", len(token)), server.ID} {
			if _, err := f.ByToken(t.Context(), wrong); !errors.Is(err, mcpserver.ErrNotFound) {
				t.Errorf("token %q: got error %v, want ErrNotFound", wrong, err)
			}
		}
		_, other, err := f.Create(t.Context(), mcpserver.Draft{Environment: f.otherEnv, AccountID: f.otherAcc, Name: "theirs"})
		if err != nil || other == token {
			t.Fatalf("create in another environment: error %v", err)
		}
		name := "stolen"
		for what, err := range map[string]error{
			"another environment reads it":      second(f.Get(t.Context(), f.otherEnv, f.acc, server.ID)),
			"another account reads it":          second(f.Get(t.Context(), f.env, f.otherAcc, server.ID)),
			"another environment changes it":    second(f.Update(t.Context(), f.otherEnv, f.acc, server.ID, mcpserver.Patch{Name: &name})),
			"another environment deletes it":    f.Delete(t.Context(), f.otherEnv, f.acc, server.ID),
			"somebody reads one that never was": second(f.Get(t.Context(), f.env, f.acc, "mcp_none")),
			"somebody reads an id with a NUL":   second(f.Get(t.Context(), f.env, f.acc, "mcp_\x00")),
			"somebody deletes an id with a NUL": f.Delete(t.Context(), f.env, f.acc, "mcp_\x00"),
			"somebody deletes one that isn't":   f.Delete(t.Context(), f.env, f.acc, "mcp_none"),
			"somebody changes one that isn't":   second(f.Update(t.Context(), f.env, f.acc, "mcp_none", mcpserver.Patch{Name: &name})),
		} {
			if !errors.Is(err, mcpserver.ErrNotFound) {
				t.Errorf("%s: got error %v, want ErrNotFound", what, err)
			}
		}
		for what, d := range map[string]mcpserver.Draft{
			"another environment's account": {Environment: f.env, AccountID: f.otherAcc, Name: "x"},
			"an account that never was":     {Environment: f.env, AccountID: "acc_none", Name: "x"},
			"an account id with a NUL":      {Environment: f.env, AccountID: "acc_\x00", Name: "x"},
		} {
			if _, _, err := f.Create(t.Context(), d); !errors.Is(err, mcpserver.ErrNoAccount) {
				t.Errorf("a server on %s: got error %v, want ErrNoAccount", what, err)
			}
		}
		if got, err := f.ByToken(t.Context(), token); err != nil || got.Name != server.Name {
			t.Errorf("afterwards: %+v, error %v", got, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAPatchChangesWhatItNamesAndNothingElse(t *testing.T) {
	name, yes, no, never := "renamed", true, false, time.Time{}
	for what, c := range map[string]struct {
		patch     mcpserver.Patch
		want      mcpserver.Config
		wantName  string
		expires   bool
		validated bool
	}{
		"nothing":                 {mcpserver.Patch{}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}}, "first", true, false},
		"the name":                {mcpserver.Patch{Name: &name}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}}, "renamed", true, false},
		"one filter":              {mcpserver.Patch{Config: []byte(`{"methods":["write"]}`)}, mcpserver.Config{Methods: []string{"write"}, Tags: []string{"cards"}}, "first", true, true},
		"a filter lifted by null": {mcpserver.Patch{Config: []byte(`{"methods":null}`)}, mcpserver.Config{Tags: []string{"cards"}}, "first", true, true},
		"how it asks": {mcpserver.Patch{Config: []byte(`{"confirm":"writes","confirm_by":"dashboard"}`)},
			mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}, Confirm: "writes", ConfirmBy: mcpserver.ByDashboard}, "first", true, true},
		"that it never asks":              {mcpserver.Patch{Config: []byte(`{"confirm":"never","confirm_by":"client"}`)}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}}, "first", true, true},
		"an empty config":                 {mcpserver.Patch{Config: []byte(`{}`)}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}}, "first", true, true},
		"a key beside the filters":        {mcpserver.Patch{Config: []byte(`{"structured_output":true}`)}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}, StructuredOutput: true}, "first", true, true},
		"the API token, beside":           {mcpserver.Patch{RequireAPITokenAuth: &yes}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}, RequireAPITokenAuth: true}, "first", true, false},
		"the API token, beside and in it": {mcpserver.Patch{Config: []byte(`{"require_api_token_auth":true}`), RequireAPITokenAuth: &no}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}}, "first", true, true},
		"the expiry lifted":               {mcpserver.Patch{ExpiresAt: &never}, mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}}, "first", false, false},
	} {
		t.Run(what, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				f := newFixture(t, st)
				server, token := f.create(t, mcpserver.Draft{Name: "first", Config: []byte(`{"methods":["read"],"tags":["cards"]}`), ExpiresAt: time.Now().Add(time.Hour)})
				if _, err := f.ByToken(t.Context(), token); err != nil {
					t.Fatalf("by token: %v", err)
				}
				f.validations = 0
				updated, err := f.Update(t.Context(), f.env, f.acc, server.ID, c.patch)
				if err != nil {
					t.Fatalf("update: %v", err)
				}
				if !reflect.DeepEqual(updated.Config, c.want) || updated.Name != c.wantName || updated.ExpiresAt.IsZero() == c.expires {
					t.Errorf("got %+v, want config %+v, name %q, expires %v", updated, c.want, c.wantName, c.expires)
				}
				if (f.validations > 0) != c.validated {
					t.Errorf("the filters were checked %d times, want checked %v", f.validations, c.validated)
				}
				found, err := f.ByToken(t.Context(), token)
				if err != nil || !reflect.DeepEqual(found, updated) {
					t.Errorf("by token: %+v, error %v; want %+v", found, err, updated)
				}
			})
		})
	}
}

func TestWhatWillNotDoIsRefusedWithTheFieldAndTheMend(t *testing.T) {
	f := newFixture(t, storetest.Open(t, storetest.SQLite(t)))
	server, _ := f.create(t, mcpserver.Draft{Config: []byte(`{"methods":["read"]}`)})
	past := time.Now().Add(-time.Second)
	for _, c := range []struct {
		draft       mcpserver.Draft
		field, want string
	}{
		{mcpserver.Draft{Name: "\t"}, "name", "is required"},
		{mcpserver.Draft{Name: "a\x00"}, "name", "NUL"},
		{mcpserver.Draft{Name: "a\xff"}, "name", "UTF-8"},
		{mcpserver.Draft{Name: "a\x1b[31m"}, "name", "control character"},
		{mcpserver.Draft{Name: strings.Repeat("a", 201)}, "name", "longer than 200"},
		{mcpserver.Draft{Name: "a", ExpiresAt: past}, "expires_at", "past"},
		{mcpserver.Draft{Name: "a", Config: []byte(`[]`)}, "config", "must be an object"},
		{mcpserver.Draft{Name: "a", Config: []byte(`"read"`)}, "config", "must be an object"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"methods":["read"}`)}, "config", "not valid JSON"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"methods":["read"],"methods":["write"]}`)}, "config", "twice"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"method":["read"]}`)}, "config.method", "the keys are auth, bind, confirm, confirm_by, methods, require_api_token_auth, structured_output, tags"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"methods":"read"}`)}, "config.methods", `["read"]`},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"methods":["read",1]}`)}, "config.methods", `["read"]`},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"methods":[]}`)}, "config.methods", "empty"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"tags":[""]}`)}, "config.tags", "empty name"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"require_api_token_auth":"true"}`)}, "config.require_api_token_auth", "true or false"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"confirm":"always"}`)}, "config.confirm", `must be "never", "destructive"`},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"confirm":""}`)}, "config.confirm", `must be "never"`},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"confirm":true}`)}, "config.confirm", `must be "never"`},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"confirm_by":"me"}`)}, "config.confirm_by", `must be "client"`},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"structured_output":1}`)}, "config.structured_output", "true or false"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"bind":{"database_uuid":7}}`)}, "config.bind", "object of texts"},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"auth":"basic"}`)}, "config.auth", `must be "oauth"`},
		{mcpserver.Draft{Name: "a", Config: []byte(`{"bind":{"database_uuid":""}}`)}, "config.bind", "empty"},
	} {
		var invalid *mcpserver.InvalidError
		c.draft.Environment, c.draft.AccountID = f.env, f.acc
		if _, _, err := f.Create(t.Context(), c.draft); !errors.As(err, &invalid) || invalid.Field != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("create with name %q, config %s: got error %v, want one of %s with %q", c.draft.Name, c.draft.Config, err, c.field, c.want)
		}
		patch := mcpserver.Patch{Name: &c.draft.Name, Config: c.draft.Config}
		if !c.draft.ExpiresAt.IsZero() {
			patch.ExpiresAt = &c.draft.ExpiresAt
		}
		if _, err := f.Update(t.Context(), f.env, f.acc, server.ID, patch); !errors.As(err, &invalid) || invalid.Field != c.field {
			t.Errorf("update with name %q, config %s: got error %v, want one of %s", c.draft.Name, c.draft.Config, err, c.field)
		}
	}
	f.refuse = errors.New("no such method")
	if _, _, err := f.Create(t.Context(), mcpserver.Draft{Environment: f.env, AccountID: f.acc, Name: "a"}); err != f.refuse {
		t.Errorf("create: got error %v, want the validator's own", err)
	}
	if _, err := f.Update(t.Context(), f.env, f.acc, server.ID, mcpserver.Patch{Config: []byte(`{"methods":["x"]}`)}); err != f.refuse {
		t.Errorf("update: got error %v, want the validator's own", err)
	}
	if got, err := f.Get(t.Context(), f.env, f.acc, server.ID); err != nil || !reflect.DeepEqual(got, server) {
		t.Errorf("after it all: %+v, error %v; want it as it was", got, err)
	}
	for text, ok := range map[string]bool{"2027-01-31T18:00:00Z": true, "2027-01-31T18:00:00+02:00": true, "2027-01-31": false, "tomorrow": false, "": false} {
		var invalid *mcpserver.InvalidError
		if _, err := mcpserver.ParseExpiry(text); (err == nil) != ok || (err != nil && (!errors.As(err, &invalid) || invalid.Field != "expires_at")) {
			t.Errorf("expiry %q: got error %v, want ok %v", text, err, ok)
		}
	}
}

func TestAServerThatPeopleSignInToIsFoundByItsIDAndNoToken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := newFixture(t, st)
		secret, secretToken := f.create(t, mcpserver.Draft{})
		if _, err := f.Only(t.Context()); !errors.Is(err, mcpserver.ErrNotFound) {
			t.Errorf("the only one where there is none: got error %v, want ErrNotFound", err)
		}
		server, token := f.create(t, mcpserver.Draft{Config: []byte(`{"auth":"oauth"}`)})
		if token != "" {
			t.Error("it has a token")
		}
		if got, err := f.ByID(t.Context(), server.ID); err != nil || got.ID != server.ID {
			t.Errorf("by id: %+v, error %v", got, err)
		}
		if got, err := f.Only(t.Context()); err != nil || got.ID != server.ID {
			t.Errorf("the only one: %+v, error %v", got, err)
		}
		for _, id := range []string{secret.ID, secretToken, "", "mcp_", strings.ToUpper(server.ID), server.ID + "0"} {
			if _, err := f.ByID(t.Context(), id); !errors.Is(err, mcpserver.ErrNotFound) {
				t.Errorf("by id %q: got error %v, want ErrNotFound", id, err)
			}
		}
		var invalid *mcpserver.InvalidError
		for _, c := range []struct{ id, config, field string }{
			{secret.ID, `{"auth":"oauth"}`, "config.auth"},
			{server.ID, `{"auth":null}`, "config.auth"},
			{server.ID, `{"require_api_token_auth":true}`, "config.require_api_token_auth"},
		} {
			if _, err := f.Update(t.Context(), f.env, f.acc, c.id, mcpserver.Patch{Config: []byte(c.config)}); !errors.As(err, &invalid) || invalid.Field != c.field {
				t.Errorf("update with %s: got error %v, want one of %s", c.config, err, c.field)
			}
		}
		if _, err := f.Update(t.Context(), f.env, f.acc, server.ID, mcpserver.Patch{Config: []byte(`{"auth":"oauth","methods":["read"]}`)}); err != nil {
			t.Errorf("update: %v", err)
		}
		if got, err := f.ByID(t.Context(), server.ID); err != nil || len(got.Config.Methods) != 1 {
			t.Errorf("after a change: %+v, error %v", got, err)
		}
		if err := f.Delete(t.Context(), f.env, f.acc, server.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ByID(t.Context(), server.ID); !errors.Is(err, mcpserver.ErrNotFound) {
			t.Errorf("a deleted one: got error %v, want ErrNotFound", err)
		}
	})
}

func TestADeletedServerAndOneWhoseAccountWentAreGoneAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := newFixture(t, st)
		deleted, deletedToken := f.create(t, mcpserver.Draft{})
		_, orphanToken := f.create(t, mcpserver.Draft{})
		for _, token := range []string{deletedToken, orphanToken} {
			if _, err := f.ByToken(t.Context(), token); err != nil {
				t.Fatalf("by token: %v", err)
			}
		}
		if err := f.Delete(t.Context(), f.env, f.acc, deleted.ID); err != nil {
			t.Fatalf("delete: %v", err)
		}
		if _, err := f.ByToken(t.Context(), deletedToken); !errors.Is(err, mcpserver.ErrNotFound) {
			t.Errorf("a deleted server: got error %v, want ErrNotFound", err)
		}
		if err := st.Tx(t.Context(), func(tx *store.Tx) error {
			_, err := tx.RemoveAccount(t.Context(), f.env, f.acc)
			return err
		}); err != nil {
			t.Fatalf("remove the account: %v", err)
		}
		if _, err := f.ByToken(t.Context(), orphanToken); !errors.Is(err, mcpserver.ErrNotFound) {
			t.Errorf("a server whose account is gone: got error %v, want ErrNotFound", err)
		}
	})
}

func TestAnExpiredServerIsRefusedAtOnceAndItsRowRemovedSoon(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := newFixture(t, st)
		kept, keptToken := f.create(t, mcpserver.Draft{ExpiresAt: time.Now().Add(time.Hour)})
		var short *mcpserver.Server
		var token string
		await.Life(t, func(life time.Duration) bool {
			short, token = f.create(t, mcpserver.Draft{ExpiresAt: time.Now().Add(life)})
			_, err := f.ByToken(t.Context(), token)
			if time.Now().After(short.ExpiresAt) {
				return false
			}
			if err != nil {
				t.Fatalf("before it expires: %v", err)
			}
			return true
		})
		time.Sleep(time.Until(short.ExpiresAt))
		if _, err := f.ByToken(t.Context(), token); !errors.Is(err, mcpserver.ErrNotFound) {
			t.Errorf("by token, from memory: got error %v, want ErrNotFound", err)
		}
		if _, err := f.Get(t.Context(), f.env, f.acc, short.ID); !errors.Is(err, mcpserver.ErrNotFound) {
			t.Errorf("get: got error %v, want ErrNotFound", err)
		}
		never := time.Time{}
		if _, err := f.Update(t.Context(), f.env, f.acc, short.ID, mcpserver.Patch{ExpiresAt: &never}); !errors.Is(err, mcpserver.ErrNotFound) {
			t.Errorf("lifting the expiry too late: got error %v, want ErrNotFound", err)
		}
		if page, _, err := f.List(t.Context(), f.env, f.acc, "", 10); err != nil || len(page) != 1 || page[0].ID != kept.ID {
			t.Errorf("list: %v, error %v; want the other alone", page, err)
		}
		f.serve(t, st, time.Millisecond) // one that sweeps
		await.True(t, "the expired row to be swept", func() bool {
			_, err := st.GetMCPServer(t.Context(), db.GetMCPServerParams{Environment: f.env, AccountID: f.acc, ID: short.ID})
			return store.NotFound(err)
		})
		if _, err := f.ByToken(t.Context(), keptToken); err != nil {
			t.Errorf("the one that has not expired: %v", err)
		}
	})
}

func TestTwoWhoChangeAServerAtOnceDoNotUndoEachOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		f := newFixture(t, st)
		server, _ := f.create(t, mcpserver.Draft{})
		s := mcpserver.New(st, f.keys, mcpserver.Options{})
		defer s.Close()
		var wg sync.WaitGroup
		for _, patch := range []string{`{"methods":["read"]}`, `{"tags":["cards"]}`, `{"structured_output":true}`, `{"bind":{"a":"b"}}`, `{"require_api_token_auth":true}`} {
			wg.Go(func() {
				if _, err := s.Update(t.Context(), f.env, f.acc, server.ID, mcpserver.Patch{Config: []byte(patch)}); err != nil {
					t.Errorf("update with %s: %v", patch, err)
				}
			})
		}
		wg.Wait()
		got, err := s.Get(t.Context(), f.env, f.acc, server.ID)
		want := mcpserver.Config{Methods: []string{"read"}, Tags: []string{"cards"}, StructuredOutput: true, RequireAPITokenAuth: true, Bind: map[string]string{"a": "b"}}
		if err != nil || !reflect.DeepEqual(got.Config, want) {
			t.Errorf("got %+v, error %v; want %+v", got, err, want)
		}
	})
}

func TestAChangeReachesOtherNodesWithinASecond(t *testing.T) {
	url := storetest.PostgreSQL(t)
	f := newFixture(t, storetest.Open(t, url))
	there := f.serve(t, storetest.Open(t, url), time.Hour)
	server, token := f.create(t, mcpserver.Draft{})
	if _, err := there.ByToken(t.Context(), token); err != nil {
		t.Fatalf("by token there: %v", err)
	}
	if _, err := f.Update(t.Context(), f.env, f.acc, server.ID, mcpserver.Patch{Config: []byte(`{"methods":["read"]}`)}); err != nil {
		t.Fatalf("update: %v", err)
	}
	await.True(t, "a filter to reach the other node", func() bool {
		got, err := there.ByToken(t.Context(), token)
		return err == nil && slices.Equal(got.Config.Methods, []string{"read"})
	})
	if err := f.Delete(t.Context(), f.env, f.acc, server.ID); err != nil {
		t.Fatalf("delete: %v", err)
	}
	await.True(t, "the revocation to reach the other node", func() bool { _, err := there.ByToken(t.Context(), token); return errors.Is(err, mcpserver.ErrNotFound) })
}

func TestAConfigOfANewerVersionOpensNothing(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	f := newFixture(t, st)
	server, token := f.create(t, mcpserver.Draft{})
	if _, err := st.UpdateMCPServer(t.Context(), db.UpdateMCPServerParams{
		Name: server.Name, Config: `{"only_on_mondays":true}`, Environment: f.env, AccountID: f.acc, ID: server.ID, OldName: server.Name, OldConfig: `{}`,
	}); err != nil {
		t.Fatalf("write the row: %v", err)
	}
	if got, err := f.ByToken(t.Context(), token); err == nil || errors.Is(err, mcpserver.ErrNotFound) || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("got %+v, error %v; want an error that says why", got, err)
	}
}

func TestAConfigIsAnsweredInTheShapeItWasGiven(t *testing.T) {
	for _, text := range []string{`{}`, `{"methods":["read"],"tags":["cards"],"require_api_token_auth":true,"structured_output":true,"bind":{"a":"b"}}`} {
		c, err := mcpserver.ParseConfig([]byte(text))
		if err != nil {
			t.Fatalf("parse %s: %v", text, err)
		}
		if got, err := json.Marshal(c); err != nil || string(got) != text {
			t.Errorf("got %s, error %v; want %s", got, err, text)
		}
	}
}

func BenchmarkByToken(b *testing.B) {
	f := newFixture(b, storetest.Open(b, storetest.SQLite(b)))
	tokens := make([]string, 64)
	for i := range tokens {
		_, tokens[i] = f.create(b, mcpserver.Draft{Name: fmt.Sprint(i)})
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := f.ByToken(b.Context(), tokens[i%len(tokens)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
