package dashboard

import (
	"net/http"
	"strconv"
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
		Found  int
		Offer  offer
		Pages  page.Pages
	}{accountPage: p, Form: &page.Form{Values: v.r.URL.Query()}, Kinds: []page.Option{{Value: "", Label: "All"}, {Value: "read", Label: "Reading"}, {Value: "write", Label: "Writing"}}}
	if p.Definition == nil {
		return v.show("tools", data)
	}
	caller, err := v.Gateway.OpenAccount(v.r.Context(), p.Account.Account, toolset.Options{})
	if err != nil {
		return err
	}
	data.Offer = offerOf(caller.Tools)
	from, shown := placeIn(v.r, "from"), 0
	words := strings.Fields(strings.ToLower(data.Form.Get("q")))
	for _, g := range groupsOf(caller.Tools.Tools) {
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
			if !fits {
				continue
			}
			data.Found++
			if data.Found > from && shown < toolsPerPage {
				kept.Tools = append(kept.Tools, t)
				shown++
			}
		}
		if len(kept.Tools) > 0 {
			data.Groups = append(data.Groups, kept)
		}
	}
	next := ""
	if from+shown < data.Found {
		next = strconv.Itoa(from + shown)
	}
	data.Pages = v.pages("from", next, shown, "tool")
	return v.show("tools", data)
}

// toolsPerPage keeps the page of an integration with a thousand tools as small as another's.
const toolsPerPage = 100

// placeIn reads a place in a list that is counted; 0 for none.
func placeIn(r *http.Request, parameter string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(parameter))
	if err != nil || n < 0 {
		return 0
	}
	return n
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
