package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/page"
	"sluice/internal/permission"
	"sluice/internal/secret"
	"sluice/internal/store/db"
)

// attemptParameter carries the timeline's id through signing in. It is a person's to change, and leads nowhere but to a timeline of the same server.
const attemptParameter = "sluice_attempt"

// authorization is one request for a person's consent, checked.
type authorization struct {
	server *mcpserver.Server
	client *Client
	asked  *oidc.AuthRequest
	scopes permission.Set // those asked for, or all if none were
	from   connection.From
}

// authorize serves the authorization endpoint (OAuth 2.1, section 4.1.1). GET shows the person what is asked of them, after they signed in; POST is their answer.
// Nothing is kept in between: the address holds the request, and is checked again.
func (d *Door) authorize(w http.ResponseWriter, r *http.Request) {
	id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, oauthPath), "/")
	server, err := d.find(r.Context(), id)
	switch {
	case err != nil:
		d.Log.ErrorContext(r.Context(), "oauth: could not answer", "path", r.URL.Path, "error", err)
		page.WriteMessage(w, r, http.StatusInternalServerError, "Something went wrong", internalWords)
		return
	case server == nil || d.External != nil:
		page.WriteMessage(w, r, http.StatusNotFound, "No such MCP server", "The MCP server may have been revoked, or have expired. Ask whoever gave you its address for a new one.")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		page.WriteMessage(w, r, http.StatusMethodNotAllowed, "Not like this", "Open this page from the program that you want to connect.")
		return
	}
	from := d.from(server, r)
	from.AttemptID = r.URL.Query().Get(attemptParameter)
	person, err := d.People.Current(r)
	if err != nil {
		d.Log.ErrorContext(r.Context(), "oauth: could not find out who is signed in", "error", err)
		page.WriteMessage(w, r, http.StatusInternalServerError, "Something went wrong", internalWords)
		return
	}
	if person == nil {
		d.sendToSignIn(w, r, server, from)
		return
	}
	a, ok := d.readAuthorization(w, r, server, from)
	if !ok {
		return
	}
	if person.Environment != server.Environment || !person.Permissions.Has(permission.ToolsRead) {
		words := "You are signed in as " + person.Email + ", who may not use this MCP server. Sign out, and sign in as somebody of its environment who may use tools."
		d.note(r, a.from, connection.Consent, http.StatusForbidden, "The person who signed in may not use this MCP server: they belong to another environment, or their role has no tools.", "")
		page.WriteMessage(w, r, http.StatusForbidden, "Not for this account", words)
		return
	}
	a.from.UserID = person.ID
	if r.Method == http.MethodGet {
		d.ask(w, r, a, person, nil)
		return
	}
	d.answer(w, r, a, person)
}

func (d *Door) note(r *http.Request, from connection.From, name connection.StepName, status int, fault, detail string) string {
	return d.Connections.Record(r.Context(), from, connection.Step{Name: name, Status: status, Fault: fault, Detail: detail})
}

// sendToSignIn sends a browser to sign in and back here. The request is checked when it comes back: until then nothing is fetched for a stranger.
func (d *Door) sendToSignIn(w http.ResponseWriter, r *http.Request, server *mcpserver.Server, from connection.From) {
	query := r.URL.Query()
	from.ClientID = query.Get("client_id")
	from.AttemptID = d.note(r, from, connection.Authorization, http.StatusSeeOther, "", "")
	from.AttemptID = d.note(r, from, connection.SignIn, http.StatusSeeOther, "", "")
	if from.AttemptID != "" {
		query.Set(attemptParameter, from.AttemptID)
	}
	next := oauthPath + server.ID + "/authorize?" + query.Encode()
	http.Redirect(w, r, d.People.SignInURL(next), http.StatusSeeOther)
}

// readAuthorization checks the request. What is wrong before the client and its address are known is shown to the person, since sending the browser to an
// address that nobody registered would make Sluice a way to anywhere; what is wrong after that, the client is told.
func (d *Door) readAuthorization(w http.ResponseWriter, r *http.Request, server *mcpserver.Server, from connection.From) (*authorization, bool) {
	query := r.URL.Query()
	show := func(status int, words string) (*authorization, bool) {
		d.note(r, from, connection.Authorization, status, words, "")
		page.WriteMessage(w, r, status, "The program cannot be connected", words)
		return nil, false
	}
	from.ClientID = query.Get("client_id")
	in, err := op.ParseAuthorizeRequest(onlyQuery(r), decoder)
	if err != nil || len(query["client_id"]) != 1 || len(query["redirect_uri"]) > 1 {
		return show(http.StatusBadRequest, "The program sent a request that cannot be read. It has to name itself once, by client_id, and one address to come back to, by redirect_uri.")
	}
	c, err := d.client(r.Context(), server, in.ClientID)
	if broken, ok := errors.AsType[*documentError](err); ok {
		d.note(r, from, connection.ClientMetadata, http.StatusBadRequest, broken.words, "")
		return show(http.StatusBadRequest, broken.words)
	}
	if errors.Is(err, errNoClient) {
		return show(http.StatusBadRequest, fmt.Sprintf("The program %.80q is not known here. It may have been removed: let the program forget this server and connect anew.", in.ClientID))
	}
	if err != nil {
		d.Log.ErrorContext(r.Context(), "oauth: could not find the client", "error", err)
		page.WriteMessage(w, r, http.StatusInternalServerError, "Something went wrong", internalWords)
		return nil, false
	}
	from.ClientName = c.Name
	if c.Kind == Document && r.Method == http.MethodGet {
		from.AttemptID = d.note(r, from, connection.ClientMetadata, http.StatusOK, "", c.ID)
	}
	if in.RedirectURI == "" && len(c.RedirectURIs) == 1 {
		in.RedirectURI = c.RedirectURIs[0]
	}
	if !matchRedirectURI(c.RedirectURIs, in.RedirectURI) {
		return show(http.StatusBadRequest, fmt.Sprintf("The program wants you sent back to %.300q, which is none of the addresses that it registered. Nothing was sent there.", in.RedirectURI))
	}
	a := &authorization{server: server, client: c, asked: in, from: from}
	if e := d.checkAuthorization(a, query); e != nil {
		d.note(r, from, connection.Authorization, http.StatusSeeOther, e.Description, "")
		d.sendBack(w, r, a, codeResponse{Error: string(e.ErrorType), Description: e.Description})
		return nil, false
	}
	if r.Method == http.MethodGet {
		a.from.AttemptID = d.note(r, from, connection.Authorization, http.StatusOK, "", scopeText(a.scopes))
	}
	return a, true
}

// onlyQuery is a request as its address alone makes it: what the person's answer says is read elsewhere.
func onlyQuery(r *http.Request) *http.Request {
	return &http.Request{Method: http.MethodGet, URL: r.URL, Header: http.Header{}}
}

// checkAuthorization is the profile: a code, bound to a proof of S256 (OAuth 2.1, section 4.1.1), for this resource.
func (d *Door) checkAuthorization(a *authorization, query url.Values) *oidc.Error {
	in := a.asked
	bad := func(words string) *oidc.Error { return oidc.ErrInvalidRequest().WithDescription("%s", words) }
	if err := once(query); err != nil {
		in.State = "" // which of several was meant is not known
		return err.(*oidc.Error)
	}
	switch {
	case query.Has("request") || query.Has("request_uri"):
		return oidc.ErrRequestNotSupported().WithDescription("Send the parameters themselves, not a request object.")
	case in.ResponseType != oidc.ResponseTypeCode:
		return &oidc.Error{ErrorType: "unsupported_response_type", Description: "Only response_type=code is offered."}
	case in.ResponseMode != "" && in.ResponseMode != oidc.ResponseModeQuery:
		return bad("Only response_mode=query is offered.")
	case in.CodeChallenge == "":
		return bad("code_challenge is missing: PKCE with S256 is required.")
	case in.CodeChallengeMethod != oidc.CodeChallengeMethodS256:
		return bad("code_challenge_method must be S256.")
	case len(in.CodeChallenge) != 43 || strings.Trim(in.CodeChallenge, base64Characters) != "":
		return bad("code_challenge is no SHA-256 in base64url.")
	case slices.Contains(in.Prompt, oidc.PromptNone):
		return oidc.ErrInteractionRequired().WithDescription("A person has to be asked each time.")
	}
	if err := d.checkResource(a.server, query["resource"]); err != nil {
		return err.(*oidc.Error)
	}
	if a.scopes = parseScopes(strings.Join(in.Scopes, " ")); a.scopes == 0 {
		a.scopes = bothScopes
	}
	a.scopes |= permission.Of(permission.ToolsRead) // whoever may change may look
	return nil
}

const base64Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// codeResponse is what the browser carries back to the client (RFC 6749, sections 4.1.2 and 4.1.2.1), with who says so (RFC 9207).
type codeResponse struct {
	Code        string `schema:"code,omitempty"`
	Error       string `schema:"error,omitempty"`
	Description string `schema:"error_description,omitempty"`
	State       string `schema:"state,omitempty"`
	Issuer      string `schema:"iss"`
}

var encoder = oidc.NewEncoder()

// sendBack sends the browser back to the client.
func (d *Door) sendBack(w http.ResponseWriter, r *http.Request, a *authorization, answer codeResponse) {
	answer.State, answer.Issuer, answer.Description = a.asked.State, d.Resource(a.server), printable(answer.Description)
	target, err := op.AuthResponseURL(a.asked.RedirectURI, oidc.ResponseTypeCode, oidc.ResponseModeQuery, &answer, encoder)
	if err != nil {
		d.Log.ErrorContext(r.Context(), "oauth: could not send the browser back", "error", err)
		page.WriteMessage(w, r, http.StatusInternalServerError, "Something went wrong", internalWords)
		return
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// answer does what the person decided.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, a *authorization, person *Person) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	form, err := page.ReadForm(r)
	if err != nil {
		page.WriteMessage(w, r, http.StatusBadRequest, "Not understood", "The form could not be read: open the page again from the program.")
		return
	}
	switch {
	case form.Get("person") != person.ID:
		// Somebody else signed in, in another window, since this page was shown.
		form.Fail("", "You have signed in as somebody else since this page was shown: look again who allows this.")
		d.ask(w, r, a, person, form)
		return
	case form.Get("decision") == "deny":
		d.note(r, a.from, connection.Consent, http.StatusSeeOther, "The person did not allow it.", "")
		d.sendBack(w, r, a, codeResponse{Error: "access_denied", Description: "The person did not allow it."})
		return
	case form.Get("decision") != "allow":
		d.ask(w, r, a, person, nil)
		return
	}
	granted := permission.Of(permission.ToolsRead)
	if form.Get("write") == "on" {
		granted |= permission.Of(permission.ToolsWrite)
	}
	granted = granted.Both(a.scopes).Both(person.Permissions)
	a.from.AttemptID = d.note(r, a.from, connection.Consent, http.StatusSeeOther, "", scopeText(granted))
	code := secret.NewToken(codePrefix)
	keyID, hash := d.Keys.HashToken(code)
	if err := d.Store.CreateOAuthCode(r.Context(), db.CreateOAuthCodeParams{
		CodeHash: hash[:], KeyID: keyID, Environment: a.server.Environment, ServerID: a.server.ID, UserID: person.ID, ClientID: a.client.ID, ClientName: a.client.Name,
		RedirectURI: a.asked.RedirectURI, Challenge: a.asked.CodeChallenge, Scopes: scopeText(granted), AttemptID: a.from.AttemptID,
		ExpiresAt: d.Now().Add(codeLife).UnixMilli(),
	}); err != nil {
		d.Log.ErrorContext(r.Context(), "oauth: could not keep a code", "error", err)
		d.sendBack(w, r, a, codeResponse{Error: string(oidc.ServerError), Description: internalWords})
		return
	}
	d.sendBack(w, r, a, codeResponse{Code: code})
}
