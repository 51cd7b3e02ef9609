package connect

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

// asked is the page of an integration's form.
type asked struct {
	Form   *page.Form
	Label  string
	Fields []input
	Ways   []page.Link // where there is more than one
	Way    int
	SignIn bool
	Name   string // of the integration, where the person chose it
	Other  string // where another integration is chosen; ""
	Again  bool
}

// input is a field as the template wants it: what is empty is left out.
type input struct {
	Name, Label                 string
	Type, Value, Help, Required string // attributes
	Options                     []page.Option
}

func newInput(f account.FormField) input {
	in := input{Name: f.Name, Label: f.Label, Type: "type=" + f.Type, Value: "value=" + f.Default}
	if f.Help != "" {
		in.Help = "help=" + f.Help
	}
	if f.Required {
		in.Required = "required"
	}
	if len(f.Options) > 0 && !f.Required && f.Default == "" {
		in.Options = append(in.Options, page.Option{Label: "None"})
	}
	for _, o := range f.Options {
		in.Options = append(in.Options, page.Option{Value: o.Value, Label: o.Label})
	}
	return in
}

// show answers a GET: what is to be done next.
func (d *door) show(v *visit) {
	if v.acct != nil && v.acct.Status == account.Connecting && !v.r.URL.Query().Has("again") {
		d.ask(v, http.StatusOK, &page.Form{})
		return
	}
	def, err := d.definition(v, v.r.URL.Query().Get("integration"))
	if err != nil {
		d.fail(v, err)
		return
	}
	if def == nil {
		d.chooseIntegration(v)
		return
	}
	way, _ := strconv.Atoi(v.r.URL.Query().Get("way"))
	d.showForm(v, http.StatusOK, def, way, &page.Form{})
}

// definition is of the integration that the link or its account names, else of the one chosen; nil where none is.
func (d *door) definition(v *visit, chosen string) (*integration.Definition, error) {
	name := v.link.Integration
	if v.acct != nil {
		name = v.acct.Integration
	}
	if name == "" {
		name = chosen
	}
	if name == "" {
		return nil, nil
	}
	def, err := d.Catalog.FindFor(v.r.Context(), v.link.Environment, name, v.link.AccountID)
	if errors.Is(err, catalog.ErrNotFound) && v.link.Integration == "" && v.acct == nil {
		return nil, nil // a name that somebody typed
	}
	return def, err
}

func (d *door) chooseIntegration(v *visit) {
	entries, err := d.Catalog.List(v.r.Context(), v.link.Environment)
	if err != nil {
		d.fail(v, err)
		return
	}
	type entry struct{ Label, Description, URL string }
	var list []entry
	for _, e := range entries {
		list = append(list, entry{e.Definition.Label, e.Definition.Description, v.here() + "?integration=" + url.QueryEscape(e.Definition.Name)})
	}
	pages.Write(v.w, v.r, http.StatusOK, "integrations", list)
}

func (d *door) showForm(v *visit, status int, def *integration.Definition, way int, form *page.Form) {
	f := account.Describe(def)
	if way < 0 || way >= len(f.Ways) {
		way = 0
	}
	data := asked{Form: form, Label: f.Label, Way: way, SignIn: f.Ways[way].SignIn, Again: v.acct != nil && v.acct.Status != account.ValidationError}
	query := ""
	if v.link.Integration == "" && v.acct == nil {
		data.Name, data.Other = def.Name, v.here()
		query = "integration=" + url.QueryEscape(def.Name) + "&"
	}
	if v.acct != nil && v.acct.Status == account.Connecting {
		query = "again=1&"
	}
	if len(f.Ways) > 1 {
		for i, w := range f.Ways {
			label := w.Label
			if label == "" {
				label = "Way " + strconv.Itoa(i+1)
			}
			data.Ways = append(data.Ways, page.Link{Label: label, URL: v.here() + "?" + query + "way=" + strconv.Itoa(i), Current: i == way})
		}
	}
	var fields []account.FormField
	for _, field := range slices.Concat(f.Context, f.Ways[way].Fields) {
		if _, given := v.link.Context[contextName(field.Name)]; given {
			continue
		}
		if v.acct != nil {
			if value := v.acct.Context[contextName(field.Name)]; value != "" {
				field.Default = value
			}
		}
		fields = append(fields, field)
	}
	// What has a value already stands last: most people leave it as it is.
	slices.SortStableFunc(fields, func(a, b account.FormField) int { return rank(a) - rank(b) })
	for _, field := range fields {
		data.Fields = append(data.Fields, newInput(field))
	}
	pages.Write(v.w, v.r, status, "form", data)
}

func rank(f account.FormField) int {
	if f.Default != "" && !f.Required {
		return 1
	}
	return 0
}

// contextName is a field's name in the account's context, "" for a credential's.
func contextName(field string) string {
	name, ok := strings.CutPrefix(field, "context.")
	if !ok {
		return ""
	}
	return name
}

// take answers a POST.
func (d *door) take(v *visit) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 1<<20)
	form, err := page.ReadForm(v.r)
	if err != nil {
		page.WriteMessage(v.w, v.r, http.StatusBadRequest, "The form cannot be read", "Go back, and send it again.")
		return
	}
	if form.Values.Has("choice") {
		d.takeChoice(v, form)
		return
	}
	def, err := d.definition(v, form.Get("integration"))
	if err != nil {
		d.fail(v, err)
		return
	}
	if def == nil {
		d.chooseIntegration(v)
		return
	}
	f := account.Describe(def)
	way, err := strconv.Atoi(form.Get("way"))
	if err != nil || way < 0 || way >= len(f.Ways) {
		d.showForm(v, http.StatusOK, def, 0, &page.Form{})
		return
	}
	credentials, context := entered(form, f, way)
	for name, value := range v.link.Context {
		context[name] = value
	}
	if f.Ways[way].SignIn {
		d.signIn(v, form, def, account.Connection{AccountID: v.link.AccountID, Integration: def.Name, TenantID: v.link.TenantID, Name: v.link.Name,
			Way: way, Credentials: credentials, Context: context})
		return
	}
	var acct *account.Account
	if v.acct == nil {
		acct, err = d.Accounts.Create(v.r.Context(), v.link.Environment, account.NewAccount{Integration: def.Name, TenantID: v.link.TenantID, Name: v.link.Name,
			Credentials: credentials, Context: context, Within: d.Links.Use(v.r.Context(), v.link)})
	} else {
		change := account.Change{Credentials: credentials, Context: map[string]*string{}, Within: d.Links.Use(v.r.Context(), v.link)}
		for name, value := range context {
			change.Context[name] = &value
		}
		acct, err = d.Accounts.Update(v.r.Context(), v.link.Environment, v.acct.ID, change)
	}
	if err != nil {
		d.showFault(v, def, way, form, f, err)
		return
	}
	d.goOn(v, acct)
}

// entered are the values of one way's fields. All of the names are there, so that the way is told by them.
func entered(form *page.Form, f *account.Form, way int) (credentials, context map[string]string) {
	credentials, context = map[string]string{}, map[string]string{}
	for _, field := range f.Ways[way].Fields {
		credentials[strings.TrimPrefix(field.Name, "credentials.")] = form.Get(field.Name)
	}
	for _, field := range f.Context {
		if form.Values.Has(field.Name) {
			context[contextName(field.Name)] = form.Get(field.Name)
		}
	}
	return credentials, context
}

// showFault shows the form again with what is wrong with it.
func (d *door) showFault(v *visit, def *integration.Definition, way int, form *page.Form, f *account.Form, err error) {
	status, _, text := d.words(v.r.Context(), err)
	if invalid, ok := errors.AsType[*account.InvalidError](err); ok {
		for _, field := range slices.Concat(f.Context, f.Ways[way].Fields) {
			if _, given := v.link.Context[contextName(field.Name)]; field.Name == invalid.Field && !given {
				form.Fail(field.Name, field.Label+" "+invalid.Message)
			}
		}
	}
	if form.OK() {
		if status == http.StatusGone || status == http.StatusInternalServerError {
			d.fail(v, err)
			return
		}
		form.Fail("", text)
	}
	d.showForm(v, status, def, way, form)
}

// goOn leads to what comes after an account was kept.
func (d *door) goOn(v *visit, acct *account.Account) {
	if acct.Status == account.Active {
		http.Redirect(v.w, v.r, Path+"done/"+v.token, http.StatusSeeOther)
		return
	}
	http.Redirect(v.w, v.r, v.here(), http.StatusSeeOther)
}

// question is the page of what can only be asked once the credential works.
type question struct {
	Form  *page.Form
	Label string
	Field input
	Again string
}

// ask asks the next of the account's open choices.
func (d *door) ask(v *visit, status int, form *page.Form) {
	def, err := d.definition(v, "")
	if err != nil {
		d.fail(v, err)
		return
	}
	q, err := d.Accounts.Question(v.r.Context(), v.link.Environment, v.acct.ID)
	if err != nil {
		d.fail(v, err)
		return
	}
	if q == nil { // what there was to choose is down to one
		d.finish(v, form, map[string]*string{})
		return
	}
	pages.Write(v.w, v.r, status, "question", question{Form: form, Label: def.Label, Field: newInput(*q), Again: v.here() + "?again=1"})
}

func (d *door) takeChoice(v *visit, form *page.Form) {
	name := contextName(form.Get("choice"))
	if v.acct == nil || name == "" {
		http.Redirect(v.w, v.r, v.here(), http.StatusSeeOther)
		return
	}
	value := form.Get("context." + name)
	if value == "" {
		form.Fail("context."+name, "Choose one.")
		d.ask(v, http.StatusUnprocessableEntity, form)
		return
	}
	d.finish(v, form, map[string]*string{name: &value})
}

func (d *door) finish(v *visit, form *page.Form, context map[string]*string) {
	acct, err := d.Accounts.Settle(v.r.Context(), v.link.Environment, v.acct.ID, context, d.Links.Use(v.r.Context(), v.link))
	if invalid, ok := errors.AsType[*account.InvalidError](err); ok && contextName(invalid.Field) != "" && v.r.Method == http.MethodPost {
		form.Fail(invalid.Field, "This "+invalid.Message)
		d.ask(v, http.StatusUnprocessableEntity, form)
		return
	}
	if err != nil {
		d.fail(v, err)
		return
	}
	d.goOn(v, acct)
}
