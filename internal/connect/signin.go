package connect

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/link"
	"sluice/internal/page"
)

// remembered is what is kept, sealed, while a person is at the vendor's page.
type remembered struct {
	Pending *account.Pending `json:"pending"`
	Token   string           `json:"token"`   // of the link
	Browser []byte           `json:"browser"` // the hash of the browser's cookie
}

// browserCookie is one browser's own. An answer from the vendor is taken only from the browser that was sent there: else somebody could have another person
// sign in with the vendor for them, and hold that person's account in Sluice (RFC 9700, 4.7.1).
const browserCookie = "sluice_connect"

// signIn sends a person to the vendor's page. It is not a redirect: where the answer to a form is one, browsers hold every step that follows against the
// page's form-action, and no page can know by which addresses a vendor signs people in.
func (d *door) signIn(v *visit, form *page.Form, def *integration.Definition, c account.Connection) {
	state := link.NewState()
	pending, err := d.Accounts.Begin(v.r.Context(), v.link.Environment, c, state)
	if err != nil {
		d.showFault(v, def, c.Way, form, account.Describe(def), err)
		return
	}
	browser := d.browser(v)
	kept, err := json.Marshal(remembered{pending, v.token, hash(browser)})
	if err == nil {
		err = d.Links.Keep(v.r.Context(), v.link, state, kept)
	}
	if err != nil {
		d.fail(v, err)
		return
	}
	host := ""
	if u, err := url.Parse(pending.URL); err == nil {
		host = u.Host
	}
	v.w.Header().Set("Refresh", "0; url="+pending.URL)
	pages.Write(v.w, v.r, http.StatusOK, "leaving", struct{ Label, Host, URL string }{def.Label, host, pending.URL})
}

// browser answers the browser's cookie, or gives it one.
func (d *door) browser(v *visit) string {
	if c, err := v.r.Cookie(browserCookie); err == nil && len(c.Value) == 43 {
		return c.Value
	}
	var b [32]byte
	rand.Read(b[:])
	value := base64.RawURLEncoding.EncodeToString(b[:])
	http.SetCookie(v.w, &http.Cookie{Name: browserCookie, Value: value, Path: strings.TrimSuffix(Path, "/"), MaxAge: int(link.MaxLife.Seconds()),
		HttpOnly: true, Secure: strings.HasPrefix(d.PublicURL, "https://"), SameSite: http.SameSiteLaxMode})
	return value
}

func hash(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

// callback takes a person who comes back from the vendor's page.
func (d *door) callback(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // HEAD looks, and must not use the answer up
		w.WriteHeader(http.StatusNoContent)
		return
	}
	query := r.URL.Query()
	const title = "This answer cannot be taken"
	kept, err := d.Links.Take(r.Context(), query.Get("state"))
	if errors.Is(err, link.ErrNotFound) {
		page.WriteMessage(w, r, http.StatusBadRequest, title, "It belongs to no sign-in that is under way: it was taken before, or it took too long. Open your link again and begin anew.")
		return
	}
	v := &visit{w: w, r: r}
	var m remembered
	if err == nil {
		err = json.Unmarshal(kept, &m)
	}
	if err != nil {
		d.fail(v, err)
		return
	}
	cookie, err := r.Cookie(browserCookie)
	if err != nil || subtle.ConstantTimeCompare(hash(cookie.Value), m.Browser) == 0 {
		page.WriteMessage(w, r, http.StatusForbidden, title, "It was asked for in another browser. Open your link again, and go through all of it in one browser.")
		return
	}
	v.token = m.Token
	if v.link, err = d.Links.Find(r.Context(), m.Token); err != nil {
		d.fail(v, err)
		return
	}
	if v.link.State() == link.Used {
		d.fail(v, link.ErrSpent)
		return
	}
	acct, err := d.Accounts.Complete(r.Context(), v.link.Environment, m.Pending, query, d.Links.Use(r.Context(), v.link))
	if err != nil {
		d.fail(v, err)
		return
	}
	if acct.Status == account.ValidationError {
		def, err := d.Catalog.Find(r.Context(), v.link.Environment, acct.Integration)
		if err != nil {
			d.fail(v, err)
			return
		}
		d.fail(v, &account.DeniedError{Message: "You are signed in, but " + def.Label + " does not let the account be used: " + acct.LastError})
		return
	}
	d.goOn(v, acct)
}
