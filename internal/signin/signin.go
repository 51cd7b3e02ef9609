// Package signin is the door that people come in by: it signs them in and out, makes the first owner, and opens invitations and the links that somebody was given.
//
// It imports page for what people see and user for what is kept. Requests enter at ServeHTTP; the other doors ask Current who is there, and send whoever is
// nobody to URL. The browser holds two cookies: the session's token, and a mark that this browser has signed somebody in before (package user says what for).
package signin

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"sluice/internal/environment"
	"sluice/internal/page"
	"sluice/internal/secret"
	"sluice/internal/user"
)

//go:embed templates
var files embed.FS

var pages = page.Parse(page.Sub(files, "templates"))

// Options are what a Door is made of.
type Options struct {
	Users        *user.Service
	Environments *environment.Service
	Keys         *secret.Keys
	PublicURL    string
	Address      func(*http.Request) string // of whoever is asking
	Home         string                     // where somebody goes who came for nothing else; "": /
	HTTP         *http.Client               // to OpenID providers
	Log          *slog.Logger
}

// Door signs people in. It is safe for concurrent use.
type Door struct {
	Options
	handler   http.Handler
	cookies   cookies
	providers providers
}

// New makes the door.
func New(o Options) *Door {
	if o.Home == "" {
		o.Home = "/"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	d := &Door{Options: o, cookies: newCookies(o.PublicURL)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in", d.showSignIn)
	mux.HandleFunc("POST /sign-in", d.signIn)
	mux.HandleFunc("GET /sign-in/openid", d.toProvider)
	mux.HandleFunc("GET "+callbackPath, d.fromProvider)
	mux.HandleFunc("GET /sign-in/link/{token}", d.openLink)
	mux.HandleFunc("GET /sign-out", d.showSignOut)
	mux.HandleFunc("POST /sign-out", d.signOut)
	mux.HandleFunc("GET /start", d.showStart)
	mux.HandleFunc("POST /start", d.start)
	mux.HandleFunc("GET /invitation/{token}", d.showInvitation)
	mux.HandleFunc("POST /invitation/{token}", d.acceptInvitation)
	mux.HandleFunc("GET /password/{token}", d.showPassword)
	mux.HandleFunc("POST /password/{token}", d.choosePassword)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		page.WriteMessage(w, r, http.StatusNotFound, "No such page", "There is no page at this address. To sign in, go to /sign-in.")
	})
	d.handler = page.Guard(mux)
	return d
}

// roots are the first parts of the paths that are the door's.
var roots = []string{"/sign-in", "/sign-out", "/start", "/invitation", "/password"}

// Serves reports whether a path is the door's.
func (d *Door) Serves(path string) bool { return isOurs(path) }

func isOurs(path string) bool {
	for _, root := range roots {
		if rest, ok := strings.CutPrefix(path, root); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// Session finds the session that a request comes in and its user as they are now. All is nil where nobody is signed in.
func (d *Door) Session(r *http.Request) (*user.Session, *user.User, error) {
	token := d.cookies.session.read(r)
	if token == "" {
		return nil, nil, nil
	}
	session, u, err := d.Users.Session(r.Context(), token)
	if isNotFound(err) {
		return nil, nil, nil
	}
	return session, u, err
}

// Current finds who is signed in; nobody is nil, nil.
func (d *Door) Current(r *http.Request) (*user.User, error) {
	_, u, err := d.Session(r)
	return u, err
}

// URL is the page to sign in at, which leads on to next: a path of this installation, with its query. Any other next leads home.
func (d *Door) URL(next string) string {
	if next = d.local(next); next == d.Home {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(next)
}

// InvitationURL and PasswordURL are what somebody is sent, SignInURL what signs them in; each by its token.
func (d *Door) InvitationURL(token string) string { return d.PublicURL + "/invitation/" + token }
func (d *Door) PasswordURL(token string) string   { return d.PublicURL + "/password/" + token }
func (d *Door) SignInURL(token string) string     { return d.PublicURL + "/sign-in/link/" + token }

// local is next if that leads to a page of this installation, and home otherwise. Browsers take a backslash for a slash and drop what is no character of a
// URL, so that "/\evil.example" and "/<tab>/evil.example" lead away; neither is any path of ours.
func (d *Door) local(next string) string {
	u, err := url.Parse(next)
	odd := func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }
	if err != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, odd) || u.Host != "" || u.Scheme != "" || isOurs(u.Path) {
		return d.Home
	}
	return next
}

// admit begins a session for a user in the browser that made a request, in place of the one that it had.
func (d *Door) admit(w http.ResponseWriter, r *http.Request, u *user.User, method string) error {
	from := d.origin(r)
	token, _, err := d.Users.StartSession(r.Context(), u, method, from)
	if err != nil {
		return err
	}
	d.leave(r)
	d.cookies.session.set(w, token, 0)
	if from.Device == "" || method != byPassword {
		device, err := d.Users.NewDevice(u)
		if err != nil {
			return err
		}
		d.cookies.device.set(w, device, deviceLife)
	}
	return nil
}

// leave ends the session of a request, if there is one.
func (d *Door) leave(r *http.Request) {
	session, u, err := d.Session(r)
	if err == nil && session != nil {
		err = d.Users.EndSession(r.Context(), u.Environment, u.ID, session.ID)
	}
	if err != nil && !isNotFound(err) {
		d.Log.ErrorContext(r.Context(), "signin: a session could not be ended", "error", err)
	}
}

// How somebody signed in, as sessions tell it.
const (
	byPassword   = "password"
	byProvider   = "openid"
	byLink       = "link"
	byInvitation = "invitation"
)

func (d *Door) origin(r *http.Request) user.Origin {
	return user.Origin{Address: d.Address(r), UserAgent: r.UserAgent(), Device: d.cookies.device.read(r)}
}

// failed answers what nobody at the other end can mend.
func (d *Door) failed(w http.ResponseWriter, r *http.Request, err error) {
	if context.Cause(r.Context()) == nil {
		d.Log.ErrorContext(r.Context(), "signin: a request failed", "path", cutToken(r.URL.Path), "error", err)
	}
	page.WriteMessage(w, r, http.StatusInternalServerError, "Something went wrong", "Sluice could not do this; its log says why. Try again in a moment.")
}

// cutToken is a path without the secret at its end.
func cutToken(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return path
}
