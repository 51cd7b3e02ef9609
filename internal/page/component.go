package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

//go:embed templates
var templateFiles embed.FS

// The parts that pages are made of are templates too, called as functions so that each says what it wants.
var (
	components = template.Must(template.New("components").Funcs(template.FuncMap{"icon": icon}).ParseFS(templateFiles, "templates/components/*.html"))
	layout     = template.Must(template.New("layout").Funcs(Functions).ParseFS(templateFiles, "templates/layout.html"))
	own        = Parse(Sub(templateFiles, "templates/pages"))
)

// Functions are what page templates can call beside the standard ones.
//
//	{{field FORM NAME LABEL ATTRIBUTE…}}          an input with its label; "rows=8" makes it a text area, "help=…" stands under it
//	{{fieldOf FORM NAME LABEL []ATTRIBUTE}}       field, where the attributes are a list
//	{{choice FORM NAME LABEL OPTIONS ATTRIBUTE…}} a list to choose from; OPTIONS is []Option
//	{{choiceOf FORM NAME LABEL OPTIONS []ATTRIBUTE}}
//	{{choices FORM NAME LABEL OPTIONS TYPE ATTRIBUTE…}}      all options to be seen; TYPE is radio or checkbox
//	                                              "compact" sets them close; "id=…" tells two groups of one name apart
//	{{check FORM NAME LABEL ATTRIBUTE…}}          one box to tick; its value is "on", or "mark=…"
//	{{errors FORM}}                               what is wrong, at the top of a form
//	{{code TEXT LABEL}}                           a block of code with a button that copies it
//	{{copyable TEXT LABEL}}                       one line that is there to be copied
//	{{tabs []Link LABEL}}                         pages that belong together
//	{{pager Pages}}                               the way through a long list
//	{{badge KIND TEXT}}                           a state: ok, warn, bad, quiet
//	{{notice KIND TEXT}}                          a sentence that must be seen: info, ok, warn, bad
//	{{when TIME}}                                 a point in time, which the script shows in the reader's own zone; "never" for none
//	{{count N SINGULAR}}                          "1 tool", "3 tools"
//	{{thousands N}}                               12,345
//	{{short TEXT N}}                              at most so many characters
//	{{icon NAME}}
//	{{asset NAME}}                                the URL of a file under static/
var Functions = template.FuncMap{
	"field": field, "fieldOf": func(f *Form, name, label string, attributes []string) (template.HTML, error) {
		return field(f, name, label, attributes...)
	},
	"choiceOf": func(f *Form, name, label string, options []Option, attributes []string) (template.HTML, error) {
		return choice(f, name, label, options, attributes...)
	},
	"choice": choice, "choices": choices, "check": check, "errors": formErrors,
	"code": code, "copyable": copyable, "tabs": tabs, "pager": pager, "badge": badge, "notice": notice, "when": when, "count": Count, "thousands": thousands, "short": short, "icon": icon,
	"asset": func(name string) (string, error) {
		if a := assets[name]; a != nil {
			return a.url, nil
		}
		return "", fmt.Errorf("there is no static file %s", name)
	},
}

// Option is one thing to choose.
type Option struct {
	Value, Label, Help string
	Group              string // options of one group follow each other
}

// Pages is a place in a long list. An empty URL is a way that leads nowhere.
type Pages struct {
	First, Next string
	Words       string // how many there are
}

// input is a field as its template wants it.
type input struct {
	Name, ID, Label, Help, Error, Value, Type string
	Values                                    []string
	Rows                                      string
	Mark                                      string // of a box: its value
	Required, Compact                         bool
	Attributes                                []template.HTMLAttr
	Options                                   []Option
}

// plain are the attributes that a field may be given.
var plain = []string{"autocomplete", "autofocus", "inputmode", "maxlength", "minlength", "pattern", "placeholder", "min", "max", "step", "list", "spellcheck", "readonly", "disabled", "accept", "form"}

// newInput takes attributes as "name=value" or "name". A password that was entered is never sent back.
func newInput(f *Form, name, label string, attributes []string) (*input, error) {
	in := &input{Name: name, ID: "f-" + name, Label: label, Error: f.fault(name), Value: f.Get(name), Values: f.All(name), Type: "text"}
	given := f != nil && f.Values.Has(name)
	for _, a := range attributes {
		key, value, _ := strings.Cut(a, "=")
		switch {
		case key == "":
		case key == "type":
			in.Type = value
		case key == "help":
			in.Help = value
		case key == "mark":
			in.Mark = value
		case key == "rows":
			in.Rows = value
		case key == "value":
			if !given {
				in.Value, in.Values = value, []string{value}
			}
		case key == "id":
			in.ID, in.Error = "f-"+value, "" // which stands at the first of the name
		case key == "compact":
			in.Compact = true
		case key == "required":
			in.Required = true
		case strings.HasPrefix(key, "data-"), slices.Contains(plain, key):
			in.Attributes = append(in.Attributes, template.HTMLAttr(key+`="`+template.HTMLEscapeString(value)+`"`))
		default:
			return nil, fmt.Errorf("field %s: a field has no attribute %s", name, key)
		}
	}
	if in.Type == "password" {
		in.Value = ""
	}
	return in, nil
}

// Describedby names what a screen reader says after the label.
func (in *input) Describedby() string {
	var ids []string
	if in.Error != "" {
		ids = append(ids, in.ID+"-error")
	}
	if in.Help != "" {
		ids = append(ids, in.ID+"-help")
	}
	return strings.Join(ids, " ")
}

// Chosen reports whether an option is.
func (in *input) Chosen(value string) bool {
	return slices.Contains(in.Values, value) || len(in.Values) == 0 && in.Value == value && in.Value != ""
}

func field(f *Form, name, label string, attributes ...string) (template.HTML, error) {
	in, err := newInput(f, name, label, attributes)
	if err != nil {
		return "", err
	}
	return render("field", in)
}

func choice(f *Form, name, label string, options []Option, attributes ...string) (template.HTML, error) {
	in, err := newInput(f, name, label, attributes)
	if err != nil {
		return "", err
	}
	in.Options = options
	return render("choice", in)
}

func choices(f *Form, name, label string, options []Option, kind string, attributes ...string) (template.HTML, error) {
	in, err := newInput(f, name, label, attributes)
	if err != nil {
		return "", err
	}
	in.Options, in.Type = options, kind
	return render("choices", in)
}

func check(f *Form, name, label string, attributes ...string) (template.HTML, error) {
	in, err := newInput(f, name, label, attributes)
	if err != nil {
		return "", err
	}
	return render("check", in)
}

func formErrors(f *Form) (template.HTML, error) {
	if f.OK() {
		return "", nil
	}
	type fault struct{ ID, Message string }
	var faults []fault
	for name, message := range f.Errors {
		if name != "" {
			faults = append(faults, fault{"f-" + name, message})
		}
	}
	sort.Slice(faults, func(i, j int) bool { return faults[i].ID < faults[j].ID })
	return render("errors", struct {
		Whole  string
		Faults []fault
	}{f.Errors[""], faults})
}

func code(text, label string) (template.HTML, error) {
	return render("code", struct{ Text, Label string }{text, label})
}

func copyable(text, label string) (template.HTML, error) {
	return render("copyable", struct{ Text, Label string }{text, label})
}

func tabs(links []Link, label string) (template.HTML, error) {
	return render("tabs", struct {
		Links []Link
		Label string
	}{links, label})
}

func pager(p Pages) (template.HTML, error) { return render("pager", p) }

func badge(kind, text string) (template.HTML, error) {
	return render("badge", struct{ Kind, Text string }{kind, text})
}

func notice(kind, text string) (template.HTML, error) {
	return render("notice", struct{ Kind, Text string }{kind, text})
}

func when(t time.Time) (template.HTML, error) {
	if t.IsZero() {
		return "never", nil
	}
	t = t.UTC()
	return render("when", struct{ Machine, Human string }{t.Format(time.RFC3339), t.Format("2006-01-02 15:04 UTC")})
}

// Count says a number of things.
func Count(n int, singular string) string {
	switch {
	case n == 1:
		return "1 " + singular
	case strings.HasSuffix(singular, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(singular, "y"))
	}
	return fmt.Sprintf("%d %ss", n, singular)
}

// thousands writes a number with its digits in groups.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// short cuts a long text between words, where it can.
func short(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	cut := string(runes[:most])
	if i := strings.LastIndexByte(cut, ' '); i > most/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

func render(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	err := components.ExecuteTemplate(&b, name, data)
	return template.HTML(b.String()), err
}
