package oauth

import (
	"embed"
	"net/http"

	"sluice/internal/connection"
	"sluice/internal/page"
	"sluice/internal/permission"
)

//go:embed templates
var files embed.FS

var pages = page.Parse(page.Sub(files, "templates"))

// consent is what the person is shown: who asks, for what, and where the browser goes then.
type consent struct {
	Form         *page.Form
	Server       string
	Client       *Client
	Host         string // vouches for the client's name; "": nobody does
	Target       string
	Local        bool // a program on the machine with the browser: any there could have asked
	Person       *Person
	Offer        *Offer
	Read, Write  []OfferedTool
	AsksWrite    bool // changes are asked for, and there are tools that make them
	MayNotWrite  bool // …which the person may not do themselves
	OnlyReadWant bool // there are such tools, and they are not asked for
}

// ask shows the person what they are asked to allow.
func (d *Door) ask(w http.ResponseWriter, r *http.Request, a *authorization, person *Person, form *page.Form) {
	offer, err := d.Offers(r.Context(), a.server)
	if err != nil {
		d.Log.ErrorContext(r.Context(), "oauth: could not tell what a server offers", "mcp_server", a.server.ID, "error", err)
		page.WriteMessage(w, r, http.StatusInternalServerError, "Something went wrong", internalWords)
		return
	}
	c := consent{
		Server: a.server.Name, Client: a.client, Host: a.client.Host(), Person: person, Offer: offer, Form: form,
	}
	if c.Form == nil {
		c.Form = page.NewForm()
	}
	c.Target, c.Local = targetWords(a.asked.RedirectURI)
	for _, tool := range offer.Tools {
		if tool.Write {
			c.Write = append(c.Write, tool)
		} else {
			c.Read = append(c.Read, tool)
		}
	}
	wants := a.scopes.Has(permission.ToolsWrite) && len(c.Write) > 0
	c.MayNotWrite = wants && !person.Permissions.Has(permission.ToolsWrite)
	c.AsksWrite = wants && !c.MayNotWrite
	c.OnlyReadWant = !wants && len(c.Write) > 0
	if r.Method == http.MethodGet {
		d.note(r, a.from, connection.Consent, 0, "", "shown")
	}
	if err := page.AllowFormTarget(w, a.asked.RedirectURI); err != nil {
		page.WriteMessage(w, r, http.StatusBadRequest, "The program cannot be connected", "The program wants you sent back to an address that leads nowhere.")
		return
	}
	pages.Write(w, r, http.StatusOK, "consent", &c)
}
