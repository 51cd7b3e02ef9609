package dashboard

import (
	"strings"

	"sluice/internal/gateway"
	"sluice/internal/page"
	"sluice/internal/toolset"
)

// client is what the log calls the dashboard.
const client = "Sluice dashboard"

// sign says of a call that it is the visitor's.
func (v *visit) sign(c *gateway.Caller) {
	c.Door, c.UserID, c.ClientName, c.RequestID = "dashboard", v.person.ID, client, v.r.Header.Get("X-Request-Id")
}

// tools lists what the account's integration can do.
func (v *visit) tools() error {
	p, err := v.account("Tools")
	if err != nil {
		return err
	}
	data := struct {
		accountPage
		Form   *page.Form
		Kinds  []page.Option
		Groups []toolGroup
		Shown  int
		Offer  offer
	}{accountPage: p, Form: &page.Form{Values: v.r.URL.Query()}, Kinds: []page.Option{{Value: "", Label: "All"}, {Value: "read", Label: "Reading"}, {Value: "write", Label: "Writing"}}}
	if p.Definition == nil {
		return v.show("tools", data)
	}
	caller, err := v.Gateway.OpenAccount(v.r.Context(), p.Account.Account, toolset.Options{})
	if err != nil {
		return err
	}
	data.Offer = offerOf(caller.Tools)
	words := strings.Fields(strings.ToLower(data.Form.Get("q")))
	for _, g := range data.Offer.Groups {
		kept := toolGroup{Resource: g.Resource}
		for _, t := range g.Tools {
			if kind := data.Form.Get("kind"); kind == "read" && !t.ReadOnly || kind == "write" && t.ReadOnly {
				continue
			}
			text := strings.ToLower(t.Name + " " + t.Title + " " + t.Description)
			fits := true
			for _, w := range words {
				fits = fits && strings.Contains(text, w)
			}
			if fits {
				kept.Tools = append(kept.Tools, t)
			}
		}
		if len(kept.Tools) > 0 {
			data.Groups = append(data.Groups, kept)
			data.Shown += len(kept.Tools)
		}
	}
	return v.show("tools", data)
}

// First is a text's first sentence.
func (v *visit) First(text string) string {
	if i := strings.Index(text, ". "); i > 0 {
		text = text[:i+1]
	}
	if i := strings.IndexByte(text, '\n'); i > 0 {
		text = text[:i]
	}
	return text
}
