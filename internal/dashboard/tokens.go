package dashboard

import (
	"net/http"
	"net/url"

	"sluice/internal/environment"
	"sluice/internal/page"
	"sluice/internal/permission"
)

// tokenRow is an API token as lists show it.
type tokenRow struct {
	*environment.Token
	URL   string
	May   string // what it may do
	Owner string // whose it is; "": the environment's
}

func (v *visit) tokenRow(t *environment.Token) *tokenRow {
	row := &tokenRow{Token: t, URL: settings + "/tokens/" + url.PathEscape(t.ID) + "/revoke", May: t.Scopes.String()}
	if t.Scopes == permission.Everything {
		row.May = "everything"
	}
	if t.UserID != "" {
		row.Owner = t.UserID
		if u, err := v.Users.Find(v.r.Context(), t.UserID); err == nil {
			row.Owner = u.Email
		}
	}
	return row
}

func (v *visit) tokens() error {
	return v.showTokens(http.StatusOK, page.NewForm("expires", "90"))
}

// ScopeOptions are what the visitor can let a token do.
func (v *visit) ScopeOptions() []page.Option {
	var options []page.Option
	for _, p := range permission.All() {
		if v.may.Has(p) {
			options = append(options, page.Option{Value: string(p), Label: string(p)})
		}
	}
	return options
}

func (v *visit) showTokens(status int, form *page.Form) error {
	p := v.settings("API tokens")
	p.Form = form
	found, next, err := v.Environments.ListTokens(v.r.Context(), v.env(), v.r.URL.Query().Get("before"), perPage)
	if err != nil {
		return err
	}
	data := struct {
		settingsPage
		Rows  []*tokenRow
		Pages page.Pages
	}{settingsPage: p, Pages: v.pages("before", next, len(found), "API token")}
	for _, t := range found {
		data.Rows = append(data.Rows, v.tokenRow(t))
	}
	return v.showAs(status, "tokens", data)
}

func (v *visit) createToken() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	draft := environment.TokenDraft{Environment: v.env(), Name: form.Get("name"), CreatedBy: v.person.ID, Scopes: v.may, ExpiresAt: readExpiry(form)}
	if scopes := form.All("scopes"); len(scopes) > 0 {
		var err error
		if draft.Scopes, err = permission.Parse(scopes); err != nil {
			form.Fail("scopes", sentence(err.Error()))
		} else if !v.may.HasAll(draft.Scopes) {
			form.Fail("scopes", "A token may do no more than you may.")
		}
	}
	if form.Get("of") == "me" {
		draft.UserID = v.person.ID
	}
	if !form.OK() {
		return v.showTokens(http.StatusUnprocessableEntity, form)
	}
	token, text, err := v.Environments.IssueToken(v.r.Context(), draft)
	if err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showTokens(http.StatusUnprocessableEntity, form)
	}
	return v.showOnce("API tokens", "“"+token.Name+"” is created", "This is the only time it is shown. Programs send it as Authorization: Bearer, the command line takes it as SLUICE_TOKEN.", "API token", text, settings+"/tokens")
}

func (v *visit) theToken() (*tokenRow, error) {
	t, err := v.Environments.GetToken(v.r.Context(), v.env(), v.r.PathValue("token"))
	if err != nil {
		return nil, err
	}
	return v.tokenRow(t), nil
}

func (v *visit) revokeTokenForm() error {
	t, err := v.theToken()
	if err != nil {
		return err
	}
	return v.show("token-revoke", struct {
		settingsPage
		Token *tokenRow
	}{v.settings("API tokens"), t})
}

func (v *visit) revokeToken() error {
	t, err := v.theToken()
	if err != nil {
		return err
	}
	if err := v.Environments.DeleteToken(v.r.Context(), v.env(), t.ID); err != nil {
		return err
	}
	return v.done(settings+"/tokens", "“"+t.Name+"” is revoked: it opens nothing any more.")
}
