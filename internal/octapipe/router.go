package octapipe

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// access says who may use a route.
type access int

const (
	member access = iota // anyone who is logged in
	admin                // role admin; others get a 403
	public               // no token needed
)

// route is one call of the API. Segments in braces are parameters.
type route struct {
	method, pattern string
	access          access
	handle          handler
	own             bool // the handler reads the body and opens transactions itself
}

// handler answers a call. Unless its route is its own, c.db is a transaction (the pool for GET) that is committed if there is no error.
type handler func(c *call) (answer, error)

// router finds a route by the path as it was sent, segment by segment: an encoded slash inside a segment stays inside it, and nothing is
// cleaned or redirected, since a stand-in must not mend what a client got wrong.
type router struct {
	bySize map[int][]compiled
}

type compiled struct {
	route    *route
	segments []string
}

func newRouter(routes []route) *router {
	r := &router{bySize: map[int][]compiled{}}
	for i := range routes {
		segments := strings.Split(routes[i].pattern, "/")
		r.bySize[len(segments)] = append(r.bySize[len(segments)], compiled{&routes[i], segments})
	}
	return r
}

// find returns the route for a method and an encoded path, with its parameters decoded. Where only the method is wrong, allowed lists those that
// would do.
func (r *router) find(method, escapedPath string) (found *route, params map[string]string, allowed []string) {
	segments := strings.Split(strings.Trim(escapedPath, "/"), "/")
	for i, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return nil, nil, nil
		}
		segments[i] = decoded
	}
	for _, candidate := range r.bySize[len(segments)] {
		params, ok := candidate.match(segments)
		if !ok {
			continue
		}
		if candidate.route.method == method || method == http.MethodHead && candidate.route.method == http.MethodGet {
			return candidate.route, params, nil
		}
		if !slices.Contains(allowed, candidate.route.method) {
			allowed = append(allowed, candidate.route.method)
		}
	}
	return nil, nil, allowed
}

func (c compiled) match(segments []string) (map[string]string, bool) {
	params := map[string]string{}
	for i, want := range c.segments {
		if strings.HasPrefix(want, "{") {
			params[want[1:len(want)-1]] = segments[i]
		} else if want != segments[i] {
			return nil, false
		}
	}
	return params, true
}
