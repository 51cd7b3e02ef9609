package page

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// policy lets a page load what is served beside it and nothing else: no inline script or style, no frame around it, no form that leaves.
const (
	policy     = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	policyName = "Content-Security-Policy"
)

// Guard stands before a door's pages. It tells browsers to let a page do only what Sluice's pages do, to keep none, and refuses what another site sent.
//
// The referrer goes to our own pages alone. It is not switched off: a browser would then say "Origin: null" of our own forms, and where it does not say
// Sec-Fetch-Site either, as over plain HTTP, they could not be told from another site's.
func Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set(policyName, policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if err := CheckOrigin(r); err != nil {
			WriteMessage(w, r, http.StatusForbidden, "Not sent from here",
				"This was sent by another site, or by a browser that does not say from where, so nothing was done. Open the page in Sluice and try again there.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// cross is without state of its own until it is told of exceptions, of which there are none.
var cross = http.NewCrossOriginProtection()

// CheckOrigin refuses a request that may change something unless the browser says that a page of ours made it. CrossOriginProtection lets pass what says
// nothing at all, taking it for no browser's; whatever a cookie is enough for has no other callers, so that is refused too.
func CheckOrigin(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
		return errors.New("neither Sec-Fetch-Site nor Origin")
	}
	return cross.Check(r)
}

var (
	hostPattern   = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`)
	schemePattern = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
)

// AllowFormTarget lets the forms of the page that is about to be written end at another address: some browsers hold form-action against the redirect that
// answers a form as well, and a consent's form is answered by one to the client. Call it before Write, behind Guard, with an address that was checked.
func AllowFormTarget(w http.ResponseWriter, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("let forms end at an address: %w", err)
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	source := scheme + ":"
	switch {
	case !schemePattern.MatchString(scheme):
		return fmt.Errorf("let forms end at an address: %q has no scheme", address)
	case scheme == "javascript", scheme == "data", scheme == "blob", scheme == "file":
		return fmt.Errorf("let forms end at an address: %s: leads to no client", scheme)
	case scheme != "http" && scheme != "https": // an app's own scheme, which has no host to name
	case hostPattern.MatchString(host):
		source = scheme + "://" + host
	case strings.HasPrefix(host, "[::1]"): // a policy cannot name an IPv6 address
	default:
		return fmt.Errorf("let forms end at an address: %q is no host", u.Host)
	}
	w.Header().Set(policyName, w.Header().Get(policyName)+" "+source)
	return nil
}
