package dashboard

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
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

// readServer reads a server's config and end from its form, and puts what is wrong with them into the form.
func readServer(form *page.Form) (config []byte, expires time.Time) {
	c := map[string]any{
		"methods": chosen(form, "config.methods"), "tags": chosen(form, "config.tags"),
		"require_api_token_auth": form.Get("access") == accessToken, "structured_output": form.Get("config.structured_output") != "",
	}
	if form.Get("access") == accessOAuth {
		c["auth"] = mcpserver.OAuth
	}
	if policy := form.Get("config.confirm"); policy != "" {
		c["confirm"] = policy
	}
	c["confirm_by"] = nil
	if form.Get("config.confirm_by") != "" {
		c["confirm_by"] = mcpserver.ByDashboard
	}
	bind := map[string]string{}
	for name, values := range form.Values {
		if argument, ok := strings.CutPrefix(name, "bind."); ok && len(values) > 0 {
			if value := strings.TrimSpace(values[0]); value != "" {
				bind[argument] = value
			}
		}
	}
	c["bind"] = bind
	config, err := json.Marshal(c)
	if err != nil {
		panic(err) // texts and booleans
	}
	if strings.TrimSpace(form.Get("name")) == "" {
		form.Fail("name", "Give it a name: clients show it beside the tools.")
	}
	return config, readExpiry(form)
}

// readExpiry reads when something ends: never, after so many days, or at a date, which is over when it is over everywhere in UTC.
func readExpiry(form *page.Form) time.Time {
	switch choice := form.Get("expires"); choice {
	case "", "never":
		return time.Time{}
	case "date":
		t, err := time.Parse(time.DateOnly, form.Get("expires_on"))
		if err != nil {
			form.Fail("expires_on", "Give the last day, as 2027-01-31.")
			return time.Time{}
		}
		end := t.AddDate(0, 0, 1)
		if !end.After(time.Now()) {
			form.Fail("expires_on", "This day is over: give one that is not.")
		}
		return end
	default:
		days, ok := map[string]int{"1": 1, "7": 7, "30": 30, "90": 90, "365": 365}[choice]
		if !ok {
			form.Fail("expires", "Choose one of these.")
			return time.Time{}
		}
		return time.Now().Add(time.Duration(days) * 24 * time.Hour).Truncate(time.Second)
	}
}

// expiryOptions are the ends to choose from.
func (v *visit) ExpiryOptions() []page.Option {
	return []page.Option{{Value: "never", Label: "Never"}, {Value: "1", Label: "In a day"}, {Value: "7", Label: "In 7 days"}, {Value: "30", Label: "In 30 days"},
		{Value: "90", Label: "In 90 days"}, {Value: "365", Label: "In a year"}, {Value: "date", Label: "After a certain day"}}
}

// chosen are the values of a group of boxes; none where none is ticked, which narrows nothing.
func chosen(form *page.Form, boxes string) []string {
	all := slices.Clone(form.All(boxes))
	slices.Sort(all)
	return slices.Compact(all)
}

// Who may call a server, as its form has it.
const (
	accessURL   = "url"
	accessToken = "token"
	accessOAuth = "oauth"
)

// ConfirmOptions are the calls before which a person is asked.
func (v *visit) ConfirmOptions() []page.Option {
	return []page.Option{
		{Value: string(confirmation.Never), Label: "Never"},
		{Value: string(confirmation.Destructive), Label: "Before a call that deletes"},
		{Value: string(confirmation.Writes), Label: "Before a call that changes anything"},
	}
}

// ConfirmHelp says how a person is asked.
func (v *visit) ConfirmHelp() string {
	return "The question says in words what the call would change. It is put by the client, where that can, and waits on these pages otherwise."
}

// AccessOptions are who may call the server. Whether people sign in follows from how its URL was made.
func (p *serverPage) AccessOptions() []page.Option {
	options := []page.Option{
		{Value: accessURL, Label: "Whoever has its URL", Help: "The URL holds a secret. Every client can use it."},
		{Value: accessToken, Label: "Whoever has its URL and an API token", Help: "For clients that can send a header: ChatGPT and Claude on the web cannot."},
		{Value: accessOAuth, Label: "People who sign in (OAuth)", Help: "The URL is no secret. Each person signs in, and what they allowed can be withdrawn by itself."},
	}
	if p.Server == nil {
		return options
	}
	if p.Server.Config.Auth == mcpserver.OAuth {
		return options[2:]
	}
	return options[:2]
}

// faultyServer is faulty for a server's form, whose fields are named a little differently.
func faultyServer(form *page.Form, err error) bool {
	if wrong, ok := filterFault(err); ok {
		form.Fail("config."+wrong.Field, sentence(wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*mcpserver.InvalidError](err); ok {
		name := wrong.Field
		if name == "expires_at" {
			name = "expires"
		}
		form.Fail(name, ofField(name, wrong.Message))
		return true
	}
	return faulty(form, err)
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

// formOfServer is the form as a server fills it in.
func formOfServer(s *mcpserver.Server) *page.Form {
	form := page.NewForm("name", s.Name, "expires", "never")
	if !s.ExpiresAt.IsZero() {
		form.Values.Set("expires", "date")
		form.Values.Set("expires_on", s.ExpiresAt.Add(-time.Nanosecond).UTC().Format(time.DateOnly))
	}
	form.Values["config.methods"], form.Values["config.tags"] = s.Config.Methods, s.Config.Tags
	form.Values.Set("access", accessURL)
	switch {
	case s.Config.Auth == mcpserver.OAuth:
		form.Values.Set("access", accessOAuth)
	case s.Config.RequireAPITokenAuth:
		form.Values.Set("access", accessToken)
	}
	form.Values.Set("config.confirm", string(confirmation.Never))
	if s.Config.Confirm != "" {
		form.Values.Set("config.confirm", string(s.Config.Confirm))
	}
	if s.Config.ConfirmBy == mcpserver.ByDashboard {
		form.Values.Set("config.confirm_by", "on")
	}
	if s.Config.StructuredOutput {
		form.Values.Set("config.structured_output", "on")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Config.Bind)) {
		form.Values.Set("bind."+name, s.Config.Bind[name])
	}
	return form
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
