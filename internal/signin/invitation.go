package signin

import (
	"net/http"

	"sluice/internal/page"
)

func (d *Door) showInvitation(w http.ResponseWriter, r *http.Request) {
	d.writeInvitation(w, r, http.StatusOK, nil)
}

// writeInvitation shows what somebody is invited to. f is nil the first time.
func (d *Door) writeInvitation(w http.ResponseWriter, r *http.Request, status int, f *page.Form) {
	inv, err := d.Users.Invitation(r.Context(), r.PathValue("token"))
	if err != nil {
		d.again(w, r, f, err, nil)
		return
	}
	if f == nil {
		f = page.NewForm("name", inv.Name)
	}
	env, err := d.Environments.Get(r.Context(), inv.Environment)
	if err != nil {
		d.failed(w, r, err)
		return
	}
	data := chosen{Form: f, Email: inv.Email, Environment: env.Name, Role: string(inv.Role)}
	switch p, err := d.Users.Provider(r.Context(), inv.Environment); {
	case err == nil && p.SpeaksFor(inv.Email):
		data.OpenID, data.Company, data.NoPassword = openIDPath(d.Home, inv.Email), p.Label, p.ReplacesPasswords(inv.Role)
	case err != nil && !isNotFound(err):
		d.failed(w, r, err)
		return
	}
	pages.Write(w, r, status, "invitation", data)
}

func (d *Door) acceptInvitation(w http.ResponseWriter, r *http.Request) {
	f, ok := readForm(w, r)
	if !ok {
		return
	}
	u, err := d.Users.Accept(r.Context(), r.PathValue("token"), f.Get("name"), f.Get("password"))
	if err == nil {
		err = d.admit(w, r, u, byInvitation)
	}
	if err != nil {
		d.again(w, r, f, err, func(status int) { d.writeInvitation(w, r, status, f) })
		return
	}
	page.Redirect(w, r, d.Home, "Welcome, "+u.Name+".")
}
