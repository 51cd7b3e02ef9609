package vendor_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/internal/integration"
	"sluice/internal/vendor"
)

func TestRateLimitsAreNormalised(t *testing.T) {
	const date = "Date: Sun, 01 Mar 2026 08:00:00 GMT"
	moment := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	in30 := moment.Add(30 * time.Second)
	tests := []struct {
		name   string
		spec   integration.RateLimit
		status int
		header string
		body   string
		want   vendor.RateLimit
	}{
		{name: "none", status: 200, want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: -1}},
		{name: "named headers", spec: integration.RateLimit{Limit: "X-Max", Remaining: "X-Left", Reset: "X-When", RetryAfter: "X-Wait"}, status: 429,
			header: "X-Max: 60\nX-Left: 0\nX-When: 17.2\nX-Wait: 5", want: vendor.RateLimit{Limit: 60, Remaining: 0, Reset: 18, RetryAfter: 5}},
		{name: "X-RateLimit with Unix seconds", status: 429, header: fmt.Sprintf("X-RateLimit-Limit: 60\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: %d\nRetry-After: 29", in30.Unix()),
			want: vendor.RateLimit{Limit: 60, Remaining: 0, Reset: 30, RetryAfter: 29}},
		{name: "Unix milliseconds", status: 200, header: fmt.Sprintf("X-Rate-Limit-Reset: %d", in30.UnixMilli()), want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: 30, RetryAfter: -1}},
		{name: "fractions of Unix seconds", status: 200, header: fmt.Sprintf("X-RateLimit-Reset: %d.25", in30.Unix()), want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: 31, RetryAfter: -1}},
		{name: "an HTTP date", status: 429, header: "Retry-After: " + in30.Format("Mon, 02 Jan 2006 15:04:05") + " GMT", want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: 30}},
		{name: "a date that is past", status: 429, header: "Retry-After: Sun, 01 Mar 2026 07:00:00 GMT", want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: 0}},
		{name: "an RFC 3339 date", status: 200, header: "X-RateLimit-Reset: " + in30.Format(time.RFC3339), want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: 30, RetryAfter: -1}},
		{name: "spans", status: 200, header: "x-ratelimit-limit-requests: 500\nx-ratelimit-remaining-requests: 499\nx-ratelimit-reset-requests: 1m0.2s", want: vendor.RateLimit{Limit: 500, Remaining: 499, Reset: 61, RetryAfter: -1}},
		{name: "RateLimit headers with windows", status: 200, header: "RateLimit-Limit: 100, 100;w=60\nRateLimit-Remaining: 99\nRateLimit-Reset: 42", want: vendor.RateLimit{Limit: 100, Remaining: 99, Reset: 42, RetryAfter: -1}},
		{name: "the combined header", status: 200, header: `RateLimit: limit=100, remaining=50, reset=30`, want: vendor.RateLimit{Limit: 100, Remaining: 50, Reset: 30, RetryAfter: -1}},
		{name: "the structured header", status: 200, header: "RateLimit-Policy: \"default\";q=100;w=60\nRateLimit: \"default\";r=50;t=30", want: vendor.RateLimit{Limit: 100, Remaining: 50, Reset: 30, RetryAfter: -1}},
		{name: "retry after the reset where nothing else is said", status: 429, header: "X-RateLimit-Reset: 12", want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: 12, RetryAfter: 12}},
		{name: "in the body", spec: integration.RateLimit{Limit: ".rate.max", Remaining: ".rate.left", RetryAfter: ".rate.wait"}, status: 429, body: `{"rate":{"max":"10","left":0,"wait":2.5}}`,
			want: vendor.RateLimit{Limit: 10, Remaining: 0, Reset: -1, RetryAfter: 3}},
		{name: "another status", spec: integration.RateLimit{Status: []int{503}}, status: 503, header: "Retry-After: 9", want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: 9}},
		{name: "a 403 that tells that nothing is left", status: 403, header: "X-RateLimit-Limit: 60\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 12", want: vendor.RateLimit{Limit: 60, Remaining: 0, Reset: 12, RetryAfter: 12}},
		{name: "nonsense", status: 429, header: "Retry-After: soon\nX-RateLimit-Limit: many\nX-RateLimit-Remaining: -5\nX-RateLimit-Reset: 1e400", want: vendor.RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: -1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(d *integration.Definition) { d.RateLimit = test.spec }, answer(test.status, date+"\n"+typeJSON+"\n"+test.header, test.body))
			r := w.do(t, read("/x"))
			if r.RateLimit != test.want {
				t.Errorf("want %+v, got %+v", test.want, r.RateLimit)
			}
			if limited := test.status != 200; (r.Outcome == vendor.RateLimited) != limited {
				t.Errorf("want limited %v, got %d", limited, r.Outcome)
			}
			if n := len(w.requests()); n != 1 {
				t.Errorf("want it passed on at once, sent %d times", n)
			}
		})
	}
}
