package dashboard

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/internal/confirmation"
	"sluice/internal/mcpserver"
	"sluice/internal/page"
)

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

// ExpiryOptions are the ends to choose from.
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
