package gateway_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/gateway"
	"sluice/internal/node"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// limited is a vendor that answers its calls one after the other as it is told, and the last one over and over.
type limited struct {
	*testing.T
	node    *node.Node
	account *account.Account
	calls   atomic.Int64
	called  chan struct{}
}

type said struct {
	status     int
	retryAfter string
}

func newLimited(t *testing.T, policy *account.Retry, answers ...said) *limited {
	t.Helper()
	l := &limited{T: t, called: make(chan struct{}, 16)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		one := answers[min(int(l.calls.Add(1)), len(answers))-1]
		if one.retryAfter != "" {
			w.Header().Set("Retry-After", one.retryAfter)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(one.status)
		if one.status == http.StatusOK {
			w.Write([]byte(`{"lamp":"lit"}`))
		}
	}))
	t.Cleanup(server.Close)
	var err error
	if l.node, err = node.Open(t.Context(), node.Settings{Database: filepath.Join(t.TempDir(), "sluice.db"), AllowAddresses: []string{"loopback"},
		Observe: func(node.Exchange) { l.called <- struct{}{} }, Log: slog.New(slog.DiscardHandler), PublicURL: "http://127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.node.Close)
	l.account = accountOf(t, l.node, "test", `{"name":"lights","label":"Lights","base_url":"`+server.URL+`","credentials":{"format":"none"},
		"resources":{"lamps":{"get":{"method":"get","path":"/lamps/{{id}}"},"light":{"method":"post","path":"/lamps/{{id}}/light"}}}}`)
	if l.account, err = l.node.Accounts.Update(t.Context(), l.account.Environment, l.account.ID, account.Change{Settings: &account.Settings{Retry: policy}}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *limited) call(ctx context.Context, method string) *gateway.Result {
	l.Helper()
	c, err := l.node.Gateway.OpenAccount(ctx, l.account, toolset.Options{})
	if err != nil {
		l.Fatal(err)
	}
	r, err := l.node.Gateway.CallOperation(ctx, c, "lamps", method, []byte(`{"id":"north"}`))
	if err != nil {
		l.Fatal(err)
	}
	return r
}

func TestACallIsSentAgainOnlyWhereTheAccountAndTheVendorAllowIt(t *testing.T) {
	policy := &account.Retry{Attempts: 3, LongestWait: 1}
	limit, unavailable, done := said{429, "0"}, said{503, "0"}, said{200, ""}
	for name, c := range map[string]struct {
		policy  *account.Retry
		method  string
		answers []said
		calls   int
		outcome vendor.Outcome
	}{
		"no policy passes a limit on":                                {nil, "get", []said{limit, done}, 1, vendor.RateLimited},
		"a read waits for the limit":                                 {policy, "get", []said{limit, done}, 2, vendor.OK},
		"a write that the limit refused was not done":                {policy, "light", []said{limit, limit, done}, 3, vendor.OK},
		"it is not tried for ever":                                   {policy, "get", []said{limit}, 3, vendor.RateLimited},
		"a read waits for a vendor that says until when it is away":  {policy, "get", []said{unavailable, done}, 2, vendor.OK},
		"a write does not, as it may have been done":                 {policy, "light", []said{unavailable, done}, 1, vendor.Refused},
		"nobody waits for a vendor that does not say when":           {policy, "get", []said{{503, ""}, done}, 1, vendor.Refused},
		"nobody waits longer than the policy says":                   {policy, "get", []said{{429, "2"}, done}, 1, vendor.RateLimited},
		"a limit that does not say when is waited for by the policy": {policy, "get", []said{{429, ""}, done}, 2, vendor.OK},
		"another refusal is final":                                   {policy, "get", []said{{500, "0"}, done}, 1, vendor.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimited(t, c.policy, c.answers...)
			r := l.call(t.Context(), c.method)
			if int(l.calls.Load()) != c.calls || r.Outcome != c.outcome {
				t.Fatalf("the vendor was called %d times, and the outcome is %v (%s); want %d times and %v", l.calls.Load(), r.Outcome, r.Message, c.calls, c.outcome)
			}
			if told := r.Retries != nil; told != (c.calls > 1) || told && len(r.Retries.Refused) != c.calls-1 {
				t.Errorf("the result tells of %+v, want %d attempts before the last", r.Retries, c.calls-1)
			}
			records, _, err := l.node.Audit.List(t.Context(), audit.Filter{Environment: l.account.Environment}, "", 10)
			if err != nil || len(records) != c.calls {
				t.Errorf("the log has %d records (%v), want one for each of %d requests", len(records), err, c.calls)
			}
		})
	}
}

func TestWhoGoesAwayWhileALimitIsWaitedForEndsTheCall(t *testing.T) {
	l := newLimited(t, &account.Retry{Attempts: 3, LongestWait: 60}, said{429, "50"}, said{200, ""})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-l.called
		leave()
	}()
	began := time.Now()
	if r := l.call(ctx, "get"); r.Outcome != vendor.RateLimited || r.RateLimit.RetryAfter != 50 {
		t.Errorf("the outcome is %v with %+v, want the limit as it was said", r.Outcome, r.RateLimit)
	}
	if took := time.Since(began); took > 20*time.Second || l.calls.Load() != 1 {
		t.Errorf("it took %v and %d calls, want it to end with the caller", took, l.calls.Load())
	}
}

func TestARetryPolicyHasBounds(t *testing.T) {
	l := newLimited(t, nil, said{200, ""})
	for field, policy := range map[string]account.Retry{"attempts": {Attempts: 6, LongestWait: 1}, "longest_wait": {Attempts: 2, LongestWait: 121}} {
		_, err := l.node.Accounts.Update(t.Context(), l.account.Environment, l.account.ID, account.Change{Settings: &account.Settings{Retry: &policy}})
		if invalid, ok := err.(*account.InvalidError); !ok || invalid.Field != "settings.retry."+field {
			t.Errorf("%+v: %v, want a fault of settings.retry.%s", policy, err, field)
		}
	}
}
