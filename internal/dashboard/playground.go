package dashboard

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/page"
	"sluice/internal/permission"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// playPage is the playground of one tool.
type playPage struct {
	accountPage
	Tool    *toolset.Tool
	Form    *page.Form
	Entries []*entry
	AsJSON  bool // the arguments are entered as one JSON object
	MayCall bool
	Cost    int // of the tool in a conversation, in tokens

	// Once something was entered.
	Same     *sameCall
	Outgoing *vendor.Outgoing
	Result   *answer
}

// answer is a call's result as the page shows it.
type answer struct {
	*gateway.Result
	State state
	Took  string
	Body  string
}

// thePlayground finds the account and its tool, with the live fields of the objects that are chosen.
func (v *visit) thePlayground(form *page.Form) (*playPage, *gateway.Caller, error) {
	a, err := v.account("Tools")
	if err != nil {
		return nil, nil, err
	}
	name := v.r.PathValue("tool")
	chosen := map[string]string{}
	if a.Definition != nil {
		for _, b := range bindables(a.Definition) {
			if id := form.Get("a/" + b.Argument); id != "" {
				chosen[b.Argument] = id
			}
		}
	}
	caller, err := v.Gateway.OpenAccountFor(v.r.Context(), a.Account.Account, toolset.Options{}, chosen)
	if err != nil {
		return nil, nil, err
	}
	v.sign(caller)
	caller.CanAsk = true // this page puts the question, and sends the answer with the same call
	tool, ok := caller.Tools.Tool(name)
	if !ok {
		return nil, nil, gateway.ErrUnknownTool
	}
	p := &playPage{accountPage: a, Tool: tool, Form: form, Entries: formOf(tool.InputSchema), Cost: tokens(len(tool.InputSchema) + len(tool.Description) + len(tool.Name))}
	p.MayCall = v.may.Has(permission.ToolsRead) && (tool.ReadOnly || v.may.Has(permission.ToolsWrite))
	p.offerChoices(v.r.Context(), chosen)
	return p, caller, nil
}

// offerChoices lets arguments that name objects be chosen from those that the account has.
func (p *playPage) offerChoices(ctx context.Context, chosen map[string]string) {
	r := p.Tool.Resource
	for _, e := range p.Entries {
		if e.Kind != textKind {
			continue
		}
		var options []page.Option
		for owner, argument := range r.Parent {
			if argument == e.Argument {
				options, _ = p.choose(ctx, p.accountPage, owner, "", "", nil)
			}
		}
		if ref, ok := r.References[e.Argument]; ok && ref.Arguments == nil { // a list that has to be narrowed is too long to choose from
			if arguments, ready := parentsOf(p.Definition, ref.Resource, chosen); ready {
				options, _ = p.choose(ctx, p.accountPage, ref.Resource, ref.ID, ref.Name, arguments)
			}
		}
		if len(options) == 0 {
			continue
		}
		e.Kind, e.Options = choiceKind, []page.Option{{Value: "", Label: "–"}}
		for _, o := range options {
			e.Options = append(e.Options, page.Option{Value: string(jsonscan.AppendQuote(nil, o.Value)), Label: o.Label})
		}
		if now := p.Form.Get(e.Name); now != "" {
			value := now
			if !json.Valid([]byte(now)) || now[0] != '"' {
				value = string(jsonscan.AppendQuote(nil, now))
			}
			if !slices.ContainsFunc(e.Options, func(o page.Option) bool { return o.Value == value }) {
				e.Options = append(e.Options, page.Option{Value: value, Label: plainText(json.RawMessage(value))})
			}
			p.Form.Values.Set(e.Name, value)
		}
		e.Input = nil
		if slices.ContainsFunc(bindables(p.Definition), func(b bindable) bool { return b.Argument == e.Argument }) {
			e.Input = []string{"data-submit=refresh"}
		}
	}
}

// parentsOf are the arguments that the list of a resource needs, and whether they are all chosen.
func parentsOf(def *integration.Definition, resource string, chosen map[string]string) (map[string]string, bool) {
	arguments := map[string]string{}
	for _, r := range def.Resources {
		if r.Name != resource {
			continue
		}
		for _, argument := range r.Parent {
			id, ok := chosen[argument]
			if !ok {
				return nil, false
			}
			arguments[argument] = id
		}
	}
	return arguments, true
}

// bare takes JSON off the choices in a form: a value that was chosen is written as JSON, one that was typed is not.
func bare(form *page.Form, def *integration.Definition) *page.Form {
	if def == nil {
		return form
	}
	plain := &page.Form{Values: form.Values, Errors: form.Errors}
	for _, b := range bindables(def) {
		if name := "a/" + b.Argument; plain.Get(name) != "" {
			plain.Values.Set(name, plainText(json.RawMessage(plain.Get(name))))
		}
	}
	return plain
}

// playground shows a tool with an empty form, with an example's arguments, or with those of a call in the log.
func (v *visit) playground() error {
	form := page.NewForm()
	arguments, err := v.given()
	if err != nil {
		return err
	}
	if len(arguments) > 0 {
		var texts map[string]json.RawMessage
		json.Unmarshal(arguments, &texts)
		for name, value := range texts { // what is chosen decides which fields there are
			if text := plainText(value); jsonscan.KindOf(value) == jsonscan.String {
				form.Values.Set("a/"+name, text)
			}
		}
	}
	p, _, err := v.thePlayground(form)
	if err != nil {
		return err
	}
	if len(arguments) > 0 && !fillIn(p.Entries, arguments, form) {
		p.AsJSON = true
		form.Values.Set("json", pretty(arguments))
	}
	return v.show("playground", p)
}

// given are the arguments that the URL asks to begin with.
func (v *visit) given() (json.RawMessage, error) {
	q := v.r.URL.Query()
	if id := q.Get("call"); id != "" && v.may.Has(permission.LogsRead) {
		record, err := v.Audit.Get(v.r.Context(), v.env(), id)
		if err != nil {
			return nil, err
		}
		return record.Arguments, nil
	}
	if title := q.Get("example"); title != "" {
		a, err := v.account("Tools")
		if err != nil || a.Definition == nil {
			return nil, err
		}
		caller, err := v.Gateway.OpenAccount(v.r.Context(), a.Account.Account, toolset.Options{})
		if err != nil {
			return nil, err
		}
		if tool, ok := caller.Tools.Tool(v.r.PathValue("tool")); ok && tool.Method.Doc != nil {
			for _, e := range tool.Method.Doc.Examples {
				if e.Title == title {
					return e.Arguments, nil
				}
			}
		}
	}
	return nil, nil
}

// play does what a button of the form says: call, tell what would be sent, change how the arguments are entered, or show the fields of what was chosen.
func (v *visit) play() error {
	form, ok := v.form()
	if !ok {
		return nil
	}
	a, err := v.account("Tools")
	if err != nil {
		return err
	}
	form = bare(form, a.Definition)
	p, caller, err := v.thePlayground(form)
	if err != nil {
		return err
	}
	p.AsJSON = form.Get("as") == "json"
	arguments := argumentsOf(p.Entries, form)
	if p.AsJSON {
		arguments = []byte(strings.TrimSpace(form.Get("json")))
		if len(arguments) == 0 {
			arguments = []byte("{}")
		}
		if !json.Valid(arguments) || jsonscan.KindOf(arguments) != jsonscan.Object {
			form.Fail("json", "This is no JSON object: look for a missing comma or quote.")
			return v.showAs(http.StatusUnprocessableEntity, "playground", p)
		}
		arguments = compact(arguments)
	}
	switch form.Get("do") {
	case "json":
		p.AsJSON = true
		form.Values.Set("json", pretty(arguments))
		return v.show("playground", p)
	case "form":
		p.AsJSON = !fillIn(p.Entries, arguments, form)
		if p.AsJSON {
			form.Fail("json", "The form has no place for some of this: it stays as JSON.")
		}
		return v.show("playground", p)
	case "preview":
		return v.preview(p, caller, arguments)
	case "call":
		return v.callTool(p, caller, arguments)
	}
	return v.show("playground", p) // with the fields of what was chosen
}

// preview tells what would be sent.
func (v *visit) preview(p *playPage, caller *gateway.Caller, arguments []byte) error {
	same := v.elsewhere(p.Account.ID, p.Tool.Name, arguments)
	p.Same = &same
	outgoing, result, err := v.Gateway.Preview(v.r.Context(), caller, p.Tool.Name, arguments)
	if err != nil {
		return err
	}
	status := http.StatusOK
	p.Outgoing = outgoing
	if result != nil {
		p.refused(result)
		status = http.StatusUnprocessableEntity
	}
	return v.showAs(status, "playground", p)
}

// callTool makes the call.
func (v *visit) callTool(p *playPage, caller *gateway.Caller, arguments []byte) error {
	if !p.MayCall {
		v.message(http.StatusForbidden, "Not for your role", "This tool may change something, and your role, "+string(v.person.Role)+", can only call those that do not. Nothing was sent.")
		return nil
	}
	if token := p.Form.Get("question"); token != "" {
		caller.Answer = gateway.Agreed(token)
		if p.Form.Get("agree") == "no" {
			caller.Answer = gateway.Declined(token)
		}
	}
	same := v.elsewhere(p.Account.ID, p.Tool.Name, arguments)
	p.Same = &same
	began := time.Now()
	result, err := v.Gateway.Call(v.r.Context(), caller, p.Tool.Name, arguments)
	if err != nil {
		return err
	}
	p.refused(result)
	p.Result = &answer{Result: result, State: outcomeState(outcomeOf(result)), Took: took(time.Since(began)), Body: pretty(result.Body)}
	if result.Failed() && len(result.Details) > 0 {
		p.Result.Body = pretty(result.Details)
	}
	p.Result.Body = beginning(p.Result.Body)
	if !result.Failed() && result.Question == nil {
		p.Outgoing, _, err = v.Gateway.Preview(v.r.Context(), caller, p.Tool.Name, arguments)
		if err != nil {
			return err
		}
	}
	return v.show("playground", p)
}

// refused puts what a result finds wrong with arguments beside them.
func (p *playPage) refused(r *gateway.Result) {
	if !r.Invalid {
		return
	}
	name := "a/" + strings.ReplaceAll(r.Field, ".", "/")
	if p.AsJSON {
		name = "json"
	} else if !has(p.Entries, name) {
		name = ""
	}
	p.Form.Fail(name, r.Message)
}

func has(entries []*entry, name string) bool {
	return slices.ContainsFunc(entries, func(e *entry) bool { return e.Name == name || has(e.Below, name) })
}

// outcomeOf is the log's word for a result.
func outcomeOf(r *gateway.Result) string {
	switch {
	case r.Invalid:
		return "invalid"
	case r.Outcome == vendor.OK:
		return "ok"
	case r.Outcome == vendor.Refused:
		return "refused"
	case r.Outcome == vendor.RateLimited:
		return "rate_limited"
	case r.Outcome == vendor.Unknown:
		return "unknown"
	}
	return "unsent"
}
