package integration_test

// broken breaks the yard in one place each, and wants what is said of it, a fault a line. Advice begins with a tilde.
var broken = []struct{ old, new, want string }{
	{"label: Yard\n", "",
		"integration.yaml:1:1: the definition has no label: add what people call the vendor"},
	{"label: Yard\n", "label: ''\n",
		"integration.yaml:2:8: the definition has an empty label: add what people call the vendor"},
	{"label: Yard\n", "label: 5\n",
		`integration.yaml:2:8: label must be a text, not a number: put "5" in quotes`},
	{"label: Yard\n", "lable: Yard\n",
		"integration.yaml:1:1: the definition has no label: add what people call the vendor" + "\n" +
			`integration.yaml:2:1: "lable" is not known; did you mean "label"?`},
	{"name: yard\n", "name: Boat Yard\n",
		"integration.yaml:1:1: name is no name for an integration: write small letters, digits and underscores, beginning with a letter, as in boat_yard"},
	{"    tags: [docks]\n", "    tags: docks\n",
		"integration.yaml:38:11: resources.docks.tags must be a list, not a text: write [docks]"},
	{"max_size: 50}", "max_size: 5.5}",
		"integration.yaml:32:98: pagination.max_size must be a whole number from 0, not 5.5"},
	{"status: [420]", "status: [42]",
		"integration.yaml:31:62: rate_limit.status[0] is no HTTP status: write a number from 200 to 599"},
	{"    singular: dock\n", "    singular:\n",
		"~integration.yaml:36:3: resources.docks has no singular, so that its tool is called get_single_yard_docks_by_id: add what one of them is called" + "\n" +
			"integration.yaml:37:14: resources.docks.singular is empty: give it a value, or take the line out"},
	{"    singular: dock\n", "    singular: Dock\n",
		"integration.yaml:37:5: resources.docks.singular is no name for one thing: write small letters, digits and underscores, beginning with a letter, as in dock"},
	{"    singular: dock\n", "    singlar: dock\n",
		"~integration.yaml:36:3: resources.docks has no singular, so that its tool is called get_single_yard_docks_by_id: add what one of them is called" + "\n" +
			`integration.yaml:37:5: "singlar" is not known in resources.docks; did you mean "singular"?`},
	{"  ships:\n    singular", "  Ships:\n    singular",
		"integration.yaml:48:3: resources.Ships is no name for a resource: write small letters, digits and underscores, beginning with a letter, as in ships" + "\n" +
			`integration.yaml:60:7: resources.Ships.lookup.resource is "ships", which is no resource; did you mean "Ships"?` + "\n" +
			`docs/ships.yaml:1:1: there is no resource "ships" to document; did you mean "Ships"?`},
	{"resources:\n", "resources: {}\nmore:\n",
		"integration.yaml:35:1: resources is empty: add a resource with its methods" + "\n" +
			`integration.yaml:36:1: "more" is not known; known: name, label, description, instructions, base_url, context, credentials, authorization, headers, rate_limit, pagination, errors, secret_fields, resources, prompts, docs` + "\n" +
			`docs/docks.yaml:1:1: there is no resource "docks" to document` + "\n" +
			`docs/ships.yaml:1:1: there is no resource "ships" to document`},
	{"    list: {method: get, path: /docks}\n", "    list: /docks\n",
		`integration.yaml:45:5: "list" is not known in resources.docks: a method is an object with method and path, and else there are singular, tags, parent, fields, field_list, references, lookup` + "\n" +
			"integration.yaml:58:17: resources.ships.references.dock_id.resource is docks, which has no method list to find names in: add it there" + "\n" +
			`docs/docks.yaml:1:1: docks has no method "list" to document; known: get, fields_schema`},
	{"    list: {method: get, path: /docks}\n", "    list: {path: /docks}\n",
		"integration.yaml:45:5: resources.docks.list has no method: add one of get, post, put, patch, delete"},
	{"    list: {method: get, path: /docks}\n", "    list: {method: fetch, path: /docks}\n",
		`integration.yaml:45:12: resources.docks.list.method is "fetch", which is not known; known: get, post, put, patch, delete`},
	{"    tags: [ships]\n", "    tags: [ships, ships, 'a,b']\n",
		`integration.yaml:50:19: resources.ships.tags[1] is "ships" a second time: take it out` + "\n" +
			"integration.yaml:50:26: resources.ships.tags[2] is no tag: write one word, or several with _ between, without commas"},
	{`base_url: "https://{{context.region}}.yard.example/v2"`, "base_url: http://[fe80::1]/v2",
		"integration.yaml:3:1: base_url is on a link-local address, where no vendor is and a cloud's machines find their own credentials: write the vendor's"},
	{`base_url: "https://{{context.region}}.yard.example/v2"`, "base_url: yard.example",
		"integration.yaml:3:1: base_url is no address: write one as https://api.example.com/v2, or {{context.base_url}} where each account has its own"},
	{`base_url: "https://{{context.region}}.yard.example/v2"`, "base_url: https://yard.example/v2?key=1",
		"integration.yaml:3:1: base_url has a ? or #, and paths follow it: what goes with every call belongs into parameters or headers"},
	{`base_url: "https://{{context.region}}.yard.example/v2"`, `base_url: "https://{{context.regoin}}.yard.example"`,
		`integration.yaml:3:1: base_url refers to {{context.regoin}}, which is not known; did you mean "region"?`},
	{`base_url: "https://{{context.region}}.yard.example/v2"`, `base_url: "https://{{region}}.yard.example"`,
		"integration.yaml:3:1: base_url refers to {{region}}, which does not say of what: write {{context.region}} or another of context"},
	{`base_url: "https://{{context.region}}.yard.example/v2"`, `base_url: "https://{{context.region}.yard.example"`,
		`integration.yaml:3:1: base_url is no template: "https://{{context.region}.yard.example" opens braces that are not closed: write {{…}}`},
	{`base_url: "https://{{context.region}}.yard.example/v2"`, `base_url: "https://{{credentials.email}}.yard.example"`,
		"integration.yaml:3:1: base_url refers to {{credentials.email}}, and there is no credentials here; known: context"},
	{"{name: region, default: eu, options: [eu, us]}", "{name: region, default: de, options: [eu, us, us]}",
		"integration.yaml:5:20: context[0].default is none of the options: write one of eu, us, us" + "\n" +
			`integration.yaml:5:51: context[0].options[2] is "us" a second time: take it out`},
	{"{name: region, default: eu, options: [eu, us]}", "{name: region, optional: true}",
		"integration.yaml:3:1: base_url needs {{context.region}}, which is optional and has no default: take optional from it, or give it a default"},
	{"{name: email, format: email}", "{name: email, format: mail}",
		`integration.yaml:10:21: credentials.fields[0].format is "mail", which is not known; did you mean "email"?`},
	{"{name: email, format: email}", "{name: password, type: text}",
		"~integration.yaml:10:7: credentials.fields[0] is shown while it is typed: add type: password" + "\n" +
			`integration.yaml:11:8: credentials.fields[1].name is "password" a second time: each field needs a name of its own` + "\n" +
			"integration.yaml:15:12: credentials.login.body.email refers to {{credentials.email}}, which is not known: add it to the fields of credentials"},
	{"{name: email, format: email}", "{name: e mail}",
		"integration.yaml:10:8: credentials.fields[0].name is no name for a field: write letters, digits, - and _, beginning with a letter, as in e_mail" + "\n" +
			`integration.yaml:15:12: credentials.login.body.email refers to {{credentials.email}}, which is not known; did you mean "e mail"?`},
	{"  format: login\n", "  format: logn\n",
		`integration.yaml:8:3: credentials.format is "logn", which is not known; did you mean "login"?`},
	{"  format: login\n", "",
		"integration.yaml:6:1: credentials has no format: add one of none, static, login, oauth2_authorization_code, oauth2_client_credentials"},
	{"    method: post\n    path: /login\n", "    method: post\n    path: login\n",
		"integration.yaml:14:5: credentials.login.path must begin with / or be a whole address: write /login"},
	{"    token: data.token\n    refresh_token: data.refresh\n", "    token: $.data.token\n",
		"integration.yaml:16:5: credentials.login.token is a dotted path and begins with a name: write data.token" + "\n" +
			"integration.yaml:20:12: credentials.refresh.body.token refers to {{token.refresh}}, and no answer gives one: say in login.refresh_token where it stands"},
	{"    token: data.token\n    refresh_token: data.refresh\n", "    refresh_token: data..refresh\n",
		"integration.yaml:12:3: credentials.login has no token: add the dotted path to the token in the answer" + "\n" +
			`integration.yaml:16:5: credentials.login.refresh_token has an empty step in "data..refresh": write names with one dot between two, as in data.items`},
	{`{email: "{{credentials.email}}",`, `{email: "{{credentials.mail}}",`,
		`integration.yaml:15:12: credentials.login.body.email refers to {{credentials.mail}}, which is not known; did you mean "email"?`},
	{"      token: \"{{credentials.api_key}}\"\n", "",
		"integration.yaml:28:1: authorization uses nothing that an account connected by credentials.alternatives[0] has: give credentials.alternatives[0] a token, or add an authorization that uses its fields"},
	{"      format: static\n", "      format: none\n",
		"~integration.yaml:27:7: credentials.alternatives[0].fields has no effect with the format none: take it out" + "\n" +
			"~integration.yaml:28:7: credentials.alternatives[0].token has no effect with the format none: take it out" + "\n" +
			"integration.yaml:29:1: authorization needs a credential, and credentials.alternatives[0] has the format none: take one of the two out"},
	{"fields: [{name: api_key, type: password}]", "fields: [{name: email}, {name: password, type: password}]",
		"integration.yaml:25:7: credentials.alternatives[0] asks for the same as credentials, so that nobody can tell them apart: name one of the fields otherwise" + "\n" +
			"integration.yaml:28:7: credentials.alternatives[0].token refers to {{credentials.api_key}}, which is not known: add it to the fields of credentials"},
	{"fields: [{name: api_key, type: password}]", "fields: [{name: api_key}]",
		"~integration.yaml:27:16: credentials.alternatives[0].fields[0] is shown while it is typed: add type: password"},
	{"  validate: {method: get, path: /me}\n", "  validate: {method: get, path: https://}\n",
		"integration.yaml:23:27: credentials.validate.path is no address: write one as https://login.example.com/token"},
	{"    - label: API key\n      format: static\n", "    - format: static\n",
		"~integration.yaml:25:7: credentials.alternatives[0] has no label, and people choose between the ways by it: add one"},
	{"    - label: API key\n      format: static\n", "    - label: OAuth\n      format: oauth2_authorization_code\n",
		"integration.yaml:25:7: credentials.alternatives[0] has no oauth2, which the format oauth2_authorization_code needs: add it" + "\n" +
			"~integration.yaml:28:7: credentials.alternatives[0].token has no effect with the format oauth2_authorization_code: take it out"},
	{"    - label: API key\n      format: static\n", "    - label: OAuth\n      format: oauth2_authorization_code\n      oauth2: {token_url: 'https://yard.example/token'}\n",
		"integration.yaml:27:7: credentials.alternatives[0].oauth2 has no authorization_url, which the format oauth2_authorization_code needs: add the address of the vendor's page" + "\n" +
			"~integration.yaml:29:7: credentials.alternatives[0].token has no effect with the format oauth2_authorization_code: take it out"},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', scopes: [read], parameters: {prompt: consent}, client_authentication: body, token_type: bot}
    - label: API key
      format: static
`,
		""},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', token_url: 'https://yard.example/token'}
    - label: API key
      format: static
`,
		"integration.yaml:27:7: credentials.alternatives[0].oauth2 has an issuer, which tells the addresses, and addresses beside it: take one of the two out"},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', revocation_url: 'https://id.yard.example/revoke'}
      revoke: {method: delete, path: /sessions, headers: {X-Token: '{{token.access}}'}, body: {refresh: '{{token.refresh}}'}}
    - label: API key
      format: static
`,
		""},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', revocation_url: revoke}
    - label: API key
      format: static
      revoke: {method: pst, path: /logout, body: {token: '{{token.refresh}}'}}
`,
		"integration.yaml:27:51: credentials.alternatives[0].oauth2.revocation_url must begin with / or be a whole address: write /revoke" + "\n" +
			"~integration.yaml:30:7: credentials.alternatives[1].revoke has no effect with the format static: take it out" + "\n" +
			`integration.yaml:30:16: credentials.alternatives[1].revoke.method is "pst", which is not known; did you mean "post"?` + "\n" +
			"integration.yaml:30:51: credentials.alternatives[1].revoke.body.token refers to {{token.refresh}}, and no answer gives one: say in login.refresh_token where it stands"},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {scopes: [read]}
    - label: API key
      format: static
`,
		"integration.yaml:27:7: credentials.alternatives[0].oauth2 has no token_url: add the address of the vendor's token endpoint, or the issuer that tells it"},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', scopes: ['read write']}
    - label: API key
      format: static
`,
		"integration.yaml:27:60: credentials.alternatives[0].oauth2.scopes[0] is no scope: write each as an entry of its own, without spaces"},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', parameters: {state: x}}
    - label: API key
      format: static
`,
		"integration.yaml:27:64: credentials.alternatives[0].oauth2.parameters.state is a parameter that the flow itself sets: take it out"},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', client_authentication: query}
    - label: API key
      format: static
`,
		"integration.yaml:27:51: credentials.alternatives[0].oauth2.client_authentication is \"query\", which is not known; known: header, body"},
	{"    - label: API key\n      format: static\n", `    - label: OAuth
      format: oauth2_authorization_code
      oauth2: {issuer: 'https://id.yard.example', client_secret: '{{credentials.nope}}'}
    - label: API key
      format: static
`,
		"integration.yaml:27:51: credentials.alternatives[0].oauth2.client_secret refers to {{credentials.nope}}, which is not known: add it to the fields of credentials" + "\n" +
			"integration.yaml:27:51: credentials.alternatives[0].oauth2.client_secret stands without a client_id: add it, or leave both to the environment's own client"},
	{"{name: region, default: eu, options: [eu, us]}", "{name: region, default: eu, options: [eu, us]}\n  - {name: bay, label: Bay, choices: {path: /bays, items: bays, value: id, label: name}}",
		""},
	{"{name: region, default: eu, options: [eu, us]}", "{name: region, default: eu, options: [eu, us]}\n  - {name: bay, default: x, optional: true, choices: {path: bays, value: id}}",
		"integration.yaml:6:17: context[1].default does not go with choices, of which one is taken once the account's credential works: take one of the two out" + "\n" +
			"integration.yaml:6:29: context[1].optional does not go with choices, of which one is taken once the account's credential works: take one of the two out" + "\n" +
			"integration.yaml:6:55: context[1].choices.path must begin with / or be a whole address: write /bays"},
	{"{name: region, default: eu, options: [eu, us]}", "{name: region, default: eu, options: [eu, us]}\n  - {name: bay, label: Bay, choices: {path: /bays, value: id, cursor: after}}",
		"integration.yaml:6:63: context[1].choices.cursor stands without a next: add the dotted path at which the answer has the cursor"},
	{"{name: region, default: eu, options: [eu, us]}", "{name: region, choices: {path: /regions, value: id}}",
		"integration.yaml:5:30: context[0].choices.path follows a base URL that needs {{context.region}}, which is not known before the choice: write a whole address"},
	{"{name: region, default: eu, options: [eu, us]}", "{name: region, choices: {path: 'https://yard.example/{{context.region}}', value: id}}",
		"integration.yaml:5:30: context[0].choices.path refers to {{context.region}}, which is not known before the choice: what is asked first stands first"},
	{"{name: email, format: email}", "{name: email, format: email, choices: {path: /emails, value: id}}",
		"integration.yaml:10:36: credentials.fields[0].choices cannot be of a credential: move email to context, which is what the account holds beside its credential"},
	{"authorization: {format: bearer}", "authorization: {format: header}",
		"integration.yaml:29:1: authorization has no name, which the format header needs: add it"},
	{"authorization: {format: bearer}", "authorization: {format: basic}",
		`integration.yaml:29:1: authorization has neither username nor password: add what the vendor wants, as in username: "{{credentials.email}}"` + "\n" +
			"integration.yaml:29:1: authorization uses nothing that an account connected by credentials has: give credentials a token, or add an authorization that uses its fields" + "\n" +
			"integration.yaml:29:1: authorization uses nothing that an account connected by credentials.alternatives[0] has: give credentials.alternatives[0] a token, or add an authorization that uses its fields"},
	{"authorization: {format: bearer}", "authorization: {format: bearer, name: X-Key}",
		"~integration.yaml:29:33: authorization.name has no effect with the format bearer: take it out"},
	{"authorization: {format: bearer}", `authorization: [{format: query, name: key, value: "{{credentials.api_key}}"}]`,
		"integration.yaml:29:1: authorization uses nothing that an account connected by credentials has: give credentials a token, or add an authorization that uses its fields"},
	{"authorization: {format: bearer}", "authorization: {format: token}",
		`integration.yaml:29:17: authorization.format is "token", which is not known; known: bearer, basic, header, query, cookie`},
	{"authorization: {format: bearer}\n", "",
		"integration.yaml:1:1: the definition has credentials and no authorization, so that they are never sent: add authorization: {format: bearer}, or what the vendor wants"},
	{`headers: {X-Region: "{{context.region}}"}`, `headers: {X Region: "eu"}`,
		"integration.yaml:30:11: headers.X Region is no header's name: write letters, digits and hyphens, as in X-Request-Source"},
	{`headers: {X-Region: "{{context.region}}"}`, `headers: {Host: "eu"}`,
		"integration.yaml:30:11: headers.Host is a header that belongs to the connection: take it out"},
	{`headers: {X-Region: "{{context.region}}"}`, "headers: {X-Region: \"a\\nb\"}",
		"integration.yaml:30:11: headers.X-Region has a line break, which no header can carry: write it in one line"},
	{`headers: {X-Region: "{{context.region}}"}`, `headers: {X-Region: "{{credentials.email}}"}`,
		"integration.yaml:30:11: headers.X-Region refers to {{credentials.email}}, which not every way to connect has: add it to the others, or use what all of them have"},
	{"limit: X-Limit,", "limit: X Limit,",
		"integration.yaml:31:14: rate_limit.limit is neither a header's name nor a place in the body: write X-RateLimit-Limit or .meta.limit"},
	{"remaining: .meta.left", "remaining: '.meta[0].left'",
		"integration.yaml:31:30: rate_limit.remaining is a dotted path, where a place in a list is a number: write meta.0.left"},
	{`when: '.error == "slow"'`, "when: '.error =='",
		`integration.yaml:31:68: rate_limit.when cannot be used: ".error ==" is not jq: unexpected EOF`},
	{"when: .error != null", "when: 'def f: f; f'",
		`integration.yaml:33:53: errors.when cannot be used: "def f: f; f" is not allowed: functions cannot be defined (f)`},
	{"pagination: {format: cursor, cursor: after, next: meta.next,", "pagination: {format: cursor, cursor: after,",
		"integration.yaml:32:1: pagination has no next, which the format cursor needs: add it"},
	{"pagination: {format: cursor, cursor: after, next: meta.next,", "pagination: {format: curser, cursor: after, next: meta.next,",
		`integration.yaml:32:14: pagination.format is "curser", which is not known; did you mean "cursor"?`},
	{"pagination: {format: cursor, cursor: after, next: meta.next, items: data, size: limit, max_size: 50}", "pagination: {format: page, page: page, first: 0, cursor: after}",
		"~integration.yaml:32:1: pagination does not say how its end is known, so that every list costs a call more: add total, last_page, more or max_size" + "\n" +
			"~integration.yaml:32:50: pagination.cursor has no effect with the format page: take it out"},
	{"pagination: {format: cursor, cursor: after, next: meta.next, items: data, size: limit, max_size: 50}\n", "",
		"~integration.yaml:44:5: resources.docks.list does not say how it pages, so that one page is all that is read: add pagination to it or to the definition, with format none where the answer is always whole" + "\n" +
			"~integration.yaml:63:5: resources.ships.list does not say how it pages, so that one page is all that is read: add pagination to it or to the definition, with format none where the answer is always whole"},
	{"fields: error.fields", "fields: 'error.fields[]'",
		"integration.yaml:33:31: errors.fields is a dotted path, where a place in a list is a number: write error.fields"},
	{"secret_fields: [pin]", "secret_fields: [pin, pin]",
		`integration.yaml:34:22: secret_fields[1] is "pin" a second time: take it out`},
	{"    parent: {docks: dock_id}\n", "    parent: {dock: dock_id}\n",
		`integration.yaml:51:14: resources.ships.parent.dock is no resource; did you mean "docks"?` + "\n" +
			"integration.yaml:53:7: resources.ships.fields.of is docks, which is no parent of ships: add parent: {docks: the argument that holds its id}"},
	{"    parent: {docks: dock_id}\n", "    parent: {docks: dok_id}\n",
		`integration.yaml:51:14: resources.ships.parent.docks is held by "dok_id", which stands in no path of ships; did you mean "dock_id"?`},
	{"      of: docks\n", "      of: ships\n",
		"integration.yaml:53:7: resources.ships.fields.of is ships, which does not say how its fields are read: add field_list there"},
	{"      of: docks\n", "      of: dock\n",
		`integration.yaml:53:7: resources.ships.fields.of is "dock", which is no resource; did you mean "docks"?`},
	{"      at: fields\n", "      at: feilds\n",
		`integration.yaml:54:7: resources.ships.fields.at is "feilds", which no documented method of ships has as an argument; did you mean "fields"?`},
	{"      changes: values\n", "      changes: value\n",
		`integration.yaml:55:7: resources.ships.fields.changes is "value", which no documented method of ships has as an argument; did you mean "values"?`},
	{"lists: [in], bare: [empty]}", "lists: [in], bare: [none, in]}",
		`integration.yaml:56:98: resources.ships.fields.filters.bare[0] is "none", which is no operator that the documentation of ships allows; known: empty, eq, in` + "\n" +
			`integration.yaml:56:104: resources.ships.fields.filters.bare[1] is "in", which is among lists too: an operator's value has one form`},
	{"filters: {argument: filters, field: field,", "filters: {argument: filters,",
		"integration.yaml:56:7: resources.ships.fields.filters has no field: add the member of a condition that names the field"},
	{"      method: get\n      items: fields\n", "      method: list\n      items: fields\n",
		"integration.yaml:40:7: resources.docks.field_list.method is list, whose path is /docks: it must have {{id}} and no other argument, since only the id of what owns the fields is known"},
	{"      method: get\n      items: fields\n", "      method: fetch\n      items: fields\n",
		`integration.yaml:40:7: resources.docks.field_list.method is "fetch", which is no method of docks; known: list, get, fields_schema`},
	{"      type: type\n      types:", "      types:",
		"integration.yaml:39:5: resources.docks.field_list has types and does not say where a field tells its own: add type, the dotted path to it"},
	{"types: {text: {type: string},", "types: {text: {type: text},",
		`integration.yaml:44:22: resources.docks.field_list.types.text.type is "text", which is no type; did you mean "string"?`},
	{"safe: true, response: {format: custom_fields}}", "safe: true, response: {format: fields}}",
		`integration.yaml:47:80: resources.docks.fields_schema.response.format is "fields", which is not known; known: json, text, file, content, custom_fields`},
	{"response: {expression: .data}", "response: {format: custom_fields}",
		"integration.yaml:67:68: resources.ships.find.response.format is custom_fields, and ships does not say how they are read: add field_list to it"},
	{"dock_id: {resource: docks, id: id, name: name}", "doc_id: {resource: ships, id: id, name: name}",
		`integration.yaml:58:7: resources.ships.references.doc_id is no argument of a documented method of ships; did you mean "dock_id"?`},
	{"dock_id: {resource: docks, id: id, name: name}", "dock_id: {resource: dock, id: id}",
		"integration.yaml:58:7: resources.ships.references.dock_id has no name: add the dotted path to an item's name, as in name" + "\n" +
			`integration.yaml:58:17: resources.ships.references.dock_id.resource is "dock", which is no resource; did you mean "docks"?`},
	{"dock_id: {resource: docks, id: id, name: name}", "dock_id: {resource: docks, id: id, name: name, arguments: {ghost: x}}",
		"integration.yaml:58:54: resources.ships.references.dock_id.arguments hold no {{name}}, without which the list would not be narrowed to what is meant: write it where the name goes" + "\n" +
			"integration.yaml:58:66: resources.ships.references.dock_id.arguments.ghost is no argument of the list of docks"},
	{"dock_id: {resource: docks, id: id, name: name}", "dock_id: {resource: docks, id: id, name: name, arguments: \"{{name}}\"}",
		"integration.yaml:58:54: resources.ships.references.dock_id.arguments is a text: write the list's arguments as an object"},
	{"      method: find\n", "      method: bulk_move\n",
		"integration.yaml:61:7: resources.ships.lookup.method is bulk_move, which is not marked safe, and looking something up must change nothing: add safe: true to it if that is so" + "\n" +
			"integration.yaml:62:7: resources.ships.lookup.arguments lack dock_id, which bulk_move of ships needs: add it" + "\n" +
			"integration.yaml:62:7: resources.ships.lookup.arguments lack filters, which bulk_move of ships needs: add it" + "\n" +
			"integration.yaml:62:7: resources.ships.lookup.arguments lack values, which bulk_move of ships needs: add it"},
	{`arguments: {ship_id: "{{id}}"}`, "arguments: {}",
		"integration.yaml:62:7: resources.ships.lookup.arguments hold no {{id}}, without which nobody knows what is looked for: write it where the object's id goes" + "\n" +
			"integration.yaml:62:7: resources.ships.lookup.arguments lack ship_id, which find of ships needs: add it"},
	{`arguments: {ship_id: "{{id}}"}`, `arguments: {ship_id: "{{query.ship_id}}"}`,
		"integration.yaml:62:19: resources.ships.lookup.arguments.ship_id refers to {{query.ship_id}}: only {{id}}, the object's own, is known"},
	{"    find: {method: post, path: /ships/find, safe: true,", "    write: {method: post, path: /ships/find, safe: true,",
		`integration.yaml:61:7: resources.ships.lookup.method is "find", which is no method of ships; known: list, create, delete, write, bulk_move` + "\n" +
			"integration.yaml:67:5: resources.ships.write has the name of a group of methods, by which filters name many: call it write_ship" + "\n" +
			`docs/ships.yaml:30:1: ships has no method "find" to document; known: list, create, delete, write, bulk_move`},
	{`create: {method: post, path: "/docks/{{query.dock_id}}/ships"`, `create: {method: post, path: "docks/{{query.dock_id}}/ships"`,
		`integration.yaml:65:28: resources.ships.create.path must begin with a slash: write "/docks/{{query.dock_id}}/ships"`},
	{`create: {method: post, path: "/docks/{{query.dock_id}}/ships"`, `create: {method: post, path: "https://yard.example/docks/{{query.dock_id}}/ships"`,
		"integration.yaml:65:28: resources.ships.create.path is a whole address: write what follows the base URL here, and base_url beside it where it is another"},
	{`create: {method: post, path: "/docks/{{query.dock_id}}/ships"`, `create: {method: post, path: "/docks/{{dock_id}}/ships"`,
		"integration.yaml:65:28: resources.ships.create.path refers to {{dock_id}}: write {{query.dock_id}}; only {{id}} needs no query"},
	{`create: {method: post, path: "/docks/{{query.dock_id}}/ships"`, `create: {method: post, path: "/docks/{{context.region}}/{{query.dock_id}}/ships#new"`,
		"integration.yaml:65:28: resources.ships.create.path refers to {{context.region}}: only {{id}} and {{query.NAME}} are arguments of a path" + "\n" +
			"integration.yaml:65:28: resources.ships.create.path has a #, and what follows it is never sent: take it out" + "\n" +
			"docs/ships.yaml:16:3: create.query_schema does not describe region, which stands in the path /docks/{{context.region}}/{{query.dock_id}}/ships#new: add it to properties"},
	{`create: {method: post, path: "/docks/{{query.dock_id}}/ships"`, `create: {method: post, path: "/ships?dock={{query.dock_id}}"`,
		"integration.yaml:65:28: resources.ships.create.path has {{query.dock_id}} after the question mark: take it out there, and describe it in query_schema"},
	{`create: {method: post, path: "/docks/{{query.dock_id}}/ships"`, `create: {method: post, safe: true, path: "/docks/{{query.dock_id}}/ships"`,
		"integration.yaml:65:28: resources.ships.create.safe is said of create, which changes something: take it out"},
	{`delete: {method: delete, path: "/docks/{{query.dock_id}}/ships/{{id}}"`, `delete: {method: delete, base_url: "//yard", path: "/docks/{{query.dock_id}}/ships/{{id}}"`,
		"integration.yaml:66:30: resources.ships.delete.base_url is no address: write one as https://api.example.com/v2, or {{context.base_url}} where each account has its own"},
	{"parameters: {filters: {style: json}, v: {const: 2}}", "parameters: {filter: {style: jsn}, v: {in: body}}",
		`integration.yaml:64:78: resources.ships.list.parameters.filter is not described by the documentation's query_schema; did you mean "filters"?` + "\n" +
			`integration.yaml:64:87: resources.ships.list.parameters.filter.style is "jsn", which is not known; did you mean "json"?` + "\n" +
			"integration.yaml:64:100: resources.ships.list.parameters.v is not described by the documentation's query_schema: add it there, or give it a const" + "\n" +
			`integration.yaml:64:104: resources.ships.list.parameters.v.in is "body", which is not known; known: query, path, header, cookie`},
	{"parameters: {filters: {style: json}, v: {const: 2}}", "parameters: {dock_id: {in: query}, v: {in: path, const: 1}}",
		"integration.yaml:64:78: resources.ships.list.parameters.dock_id stands in the path /docks/{{query.dock_id}}/ships already: take it out here" + "\n" +
			"integration.yaml:64:104: resources.ships.list.parameters.v.in is path, and the path /docks/{{query.dock_id}}/ships has no {{query.v}}: put it there"},
	{"body: {format: form, properties: {name: {name: title}}}", "body: {format: frm, properties: {nam: {name: title}}}",
		`integration.yaml:65:75: resources.ships.create.body.format is "frm", which is not known; did you mean "form"?` + "\n" +
			`integration.yaml:65:101: resources.ships.create.body.properties.nam is not described by the documentation's body_schema; did you mean "name"?`},
	{"body: {format: form, properties: {name: {name: title}}}", "body: {format: form, properties: {name: {types: [text/csv]}}}",
		"integration.yaml:65:109: resources.ships.create.body.properties.name.types is of a file in a multipart body: add format: multipart to body"},
	{"body: {format: form, properties: {name: {name: title}}}", "body: {format: multipart, properties: {name: {filename: title, types: [csv, image/*], max_size: 9}}}",
		`integration.yaml:65:114: resources.ships.create.body.properties.name.filename is "title", which the documentation's body_schema does not describe` + "\n" +
			`integration.yaml:65:139: resources.ships.create.body.properties.name.types[0] is "csv", which is no media type: write one as text/csv, or image/* for all of a kind`},
	{"parameters: {filters: {style: json}, v: {const: 2}}", "parameters: {filters: {max_size: 9}, v: {const: 2}}",
		"integration.yaml:64:88: resources.ships.list.parameters.filters.max_size is of a file in a multipart body: write it under body.properties.filters"},
	{"body: {format: form, properties: {name: {name: title}}}", "body: {format: form, expression: .values}",
		"integration.yaml:65:89: resources.ships.create.body.expression makes JSON, and the body's format is form: take one of the two out"},
	{"body: {format: form, properties: {name: {name: title}}}", "body: {expression: .values |}",
		`integration.yaml:65:75: resources.ships.create.body.expression cannot be used: ".values |" is not jq: unexpected EOF`},
	{"body: {format: form, properties: {name: {name: title}}}", `body: {format: form, properties: {name: {name: "{{body.field}}"}}}`,
		"integration.yaml:65:109: resources.ships.create.body.properties.name.name refers to {{body.field}}: a name can be made of other arguments of the body that its schema requires, as in {{body.field}}"},
	{"when: .error != null}", "when: .error != null, hints: [{when: .code == 1 |, say: Wait.}, {when: .code == 2}]}",
		`integration.yaml:33:84: errors.hints[0].when cannot be used: ".code == 1 |" is not jq: unexpected EOF` + "\n" +
			"integration.yaml:33:117: errors.hints[1] has no say: add what that means for who made the call, in a sentence"},
	{"body: {format: form, properties: {name: {name: title}}}", "body: {format: none}",
		"docs/ships.yaml:17:3: create.body_schema describes a body, and the method's body has the format none: take one of the two out"},
	{"    find: {method: post, path: /ships/find, safe: true,", "    find: {method: get, path: /ships/find,",
		"integration.yaml:61:7: resources.ships.lookup.method is find, which is not marked safe, and looking something up must change nothing: add safe: true to it if that is so" + "\n" +
			"~integration.yaml:67:5: resources.ships.find is a GET and counts as a write: add safe: true if it changes nothing" + "\n" +
			"~docs/ships.yaml:32:3: find.body_schema describes the body of a GET, which servers and proxies may ignore or refuse: describe the arguments in query_schema unless the vendor reads them there"},
	{"dry_run: {list: list, changes: values}", "ask: [{name: where, message: Where to?, arguments: [dock_id]}], dry_run: {list: list, changes: values}", ""},
	{"dry_run: {list: list, changes: values}", "ask: [{name: why, message: Why?, arguments: [fliters]}], dry_run: {list: list, changes: values}", `integration.yaml:68:129: resources.ships.bulk_move.ask[0].arguments[0] is "fliters", which the documentation does not describe; did you mean "filters"?`},
	{"dry_run: {list: list, changes: values}", "ask: [{name: confirmation, message: '', arguments: []}, {name: a b, message: Why?, arguments: [filters, dock_id, dock_id]}], dry_run: {list: list, changes: values}", "integration.yaml:68:91: resources.ships.bulk_move.ask[0].name is the name of the question before a call that needs a yes: take another" + "\n" +
		"integration.yaml:68:120: resources.ships.bulk_move.ask[0] has an empty message: add it" + "\n" +
		"integration.yaml:68:124: resources.ships.bulk_move.ask[0].arguments names nothing to ask for: name arguments of the method" + "\n" +
		`integration.yaml:68:141: resources.ships.bulk_move.ask[1].name is "a b", and should be of letters, digits and _` + "\n" +
		"integration.yaml:68:179: resources.ships.bulk_move.ask[1].arguments[0] is filters, which is no text, number or boolean: no client shows a form for it" + "\n" +
		"integration.yaml:68:197: resources.ships.bulk_move.ask[1].arguments[2] is dock_id, which is asked for already: take it out"},
	{"dry_run: {list: list, changes: values}", "dry_run: {list: lst, changes: values}",
		`integration.yaml:68:94: resources.ships.bulk_move.dry_run.list is "lst", which is no method of ships; did you mean "list"?`},
	{"dry_run: {list: list, changes: values}", "dry_run: {list: find, changes: value}",
		"integration.yaml:68:94: resources.ships.bulk_move.dry_run.list is find, which does not list: name a method that answers a page of items" + "\n" +
			`integration.yaml:68:106: resources.ships.bulk_move.dry_run.changes is "value", which is no member of the body; did you mean "values"?`},
	{`/ships", tags: [bulk], dry_run: {list: list, changes: values}`, `/ships/{{id}}", complete: {method: find, from: {values: now.values}, merge: [values]}`,
		"docs/ships.yaml:35:3: bulk_move.query_schema does not describe id, which stands in the path /docks/{{query.dock_id}}/ships/{{id}}: add it to properties"},
	{"dry_run: {list: list, changes: values}", "complete: {method: create, from: {value: now..values}, merge: [value]}",
		"integration.yaml:68:84: resources.ships.bulk_move.complete has no effect without {{id}} in the path, which says what is read: take it out" + "\n" +
			"integration.yaml:68:95: resources.ships.bulk_move.complete.method is create, which may change something: name a method that only reads" + "\n" +
			`integration.yaml:68:118: resources.ships.bulk_move.complete.from.value is no member of the body; did you mean "values"?` + "\n" +
			`integration.yaml:68:118: resources.ships.bulk_move.complete.from.value has an empty step in "now..values": write names with one dot between two, as in data.items` + "\n" +
			`integration.yaml:68:147: resources.ships.bulk_move.complete.merge[0] is no member of the body; did you mean "values"?`},
	{`/ships", tags: [bulk], dry_run: {list: list, changes: values}`, `/ships/{{id}}", body: {expression: .}, complete: {method: finds}`,
		"integration.yaml:68:100: resources.ships.bulk_move.complete is beside an expression that makes the body, so that nobody knows what the vendor requires of it: take one of the two out" + "\n" +
			`integration.yaml:68:111: resources.ships.bulk_move.complete.method is "finds", which is no method of ships; did you mean "find"?` + "\n" +
			"docs/ships.yaml:35:3: bulk_move.query_schema does not describe id, which stands in the path /docks/{{query.dock_id}}/ships/{{id}}: add it to properties"},
	{"dry_run: {list: list, changes: values}", "dry_run: {}",
		"integration.yaml:68:84: resources.ships.bulk_move.dry_run does not say how one finds out what the method would do: add list, the method that lists what it would touch, or file, the argument that is a table"},
	{"dry_run: {list: list, changes: values}", "dry_run: {list: list, file: file_url}",
		"integration.yaml:68:94: resources.ships.bulk_move.dry_run.list is list, which takes no values: a dry run gives it the call's own arguments, so describe it there" + "\n" +
			"integration.yaml:68:106: resources.ships.bulk_move.dry_run.file is beside list: what a call would do is found out in one way, so take one of the two out" + "\n" +
			`integration.yaml:68:106: resources.ships.bulk_move.dry_run.file is "file_url", which is no member of the body`},
	{"dry_run: {list: list, changes: values}", "dry_run: {changes: values, mapping: filters}",
		"integration.yaml:68:84: resources.ships.bulk_move.dry_run does not say how one finds out what the method would do: add list, the method that lists what it would touch, or file, the argument that is a table"},
	{"delete:\n  description: Delete a ship.\n", "delete:\n",
		"docs/ships.yaml:27:1: delete has no description: add what the tool does, in a sentence a model can choose it by"},
	{"find:\n  description: Find", "fnd:\n  description: Find",
		`docs/ships.yaml:30:1: ships has no method "fnd" to document; did you mean "find"?`},
	{"  description: Delete a ship.\n", "  description: >-\n    Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. Delete a ship. \n",
		"~docs/ships.yaml:28:3: delete.description has 1200 characters, and some clients cut it at 1024: shorten it"},
	{"{dock_id: {type: string}, id: {type: string}}", "{dock_id: {type: string}}",
		"docs/ships.yaml:29:3: delete.query_schema does not describe id, which stands in the path /docks/{{query.dock_id}}/ships/{{id}}: add it to properties" + "\n" +
			`docs/ships.yaml:29:52: delete.query_schema.required[1] is "id", which properties do not describe, so that no call could be made`},
	{"{type: object, required: [dock_id, id], properties: {dock_id: {type: string}, id: {type: string}}}", "{type: array}",
		"docs/ships.yaml:29:3: delete.query_schema does not describe dock_id, which stands in the path /docks/{{query.dock_id}}/ships/{{id}}: add it to properties" + "\n" +
			"docs/ships.yaml:29:3: delete.query_schema does not describe id, which stands in the path /docks/{{query.dock_id}}/ships/{{id}}: add it to properties" + "\n" +
			"docs/ships.yaml:29:18: delete.query_schema.type must be object: each argument is one of its properties"},
	{"{type: object, required: [ship_id], properties: {ship_id: {type: string}}}", "{type: object, required: [shipid], properties: {ship_id: {type: string}}}",
		"integration.yaml:62:7: resources.ships.lookup.arguments lack shipid, which find of ships needs: add it" + "\n" +
			`~docs/ships.yaml:32:42: find.body_schema.required[0] is "shipid", which properties do not describe; did you mean "ship_id"?`},
	{"required: [dock_id, id]", "required: [dock_id, idd]",
		`docs/ships.yaml:29:52: delete.query_schema.required[1] is "idd", which properties do not describe, so that no call could be made; did you mean "id"?`},
	{"{ship_id: {type: string}}", "{'ship[id]': {type: string}, ship_id: {type: string}}",
		"~docs/ships.yaml:32:65: find.body_schema.properties.ship[id] is a name that some clients refuse: the argument is called otherwise, in letters, digits and _ . - up to 64"},
	{"{type: object, required: [ship_id], properties: {ship_id: {type: string}}}", "{oneOf: [{type: object, properties: {ship_id: {type: string}}}]}",
		"~docs/ships.yaml:32:17: find.body_schema.oneOf is not shown to clients, which take plain properties alone: it is checked all the same, so say in the description what it wants"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: strng}",
		`docs/ships.yaml:21:14: create.body_schema.properties.name.type is "strng", which is no type; did you mean "string"?`},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: [string, null]}",
		`docs/ships.yaml:21:29: create.body_schema.properties.name.type[1] must be a text: put "null" in quotes`},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: datetime}",
		`docs/ships.yaml:21:14: create.body_schema.properties.name.type is "datetime", which is no type; did you mean "string"?`},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, nullable: true}",
		`~docs/ships.yaml:21:28: create.body_schema.properties.name.nullable is OpenAPI's word: write "null" among the types, as in type: [string, "null"]`},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, required: true}",
		"docs/ships.yaml:21:28: create.body_schema.properties.name.required must be a list of names and stands beside properties: write required: [name] there"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, minLenght: 1}",
		`~docs/ships.yaml:21:28: create.body_schema.properties.name.minLenght is no keyword of JSON Schema and has no effect; did you mean "minLength"?`},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, description: A name, as on the hull}",
		"~docs/ships.yaml:21:49: create.body_schema.properties.name.as on the hull is no keyword of JSON Schema but the rest of a text that was cut at a comma: put the whole text in quotes"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, minLength: -1}",
		"docs/ships.yaml:21:28: create.body_schema.properties.name.minLength must be a whole number from 0"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, minLength: 9, maxLength: 3}",
		"docs/ships.yaml:21:28: create.body_schema.properties.name.minLength is 9 and maxLength is 3, so that no value passes: change one of the two"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, `name: {type: string, pattern: "^(?!x)"}`,
		"docs/ships.yaml:21:28: create.body_schema.properties.name.pattern looks ahead, which cannot be checked: say it without (?= and (?!, in minLength, enum or the description, or leave it to the vendor"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, `name: {type: string, pattern: "(?<=x)y"}`,
		"docs/ships.yaml:21:28: create.body_schema.properties.name.pattern looks behind, which cannot be checked: say it without (?<= and (?<!, or leave it to the vendor"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, `name: {type: string, pattern: "[A-"}`,
		"docs/ships.yaml:21:28: create.body_schema.properties.name.pattern is no regular expression that can be checked (missing closing ]: `[A-`): write one of RE2"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, format: datetime}",
		`~docs/ships.yaml:21:28: create.body_schema.properties.name.format is "datetime", which is no format that is checked; did you mean "date-time"?`},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {type: string, enum: [Tern, 5]}",
		"~docs/ships.yaml:21:41: create.body_schema.properties.name.enum[1] is a number, which the type string does not allow"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, `name: {$ref: "names.json"}`,
		`docs/ships.yaml:21:14: create.body_schema.properties.name.$ref leads out of the schema, and nothing is loaded from elsewhere: copy it into $defs and write "#/$defs/NAME"`},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, `name: {$ref: "#/$defs/name"}`,
		"docs/ships.yaml:21:14: create.body_schema.properties.name.$ref leads to #/$defs/name, and nothing is there"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: {anyOf: []}",
		"docs/ships.yaml:21:14: create.body_schema.properties.name.anyOf is an empty list: add a schema, or take it out"},
	{`name: {type: string, minLength: 1, pattern: "^[A-Z]"}`, "name: string",
		"docs/ships.yaml:21:7: create.body_schema.properties.name must be a schema, not a text: write an object, as in {type: string}"},
	{"length: {type: number, minimum: 1, maximum: 500}", "length: {type: number, exclusiveMinimum: true, minimum: 1}",
		"docs/ships.yaml:22:30: create.body_schema.properties.length.exclusiveMinimum is a number in JSON Schema 2020-12: write the limit here, in place of minimum"},
	{"length: {type: number, minimum: 1, maximum: 500}", "length: {type: number, multipleOf: 0}",
		"docs/ships.yaml:22:30: create.body_schema.properties.length.multipleOf must be greater than 0"},
	{"length: {type: number, minimum: 1, maximum: 500}", "length: {type: number, maximum: 1e2000}",
		"docs/ships.yaml:22:39: 1e2000 is a number beyond 1e1000: quote it if it is a text"},
	{"fields: {type: object}", "fields: {type: array, items: [{type: string}]}",
		"docs/ships.yaml:23:29: create.body_schema.properties.fields.items must be one schema: write prefixItems for a list of them"},
	{"fields: {type: object}", `fields: {$schema: "http://json-schema.org/draft-07/schema#"}`,
		"docs/ships.yaml:23:16: create.body_schema.properties.fields.$schema is not taken: schemas here are JSON Schema 2020-12, so take it out"},
	{"fields: {type: object}", `fields: {$id: "https://yard.example"}`,
		`docs/ships.yaml:23:16: create.body_schema.properties.fields.$id is not taken: write $ref: "#/$defs/NAME" for what is used twice`},
	{"fields: {type: object}", `fields: {$ref: "#/properties/fields"}`,
		"docs/ships.yaml:17:3: create.body_schema refers to itself without going deeper, so that it has no meaning: take the circle of $ref out"},
	{"arguments: {dock_id: d1, name: Tern, length: 8.5}", "arguments: {name: tern, length: 0, lenth: 3}",
		`docs/ships.yaml:26:7: create.examples[0].arguments does not pass the schema: missing property "dock_id"` + "\n" +
			`docs/ships.yaml:26:19: create.examples[0].arguments.name does not pass the schema: "tern" does not match pattern "^[A-Z]"` + "\n" +
			"docs/ships.yaml:26:31: create.examples[0].arguments.length does not pass the schema: minimum: got 0, want 1" + "\n" +
			`docs/ships.yaml:26:42: create.examples[0].arguments.lenth is no argument; did you mean "length"?`},
	{"arguments: {dock_id: d1, name: Tern, length: 8.5}", "arguments: [d1]",
		"docs/ships.yaml:26:7: create.examples[0].arguments must be an object of arguments, not a list"},
	{"name: yard\n", "name: yard\nname: yard\n",
		`integration.yaml:2:1: "name" is here a second time (first in line 1): delete one of the two`},
	{"name: yard\n", "name: yard\n<<: {a: b}\n",
		"integration.yaml:2:1: a key must be a plain word; YAML 1.2 has no merge keys (<<): write the members out"},
	{"name: yard\n", "name: [yard\n",
		"integration.yaml:2:6: not YAML: did not find expected ',' or ']' (while parsing a flow sequence)"},
	{"secret_fields: [pin]", "secret_fields:\n\t- pin",
		"integration.yaml:35:1: not YAML: found character that cannot start any token (while scanning for the next token): the line begins with a tab, and YAML is indented by spaces"},
	{"name: yard\n", "name: !!binary yard\n",
		"integration.yaml:1:7: the tag !!binary is not taken: write the value without it"},
	{"secret_fields: [pin]", "secret_fields: [pin, .nan]",
		"integration.yaml:34:22: .nan is no number in JSON: quote it, or leave it out"},
	{"secret_fields: [pin]", "secret_fields: [pin]\n---\nname: other",
		"integration.yaml:35:1: the file holds more than one document: take the line of --- out"},
	{"secret_fields: [pin]", "secret_fields: [pin]\ndocs: {docks: {get: {description: x}}}",
		"integration.yaml:35:8: docs.docks is also a file, docs/docks.yaml: keep one of the two"},
}
