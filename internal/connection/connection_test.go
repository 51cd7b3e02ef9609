package connection_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sluice/internal/connection"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

// register makes an MCP server for attempts to be at.
func register(t *testing.T, st *store.Store) (env, server string) {
	t.Helper()
	env, acc, server := store.NewID("env"), store.NewID("acc"), store.NewID("mcp")
	if err := errors.Join(
		st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: env, Name: env}),
		st.CreateAccount(t.Context(), db.CreateAccountParams{ID: acc, Environment: env, Integration: "octapipe", Context: "{}"}),
		st.CreateMCPServer(t.Context(), db.CreateMCPServerParams{ID: server, Environment: env, AccountID: acc, Config: "{}", TokenHash: []byte(server), Auth: "oauth"}),
	); err != nil {
		t.Fatal(err)
	}
	return env, server
}

func TestStepsOfOneClientAreOneAttemptWhereverTheyComeFrom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		env, server := register(t, st)
		l := connection.New(st, slog.New(slog.DiscardHandler))
		at := func(name connection.StepName, from connection.From) string {
			t.Helper()
			from.Environment, from.ServerID = env, server
			return l.Record(t.Context(), from, connection.Step{Name: name, Status: 200})
		}
		program := connection.From{Address: "203.0.113.1", UserAgent: "client/1"}
		browser := connection.From{Address: "198.51.100.1", UserAgent: "Mozilla/5.0", ClientID: "ocl_1"}
		first := at(connection.Challenge, program)
		other := at(connection.Challenge, connection.From{Address: "203.0.113.2", UserAgent: "client/2"})
		if first == "" || other == "" || first == other {
			t.Fatalf("two programs make the attempts %q and %q", first, other)
		}
		registered := program
		registered.ClientID = "ocl_1"
		for name, got := range map[string]string{
			"metadata":      at(connection.ResourceMetadata, connection.From{Address: program.Address, UserAgent: "another library of its"}),
			"more metadata": at(connection.ServerMetadata, connection.From{Address: "203.0.113.99", UserAgent: program.UserAgent}),
			"registration":  at(connection.Registration, registered),
			"authorization": at(connection.Authorization, browser),
			"the token":     at(connection.Token, connection.From{AttemptID: first}),
		} {
			if got != first {
				t.Errorf("%s is of attempt %q, want %q", name, got, first)
			}
		}
		// A client that names itself by a document is not known before the browser comes: it is the newest of whom nothing is known.
		if got := at(connection.Authorization, connection.From{Address: "198.51.100.1", UserAgent: "Mozilla/5.0", ClientID: "https://app.example/c"}); got != other {
			t.Errorf("an unknown client's authorization is of attempt %q, want %q", got, other)
		}
		// Once a token was given, another challenge is another attempt.
		if got := at(connection.Challenge, program); got == first || got == "" {
			t.Errorf("a challenge after the token is of attempt %q", got)
		}
		page, next, err := l.List(t.Context(), env, server, "", 2)
		if err != nil || len(page) != 2 || next == "" {
			t.Fatalf("the first page holds %d, next %q, error %v", len(page), next, err)
		}
		rest, next, err := l.List(t.Context(), env, server, next, 2)
		if err != nil || len(rest) != 1 || next != "" || rest[0].ID != first || len(rest[0].Steps) != 6 {
			t.Errorf("the second page is %+v, next %q, error %v", rest, next, err)
		}
		if _, err := l.Get(t.Context(), "env_other", first); !errors.Is(err, connection.ErrNotFound) {
			t.Errorf("another environment: %v", err)
		}
		// An attempt of another server is none, whatever a step says.
		_, elsewhere := register(t, st)
		if got := l.Record(t.Context(), connection.From{AttemptID: first, Environment: env, ServerID: elsewhere}, connection.Step{Name: connection.Token}); got == first {
			a, _ := l.Get(t.Context(), env, first)
			if len(a.Steps) > 6 {
				t.Error("a step of another server was written into the attempt")
			}
		}
	})
}

func TestATokenThatIsRenewedAfterAChallengeIsAConnection(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	env, server := register(t, st)
	l := connection.New(st, slog.New(slog.DiscardHandler))
	from := connection.From{Environment: env, ServerID: server, Address: "203.0.113.1", UserAgent: "client/1"}
	renewed := from
	renewed.ClientID = "ocl_1"
	if got := l.Record(t.Context(), renewed, connection.Step{Name: connection.Refresh}); got != "" {
		t.Errorf("a refresh that nobody was asked for is the attempt %q", got)
	}
	id := l.Record(t.Context(), from, connection.Step{Name: connection.Challenge, Status: 401})
	if got := l.Record(t.Context(), renewed, connection.Step{Name: connection.Refresh, Status: 200}); got != id {
		t.Errorf("the refresh is of the attempt %q, want %q", got, id)
	}
	a, err := l.Get(t.Context(), env, id)
	if err != nil {
		t.Fatal(err)
	}
	if v := a.Verdict(time.Now().Add(time.Hour)); v.State != connection.Connected || v.Step != connection.Refresh || a.ClientID != "ocl_1" {
		t.Errorf("the verdict is %+v of %+v", v, a)
	}
}

func TestWhoAsksWithoutEndFillsNothing(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	env, server := register(t, st)
	l := connection.New(st, slog.New(slog.DiscardHandler))
	for range 300 {
		l.Record(t.Context(), connection.From{Environment: env, ServerID: server, Address: "203.0.113.1", UserAgent: strings.Repeat("x", 10000)}, connection.Step{Name: connection.Challenge})
	}
	page, _, err := l.List(t.Context(), env, server, "", 500)
	if err != nil || len(page) != 1 || len(page[0].Steps) > 60 || len(page[0].UserAgent) > 400 {
		t.Fatalf("%d attempts, error %v", len(page), err)
	}
}

func TestAVerdictNamesTheStepThatNeverCameOrFailed(t *testing.T) {
	now := time.Now()
	way := []connection.StepName{connection.Challenge, connection.ResourceMetadata, connection.ServerMetadata, connection.Registration, connection.Authorization,
		connection.SignIn, connection.Consent, connection.Token, connection.Call}
	next := []connection.StepName{connection.ResourceMetadata, connection.ServerMetadata, connection.Authorization, connection.Authorization, connection.Consent,
		connection.Consent, connection.Token, connection.Call}
	for n := range next {
		a := &connection.Attempt{UpdatedAt: now}
		for _, name := range way[:n+1] {
			a.Steps = append(a.Steps, connection.Step{Name: name, At: now})
		}
		if v := a.Verdict(now.Add(time.Second)); v.State != connection.Waiting || v.Step != next[n] {
			t.Errorf("a second after %s: %+v, want to wait for %s", way[n], v, next[n])
		}
		if v := a.Verdict(now.Add(time.Hour)); v.State != connection.Stopped || v.Step != next[n] || v.Words == "" || v.Mend == "" {
			t.Errorf("an hour after %s: %+v, want %s never to have come, and a mend", way[n], v, next[n])
		}
		a.Steps = append(a.Steps, connection.Step{Name: next[n], Fault: "It was refused."})
		if v := a.Verdict(now); v.State != connection.Failed || v.Step != next[n] || v.Words != "It was refused." {
			t.Errorf("%s was refused: %+v", next[n], v)
		}
		a.Steps = append(a.Steps, connection.Step{Name: connection.Call})
		if v := a.Verdict(now); v.State != connection.Connected {
			t.Errorf("in the end it called: %+v", v)
		}
	}
	if v := (&connection.Attempt{}).Verdict(now); v.State != connection.Waiting {
		t.Errorf("nothing came: %+v", v)
	}
}
