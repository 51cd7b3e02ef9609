package integration_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"sluice/internal/integration"
)

// yard is a vendor that uses most of what a definition can say. It is without fault and advice.
var yard = map[string]string{
	"integration.yaml": `name: yard
label: Yard
base_url: "https://{{context.region}}.yard.example/v2"
context:
  - {name: region, default: eu, options: [eu, us]}
credentials:
  label: Sign in
  format: login
  fields:
    - {name: email, format: email}
    - {name: password, type: password}
  login:
    method: post
    path: /login
    body: {email: "{{credentials.email}}", password: "{{credentials.password}}"}
    token: data.token
    refresh_token: data.refresh
  refresh:
    method: post
    path: /refresh
    body: {token: "{{token.refresh}}"}
    token: data.token
  validate: {method: get, path: /me}
  alternatives:
    - label: API key
      format: static
      fields: [{name: api_key, type: password}]
      token: "{{credentials.api_key}}"
authorization: {format: bearer}
headers: {X-Region: "{{context.region}}"}
rate_limit: {limit: X-Limit, remaining: .meta.left, status: [420], when: '.error == "slow"'}
pagination: {format: cursor, cursor: after, next: meta.next, items: data, size: limit, max_size: 50}
errors: {message: error.text, fields: error.fields, when: .error != null}
secret_fields: [pin]
resources:
  docks:
    singular: dock
    tags: [docks]
    field_list:
      method: get
      items: fields
      key: key
      type: type
      types: {text: {type: string}, number: {type: number}}
    list: {method: get, path: /docks}
    get: {method: get, path: "/docks/{{id}}"}
    fields_schema: {method: get, path: "/docks/{{id}}", safe: true, response: {format: custom_fields}}
  ships:
    singular: ship
    tags: [ships]
    parent: {docks: dock_id}
    fields:
      of: docks
      at: fields
      changes: values
      filters: {argument: filters, field: field, operator: op, value: value, lists: [in], bare: [empty]}
    references:
      dock_id: {resource: docks, id: id, name: name}
    lookup:
      resource: ships
      method: find
      arguments: {ship_id: "{{id}}"}
      parent: dock.id
    list: {method: get, path: "/docks/{{query.dock_id}}/ships", parameters: {filters: {style: json}, v: {const: 2}}}
    create: {method: post, path: "/docks/{{query.dock_id}}/ships", body: {format: form, properties: {name: {name: title}}}}
    delete: {method: delete, path: "/docks/{{query.dock_id}}/ships/{{id}}"}
    find: {method: post, path: /ships/find, safe: true, response: {expression: .data}}
    bulk_move: {method: put, path: "/docks/{{query.dock_id}}/ships", tags: [bulk], dry_run: {list: list, changes: values}}
`,
	"docs/docks.yaml": `list:
  description: List docks.
  query_schema: {type: object, properties: {}}
get:
  description: Get one dock.
  query_schema: {type: object, required: [id], properties: {id: {type: string}}}
fields_schema:
  description: Get the fields of a dock.
  query_schema: {type: object, required: [id], properties: {id: {type: string}}}
`,
	"docs/ships.yaml": `list:
  description: List ships.
  query_schema:
    type: object
    required: [dock_id]
    properties:
      dock_id: {type: string}
      filters: &filters
        type: array
        items:
          type: object
          required: [field, op]
          properties: {field: {type: string}, op: {type: string, enum: [eq, in, empty]}, value: {}}
create:
  description: Add a ship.
  query_schema: {type: object, required: [dock_id], properties: {dock_id: {type: string}}}
  body_schema:
    type: object
    required: [name]
    properties:
      name: {type: string, minLength: 1, pattern: "^[A-Z]"}
      length: {type: number, minimum: 1, maximum: 500}
      fields: {type: object}
  examples:
    - title: A small one
      arguments: {dock_id: d1, name: Tern, length: 8.5}
delete:
  description: Delete a ship.
  query_schema: {type: object, required: [dock_id, id], properties: {dock_id: {type: string}, id: {type: string}}}
find:
  description: Find a ship's dock.
  body_schema: {type: object, required: [ship_id], properties: {ship_id: {type: string}}}
bulk_move:
  description: Change many ships.
  query_schema: {type: object, required: [dock_id], properties: {dock_id: {type: string}}}
  body_schema:
    type: object
    required: [filters, values]
    properties: {filters: *filters, values: {type: object}}
`,
}

// written is the yard with one text in it replaced by another.
func written(t *testing.T, old, new string) fstest.MapFS {
	t.Helper()
	files, found := fstest.MapFS{}, 0
	for name, content := range yard {
		found += strings.Count(content, old)
		files[name] = &fstest.MapFile{Data: []byte(strings.Replace(content, old, new, 1))}
	}
	if old != "" && found != 1 {
		t.Fatalf("%q stands %d times in the files, want once", old, found)
	}
	return files
}

// validated is everything that is said of a definition in one file.
func validated(t *testing.T, definition string) integration.Faults {
	t.Helper()
	_, faults := integration.Validate(fstest.MapFS{"integration.yaml": {Data: []byte(definition)}}, ".")
	return faults
}

func TestADefinitionWithoutFault(t *testing.T) {
	d, faults := integration.Validate(written(t, "", ""), ".")
	for _, f := range faults {
		t.Errorf("want no fault and no advice, got %s", f)
	}
	if d == nil || d.Digest == "" {
		t.Errorf("want a definition with a digest, got %+v", d)
	}
}

func TestWhatIsWrongIsToldWithItsPlaceAndItsMend(t *testing.T) {
	for _, test := range broken {
		t.Run(strings.TrimSpace(strings.SplitN(test.new, "\n", 2)[0]), func(t *testing.T) {
			_, faults := integration.Validate(written(t, test.old, test.new), ".")
			var lines []string
			for _, f := range faults {
				if f.Advice {
					lines = append(lines, "~"+f.String())
				} else {
					lines = append(lines, f.String())
				}
			}
			if got := strings.Join(lines, "\n"); got != test.want {
				t.Errorf("want\n%s\ngot\n%s", test.want, got)
			}
		})
	}
}
