package gateway

import (
	"context"
	"net/http"
	"time"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/integration"
	"sluice/internal/prose"
	"sluice/internal/vendor"
)

// Retries are the attempts of one call that the vendor did not do because it was too much, and that were followed by another, as the account's own policy says.
type Retries struct {
	Refused []Refused
	Waited  time.Duration // in all
}

// Refused is one such attempt.
type Refused struct {
	At      time.Time
	Took    time.Duration
	Outcome vendor.Outcome
	Status  int
	Message string
}

// retrying is a Vendor that sends a request again where its account opted into that. Without a policy it is the Vendor itself.
type retrying struct{ Vendor }

// triesKey is under which a call's Retries travel in its context: a call may be several requests, and all of them count.
type triesKey struct{}

func (v retrying) Do(ctx context.Context, acct *account.Account, def *integration.Definition, req *vendor.Request) (*vendor.Response, error) {
	for n := 1; ; n++ {
		began := time.Now()
		r, err := v.Vendor.Do(ctx, acct, def, req)
		if err != nil || !again(ctx, acct.Settings.Retry, n, req, r, began) {
			return r, err
		}
	}
}

func (v retrying) Open(ctx context.Context, acct *account.Account, def *integration.Definition, req *vendor.Request) (*vendor.Content, *vendor.Response, error) {
	for n := 1; ; n++ {
		began := time.Now()
		content, r, err := v.Vendor.Open(ctx, acct, def, req)
		if err != nil || content != nil || !again(ctx, acct.Settings.Retry, n, req, r, began) {
			return content, r, err
		}
	}
}

// again waits, and reports whether the request is to be sent once more: the vendor said that it did nothing because of a limit, or, for a read, that it is
// unavailable and when it will not be. It does not wait longer than the policy has it, nor past the caller's end.
func again(ctx context.Context, policy *account.Retry, n int, req *vendor.Request, r *vendor.Response, began time.Time) bool {
	if policy == nil || n >= policy.Attempts {
		return false
	}
	wait := time.Duration(r.RateLimit.RetryAfter) * time.Second
	switch {
	case r.Outcome == vendor.RateLimited && (r.Status == http.StatusTooManyRequests || !vendor.Changes(req.Method)):
		if r.RateLimit.RetryAfter < 0 { // it does not say when: a second, two, four
			wait = time.Second << (n - 1)
		}
	case r.Status == http.StatusServiceUnavailable && r.RateLimit.RetryAfter >= 0 && !vendor.Changes(req.Method):
	default:
		return false
	}
	if deadline, ok := ctx.Deadline(); wait > policy.Wait() || ok && time.Until(deadline) <= wait {
		return false
	}
	took := time.Since(began)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	}
	if tries, ok := ctx.Value(triesKey{}).(*Retries); ok {
		refused := Refused{At: began, Took: took, Outcome: r.Outcome, Status: r.Status}
		if r.Problem != nil {
			refused.Message = r.Problem.Message
		}
		tries.Refused = append(tries.Refused, refused)
		tries.Waited += wait
	}
	return true
}

// counted gives a call a context in which its retries are counted, where its account has a policy; nil: it has none.
func counted(ctx context.Context, acct *account.Account) (context.Context, *Retries) {
	if acct.Settings.Retry == nil {
		return ctx, nil
	}
	tries := &Retries{}
	return context.WithValue(ctx, triesKey{}, tries), tries
}

// finishRetries records the attempts that were followed by another, each as a call of its own: the log holds what was sent.
func (g *Gateway) finishRetries(record *audit.Record, tries *Retries) {
	for _, refused := range tries.Refused {
		one := *record
		one.ID, one.StartedAt, one.Duration = "", refused.At, refused.Took
		one.Outcome, one.Status = outcome(&Result{Outcome: refused.Outcome}), refused.Status
		one.Error = prose.Sentence(refused.Message) + " It was sent again, as the account's retry policy says."
		g.audit.Finish(&one)
	}
}
