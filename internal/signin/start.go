package signin

import (
	"context"
	"encoding/base32"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sluice/internal/environment"
	"sluice/internal/page"
	"sluice/internal/user"
)

// The first owner is whoever reads the server's log, where the start code is told as long as nobody is a user: a stranger who finds a new installation first
// cannot have it. The code is made of the installation's keys, so that every node takes it and none keeps it.

// startBytes of the code's authenticator are shown: 80 bits, in sixteen characters that are not mistaken for each other.
const startBytes = 10

var startAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// StartURL is the page that makes the first owner, with its code. It is for the terminal or the log.
func (d *Door) StartURL() (string, error) {
	sum, err := d.Keys.MAC("start", nil)
	if err != nil {
		return "", err
	}
	return d.PublicURL + "/start?code=" + url.QueryEscape(startAlphabet.EncodeToString(sum[:startBytes])), nil
}

type startPage struct{ Form *page.Form }

func (d *Door) showStart(w http.ResponseWriter, r *http.Request) {
	if d.started(w, r) {
		return
	}
	pages.Write(w, r, http.StatusOK, "start", startPage{page.NewForm("code", r.URL.Query().Get("code"))})
}

// started answers a request to the start page once there is a user.
func (d *Door) started(w http.ResponseWriter, r *http.Request) bool {
	count, err := d.Users.Count(r.Context())
	switch {
	case err != nil:
		d.failed(w, r, err)
	case count > 0:
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	}
	return err != nil || count > 0
}

func (d *Door) start(w http.ResponseWriter, r *http.Request) {
	if d.started(w, r) {
		return
	}
	f, ok := readForm(w, r)
	if !ok {
		return
	}
	show := func(status int) { pages.Write(w, r, status, "start", startPage{f}) }
	right, err := d.Users.Guess(r.Context(), d.origin(r), func() bool { return d.isStartCode(f.Get("code")) })
	if err != nil {
		d.again(w, r, f, err, show)
		return
	}
	if !right {
		f.Fail("code", "This is not the start code. Sluice's log tells it, each time Sluice starts and nobody is a user.")
		show(http.StatusUnprocessableEntity)
		return
	}
	if f.Get("password") == "" {
		f.Fail("password", "Choose a password.")
		show(http.StatusUnprocessableEntity)
		return
	}
	u, err := d.Users.CreateFirst(r.Context(), user.Draft{Email: f.Get("email"), Name: f.Get("name"), Password: f.Get("password")}, d.firstEnvironment)
	if err == nil {
		err = d.admit(w, r, u, byPassword)
	}
	switch {
	case errors.Is(err, user.ErrNotFirst):
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	case err != nil:
		d.again(w, r, f, err, show)
	default:
		page.Redirect(w, r, d.Home, "Welcome to Sluice, "+u.Name+".")
	}
}

func (d *Door) isStartCode(code string) bool {
	code = strings.ToLower(strings.TrimSpace(code))
	given, err := startAlphabet.DecodeString(code)
	return err == nil && len(given) == startBytes && startAlphabet.EncodeToString(given) == code && d.Keys.CheckMACPrefix("start", nil, given)
}

// firstEnvironment is where the first owner is: in the one that there is, or in a new one.
func (d *Door) firstEnvironment(ctx context.Context) (string, error) {
	const name = "default"
	some, _, err := d.Environments.List(ctx, "", 2)
	if err != nil {
		return "", err
	}
	if len(some) == 1 {
		return some[0].ID, nil
	}
	e, err := d.Environments.ByName(ctx, name)
	if errors.Is(err, environment.ErrNotFound) {
		if len(some) > 1 {
			return "", &user.ConflictError{Message: "there are several environments: say whose owner you are by `sluice user create --owner --environment NAME` where the database is"}
		}
		e, err = d.Environments.Create(ctx, name)
	}
	if err != nil {
		return "", err
	}
	return e.ID, nil
}
