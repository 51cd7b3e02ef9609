package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/account"
	"sluice/internal/await"
	"sluice/internal/outbound"
	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
	"sluice/internal/webhook"
)

// soon is a schedule for tests: ten tries as well, in a few seconds.
var soon = []time.Duration{
	20 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond, time.Second, time.Second, time.Second, time.Second,
}

// master wraps the keys of every test: nodes on one database share it.
const master = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// open starts a node's webhooks on a store.
func open(t *testing.T, st *store.Store) *webhook.Service {
	t.Helper()
	keys, err := secret.Load(t.Context(), st, secret.Given(master))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := outbound.ParsePolicy([]string{"loopback"})
	if err != nil {
		t.Fatal(err)
	}
	out := outbound.New(outbound.Options{Policy: policy})
	t.Cleanup(out.Close)
	s, err := webhook.New(t.Context(), webhook.Config{Store: st, Sealer: keys, Outbound: out, Log: slog.New(slog.DiscardHandler), Schedule: soon})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func environment(t *testing.T, st *store.Store) string {
	t.Helper()
	id := store.NewID("env")
	if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: id, Name: id, CreatedAt: 1, UpdatedAt: 1}); err != nil {
		t.Fatal(err)
	}
	return id
}

// happen writes an event as the accounts' service does.
func happen(t *testing.T, st *store.Store, environment, kind string) (id string) {
	t.Helper()
	id = store.NewID("evt")
	err := st.Tx(t.Context(), func(tx *store.Tx) error {
		tx.Publish(store.Events, environment)
		return tx.InsertAccountEvent(t.Context(), db.InsertAccountEventParams{
			ID: id, Environment: environment, AccountID: "acc_1", Type: kind, Payload: fmt.Sprintf(`{"type":%q,"data":{"id":"acc_1"}}`, kind), CreatedAt: store.Millis(time.Now()),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// message is one request that a receiver got.
type message struct {
	header http.Header
	body   []byte
}

func (m message) id() string { return m.header.Get("webhook-id") }

// receiver is a back-end that is told of events. It answers what answer says, by the number of the request, from 0.
type receiver struct {
	*httptest.Server

	mu   sync.Mutex
	got  []message
	more chan struct{}
}

func receive(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int)) *receiver {
	t.Helper()
	rc := &receiver{more: make(chan struct{}, 1000)}
	rc.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		rc.mu.Lock()
		n := len(rc.got)
		rc.got = append(rc.got, message{r.Header, body})
		rc.mu.Unlock()
		rc.more <- struct{}{}
		if answer != nil {
			answer(w, r, n)
		}
	}))
	t.Cleanup(rc.Close)
	return rc
}

// wait waits for n requests in all.
func (rc *receiver) wait(t *testing.T, n int) []message {
	t.Helper()
	overdue := time.After(await.Limit)
	for {
		rc.mu.Lock()
		got := append([]message{}, rc.got...)
		rc.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-rc.more:
		case <-overdue:
			t.Fatalf("the receiver got %d requests, want %d", len(got), n)
		}
	}
}

func create(t *testing.T, s *webhook.Service, environment, url string, types ...string) (*webhook.Webhook, string) {
	t.Helper()
	w, key, err := s.Create(t.Context(), webhook.Draft{Environment: environment, URL: url, Types: types, CreatedBy: "tok_1"})
	if err != nil {
		t.Fatal(err)
	}
	return w, key
}

// settled waits until a webhook is as wanted.
func settled(t *testing.T, s *webhook.Service, w *webhook.Webhook, want func(*webhook.Webhook) bool) *webhook.Webhook {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		now, err := s.Get(t.Context(), w.Environment, w.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want(now) {
			return now
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("the webhook stays as it is: %+v", now)
		}
	}
}

func verify(t *testing.T, key string, m message) {
	t.Helper()
	v, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(m.body, m.header); err != nil {
		t.Errorf("%v: %v", m.header, err)
	}
}

func TestAnEventGoesSignedToTheWebhooksOfItsEnvironmentThatWantIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := open(t, st)
		mine, other := environment(t, st), environment(t, st)
		all, some, foreign, off := receive(t, nil), receive(t, nil), receive(t, nil), receive(t, nil)
		_, key := create(t, s, mine, all.URL)
		create(t, s, mine, some.URL, account.EventDeleted)
		create(t, s, other, foreign.URL)
		disabled, _ := create(t, s, mine, off.URL)
		no := false
		if _, err := s.Update(t.Context(), mine, disabled.ID, webhook.Change{Enabled: &no}); err != nil {
			t.Fatal(err)
		}
		first, second := happen(t, st, mine, account.EventNeedsReauth), happen(t, st, mine, account.EventDeleted)
		got := all.wait(t, 2)
		ids := map[string]bool{got[0].id(): true, got[1].id(): true}
		if !ids[first] || !ids[second] {
			t.Errorf("got the events %v, want %s and %s", ids, first, second)
		}
		for _, m := range got {
			verify(t, key, m)
			var e struct{ Type string }
			if err := json.Unmarshal(m.body, &e); err != nil || m.header.Get("Content-Type") != "application/json" || !strings.HasPrefix(e.Type, "integrated_account.") {
				t.Errorf("got %s %s, error %v", m.header.Get("Content-Type"), m.body, err)
			}
		}
		if got := some.wait(t, 1); got[0].id() != second {
			t.Errorf("got %s, want %s, whose type alone was asked for", got[0].id(), second)
		}
		page, _, err := s.Events(t.Context(), mine, "acc_1", "", 10)
		if err != nil || len(page) != 2 || page[0].ID != second || page[1].Type != account.EventNeedsReauth {
			t.Errorf("events: %v, error %v", page, err)
		}
		last := happen(t, st, mine, account.EventActive) // when it has come, nothing of before is on its way to the others
		if got := all.wait(t, 3); got[2].id() != last {
			t.Errorf("got %s, want %s", got[2].id(), last)
		}
		if n := len(some.wait(t, 0)) + len(foreign.wait(t, 0)) + len(off.wait(t, 0)); n != 1 {
			t.Errorf("those who did not ask got %d messages", n-1)
		}
	})
}

func TestAReceiverThatIsDownGetsTheEventWhenItIsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		s := open(t, st)
		env := environment(t, st)
		const down = 3
		rc := receive(t, func(w http.ResponseWriter, _ *http.Request, n int) {
			if n < down {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		w, key := create(t, s, env, rc.URL)
		id := happen(t, st, env, account.EventNeedsReauth)
		failed := settled(t, s, w, func(w *webhook.Webhook) bool { return !w.LastAt.IsZero() })
		if failed.LastError != "" && (failed.LastStatus != http.StatusBadGateway || !strings.Contains(failed.LastError, "502 Bad Gateway")) {
			t.Errorf("while it is down the webhook says %d %q", failed.LastStatus, failed.LastError)
		}
		for _, m := range rc.wait(t, down+1) {
			verify(t, key, m)
			if m.id() != id {
				t.Errorf("tried again with the id %s, want %s, by which the receiver knows it", m.id(), id)
			}
		}
		settled(t, s, w, func(w *webhook.Webhook) bool { return w.LastStatus == http.StatusOK && w.LastError == "" })
	})
}

func TestTheScheduleOutlastsAReceiverThatIsDownForTwoDays(t *testing.T) {
	var total time.Duration
	for i, pause := range webhook.Schedule {
		if i > 0 && pause < webhook.Schedule[i-1] {
			t.Errorf("pause %d is %v, shorter than the one before", i, pause)
		}
		total += pause
	}
	if total < 48*time.Hour {
		t.Errorf("the last try comes after %v", total)
	}
}

func TestOfTwoNodesOneDeliversAnEvent(t *testing.T) {
	url := storetest.PostgreSQL(t)
	st, elsewhere := storetest.Open(t, url), storetest.Open(t, url)
	s := open(t, st)
	open(t, elsewhere)
	env := environment(t, st)
	rc := receive(t, nil)
	create(t, s, env, rc.URL)
	const events = 20
	want := map[string]bool{}
	for i := range events {
		on := st
		if i%2 == 1 {
			on = elsewhere
		}
		want[happen(t, on, env, account.EventActive)] = true
	}
	rc.wait(t, events)
	last := happen(t, st, env, account.EventDeleted) // when it has come, the ones before would have come twice
	want[last] = true
	got := map[string]int{}
	for n := events + 1; got[last] == 0; n++ {
		clear(got)
		for _, m := range rc.wait(t, n) {
			got[m.id()]++
		}
	}
	for id := range want {
		if got[id] != 1 {
			t.Errorf("event %s came %d times", id, got[id])
		}
	}
}

func TestADeliveryThatANodeDidNotFinishIsMadeByTheNext(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		st := storetest.Open(t, url)
		env := environment(t, st)
		hold := make(chan struct{})
		rc := receive(t, func(_ http.ResponseWriter, r *http.Request, n int) {
			if n == 0 {
				select {
				case <-hold:
				case <-r.Context().Done():
				}
			}
		})
		defer close(hold)
		first := open(t, st)
		w, _ := create(t, first, env, rc.URL)
		id := happen(t, st, env, account.EventActive)
		rc.wait(t, 1)
		first.Close()
		next := open(t, storetest.Open(t, url))
		if got := rc.wait(t, 2); got[1].id() != id {
			t.Errorf("got %s, want %s again", got[1].id(), id)
		}
		settled(t, next, w, func(w *webhook.Webhook) bool { return w.LastStatus == http.StatusOK })
	})
}

func TestAReceiverThatIsGoneIsNotAskedAgain(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	s := open(t, st)
	env := environment(t, st)
	rc := receive(t, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusGone) })
	w, _ := create(t, s, env, rc.URL)
	happen(t, st, env, account.EventActive)
	got := settled(t, s, w, func(w *webhook.Webhook) bool { return !w.Enabled })
	if got.LastStatus != http.StatusGone {
		t.Errorf("the webhook says %d %q", got.LastStatus, got.LastError)
	}
	if n := len(rc.wait(t, 1)); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestAnEventGoesNowhereElse(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	s := open(t, st)
	env := environment(t, st)
	elsewhere := receive(t, nil)
	rc := receive(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	w, _ := create(t, s, env, rc.URL)
	status, refused, err := s.Test(t.Context(), env, w.ID)
	if err != nil || status != http.StatusTemporaryRedirect || refused == nil {
		t.Errorf("got %d, %v, error %v; want the redirect told and not followed", status, refused, err)
	}
	if n := len(elsewhere.wait(t, 0)); n != 0 {
		t.Errorf("the other address got %d messages", n)
	}
	inside, _ := create(t, s, env, "https://10.0.0.1/hooks")
	if status, refused, err := s.Test(t.Context(), env, inside.ID); err != nil || status != 0 || refused == nil || !strings.Contains(refused.Error(), "not allowed") {
		t.Errorf("inside the network: got %d, %v, error %v; want it refused", status, refused, err)
	}
}

func TestForADayAfterARotationBothSecretsSign(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	s := open(t, st)
	env := environment(t, st)
	rc := receive(t, nil)
	w, before := create(t, s, env, rc.URL)
	after, err := s.RotateSecret(t.Context(), env, w.ID)
	if err != nil || after == before {
		t.Fatalf("rotate: the secret is new: %t, error %v", after != before, err)
	}
	if status, refused, err := s.Test(t.Context(), env, w.ID); status != http.StatusOK || refused != nil || err != nil {
		t.Fatalf("test: %d, %v, error %v", status, refused, err)
	}
	m := rc.wait(t, 1)[0]
	verify(t, before, m)
	verify(t, after, m)
	if _, err := s.RotateSecret(t.Context(), env, w.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Test(t.Context(), env, w.ID); err != nil {
		t.Fatal(err)
	}
	v, err := standardwebhooks.NewWebhook(before)
	if err != nil {
		t.Fatal(err)
	}
	if m := rc.wait(t, 2)[1]; v.Verify(m.body, m.header) == nil {
		t.Error("the secret before the last still signs")
	}
}

func TestWhatIsNoWebhookIsRefusedInWords(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	s := open(t, st)
	env := environment(t, st)
	for name, c := range map[string]struct {
		draft webhook.Draft
		field string
	}{
		"no URL":                   {webhook.Draft{}, "url"},
		"a path alone":             {webhook.Draft{URL: "/hooks"}, "url"},
		"no TLS":                   {webhook.Draft{URL: "http://example.com/hooks"}, "url"},
		"a password in it":         {webhook.Draft{URL: "https://me:secret@example.com/hooks"}, "url"},
		"another scheme":           {webhook.Draft{URL: "ftp://example.com"}, "url"},
		"a type that there is not": {webhook.Draft{URL: "https://example.com", Types: []string{"integrated_account.gone"}}, "types"},
	} {
		c.draft.Environment = env
		_, _, err := s.Create(t.Context(), c.draft)
		if invalid, ok := errors.AsType[*webhook.InvalidError](err); !ok || invalid.Field != c.field {
			t.Errorf("%s: got %v, want %s refused", name, err, c.field)
		}
	}
	for range 20 {
		create(t, s, env, "https://example.com/hooks")
	}
	if _, _, err := s.Create(t.Context(), webhook.Draft{Environment: env, URL: "https://example.com"}); err == nil || !strings.Contains(err.Error(), "at most 20") {
		t.Errorf("the 21st: error %v", err)
	}
	page, next, err := s.List(t.Context(), env, "", 7)
	if err != nil || len(page) != 7 || next != page[6].ID {
		t.Fatalf("list: %d, next %q, error %v", len(page), next, err)
	}
	other := environment(t, st)
	for name, f := range map[string]func(context.Context, string, string) error{
		"get": func(ctx context.Context, env, id string) error { _, err := s.Get(ctx, env, id); return err },
		"update": func(ctx context.Context, env, id string) error {
			_, err := s.Update(ctx, env, id, webhook.Change{})
			return err
		},
		"delete": s.Delete,
		"rotate": func(ctx context.Context, env, id string) error { _, err := s.RotateSecret(ctx, env, id); return err },
		"test":   func(ctx context.Context, env, id string) error { _, _, err := s.Test(ctx, env, id); return err },
	} {
		if err := f(t.Context(), other, page[0].ID); !errors.Is(err, webhook.ErrNotFound) {
			t.Errorf("%s from another environment: error %v, want that there is none", name, err)
		}
	}
}
