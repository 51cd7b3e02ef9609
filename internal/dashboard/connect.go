package dashboard

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/link"
	"sluice/internal/page"
)

// chooseIntegration shows what can be connected; where that is one thing, its form.
func (v *visit) chooseIntegration() error {
	entries, err := v.Catalog.List(v.r.Context(), v.env())
	if err != nil {
		return err
	}
	return v.show("connect-choose", struct {
		*visit
		Entries []*integrationRow
	}{v, integrationRows(entries)})
}

// connectPage is the form by which an account is connected, or connected again.
type connectPage struct {
	*visit
	Account    *accountRow // nil: a new one
	Definition *integration.Definition
	Way        int                      // which of the ways to connect the form is for
	Ways       []page.Link              // all of them, where there are several
	Credential *integration.Credentials // the way's
	Form       *page.Form
	Action     string
	Base       string // the page's own path
}

// OAuth reports whether the vendor asks its user itself, so that there is nothing to enter here.
func (p *connectPage) OAuth() bool { return p.Credential.Format == "oauth2_authorization_code" }

// Label is what a field is called.
func (p *connectPage) Label(f integration.Field) string { return labelOf(f) }

func labelOf(f integration.Field) string {
	if f.Label != "" {
		return f.Label
	}
	label := strings.ReplaceAll(f.Name, "_", " ")
	return strings.ToUpper(label[:1]) + label[1:]
}

// Choices are a field's options.
func (p *connectPage) Choices(f integration.Field) []page.Option {
	var options []page.Option
	if f.Optional {
		options = append(options, page.Option{})
	}
	for _, o := range f.Options {
		options = append(options, page.Option{Value: o, Label: o})
	}
	return options
}

// Attributes are what the input of a field is given. A secret's is empty: a browser's password manager has no business with it.
func (p *connectPage) Attributes(f integration.Field, inContext bool) []string {
	attributes := []string{"help=" + f.Help, "spellcheck=false"}
	switch {
	case f.Type == "password":
		attributes = append(attributes, "type=password", "autocomplete=new-password")
	case f.Format == "email":
		attributes = append(attributes, "type=email", "autocomplete=off")
	case f.Format == "uri":
		attributes = append(attributes, "type=url", "autocomplete=off")
	default:
		attributes = append(attributes, "autocomplete=off")
	}
	if f.Default != "" {
		if inContext {
			attributes = append(attributes, "placeholder="+f.Default)
		} else {
			attributes = append(attributes, "value="+f.Default)
		}
	}
	if !f.Optional && f.Default == "" {
		attributes = append(attributes, "required")
	}
	return attributes
}

func (v *visit) newConnectPage(def *integration.Definition, acct *accountRow, base string) *connectPage {
	p := &connectPage{visit: v, Account: acct, Definition: def, Base: base, Form: page.NewForm()}
	ways := append([]integration.Credentials{def.Credentials}, def.Credentials.Alternatives...)
	if n, err := strconv.Atoi(v.r.URL.Query().Get("way")); err == nil && n > 0 && n < len(ways) {
		p.Way = n
	}
	p.Credential = &ways[p.Way]
	p.Action = base
	if p.Way > 0 {
		p.Action += "?way=" + strconv.Itoa(p.Way)
	}
	if len(ways) > 1 {
		for i, w := range ways {
			label := w.Label
			if label == "" {
				label = strings.ReplaceAll(w.Format, "_", " ")
			}
			p.Ways = append(p.Ways, page.Link{Label: label, URL: base + "?way=" + strconv.Itoa(i), Current: i == p.Way})
		}
	}
	return p
}

func (v *visit) connectTo() (*connectPage, error) {
	def, err := v.Catalog.Find(v.r.Context(), v.env(), v.r.PathValue("integration"))
	if err != nil {
		return nil, err
	}
	return v.newConnectPage(def, nil, Path+"/connect/"+url.PathEscape(def.Name)), nil
}

func (v *visit) connectForm() error {
	p, err := v.connectTo()
	if err != nil {
		return err
	}
	return v.show("connect", p)
}

func (v *visit) connect() error {
	p, err := v.connectTo()
	if err != nil {
		return err
	}
	var ok bool
	if p.Form, ok = v.form(); !ok {
		return nil
	}
	if p.OAuth() {
		return v.signInWithVendor(p, link.Draft{
			Environment: v.env(), Integration: p.Definition.Name, TenantID: p.Form.Get("tenant_id"), Name: p.Form.Get("name"), Context: entered(p.Form, "context.", p.Definition.Context),
		})
	}
	acct, err := v.Accounts.Create(v.r.Context(), v.env(), account.NewAccount{
		Integration: p.Definition.Name, TenantID: p.Form.Get("tenant_id"), Name: p.Form.Get("name"),
		Credentials: entered(p.Form, "credentials.", p.Credential.Fields), Context: entered(p.Form, "context.", p.Definition.Context),
	})
	if err != nil {
		return v.connectFailed(p, err)
	}
	return v.done(accountURL(acct.ID), p.Definition.Label+" is connected. Now create an MCP server: it decides which tools an agent gets.")
}

func (v *visit) connectFailed(p *connectPage, err error) error {
	if !faulty(p.Form, err) {
		return err
	}
	return v.showAs(http.StatusUnprocessableEntity, "connect", p)
}

// entered are the values of a form's fields that were filled in.
func entered(form *page.Form, prefix string, fields integration.Fields) map[string]string {
	values := map[string]string{}
	for _, f := range fields {
		if value := form.Get(prefix + f.Name); value != "" {
			values[f.Name] = value
		}
	}
	return values
}

func (v *visit) reconnectTo() (*connectPage, error) {
	p, err := v.account("Settings")
	if err != nil {
		return nil, err
	}
	def, err := v.Catalog.Find(v.r.Context(), v.env(), p.Account.Integration)
	if err != nil {
		return nil, err
	}
	return v.newConnectPage(def, p.Account, p.Account.URL()+"/reconnect"), nil
}

func (v *visit) reconnectForm() error {
	p, err := v.reconnectTo()
	if err != nil {
		return err
	}
	for name, value := range p.Account.Context {
		p.Form.Values.Set("context."+name, value)
	}
	return v.show("connect", p)
}

func (v *visit) reconnect() error {
	p, err := v.reconnectTo()
	if err != nil {
		return err
	}
	var ok bool
	if p.Form, ok = v.form(); !ok {
		return nil
	}
	if p.OAuth() {
		return v.signInWithVendor(p, link.Draft{Environment: v.env(), AccountID: p.Account.ID})
	}
	change := account.Change{Credentials: entered(p.Form, "credentials.", p.Credential.Fields), Context: map[string]*string{}}
	for _, f := range p.Definition.Context {
		if value := p.Form.Get("context." + f.Name); value != "" {
			change.Context[f.Name] = &value
		} else if p.Account.Context[f.Name] != "" {
			change.Context[f.Name] = nil
		}
	}
	if _, err := v.Accounts.Update(v.r.Context(), v.env(), p.Account.ID, change); err != nil {
		return v.connectFailed(p, err)
	}
	return v.done(p.Account.URL(), "“"+p.Account.Title+"” is connected again.")
}

// connected is where the pages of a link lead back to.
const connected = Path + "/connected"

// signInWithVendor sends the visitor on to the pages that connect an account by the vendor's own sign-in; they lead back here.
func (v *visit) signInWithVendor(p *connectPage, draft link.Draft) error {
	draft.CreatedBy, draft.Own, draft.RedirectURI = v.person.ID, true, v.PublicURL+connected
	_, token, err := v.Links.Create(v.r.Context(), draft)
	if err != nil {
		return v.connectFailed(p, err)
	}
	return v.done(v.LinkURL(token), "")
}

// connected tells what became of a link that led away from here.
func (v *visit) connected() error {
	q := v.r.URL.Query()
	id := q.Get("integrated_account_id")
	if id == "" {
		return v.done(home, "The account is not connected.")
	}
	acct, err := v.Accounts.Get(v.r.Context(), v.env(), id)
	if err != nil {
		return err
	}
	return v.done(accountURL(acct.ID), "“"+v.row(acct).Title+"” is connected.")
}
