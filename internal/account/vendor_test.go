package account_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/outbound"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

// harbor is a vendor that hands out tokens for a password, and counts.
type harbor struct {
	*httptest.Server
	logins, refreshes, probes atomic.Int32

	mu       sync.Mutex
	password string
	valid    map[string]bool // tokens
	once     map[string]bool // refresh tokens that were not used yet
	serial   int
	down     int           // status of every login and refresh, while not 0
	gate     chan struct{} // a login waits for it, unless nil
	deadAPI  bool          // the probe answers 401 whatever comes
	noProbe  int           // status of the probe, while not 0
}

func newHarbor(t testing.TB) *harbor {
	h := &harbor{password: "tide&tow", valid: map[string]bool{}, once: map[string]bool{}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *harbor) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// revoke makes every token that was given invalid.
func (h *harbor) revoke() { h.set(func() { clear(h.valid) }) }

func (h *harbor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	gate := h.gate
	h.mu.Unlock()
	if gate != nil && r.URL.Path == "/login" {
		<-gate
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var in map[string]string
	if r.Method == "POST" {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
	}
	give := func() {
		h.serial++
		access, refresh := fmt.Sprintf("access-%d", h.serial), fmt.Sprintf("refresh-%d", h.serial)
		h.valid[access], h.once[refresh] = true, true
		fmt.Fprintf(w, `{"authorization":{"token":%q,"again":%q,"expires_in":3600}}`, access, refresh)
	}
	refuse := func(message string) {
		w.WriteHeader(401)
		fmt.Fprintf(w, `{"message":%q}`, message)
	}
	switch r.URL.Path {
	case "/login":
		h.logins.Add(1)
		switch {
		case h.down != 0:
			w.WriteHeader(h.down)
		case in["password"] != h.password:
			refuse("Wrong password " + in["password"] + " for " + in["email"] + ".")
		default:
			give()
		}
	case "/refresh":
		h.refreshes.Add(1)
		switch {
		case h.down != 0:
			w.WriteHeader(h.down)
		case !h.once[in["refresh"]]:
			refuse("Used before.")
		default:
			delete(h.once, in["refresh"])
			give()
		}
	case "/logout":
		if delete(h.once, in["refresh"]); h.down != 0 {
			w.WriteHeader(h.down)
		}
	case "/me":
		h.probes.Add(1)
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case h.noProbe != 0:
			w.WriteHeader(h.noProbe)
		case h.deadAPI || !h.valid[token]:
			refuse("Unauthenticated.")
		default:
			fmt.Fprint(w, `{"me":true}`)
		}
	default:
		http.NotFound(w, r)
	}
}

// definition logs in, refreshes with a token that can be used once, and has an API key as another way.
func definition() *integration.Definition {
	exchange := func(path string, body map[string]string) *integration.Exchange {
		return &integration.Exchange{Method: "post", Path: path, Body: body, Token: "authorization.token", RefreshToken: "authorization.again", ExpiresIn: "authorization.expires_in"}
	}
	return &integration.Definition{
		Name: "harbor", Label: "Harbor", BaseURL: "{{context.base_url}}",
		Context: integration.Fields{{Name: "base_url", Format: "uri"}, {Name: "pier", Default: "north", Options: []string{"north", "south"}}},
		Credentials: integration.Credentials{
			Format:  "login",
			Fields:  integration.Fields{{Name: "email", Format: "email"}, {Name: "password", Type: "password"}, {Name: "berth", Optional: true}},
			Login:   exchange("/login", map[string]string{"email": "{{credentials.email}}", "password": "{{credentials.password}}", "berth": "{{credentials.berth}}"}),
			Refresh: exchange("/refresh", map[string]string{"refresh": "{{token.refresh}}"}),
			Alternatives: []integration.Credentials{{Format: "static", Token: "{{credentials.api_key}}",
				Fields: integration.Fields{{Name: "api_key", Type: "password"}}, Validate: &integration.Probe{Method: "get", Path: "/me"}}},
		},
		Authorization: integration.Authorizations{{Format: "bearer"}},
	}
}

type definitions map[string]*integration.Definition

func (d definitions) Find(_ context.Context, _, name string) (*integration.Definition, error) {
	if def := d[name]; def != nil {
		return def, nil
	}
	return nil, fmt.Errorf("no integration %q", name)
}

func (d definitions) FindFor(ctx context.Context, environment, name, _ string) (*integration.Definition, error) {
	return d.Find(ctx, environment, name)
}

const environment = "env_test"

// world is a service over a real database, and a clock that tests move.
type world struct {
	*account.Service
	store *store.Store
	keys  *secret.Keys
	def   *integration.Definition
	clock *atomic.Int64
	log   *strings.Builder
}

func newWorld(t testing.TB, st *store.Store) *world { return newWorldOf(t, st, definition()) }

func newWorldOf(t testing.TB, st *store.Store, def *integration.Definition) *world {
	t.Helper()
	w := &world{store: st, def: def, clock: &atomic.Int64{}, log: &strings.Builder{}}
	w.clock.Store(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).UnixMilli())
	keys, err := secret.Load(t.Context(), st, secret.Given(masterKey))
	if err != nil {
		t.Fatal(err)
	}
	w.keys = keys
	for _, name := range []string{environment, "env_other"} {
		if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: name, Name: name}); err != nil && !store.Conflict(err) {
			t.Fatal(err)
		}
	}
	w.Service = w.node(t, st)
	return w
}

const masterKey = "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a"

// node is one more service over a store, as another process would have it.
func (w *world) node(t testing.TB, st *store.Store) *account.Service {
	var mu sync.Mutex
	s, end := newService(st, w.keys, w.def, func(c *account.Config) {
		c.Log = slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return w.log.Write(p) }), nil))
		c.Now = func() time.Time { return time.UnixMilli(w.clock.Load()) }
	})
	t.Cleanup(end)
	return s
}

// newService makes a service; end closes it with what it was given.
func newService(st *store.Store, keys *secret.Keys, def *integration.Definition, change ...func(*account.Config)) (s *account.Service, end func()) {
	out := outbound.New(outbound.Options{Policy: outbound.Policy{AllowPrivate: true}})
	c := account.Config{Store: st, Sealer: keys, Definitions: definitions{def.Name: def}, Outbound: out,
		Callback: callback, ReconnectURL: func(id string) string { return "https://sluice.example/connect/account/" + id }}
	for _, f := range change {
		f(&c)
	}
	s = account.New(c)
	return s, func() {
		s.Close()
		out.Close()
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func (w *world) pass(d time.Duration) { w.clock.Add(d.Milliseconds()) }

func (w *world) connect(t testing.TB, h *harbor) *account.Account {
	t.Helper()
	a, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "harbor", TenantID: "acme", Name: "Quay",
		Credentials: map[string]string{"email": "ann@example.com", "password": "tide&tow"}, Context: map[string]string{"base_url": h.URL + "/"}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (w *world) get(t testing.TB, id string) *account.Account {
	t.Helper()
	a, err := w.Get(t.Context(), environment, id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sqlite(t testing.TB) *store.Store { return storetest.Open(t, storetest.SQLite(t)) }
