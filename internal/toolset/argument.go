package toolset

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
)

// where is a part of the request that an argument goes to, or Sluice itself.
type where uint8

const (
	inPath where = iota
	inQuery
	inHeader
	inCookie
	inBody         // a member of the body
	inWhole        // the body itself
	inFileText     // a file of the body as text
	inFileURL      // where a file of the body lies
	inFileName     // what it is called
	inLimit        // limit of a list
	inCursor       // next_cursor of a list
	inFields       // fields of a list
	inDryRun       // dry_run of a method that can tell beforehand
	inConfirmation // confirmation of a tool that asks a person first
)

// inBody reports whether an argument belongs to the body.
func (w where) inBody() bool { return w >= inBody && w <= inFileName }

// ours reports whether an argument is for Sluice itself and no part of the request.
func (w where) ours() bool { return w >= inLimit }

var whereNames = map[string]where{"": inQuery, "query": inQuery, "path": inPath, "header": inHeader, "cookie": inCookie}

func (w where) String() string {
	return [...]string{"path", "query", "header", "cookie", "body", "body", "body", "body", "body", "limit", "next_cursor", "fields", "dry_run", "confirmation"}[w]
}

// argument is one argument of a tool.
type argument struct {
	name     string // as callers give it
	property string // as the schema of its place names it
	wire     string // as the vendor names it
	in       where
	style    string
	media    string // of its part of a multipart body, where that is said
	rule     *rule
	required bool
	asked    bool                  // a person is asked for it where a call lacks it
	filled   bool                  // required, but taken from what is there where a call lacks it
	merged   bool                  // an object that is laid over the one that is there
	secret   bool                  // masked in the audit, whole
	shown    []byte                // its schema for clients
	key      []byte                // "name":, for the canonical arguments
	source   string                // the tool that shows its values, where one does
	fixed    []byte                // what it is bound to; nil where callers choose
	header   string                // of the header that mirrors it, where its schema names one
	naming   *integration.Template // its name is made of other arguments; nil: it is wire
	names    bool                  // it stands in another's name, and is sent nowhere else
	file     *fileArgument         // how a file can be given; nil: it is none, or a piece of JSON
}

const (
	limitName        = "limit"
	cursorName       = "next_cursor"
	fieldsName       = "fields"
	dryRunName       = "dry_run"
	confirmationName = "confirmation"
	wholeName        = "body"

	// MostItems is the most items that a list tool answers at once.
	MostItems = 500
)

var (
	limitRule        = mustRule(fmt.Sprintf(`{"type":["integer","null"],"minimum":1,"maximum":%d}`, MostItems))
	cursorRule       = mustRule(`{"type":["string","null"]}`)
	fieldsRule       = mustRule(`{"type":["array","null"],"items":{"type":"string","minLength":1},"minItems":1,"maxItems":100}`)
	dryRunRule       = mustRule(`{"type":["boolean","null"]}`)
	confirmationRule = mustRule(`{"type":["string","null"]}`)
)

func mustRule(source string) *rule {
	doc, err := newDocument([]byte(source))
	if err != nil {
		panic(err)
	}
	r, err := ruleOf(doc.schema())
	if err != nil {
		panic(err)
	}
	return r
}

// describe gives an argument without a description one where its name tells what it is.
func (arg *argument) describe(def *integration.Definition, resource *integration.Resource) {
	if arg.in != inPath || jsonscan.Member(arg.shown, "description") != nil {
		return
	}
	what := ""
	if arg.property == "id" {
		what = "the " + spaced(singularOf(resource))
	} else {
		for parent, name := range resource.Parent {
			if name == arg.property {
				what = "one of the " + spaced(parent)
				if r := resourceOf(def, parent); r != nil {
					what = "the " + spaced(singularOf(r))
				}
			}
		}
	}
	if what == "" {
		return
	}
	if _, ok := resource.References[arg.property]; ok {
		what = "Id or name of " + what
	} else {
		what = "Id of " + what
	}
	if arg.source != "" {
		what += ", from " + arg.source
	}
	w := object{dst: slices.Clone(arg.shown[:len(arg.shown)-1])}
	w.text("description", what)
	arg.shown = append(w.dst, '}')
}

func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }

func singularOf(r *integration.Resource) string {
	if r.Singular != "" {
		return r.Singular
	}
	return r.Name
}
