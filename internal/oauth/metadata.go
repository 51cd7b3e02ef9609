package oauth

import (
	"net/http"
	"strings"

	"sluice/internal/connection"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
)

const wellKnown = "/.well-known/"

// The documents that clients look for. Which of the last two a client asks for depends on its library; they are one document.
const (
	protectedResource   = "oauth-protected-resource"   // RFC 9728
	authorizationServer = "oauth-authorization-server" // RFC 8414
	openIDProvider      = "openid-configuration"       // OpenID Connect Discovery 1.0
)

// resourceMetadata says what protects a resource (RFC 9728, section 2).
type resourceMetadata struct {
	Resource      string   `json:"resource"`
	Name          string   `json:"resource_name,omitempty"`
	Servers       []string `json:"authorization_servers"`
	Scopes        []string `json:"scopes_supported"`
	BearerMethods []string `json:"bearer_methods_supported"`
}

// serverMetadata says how to sign in (RFC 8414, section 2). The last three are what OpenID Connect Discovery requires of its documents: Sluice issues no ID tokens.
type serverMetadata struct {
	Issuer                string   `json:"issuer"`
	Authorization         string   `json:"authorization_endpoint"`
	Token                 string   `json:"token_endpoint"`
	Registration          string   `json:"registration_endpoint"`
	Revocation            string   `json:"revocation_endpoint"`
	Scopes                []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	RevocationAuthMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	IssParameter          bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	ClientDocuments       bool     `json:"client_id_metadata_document_supported"`
	ProtectedResources    []string `json:"protected_resources"` // RFC 9728, section 4
	Keys                  string   `json:"jwks_uri"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
}

// offlineAccess asks for a refresh token, in OpenID Connect's words. One is issued in any case.
const offlineAccess = "offline_access"

var (
	authMethods = []string{"none", "client_secret_basic", "client_secret_post"}
	bothScopes  = permission.Of(permission.ToolsRead, permission.ToolsWrite)
)

func (s *Service) resourceMetadata(server *mcpserver.Server) *resourceMetadata {
	issuer := s.Resource(server)
	if s.External != nil {
		issuer = s.External.Issuer
	}
	return &resourceMetadata{
		Resource: s.Resource(server), Name: server.Name, Servers: []string{issuer}, Scopes: bothScopes.Names(), BearerMethods: []string{"header"},
	}
}

func (s *Service) serverMetadata(server *mcpserver.Server) *serverMetadata {
	return &serverMetadata{
		Issuer:        s.Resource(server),
		Authorization: s.endpoint(server, "authorize"), Token: s.endpoint(server, "token"),
		Registration: s.endpoint(server, "register"), Revocation: s.endpoint(server, "revoke"), Keys: s.endpoint(server, "keys"),
		Scopes: append(bothScopes.Names(), offlineAccess), ResponseTypes: []string{"code"}, ResponseModes: []string{"query"},
		GrantTypes: []string{"authorization_code", "refresh_token"}, TokenAuthMethods: authMethods, RevocationAuthMethods: authMethods,
		ChallengeMethods: []string{"S256"}, IssParameter: true, ClientDocuments: true, ProtectedResources: []string{s.Resource(server)},
		SubjectTypes: []string{"public"}, IDTokenAlgorithms: []string{"RS256"},
	}
}

// kindOf is the document that a path asks for, "" if none of ours.
func kindOf(path string) string {
	_, rest, _ := strings.Cut(path, wellKnown)
	kind, _, _ := strings.Cut(rest, "/")
	switch kind {
	case protectedResource, authorizationServer, openIDProvider:
		return kind
	}
	return ""
}

// metadata answers at the addresses that a standard names: with the resource's path behind the well-known one (RFC 9728, section 3.1; RFC 8414, section 3.1), for
// OpenID Connect in front of it as well (Discovery 1.0, section 4), which is the only one that its libraries ask for. With the path left out it names no server: that is
// answered while there is only one, for clients that look nowhere else, as those of 2025-03-26 do. Of several none can be meant: a document of one would send the
// other's people to the wrong consent, and one of the host itself would be of a resource that nobody entered (RFC 9728, section 3.3).
func (d *Door) metadata(w http.ResponseWriter, r *http.Request) {
	if !d.Origin.Admit(w, r, "GET, OPTIONS", refuse) {
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "This address takes GET.")
		return
	}
	server, err := d.serverOfMetadata(r)
	kind := kindOf(r.URL.Path)
	switch {
	case isNotFound(err):
		refuse(w, http.StatusNotFound, "There is no such document here. Ask for "+wellKnown+protectedResource+resourcePath+"{id}, with the path of the MCP server's own URL.")
	case err != nil:
		d.internal(w, r, err)
	case kind == protectedResource:
		d.Connections.Record(r.Context(), d.from(server, r), connection.Step{Name: connection.ResourceMetadata, Status: http.StatusOK, Detail: r.URL.Path})
		writeJSON(w, http.StatusOK, d.resourceMetadata(server))
	case d.External != nil:
		refuse(w, http.StatusNotFound, "People sign in at "+d.External.Issuer+", whose own metadata says how.")
	default:
		d.Connections.Record(r.Context(), d.from(server, r), connection.Step{Name: connection.ServerMetadata, Status: http.StatusOK, Detail: r.URL.Path})
		writeJSON(w, http.StatusOK, d.serverMetadata(server))
	}
}

// serverOfMetadata finds the server that a well-known address is about.
func (d *Door) serverOfMetadata(r *http.Request) (*mcpserver.Server, error) {
	before, rest, _ := strings.Cut(r.URL.Path, wellKnown)
	_, behind, _ := strings.Cut(rest, "/")
	public := d.Origin.PublicPath()
	if place := strings.TrimPrefix(before, public); place != "" {
		if behind != "" || kindOf(r.URL.Path) != openIDProvider {
			return nil, mcpserver.ErrNotFound
		}
		behind, public = strings.TrimPrefix(place, "/"), ""
	} else if before != "" && behind != "" {
		return nil, mcpserver.ErrNotFound
	}
	place := strings.Trim(strings.TrimPrefix("/"+behind, public), "/")
	if place == "" {
		return d.Servers.Only(r.Context())
	}
	id, ok := strings.CutPrefix("/"+place, resourcePath)
	if !ok {
		return nil, mcpserver.ErrNotFound
	}
	return d.Servers.ByID(r.Context(), id)
}

// keys answers the keys of ID tokens, of which there are none.
func (d *Door) keys(w http.ResponseWriter, _ *http.Request, _ *mcpserver.Server) {
	writeJSON(w, http.StatusOK, map[string][]string{"keys": {}})
}

// metadataURL is where a server's resource metadata is (RFC 9728, section 3.1): between the host and the path of its URL.
func (s *Service) metadataURL(server *mcpserver.Server) string {
	public := strings.TrimSuffix(s.PublicURL, s.Origin.PublicPath())
	return public + wellKnown + protectedResource + s.Origin.PublicPath() + resourcePath + server.ID
}
