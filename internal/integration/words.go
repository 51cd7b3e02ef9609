package integration

import (
	"fmt"
	"slices"
	"strings"
)

// The words that a definition chooses from. The JSON Schema of the format (schema.json) is made of them too.
var (
	httpMethods     = []string{"get", "post", "put", "patch", "delete"}
	parameterPlaces = []string{"query", "path", "header", "cookie"}
	parameterStyles = []string{"form", "comma", "space", "pipe", "deep", "json", "tab", "equals", "dot", "matrix"}
	pathStyles      = []string{"comma", "space", "pipe", "tab", "equals", "dot", "matrix"}
	fieldTypes      = []string{"text", "password"}
	fieldFormats    = []string{"email", "uri"}
	exchangeFormats = []string{"json", "form"}
	clientPlaces    = []string{"header", "body"}
	choiceMethods   = []string{"get", "post"}
	responseFormats = []string{"json", "text", "file", "content", responseCustomFields}
	bodyFormats     = []string{"json", "form", "multipart", "raw", "none"}
)

const responseCustomFields = "custom_fields"

// format is a word that decides which keys stand beside it.
type format struct {
	name  string
	needs []string
	takes []string
}

var credentialFormats = []format{
	{name: "none", takes: []string{"validate"}},
	{name: "static", needs: []string{"fields"}, takes: []string{"token", "validate"}},
	{name: "login", needs: []string{"fields", "login"}, takes: []string{"refresh", "validate", "revoke"}},
	{name: "oauth2_authorization_code", needs: []string{"oauth2"}, takes: []string{"fields", "validate", "revoke"}},
	{name: "oauth2_client_credentials", needs: []string{"oauth2"}, takes: []string{"fields", "validate", "revoke"}},
}

var authorizationFormats = []format{
	{name: "bearer", takes: []string{"value"}},
	{name: "basic", takes: []string{"username", "password"}},
	{name: "header", needs: []string{"name"}, takes: []string{"value"}},
	{name: "query", needs: []string{"name"}, takes: []string{"value"}},
	{name: "cookie", needs: []string{"name"}, takes: []string{"value"}},
}

var paginationFormats = []format{
	{name: "none", takes: []string{"items"}},
	{name: "page", needs: []string{"page"}, takes: []string{"items", "first", "size", "max_size", "next", "total", "last_page", "more"}},
	{name: "offset", needs: []string{"offset"}, takes: []string{"items", "size", "max_size", "next", "total", "more"}},
	{name: "cursor", needs: []string{"next"}, takes: []string{"cursor", "items", "size", "max_size", "total", "more"}},
	{name: "header", needs: []string{"next"}, takes: []string{"cursor", "items", "size", "max_size", "total", "more"}},
	{name: "link", takes: []string{"items", "size", "max_size", "total", "more"}},
	{name: "expression", needs: []string{"next"}, takes: []string{"cursor", "items", "size", "max_size", "total", "more"}},
}

func formatNames(formats []format) []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// wants says what to write where a key is missing, by its type and the key.
var wants = map[string]string{
	"Definition.name":           "the word that begins its tools' names, as in octapipe",
	"Definition.label":          "what people call the vendor",
	"Definition.base_url":       "the address that paths follow, as in https://api.example.com/v2",
	"Definition.credentials":    "what an account needs, at least {format: none}",
	"Definition.resources":      "what the vendor has, with methods",
	"Method.method":             "one of " + strings.Join(httpMethods, ", "),
	"Method.path":               `what follows the base URL, as in "/users/{{id}}"`,
	"FieldSource.of":            "the resource that owns the list of fields",
	"FieldSource.at":            "the member of the body that holds their values",
	"FilterShape.argument":      "the argument that is the list of conditions",
	"FilterShape.field":         "the member of a condition that names the field",
	"FilterShape.operator":      "the member of a condition that says how to compare",
	"FilterShape.value":         "the member of a condition that says what to compare with",
	"FieldList.method":          "the method that answers the fields, as in get",
	"FieldList.key":             "the dotted path to a field's key",
	"Hint.when":                 "jq over the body of a refusal, as in .code == \"E42\"",
	"Hint.say":                  "what that means for who made the call, in a sentence",
	"Reference.resource":        "the resource whose list holds the names",
	"Reference.id":              "the dotted path to an item's id, as in uuid",
	"Reference.name":            "the dotted path to an item's name, as in name",
	"Lookup.resource":           "the resource that is asked",
	"Lookup.method":             "the method that is called",
	"Lookup.arguments":          "what it is called with; {{id}} is the object's id",
	"Lookup.parent":             "the dotted path to the parent's id in the answer",
	"Documentation.description": "what the tool does, in a sentence a model can choose it by",
	"Prompt.name":               "the word that people call it by, as in move_card",
	"Prompt.description":        "what it does, in a sentence a person can choose it by",
	"Prompt.text":               "what the model is to do",
	"PromptArgument.name":       "the word that the text refers to it by, as in {{arguments.card}}",
	"Example.title":             "what the call is for",
	"Example.arguments":         "the call's arguments, {} for none",
	"Credentials.format":        "one of " + strings.Join(formatNames(credentialFormats), ", "),
	"Field.name":                "the name that templates use",
	"Exchange.method":           "the HTTP method, mostly post",
	"Exchange.path":             "what follows the base URL, as in /login",
	"Exchange.token":            "the dotted path to the token in the answer",
	"Probe.method":              "the HTTP method, mostly get",
	"Probe.path":                "what follows the base URL, as in /me",
	"Request.method":            "the HTTP method, mostly post",
	"Request.path":              "what follows the base URL, as in /logout",
	"Choices.path":              "what follows the base URL, as in /workspaces",
	"Choices.value":             "the dotted path to an item's value, as in id",
	"Authorization.format":      "one of " + strings.Join(formatNames(authorizationFormats), ", "),
	"Pagination.format":         "one of " + strings.Join(formatNames(paginationFormats), ", "),
}

// word checks that a value is one of the known words, where it is said at all.
func (v *validator) word(p place, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		v.fault(p, "is %q, which is not known%s", value, suggest(value, known))
	}
}

// format checks a word and the keys that it needs and takes beside it. aside are keys that go with every word.
func (v *validator) format(p place, value string, known []format, aside ...string) {
	i := slices.IndexFunc(known, func(f format) bool { return f.name == value })
	if i < 0 {
		v.word(p.at("format"), value, formatNames(known))
		return
	}
	for _, key := range known[i].needs {
		if !v.has(p, key) {
			v.fault(p, "has no %s, which the format %s needs: add it", key, value)
		}
	}
	n := v.node(p)
	if n == nil {
		return
	}
	for _, m := range n.members {
		if m.key != "format" && !slices.Contains(known[i].needs, m.key) && !slices.Contains(known[i].takes, m.key) && !slices.Contains(aside, m.key) {
			v.advise(p.at(m.key), "has no effect with the format %s: take it out", value)
		}
	}
}

// missing words what a required key that is not there should be.
func missing(typeName, key string) string {
	if want, ok := wants[typeName+"."+key]; ok {
		return fmt.Sprintf("%s: add %s", key, want)
	}
	return key + ": add it"
}
