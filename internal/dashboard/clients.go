package dashboard

import (
	"net/http"
	"net/url"
	"strings"

	"sluice/internal/oauth"
	"sluice/internal/page"
)

// clientRow is an OAuth client of MCP servers as lists show it.
type clientRow struct {
	*oauth.Client
	URL string // the page that removes it
}

// clients are the programs that people sign in to MCP servers with, but for those known by a document of their own.
func (v *visit) clients() error { return v.showClients(http.StatusOK, page.NewForm()) }

func (v *visit) showClients(status int, form *page.Form) error {
	p := v.settings("OAuth clients")
	p.Form = form
	found, next, err := v.OAuth.ListClients(v.r.Context(), v.env(), v.r.URL.Query().Get("before"), perPage)
	if err != nil {
		return err
	}
	data := struct {
		settingsPage
		Rows  []clientRow
		Pages page.Pages
	}{settingsPage: p, Pages: v.pages("before", next, len(found), "OAuth client")}
	for _, c := range found {
		data.Rows = append(data.Rows, clientRow{c, settings + "/clients/" + url.PathEscape(c.ID) + "/remove"})
	}
	return v.showAs(status, "clients", data)
}

// createClient enters a client by hand, for those that neither register themselves nor have a document.
func (v *visit) createClient() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	c, secret, err := v.OAuth.CreateClient(v.r.Context(), v.env(), oauth.ClientDraft{
		Name: form.Get("name"), RedirectURIs: strings.Fields(form.Get("redirect_uris")), Confidential: form.Get("confidential") != "", CreatedBy: v.person.ID,
	})
	if err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showClients(http.StatusUnprocessableEntity, form)
	}
	return v.show("client-created", struct {
		settingsPage
		Client *oauth.Client
		Secret string // "": a public client
	}{v.settings("OAuth clients"), c, secret})
}

func (v *visit) removeClientForm() error {
	c, err := v.OAuth.GetClient(v.r.Context(), v.env(), v.r.PathValue("client"))
	if err != nil {
		return err
	}
	return v.show("client-remove", struct {
		settingsPage
		Client *oauth.Client
	}{v.settings("OAuth clients"), c})
}

func (v *visit) removeClient() error {
	if err := v.OAuth.DeleteClient(v.r.Context(), v.env(), v.r.PathValue("client")); err != nil {
		return err
	}
	return v.done(settings+"/clients", "The client is removed, and what people allowed it is withdrawn.")
}
