package dashboard

import (
	"sluice/internal/page"
	"sluice/internal/user"
)

// settings is where the pages of settings begin.
const settings = Path + "/settings"

// settingsPage is what all pages of settings show.
type settingsPage struct {
	*visit
	Tabs []page.Link
	Form *page.Form
}

func (v *visit) settings(tab string) settingsPage {
	p := settingsPage{visit: v, Form: page.NewForm()}
	for _, t := range []struct{ label, path, needs string }{
		{"You", "/you", ""}, {"Users", "/users", "users:read"}, {"API tokens", "/tokens", "tokens:read"}, {"OAuth clients", "/clients", "servers:read"}, {"Webhooks", "/webhooks", "webhooks:read"},
		{"Sign-in", "/sign-in", "users:read"}, {"Environment", "/environment", ""},
	} {
		if t.needs == "" || v.May(t.needs) {
			p.Tabs = append(p.Tabs, page.Link{Label: t.label, URL: settings + t.path, Current: t.label == tab})
		}
	}
	return p
}

// by is the visitor as who changes something.
func (v *visit) by() user.By { return user.By{ID: v.person.ID, Permissions: v.may} }
