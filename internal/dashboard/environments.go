package dashboard

import (
	"cmp"
	"errors"
	"net/http"

	"sluice/internal/environment"
	"sluice/internal/page"
	"sluice/internal/permission"
	"sluice/internal/user"
)

func (v *visit) environment() error { return v.showEnvironment(http.StatusOK, nil, page.NewForm()) }

// showEnvironment shows the environment: with the form that renames it, nil for its name as it is, and the form of another one.
func (v *visit) showEnvironment(status int, rename, form *page.Form) error {
	env, err := v.Environments.Get(v.r.Context(), v.env())
	if err != nil {
		return err
	}
	p := v.settings("Environment")
	p.Form = form
	return v.showAs(status, "environment", struct {
		settingsPage
		Environment *environment.Environment
		Rename      *page.Form
	}{p, env, cmp.Or(rename, page.NewForm("environment", env.Name))})
}

func (v *visit) renameEnvironment() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	env, err := v.Environments.Rename(v.r.Context(), v.env(), form.Get("environment"))
	if wrong, ok := errors.AsType[*environment.InvalidError](err); ok {
		wrong.Field = "environment" // two fields of one page cannot both be called name
	}
	if err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showEnvironment(http.StatusUnprocessableEntity, form, page.NewForm())
	}
	return v.done(settings+"/environment", "The environment is called “"+env.Name+"” now.")
}

// createEnvironment makes another environment, and a link by which its owner comes in.
func (v *visit) createEnvironment() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	if form.Get("email") == "" {
		form.Fail("email", "Give the address of its owner: an environment without one can be reached by nobody.")
		return v.showEnvironment(http.StatusUnprocessableEntity, nil, form)
	}
	env, err := v.Environments.Create(v.r.Context(), form.Get("name"))
	if err == nil {
		var token string
		if _, token, err = v.Users.Invite(v.r.Context(), user.Draft{Environment: env.ID, Email: form.Get("email"), Role: permission.Owner}, v.by()); err == nil {
			return v.showOnce("Environment", "The environment “"+env.Name+"” is created", "Send this link to its owner. It works once, until it is used or a week is over. Nothing of this environment can be seen there, nor the other way round.",
				"Invitation link of its owner", v.Door.InvitationURL(token), settings+"/environment")
		}
		if failed := v.Environments.Delete(v.r.Context(), env.ID); failed != nil {
			return failed
		}
	}
	if !faulty(form, err) {
		return err
	}
	return v.showEnvironment(http.StatusUnprocessableEntity, nil, form)
}
