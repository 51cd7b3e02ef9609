// Package origin decides where a request may come from: which host names Sluice is called by, which web pages may call it and read its answers, and which
// proxies' word is taken for the address of whoever asks.
//
// It imports nothing of ours. A door asks Admit before anything else, and Address where it counts by whom it is asked.
package origin

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Policy decides which hosts and which web pages may reach a door (MCP 2026-07-28, Streamable HTTP, Security & Endpoint). A web page can make its own name
// resolve to 127.0.0.1 and then talk to what listens there (DNS rebinding): its Host gives it away, and so does its Origin.
type Policy struct {
	publicOrigin string // scheme://host[:port], lower case; "" if there is no public URL
	publicHost   string // host[:port]
	publicPath   string // without a slash at the end
	origins      []string
	anyOrigin    bool
	hosts        []string
	proxies      []netip.Prefix
}

// Settings are what an operator says of it.
type Settings struct {
	PublicURL string   // the URL under which the world reaches Sluice, "" if only this machine does
	Origins   []string // of web pages that may call, beside the public URL's and this machine's; "*" is all
	Hosts     []string // names by which a Sluice that listens on loopback may be called, beside those of loopback and the public URL's
	Proxies   []string // addresses and prefixes of reverse proxies, whose X-Forwarded-For is believed
}

// New returns a Policy, or an error that says which setting is wrong.
func New(s Settings) (*Policy, error) {
	p := &Policy{}
	if s.PublicURL != "" {
		u, err := url.Parse(s.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("public URL %q: want https://HOST with no more than a path", s.PublicURL)
		}
		p.publicOrigin, p.publicHost, p.publicPath = origin(u), strings.ToLower(u.Host), strings.TrimRight(u.EscapedPath(), "/")
	}
	for _, o := range s.Origins {
		if o == "*" {
			p.anyOrigin = true
			continue
		}
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("allowed origin %q: want SCHEME://HOST, as a browser sends it, or *", o)
		}
		p.origins = append(p.origins, origin(u))
	}
	for _, host := range s.Hosts {
		p.hosts = append(p.hosts, strings.ToLower(host))
	}
	for _, proxy := range s.Proxies {
		prefix, err := netip.ParsePrefix(proxy)
		if err != nil {
			addr, addrErr := netip.ParseAddr(proxy)
			if addrErr != nil {
				return nil, fmt.Errorf("trusted proxy %q: want an address (10.1.2.3) or a prefix (10.0.0.0/8)", proxy)
			}
			prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		p.proxies = append(p.proxies, prefix.Masked())
	}
	return p, nil
}

// PublicPath is the path of the public URL, without a slash at its end.
func (p *Policy) PublicPath() string { return p.publicPath }

// Address is the address that a request comes from. What a header says of that counts only as far as named proxies wrote it: the list is read from its
// end, past those (RFC 7239, section 8.1, has why its beginning is anybody's word).
func (p *Policy) Address(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	addr := peer.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(addr); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = before.Unmap().WithZone("")
	}
	return addr.String()
}

// Network is what of an address its holder cannot choose freely: the whole of an IPv4 address, the first half of an IPv6 one. Whoever counts by addresses counts
// by this. "" is no address.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64) // which every IPv6 address has
	return p.String()
}

func (p *Policy) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(p.proxies, func(prefix netip.Prefix) bool { return prefix.Contains(addr) })
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

// Refuse writes a refusal in a door's own language.
type Refuse func(w http.ResponseWriter, status int, message string)

// Admit answers preflights and refuses strangers. It reports whether the request may go on; if it came from a web page, the headers that let the page
// read the answer are set then. methods are those that a page may use.
func (p *Policy) Admit(w http.ResponseWriter, r *http.Request, methods string, refuse Refuse) bool {
	if onLoopback(r) && !p.hostAllowed(r.Host) {
		refuse(w, http.StatusForbidden, fmt.Sprintf("The host name %q is not one of this Sluice's, which listens on this machine only: call it by 127.0.0.1 or localhost, or let its operator set the public URL (--public-url).", r.Host))
		return false
	}
	page, fromPage := r.Header["Origin"]
	if fromPage {
		if len(page) != 1 || !p.originAllowed(page[0], r.Host) {
			refuse(w, http.StatusForbidden, fmt.Sprintf("Web pages of the origin %q may not call this server; its operator can allow them (--allowed-origin).", strings.Join(page, ", ")))
			return false
		}
		grant(w.Header(), page[0])
	}
	if r.Method != http.MethodOptions {
		return true
	}
	if fromPage {
		grantPreflight(w.Header(), r, methods)
	}
	w.Header().Set("Allow", methods)
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
func grantPreflight(h http.Header, r *http.Request, methods string) {
	headers := allowedHeaders
	for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if strings.HasPrefix(name, "mcp-") && isToken(name) && !strings.Contains(headers, name) {
			headers += ", " + name
		}
	}
	h.Set("Access-Control-Allow-Methods", methods)
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
func (p *Policy) originAllowed(page, host string) bool {
	page = strings.ToLower(page)
	if p.anyOrigin || page == p.publicOrigin && page != "" || slices.Contains(p.origins, page) {
		return true
	}
	_, pageHost, ok := strings.Cut(page, "://")
	return ok && isLoopbackHost(pageHost) && isLoopbackHost(host)
}

func (p *Policy) hostAllowed(host string) bool {
	if isLoopbackHost(host) {
		return true
	}
	host = strings.ToLower(host)
	name := withoutPort(host)
	return p.publicHost != "" && (host == p.publicHost || name == withoutPort(p.publicHost)) || slices.Contains(p.hosts, host) || slices.Contains(p.hosts, name)
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
