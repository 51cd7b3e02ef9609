package outbound

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// target is where a request goes: an origin, and what stands in the request line.
type target struct {
	origin string // scheme and host as they are spelled: whose connections are for each other's use
	scheme string // http or https
	host   string // with the port where one is given, as in the Host field
	path   string // with the query; begins with "/"
}

// splitURL takes a URL apart without decoding anything, so that what was encoded goes out as it was.
func splitURL(raw string) (target, error) {
	bad := func(what string) (target, error) {
		return target{}, &Error{Reason: BadRequest, Err: fmt.Errorf("the address %s", what)}
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || scheme != "http" && scheme != "https" {
		if scheme = strings.ToLower(scheme); !ok || scheme != "http" && scheme != "https" {
			return bad("must begin with http:// or https://")
		}
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	t := target{origin: raw[:len(raw)-len(rest)+end], scheme: scheme, host: rest[:end], path: rest[end:]}
	switch {
	case t.host == "" || t.host[0] == ':':
		return bad("has no host")
	case strings.Contains(t.host, "@"):
		return bad("must not hold a user name or password")
	case !httpguts.ValidHostHeader(t.host):
		return bad("has a host that is none")
	}
	if i := strings.IndexByte(t.path, '#'); i >= 0 {
		t.path = t.path[:i]
	}
	for i := 0; i < len(t.path); i++ {
		if c := t.path[i]; c <= ' ' || c >= 0x7f {
			return bad("holds a character that must be percent-encoded")
		}
	}
	if t.path == "" || t.path[0] == '?' {
		t.path = "/" + t.path
	}
	return t, nil
}

func (t target) String() string { return t.origin + t.path }

// sameOrigin compares scheme, host and port (RFC 6454, 4): a port not given is the scheme's own.
func (t target) sameOrigin(o target) bool {
	return t.scheme == o.scheme && strings.EqualFold(t.hostPort(), o.hostPort())
}

// hostPort is the host with the port, also where it is the scheme's own.
func (t target) hostPort() string {
	if i := strings.LastIndexByte(t.host, ':'); i >= 0 && i > strings.LastIndexByte(t.host, ']') {
		if i < len(t.host)-1 {
			return t.host
		}
		t.host = t.host[:i]
	}
	if t.scheme == "https" {
		return t.host + ":443"
	}
	return t.host + ":80"
}

// checkRequest finds what would let one request become two, or none. The message does not show the value: it may be a credential.
func checkRequest(r *Request) *Error {
	if !httpguts.ValidHeaderFieldName(r.Method) {
		return &Error{Reason: BadRequest, Err: fmt.Errorf("%q is no HTTP method", r.Method)}
	}
	for _, f := range r.Header {
		if !httpguts.ValidHeaderFieldName(f[0]) {
			return &Error{Reason: BadRequest, Err: fmt.Errorf("%q is no name of an HTTP header", f[0])}
		}
		if !httpguts.ValidHeaderFieldValue(f[1]) {
			return &Error{Reason: BadRequest, Err: fmt.Errorf("the value of the header %s holds a line break or another control character", f[0])}
		}
	}
	return nil
}

const maxHops = 5

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow tells where a redirect leads, and whether it may be followed. It sets the response's Location.
func follow(r *Request, from target, response *Response) (target, bool) {
	location := response.Header.Get("Location")
	if location == "" {
		return target{}, false
	}
	base, err := url.Parse(from.String())
	if err != nil {
		return target{}, false
	}
	to, err := base.Parse(location)
	if err != nil {
		return target{}, false
	}
	response.Location = to.Redacted()
	if r.Once || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return target{}, false
	}
	next, err := splitURL(to.String())
	if err != nil || !next.sameOrigin(from) {
		return target{}, false
	}
	return next, true
}
