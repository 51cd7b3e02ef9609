package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/internal/clientconfig"
	"sluice/internal/confirmation"
	"sluice/internal/mcpserver"
	"sluice/internal/page"
)

// serverRow is an MCP server as lists show it.
type serverRow struct {
	*mcpserver.Server
	URL      string
	LastUsed time.Time
	Offers   string // what it is narrowed to
}

func serverURL(accountID, id string) string {
	return accountURL(accountID) + "/servers/" + url.PathEscape(id)
}

func rowOfServer(s *mcpserver.Server) *serverRow {
	row := &serverRow{Server: s, URL: serverURL(s.AccountID, s.ID), Offers: "all tools"}
	var parts []string
	if len(s.Config.Methods) > 0 {
		parts = append(parts, strings.Join(s.Config.Methods, ", "))
	}
	if len(s.Config.Tags) > 0 {
		parts = append(parts, "of "+strings.Join(s.Config.Tags, ", "))
	}
	if len(parts) > 0 {
		row.Offers = strings.Join(parts, " ")
	}
	return row
}

func (v *visit) servers() error {
	p, err := v.account("MCP servers")
	if err != nil {
		return err
	}
	found, next, err := v.Servers.List(v.r.Context(), v.env(), p.Account.ID, v.r.URL.Query().Get("before"), perPage)
	if err != nil {
		return err
	}
	ids := make([]string, len(found))
	for i, s := range found {
		ids[i] = s.ID
	}
	used, err := v.Audit.LastOfServers(v.r.Context(), v.env(), ids)
	if err != nil {
		return err
	}
	data := struct {
		accountPage
		Rows  []*serverRow
		Pages page.Pages
	}{accountPage: p, Pages: v.pages("before", next, len(found), "MCP server")}
	for _, s := range found {
		row := rowOfServer(s)
		row.LastUsed = used[s.ID]
		data.Rows = append(data.Rows, row)
	}
	return v.show("servers", data)
}

// serverPage is the form of an MCP server, new or not, and the tools that it would offer.
type serverPage struct {
	accountPage
	Server  *serverRow // nil: a new one
	Form    *page.Form
	Methods []page.Option
	Tags    []page.Option
	Binds   []bindable
	Tools   offer
	Action  string
}

// fill puts what there is to choose from, and what the choice leaves, beside the form.
func (p *serverPage) fill() {
	if p.Definition == nil {
		return
	}
	p.Methods, p.Tags = some(methodOptions(p.Definition), p.Form.All("config.methods")), some(tagOptions(p.Definition), p.Form.All("config.tags"))
	p.Binds = bindables(p.Definition)
	p.Tools = preview(p.Definition, p.Form)
}

// BindQuery hands what the server is bound to on to the part of the page that is loaded later.
func (p *serverPage) BindQuery() string {
	q := url.Values{}
	for name, values := range p.Form.Values {
		if strings.HasPrefix(name, "bind.") {
			q[name] = values
		}
	}
	return q.Encode()
}

func (v *visit) newServer() error {
	p, err := v.account("MCP servers")
	if err != nil {
		return err
	}
	return v.showNewServer(http.StatusOK, p, page.NewForm("name", p.Account.Title, "expires", "never", "access", accessURL, "config.confirm", string(confirmation.Never)))
}

func (v *visit) showNewServer(status int, p accountPage, form *page.Form) error {
	s := &serverPage{accountPage: p, Form: form, Action: p.Account.URL() + "/servers/new"}
	s.fill()
	return v.showAs(status, "server-new", s)
}

// previewServer answers the part of a page that lists the tools which a form's filters leave, for the script.
func (v *visit) previewServer() error {
	p, err := v.account("MCP servers")
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	s := &serverPage{accountPage: p, Form: form}
	s.fill()
	pages.WritePart(v.w, v.r, http.StatusOK, "server-new", "preview", s)
	return nil
}

func (v *visit) createServer() error {
	p, err := v.account("MCP servers")
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	if form.Get("show") != "" { // without script, a button shows the tools
		return v.showNewServer(http.StatusOK, p, form)
	}
	config, expires := readServer(form)
	if !form.OK() {
		return v.showNewServer(http.StatusUnprocessableEntity, p, form)
	}
	server, token, err := v.Servers.Create(v.r.Context(), mcpserver.Draft{
		Environment: v.env(), AccountID: p.Account.ID, Name: form.Get("name"), Config: config, ExpiresAt: expires, CreatedBy: v.person.ID,
	})
	if err != nil {
		if !faultyServer(form, err) {
			return err
		}
		return v.showNewServer(http.StatusUnprocessableEntity, p, form)
	}
	oauth := server.Config.Auth == mcpserver.OAuth
	if oauth {
		token = server.ID
	}
	return v.show("server-created", struct {
		accountPage
		Server  *serverRow
		OAuth   bool
		URL     string
		Clients []clientconfig.Client
	}{p, rowOfServer(server), oauth, v.MCPURL(token), clientconfig.All(clientconfig.Server{
		Name: server.Name, URL: v.MCPURL(token), APIToken: server.Config.RequireAPITokenAuth, OAuth: oauth,
	})})
}

// theServer finds the MCP server that the path names.
func (v *visit) theServer() (*serverPage, error) {
	p, err := v.account("MCP servers")
	if err != nil {
		return nil, err
	}
	server, err := v.Servers.Get(v.r.Context(), v.env(), p.Account.ID, v.r.PathValue("mcp"))
	if err != nil {
		return nil, err
	}
	s := &serverPage{accountPage: p, Server: rowOfServer(server)}
	s.Action = s.Server.URL
	used, err := v.Audit.LastOfServers(v.r.Context(), v.env(), []string{server.ID})
	if err != nil {
		return nil, err
	}
	s.Server.LastUsed = used[server.ID]
	return s, nil
}

func (v *visit) server() error {
	s, err := v.theServer()
	if err != nil {
		return err
	}
	s.Form = formOfServer(s.Server.Server)
	s.fill()
	return v.show("server", s)
}

func (v *visit) changeServer() error {
	s, err := v.theServer()
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	s.Form = form
	again := func(status int) error {
		s.fill()
		return v.showAs(status, "server", s)
	}
	if form.Get("show") != "" {
		return again(http.StatusOK)
	}
	config, expires := readServer(form)
	if !form.OK() {
		return again(http.StatusUnprocessableEntity)
	}
	name := form.Get("name")
	if _, err := v.Servers.Update(v.r.Context(), v.env(), s.Account.ID, s.Server.ID, mcpserver.Patch{Name: &name, Config: config, ExpiresAt: &expires}); err != nil {
		if !faultyServer(form, err) {
			return err
		}
		return again(http.StatusUnprocessableEntity)
	}
	return v.done(s.Server.URL, "The MCP server is changed, and its URL is the same. Clients see the change at their next request.")
}

func (v *visit) revokeServerForm() error {
	s, err := v.theServer()
	if err != nil {
		return err
	}
	return v.show("server-revoke", s)
}

func (v *visit) revokeServer() error {
	s, err := v.theServer()
	if err != nil {
		return err
	}
	if err := v.Servers.Delete(v.r.Context(), v.env(), s.Account.ID, s.Server.ID); err != nil {
		return err
	}
	return v.done(s.Account.URL(), "“"+s.Server.Name+"” is revoked: its URL opens nothing any more.")
}

// OAuthURL is the URL of a server that people sign in to, which is no secret; "" for others.
func (p *serverPage) OAuthURL() string {
	if p.Server.Config.Auth != mcpserver.OAuth {
		return ""
	}
	return p.MCPURL(p.Server.ID)
}
