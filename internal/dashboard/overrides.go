package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sluice/internal/catalog"
	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/page"
)

// overridePage is what of an integration is different: for the environment, or for one account.
type overridePage struct {
	*visit
	Row      *integrationRow
	Account  *accountRow // nil: for all accounts of the environment
	Override *catalog.Override
	Form     *page.Form
	Faults   []string // what is wrong with the document, by its lines
}

// URL is the page's own.
func (p *overridePage) URL() string {
	if p.Account != nil {
		return p.Account.URL() + "/override"
	}
	return overrideURL(p.Row.Name)
}

// Back is the page that leads here.
func (p *overridePage) Back() string {
	if p.Account != nil {
		return p.Account.URL() + "/settings"
	}
	return p.Row.URL
}

func overrideURL(integration string) string {
	return Path + "/overrides/" + url.PathEscape(integration)
}

// theOverride finds what the path names: an account, or an integration.
func (v *visit) theOverride() (*overridePage, error) {
	p, name, account := &overridePage{visit: v}, v.r.PathValue("name"), ""
	if id := v.r.PathValue("id"); id != "" {
		acct, err := v.Accounts.Get(v.r.Context(), v.env(), id)
		if err != nil {
			return nil, err
		}
		p.Account, name, account = v.row(acct), acct.Integration, acct.ID
	}
	entry, err := v.Catalog.Get(v.r.Context(), v.env(), name)
	if err != nil {
		return nil, err
	}
	p.Row = rowOfIntegration(entry)
	if p.Override, err = v.Catalog.GetOverride(v.r.Context(), v.env(), name, account); err != nil {
		return nil, err
	}
	p.Form = page.NewForm("document", pretty(p.Override.Document))
	return p, nil
}

func (v *visit) override() error {
	p, err := v.theOverride()
	if err != nil {
		return err
	}
	return v.show("override", p)
}

// setOverride makes what was entered the override; nothing takes it away.
func (v *visit) setOverride() error {
	p, err := v.theOverride()
	if err != nil {
		return err
	}
	var ok bool
	if p.Form, ok = v.form(); !ok {
		return nil
	}
	account := ""
	if p.Account != nil {
		account = p.Account.ID
	}
	var document []byte
	if text := p.Form.Get("document"); strings.TrimSpace(text) != "" {
		if document, err = v.Catalog.ReadOverride(v.r.Context(), v.env(), p.Row.Name, account, []byte(text)); err != nil {
			return v.overrideRefused(p, err)
		}
		if jsonscan.ContainsNUL(document) {
			p.Form.Fail("document", "It holds the character U+0000, which cannot be stored: leave it out.")
			return v.showAs(http.StatusUnprocessableEntity, "override", p)
		}
	}
	o, err := v.Catalog.PutOverride(v.r.Context(), v.env(), v.person.ID, p.Row.Name, account, document)
	if err != nil {
		return v.overrideRefused(p, err)
	}
	if len(o.Document) == 0 {
		return v.done(p.Back(), "Nothing of "+p.Row.Label+" is different any more.")
	}
	return v.done(p.URL(), "It holds from now on. MCP servers show it at their clients’ next request.")
}

// overrideRefused shows what was entered with what is wrong with it.
func (v *visit) overrideRefused(p *overridePage, err error) error {
	var faults integration.Faults
	inUse, used := errors.AsType[*catalog.InUseError](err)
	switch {
	case errors.As(err, &faults):
		for _, f := range faults.Fatal() {
			p.Faults = append(p.Faults, f.String())
		}
		p.Faults = first(p.Faults)
		p.Form.Fail("document", "It does not go with the definition, so nothing was changed.")
	case used:
		p.Form.Fail("document", sentence(inUse.Error()))
	case errors.Is(err, catalog.ErrMoved):
		p.Form.Fail("", "Somebody else changed it just now. Copy what you entered, open the page again, and enter it there.")
	default:
		return err
	}
	return v.showAs(http.StatusUnprocessableEntity, "override", p)
}
