package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/account"
	"sluice/internal/catalog"
	"sluice/internal/integration"
	"sluice/internal/page"
)

// integrationRow is an integration as lists show it.
type integrationRow struct {
	*catalog.Entry
	Name, Label, Description, URL string
	Tools, Methods                int
}

func rowOfIntegration(e *catalog.Entry) *integrationRow {
	d := e.Definition
	row := &integrationRow{Entry: e, Name: d.Name, Label: d.Label, Description: d.Description, URL: Path + "/integrations/" + url.PathEscape(d.Name)}
	for _, r := range d.Resources {
		row.Methods += len(r.Methods)
		for _, m := range r.Methods {
			if m.Doc != nil {
				row.Tools++
			}
		}
	}
	return row
}

func integrationRows(entries []*catalog.Entry) []*integrationRow {
	rows := make([]*integrationRow, len(entries))
	for i, e := range entries {
		rows[i] = rowOfIntegration(e)
	}
	return rows
}

func (v *visit) integrations() error {
	entries, err := v.Catalog.List(v.r.Context(), v.env())
	if err != nil {
		return err
	}
	// They are listed by name, so a page begins after the last one's.
	after := v.r.URL.Query().Get("after")
	rest := entries[len(entries):]
	if i := slices.IndexFunc(entries, func(e *catalog.Entry) bool { return e.Definition.Name > after }); i >= 0 {
		rest = entries[i:]
	}
	next := ""
	if len(rest) > perPage {
		rest = rest[:perPage]
		next = rest[perPage-1].Definition.Name
	}
	return v.show("integrations", struct {
		*visit
		Rows  []*integrationRow
		Pages page.Pages
	}{v, integrationRows(rest), v.pages("after", next, len(rest), "integration")})
}

// integrationPage is what the pages of one integration show.
type integrationPage struct {
	*visit
	Row        *integrationRow
	Definition *integration.Definition
}

func (v *visit) theIntegration() (integrationPage, error) {
	entry, err := v.Catalog.Get(v.r.Context(), v.env(), v.r.PathValue("name"))
	if err != nil {
		return integrationPage{}, err
	}
	return integrationPage{v, rowOfIntegration(entry), entry.Definition}, nil
}

// resourceRow is a resource as its integration's page lists it.
type resourceRow struct {
	Name, URL      string
	Tags           []string
	Tools, Methods int
}

func (v *visit) integration() error {
	p, err := v.theIntegration()
	if err != nil {
		return err
	}
	return v.showIntegration(http.StatusOK, p, page.NewForm())
}

func (v *visit) showIntegration(status int, p integrationPage, form *page.Form) error {
	data := struct {
		integrationPage
		Ways                  []string
		Resources             []resourceRow
		OAuth                 bool // accounts are connected by the environment's own client with the vendor
		Client                *account.VendorClient
		Callback              string
		Form                  *page.Form
		Overridden, OfAccount bool // something is different in this environment; the address is the accounts'
	}{integrationPage: p, Callback: v.CallbackURL, Form: form, OfAccount: strings.HasPrefix(p.Definition.BaseURL, "{{")}
	over, err := v.Catalog.GetOverride(v.r.Context(), v.env(), p.Definition.Name, "")
	if err != nil {
		return err
	}
	data.Overridden = len(over.Document) > 0
	for _, c := range append([]integration.Credentials{p.Definition.Credentials}, p.Definition.Credentials.Alternatives...) {
		data.OAuth = data.OAuth || c.OAuth2 != nil && c.OAuth2.ClientID == "" // else an account's own form asks for its client
		words := map[string]string{
			"none": "no credential", "static": "a key or token", "login": "a login that yields a token", "oauth2_authorization_code": "OAuth 2, by signing in at the vendor",
			"oauth2_client_credentials": "OAuth 2, by a client’s id and secret",
		}[c.Format]
		if words == "" {
			words = c.Format
		}
		if c.Label != "" {
			words = c.Label + ": " + words
		}
		data.Ways = append(data.Ways, words)
	}
	for _, r := range p.Definition.Resources {
		row := resourceRow{Name: r.Name, URL: p.Row.URL + "/" + url.PathEscape(r.Name), Tags: r.Tags, Methods: len(r.Methods)}
		for _, m := range r.Methods {
			if m.Doc != nil {
				row.Tools++
			}
		}
		data.Resources = append(data.Resources, row)
	}
	if data.OAuth {
		client, err := v.Accounts.VendorClient(v.r.Context(), v.env(), p.Definition.Name)
		if err != nil && !errors.Is(err, account.ErrNoVendorClient) {
			return err
		}
		data.Client = client
	}
	return v.showAs(status, "integration", data)
}

// setVendorClient keeps the OAuth client that the environment registered with the vendor.
func (v *visit) setVendorClient() error {
	p, err := v.theIntegration()
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	id := strings.TrimSpace(form.Get("client_id"))
	if id == "" {
		form.Fail("client_id", "Give the id that the vendor gave the client.")
		return v.showIntegration(http.StatusUnprocessableEntity, p, form)
	}
	if _, err := v.Accounts.SetVendorClient(v.r.Context(), v.env(), p.Definition.Name, v.person.ID,
		account.NewVendorClient{ID: id, Secret: form.Get("client_secret"), Server: form.Get("authorization_server")}); err != nil {
		if !faulty(form, err) {
			return err
		}
		return v.showIntegration(http.StatusUnprocessableEntity, p, form)
	}
	return v.done(p.Row.URL, "Accounts can now be connected by signing in at "+p.Row.Label+".")
}

func (v *visit) removeVendorClient() error {
	p, err := v.theIntegration()
	if err != nil {
		return err
	}
	if err := v.Accounts.RemoveVendorClient(v.r.Context(), v.env(), p.Definition.Name); err != nil && !errors.Is(err, account.ErrNoVendorClient) {
		return err
	}
	return v.done(p.Row.URL, "The OAuth client is forgotten. Tokens that need it end when they expire.")
}

// methodRow is a method with its documentation.
type methodRow struct {
	Method            *integration.Method
	Tool              string // "": not documented, so reached by the proxy API alone
	HTTP              string
	Description       string
	Query, Body, Item string
	Examples          []integration.Example
	Tags              []string
	Kind              string
}

func (v *visit) resource() error {
	p, err := v.theIntegration()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(p.Definition.Resources, func(r *integration.Resource) bool { return r.Name == v.r.PathValue("resource") })
	if i < 0 {
		return errNoPage
	}
	r := p.Definition.Resources[i]
	data := struct {
		integrationPage
		Resource *integration.Resource
		Methods  []methodRow
		Pages    page.Pages
	}{integrationPage: p, Resource: r}
	from := min(placeIn(v.r, "from"), len(r.Methods))
	methods, next := r.Methods[from:], ""
	if len(methods) > methodsPerPage {
		methods, next = methods[:methodsPerPage], strconv.Itoa(from+methodsPerPage)
	}
	data.Pages = v.pages("from", next, len(methods), "method")
	for _, m := range methods {
		row := methodRow{Method: m, HTTP: strings.ToUpper(m.HTTPMethod) + " " + m.Path, Tags: m.Tags, Kind: "writes"}
		switch {
		case m.Name == "list" || m.Name == "get" || m.Safe:
			row.Kind = "reads"
		case strings.HasSuffix(m.Name, "delete"):
			row.Kind = "deletes"
		}
		if m.Doc != nil {
			row.Tool, row.Description, row.Examples = integration.ToolName(p.Definition, r, m), m.Doc.Description, m.Doc.Examples
			row.Query, row.Body, row.Item = schemaText(m.Doc.QuerySchema), schemaText(m.Doc.BodySchema), schemaText(m.Doc.ResponseSchema)
		}
		data.Methods = append(data.Methods, row)
	}
	return v.show("resource", data)
}

// methodsPerPage and mostSchema keep the page of a resource small, however much its vendor documents; the definition has it whole.
const (
	methodsPerPage = 8
	mostSchema     = 2 << 10
)

func schemaText(b []byte) string {
	text := pretty(b)
	if len(text) > mostSchema {
		return strings.ToValidUTF8(text[:mostSchema], "") + "\n… the definition has the rest"
	}
	return text
}

// Pretty shows JSON in templates.
func (v *visit) Pretty(b []byte) string { return pretty(b) }

// definition sends the whole definition as a file.
func (v *visit) definition() error {
	p, err := v.theIntegration()
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+p.Definition.Name+`.json"`)
	v.w.WriteHeader(http.StatusOK)
	v.w.Write(p.Definition.JSON()) // to a browser that may have gone: nobody is left to tell
	return nil
}
