package openapi

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// server is where calls go.
type server struct {
	address  string // absolute, without a slash at the end; "" where the document gives only a path, or nothing
	path     string // where address is "": what follows the account's own address
	defaults string // variables that were put in, in words
}

// servers reads a list of Server Objects.
func (d *document) servers(list integration.Value) []server {
	var all []server
	for v := range list.Items() {
		source := v.Get("url").Scalar()
		if source == "" {
			continue
		}
		address, defaults := expand(source, v.Get("variables"))
		if s, ok := d.server(address); ok {
			s.defaults = defaults
			all = append(all, s)
		}
	}
	return all
}

// expand puts a server's variables in, at their defaults.
func expand(address string, variables integration.Value) (expanded, defaults string) {
	var used []string
	for name, v := range variables.Members() {
		value := v.Get("default").Scalar()
		if value == "" {
			for option := range v.Get("enum").Items() {
				value = option.Scalar()
				break
			}
		}
		if strings.Contains(address, "{"+name+"}") {
			address = strings.ReplaceAll(address, "{"+name+"}", value)
			used = append(used, name+"="+value)
		}
	}
	return address, strings.Join(used, ", ")
}

// server reads one address. One that is relative follows where the document came from.
func (d *document) server(address string) (server, bool) {
	if strings.HasPrefix(address, "//") {
		address = "https:" + address
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || strings.ContainsAny(address, "{}") {
		return server{}, false
	}
	if !u.IsAbs() && d.source != nil {
		u = d.source.ResolveReference(u)
	}
	u.RawQuery, u.Fragment, u.User, u.ForceQuery = "", "", nil, false
	switch {
	case (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "":
		return server{address: strings.TrimRight(u.String(), "/")}, true
	case u.Scheme == "" && u.Host == "":
		return server{path: strings.TrimRight(path.Clean("/"+u.EscapedPath()), "/")}, true
	}
	return server{}, false
}

// allServers are the document's, whatever its version.
func (d *document) allServers() []server {
	if !d.swagger {
		if all := d.servers(d.root.Get("servers")); len(all) > 0 {
			return all
		}
		if s, ok := d.server("/"); ok { // "If the servers array is not provided, the default value would be … a URL value of /" (OpenAPI 3.1)
			return []server{s}
		}
		return []server{{}}
	}
	host, base := d.root.Get("host").Scalar(), d.root.Get("basePath").Scalar()
	scheme := d.scheme()
	if host == "" && d.source != nil {
		host = d.source.Host
		if scheme == "" {
			scheme = d.source.Scheme
		}
	}
	if scheme == "" {
		scheme = "https"
	}
	if base != "" && !strings.HasPrefix(base, "/") {
		base = "/" + base
	}
	if host != "" {
		base = scheme + "://" + host + base
	}
	if s, ok := d.server(base); ok {
		return []server{s}
	}
	return []server{{}}
}

// scheme is Swagger 2.0's, the safer one where there are two.
func (d *document) scheme() string {
	scheme := ""
	for v := range d.root.Get("schemes").Items() {
		switch s := v.Text(); {
		case s == "https":
			return s
		case s == "http":
			scheme = s
		}
	}
	return scheme
}

// serverOf is an operation's own server; nil where it is the document's.
func (o *operation) serverOf() (*server, error) {
	for _, from := range []integration.Value{o.own, o.item, o.shared} {
		list := from.Get("servers")
		if !list.IsList() || list.Len() == 0 {
			continue
		}
		all := o.servers(list)
		if len(all) == 0 {
			return nil, fmt.Errorf("its own server has no address that can be called")
		}
		return &all[0], nil
	}
	return nil, nil
}

// baseURL makes the definition's address of the document's first server. An account can have another one.
func (b *builder) baseURL() error {
	all := b.allServers()
	first := all[0]
	if u, err := url.Parse(first.address); err == nil && integration.LinkLocal(u.Hostname()) {
		return fmt.Errorf("the server %s is on a link-local address, where no vendor is: give the document the vendor's", prose.Clip(first.address, 80))
	}
	b.server = first
	field := integration.Field{Name: "base_url", Label: "Address", Format: "uri", Default: first.address, Help: "Where the API is"}
	if first.address == "" {
		field.Help = "Where the API is: the document gives no address"
		b.guess("the document names no host: each account gives the address of the API")
	}
	var others []string
	for _, s := range all[1:] {
		if s.address != "" && s.address != first.address {
			others = append(others, s.address)
		}
	}
	if len(others) > 0 {
		field.Help += "; the document also names " + strings.Join(others[:min(3, len(others))], ", ")
		b.guess("the document names %d servers: %s is the one that is called, unless an account gives another address", len(all), first.address)
	}
	if first.defaults != "" {
		b.guess("the server's variables are taken at their defaults (%s): an account can give another address", first.defaults)
	}
	b.inside(first.address)
	b.def.Context = integration.Fields{field}
	b.def.BaseURL = "{{context.base_url}}" + first.path
	return nil
}

// inside tells of an address that is none of the internet's. Whether it may be called is for the operator to say: it is refused when a connection is made.
func (b *builder) inside(address string) {
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal") ||
		err == nil && (addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.IsInterfaceLocalMulticast()) {
		b.guess("the server %s is inside a network: calls to it are refused when the connection is made, unless the operator allows such addresses", address)
	}
}
