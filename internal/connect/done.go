package connect

import (
	"net/http"
	"net/url"

	"sluice/internal/link"
	"sluice/internal/page"
)

// done says that the link's account is connected, and leads back to where the link came from.
func (d *door) done(w http.ResponseWriter, r *http.Request) {
	v, ok := d.find(w, r)
	if !ok {
		return
	}
	if v.link.State() != link.Used || v.acct == nil {
		http.Redirect(w, r, v.here(), http.StatusSeeOther)
		return
	}
	def, err := d.Catalog.Find(r.Context(), v.link.Environment, v.acct.Integration)
	if err != nil {
		d.fail(v, err)
		return
	}
	back := d.backURL(v, map[string]string{"status": string(v.acct.Status), "integrated_account_id": v.acct.ID})
	if back != "" {
		w.Header().Set("Refresh", "2; url="+back) // long enough to be read
	}
	pages.Write(w, r, http.StatusOK, "done", struct{ Label, Back, BackTo string }{def.Label, back, backTo(v.link)})
}

// backURL is the link's redirect URI with what became of it; "" where it has none.
func (d *door) backURL(v *visit, result map[string]string) string {
	if v.link == nil || v.link.RedirectURI == "" {
		return ""
	}
	u, err := url.Parse(v.link.RedirectURI)
	if err != nil {
		return ""
	}
	query := u.Query()
	for name, value := range result {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// backTo is what the page that a link leads back to is called.
func backTo(l *link.Link) string {
	if l == nil {
		return ""
	}
	u, err := url.Parse(l.RedirectURI)
	if err != nil || u.Host == "" {
		return "Sluice"
	}
	return u.Host
}

// again makes a link for whoever is signed in and may change the account: what an agent's user is told to open when an account must be connected again. The
// address by itself opens nothing. It is told to everybody who calls a tool, and whoever can connect an account again decides whose data is behind it.
func (d *door) again(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if d.Users == nil {
		page.WriteMessage(w, r, http.StatusOK, "Ask for a link", "This account has to be connected again by its owner. Whoever administers it in Sluice can send them a link to do that.")
		return
	}
	environment, ok, err := d.Users.Editor(r)
	v := &visit{w: w, r: r}
	switch {
	case err != nil:
		d.fail(v, err)
		return
	case !ok:
		http.Redirect(w, r, d.Users.URL(Path+"account/"+id), http.StatusSeeOther)
		return
	}
	acct, err := d.Accounts.Get(r.Context(), environment, id)
	if err != nil {
		page.WriteMessage(w, r, http.StatusNotFound, "No such account", "Your environment has no such account, or you may not change it.")
		return
	}
	def, err := d.Catalog.Find(r.Context(), environment, acct.Integration)
	if err != nil {
		d.fail(v, err)
		return
	}
	if r.Method == http.MethodPost {
		_, token, err := d.Links.Create(r.Context(), link.Draft{Environment: environment, AccountID: id, CreatedBy: "dashboard"})
		if err != nil {
			d.fail(v, err)
			return
		}
		http.Redirect(w, r, Path+token, http.StatusSeeOther)
		return
	}
	name := acct.Name
	if name == "" {
		name = acct.ID
	}
	pages.Write(w, r, http.StatusOK, "again", struct{ Label, Name, Status, Reason string }{def.Label, name, string(acct.Status), acct.LastError})
}
