package account

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// jwtLifetime is how many seconds a token says that it is good for, where it is a JSON Web Token (RFC 7519, 4.1.4). Vendors that hand out such tokens often say it
// nowhere else, and not all of them answer 401 afterwards: some take the caller for a guest. The token is the vendor's own word about itself, so nothing is verified.
// Where it says when it was issued, the vendor's clock does not matter; but as that is told in whole seconds, the token may be one older than it says.
func jwtLifetime(token string, now time.Time) (seconds float64, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return 0, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return 0, false
	}
	var claims struct {
		Expires float64 `json:"exp"`
		Issued  float64 `json:"iat"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Expires <= 0 {
		return 0, false
	}
	if seconds = claims.Expires - claims.Issued - 1; claims.Issued <= 0 {
		seconds = claims.Expires - float64(now.UnixMilli())/1000
	}
	return seconds, seconds > 0
}
