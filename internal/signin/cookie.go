package signin

import (
	"net/http"
	"strings"
	"time"
)

// deviceLife is how long a browser is known by.
const deviceLife = 365 * 24 * time.Hour

// cookies are those that the door gives out.
type cookies struct {
	session, device, openid cookie
}

// cookie is one kind of cookie. Scripts cannot read it, and other sites' requests do not carry it, but for a link that somebody follows. Where the
// installation is reached by https its name begins with __Host-, which browsers take from this very host and over https alone (RFC 6265bis, 4.1.3.2): no
// neighbour on a subdomain can put one there.
type cookie struct {
	name   string
	secure bool
}

func newCookies(publicURL string) cookies {
	secure := strings.HasPrefix(publicURL, "https://")
	named := func(name string) cookie {
		if secure {
			name = "__Host-" + name
		}
		return cookie{name, secure}
	}
	return cookies{session: named("sluice_session"), device: named("sluice_device"), openid: named("sluice_openid")}
}

func (c cookie) read(r *http.Request) string {
	if found, err := r.Cookie(c.name); err == nil {
		return found.Value
	}
	return ""
}

// set gives a cookie for a time; 0: until the session ends, which the server knows best.
func (c cookie) set(w http.ResponseWriter, value string, life time.Duration) {
	if life == 0 {
		life = 400 * 24 * time.Hour // the longest that browsers keep one
	}
	http.SetCookie(w, &http.Cookie{Name: c.name, Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
}

func (c cookie) clear(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: c.name, Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
}
