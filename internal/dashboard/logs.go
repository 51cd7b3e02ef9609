package dashboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluice/internal/audit"
	"sluice/internal/page"
)

// outcomes are what becomes of calls, with how they are shown.
var outcomes = []struct {
	name  string
	state state
	help  string
}{
	{"ok", state{"ok", "done"}, "The vendor did it."},
	{"invalid", state{"warn", "invalid"}, "The arguments were wrong; nothing was sent."},
	{"refused", state{"bad", "refused"}, "The vendor answered with an error."},
	{"rate_limited", state{"warn", "rate limited"}, "The vendor wants fewer calls."},
	{"unsent", state{"bad", "not sent"}, "Nothing happened: the vendor was not reached."},
	{"unknown", state{"bad", "unknown"}, "It was sent and the answer is lost: it may have happened."},
	{"cancelled", state{"", "cancelled"}, "Who called went away before it was sent."},
	{"started", state{"info", "under way"}, "It was begun, and its outcome is not known yet."},
}

func outcomeState(name string) state {
	for _, o := range outcomes {
		if o.name == name {
			return o.state
		}
	}
	return state{"", name}
}

// callRow is a call as lists show it.
type callRow struct {
	*audit.Record
	State state
	Took  string
	URL   string
}

func rowOfCall(r *audit.Record) *callRow {
	row := &callRow{Record: r, State: outcomeState(r.Outcome), URL: Path + "/logs/" + url.PathEscape(r.ID)}
	if r.Outcome != audit.Started {
		row.Took = took(r.Duration)
	}
	return row
}

// took says a length of time as people read it.
func took(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
}

// periods are the lengths of time that the log can be narrowed to.
var periods = []struct {
	name, label string
	length      time.Duration
	spans       int // bars in the chart
}{
	{"1h", "Last hour", time.Hour, 30}, {"24h", "Last 24 hours", 24 * time.Hour, 48}, {"7d", "Last 7 days", 7 * 24 * time.Hour, 42}, {"30d", "Last 30 days", 30 * 24 * time.Hour, 30},
}

// logSearch is what a request asks of the log.
type logSearch struct {
	audit.Filter
	Form  *page.Form
	spans int
}

// search reads a search of the log from the URL. A day and hour of one's own takes the place of a period.
func (v *visit) search(now time.Time) logSearch {
	q := v.r.URL.Query()
	s := logSearch{Form: &page.Form{Values: q}, Filter: audit.Filter{
		Environment: v.env(), AccountID: q.Get("account"), ServerID: q.Get("server"), Tool: q.Get("tool"), Outcome: q.Get("outcome"), ClientName: q.Get("client"),
		RequestID: q.Get("request"), UserID: q.Get("user"),
	}}
	if q.Get("period") == "" {
		q.Set("period", "24h")
	}
	for _, p := range periods {
		if p.name == q.Get("period") {
			s.Until = now.Truncate(time.Minute).Add(time.Minute)
			s.Since, s.spans = s.Until.Add(-p.length), p.spans
		}
	}
	if s.spans != 0 {
		return s
	}
	s.spans = 48
	s.Since, s.Until = readTime(s.Form, "since"), readTime(s.Form, "until")
	if s.Until.IsZero() {
		s.Until = now.Truncate(time.Minute).Add(time.Minute)
	}
	if s.Since.IsZero() {
		s.Since = s.Until.Add(-24 * time.Hour)
	}
	if !s.Since.Before(s.Until) {
		s.Form.Fail("until", "This is not after the beginning.")
	}
	return s
}

// readTime reads a day and time in UTC from a form, as browsers write it.
func readTime(form *page.Form, name string) time.Time {
	text := form.Get(name)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	form.Fail(name, "Give a day and a time, as 2027-01-31T18:00.")
	return time.Time{}
}

// logPage is a search of the log with what was found.
type logPage struct {
	logSearch
	Periods  []page.Option
	Outcomes []page.Option
	Accounts []page.Option // none: there is nothing to choose
	Tools    []page.Option
	Servers  []page.Option
	Clients  []page.Option
	All      string // the log without filters
	Rows     []*callRow
	Pages    page.Pages
	Chart    *chart
	Narrowed bool
	Exports  []page.Link
}

func (v *visit) logs() error {
	p, err := v.findCalls("")
	if err != nil {
		return err
	}
	return v.show("logs", struct {
		*visit
		logPage
	}{v, p})
}

// accountLogs is the log of one account, in its own pages.
func (v *visit) accountLogs() error {
	a, err := v.account("Logs")
	if err != nil {
		return err
	}
	p, err := v.findCalls(a.Account.ID)
	if err != nil {
		return err
	}
	return v.show("account-logs", struct {
		accountPage
		logPage
	}{a, p})
}

// findCalls searches the log, of one account where its id is given.
func (v *visit) findCalls(accountID string) (logPage, error) {
	p := logPage{logSearch: v.search(time.Now())}
	if accountID != "" {
		p.AccountID = accountID
	}
	for _, o := range periods {
		p.Periods = append(p.Periods, page.Option{Value: o.name, Label: o.label})
	}
	p.Periods = append(p.Periods, page.Option{Value: "own", Label: "From … to …"})
	p.Outcomes = []page.Option{{Value: "", Label: "All"}}
	for _, o := range outcomes {
		p.Outcomes = append(p.Outcomes, page.Option{Value: o.name, Label: o.state.Words})
	}
	p.Narrowed = p.Tool != "" || p.Outcome != "" || p.ServerID != "" || p.ClientName != "" || p.RequestID != "" || p.UserID != "" || accountID == "" && p.AccountID != ""
	p.All = v.r.URL.Path
	if !p.Form.OK() {
		return p, nil
	}
	if err := v.offerFilters(&p, accountID != ""); err != nil {
		return p, err
	}
	found, next, err := v.Audit.List(v.r.Context(), p.Filter, v.r.URL.Query().Get("next"), perPage)
	if errors.Is(err, audit.ErrCursor) {
		found, next, err = v.Audit.List(v.r.Context(), p.Filter, "", perPage)
	}
	if err != nil {
		return p, err
	}
	for _, r := range found {
		p.Rows = append(p.Rows, rowOfCall(r))
	}
	p.Pages = v.pages("next", next, len(found), "call")
	spans, err := v.Audit.Stats(v.r.Context(), p.Filter, p.spans)
	if err != nil {
		return p, err
	}
	p.Chart = newChart(spans, p.Since, p.Until)
	q := url.Values{}
	for name, values := range v.r.URL.Query() {
		if name != "next" {
			q[name] = values
		}
	}
	if accountID != "" {
		q.Set("account", accountID)
	}
	for _, format := range []string{"csv", "ndjson"} {
		q.Set("format", format)
		p.Exports = append(p.Exports, page.Link{Label: strings.ToUpper(format), URL: Path + "/logs/export?" + q.Encode()})
	}
	return p, nil
}

// mostServers is how many MCP servers can be chosen from by their names.
const mostServers = 100

// offerFilters puts into a page what its log can be narrowed to: what occurs in its time, and what it is narrowed to already.
func (v *visit) offerFilters(p *logPage, ofAccount bool) error {
	f := p.Filter
	if !ofAccount {
		f.AccountID = ""
	}
	names, err := v.Audit.Names(v.r.Context(), f)
	if err != nil {
		return err
	}
	p.Tools, p.Clients = chosenFrom(names.Tools, p.Tool, nil), chosenFrom(names.Clients, p.ClientName, nil)
	if !ofAccount && (len(names.Accounts) > 1 || p.AccountID != "") {
		p.Accounts = chosenFrom(names.Accounts, p.AccountID, func(id string) string {
			acct, err := v.Accounts.Get(v.r.Context(), v.env(), id)
			if err != nil {
				return "deleted (" + id + ")"
			}
			return v.row(acct).Title
		})
	}
	servers := slices.Sorted(maps.Keys(names.Servers))
	slices.Reverse(servers) // the newest first
	p.Servers = chosenFrom(servers[:min(len(servers), mostServers)], p.ServerID, func(id string) string {
		account := names.Servers[id]
		if account == "" {
			account = p.AccountID
		}
		if s, err := v.Servers.Get(v.r.Context(), v.env(), account, id); err == nil {
			return s.Name
		}
		return "revoked (" + id + ")"
	})
	return nil
}

// chosenFrom are options of which one may be chosen that is not among them. say is how an option is called, where it is not by its value.
func chosenFrom(values []string, chosen string, say func(string) string) []page.Option {
	if chosen != "" && !slices.Contains(values, chosen) {
		values = append([]string{chosen}, values...)
	}
	options := []page.Option{{Value: "", Label: "All"}}
	for _, value := range values {
		label := value
		if say != nil {
			label = say(value)
		}
		options = append(options, page.Option{Value: value, Label: label})
	}
	return options
}

func (v *visit) call() error {
	r, err := v.Audit.Get(v.r.Context(), v.env(), v.r.PathValue("call"))
	if err != nil {
		return err
	}
	data := struct {
		*visit
		Call      *callRow
		Help      string
		Arguments string
		Account   *accountRow // nil: deleted, or not the visitor's to see
		Person    string      // who they were; "": no longer here
		Server    string
		ServerURL string
	}{visit: v, Call: rowOfCall(r), Arguments: beginning(pretty(r.Arguments))}
	for _, o := range outcomes {
		if o.name == r.Outcome {
			data.Help = o.help
		}
	}
	if r.UserID != "" {
		if u, err := v.Users.Get(v.r.Context(), v.env(), r.UserID); err == nil {
			data.Person = u.Email
		}
	}
	if acct, err := v.Accounts.Get(v.r.Context(), v.env(), r.AccountID); err == nil {
		data.Account = v.row(acct)
		if r.ServerID != "" {
			if s, err := v.Servers.Get(v.r.Context(), v.env(), r.AccountID, r.ServerID); err == nil {
				data.Server, data.ServerURL = s.Name, serverURL(r.AccountID, s.ID)
			}
		}
	}
	return v.show("call", data)
}

// mostShown is how much of one text a page shows, so that it stays quick; markup makes it up to five times as long.
const mostShown = 16 << 10

// beginning is a text that is not too long for a page.
func beginning(text string) string {
	if len(text) <= mostShown {
		return text
	}
	return strings.ToValidUTF8(text[:mostShown], "") + fmt.Sprintf("\n… and %d KiB more", (len(text)-mostShown+1023)>>10)
}

// pretty is JSON as people read it, and anything else as it is.
func pretty(b []byte) string {
	var out bytes.Buffer
	if len(b) == 0 || json.Indent(&out, b, "", "  ") != nil {
		return string(b)
	}
	return out.String()
}
