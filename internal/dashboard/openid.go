package dashboard

import (
	"errors"
	"net/http"
	"strings"

	"sluice/internal/page"
	"sluice/internal/permission"
	"sluice/internal/user"
)

// signInPage is how the environment's people sign in.
type signInPage struct {
	settingsPage
	Provider *user.Provider // nil: by passwords alone
	Callback string
	Roles    []page.Option
}

func (v *visit) signIn() error {
	provider, err := v.provider()
	if err != nil {
		return err
	}
	form := page.NewForm()
	if provider != nil {
		form = page.NewForm("label", provider.Label, "issuer", provider.Issuer, "client_id", provider.ClientID, "domains", strings.Join(provider.Domains, "\n"), "role", string(provider.Role))
		if provider.Required {
			form.Values.Set("required", "on")
		}
	}
	return v.showSignIn(http.StatusOK, provider, form)
}

func (v *visit) provider() (*user.Provider, error) {
	provider, err := v.Users.Provider(v.r.Context(), v.env())
	if errors.Is(err, user.ErrNotFound) {
		return nil, nil
	}
	return provider, err
}

func (v *visit) showSignIn(status int, provider *user.Provider, form *page.Form) error {
	p := signInPage{settingsPage: v.settings("Sign-in"), Provider: provider, Callback: v.PublicURL + "/sign-in/openid/callback"}
	p.Form = form
	p.Roles = append([]page.Option{{Value: "", Label: "nobody: only who was invited"}}, v.RoleOptions()...)
	return v.showAs(status, "sign-in", p)
}

func (v *visit) setProvider() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	err := v.Users.SetProvider(v.r.Context(), user.Provider{
		Environment: v.env(), Label: form.Get("label"), Issuer: strings.TrimSpace(form.Get("issuer")), ClientID: strings.TrimSpace(form.Get("client_id")), ClientSecret: form.Get("client_secret"),
		Domains: strings.Fields(strings.ReplaceAll(form.Get("domains"), ",", " ")), Role: permission.Role(form.Get("role")), Required: form.Get("required") != "",
	}, v.by())
	if err != nil {
		if !faulty(form, err) {
			return err
		}
		provider, err := v.provider()
		if err != nil {
			return err
		}
		return v.showSignIn(http.StatusUnprocessableEntity, provider, form)
	}
	return v.done(settings+"/sign-in", "People of these domains now sign in by the provider.")
}

func (v *visit) removeProvider() error {
	if err := v.Users.DeleteProvider(v.r.Context(), v.env()); err != nil {
		return err
	}
	return v.done(settings+"/sign-in", "The provider is removed: people sign in by their passwords.")
}
