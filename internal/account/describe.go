package account

import (
	"strings"

	"sluice/internal/integration"
)

// Form is what a person is asked before an account can be connected: for pages and shells, which show it in their own way.
type Form struct {
	Integration string // the definition's name
	Label       string
	Context     []FormField // asked whichever way is taken
	Ways        []FormWay   // at least one
}

// FormWay is one way to connect.
type FormWay struct {
	Label  string // "" where there is only one
	SignIn bool   // the vendor's own page asks for the rest, and sends the person back (OAuth 2.0): see Begin
	Fields []FormField
}

// FormField is one thing that is asked.
type FormField struct {
	Name     string // credentials.email, context.base_url: as it is named in an InvalidError
	Label    string
	Help     string
	Type     string // text, password, email, url
	Default  string
	Required bool
	Options  []Option // nil: anything
}

// Option is one of a field's values.
type Option struct{ Value, Label string }

// Describe makes the form of a definition.
func Describe(def *integration.Definition) *Form {
	f := &Form{Integration: def.Name, Label: labelOf(def)}
	for _, c := range def.Context {
		if c.Choices == nil {
			f.Context = append(f.Context, describeField("context", c))
		}
	}
	for _, way := range waysOf(&def.Credentials) {
		w := FormWay{Label: way.Label, SignIn: way.Format == formatCode}
		for _, c := range way.Fields {
			w.Fields = append(w.Fields, describeField("credentials", c))
		}
		f.Ways = append(f.Ways, w)
	}
	return f
}

func describeField(prefix string, c integration.Field) FormField {
	f := FormField{Name: field(prefix, c.Name), Label: c.Label, Help: c.Help, Type: "text", Default: c.Default, Required: !c.Optional && c.Default == ""}
	if f.Label == "" {
		words := strings.NewReplacer("_", " ", "-", " ").Replace(c.Name)
		f.Label = strings.ToUpper(words[:1]) + words[1:]
	}
	switch {
	case c.Type == "password":
		f.Type = "password"
	case c.Format == "email":
		f.Type = "email"
	case c.Format == "uri" || c.Name == "base_url":
		f.Type = "url"
	}
	for _, o := range c.Options {
		f.Options = append(f.Options, Option{o, o})
	}
	return f
}

// waysOf are all ways to connect, the main one first.
func waysOf(c *integration.Credentials) []*integration.Credentials {
	ways := []*integration.Credentials{c}
	for i := range c.Alternatives {
		ways = append(ways, &c.Alternatives[i])
	}
	return ways
}
