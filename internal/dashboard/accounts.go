package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/internal/account"
	"sluice/internal/catalog"
	"sluice/internal/confirmation"
	"sluice/internal/integration"
	"sluice/internal/mcpserver"
	"sluice/internal/page"
)

// perPage is how many rows a list shows at once.
const perPage = 50

// state is how a status is shown.
type state struct{ Kind, Words string }

var accountStates = map[account.Status]state{
	account.Connecting:      {"info", "Connecting"},
	account.Active:          {"ok", "Active"},
	account.NeedsReauth:     {"bad", "Needs reconnecting"},
	account.ValidationError: {"bad", "Not accepted"},
	account.Disabled:        {"", "Disabled"},
}

// accountRow is an account as lists show it.
type accountRow struct {
	*account.Account
	Title, Label string // of the account, of its integration
	State        state
	LastUsed     time.Time
}

// URL is the account's page.
func (a *accountRow) URL() string { return accountURL(a.ID) }

func accountURL(id string) string { return home + "/" + url.PathEscape(id) }

func (v *visit) row(acct *account.Account) *accountRow {
	row := &accountRow{Account: acct, Title: acct.Name, Label: acct.Integration, State: accountStates[acct.Status]}
	if def, err := v.Catalog.Find(v.r.Context(), acct.Environment, acct.Integration); err == nil {
		row.Label = def.Label
	}
	if row.Title == "" {
		row.Title = row.Label
	}
	return row
}

func (v *visit) accounts() error {
	q := v.r.URL.Query()
	filter := account.Filter{Integration: q.Get("integration"), Status: account.Status(q.Get("status")), Before: q.Get("before"), Limit: perPage}
	found, next, err := v.Accounts.List(v.r.Context(), v.env(), filter)
	if err != nil {
		return err
	}
	ids := make([]string, len(found))
	for i, a := range found {
		ids[i] = a.ID
	}
	used, err := v.Audit.LastOfAccounts(v.r.Context(), v.env(), ids)
	if err != nil {
		return err
	}
	data := struct {
		*visit
		Rows         []*accountRow
		Filtered     bool
		Form         *page.Form
		Integrations []page.Option
		States       []page.Option
		Pages        page.Pages
	}{visit: v, Form: &page.Form{Values: q}, Filtered: filter.Integration != "" || filter.Status != "" || filter.Before != "", Pages: v.pages("before", next, len(found), "account")}
	for _, a := range found {
		row := v.row(a)
		row.LastUsed = used[a.ID]
		data.Rows = append(data.Rows, row)
	}
	if len(data.Rows) == 0 && !data.Filtered {
		return v.show("welcome", data)
	}
	entries, err := v.Catalog.List(v.r.Context(), v.env())
	if err != nil {
		return err
	}
	data.Integrations = []page.Option{{Value: "", Label: "All"}}
	for _, e := range entries {
		data.Integrations = append(data.Integrations, page.Option{Value: e.Definition.Name, Label: e.Definition.Label})
	}
	data.States = []page.Option{{Value: "", Label: "All"}}
	for _, s := range account.Statuses {
		data.States = append(data.States, page.Option{Value: string(s), Label: accountStates[s].Words})
	}
	return v.show("accounts", data)
}

// pages is the way through a list whose place is kept in a parameter of the URL.
func (v *visit) pages(parameter, next string, shown int, what string) page.Pages {
	q := v.r.URL.Query()
	p := page.Pages{}
	if q.Get(parameter) != "" {
		q.Del(parameter)
		p.First = v.r.URL.Path + "?" + q.Encode()
	}
	if next != "" {
		q.Set(parameter, next)
		p.Next = v.r.URL.Path + "?" + q.Encode()
	}
	p.Words = page.Count(shown, what) + " on this page"
	return p
}

// accountPage is what all pages of one account show.
type accountPage struct {
	*visit
	Account    *accountRow
	Definition *integration.Definition // nil: the environment has none of that name any more
	Tabs       []page.Link
}

// account finds the account that the path names.
func (v *visit) account(tab string) (accountPage, error) {
	acct, err := v.Accounts.Get(v.r.Context(), v.env(), v.r.PathValue("id"))
	if err != nil {
		return accountPage{}, err
	}
	p := accountPage{visit: v, Account: v.row(acct)}
	if p.Definition, err = v.Catalog.Find(v.r.Context(), acct.Environment, acct.Integration); err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return p, err
	}
	for _, t := range []struct{ label, path, needs string }{
		{"MCP servers", "", "servers:read"}, {"Tools", "/tools", "tools:read"}, {"Logs", "/logs", "logs:read"}, {"Settings", "/settings", "accounts:read"},
	} {
		if v.May(t.needs) {
			p.Tabs = append(p.Tabs, page.Link{Label: t.label, URL: p.Account.URL() + t.path, Current: t.label == tab})
		}
	}
	return p, nil
}

func (v *visit) accountSettings() error {
	p, err := v.account("Settings")
	if err != nil {
		return err
	}
	return v.showSettings(http.StatusOK, p, formOfAccount(p.Account.Account))
}

func (v *visit) showSettings(status int, p accountPage, form *page.Form) error {
	return v.showAs(status, "account-settings", struct {
		accountPage
		Form *page.Form
	}{p, form})
}

func (v *visit) changeAccount() error {
	p, err := v.account("Settings")
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	name, tenant, kept := form.Get("name"), form.Get("tenant_id"), p.Account.Settings
	if kept.Confirm, err = confirmation.ParsePolicy(form.Get("settings.confirm")); err != nil {
		form.Fail("settings.confirm", "Choose one of these.")
	}
	kept.Retry = retries[form.Get("settings.retry")]
	if form.Get("settings.retry") == retryAsIs {
		kept.Retry = p.Account.Settings.Retry
	}
	if !form.OK() {
		return v.showSettings(http.StatusUnprocessableEntity, p, form)
	}
	if _, err := v.Accounts.Update(v.r.Context(), v.env(), p.Account.ID, account.Change{Name: &name, TenantID: &tenant, Settings: &kept}); err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showSettings(http.StatusUnprocessableEntity, p, form)
	}
	return v.done(p.Account.URL()+"/settings", "The account's settings are saved.")
}

// retries are the policies that the form offers, by how they are called there; any other that the API set stays as it is.
var retries = map[string]*account.Retry{
	"":        nil,
	"short":   {Attempts: 3, LongestWait: 10},
	"patient": {Attempts: 5, LongestWait: 60},
}

const retryAsIs = "as it is"

// ContextLabel is what a value that an account was connected with is called.
func (p accountPage) ContextLabel(name string) string {
	if p.Definition != nil {
		for _, f := range p.Definition.Context {
			if f.Name == name {
				return labelOf(f)
			}
		}
	}
	return name
}

// RetryOptions are what can be done when a vendor limits calls.
func (p accountPage) RetryOptions() []page.Option {
	options := []page.Option{
		{Value: "", Label: "tell the caller how long to wait"}, {Value: "short", Label: "wait up to 10 s, and try three times"}, {Value: "patient", Label: "wait up to a minute, and try five times"},
	}
	if retryName(p.Account.Settings.Retry) == retryAsIs {
		r := p.Account.Settings.Retry
		options = append(options, page.Option{Value: retryAsIs, Label: fmt.Sprintf("wait up to %d s, and try %d times", r.LongestWait, r.Attempts)})
	}
	return options
}

func retryName(r *account.Retry) string {
	for name, known := range retries {
		if r == known || r != nil && known != nil && *r == *known {
			return name
		}
	}
	return retryAsIs
}

// formOfAccount is the form as an account fills it in.
func formOfAccount(a *account.Account) *page.Form {
	confirm := a.Settings.Confirm
	if confirm == "" {
		confirm = confirmation.Never
	}
	return page.NewForm("name", a.Name, "tenant_id", a.TenantID, "settings.confirm", string(confirm), "settings.retry", retryName(a.Settings.Retry))
}

// checkAccount proves the account's credential with the vendor.
func (v *visit) checkAccount() error {
	p, err := v.account("Settings")
	if err != nil {
		return err
	}
	if _, err := v.Accounts.RefreshCredentials(v.r.Context(), v.env(), p.Account.ID); err != nil {
		form := formOfAccount(p.Account.Account)
		if !faulty(form, err) {
			return err
		}
		again, err := v.account("Settings") // its status may be another now
		if err != nil {
			return err
		}
		whole := &page.Form{Values: form.Values}
		for _, message := range form.Errors {
			whole.Fail("", "The credential did not prove good. "+message)
		}
		return v.showSettings(http.StatusUnprocessableEntity, again, whole)
	}
	return v.done(p.Account.URL()+"/settings", p.Account.Label+" accepts the credential.")
}

func (v *visit) disableAccount() error {
	return v.setStatus(account.Disabled, "The account is disabled: its MCP servers call nothing until it is enabled again.")
}

func (v *visit) enableAccount() error {
	return v.setStatus(account.Active, "The account is enabled.")
}

func (v *visit) setStatus(to account.Status, notice string) error {
	p, err := v.account("Settings")
	if err != nil {
		return err
	}
	if _, err := v.Accounts.Update(v.r.Context(), v.env(), p.Account.ID, account.Change{Status: &to}); err != nil {
		form := formOfAccount(p.Account.Account)
		if !faulty(form, err) {
			return err
		}
		whole := &page.Form{Values: form.Values}
		for _, message := range form.Errors {
			whole.Fail("", message)
		}
		return v.showSettings(http.StatusUnprocessableEntity, p, whole)
	}
	return v.done(p.Account.URL()+"/settings", notice)
}

func (v *visit) deleteAccountForm() error {
	p, err := v.account("Settings")
	if err != nil {
		return err
	}
	servers, next, err := v.Servers.List(v.r.Context(), v.env(), p.Account.ID, "", perPage)
	if err != nil {
		return err
	}
	return v.show("account-delete", struct {
		accountPage
		Servers []*mcpserver.Server
		More    bool
	}{p, servers, next != ""})
}

func (v *visit) deleteAccount() error {
	p, err := v.account("Settings")
	if err != nil {
		return err
	}
	revocation, err := v.Accounts.Delete(v.r.Context(), v.env(), p.Account.ID)
	if err != nil {
		return err
	}
	return v.done(home, strings.TrimSpace("“"+p.Account.Title+"” is deleted, with the MCP servers on it. Its calls stay in the log. "+revocation.Message))
}
