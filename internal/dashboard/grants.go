package dashboard

import (
	"net/url"
	"time"

	"sluice/internal/connection"
	"sluice/internal/oauth"
	"sluice/internal/page"
)

// grantRow is what one person allowed one client.
type grantRow struct {
	*oauth.Grant
	Person string
}

// attemptRow is a client's way to connect, with what became of it.
type attemptRow struct {
	*connection.Attempt
	Verdict connection.Verdict
	State   state
	URL     string
}

var attemptStates = map[connection.State]state{
	connection.Connected: {"ok", "connected"}, connection.Failed: {"bad", "failed"}, connection.Waiting: {"info", "under way"}, connection.Stopped: {"warn", "stopped"},
}

// signIns are the people who signed in to a server by its clients, and how connecting went.
func (v *visit) signIns() error {
	s, err := v.theServer()
	if err != nil {
		return err
	}
	grants, next, err := v.OAuth.ListGrants(v.r.Context(), v.env(), s.Server.ID, "", v.r.URL.Query().Get("before"), perPage)
	if err != nil {
		return err
	}
	attempts, more, err := v.Connections.List(v.r.Context(), v.env(), s.Server.ID, v.r.URL.Query().Get("attempts"), perPage)
	if err != nil {
		return err
	}
	data := struct {
		*serverPage
		Grants   []grantRow
		Pages    page.Pages
		Attempts []attemptRow
		Further  page.Pages
	}{serverPage: s, Pages: v.pages("before", next, len(grants), "sign-in"), Further: v.pages("attempts", more, len(attempts), "attempt")}
	for _, g := range grants {
		data.Grants = append(data.Grants, grantRow{g, v.nameOf(g.UserID)})
	}
	for _, a := range attempts {
		data.Attempts = append(data.Attempts, rowOfAttempt(s.Server.URL, a))
	}
	return v.show("sign-ins", data)
}

// nameOf is what a person of the environment is called; one who is gone, by their id.
func (v *visit) nameOf(userID string) string {
	if u, err := v.Users.Get(v.r.Context(), v.env(), userID); err == nil {
		return u.Email
	}
	return userID + " (removed)"
}

func rowOfAttempt(serverURL string, a *connection.Attempt) attemptRow {
	verdict := a.Verdict(time.Now())
	return attemptRow{a, verdict, attemptStates[verdict.State], serverURL + "/sign-ins/" + url.PathEscape(a.ID)}
}

func (v *visit) attempt() error {
	s, err := v.theServer()
	if err != nil {
		return err
	}
	a, err := v.Connections.Get(v.r.Context(), v.env(), v.r.PathValue("attempt"))
	if err != nil {
		return err
	}
	if a.ServerID != s.Server.ID {
		return connection.ErrNotFound
	}
	person := ""
	if a.UserID != "" {
		person = v.nameOf(a.UserID)
	}
	return v.show("attempt", struct {
		*serverPage
		Attempt attemptRow
		Person  string
	}{s, rowOfAttempt(s.Server.URL, a), person})
}

func (v *visit) revokeGrant() error {
	s, err := v.theServer()
	if err != nil {
		return err
	}
	form, ok := v.form()
	if !ok {
		return nil
	}
	g, err := v.OAuth.GetGrant(v.r.Context(), v.env(), form.Get("grant"))
	if err != nil {
		return err
	}
	if g.ServerID != s.Server.ID {
		return oauth.ErrNotFound
	}
	if err := v.OAuth.Revoke(v.r.Context(), v.env(), g.ID); err != nil {
		return err
	}
	return v.done(s.Server.URL+"/sign-ins", "What was allowed to "+g.ClientName+" is withdrawn: its tokens open nothing any more.")
}
