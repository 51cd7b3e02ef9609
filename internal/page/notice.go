package page

import (
	"encoding/base64"
	"net/http"
)

// noticeCookie carries one sentence from the answer to a form to the page that it leads to.
const noticeCookie = "sluice_notice"

// Redirect answers a form that has done its work: the browser goes on to a page, by GET, and that page says what was done. A notice is kept in the browser
// for a moment; it may name what was done, and never holds a secret.
func Redirect(w http.ResponseWriter, r *http.Request, url, notice string) {
	if notice != "" {
		http.SetCookie(w, &http.Cookie{
			Name: noticeCookie, Value: base64.RawURLEncoding.EncodeToString([]byte(notice)), Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	http.Redirect(w, r, url, http.StatusSeeOther)
}

// takeNotice reads the notice that a redirect left, and removes it.
func takeNotice(w http.ResponseWriter, r *http.Request) string {
	cookie, err := r.Cookie(noticeCookie)
	if err != nil {
		return ""
	}
	http.SetCookie(w, &http.Cookie{Name: noticeCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return ""
	}
	return string(text)
}
