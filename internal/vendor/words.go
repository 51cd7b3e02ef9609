package vendor

import (
	"fmt"
	"net/http"
	"strings"

	"sluice/internal/jsonscan"
	"sluice/internal/outbound"
	"sluice/internal/prose"
	"sluice/internal/refusal"
)

// check is what one does when nobody knows whether a write was done.
const check = "it may have been done: check before repeating"

// read reads a refusal's words. What is secret, and the credential's own values, are out of body already.
func (k *call) read(contentType string, body []byte) refusal.Refusal {
	return refusal.Read(k.def.Errors, contentType, body)
}

// words says what a refusal means and what to do about it, beside the vendor's own message.
func (k *call) words(r *Response, said refusal.Refusal, answer *outbound.Response) string {
	if r.Outcome == RateLimited {
		text := k.label + "'s rate limit is reached"
		switch {
		case r.RateLimit.RetryAfter > 0:
			text += fmt.Sprintf(": try again in %d seconds", r.RateLimit.RetryAfter)
		case r.RateLimit.RetryAfter == 0:
			text += ": try again now"
		default:
			text += ": wait before trying again"
		}
		if said.Message != "" {
			text += " (" + strings.TrimSuffix(said.Message, ".") + ")"
		}
		return text + "."
	}
	status := answer.Status
	advice := ""
	lead := fmt.Sprintf("%s refused the call (%d)", k.label, status)
	switch {
	case status >= 200 && status <= 299:
		lead = k.label + " refused the call"
	case status >= 300 && status <= 399:
		if answer.Location == "" {
			return fmt.Sprintf("%s answered %d instead of an answer; is the base URL right?", k.label, status)
		}
		return fmt.Sprintf("%s sends the call elsewhere (%d), to %s, and it is not followed: %s.", k.label, status, k.credential.Mask(place(answer.Location)), k.whyNotFollowed())
	case status == http.StatusUnauthorized && len(k.auth) == 0:
		lead = k.label + " wants a credential (401), and its definition sends none with this call"
	case status == http.StatusUnauthorized:
		lead = k.label + " refused this call as unauthorized (401), though the account's credential is valid"
	case status == http.StatusForbidden:
		lead = k.label + " says that a permission is missing (403)"
		advice = "The account stays connected; whoever administers it in " + k.label + " can grant the permission."
		scope := said.Scope
		if scope == "" {
			scope = k.credential.Mask(missingScope(answer.Header))
		}
		if scope != "" {
			advice = "Missing: " + scope + ". " + advice
		}
	case status == http.StatusNotFound:
		lead = k.label + " knows no such thing (404)"
	case status == http.StatusMethodNotAllowed:
		lead = k.label + " does not allow this there (405)"
	case status == http.StatusConflict:
		lead = k.label + " refused it because of a conflict (409)"
		advice = "Read what is there now before deciding how to go on."
	case status == http.StatusGone:
		lead = k.label + " no longer has it (410)"
	case status == http.StatusRequestEntityTooLarge:
		lead = k.label + " finds the request too large (413)"
	case status == http.StatusUnprocessableEntity || status == http.StatusBadRequest:
		lead = fmt.Sprintf("%s does not accept the values (%d)", k.label, status)
	case status >= 500:
		lead = fmt.Sprintf("%s failed (%d)", k.label, status)
		switch {
		case !k.write && r.RateLimit.RetryAfter > 0:
			advice = fmt.Sprintf("The call only reads: it can be repeated in %d seconds.", r.RateLimit.RetryAfter)
		case !k.write:
			advice = "The call only reads: it can be repeated."
		case status == http.StatusServiceUnavailable:
			advice = "It was most likely not done; it can be tried again later."
		default:
			advice = strings.ToUpper(check[:1]) + check[1:] + "."
		}
	}
	if said.Message != "" && !strings.EqualFold(strings.TrimSuffix(said.Message, "."), http.StatusText(status)) {
		lead += ": " + said.Message
	}
	lead = prose.Sentence(lead)
	if advice != "" {
		lead += " " + advice
	}
	return lead
}

func (k *call) whyNotFollowed() string {
	if k.write {
		return "a call that may change something is sent only where the definition says, so correct the base URL or the path"
	}
	return "the credential is for one place only, so correct the base URL if that is the right one"
}

// place is an address without what may be secret in it.
func place(location string) string {
	location, _, _ = strings.Cut(location, "?")
	location, _, _ = strings.Cut(location, "#")
	if len(location) > 200 {
		location = location[:200] + "…"
	}
	return location
}

func quote(s string) []byte { return jsonscan.AppendQuote(nil, s) }
