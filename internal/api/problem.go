package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/catalog"
	"sluice/internal/confirmation"
	"sluice/internal/connection"
	"sluice/internal/environment"
	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/link"
	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/prose"
	"sluice/internal/toolset"
	"sluice/internal/user"
	"sluice/internal/webhook"
)

// Problem is every error's body.
type Problem struct {
	StatusCode int             `json:"statusCode" example:"422"`
	Name       string          `json:"error" example:"Unprocessable Entity"`
	Message    string          `json:"message" doc:"One sentence that says what to do"`
	Field      string          `json:"field,omitempty" example:"credentials.email"`
	Remote     bool            `json:"is_remote_error,omitempty" doc:"The vendor refused, with this status"`
	Details    json.RawMessage `json:"details,omitempty" doc:"The vendor's answer, secrets left out"`

	Confirmation *ConfirmationNeeded `json:"confirmation,omitempty" doc:"Of 428: what a person has to agree to before the call is made"`
}

// ConfirmationNeeded is what has to be agreed to before a call is made, and how the same call then says so.
type ConfirmationNeeded struct {
	Question  string     `json:"question" doc:"For a person: what the call would change"`
	Token     string     `json:"token" doc:"For the same call once more, in the header Sluice-Confirmation, when the person has agreed"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func (p *Problem) Error() string  { return p.Message }
func (p *Problem) GetStatus() int { return p.StatusCode }

func problem(status int, message string) *Problem {
	return &Problem{StatusCode: status, Name: http.StatusText(status), Message: message}
}

func (p *Problem) at(field string) *Problem {
	p.Field = field
	return p
}

// internalWords is all that is told of what is nobody's fault outside.
const internalWords = "Sluice could not do this; its log says why."

// fail puts what a service answered into the API's language. What nobody here can mend is logged, and told without its inside.
func (a *api) fail(ctx context.Context, err error) *Problem {
	var (
		ready       *Problem
		environ     *environment.InvalidError
		conflict    *environment.ConflictError
		acct        *account.InvalidError
		unavailable *account.UnavailableError
		status      *account.StatusError
		server      *mcpserver.InvalidError
		links       *link.InvalidError
		filter      *toolset.FilterError
		hook        *webhook.InvalidError
		faults      integration.Faults
		invalidUser *user.InvalidError
		userState   *user.ConflictError
		forbidden   *user.ForbiddenError
		tooMany     *user.TooManyError
		inUse       *catalog.InUseError
		override    *catalog.OverrideError
		program     *oauth.InvalidError
	)
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &inUse): // before what it wraps
		return problem(http.StatusConflict, prose.Sentence(prose.Capital(inUse.Error()))+" Change or delete that server first.")
	case errors.As(err, &override):
		return problem(http.StatusConflict, prose.Sentence(prose.Capital(strings.ReplaceAll(override.Error(), "\n", "; "))))
	case errors.Is(err, catalog.ErrMoved):
		return problem(http.StatusConflict, "Another change of this integration landed at the same moment: try again.")
	case errors.Is(err, environment.ErrUnknownToken):
		return problem(http.StatusUnauthorized, "The API token is unknown, revoked or expired; `sluice token create` makes another.")
	case errors.Is(err, user.ErrNotFound):
		return problem(http.StatusNotFound, "There is none of that id in this environment.")
	case errors.As(err, &invalidUser):
		return problem(http.StatusUnprocessableEntity, invalidUser.Field+" "+prose.Sentence(invalidUser.Message)).at(invalidUser.Field)
	case errors.As(err, &userState):
		return problem(http.StatusConflict, prose.Sentence(prose.Capital(userState.Message)))
	case errors.As(err, &forbidden):
		return problem(http.StatusForbidden, prose.Sentence(prose.Capital(forbidden.Message)))
	case errors.As(err, &tooMany):
		return problem(http.StatusTooManyRequests, prose.Sentence(prose.Capital(tooMany.Error())))
	case errors.Is(err, oauth.ErrNotFound), errors.Is(err, connection.ErrNotFound):
		return problem(http.StatusNotFound, "There is none of that id in this environment.")
	case errors.As(err, &program):
		return problem(http.StatusUnprocessableEntity, program.Field+" "+prose.Sentence(program.Message)).at(program.Field)
	case errors.Is(err, account.ErrNotFound), errors.Is(err, mcpserver.ErrNoAccount):
		return problem(http.StatusNotFound, "There is no such integrated account in this environment.")
	case errors.Is(err, link.ErrNotFound):
		return problem(http.StatusNotFound, "There is no such link token in this environment; a week after its end nothing is known of one.")
	case errors.Is(err, account.ErrNoVendorClient):
		return problem(http.StatusNotFound, "This environment has no OAuth client for the integration; PUT gives it one.")
	case errors.As(err, &links):
		return problem(http.StatusUnprocessableEntity, links.Field+" "+prose.Sentence(links.Message)).at(links.Field)
	case errors.Is(err, mcpserver.ErrNotFound):
		return problem(http.StatusNotFound, "There is no such MCP server on this integrated account; it may have expired.")
	case errors.Is(err, confirmation.ErrNotFound):
		return problem(http.StatusNotFound, "No such question waits for an answer in this environment: it was answered, or its time is over.")
	case errors.Is(err, confirmation.ErrOwn):
		return problem(http.StatusForbidden, "This call came with the same API token, which does not approve its own calls: let a person approve it in the dashboard, or use a token that the agent does not hold.")
	case errors.Is(err, environment.ErrNotFound):
		return problem(http.StatusNotFound, "There is none of that id in this environment.")
	case errors.Is(err, catalog.ErrNotFound):
		_, which, _ := strings.Cut(err.Error(), catalog.ErrNotFound.Error())
		return problem(http.StatusNotFound, prose.Sentence("There is no such integration"+which))
	case errors.Is(err, gateway.ErrUnknownTool):
		return problem(http.StatusNotFound, prose.Sentence(prose.Capital(err.Error())))
	case errors.Is(err, audit.ErrCursor):
		return badCursor()
	case errors.As(err, &filter):
		return problem(http.StatusBadRequest, prose.Sentence(filter.Message)).at("config." + filter.Field)
	case errors.As(err, &server):
		code := http.StatusUnprocessableEntity
		if strings.HasPrefix(server.Field, "config") {
			code = http.StatusBadRequest // as filters that leave no tool are
		}
		return problem(code, server.Field+" "+prose.Sentence(server.Message)).at(server.Field)
	case errors.Is(err, webhook.ErrNotFound):
		return problem(http.StatusNotFound, "There is no such webhook in this environment.")
	case errors.As(err, &hook):
		return problem(http.StatusUnprocessableEntity, hook.Field+" "+prose.Sentence(hook.Message)).at(hook.Field)
	case errors.As(err, &environ):
		return problem(http.StatusUnprocessableEntity, environ.Field+" "+prose.Sentence(environ.Message)).at(environ.Field)
	case errors.As(err, &conflict):
		return problem(http.StatusConflict, prose.Sentence(conflict.Message))
	case errors.As(err, &acct):
		p := problem(http.StatusUnprocessableEntity, prose.Sentence(acct.Error())).at(acct.Field)
		p.Remote = acct.Remote
		return p
	case errors.As(err, &status):
		return problem(http.StatusConflict, prose.Sentence(status.Message))
	case errors.As(err, &unavailable):
		return problem(http.StatusBadGateway, prose.Sentence(unavailable.Message))
	case errors.As(err, &faults):
		return problem(http.StatusUnprocessableEntity, faultWords(faults.Fatal()))
	}
	if ctx.Err() != nil { // nobody reads the answer, and nothing is wrong here
		return problem(http.StatusServiceUnavailable, "The request was given up before it was answered.")
	}
	a.Log.ErrorContext(ctx, "api: a request failed", "error", err)
	return problem(http.StatusInternalServerError, internalWords)
}

// faultWords says in a sentence what is wrong with a definition that came as one document: at most the first few faults.
func faultWords(faults integration.Faults) string {
	const most = 5
	var all []string
	for _, f := range faults[:min(most, len(faults))] {
		words := f.Message
		if f.Line > 0 {
			words = fmt.Sprintf("line %d: %s", f.Line, words)
		}
		all = append(all, words)
	}
	if len(faults) > most {
		all = append(all, fmt.Sprintf("and %d more", len(faults)-most))
	}
	what := "definition"
	if len(faults) > 0 && faults[0].File == "override" {
		what = "override"
	}
	return prose.Sentence("The " + what + " cannot be taken: " + strings.Join(all, "; "))
}

// write answers a problem where huma does not.
func write(w http.ResponseWriter, p *Problem) {
	body, err := encode(p)
	if err != nil { // details that are no JSON
		p.Details = nil
		body, _ = encode(p)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.StatusCode)
	w.Write(body)
}

// encode leaves <, > and & as they are, as huma does: what an API answers is read, and is no part of a page.
func encode(p *Problem) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(p)
	return b.Bytes(), err
}
