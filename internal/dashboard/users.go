package dashboard

import (
	"net/http"
	"net/url"

	"sluice/internal/page"
	"sluice/internal/permission"
	"sluice/internal/user"
)

// roleHelp says what each role is for.
var roleHelp = map[permission.Role]string{
	permission.Owner:  "everything, also how people sign in, and other environments",
	permission.Admin:  "accounts, MCP servers, integrations, tokens and people",
	permission.Member: "works with accounts, MCP servers and tools",
	permission.Viewer: "looks, and changes nothing",
}

// RoleOptions are the roles that the visitor can give: nobody gives what they do not hold.
func (v *visit) RoleOptions() []page.Option {
	var options []page.Option
	for _, role := range permission.Roles() {
		if v.may.HasAll(role.Permissions()) {
			options = append(options, page.Option{Value: string(role), Label: string(role), Help: roleHelp[role]})
		}
	}
	return options
}

func (v *visit) users() error {
	return v.showUsers(http.StatusOK, page.NewForm("role", string(permission.Member)))
}

func (v *visit) showUsers(status int, form *page.Form) error {
	p := v.settings("Users")
	p.Form = form
	found, next, err := v.Users.List(v.r.Context(), v.env(), v.r.URL.Query().Get("before"), perPage)
	if err != nil {
		return err
	}
	invitations, more, err := v.Users.Invitations(v.r.Context(), v.env(), v.r.URL.Query().Get("invitations"), perPage)
	if err != nil {
		return err
	}
	return v.showAs(status, "users", struct {
		settingsPage
		Rows        []*user.User
		Pages       page.Pages
		Invitations []*user.Invitation
		Further     page.Pages
		Me          string
	}{p, found, v.pages("before", next, len(found), "user"), invitations, v.pages("invitations", more, len(invitations), "invitation"), v.person.ID})
}

func (v *visit) invite() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	inv, token, err := v.Users.Invite(v.r.Context(), user.Draft{
		Environment: v.env(), Email: form.Get("email"), Name: form.Get("name"), Role: permission.Role(form.Get("role")),
	}, v.by())
	if err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showUsers(http.StatusUnprocessableEntity, form)
	}
	return v.showOnce("Users", "An invitation for "+inv.Email, "Send this link to them. It works once, until it is used or a week is over.", "Invitation link", v.Door.InvitationURL(token), settings+"/users")
}

func (v *visit) uninvite() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	if err := v.Users.Uninvite(v.r.Context(), v.env(), form.Get("invitation")); err != nil {
		return err
	}
	return v.done(settings+"/users", "The invitation is taken back: its link opens nothing.")
}

// showOnce shows a secret, this once.
func (v *visit) showOnce(tab, title, text, label, secret, back string) error {
	return v.show("once", struct {
		settingsPage
		Title, Text, Label, Secret, Back string
	}{v.settings(tab), title, text, label, secret, back})
}

// userPage is the page of one user.
type userPage struct {
	settingsPage
	User *user.User
	URL  string
	Self bool
}

func (v *visit) theUser() (*userPage, error) {
	u, err := v.Users.Get(v.r.Context(), v.env(), v.r.PathValue("user"))
	if err != nil {
		return nil, err
	}
	return &userPage{v.settings("Users"), u, settings + "/users/" + url.PathEscape(u.ID), u.ID == v.person.ID}, nil
}

func (v *visit) user() error {
	p, err := v.theUser()
	if err != nil {
		return err
	}
	p.Form = page.NewForm("name", p.User.Name, "role", string(p.User.Role))
	return v.show("user", p)
}

func (v *visit) changeUser() error {
	p, err := v.theUser()
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	name, role := form.Get("name"), permission.Role(form.Get("role"))
	change := user.Change{Name: &name}
	if form.Values.Has("role") && role != p.User.Role {
		change.Role = &role
	}
	if _, err := v.Users.Update(v.r.Context(), v.env(), p.User.ID, change, v.by()); err != nil {
		if !faulty(form, err) {
			return err
		}
		p.Form = form
		return v.showAs(http.StatusUnprocessableEntity, "user", p)
	}
	return v.done(settings+"/users", name+" is changed.")
}

func (v *visit) passwordLink() error {
	p, err := v.theUser()
	if err != nil {
		return err
	}
	token, _, err := v.Users.NewLink(v.r.Context(), v.env(), p.User.ID, user.PasswordLink, user.PasswordLinkLife, v.by())
	if err != nil {
		form := page.NewForm("name", p.User.Name, "role", string(p.User.Role))
		if !faulty(form, err) {
			return err
		}
		p.Form = form
		return v.showAs(http.StatusUnprocessableEntity, "user", p)
	}
	return v.showOnce("Users", "A password link for "+p.User.Email, "Send this link to them. It works once, within a day; whoever opens it chooses the password, and is signed out everywhere else.", "Password link", v.Door.PasswordURL(token), settings+"/users")
}

func (v *visit) removeUserForm() error {
	p, err := v.theUser()
	if err != nil {
		return err
	}
	return v.show("user-remove", p)
}

func (v *visit) removeUser() error {
	p, err := v.theUser()
	if err != nil {
		return err
	}
	if err := v.Users.Delete(v.r.Context(), v.env(), p.User.ID, v.by()); err != nil {
		if !faulty(p.Form, err) {
			return err
		}
		return v.showAs(http.StatusUnprocessableEntity, "user-remove", p)
	}
	return v.done(settings+"/users", p.User.Email+" is removed.")
}
