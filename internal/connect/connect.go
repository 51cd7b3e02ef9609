// Package connect is the door for people who have no login of Sluice's: its pages walk whoever opens a link through connecting one integrated account, by
// what the integration's form asks for or by signing in with the vendor, and it is where vendors send people back to.
//
// It imports link, account, catalog and page. Requests enter below Path; an account that is connected leaves, by the service that keeps it.
package connect

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"sluice/internal/account"
	"sluice/internal/catalog"
	"sluice/internal/link"
	"sluice/internal/page"
)

// Path begins every page's; CallbackPath is where vendors send people back to.
const (
	Path         = "/connect/"
	CallbackPath = Path + "callback"
)

// URL is the address of a link by its token.
func URL(publicURL, token string) string { return publicURL + Path + token }

// ReconnectURL is where whoever administers an account connects it again.
func ReconnectURL(publicURL, accountID string) string {
	return publicURL + Path + "account/" + accountID
}

// Users tells who is signed in to Sluice, for those pages that want it.
type Users interface {
	// Editor answers the environment in which whoever made the request may change integrated accounts; ok is false where nobody is signed in.
	Editor(r *http.Request) (environment string, ok bool, err error)
	// URL is the page that signs a person in and leads on to next.
	URL(next string) string
}

// Config is what the door is made of.
type Config struct {
	Links     *link.Service
	Accounts  *account.Service
	Catalog   *catalog.Catalog
	Users     Users // nil: nobody can sign in
	PublicURL string
	Log       *slog.Logger
}

//go:embed templates
var files embed.FS

var pages = page.Parse(page.Sub(files, "templates"))

type door struct {
	Config
}

// New returns the handler of every path below Path.
func New(c Config) http.Handler {
	d := &door{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+CallbackPath, d.callback)
	mux.HandleFunc("GET "+Path+"account/{id}", d.again)
	mux.HandleFunc("POST "+Path+"account/{id}", d.again)
	mux.HandleFunc("GET "+Path+"{token}", d.visit(d.show))
	mux.HandleFunc("POST "+Path+"{token}", d.visit(d.take))
	mux.HandleFunc("GET "+Path+"done/{token}", d.done)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		page.WriteMessage(w, r, http.StatusNotFound, "No such page", "There is no such page. If a link led here, open it again as it was sent.")
	})
	return page.Guard(mux)
}

// visit is one request to a link's pages.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	token string
	link  *link.Link
	acct  *account.Account // nil: none is connected by the link yet
}

// here is the page of the link.
func (v *visit) here() string { return Path + v.token }

// visit finds the link that a request is for, and says so where it leads nowhere.
func (d *door) visit(next func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := d.find(w, r)
		if !ok {
			return
		}
		switch v.link.State() {
		case link.Used:
			page.WriteMessage(w, r, http.StatusGone, "This link was used already", "An account was connected by this link, and it works once. To connect another, or this one again, ask for a new link where you got it.")
		case link.Expired:
			page.WriteMessage(w, r, http.StatusGone, "This link has expired", "It worked until "+v.link.ExpiresAt.Format("2006-01-02 15:04 MST")+". Ask for a new one where you got it.")
		default:
			next(v)
		}
	}
}

// find reads the link and its account.
func (d *door) find(w http.ResponseWriter, r *http.Request) (*visit, bool) {
	v := &visit{w: w, r: r, token: r.PathValue("token")}
	var err error
	if v.link, err = d.Links.Find(r.Context(), v.token); errors.Is(err, link.ErrNotFound) {
		page.WriteMessage(w, r, http.StatusNotFound, "There is no such link", "The link is incomplete, or so old that nothing is known of it any more. Open it as it was sent, or ask for a new one.")
		return nil, false
	}
	if err == nil && v.link.AccountID != "" {
		v.acct, err = d.Accounts.Get(r.Context(), v.link.Environment, v.link.AccountID)
	}
	if err != nil {
		d.fail(v, err)
		return nil, false
	}
	return v, true
}

// fail says what went wrong where no form is there to say it in.
func (d *door) fail(v *visit, err error) {
	status, title, text := d.words(v.r.Context(), err)
	pages.Write(v.w, v.r, status, "failed", failed{Title: title, Text: text, Again: d.againURL(v), Back: d.backURL(v, map[string]string{"status": "error", "error": codeOf(err)}), BackTo: backTo(v.link)})
}

type failed struct {
	Title, Text         string
	Again, Back, BackTo string
}

// againURL is where the person tries once more; "" where the link leads nowhere any more.
func (d *door) againURL(v *visit) string {
	if v.link == nil || v.link.State() != link.Open {
		return ""
	}
	return v.here()
}

// words are a failure's, for people.
func (d *door) words(ctx context.Context, err error) (status int, title, text string) {
	title = "The account is not connected"
	var (
		denied      *account.DeniedError
		invalid     *account.InvalidError
		unavailable *account.UnavailableError
		state       *account.StatusError
	)
	switch {
	case errors.As(err, &denied):
		return http.StatusOK, title, denied.Message
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity, title, sentence(invalid)
	case errors.As(err, &unavailable):
		return http.StatusBadGateway, title, unavailable.Message + " Nothing was lost: try again in a while."
	case errors.As(err, &state):
		return http.StatusConflict, title, state.Message
	case errors.Is(err, link.ErrSpent):
		return http.StatusGone, "This link was used already", "Somebody has just connected an account by this link, and it works once."
	case errors.Is(err, account.ErrNotFound):
		return http.StatusGone, "The account is gone", "The account that this link is for was deleted."
	case errors.Is(err, catalog.ErrNotFound):
		return http.StatusGone, title, "The integration that this link is for is not there any more."
	}
	if ctx.Err() == nil {
		d.Log.ErrorContext(ctx, "connect: a request failed", "error", err)
	}
	return http.StatusInternalServerError, title, "Something went wrong here, and the log says what. Try again in a while."
}

// codeOf is what a caller's back-end is told of a failure.
func codeOf(err error) string {
	if denied, ok := errors.AsType[*account.DeniedError](err); ok && denied.Code != "" {
		return denied.Code
	}
	return "not_connected"
}

// sentence is an InvalidError as a whole sentence.
func sentence(e *account.InvalidError) string {
	name := e.Field
	switch name {
	case "credentials":
		name = "What you entered"
		if rest, ok := strings.CutPrefix(e.Message, "were "); ok {
			return name + " was " + rest
		}
	case "integration":
		name = "This integration"
	}
	return fmt.Sprintf("%s %s", name, e.Message)
}
