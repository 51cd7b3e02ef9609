// Package openapi makes a definition of a vendor's OpenAPI document: 3.0, 3.1, 3.2 or Swagger 2.0, in JSON or YAML.
//
// It imports integration. A document enters as bytes (Import) and leaves as a *Definition that was validated like any other, with a Report of each operation:
// which tool it became, or why it was left out. What is wrong with one operation costs that operation and no other; nothing outside the document is ever
// fetched. Names depend on the document alone, so that the same document makes the same tools, and on what it was imported as before. A definition is
// written as a folder by WriteFolder, and brought up to date by Merge, which keeps what people changed by hand.
package openapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// Options are what an import is told beside the document.
type Options struct {
	Name   string // of the integration; "": made of the document's title
	Source string // the URL that the document came from, which relative server addresses follow
	// Before is what the same document was imported as the last time: operations that it has keep their names.
	Before *integration.Definition
	// Check says what else a definition must be good for, such as that tools can be made of it; nil: nothing. An operation that fails it alone is left out.
	Check func(*integration.Definition) error
}

// Report says what became of each operation.
type Report struct {
	Tools   []Tool   `json:"tools"`
	Guessed []string `json:"guessed"` // what the document does not say outright
	LeftOut []Left   `json:"left_out"`
	Notes   []string `json:"notes"` // where a schema is looser than the document's, and other things to know
}

// Tool is an operation that became a tool.
type Tool struct {
	Method string `json:"method"` // GET
	Path   string `json:"path"`   // as the document has it
	Tool   string `json:"tool"`
}

// Left is an operation that did not.
type Left struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// builder makes one definition.
type builder struct {
	*document
	options Options
	def     *integration.Definition
	report  *Report
	auth    auth
	server  server

	guesses grouped
}

// Import reads a document and makes a definition of it. The error says why nothing could be made; the report beside it, if there is one, says it of each
// operation.
func Import(document []byte, opt Options) (*integration.Definition, *Report, error) {
	d, faults, err := read(document, opt.Source)
	if err != nil {
		return nil, nil, err
	}
	b := &builder{document: d, options: opt, report: &Report{Tools: []Tool{}, Guessed: []string{}, LeftOut: []Left{}, Notes: []string{}}}
	for _, f := range faults[:min(20, len(faults))] {
		b.report.Notes = append(b.report.Notes, "the document is not quite right: "+f.String())
	}
	if err := b.begin(); err != nil {
		return nil, nil, err
	}
	calls := b.calls(d.operations(b.left))
	err = b.settle(calls)
	for _, what := range b.guesses.whats {
		if of := b.guesses.of[what]; len(of) > 0 {
			what = strings.Join(of, ", ") + ": " + what
		}
		b.report.Guessed = append(b.report.Guessed, what)
	}
	if err != nil {
		return nil, b.report, err
	}
	return b.def, b.report, nil
}

// begin fills in what is not of one operation.
func (b *builder) begin() error {
	info := b.root.Get("info")
	title := line(info.Get("title").Scalar())
	name := b.options.Name
	if name == "" {
		name = nameOf(title)
	}
	if err := CheckName(name); err != nil {
		return err
	}
	b.def = &integration.Definition{Name: name, Label: title, Description: shorten(readable(info.Get("description").Scalar()), 300)}
	if b.def.Label == "" {
		b.def.Label = strings.ReplaceAll(name, "_", " ")
	}
	return b.baseURL()
}

// CheckName says why an integration cannot have a name.
func CheckName(name string) error {
	if !nameForm.MatchString(name) || len(name) > 40 {
		return fmt.Errorf("%q is no name for an integration: give one of at most 40 small letters, digits and underscores, beginning with a letter, as in %s", prose.Clip(name, 60), nameOf(name))
	}
	return nil
}

// NameOf is the name that a document's integration gets where none is given.
func NameOf(document []byte) (string, error) {
	d, _, err := read(document, "")
	if err != nil {
		return "", err
	}
	return nameOf(line(d.root.Get("info").Get("title").Scalar())), nil
}

// longestName leaves room in the names of tools, of which it is a part.
const longestName = 24

// nameOf makes an integration's name of a title.
func nameOf(title string) string {
	var words []string
	for _, w := range splitWords(title) {
		if w != "api" && w != "rest" && w != "openapi" && w != "swagger" && w != "http" && !versionWord.MatchString(w) {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		words = splitWords(title)
	}
	for len(words) > 1 && len(strings.Join(words, "_")) > longestName {
		words = words[:len(words)-1]
	}
	name := snake(words)
	if len(name) > longestName {
		name = name[:longestName]
	}
	if name == "" {
		return "x" + short(title)
	}
	return name
}

// guess tells of something that the document does not say outright.
func (b *builder) guess(format string, args ...any) { b.guesses.add(fmt.Sprintf(format, args...), "") }

// grouped says the same of many things once.
type grouped struct {
	whats []string
	of    map[string][]string
}

func (g *grouped) add(what, of string) {
	if g.of == nil {
		g.of = map[string][]string{}
	}
	if _, known := g.of[what]; !known {
		g.whats = append(g.whats, what)
		g.of[what] = nil
	}
	if of != "" && !slices.Contains(g.of[what], of) {
		g.of[what] = append(g.of[what], of)
	}
}

// some names the first few of many.
func some(all []string, most int) string {
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

func (b *builder) left(method, path, reason string) {
	b.report.LeftOut = append(b.report.LeftOut, Left{strings.ToUpper(method), path, reason})
}

var errNothing = errors.New("nothing could be imported")
