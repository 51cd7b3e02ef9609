package vendor

import (
	"context"
	"errors"
	"net/http"
	"time"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/outbound"
	"sluice/internal/prose"
	"sluice/internal/refusal"
)

// Accounts hands out credentials; *account.Service is one.
type Accounts interface {
	Credential(ctx context.Context, acct *account.Account) (*account.Credential, error)
	Renew(ctx context.Context, acct *account.Account, failed *account.Credential) (*account.Credential, error)
	Rejected(ctx context.Context, acct *account.Account, failed *account.Credential, why string) error
	Authorize(list integration.Authorizations, v *account.Values) (*account.Authorization, error)
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	accounts  Accounts
	outbound  *outbound.Client
	files     *outbound.Client
	templates account.Templates
	plans     plans
}

// New makes a client over its parts. files fetches what callers name by URL: it has a policy of its own, since what an operator allows a vendor
// is not for whoever calls a tool to read.
func New(accounts Accounts, out, files *outbound.Client) *Client {
	return &Client{accounts: accounts, outbound: out, files: files}
}

// call is one call on its way.
type call struct {
	*Client
	acct  *account.Account
	def   *integration.Definition
	req   *Request
	plan  *plan
	label string
	write bool
	auth  integration.Authorizations

	credential *account.Credential
	page       *integration.Pagination // nil: no list
	first      string                  // the address of the first page, without the query
	address    string                  // what is asked for, without the query
	query      string                  // of the request, without the authorization's part

	elements int // of the answer, if it is an array

	content **Content // where to put an answer that is a file; nil: answers are read whole
}

// Do makes a call. Only where it was not done for a reason of ours is there an error; all else is in the Response. When ctx ends, a read is given up; a write
// that has been sent is waited for, so that what became of it is known.
func (c *Client) Do(ctx context.Context, acct *account.Account, def *integration.Definition, req *Request) (*Response, error) {
	return c.do(ctx, acct, def, req, nil)
}

func (c *Client) do(ctx context.Context, acct *account.Account, def *integration.Definition, req *Request, content **Content) (*Response, error) {
	if err := ctx.Err(); err != nil {
		return unsent("Nothing was sent: the caller went away."), nil
	}
	plan, err := c.plans.of(def)
	if err != nil {
		return nil, err
	}
	k := &call{Client: c, acct: acct, def: def, req: req, plan: plan, label: labelOf(def), write: Changes(req.Method), auth: def.Authorization, content: content}
	if req.Method.Authorization != nil {
		k.auth = *req.Method.Authorization
	}
	if req.Page != nil {
		k.page = &def.Pagination
		if req.Method.Pagination != nil {
			k.page = req.Method.Pagination
		}
	}
	if k.credential, err = c.accounts.Credential(ctx, acct); err != nil {
		return credentialProblem(err)
	}
	if k.write {
		ctx = context.WithoutCancel(ctx) // outbound's own time-outs end it
	}
	answer, lost, err := k.send(ctx)
	if err != nil {
		return unmade(err)
	}
	if answer != nil && answer.Status == http.StatusUnauthorized && len(k.auth) > 0 {
		return k.renewAndSend(ctx, answer)
	}
	return k.classify(ctx, answer, lost)
}

// unbuilt is a request that the definition and the account do not add up to.
type unbuilt struct{ error }

// unmade is a call that was not sent, for a reason that is the definition's, the account's or an argument's; all other errors are ours.
func unmade(err error) (*Response, error) {
	r := unsent("Nothing was sent: " + prose.Sentence(err.Error()))
	if e, ok := errors.AsType[*fileError](err); ok {
		r.Problem.Argument = e.argument
		return r, nil
	}
	if _, ok := errors.AsType[*unbuilt](err); ok {
		return r, nil
	}
	return nil, err
}

// Changes reports whether a method may change something: all but list, get and what the definition marks safe.
func Changes(m *integration.Method) bool { return m.Name != "list" && m.Name != "get" && !m.Safe }

// send builds the request with the credential held now and sends it. The third result is ours to blame; lost says why there is no whole answer.
func (k *call) send(ctx context.Context) (answer *outbound.Response, lost *outbound.Error, err error) {
	request, err := k.build()
	if err != nil {
		return nil, nil, &unbuilt{err}
	}
	switch {
	case k.content != nil:
		answer, err = k.openContent(ctx, request)
	case k.req.Upload != nil:
		answer, err = k.sendUpload(ctx, request)
	default:
		answer, err = k.outbound.Do(ctx, request)
	}
	if e, ok := err.(*fileError); ok { // of itself: what it wraps is another exchange than the vendor's
		return nil, nil, e
	}
	if err != nil {
		if lost, _ = errors.AsType[*outbound.Error](err); lost == nil {
			return nil, nil, err
		}
	}
	return answer, lost, nil
}

// renewAndSend answers a 401. The vendor refused the credential before it looked at the request, so the call was not executed and may be sent again, a write too:
// once, with a credential that was renewed since.
func (k *call) renewAndSend(ctx context.Context, answer *outbound.Response) (*Response, error) {
	fresh, err := k.accounts.Renew(ctx, k.acct, k.credential)
	switch {
	case err == nil:
		k.credential = fresh
		var lost *outbound.Error
		if answer, lost, err = k.send(ctx); err != nil {
			return unmade(err)
		}
		if answer == nil || answer.Status != http.StatusUnauthorized {
			return k.classify(ctx, answer, lost)
		}
	case !errors.Is(err, account.ErrNotRenewable):
		return k.unauthorized(answer, err)
	}
	said := refusal.Read(k.def.Errors, answer.Header.Get("Content-Type"), answer.Body).Message
	return k.unauthorized(answer, k.accounts.Rejected(ctx, k.acct, k.credential, said))
}

// unauthorized is the end of a call that was answered 401, with what became of the account.
func (k *call) unauthorized(answer *outbound.Response, err error) (*Response, error) {
	r, readErr := k.refused(answer)
	if readErr != nil {
		return nil, readErr
	}
	var status *account.StatusError
	var down *account.UnavailableError
	switch {
	case err == nil: // the account is fine: it is this call that the vendor will not have
	case errors.As(err, &status):
		r.Problem.Message = status.Message
		r.Problem.NeedsReauth = status.Status == account.NeedsReauth
	case errors.As(err, &down):
		r.Problem.Message = prose.Sentence(k.label+" answered 401, so the call was not done") + " " + prose.Sentence(down.Message) + " It can be repeated."
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		r.Problem.Message = prose.Sentence(k.label + " answered 401, so the call was not done, and no new credential came in time")
	default:
		return nil, err
	}
	return r, nil
}

// credentialProblem is a call that was not sent because the account cannot make any.
func credentialProblem(err error) (*Response, error) {
	var status *account.StatusError
	var down *account.UnavailableError
	switch {
	case errors.As(err, &status):
		r := unsent(status.Message)
		r.Problem.NeedsReauth = status.Status == account.NeedsReauth || status.Status == account.ValidationError
		return r, nil
	case errors.As(err, &down):
		return unsent("Nothing was sent: " + prose.Sentence(down.Message) + " The call can be repeated."), nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unsent("Nothing was sent: the caller went away."), nil
	}
	return nil, err
}

func unsent(message string) *Response {
	return &Response{Outcome: Unsent, Total: -1, RateLimit: NoRateLimit, Problem: &Problem{Message: message}}
}

func labelOf(def *integration.Definition) string {
	if def.Label != "" {
		return def.Label
	}
	return def.Name
}

// now is the time that a vendor's dates are compared with: its own, where the answer tells it, since its clock and ours may differ.
func now(header outbound.Header) time.Time {
	if t, err := http.ParseTime(header.Get("Date")); err == nil {
		return t
	}
	return time.Now()
}
