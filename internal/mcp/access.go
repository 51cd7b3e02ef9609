package mcp

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// access decides which hosts and which web pages may reach the endpoint (2026-07-28, Streamable HTTP, Security & Endpoint). A web page can make its
// own name resolve to 127.0.0.1 and then talk to what listens there (DNS rebinding): its Host gives it away, and so does its Origin.
type access struct {
	publicOrigin string // scheme://host[:port], lower case; "" if there is no public URL
	publicHost   string // host[:port]
	publicPath   string // without a slash at the end
	origins      []string
	anyOrigin    bool
	hosts        []string
}

func newAccess(publicURL string, origins, hosts []string) (access, error) {
	a := access{}
	if publicURL != "" {
		u, err := url.Parse(publicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return a, fmt.Errorf("public URL %q: want https://HOST with no more than a path", publicURL)
		}
		a.publicOrigin, a.publicHost, a.publicPath = origin(u), strings.ToLower(u.Host), strings.TrimRight(u.EscapedPath(), "/")
	}
	for _, o := range origins {
		if o == "*" {
			a.anyOrigin = true
			continue
		}
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return a, fmt.Errorf("allowed origin %q: want SCHEME://HOST, as a browser sends it, or *", o)
		}
		a.origins = append(a.origins, origin(u))
	}
	for _, host := range hosts {
		a.hosts = append(a.hosts, strings.ToLower(host))
	}
	return a, nil
}

// origin is a URL's origin as browsers write it (RFC 6454, section 6.2): without the scheme's own port.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch strings.ToLower(u.Scheme) {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return strings.ToLower(u.Scheme) + "://" + host
}

// admit answers preflights and refuses strangers. It reports whether the request may go on; if it came from a web page, the headers that let the page
// read the answer are set then.
func (a *access) admit(w http.ResponseWriter, r *http.Request) bool {
	if onLoopback(r) && !a.hostAllowed(r.Host) {
		refuse(w, http.StatusForbidden, fmt.Sprintf("The host name %q is not one of this Sluice's, which listens on this machine only: call it by 127.0.0.1 or localhost, or let its operator set the public URL (--public-url).", r.Host))
		return false
	}
	page, fromPage := r.Header["Origin"]
	if fromPage {
		if len(page) != 1 || !a.originAllowed(page[0], r.Host) {
			refuse(w, http.StatusForbidden, fmt.Sprintf("Web pages of the origin %q may not call this server; its operator can allow them (--allowed-origin).", strings.Join(page, ", ")))
			return false
		}
		grant(w.Header(), page[0])
	}
	if r.Method != http.MethodOptions {
		return true
	}
	if fromPage {
		grantPreflight(w.Header(), r)
	}
	w.Header().Set("Allow", "POST, GET, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
	return false
}

const allowedHeaders = "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id, traceparent, tracestate, baggage"

var (
	varyOrigin     = []string{"Origin"}
	exposedHeaders = []string{"www-authenticate, mcp-session-id, mcp-protocol-version, retry-after"}
)

func grant(h http.Header, page string) {
	h["Access-Control-Allow-Origin"] = []string{page}
	h["Access-Control-Expose-Headers"] = exposedHeaders
	h["Vary"] = varyOrigin
}

// grantPreflight allows what MCP clients send. Headers for parameters have names of the tools' own (Mcp-Param-Region), so those asked for are echoed.
func grantPreflight(h http.Header, r *http.Request) {
	headers := allowedHeaders
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if strings.HasPrefix(name, "mcp-") && isToken(name) && !strings.Contains(headers, name) {
			headers += ", " + name
		}
	}
	h.Set("Access-Control-Allow-Methods", "POST, GET, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", headers)
	h.Set("Access-Control-Max-Age", "7200")
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
}

// isToken reports whether s is a token in the sense of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// originAllowed: a page of this machine may call a server that is itself called by a name of this machine, also from inside a container, where
// the connection does not look local.
func (a *access) originAllowed(page, host string) bool {
	page = strings.ToLower(page)
	if a.anyOrigin || page == a.publicOrigin && page != "" || slices.Contains(a.origins, page) {
		return true
	}
	_, pageHost, ok := strings.Cut(page, "://")
	return ok && isLoopbackHost(pageHost) && isLoopbackHost(host)
}

func (a *access) hostAllowed(host string) bool {
	if isLoopbackHost(host) {
		return true
	}
	host = strings.ToLower(host)
	name := withoutPort(host)
	return a.publicHost != "" && (host == a.publicHost || name == withoutPort(a.publicHost)) || slices.Contains(a.hosts, host) || slices.Contains(a.hosts, name)
}

// onLoopback reports whether the connection came in on a loopback address.
func onLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}

func isLoopbackHost(host string) bool {
	name := withoutPort(host)
	if strings.EqualFold(name, "localhost") || name == "127.0.0.1" {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

// withoutPort is the host of host[:port], without the brackets of an IPv6 address.
func withoutPort(host string) string {
	if strings.HasPrefix(host, "[") {
		name, _, _ := strings.Cut(host[1:], "]")
		return name
	}
	name, _, _ := strings.Cut(host, ":")
	return name
}
