package vendor

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/outbound"
)

// rateLimit reads a vendor's limits: where the definition names them, and else from the usual headers.
func rateLimit(spec *integration.RateLimit, header outbound.Header, document []byte) RateLimit {
	r := NoRateLimit
	place := func(name string) string {
		if path, ok := strings.CutPrefix(name, "."); ok {
			value, _ := jsonscan.Find(document, path)
			return scalar(value)
		}
		if name == "" {
			return ""
		}
		return header.Get(name)
	}
	r.Limit = count(place(spec.Limit))
	r.Remaining = count(place(spec.Remaining))
	r.Reset = seconds(place(spec.Reset), header)
	r.RetryAfter = seconds(place(spec.RetryAfter), header)
	for i := range header {
		r.usual(header[i][0], header[i][1], header)
	}
	return r
}

// usual reads one header if it is of a family that tells limits. What is known already stays.
func (r *RateLimit) usual(name, value string, header outbound.Header) {
	if len(name) < 9 || name[0]|0x20 != 'x' && name[0]|0x20 != 'r' {
		return
	}
	name = strings.ToLower(name)
	if name == "retry-after" {
		keep(&r.RetryAfter, seconds(value, header))
		return
	}
	if name == "ratelimit" || name == "ratelimit-policy" {
		r.structured(value, header)
		return
	}
	rest, ok := "", false
	for _, family := range []string{"x-ratelimit-", "ratelimit-", "x-rate-limit-"} {
		if rest, ok = strings.CutPrefix(name, family); ok {
			break
		}
	}
	if !ok {
		return
	}
	switch rest {
	case "limit", "limit-requests":
		keep(&r.Limit, count(value))
	case "remaining", "remaining-requests":
		keep(&r.Remaining, count(value))
	case "reset", "reset-after", "reset-in", "reset-requests":
		keep(&r.Reset, seconds(value, header))
	}
}

// structured reads the combined headers of the IETF's drafts: RateLimit: "default";r=50;t=30, RateLimit-Policy: "default";q=100;w=60, and the older
// RateLimit: limit=100, remaining=50, reset=30.
func (r *RateLimit) structured(value string, header outbound.Header) {
	for _, part := range strings.FieldsFunc(value, func(c rune) bool { return c == ';' || c == ',' }) {
		name, number, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "limit", "q":
			keep(&r.Limit, count(number))
		case "remaining", "r":
			keep(&r.Remaining, count(number))
		case "reset", "t":
			keep(&r.Reset, seconds(number, header))
		}
	}
}

func keep(to *int, value int) {
	if *to < 0 {
		*to = value
	}
}

// count reads the first number of a header such as "100, 100;w=60"; -1 if there is none.
func count(value string) int {
	value = strings.TrimSpace(value)
	end := 0
	for end < len(value) && (value[end] >= '0' && value[end] <= '9' || value[end] == '.') {
		end++
	}
	if end == 0 {
		return -1
	}
	f, err := strconv.ParseFloat(value[:end], 64)
	if err != nil || f > math.MaxInt32 {
		return -1
	}
	return int(f)
}

// seconds reads a moment or a span as the seconds from now on, rounded up: Unix seconds or milliseconds, a number of seconds, a span such as 6m0s, an HTTP date or
// one of RFC 3339. Now is the vendor's, if it tells its date. -1 for anything else.
func seconds(value string, header outbound.Header) int {
	value = strings.TrimSpace(value)
	if value == "" {
		return -1
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil {
		switch {
		case f < 0 || math.IsNaN(f) || math.IsInf(f, 0):
			return 0
		case f >= 1e11: // Unix milliseconds; as seconds it would be in the year 5138
			return until(time.UnixMilli(int64(min(f, 1e15))), header)
		case f >= 1e9: // Unix seconds; as a span it would be 31 years
			return until(time.UnixMilli(int64(f*1000)), header)
		}
		return int(math.Ceil(f))
	}
	if span, err := time.ParseDuration(value); err == nil {
		return max(0, int(math.Ceil(span.Seconds())))
	}
	if t, err := http.ParseTime(value); err == nil {
		return until(t, header)
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return until(t, header)
	}
	if number, _, ok := strings.Cut(value, ","); ok { // several windows: the first
		return seconds(number, header)
	}
	if number, _, ok := strings.Cut(value, ";"); ok {
		return seconds(number, header)
	}
	return -1
}

func until(t time.Time, header outbound.Header) int {
	return max(0, int(min(math.Ceil(t.Sub(now(header)).Seconds()), math.MaxInt32)))
}
