package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"sluice/internal/page"
	"sluice/internal/prose"
	"sluice/internal/user"
)

func isNotFound(err error) bool { return errors.Is(err, user.ErrNotFound) }

// signInPage is what the page to sign in shows.
type signInPage struct {
	Form    *page.Form
	Next    string // "": home
	OpenID  string // the link that leads to a provider; "": nobody signs in that way
	Company string // what the provider is called, where there is but one
}

func (d *Door) showSignIn(w http.ResponseWriter, r *http.Request) {
	next := d.local(r.URL.Query().Get("next"))
	switch u, err := d.Current(r); {
	case err != nil:
		d.failed(w, r, err)
		return
	case u != nil:
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	switch count, err := d.Users.Count(r.Context()); {
	case err != nil:
		d.failed(w, r, err)
		return
	case count == 0:
		http.Redirect(w, r, "/start", http.StatusSeeOther)
		return
	}
	d.writeSignIn(w, r, http.StatusOK, page.NewForm(), next)
}

func (d *Door) writeSignIn(w http.ResponseWriter, r *http.Request, status int, f *page.Form, next string) {
	data := signInPage{Form: f}
	if next != d.Home {
		data.Next = next
	}
	has, err := d.Users.HasProviders(r.Context())
	if err != nil {
		d.failed(w, r, err)
		return
	}
	if has {
		data.OpenID = openIDPath(next, "")
		switch only, err := d.Users.OnlyProvider(r.Context()); {
		case err == nil:
			data.Company = only.Label
		case !isNotFound(err):
			d.failed(w, r, err)
			return
		}
	}
	pages.Write(w, r, status, "sign-in", data)
}

func (d *Door) signIn(w http.ResponseWriter, r *http.Request) {
	f, ok := readForm(w, r)
	if !ok {
		return
	}
	next := d.local(f.Get("next"))
	u, err := d.Users.SignIn(r.Context(), f.Get("email"), f.Get("password"), d.origin(r))
	if err == nil {
		err = d.admit(w, r, u, byPassword)
	}
	switch {
	case err == nil:
		http.Redirect(w, r, next, http.StatusSeeOther)
	case errors.Is(err, user.ErrPassword):
		f.Fail("", "The email address or the password is not right.")
		d.writeSignIn(w, r, http.StatusUnprocessableEntity, f, next)
	default:
		d.again(w, r, f, err, func(status int) { d.writeSignIn(w, r, status, f, next) })
	}
}

// again shows a form another time with what was wrong in it, or says that something went wrong that nobody there can mend.
func (d *Door) again(w http.ResponseWriter, r *http.Request, f *page.Form, err error, show func(status int)) {
	var (
		invalid  *user.InvalidError
		conflict *user.ConflictError
		many     *user.TooManyError
	)
	switch {
	case errors.Is(err, user.ErrLink):
		page.WriteMessage(w, r, http.StatusNotFound, "This link does not work any more", "It was used, replaced by another, or has expired. Ask whoever sent it for a new one.")
	case show == nil: // there is no form
		d.failed(w, r, err)
	case errors.As(err, &invalid):
		f.Fail(invalid.Field, fieldName(invalid.Field)+" "+invalid.Message+".")
		show(http.StatusUnprocessableEntity)
	case errors.As(err, &conflict):
		f.Fail("", prose.Capital(conflict.Message)+".")
		show(http.StatusConflict)
	case errors.As(err, &many):
		w.Header().Set("Retry-After", strconv.Itoa(many.Seconds()))
		f.Fail("", fmt.Sprintf("There were too many attempts. Wait %s, then try again.", page.Count(many.Seconds(), "second")))
		show(http.StatusTooManyRequests)
	default:
		d.failed(w, r, err)
	}
}

// fieldName is what the pages call a field.
func fieldName(field string) string {
	if field == "email" {
		return "The email address"
	}
	return "The " + field
}

// maxForm bounds what is read of a form.
const maxForm = 64 << 10

func readForm(w http.ResponseWriter, r *http.Request) (*page.Form, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	f, err := page.ReadForm(r)
	if err != nil {
		page.WriteMessage(w, r, http.StatusBadRequest, "The form did not arrive", "Go back and send it again.")
		return nil, false
	}
	return f, true
}

func (d *Door) showSignOut(w http.ResponseWriter, r *http.Request) {
	u, err := d.Current(r)
	if err != nil {
		d.failed(w, r, err)
		return
	}
	if u == nil {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	pages.Write(w, r, http.StatusOK, "sign-out", u)
}

func (d *Door) signOut(w http.ResponseWriter, r *http.Request) {
	d.leave(r)
	d.cookies.session.clear(w)
	page.Redirect(w, r, "/sign-in", "You are signed out.")
}

// chosen is what the pages show on which somebody chooses a password: of an invitation, and of a link for it.
type chosen struct {
	Form        *page.Form
	Email       string
	Environment string
	Role        string
	OpenID      string // the link that joins by a provider; "": none speaks for the address
	Company     string
	NoPassword  bool // it is joined by the provider alone
}

func (d *Door) showPassword(w http.ResponseWriter, r *http.Request) {
	f := page.NewForm()
	u, err := d.Users.Link(r.Context(), user.PasswordLink, r.PathValue("token"))
	if err != nil {
		d.again(w, r, f, err, nil)
		return
	}
	pages.Write(w, r, http.StatusOK, "password", chosen{Form: f, Email: u.Email})
}

func (d *Door) choosePassword(w http.ResponseWriter, r *http.Request) {
	f, ok := readForm(w, r)
	if !ok {
		return
	}
	token := r.PathValue("token")
	u, err := d.Users.ChoosePassword(r.Context(), token, f.Get("password"))
	if err == nil {
		err = d.admit(w, r, u, byPassword)
	}
	if err != nil {
		d.again(w, r, f, err, func(status int) {
			email := ""
			if u, err := d.Users.Link(context.WithoutCancel(r.Context()), user.PasswordLink, token); err == nil {
				email = u.Email
			}
			pages.Write(w, r, status, "password", chosen{Form: f, Email: email})
		})
		return
	}
	page.Redirect(w, r, d.Home, "Your password is changed. Wherever else you were signed in, you are not any more; programs that you allowed and API tokens stay until you take them back.")
}

// openLink signs in whom the link was made for. It asks nothing, since it is for somebody who has no other way in yet; a browser that is signed in already goes
// on as it is, so that opening it twice there does no harm.
func (d *Door) openLink(w http.ResponseWriter, r *http.Request) {
	next := d.local(r.URL.Query().Get("next"))
	if r.Method != http.MethodGet { // HEAD looks, and must not use it up
		w.WriteHeader(http.StatusNoContent)
		return
	}
	u, err := d.Users.UseLink(r.Context(), user.SignInLink, r.PathValue("token"))
	if errors.Is(err, user.ErrLink) {
		if here, hereErr := d.Current(r); hereErr == nil && here != nil {
			http.Redirect(w, r, next, http.StatusSeeOther)
			return
		}
	}
	if err == nil {
		err = d.admit(w, r, u, byLink)
	}
	if err != nil {
		d.again(w, r, page.NewForm(), err, nil)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}
