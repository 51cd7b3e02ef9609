package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"

	"sluice/internal/account"
	"sluice/internal/gateway"
	"sluice/internal/jsonscan"
	"sluice/internal/vendor"
)

// answerCall makes a call and puts what became of it into REST.
func (a *api) answerCall(w http.ResponseWriter, r *http.Request, c *gateway.Caller, call func() (*gateway.Result, error)) {
	result, err := call()
	if err != nil {
		write(w, a.fail(r.Context(), err))
		return
	}
	limits(w.Header(), result.RateLimit)
	retried(w.Header(), result.Retries)
	if result.Failed() {
		write(w, refused(result, c.Account.Status))
		return
	}
	answer(w, result)
}

// answer writes what a call yielded: the vendor's object as it is, or the page of a list.
func answer(w http.ResponseWriter, r *gateway.Result) {
	if r.File != nil {
		send(w, "application/json", r.File.AppendJSON(nil))
		return
	}
	if !r.Tool.IsList() {
		if r.Location != "" {
			w.Header().Set("Location", r.Location)
		}
		if r.Body == nil && r.Status == http.StatusAccepted {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if r.Body == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		kind := "application/json"
		if r.ContentType != "" && r.ContentType != kind {
			kind = r.ContentType
			w.Header().Set("Content-Disposition", "attachment") // a vendor's file is no page of Sluice's
		}
		send(w, kind, r.Body)
		return
	}
	next := []byte("null")
	if r.NextCursor != "" {
		next = jsonscan.AppendQuote(nil, r.NextCursor)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"result":%s,"next_cursor":%s,"prev_cursor":null,"result_count":%d,"is_partial_response":%t`, r.Body, next, r.Items, r.Partial)
	if r.Partial {
		fmt.Fprintf(&b, `,"message":%s`, jsonscan.AppendQuote(nil, r.Message))
	}
	if len(r.Notes) > 0 {
		var notes []byte
		for _, note := range r.Notes {
			notes = append(jsonscan.AppendQuote(notes, note), ',')
		}
		fmt.Fprintf(&b, `,"notes":[%s]`, notes[:len(notes)-1])
	}
	b.WriteString("}\n")
	send(w, "application/json", b.Bytes())
}

func send(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// limits tells the vendor's rate limit in headers, where it is known.
func limits(h http.Header, l vendor.RateLimit) {
	for name, n := range map[string]int{"ratelimit-limit": l.Limit, "ratelimit-remaining": l.Remaining, "ratelimit-reset": l.Reset} {
		if n >= 0 {
			h.Set(name, strconv.Itoa(n))
		}
	}
	if l.RetryAfter > 0 {
		h.Set("retry-after", strconv.Itoa(l.RetryAfter))
	}
}

// retried tells how often a call was sent and how long it waited in between, in seconds, where the account's retry policy acted.
func retried(h http.Header, r *gateway.Retries) {
	if r != nil {
		h.Set("retry-attempts", strconv.Itoa(len(r.Refused)+1))
		h.Set("retry-waited", strconv.Itoa(int(r.Waited.Seconds())))
	}
}

// refused is a failed call as a problem: the vendor's status where it spoke, 422 for arguments that were wrong, 409 for an account that cannot make calls
// as it is, 502 where nothing came back.
func refused(r *gateway.Result, status account.Status) *Problem {
	var p *Problem
	switch {
	case r.Question != nil:
		p = problem(http.StatusPreconditionRequired, "A person has to agree to this first: "+r.Question.Text+"\nNothing was sent. Once they have, send the same call with the header "+ConfirmationHeader+": the token in confirmation.")
		p.Confirmation = &ConfirmationNeeded{r.Question.Text, r.Question.State, moment(r.Question.Expires)}
		return p
	case r.Declined:
		return problem(http.StatusConflict, r.Message)
	case r.Invalid:
		p = problem(http.StatusUnprocessableEntity, r.Message)
	case r.Outcome == vendor.RateLimited:
		p = problem(http.StatusTooManyRequests, r.Message)
	case r.Status >= 400:
		p = problem(r.Status, r.Message)
	case r.NeedsReauth, r.Outcome == vendor.Unsent && status != account.Active:
		p = problem(http.StatusConflict, r.Message)
	default:
		p = problem(http.StatusBadGateway, r.Message)
	}
	p.Remote = !r.Invalid && r.Status > 0
	p.Field = r.Field
	switch {
	case json.Valid(r.Details):
		p.Details = r.Details
	case len(r.Details) > 0 && utf8.Valid(r.Details): // a page of HTML, say
		p.Details = jsonscan.AppendQuote(nil, string(r.Details))
	}
	return p
}
