package vendor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"sluice/internal/jsonscan"
	"sluice/internal/outbound"
	"sluice/internal/prose"
)

// maxDetails bounds the body of a refusal that is handed on, in bytes: a person or a model reads it.
const maxDetails = 32 << 10

// classify makes a Response of an answer, or of the lack of one.
func (k *call) classify(ctx context.Context, answer *outbound.Response, lost *outbound.Error) (*Response, error) {
	if answer == nil {
		return k.unanswered(lost), nil
	}
	switch status := answer.Status; {
	case status == http.StatusTooManyRequests || slices.Contains(k.def.RateLimit.Status, status):
		return k.refused(answer)
	case status < 200 || status > 299:
		return k.refused(answer)
	case lost != nil:
		return k.cutOff(answer, lost), nil
	}
	return k.succeeded(ctx, answer)
}

// succeeded reads a 2xx, which may be a refusal all the same.
func (k *call) succeeded(ctx context.Context, answer *outbound.Response) (*Response, error) {
	r := &Response{Status: answer.Status, Total: -1}
	r.ContentType, r.Body = k.success(answer.Header.Get("Content-Type"), answer.Body)
	if r.ContentType == jsonType {
		r.Body = k.credential.MaskAnswer(r.Body)
	}
	if answer.Status == http.StatusCreated || answer.Status == http.StatusAccepted {
		r.Location = k.credential.Mask(answer.Header.Get("Location"))
	}
	document := r.Body
	if r.ContentType != jsonType {
		document = nil
	}
	// All that is handed on is made of the copy that success made, where it made one.
	copied := len(r.Body) > 0 && len(answer.Body) > 0 && &r.Body[0] != &answer.Body[0]
	for _, when := range []string{k.def.RateLimit.When, k.def.Errors.When} {
		if when == "" || document == nil {
			continue
		}
		holds, err := k.plan.expressions[when].Holds(context.WithoutCancel(ctx), document)
		if err != nil {
			return k.unreadable(r, err), nil
		}
		if holds {
			return k.refused(answer)
		}
	}
	r.RateLimit = rateLimit(&k.def.RateLimit, answer.Header, document)
	r.RateLimit.RetryAfter = -1
	if k.page == nil {
		if wanted := k.undocumentedText(r); wanted != "" {
			switch contentType := answer.Header.Get("Content-Type"); {
			case isJSON(contentType):
				return k.unreadable(r, errors.New("its answer says that it is JSON, and is not whole or none")), nil
			case isPage(contentType, answer.Body):
				return k.unreadable(r, fmt.Errorf("its answer is a page where %s was expected", wanted)), nil
			}
		}
		r = k.shape(ctx, r)
		if copied {
			answer.Free()
		}
		return r, nil
	}
	if len(bytes.TrimSpace(document)) == 0 && len(answer.Body) == 0 {
		r.ContentType, r.Body = jsonType, []byte("[]")
		return r, nil
	}
	if err := k.items(ctx, r, answer, document); err != nil {
		return k.unreadable(r, err), nil
	}
	if copied {
		answer.Free()
	}
	return r, nil
}

// undocumentedText says what the definition documents where a text came instead of it, else "". A page is then seldom the vendor's: one to sign in, or a proxy's,
// comes with a 200 too, and would pass for a call that was done. A plain text is: many say OK.
func (k *call) undocumentedText(r *Response) string {
	doc := k.req.Method.Doc
	if doc == nil || len(doc.ResponseSchema) == 0 || k.req.Method.Response.Expression != "" || r.ContentType != jsonType || jsonscan.KindOf(r.Body) != jsonscan.String {
		return ""
	}
	var schema struct {
		Type any `json:"type"` // one type or several
	}
	if json.Unmarshal(doc.ResponseSchema, &schema) != nil {
		return ""
	}
	switch schema.Type {
	case "object":
		return "an object"
	case "array":
		return "a list"
	}
	return ""
}

// shape runs the method's response expression over an answer that is no list.
func (k *call) shape(ctx context.Context, r *Response) *Response {
	source := k.req.Method.Response.Expression
	if source == "" || r.ContentType != jsonType {
		return r
	}
	shaped, err := k.plan.expressions[source].Run(context.WithoutCancel(ctx), r.Body)
	switch {
	case err == nil:
		r.Body = shaped
	case !k.write: // a write was done, and its answer as it came says so
		return k.unreadable(r, err)
	}
	return r
}

// refused reads an answer that is a refusal, or a limit.
func (k *call) refused(answer *outbound.Response) (*Response, error) {
	contentType := answer.Header.Get("Content-Type")
	r := &Response{Outcome: Refused, Status: answer.Status, Total: -1}
	body := inUTF8(contentType, answer.Body)
	details, _, isJSON := k.plan.clean(contentType, body)
	if !isJSON {
		details = body
	}
	details = k.credential.MaskBytes(details)
	said := k.read(contentType, details)
	document := details
	if !isJSON {
		document = nil
	}
	r.RateLimit = rateLimit(&k.def.RateLimit, answer.Header, document)
	limited := answer.Status == http.StatusTooManyRequests || slices.Contains(k.def.RateLimit.Status, answer.Status)
	// Some vendors refuse with a 403 what others do with a 429. They tell then that nothing is left, and until when.
	limited = limited || answer.Status == http.StatusForbidden && r.RateLimit.Remaining == 0 && max(r.RateLimit.Reset, r.RateLimit.RetryAfter) >= 0
	if when := k.def.RateLimit.When; when != "" && document != nil && !limited {
		holds, err := k.plan.expressions[when].Holds(context.Background(), document)
		limited = err == nil && holds
	}
	if limited {
		r.Outcome = RateLimited
		if r.RateLimit.RetryAfter < 0 {
			r.RateLimit.RetryAfter = r.RateLimit.Reset
		}
	} else {
		if answer.Status != http.StatusServiceUnavailable {
			r.RateLimit.RetryAfter = -1
		}
		if k.write && (answer.Status == http.StatusBadGateway || answer.Status == http.StatusGatewayTimeout) {
			r.Outcome = Unknown // the vendor's own front lost the answer
		}
	}
	r.Problem = &Problem{Message: k.words(r, said, answer), Fields: said.Fields}
	if hint := k.hint(document); hint != "" {
		r.Problem.Message += " " + prose.Sentence(hint)
	}
	switch {
	case isJSON && len(details) <= maxDetails:
		r.Problem.Details = details
	case said.Message != "":
		r.Problem.Details = quote(said.Message) // a page of HTML is of use to nobody
	}
	if len(answer.Body) == 0 {
		r.Problem.Details = nil
	}
	return r, nil
}

// hint is what the definition says that a refusal means, "" for nothing.
func (k *call) hint(document []byte) string {
	if document == nil {
		return ""
	}
	for _, hint := range k.def.Errors.Hints {
		if holds, err := k.plan.expressions[hint.When].Holds(context.Background(), document); err == nil && holds {
			return hint.Say
		}
	}
	return ""
}

// unanswered puts the lack of an answer into words.
func (k *call) unanswered(lost *outbound.Error) *Response {
	r := unsent("")
	what := k.credential.Mask(lost.Error())
	if e, ok := errors.AsType[*fileError](lost); ok {
		r.Problem.Argument = e.argument
	}
	switch {
	case lost.Reason == outbound.Unread && lost.Sent:
		// The request has no end, so that nobody may act on it (RFC 9112, 8).
		r.Problem.Message = prose.Sentence(fmt.Sprintf("The upload to %s was broken off, so that it has no whole request and should have kept nothing: %s", k.label, k.credential.Mask(lost.Err.Error())))
	case !lost.Sent:
		r.Problem.Message = prose.Sentence("Nothing was sent to " + k.label + ": " + what)
	case k.write:
		r.Outcome = Unknown
		r.Problem.Message = fmt.Sprintf("The answer of %s was lost (%s): %s.", k.label, what, check)
	default:
		r.Problem.Message = fmt.Sprintf("The answer of %s was lost (%s). The call only reads: it can be repeated.", k.label, what)
	}
	return r
}

// cutOff is a 2xx whose body did not come whole, or cannot be read.
func (k *call) cutOff(answer *outbound.Response, lost *outbound.Error) *Response {
	r := unsent("")
	r.Status = answer.Status
	r.RateLimit = rateLimit(&k.def.RateLimit, answer.Header, nil)
	r.RateLimit.RetryAfter = -1
	what := k.credential.Mask(lost.Error())
	switch {
	case k.write:
		r.Outcome = Unknown
		r.Problem.Message = fmt.Sprintf("%s answered %d, but %s: %s.", k.label, answer.Status, what, check)
	case lost.Reason == outbound.TooLarge:
		r.Problem.Message = prose.Sentence(k.label+"'s answer was not taken: "+what) + " Ask for less: fewer items, a filter, or fewer fields."
	case lost.Reason == outbound.Undecodable:
		r.Problem.Message = prose.Sentence(k.label + "'s answer was not taken: " + what)
	default:
		r.Problem.Message = fmt.Sprintf("The answer of %s was lost (%s). The call only reads: it can be repeated.", k.label, what)
	}
	return r
}

// unreadable is a 2xx that the definition cannot make sense of.
func (k *call) unreadable(r *Response, err error) *Response {
	details := r.Body
	if r.ContentType != jsonType {
		details = nil
	}
	r.Outcome, r.Body, r.ContentType, r.Items, r.Next = Refused, nil, "", 0, nil
	message := prose.Sentence(fmt.Sprintf("%s answered %d, but not as its definition in Sluice says: %v", k.label, r.Status, err))
	if k.write {
		r.Outcome = Unknown
		message = prose.Sentence(fmt.Sprintf("%s answered %d, but not as its definition in Sluice says (%v): %s", k.label, r.Status, err, check))
	}
	if len(details) > maxDetails {
		details = nil
	}
	r.Problem = &Problem{Message: message, Details: details}
	return r
}
