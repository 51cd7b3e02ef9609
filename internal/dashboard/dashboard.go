// Package dashboard is the door for people: web pages on which accounts are connected, MCP servers created, tools tried and calls looked up.
//
// It imports page for how pages look and are guarded, permission for who may see which, and the services that the admin API stands on: what a page does is
// done by them, and a tool is called through gateway like any other. A request enters at the handler that New makes, which finds out who is signed in,
// asks whether they may, and hands a visit to the page; each page is rendered whole on the server and works without script.
package dashboard

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"

	"sluice/internal/account"
	"sluice/internal/audit"
	"sluice/internal/catalog"
	"sluice/internal/confirmation"
	"sluice/internal/connection"
	"sluice/internal/environment"
	"sluice/internal/gateway"
	"sluice/internal/link"
	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/page"
	"sluice/internal/user"
	"sluice/internal/webhook"
)

// Path is where the handler is mounted: it takes this and everything below.
const Path = "/dashboard"

// Door finds out who is signed in, and knows where one does. *signin.Door is one.
type Door interface {
	// Session answers the session that a request comes in and whose it is, nil where nobody is signed in.
	Session(r *http.Request) (*user.Session, *user.User, error)
	// URL is the page to sign in at, which leads on to a path of this installation.
	URL(next string) string
	// InvitationURL and PasswordURL are what somebody is sent, by its token.
	InvitationURL(token string) string
	PasswordURL(token string) string
}

// Config is what the dashboard is made of. All of it is needed.
type Config struct {
	Door          Door
	Users         *user.Service
	Environments  *environment.Service
	Accounts      *account.Service
	Servers       *mcpserver.Service
	Catalog       *catalog.Catalog
	Audit         *audit.Log
	Confirmations *confirmation.Service
	Webhooks      *webhook.Service
	OAuth         *oauth.Service
	Connections   *connection.Log
	Links         *link.Service
	LinkURL       func(token string) string // the page of a link by its token
	CallbackURL   string                    // to which vendors send people back
	Gateway       *gateway.Gateway
	PublicURL     string                                                // under which the API is reached
	MCPURL        func(token string) string                             // of an MCP server
	Fetch         func(ctx context.Context, url string) ([]byte, error) // reads a public document
	Log           *slog.Logger
}

//go:embed all:templates
var templates embed.FS

// functions are what the dashboard's templates can call beside the page package's.
var functions = template.FuncMap{
	"took": took,
	"text": func(b []byte) string { return string(b) },
	"pair": func(form *page.Form, e *entry) any {
		return struct {
			Form  *page.Form
			Entry *entry
		}{form, e}
	},
	// A link into a program on the reader's machine, of a scheme that templates do not know. Only clientconfig makes them.
	"client":  func(link string) template.URL { return template.URL(link) },
	"star":    func(e *entry) string { return e.star() },
	"request": written,
}

var pages = page.Parse(page.Sub(templates, "templates"), functions)

// Dashboard answers requests for pages.
type Dashboard struct {
	Config
	mux     *http.ServeMux
	choices choices
}

// New makes the handler.
func New(c Config) http.Handler {
	d := &Dashboard{Config: c, mux: http.NewServeMux()}
	for _, r := range routes {
		d.mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { d.visit(w, req, r) })
	}
	d.mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, home, http.StatusSeeOther) })
	d.mux.HandleFunc(Path+"/", func(w http.ResponseWriter, r *http.Request) { d.visit(w, r, route{serve: nowhere}) })
	return page.Guard(d.mux)
}
