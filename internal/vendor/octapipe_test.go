package vendor_test

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/integrations"
	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/octapipe"
	"sluice/internal/outbound"
	"sluice/internal/secret"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
	"sluice/internal/vendor"
)

// sandbox is the Octapipe sandbox, reached by the definition that comes with Sluice.
type sandbox struct {
	*vendor.Client
	*octapipe.Sandbox
	accounts *account.Service
	account  *account.Account
	def      *integration.Definition
	clock    *atomic.Int64
}

func newSandbox(t *testing.T, rateLimit int, credentials func(*octapipe.Sandbox) map[string]string) *sandbox {
	t.Helper()
	s := &sandbox{clock: &atomic.Int64{}}
	s.clock.Store(time.Now().UnixMilli())
	clock := func() time.Time { return time.UnixMilli(s.clock.Load()) }
	quiet := slog.New(slog.DiscardHandler)
	var err error
	if s.Sandbox, err = octapipe.Open(octapipe.Config{Seed: true, RateLimit: rateLimit, Clock: clock, Log: quiet}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(func() { server.Close(); s.Sandbox.Close() })
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	s.def = all[slices.IndexFunc(all, func(d *integration.Definition) bool { return d.Name == "octapipe" })]
	st := storetest.Open(t, storetest.SQLite(t))
	keys, err := secret.Load(t.Context(), st, secret.Given(strings.Repeat("2a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: "env_test", Name: "test"}); err != nil {
		t.Fatal(err)
	}
	out := outbound.New(outbound.Options{Policy: outbound.Policy{AllowPrivate: true}})
	t.Cleanup(out.Close)
	s.accounts = account.New(account.Config{Store: st, Sealer: keys, Definitions: definitions{s.def}, Outbound: out, Log: quiet, Now: clock})
	t.Cleanup(s.accounts.Close)
	if s.account, err = s.accounts.Create(t.Context(), "env_test", account.NewAccount{Integration: "octapipe", Credentials: credentials(s.Sandbox),
		Context: map[string]string{"base_url": server.URL}}); err != nil {
		t.Fatal(err)
	}
	s.Client = vendor.New(s.accounts, out, out)
	return s
}

func byLogin(s *octapipe.Sandbox) map[string]string {
	l := s.Login()
	return map[string]string{"domain": l.Domain, "email": l.Email, "password": l.Password}
}

func (s *sandbox) do(t *testing.T, resource, method, path string, body string, page *vendor.Position) *vendor.Response {
	t.Helper()
	r, ok := s.def.Resource(resource)
	if !ok {
		t.Fatalf("no resource %s", resource)
	}
	m, ok := r.Method(method)
	if !ok {
		t.Fatalf("no method %s of %s", method, resource)
	}
	req := &vendor.Request{Method: m, Path: path, Page: page}
	if body != "" {
		req.Body, req.ContentType = []byte(body), "application/json"
	}
	response, err := s.Do(t.Context(), s.account, s.def, req)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

type thing struct {
	UUID, Name string
}

// all reads a list to its end.
func (s *sandbox) all(t *testing.T, resource, path string) (things []thing, body string) {
	t.Helper()
	for at := (&vendor.Position{Size: 15}); at != nil; {
		r := s.do(t, resource, "list", path, "", at)
		if r.Outcome != vendor.OK {
			t.Fatalf("%s: %+v", path, r.Problem)
		}
		var page []thing
		if err := json.Unmarshal(r.Body, &page); err != nil {
			t.Fatal(err)
		}
		if len(page) > 15 || len(page) != r.Items {
			t.Fatalf("%s: a page of %d that says %d", path, len(page), r.Items)
		}
		things, body, at = append(things, page...), body+string(r.Body), r.Next
	}
	seen := map[string]bool{}
	for _, one := range things {
		if seen[one.UUID] {
			t.Fatalf("%s: %s came twice", path, one.UUID)
		}
		seen[one.UUID] = true
	}
	return things, body
}

func named(t *testing.T, things []thing, name string) string {
	t.Helper()
	i := slices.IndexFunc(things, func(c thing) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("no %q among %d", name, len(things))
	}
	return things[i].UUID
}

func TestBothOfOctapipesListsAreReadToTheirEnd(t *testing.T) {
	s := newSandbox(t, 0, byLogin)
	pipelines, _ := s.all(t, "pipelines", "/pipelines")
	sales := named(t, pipelines, "Enterprise Sales")
	cards, _ := s.all(t, "pipeline_cards", "/pipelines/"+sales+"/cards")
	if len(cards) <= 15 {
		t.Errorf("want more than a page of cards, got %d", len(cards))
	}
	named(t, cards, "Acme Corp Deal")
	if tasks, _ := s.all(t, "tasks", "/tasks"); len(tasks) == 0 {
		t.Error("want tasks")
	}
	users, text := s.all(t, "users", "/users")
	if len(users) == 0 {
		t.Error("want users")
	}
	for _, secret := range s.def.SecretFields {
		if strings.Contains(text, secret) {
			t.Errorf("%s left vendor", secret)
		}
	}
}

func TestOctapipesTokenIsRenewedWhenItExpires(t *testing.T) {
	s := newSandbox(t, 0, byLogin)
	for _, pass := range []time.Duration{0, 2 * time.Hour, 15 * 24 * time.Hour} { // a refresh, and past two weeks a login
		s.clock.Add(pass.Milliseconds())
		if r := s.do(t, "users", "me", "/me", "", nil); r.Outcome != vendor.OK || !strings.Contains(string(r.Body), s.Login().Email) {
			t.Fatalf("after %v: got %+v", pass, r.Problem)
		}
	}
}

func TestOctapipesAPIKeyIsAnotherWay(t *testing.T) {
	s := newSandbox(t, 0, func(s *octapipe.Sandbox) map[string]string { return map[string]string{"api_key": s.AdminToken()} })
	if r := s.do(t, "users", "me", "/me", "", nil); r.Outcome != vendor.OK {
		t.Fatalf("got %+v", r.Problem)
	}
}

func TestOctapipesRefusalsAreTold(t *testing.T) {
	s := newSandbox(t, 0, byLogin)
	r := s.do(t, "tasks", "create", "/tasks", `{"title":"x","status":"asleep"}`, nil)
	if r.Outcome != vendor.Refused || r.Status != 422 || len(r.Problem.Fields["status"]) == 0 || len(r.Problem.Fields["start_date"]) == 0 {
		t.Errorf("got %d %+v", r.Status, r.Problem)
	}
	r = s.do(t, "tasks", "get", "/tasks/00000000-0000-7000-8000-000000000000", "", nil)
	if r.Outcome != vendor.Refused || r.Status != 404 {
		t.Errorf("got %d %+v", r.Status, r.Problem)
	}
}

func TestOctapipesRateLimitIsPassedOn(t *testing.T) {
	s := newSandbox(t, 5, byLogin)
	for range 20 {
		r := s.do(t, "users", "me", "/me", "", nil)
		if r.Outcome == vendor.OK {
			if r.RateLimit.Limit != 5 || r.RateLimit.Remaining < 0 {
				t.Fatalf("got %+v", r.RateLimit)
			}
			continue
		}
		if r.Outcome != vendor.RateLimited || r.Status != 429 || r.RateLimit.Limit != 5 || r.RateLimit.Remaining != 0 || r.RateLimit.RetryAfter < 1 || r.RateLimit.Reset < 1 || r.RateLimit.RetryAfter > 60 ||
			!strings.Contains(r.Problem.Message, "Octapipe's rate limit is reached: try again in ") {
			t.Errorf("got %+v %+v", r, r.Problem)
		}
		return
	}
	t.Error("want a limit within twenty calls")
}
