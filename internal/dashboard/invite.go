package dashboard

import (
	"net/http"
	"time"

	"sluice/internal/link"
	"sluice/internal/page"
)

// lives are how long a link may stand open.
var lives = []struct {
	name, label string
	length      time.Duration
}{
	{"1h", "An hour", time.Hour}, {"1d", "A day", 24 * time.Hour}, {"7d", "A week", link.MaxLife},
}

// inviteCustomer shows the form of a link by which somebody without a login connects an account.
func (v *visit) inviteCustomer() error {
	q := v.r.URL.Query()
	return v.showInvite(http.StatusOK, page.NewForm("life", "1d", "account", q.Get("account"), "integration", q.Get("integration")))
}

func (v *visit) showInvite(status int, form *page.Form) error {
	data := struct {
		*visit
		Form         *page.Form
		Account      *accountRow // that is connected again; nil: a new one
		Integrations []page.Option
		Lives        []page.Option
	}{visit: v, Form: form, Integrations: []page.Option{{Value: "", Label: "They choose"}}}
	for _, l := range lives {
		data.Lives = append(data.Lives, page.Option{Value: l.name, Label: l.label})
	}
	if id := form.Get("account"); id != "" {
		acct, err := v.Accounts.Get(v.r.Context(), v.env(), id)
		if err != nil {
			return err
		}
		data.Account = v.row(acct)
	} else {
		entries, err := v.Catalog.List(v.r.Context(), v.env())
		if err != nil {
			return err
		}
		for _, e := range entries {
			data.Integrations = append(data.Integrations, page.Option{Value: e.Definition.Name, Label: e.Definition.Label})
		}
	}
	return v.showAs(status, "invite", data)
}

// makeLink makes the link, and shows it this once.
func (v *visit) makeLink() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	draft := link.Draft{Environment: v.env(), CreatedBy: v.person.ID, AccountID: form.Get("account")}
	back, what := home, "an account"
	if draft.AccountID == "" {
		draft.TenantID, draft.Name, draft.Integration = form.Get("tenant_id"), form.Get("name"), form.Get("integration")
	} else {
		back, what = accountURL(draft.AccountID)+"/settings", "this account again"
	}
	for _, l := range lives {
		if l.name == form.Get("life") {
			draft.Life = l.length
		}
	}
	l, token, err := v.Links.Create(v.r.Context(), draft)
	if err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showInvite(http.StatusUnprocessableEntity, form)
	}
	return v.show("invited", struct {
		*visit
		What, URL, Back string
		ExpiresAt       time.Time
	}{v, what, v.LinkURL(token), back, l.ExpiresAt})
}
