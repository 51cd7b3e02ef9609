package dashboard

import (
	"errors"
	"net/http"
	"runtime/debug"
	"strings"

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
	"sluice/internal/permission"
	"sluice/internal/user"
	"sluice/internal/webhook"
)

// visit is one request of somebody who is signed in and may make it.
type visit struct {
	*Dashboard
	w       http.ResponseWriter
	r       *http.Request
	person  *user.User
	session *user.Session
	may     permission.Set
}

// env is the environment whose things the visitor sees. Every query has it.
func (v *visit) env() string { return v.person.Environment }

// May reports whether the visitor has a permission; templates ask it before they offer what would be refused.
func (v *visit) May(name string) bool { return v.may.Has(permission.Permission(name)) }

// visit finds out who asks and lets them in, or sends them to sign in.
func (d *Dashboard) visit(w http.ResponseWriter, r *http.Request, to route) {
	session, person, err := d.Door.Session(r)
	if err != nil {
		d.Log.ErrorContext(r.Context(), "dashboard: find out who is signed in", "error", err)
		page.WriteMessage(w, r, http.StatusInternalServerError, "Something went wrong", internalWords)
		return
	}
	if person == nil {
		next := r.URL.RequestURI()
		if r.Method != http.MethodGet {
			next = home // what was sent is not sent again by itself
		}
		if r.Header.Get("Sec-Fetch-Dest") == "empty" { // the script asks for a part of a page, and cannot sign in
			http.Error(w, "You are no longer signed in.", http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, d.Door.URL(next), http.StatusSeeOther)
		return
	}
	v := &visit{Dashboard: d, w: w, r: r, person: person, session: session, may: person.Permissions()}
	v.r = r.WithContext(page.WithFrame(r.Context(), v.frame()))
	defer v.recover()
	if to.needs != "" && !v.may.Has(to.needs) {
		v.message(http.StatusForbidden, "Not for your role",
			"Your role, "+string(person.Role)+", does not hold the permission "+string(to.needs)+" that this needs. An admin of the environment can change the role.")
		return
	}
	if err := to.serve(v); err != nil {
		v.fail(err)
	}
}

func (v *visit) recover() {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	v.Log.ErrorContext(v.r.Context(), "dashboard: panic", "method", v.r.Method, "path", v.r.URL.Path, "panic", fault, "stack", string(debug.Stack()))
	v.message(http.StatusInternalServerError, "Something went wrong", internalWords)
}

const internalWords = "Something went wrong in Sluice; its log says what. Nothing is known to be lost: try again."

// fail answers with the page for an error.
func (v *visit) fail(err error) {
	for _, known := range []struct {
		err  error
		what string
	}{
		{account.ErrNotFound, "integrated account"}, {mcpserver.ErrNotFound, "MCP server"}, {audit.ErrNotFound, "call"}, {catalog.ErrNotFound, "integration"},
		{environment.ErrNotFound, "environment or API token"}, {gateway.ErrUnknownTool, "tool"}, {user.ErrNotFound, "user, session or invitation"},
		{webhook.ErrNotFound, "webhook"}, {oauth.ErrNotFound, "client or sign-in"}, {connection.ErrNotFound, "attempt to connect"}, {confirmation.ErrNotFound, "question"}, {errNoPage, "page"},
	} {
		if errors.Is(err, known.err) {
			v.message(http.StatusNotFound, "Not found", "There is no such "+known.what+" in this environment. It may have been deleted since the page that led here was made.")
			return
		}
	}
	if v.r.Context().Err() != nil {
		return // nobody is there to be told
	}
	v.Log.ErrorContext(v.r.Context(), "dashboard: answer a request", "method", v.r.Method, "path", v.r.URL.Path, "error", err)
	v.message(http.StatusInternalServerError, "Something went wrong", internalWords)
}

var errNoPage = errors.New("no such page")

func nowhere(*visit) error { return errNoPage }

// message answers with a page that says one thing, within the navigation.
func (v *visit) message(status int, title, text string) {
	page.WriteMessage(v.w, v.r, status, title, text)
}

// show answers with a page.
func (v *visit) show(name string, data any) error { return v.showAs(http.StatusOK, name, data) }

func (v *visit) showAs(status int, name string, data any) error {
	pages.Write(v.w, v.r, status, name, data)
	return nil
}

// done answers a form that has done its work by leading to a page, which says so.
func (v *visit) done(url, notice string) error {
	page.Redirect(v.w, v.r, url, notice)
	return nil
}

// form reads what a form sent. A form that cannot be read is answered here.
func (v *visit) form() (*page.Form, bool) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	form, err := page.ReadForm(v.r)
	if err != nil {
		v.message(http.StatusBadRequest, "The form cannot be read", "It is larger than 4 MiB, or was cut off on its way. Go back, where it still stands, make it smaller and send it again.")
		return nil, false
	}
	return form, true
}

const maxForm = 4 << 20

// faulty puts what a service finds wrong with a form's values into the form. It is false for errors that are not the form's.
func faulty(form *page.Form, err error) bool {
	if wrong, ok := errors.AsType[*account.InvalidError](err); ok {
		form.Fail(wrong.Field, ofField(wrong.Field, wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*mcpserver.InvalidError](err); ok {
		form.Fail(wrong.Field, ofField(wrong.Field, wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*environment.InvalidError](err); ok {
		form.Fail(wrong.Field, ofField(wrong.Field, wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*environment.ConflictError](err); ok {
		form.Fail("", sentence(wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*user.InvalidError](err); ok {
		form.Fail(wrong.Field, ofField(wrong.Field, wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*user.ConflictError](err); ok {
		form.Fail("", sentence(wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*user.ForbiddenError](err); ok {
		form.Fail("", sentence(wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*user.TooManyError](err); ok {
		form.Fail("", sentence(wrong.Error()))
		return true
	}
	if wrong, ok := errors.AsType[*webhook.InvalidError](err); ok {
		form.Fail(wrong.Field, ofField(wrong.Field, wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*link.InvalidError](err); ok {
		form.Fail(wrong.Field, ofField(wrong.Field, wrong.Message))
		return true
	}
	if wrong, ok := errors.AsType[*oauth.InvalidError](err); ok {
		form.Fail(wrong.Field, ofField(wrong.Field, wrong.Message))
		return true
	}
	if away, ok := errors.AsType[*account.UnavailableError](err); ok {
		form.Fail("", sentence(away.Error()))
		return true
	}
	if dead, ok := errors.AsType[*account.StatusError](err); ok {
		form.Fail("", sentence(dead.Message))
		return true
	}
	return false
}

// ofField makes a sentence of what a service says of a field, which follows the field's name: in a form it stands beside the field.
func ofField(field, clause string) string {
	if clause != "" && 'a' <= clause[0] && clause[0] <= 'z' && field != "" {
		clause = "This " + clause
	}
	return sentence(clause)
}

// sentence makes a clause one: a capital at its beginning, a stop at its end.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	if c := s[0]; 'a' <= c && c <= 'z' {
		s = string(c-'a'+'A') + s[1:]
	}
	if last := s[len(s)-1]; last != '.' && last != '!' && last != '?' {
		s += "."
	}
	return s
}
