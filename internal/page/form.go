package page

import (
	"net/http"
	"net/url"
)

// Form is what was entered into a form and what is wrong with it. A form that is shown again is shown with it, so that nothing is lost; the zero value is
// an empty one.
type Form struct {
	Values url.Values
	Errors map[string]string // by the name of a field; under "" what is wrong with the whole
}

// ReadForm reads what a form sent by POST. What it sent in the URL does not count.
func ReadForm(r *http.Request) (*Form, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	return &Form{Values: r.PostForm}, nil
}

// NewForm is a form that holds values to begin with, as pairs of name and value.
func NewForm(pairs ...string) *Form {
	f := &Form{Values: url.Values{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Values.Add(pairs[i], pairs[i+1])
	}
	return f
}

// Get answers what was entered into a field.
func (f *Form) Get(name string) string {
	if f == nil {
		return ""
	}
	return f.Values.Get(name)
}

// All answers what was chosen of a field that takes several values.
func (f *Form) All(name string) []string {
	if f == nil {
		return nil
	}
	return f.Values[name]
}

// Fail says what is wrong with a field, in a sentence that says what to do; with "" as its name, with the whole.
func (f *Form) Fail(name, message string) {
	if f.Errors == nil {
		f.Errors = map[string]string{}
	}
	if f.Errors[name] == "" {
		f.Errors[name] = message
	}
}

// OK reports whether nothing is wrong.
func (f *Form) OK() bool { return f == nil || len(f.Errors) == 0 }

func (f *Form) fault(name string) string {
	if f == nil {
		return ""
	}
	return f.Errors[name]
}
