package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// resource is what of RFC 9728 a client reads.
type resource struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
}

// authorizationServer is what of RFC 8414 a client reads.
type authorizationServer struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Registration  string   `json:"registration_endpoint"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Documents     bool     `json:"client_id_metadata_document_supported"`
	Iss           bool     `json:"authorization_response_iss_parameter_supported"`
}

var parameter = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)

// challenged reads the parameters of a challenge (RFC 6750, section 3).
func challenged(header string) map[string]string {
	found := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(header, -1) {
		found[m[1]] = m[2]
	}
	return found
}

// signInWay follows a challenge to where people sign in.
func (e *examination) signInWay(ctx context.Context, a *answer) error {
	header := a.header.Get("WWW-Authenticate")
	challenge := challenged(header)
	behind := wellKnownOf(e.URL, "oauth-protected-resource")
	address := challenge["resource_metadata"]
	switch {
	case header == "":
		e.say("challenge", Bad, "The server asks who one is (401) and does not say how to tell: there is no WWW-Authenticate.", "A proxy in front may take the header away.")
		address = behind
	case address == "":
		e.say("challenge", Note, "The challenge names no resource_metadata: "+header, "Clients look at the well-known address instead; some do not.")
		address = behind
	default:
		e.say("challenge", Good, "The server asks people to sign in, and says where to ask how.", "")
	}
	protected, err := e.resourceMetadata(ctx, address)
	if err != nil {
		return err
	}
	if address != behind {
		if other, err := e.send(ctx, http.MethodGet, behind, "", nil); err != nil || other.status != http.StatusOK {
			e.say("resource metadata", Note, "The well-known address "+behind+" does not answer, where clients look that do not read the challenge.", "Route /.well-known/ of this host to the server too.")
		}
	}
	server, err := e.serverMetadata(ctx, protected.Servers[0])
	if err != nil {
		return err
	}
	return e.signIn(ctx, protected, server, challenge["scope"])
}

// wellKnownOf is the well-known address of a URL: between its host and its path (RFC 9728, section 3.1; RFC 8414, section 3.1).
func wellKnownOf(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host + "/.well-known/" + name + strings.TrimSuffix(u.EscapedPath(), "/")
}

// document reads one JSON document.
func (e *examination) document(ctx context.Context, step, address string, into any) error {
	a, err := e.send(ctx, http.MethodGet, address, "", nil, "Accept", "application/json")
	fail := func(words, mend string) error {
		e.say(step, Bad, address+" "+words, mend)
		return errEnd
	}
	switch {
	case err != nil:
		return fail(fmt.Sprintf("does not answer: %v.", err), "Route /.well-known/ of this host to the server too.")
	case a.status >= 300 && a.status < 400:
		return fail("leads on to "+a.header.Get("Location")+", which clients do not follow to another host.", "Answer there at once.")
	case a.status != http.StatusOK:
		return fail(fmt.Sprintf("is answered with HTTP %d.", a.status), "Route /.well-known/ of this host to the server too.")
	case !a.isJSON() || json.Unmarshal(a.body, into) != nil:
		return fail(fmt.Sprintf("is answered with %s, not with JSON.", a.header.Get("Content-Type")), "Something else answers there, such as a web site's own page: route it to the server.")
	}
	return nil
}

func (e *examination) resourceMetadata(ctx context.Context, address string) (*resource, error) {
	const step = "resource metadata"
	var r resource
	if err := e.document(ctx, step, address, &r); err != nil {
		return nil, err
	}
	switch {
	case r.Resource != e.URL && strings.TrimSuffix(r.Resource, "/") == strings.TrimSuffix(e.URL, "/"):
		e.say(step, Note, "It is about "+r.Resource+", which is the address but for a slash: strict clients refuse that.", "Enter exactly "+r.Resource+" in clients.")
	case r.Resource != e.URL:
		e.say(step, Bad, "It is about "+r.Resource+", which is not the address that was given: clients refuse it.", "Enter that address in clients, or set the server's public URL to the one that people use.")
		return nil, errEnd
	default:
		e.say(step, Good, "It is about exactly this address.", "")
	}
	if len(r.Servers) == 0 {
		e.say(step, Bad, "It names no authorization server.", "")
		return nil, errEnd
	}
	return &r, nil
}

// serverMetadata tries the addresses that MCP names, in its order (2026-07-28, Authorization Server Metadata Discovery).
func (e *examination) serverMetadata(ctx context.Context, issuer string) (*authorizationServer, error) {
	const step = "sign-in metadata"
	tries := []string{wellKnownOf(issuer, "oauth-authorization-server"), wellKnownOf(issuer, "openid-configuration")}
	if u, err := url.Parse(issuer); err == nil && strings.Trim(u.Path, "/") != "" {
		tries = append(tries, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	}
	var s authorizationServer
	var failed []string
	found := ""
	for _, address := range tries {
		a, err := e.send(ctx, http.MethodGet, address, "", nil, "Accept", "application/json")
		switch {
		case err != nil:
			failed = append(failed, fmt.Sprintf("%s does not answer: %v", address, err))
		case a.status != http.StatusOK || !a.isJSON():
			failed = append(failed, fmt.Sprintf("%s: HTTP %d, %s", address, a.status, a.header.Get("Content-Type")))
		case found == "" && json.Unmarshal(a.body, &s) == nil:
			found = address
		}
	}
	switch {
	case found == "":
		e.say(step, Bad, "None of the addresses where clients look has it: "+strings.Join(failed, "; ")+".", "Route /.well-known/ of the authorization server's host to it.")
		return nil, errEnd
	case s.Issuer != issuer:
		e.say(step, Bad, fmt.Sprintf("%s says that its issuer is %s, where %s was expected: clients have to refuse that.", found, s.Issuer, issuer), "")
		return nil, errEnd
	case !slices.Contains(s.Challenges, "S256"):
		e.say(step, Bad, "It does not offer PKCE with S256: clients refuse to go on.", "")
		return nil, errEnd
	case s.Registration == "" && !s.Documents:
		e.say(step, Note, "Clients can neither register themselves nor name a document: each needs a client id, made by hand.", "Give clients a client id.")
	default:
		e.say(step, Good, "Found at "+found+"; PKCE with S256; clients "+registers(&s)+".", "")
	}
	return &s, nil
}

func registers(s *authorizationServer) string {
	switch {
	case s.Documents && s.Registration != "":
		return "register themselves, or name a document of their own"
	case s.Documents:
		return "name a document of their own"
	}
	return "register themselves"
}
