// Package page is how Sluice's doors speak to people: one layout, one stylesheet and one small script for all of them, and the rules that keep a page of
// theirs from being used by another site.
//
// It imports nothing of Sluice. A door embeds its templates, has them read by Parse, stands behind Guard, and answers with (*Set).Write:
//
//	//go:embed all:templates
//	var files embed.FS
//	var pages = page.Parse(page.Sub(files, "templates"))
//
//	func (d *door) show(w http.ResponseWriter, r *http.Request) {
//		pages.Write(w, r, http.StatusOK, "welcome", data)
//	}
//
// A template file, here welcome.html, defines what is its own:
//
//	{{define "title"}}Welcome{{end}}
//	{{define "main"}}
//	<h1>Welcome</h1>
//	<form method="post">
//	{{errors .Form}}
//	{{field .Form "email" "E-mail" "type=email" "autocomplete=username" "required"}}
//	<button class="button primary">Sign in</button>
//	</form>
//	{{end}}
//
// With a Frame in the request's context a page stands in the dashboard's navigation; without one it is a plain card, as for signing in.
package page

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"text/template/parse"
)

// Frame is what stands around a page: where one can go, and who is there.
type Frame struct {
	Sections    []Link // the navigation
	Home        string // where the mark leads
	Name        string // of who is signed in; "": nobody, and nothing is said of it
	Detail      string // under the name: an address, a role
	Profile     string // where the name leads
	SignOut     string // the form that ends the session is sent here by POST
	Environment string // which one the pages show
}

// Link is one place to go.
type Link struct {
	Label, URL, Icon string
	Current          bool
	Count            int // of what waits there; 0: nothing is said
}

type frameKey struct{}

// WithFrame puts the pages that are written with a context into a frame.
func WithFrame(ctx context.Context, f Frame) context.Context {
	return context.WithValue(ctx, frameKey{}, &f)
}

// Set is a door's page templates, each in the layout.
type Set struct {
	pages map[string]*template.Template
}

// Parse reads the *.html files at the root of a file system. Each is a page, named like its file without the ending, and defines "title" and "main";
// what a file defines whose name begins with an underscore is for all of them. They can call Functions, and those given. Templates are part of the program:
// Parse panics at a faulty one.
func Parse(files fs.FS, functions ...template.FuncMap) *Set {
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		panic(err)
	}
	base := template.Must(layout.Clone())
	for _, more := range functions {
		base.Funcs(more)
	}
	var own []string
	for _, name := range names {
		if strings.HasPrefix(name, "_") {
			template.Must(base.ParseFS(files, name))
		} else {
			own = append(own, name)
		}
	}
	s := &Set{pages: map[string]*template.Template{}}
	for _, name := range own {
		t := template.Must(template.Must(base.Clone()).ParseFS(files, name))
		for _, part := range []string{"title", "main"} {
			if t.Lookup(part) == nil {
				panic(fmt.Sprintf("page template %s does not define %q", name, part))
			}
		}
		for _, one := range t.Templates() {
			if missing := undefined(t, one.Tree); missing != "" {
				panic(fmt.Sprintf("page template %s uses %q, which nothing defines (files whose names begin with an underscore are embedded by all: only)", name, missing))
			}
		}
		s.pages[strings.TrimSuffix(name, ".html")] = t
	}
	return s
}

// undefined answers the name of a template that a tree uses and nobody defines, "" if there is none: without this, the first visitor would find it.
func undefined(t *template.Template, tree *parse.Tree) (missing string) {
	if tree == nil || tree.Root == nil {
		return ""
	}
	var walk func(parse.Node)
	list := func(l *parse.ListNode) {
		if l != nil {
			walk(l)
		}
	}
	walk = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.ListNode:
			for _, below := range n.Nodes {
				walk(below)
			}
		case *parse.IfNode:
			list(n.List)
			list(n.ElseList)
		case *parse.RangeNode:
			list(n.List)
			list(n.ElseList)
		case *parse.WithNode:
			list(n.List)
			list(n.ElseList)
		case *parse.TemplateNode:
			if t.Lookup(n.Name) == nil {
				missing = n.Name
			}
		}
	}
	walk(tree.Root)
	return missing
}

// Sub is a folder of a file system, for a door that embeds its templates in one.
func Sub(files fs.FS, folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(err)
	}
	return sub
}

// Write answers with a page. It is made whole before anything is sent, so that a template which does not fit its data becomes an error page, not half of one.
func (s *Set) Write(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	frame, _ := r.Context().Value(frameKey{}).(*Frame)
	s.write(w, r, status, name, "layout", struct {
		Frame  *Frame
		Notice string
		Data   any
	}{frame, takeNotice(w, r), data})
}

// WritePart answers with one template that a page's file defines, without the layout around it: what the script puts into a page that stands.
func (s *Set) WritePart(w http.ResponseWriter, r *http.Request, status int, name, part string, data any) {
	s.write(w, r, status, name, part, data)
}

func (s *Set) write(w http.ResponseWriter, r *http.Request, status int, name, part string, data any) {
	t := s.pages[name]
	if t == nil {
		panic("there is no page template " + name)
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, part, data); err != nil {
		slog.ErrorContext(r.Context(), "page: the template does not fit its data", "page", name, "error", err)
		http.Error(w, "Something went wrong in Sluice; its log says what.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	w.Write(body.Bytes()) // to a client that may have gone: nobody is left to tell
}

// WriteMessage answers with a page that says one thing, in whole sentences: that there is no such page, that somebody may not do what they tried.
func WriteMessage(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	own.Write(w, r, status, "message", struct{ Title, Text string }{title, text})
}
