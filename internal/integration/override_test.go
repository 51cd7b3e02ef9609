package integration_test

import (
	"errors"
	"strings"
	"testing"

	"sluice/internal/integration"
)

const harbour = `
name: harbour
label: Harbour
base_url: https://api.harbour.example
credentials: {format: none}
rate_limit: {limit: X-Limit}
resources:
  ships:
    tags: [fleet]
    list: {method: get, path: /ships, pagination: {format: none}}
    get: {method: get, path: "/ships/{{id}}"}
    delete: {method: delete, path: "/ships/{{id}}"}
docs:
  ships:
    list: {description: List ships}
    get: {description: Get a ship, query_schema: {type: object, properties: {id: {type: string}}}}
    delete: {description: Scrap a ship, query_schema: {type: object, properties: {id: {type: string}}}}
`

func harbourDefinition(t *testing.T) *integration.Definition {
	t.Helper()
	d, err := integration.Parse([]byte(harbour))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnOverrideChangesWhatItSaysAndNothingElse(t *testing.T) {
	d := harbourDefinition(t)
	before := string(d.JSON())
	merged, err := d.Override([]byte(`
base_url: https://eu.harbour.example
rate_limit: {limit: null, remaining: X-Left}
resources:
  ships:
    tags: [boats, tugs]
    delete: null
    scrap: {method: post, path: "/ships/{{id}}/scrap"}
docs: {ships: {list: {description: List the boats of the eastern harbour}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	ships := merged.Resources[0]
	if merged.BaseURL != "https://eu.harbour.example" || merged.RateLimit.Limit != "" || merged.RateLimit.Remaining != "X-Left" || strings.Join(ships.Tags, " ") != "boats tugs" {
		t.Errorf("base URL %s, limits %+v, tags %v", merged.BaseURL, merged.RateLimit, ships.Tags)
	}
	if _, there := ships.Method("delete"); there {
		t.Error("delete is still there")
	}
	if m, there := ships.Method("scrap"); !there || m.Path != "/ships/{{id}}/scrap" {
		t.Error("scrap did not come")
	}
	if list, _ := ships.Method("list"); list.Doc.Description != "List the boats of the eastern harbour" || list.Path != "/ships" {
		t.Errorf("list is %+v with %q", list, list.Doc.Description)
	}
	if merged.Digest == d.Digest || merged.Digest == "" {
		t.Errorf("the digest is %q, want one of its own", merged.Digest)
	}
	if string(d.JSON()) != before {
		t.Error("the definition itself was changed")
	}
	if same, err := d.Override([]byte(`{}`)); err != nil || same.Digest != d.Digest {
		t.Errorf("an override of nothing: %v, want the same definition", err)
	}
}

func TestAFaultOfAnOverrideIsToldByItsLine(t *testing.T) {
	for name, c := range map[string]struct{ patch, want string }{
		"no object":                       {"[1]", "override:1:1: an override is an object"},
		"no YAML":                         {"a: [", "override:2:1: not YAML"},
		"another name":                    {"label: x\nname: other", "override:2:7: name cannot be different"},
		"an unknown key":                  {"label: x\nbase_uri: https://x.example", `override:2:1: "base_uri" is not known; did you mean "base_url"?`},
		"a value of another type":         {"rate_limit:\n  limit: [1]", "override:2:"},
		"a broken value":                  {"label: x\n\nbase_url: nowhere", "override:3:1: base_url is no address"},
		"one deep in what was there":      {"resources:\n  ships:\n    get: {path: \"/ships/{{nothing.id}}\"}", "override:3:"},
		"a schema that is none":           {"docs:\n  ships:\n    list:\n      query_schema: {type: 7}", "override:4:"},
		"what is not there to take away":  {"resources: {ships: {remove: null}}", "override:1:21: resources.ships.remove is not there to be taken away"},
		"the documentation of nothing":    {"docs: {boats: {list: {description: x}}}", `override:1:`},
		"what the rest cannot do without": {"base_url: null", "override:1:1: the definition has no base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := harbourDefinition(t).Override([]byte(c.patch))
			var faults integration.Faults
			if d != nil || !errors.As(err, &faults) || !strings.HasPrefix(faults[0].String(), c.want) {
				t.Errorf("the fault is %v, want %s…", err, c.want)
			}
		})
	}
}
