package mcp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/permission"
)

// identity is who asks: the server behind the URL, and what was shown beside it.
type identity struct {
	server   *mcpserver.Server
	apiToken APIToken      // if the server wants one
	access   *oauth.Access // what the person who signed in may do; nil: nobody has to sign in
}

// reading reports whether nothing may be changed, whatever a person allows: then the tools that would are not shown either.
func (i *identity) reading() bool {
	return i.apiToken.ID != "" && !i.apiToken.May.Has(permission.ToolsWrite) || i.access != nil && !i.access.MayWrite()
}

// rights are the ids of what gives the right to the server beside its URL.
func (i *identity) rights() []string {
	switch {
	case i.access != nil:
		return []string{i.access.TokenID, i.access.GrantID, i.access.UserID}
	case i.apiToken.ID != "":
		return []string{i.apiToken.ID, i.apiToken.UserID}
	}
	return nil
}

// ends is when the server or the right to it ends by itself; zero: never.
func (i *identity) ends() time.Time {
	end := i.server.ExpiresAt
	other := i.apiToken.ExpiresAt
	if i.access != nil {
		other = i.access.Expires
	}
	if end.IsZero() || !other.IsZero() && other.Before(end) {
		return other
	}
	return end
}

// over reports whether that is past.
func (i *identity) over() bool {
	end := i.ends()
	return !end.IsZero() && !time.Now().Before(end)
}

// sameAs reports whether two requests are of the same: of one server, and of one person's consent.
func (i *identity) sameAs(o *identity) bool {
	if i.server.ID != o.server.ID || (i.access == nil) != (o.access == nil) {
		return false
	}
	return i.access == nil || i.access.UserID == o.access.UserID && i.access.GrantID == o.access.GrantID
}

// refusal is an answer to a request whose message was not looked at.
type refusal struct {
	status    int
	message   string
	challenge string // WWW-Authenticate

	server *mcpserver.Server // of a person's denied
	denied *oauth.Denied
}

func (f *refusal) write(w http.ResponseWriter) {
	if f.challenge != "" {
		w.Header().Set("WWW-Authenticate", f.challenge)
	}
	refuse(w, f.status, f.message)
}

// turnAway answers a request by a refusal. That somebody was told to sign in begins an attempt to connect.
func (h *Handler) turnAway(w http.ResponseWriter, r *http.Request, f *refusal) {
	if f.denied != nil {
		h.signIns.Challenged(f.server, r, r.Header.Get("Mcp-Protocol-Version"), f.denied)
	}
	f.write(w)
}

// identify finds the server behind the last part of the URL, which is its token or, where people sign in, its id; and whose API token or access token the
// request shows, where the server wants one.
func (h *Handler) identify(ctx context.Context, token string, header http.Header) (identity, *refusal) {
	find := h.servers.ByToken
	byID := h.signIns != nil && strings.HasPrefix(token, "mcp_")
	if byID {
		find = h.servers.ByID
	}
	server, err := find(ctx, token)
	who := identity{server: server}
	switch {
	case errors.Is(err, mcpserver.ErrNotFound):
		return who, &refusal{status: http.StatusNotFound, message: noServerWords}
	case err != nil:
		return who, h.unavailable(ctx, "find the MCP server", err)
	case byID:
		return h.signedIn(ctx, who, header)
	case !server.Config.RequireAPITokenAuth:
		return who, nil
	}
	bearer := bearerToken(header["Authorization"])
	if bearer == "" {
		return who, &refusal{status: http.StatusUnauthorized, message: apiTokenWords, challenge: `Bearer realm="Sluice"`}
	}
	if h.apiTokens != nil {
		token, err := h.apiTokens.Identify(ctx, bearer)
		if err != nil {
			return who, h.unavailable(ctx, "check the API token", err)
		}
		switch {
		case token.May == 0 || token.Environment != server.Environment:
		case !token.May.Has(permission.ToolsRead):
			return who, &refusal{
				status:    http.StatusForbidden,
				message:   fmt.Sprintf("The API token's scopes lack %s: make one that holds it.", permission.ToolsRead),
				challenge: fmt.Sprintf(`Bearer realm="Sluice", error="insufficient_scope", scope="%s"`, permission.ToolsRead),
			}
		default:
			who.apiToken = token
			return who, nil
		}
	}
	return who, &refusal{
		status:    http.StatusUnauthorized,
		message:   "The API token is unknown, revoked, expired or of another environment. " + apiTokenWords,
		challenge: `Bearer realm="Sluice", error="invalid_token", error_description="unknown, revoked, expired, or of another environment"`,
	}
}

func (h *Handler) signedIn(ctx context.Context, who identity, header http.Header) (identity, *refusal) {
	access, err := h.signIns.Access(ctx, who.server, bearerToken(header["Authorization"]))
	if denied, ok := errors.AsType[*oauth.Denied](err); ok {
		return who, &refusal{status: denied.Status, message: denied.Words, challenge: denied.Challenge, server: who.server, denied: denied}
	}
	if err != nil {
		return who, h.unavailable(ctx, "check the access token", err)
	}
	who.access = access
	return who, nil
}

func (h *Handler) unavailable(ctx context.Context, doing string, err error) *refusal {
	id := newRequestID()
	if ctx.Err() == nil {
		h.log.ErrorContext(ctx, "mcp: could not "+doing, "request_id", id, "error", err)
	}
	return &refusal{status: http.StatusInternalServerError, message: internalWords(id)}
}

// bearerToken is the token of an Authorization header (RFC 6750, section 2.1), "" if there is none.
func bearerToken(values []string) string {
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
