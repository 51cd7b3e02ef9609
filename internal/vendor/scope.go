package vendor

import (
	"regexp"
	"strings"

	"sluice/internal/outbound"
)

// A scope-token is of a set of characters that neither a quote nor a backslash is in (RFC 6749, 3.3), so that no escape can stand in the value.
var scopeParameter = regexp.MustCompile(`(?i)(?:^|[ ,])scope\s*=\s*(?:"([\x20\x21\x23-\x5B\x5D-\x7E]{1,500})"|([\x21\x23-\x2B\x2D-\x5B\x5D-\x7E]{1,500}))`)

// missingScope is the scope that a vendor says was needed, in the challenge of a 403 (RFC 6750, 3.1: insufficient_scope); "" where it does not.
func missingScope(header outbound.Header) string {
	for _, challenge := range header.Values("WWW-Authenticate") {
		scheme, rest, _ := strings.Cut(strings.TrimSpace(challenge), " ")
		if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "DPoP") {
			continue
		}
		if m := scopeParameter.FindStringSubmatch(rest); m != nil {
			return strings.TrimSpace(m[1] + m[2])
		}
	}
	return ""
}
