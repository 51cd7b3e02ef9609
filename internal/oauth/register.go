package oauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/origin"
	"sluice/internal/store/db"
)

const (
	maxRegistration = 64 << 10
	maxRegistered   = 1000 // programs that registered themselves at one server
)

// registrationRequest is what of RFC 7591, section 2, is looked at; what else a client says of itself is not kept.
type registrationRequest struct {
	Name            string   `json:"client_name"`
	URI             string   `json:"client_uri"`
	RedirectURIs    []string `json:"redirect_uris"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	ApplicationType string   `json:"application_type"`
}

// registrationAnswer is RFC 7591, section 3.2.1.
type registrationAnswer struct {
	ID              string   `json:"client_id"`
	IssuedAt        int64    `json:"client_id_issued_at"`
	Secret          string   `json:"client_secret,omitempty"`
	SecretExpiresAt *int64   `json:"client_secret_expires_at,omitempty"`
	Name            string   `json:"client_name"`
	URI             string   `json:"client_uri,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	ApplicationType string   `json:"application_type,omitempty"`
	Scope           string   `json:"scope"`
}

// registration lets a program register itself (RFC 7591). Anybody may, so what they say of themselves is shown as unproven, and how many may is bounded.
func (d *Door) registration(w http.ResponseWriter, r *http.Request, server *mcpserver.Server) {
	from := d.from(server, r)
	step := connection.Step{Name: connection.Registration, Status: http.StatusCreated}
	fail := func(status int, code, words string) {
		step.Status, step.Fault = status, words
		d.Connections.Record(r.Context(), from, step)
		writeJSON(w, status, map[string]string{"error": code, "error_description": words})
	}
	if ok, after := d.register.take(origin.Network(from.Address), d.Now()); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)+1))
		fail(http.StatusTooManyRequests, "temporarily_unavailable", "Too many programs registered themselves from this address: try again later.")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRegistration))
	if err != nil {
		fail(http.StatusRequestEntityTooLarge, "invalid_client_metadata", fmt.Sprintf("A registration has at most %d bytes.", maxRegistration))
		return
	}
	var in registrationRequest
	if err := json.Unmarshal(body, &in); err != nil {
		fail(http.StatusBadRequest, "invalid_client_metadata", "The registration is no JSON object as RFC 7591 wants it.")
		return
	}
	if in.Name == "" {
		in.Name = "A program without a name"
	}
	if in.AuthMethod == "" {
		in.AuthMethod = "client_secret_basic" // RFC 7591, section 2
	}
	switch {
	case !slices.Contains(authMethods, in.AuthMethod):
		fail(http.StatusBadRequest, "invalid_client_metadata", fmt.Sprintf("token_endpoint_auth_method %.80q is not offered: there are none, client_secret_basic and client_secret_post.", in.AuthMethod))
		return
	case len(in.GrantTypes) > 0 && !slices.Contains(in.GrantTypes, "authorization_code"), len(in.ResponseTypes) > 0 && !slices.Contains(in.ResponseTypes, "code"):
		fail(http.StatusBadRequest, "invalid_client_metadata", "Only the authorization code grant is offered: register with grant_types authorization_code and response_types code.")
		return
	case checkHomePage(in.URI) != nil:
		in.URI = ""
	}
	n, err := d.Store.CountOAuthClientsOfServer(r.Context(), db.CountOAuthClientsOfServerParams{Environment: server.Environment, ServerID: server.ID})
	if err != nil {
		d.internal(w, r, err)
		return
	}
	if n >= maxRegistered {
		fail(http.StatusServiceUnavailable, "temporarily_unavailable", "Too many programs have registered themselves at this MCP server. Those that are not used go within a day; one that is entered by hand can be used at once.")
		return
	}
	c, clientSecret, err := d.createClient(r.Context(), server.Environment, server.ID, ClientDraft{
		Name: in.Name, RedirectURIs: in.RedirectURIs, Confidential: in.AuthMethod != "none", URI: in.URI, CreatedBy: from.Address,
	})
	if invalid, ok := errors.AsType[*InvalidError](err); ok {
		code := "invalid_client_metadata"
		if invalid.Field == "redirect_uris" {
			code = "invalid_redirect_uri"
		}
		fail(http.StatusBadRequest, code, invalid.Error()+".")
		return
	}
	if err != nil {
		d.internal(w, r, err)
		return
	}
	from.ClientID, from.ClientName = c.ID, c.Name
	d.Connections.Record(r.Context(), from, step)
	answer := registrationAnswer{
		ID: c.ID, IssuedAt: c.CreatedAt.Unix(), Secret: clientSecret, Name: c.Name, URI: c.URI, RedirectURIs: c.RedirectURIs, AuthMethod: in.AuthMethod,
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}, ApplicationType: in.ApplicationType, Scope: scopeText(bothScopes),
	}
	if clientSecret != "" {
		answer.SecretExpiresAt = new(int64) // 0: it does not
	}
	writeJSON(w, http.StatusCreated, answer)
}

// checkHomePage says why a text is no address of a web page.
func checkHomePage(uri string) error {
	if uri == "" {
		return nil
	}
	if err := checkRedirectURI(uri); err != nil || len(uri) < 8 || uri[:8] != "https://" {
		return errors.New("is no https address")
	}
	return nil
}
