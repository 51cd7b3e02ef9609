package dashboard

import (
	"errors"
	"net/http"
	"strings"

	"sluice/internal/page"
	"sluice/internal/user"
)

// sessionRow is a browser in which the visitor is signed in.
type sessionRow struct {
	*user.Session
	Current bool
	Browser string
}

func (v *visit) you() error {
	return v.showYou(http.StatusOK, page.NewForm("name", v.person.Name))
}

func (v *visit) showYou(status int, form *page.Form) error {
	p := v.settings("You")
	p.Form = form
	sessions, err := v.Users.Sessions(v.r.Context(), v.env(), v.person.ID)
	if err != nil {
		return err
	}
	data := struct {
		settingsPage
		Person   *user.User
		Sessions []sessionRow
	}{settingsPage: p, Person: v.person}
	for _, s := range sessions {
		data.Sessions = append(data.Sessions, sessionRow{s, v.session != nil && s.ID == v.session.ID, browserOf(s.UserAgent)})
	}
	return v.showAs(status, "you", data)
}

// browserOf names a browser by what it says of itself.
func browserOf(agent string) string {
	name := "Unknown browser"
	for _, b := range []struct{ mark, name string }{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}} {
		if strings.Contains(agent, b.mark) {
			name = b.name
			break
		}
	}
	for _, s := range []struct{ mark, name string }{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, s.mark) {
			return name + " on " + s.name
		}
	}
	return name
}

func (v *visit) changeYou() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	name := form.Get("name")
	if _, err := v.Users.Update(v.r.Context(), v.env(), v.person.ID, user.Change{Name: &name}, v.by()); err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showYou(http.StatusUnprocessableEntity, form)
	}
	return v.done(settings+"/you", "Your name is changed.")
}

func (v *visit) changePassword() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	keep, from := "", user.Origin{}
	if v.session != nil {
		keep, from.Address = v.session.ID, v.session.Address
	}
	err := v.Users.ChangePassword(v.r.Context(), v.person, form.Get("old_password"), form.Get("password"), keep, from)
	if errors.Is(err, user.ErrPassword) {
		form.Fail("old_password", "This is not the password you have now.")
		err = nil
	} else if err != nil && faulty(form, err) {
		err = nil
	}
	if err != nil {
		return err
	}
	if !form.OK() {
		form.Values.Set("name", v.person.Name)
		return v.showYou(http.StatusUnprocessableEntity, form)
	}
	return v.done(settings+"/you", "Your password is changed. Wherever else you were signed in, you are not any more; programs that you allowed and API tokens stay until you take them back.")
}

func (v *visit) endSession() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	if id := form.Get("session"); id != "" {
		if err := v.Users.EndSession(v.r.Context(), v.env(), v.person.ID, id); err != nil {
			return err
		}
		return v.done(settings+"/you", "That browser is signed out.")
	}
	keep := ""
	if v.session != nil {
		keep = v.session.ID
	}
	if err := v.Users.EndOtherSessions(v.r.Context(), v.env(), v.person.ID, keep); err != nil {
		return err
	}
	return v.done(settings+"/you", "You are signed out everywhere but here.")
}
