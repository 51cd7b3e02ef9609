package mcpserver

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"sluice/internal/confirmation"
	"sluice/internal/prose"
)

// Config narrows what a server offers, and to whom. Unknown keys are refused when it is read, also from the database: a key that this
// version does not know may be one that keeps somebody out.
type Config struct {
	Methods             []string          `json:"methods,omitempty"`
	Tags                []string          `json:"tags,omitempty"`
	RequireAPITokenAuth bool              `json:"require_api_token_auth,omitzero"`
	StructuredOutput    bool              `json:"structured_output,omitzero"`
	Bind                map[string]string `json:"bind,omitempty"`
	Auth                string            `json:"auth,omitempty"` // "": by the token in the URL; OAuth
	// Confirm says which calls ask a person first; "" is confirmation.Never.
	Confirm confirmation.Policy `json:"confirm,omitempty" enum:"never,destructive,writes"`
	// ConfirmBy says who can agree: "" whoever the client puts the question to, ByDashboard only a person who looks at what waits.
	ConfirmBy string `json:"confirm_by,omitempty" enum:"client,dashboard"`
}

// OAuth is the Auth of a server that people sign in to: its URL holds its id and no secret.
const OAuth = "oauth"

// settings are the keys of a config, each with how it is read. What a value replaces, it replaces whole.
var settings = map[string]func(*Config, jsontext.Value) error{
	"methods":                func(c *Config, v jsontext.Value) error { return readNames(v, &c.Methods) },
	"tags":                   func(c *Config, v jsontext.Value) error { return readNames(v, &c.Tags) },
	"require_api_token_auth": func(c *Config, v jsontext.Value) error { return readSwitch(v, &c.RequireAPITokenAuth) },
	"structured_output":      func(c *Config, v jsontext.Value) error { return readSwitch(v, &c.StructuredOutput) },
	"auth":                   func(c *Config, v jsontext.Value) error { return readAuth(v, &c.Auth) },
	"bind":                   func(c *Config, v jsontext.Value) error { return readBind(v, &c.Bind) },
	"confirm":                func(c *Config, v jsontext.Value) error { return readPolicy(v, &c.Confirm) },
	"confirm_by":             func(c *Config, v jsontext.Value) error { return readConfirmBy(v, &c.ConfirmBy) },
}

// ParseConfig reads a config from JSON. Nothing, and null, are the config that narrows nothing.
func ParseConfig(data []byte) (Config, error) {
	if data = bytes.TrimSpace(data); len(data) == 0 || string(data) == "null" {
		return Config{}, nil
	}
	return Config{}.Merge(data)
}

// Merge reads a JSON object over c, key by key: a key that is there replaces c's, null takes it back to its default, and what is not there stays.
// Errors are of type *InvalidError.
func (c Config) Merge(data []byte) (Config, error) {
	var given map[string]jsontext.Value
	if err := json.Unmarshal(data, &given); err != nil || given == nil {
		if jsontext.Value(data).IsValid() {
			return c, &InvalidError{"config", `must be an object, such as {"methods":["read"]}; to lift one filter alone, give it as null`}
		}
		return c, &InvalidError{"config", "is not valid JSON, or names a key twice"}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		read, known := settings[key]
		if !known {
			return c, &InvalidError{"config." + prose.Clip(key, 64), "is not known: the keys are " + strings.Join(slices.Sorted(maps.Keys(settings)), ", ")}
		}
		if err := read(&c, given[key]); err != nil {
			return c, &InvalidError{"config." + key, err.Error()}
		}
	}
	return c, nil
}

// encode is c as it is kept.
func (c Config) encode() (string, error) {
	b, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return "", fmt.Errorf("write config: %w", err)
	}
	return string(b), nil
}

// fault is what is wrong with one value, to follow its key.
type fault string

func (f fault) Error() string { return string(f) }

func isNull(v jsontext.Value) bool { return v.Kind() == 'n' }

func readNames(v jsontext.Value, into *[]string) error {
	var names []string
	if err := json.Unmarshal(v, &names); err != nil {
		return fault(`must be a list of names, such as ["read"]`)
	}
	if len(names) == 0 && !isNull(v) {
		// Read as no filter it would offer everything to whoever meant nothing.
		return fault("is empty and would leave no tool: name at least one, or leave the key out to offer all")
	}
	for _, name := range names {
		if name == "" {
			return fault("holds an empty name")
		}
	}
	*into = names
	return nil
}

func readSwitch(v jsontext.Value, into *bool) error {
	*into = false
	if isNull(v) {
		return nil
	}
	if err := json.Unmarshal(v, into); err != nil {
		return fault("must be true or false")
	}
	return nil
}

func readBind(v jsontext.Value, into *map[string]string) error {
	var bind map[string]string
	if err := json.Unmarshal(v, &bind); err != nil {
		return fault(`must be an object of texts, such as {"database_uuid":"…"}`)
	}
	for name, value := range bind {
		if name == "" || value == "" {
			return fault("holds an empty name or value")
		}
	}
	if len(bind) == 0 {
		bind = nil
	}
	*into = bind
	return nil
}

func readAuth(v jsontext.Value, into *string) error {
	var auth string
	if err := json.Unmarshal(v, &auth); err != nil || auth != "" && auth != OAuth {
		return fault(`must be "oauth", for a URL without a secret to which people sign in; leave it out for a secret URL`)
	}
	*into = auth
	return nil
}

func readPolicy(v jsontext.Value, into *confirmation.Policy) error {
	var word string
	err := json.Unmarshal(v, &word)
	if err == nil {
		*into, err = confirmation.ParsePolicy(word)
	}
	if err != nil || word == "" && !isNull(v) {
		return fault(`must be "never", "destructive" (calls that delete) or "writes" (calls that change anything)`)
	}
	return nil
}

// ByDashboard is the word of Config.ConfirmBy for questions that only a person who looks at what waits can agree to.
const ByDashboard = "dashboard"

func readConfirmBy(v jsontext.Value, into *string) error {
	var word string
	if err := json.Unmarshal(v, &word); err != nil || word == "" && !isNull(v) || word != "" && word != "client" && word != ByDashboard {
		return fault(`must be "client" (the question goes to the person at the client) or "dashboard" (it waits in Sluice for a person to approve it)`)
	}
	*into = ""
	if word == ByDashboard {
		*into = word
	}
	return nil
}
