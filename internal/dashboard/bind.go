package dashboard

import (
	"net/http"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/page"
)

// bindable is an argument that a server can be bound to: it names one object of a resource that owns others, a pipeline or a database.
type bindable struct {
	Argument string // pipeline_uuid
	Label    string // Pipeline
	Resource string // pipelines
	Options  []page.Option
	Fault    string // why there is nothing to choose from
}

// bindables are the parents in a definition, in the order of its resources.
func bindables(def *integration.Definition) []bindable {
	var all []bindable
	for _, owner := range def.Resources {
		for _, r := range def.Resources {
			argument, ok := r.Parent[owner.Name]
			if !ok || slices.ContainsFunc(all, func(b bindable) bool { return b.Argument == argument }) {
				continue
			}
			all = append(all, bindable{Argument: argument, Label: capital(strings.ReplaceAll(owner.Singular, "_", " ")), Resource: owner.Name})
		}
	}
	return all
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// bindChoices answers the part of a server's form in which it is bound, with what the account has to choose from, for the script: it asks the vendor, so
// the page does not wait for it.
func (v *visit) bindChoices() error {
	p, err := v.account("MCP servers")
	if err != nil {
		return err
	}
	s := &serverPage{accountPage: p, Form: &page.Form{Values: v.r.URL.Query()}}
	if p.Definition != nil {
		s.Binds = bindables(p.Definition)
	}
	for i, b := range s.Binds {
		options, fault := v.choose(v.r.Context(), p, b.Resource, "", "", nil)
		if fault != "" {
			s.Binds[i].Fault = fault
			continue
		}
		if now := s.Form.Get("bind." + b.Argument); now != "" && !slices.ContainsFunc(options, func(o page.Option) bool { return o.Value == now }) {
			options = append(options, page.Option{Value: now, Label: now})
		}
		s.Binds[i].Options = append([]page.Option{{Value: "", Label: "Any"}}, options...)
	}
	pages.WritePart(v.w, v.r, http.StatusOK, "server-new", "binds", s)
	return nil
}
