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
}

// handler answers a call. Unless its route is a streaming one, c.in is the body and c.db a transaction that is committed if there is no error;
// for GET there is no body, and c.db is the pool.
type handler func(c *call) (answer, error)

// router finds a route by the path as it was sent, segment by segment: an encoded slash inside a segment stays inside it, and nothing is
// cleaned or redirected, since a stand-in must not mend what a client got wrong.
type router struct {
	bySize map[int][]compiled
}

type compiled struct {
	route
	segments  []string
	streaming bool
}

func newRouter(routes, streaming []route) *router {
	r := &router{bySize: map[int][]compiled{}}
	for i, added := range slices.Concat(routes, streaming) {
		segments := strings.Split(added.pattern, "/")
		r.bySize[len(segments)] = append(r.bySize[len(segments)], compiled{added, segments, i >= len(routes)})
	}
	return r
}

// find returns the route for a method and an encoded path, with its parameters decoded. Where only the method is wrong, allowed lists those that
// would do.
func (r *router) find(method, escapedPath string) (found *compiled, params map[string]string, allowed []string) {
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
		if candidate.method == method || method == http.MethodHead && candidate.method == http.MethodGet {
			return &candidate, params, nil
		}
		if !slices.Contains(allowed, candidate.method) {
			allowed = append(allowed, candidate.method)
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
