package oauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"sluice/internal/mcpserver"
	"sluice/internal/page"
)

// Door serves the endpoints and the well-known addresses of all MCP servers that people sign in to.
type Door struct {
	*Service
	pages    http.Handler // what browsers show, behind the guard that all of Sluice's pages have
	register limiter
}

// NewDoor returns the door to a Service.
func NewDoor(s *Service) *Door {
	d := &Door{Service: s}
	d.pages = page.Guard(http.HandlerFunc(d.authorize))
	return d
}

// Serves reports whether a path is the door's.
func Serves(path string) bool {
	return strings.HasPrefix(path, oauthPath) || strings.Contains(path, wellKnown) && kindOf(path) != ""
}

// ServeHTTP answers one request. What is no page is JSON, an error too: a client that tries addresses must be able to read that there is nothing.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer d.recover(w, r)
	if !strings.HasPrefix(r.URL.Path, oauthPath) {
		d.metadata(w, r)
		return
	}
	id, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, oauthPath), "/")
	if name == "authorize" && r.Method != http.MethodOptions {
		d.pages.ServeHTTP(w, r)
		return
	}
	methods, serve := "POST, OPTIONS", map[string]func(http.ResponseWriter, *http.Request, *mcpserver.Server){
		"token": d.token, "register": d.registration, "revoke": d.revocation, "keys": d.keys,
	}[name]
	if name == "keys" {
		methods = "GET, OPTIONS"
	}
	if !d.Origin.Admit(w, r, methods, refuse) {
		return
	}
	server, err := d.find(r.Context(), id)
	switch {
	case err != nil:
		d.internal(w, r, err)
	case server == nil || serve == nil || d.External != nil:
		refuse(w, http.StatusNotFound, "There is nothing here: the MCP server may have been revoked, or have expired.")
	case !strings.HasPrefix(methods, r.Method):
		w.Header().Set("Allow", methods)
		refuse(w, http.StatusMethodNotAllowed, "This address takes "+methods+".")
	default:
		serve(w, r, server)
	}
}

// recover turns a panic into an answer and a log entry.
func (d *Door) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	d.Log.ErrorContext(r.Context(), "oauth: panic", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	writeError(w, http.StatusInternalServerError, oidc.ErrServerError().WithDescription(internalWords))
}

const internalWords = "Sluice could not do this; its log says why."

func (d *Door) internal(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		d.Log.ErrorContext(r.Context(), "oauth: could not answer", "path", r.URL.Path, "error", err)
	}
	writeError(w, http.StatusInternalServerError, oidc.ErrServerError().WithDescription(internalWords))
}

// refuse answers what is no OAuth request of anybody's.
func refuse(w http.ResponseWriter, status int, message string) {
	code := map[int]string{http.StatusNotFound: "not_found", http.StatusForbidden: "access_denied", http.StatusTooManyRequests: "temporarily_unavailable"}[status]
	if code == "" {
		code = string(oidc.InvalidRequest)
	}
	writeJSON(w, status, map[string]string{"error": code, "error_description": message})
}

// writeError answers in the form of RFC 6749, section 5.2.
func writeError(w http.ResponseWriter, status int, err *oidc.Error) {
	writeJSON(w, status, err)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // of our own types: cannot be
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	w.Write(body)
}

func isNotFound(err error) bool { return errors.Is(err, mcpserver.ErrNotFound) }
