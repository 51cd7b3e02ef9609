package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// secured is a document of two operations with the given security and schemes.
func secured(security, schemes, second string) string {
	document := "openapi: 3.1.0\ninfo: {title: Lighthouse}\nservers: [{url: 'https://lights.example'}]\n"
	if security != "" {
		document += "security: " + security + "\n"
	}
	return document + "components: {securitySchemes: " + schemes + "}\npaths:\n  /lamps: {post: {}}\n  /stairs: {post: {" + second + "}}\n"
}

func TestCredentialsAreThoseOfTheSecuritySchemes(t *testing.T) {
	const (
		key    = `depotKey: {type: apiKey, in: query, name: depot_key}`
		header = `sign: {type: apiKey, in: header, name: X-Sign}`
		basic  = `staff: {type: http, scheme: basic}`
		bearer = `token: {type: http, scheme: Bearer}`
	)
	for name, c := range map[string]struct{ security, schemes, second, credentials, authorization, own string }{
		"an API key": {`[{depotKey: []}]`, key, "",
			`{"format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"}]`, "null"},
		"basic": {`[{staff: []}]`, basic, "",
			`{"format":"static","fields":[{"name":"staff_username","label":"User name"},{"name":"staff_password","label":"Password","type":"password","optional":true}]}`,
			`[{"format":"basic","username":"{{credentials.staff_username}}","password":"{{credentials.staff_password}}"}]`, "null"},
		"a bearer token": {`[{token: []}]`, bearer, "",
			`{"format":"static","fields":[{"name":"token","label":"token","type":"password"}]}`,
			`[{"format":"bearer","value":"{{credentials.token}}"}]`, "null"},
		"another scheme of HTTP": {`[{token: []}]`, `token: {type: http, scheme: Token}`, "",
			`{"format":"static","fields":[{"name":"token","label":"token","type":"password"}]}`,
			`[{"format":"header","name":"Authorization","value":"Token {{credentials.token}}"}]`, "null"},
		"several at once": {`[{depotKey: [], sign: []}]`, key + ", " + header, "",
			`{"format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"},{"name":"sign","label":"sign","type":"password"}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"},{"format":"header","name":"X-Sign","value":"{{credentials.sign}}"}]`, "null"},
		"one or another": {`[{depotKey: []}, {staff: []}]`, key + ", " + basic, "",
			`{"label":"depotKey","format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"}],"alternatives":[{"label":"staff","format":"static","fields":[{"name":"staff_username","label":"User name"},{"name":"staff_password","label":"Password","type":"password","optional":true}]}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"},{"format":"basic","username":"{{credentials.staff_username}}","password":"{{credentials.staff_password}}"}]`, "null"},
		"none for one operation": {`[{depotKey: []}]`, key, "security: []",
			`{"format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"}]`, "[]"},
		"another for one operation": {`[{depotKey: []}]`, key + ", " + header, "security: [{sign: []}]",
			`{"format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"},{"name":"sign","label":"sign","type":"password","optional":true}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"}]`,
			`[{"format":"header","name":"X-Sign","value":"{{credentials.sign}}"}]`},
		"one of the two for one operation": {`[{depotKey: []}, {staff: []}]`, key + ", " + basic, "security: [{depotKey: []}]",
			`{"label":"depotKey","format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"}],"alternatives":[{"label":"staff","format":"static","fields":[{"name":"staff_username","label":"User name"},{"name":"staff_password","label":"Password","type":"password","optional":true},{"name":"depotKey","label":"depotKey","type":"password","optional":true}]}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"},{"format":"basic","username":"{{credentials.staff_username}}","password":"{{credentials.staff_password}}"}]`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"}]`},
		"for one operation alone, where nothing is said for the other": {``, key, "security: [{depotKey: []}]",
			`{"format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"}]`, "null"},
		"client credentials": {`[{oauth: [write]}]`, `oauth: {type: oauth2, flows: {clientCredentials: {tokenUrl: 'https://lights.example/token', scopes: {read: '', write: ''}}}}`, "",
			`{"label":"Client credentials (oauth)","format":"oauth2_client_credentials","fields":[{"name":"oauth_client_id","label":"Client ID"},{"name":"oauth_client_secret","label":"Client secret","type":"password"}],"oauth2":{"token_url":"https://lights.example/token","scopes":["read","write"],"client_id":"{{credentials.oauth_client_id}}","client_secret":"{{credentials.oauth_client_secret}}","client_authentication":"body"},"alternatives":[{"label":"oauth","format":"static","fields":[{"name":"oauth","label":"oauth access token","type":"password"}],"token":"{{credentials.oauth}}"}]}`,
			`[{"format":"bearer"}]`, "null"},
		"signing in": {`[{oauth: []}]`, `oauth: {type: oauth2, flows: {authorizationCode: {authorizationUrl: 'https://lights.example/authorize', tokenUrl: 'https://lights.example/token', scopes: {read: ''}}}}`, "",
			`{"label":"oauth","format":"static","fields":[{"name":"oauth","label":"oauth access token","type":"password"}],"token":"{{credentials.oauth}}","alternatives":[{"label":"Sign in (oauth)","format":"oauth2_authorization_code","fields":[{"name":"oauth_client_id","label":"Client ID"},{"name":"oauth_client_secret","label":"Client secret","type":"password"}],"oauth2":{"authorization_url":"https://lights.example/authorize","token_url":"https://lights.example/token","scopes":["read"],"client_id":"{{credentials.oauth_client_id}}","client_secret":"{{credentials.oauth_client_secret}}","client_authentication":"body"}}]}`,
			`[{"format":"bearer"}]`, "null"},
		"OpenID Connect": {`[{sso: []}]`, `sso: {type: openIdConnect, openIdConnectUrl: 'https://lights.example/.well-known/openid-configuration'}`, "",
			`{"label":"sso","format":"static","fields":[{"name":"sso","label":"sso access token","type":"password"}],"token":"{{credentials.sso}}","alternatives":[{"label":"Sign in (sso)","format":"oauth2_authorization_code","fields":[{"name":"sso_client_id","label":"Client ID"},{"name":"sso_client_secret","label":"Client secret","type":"password"}],"oauth2":{"issuer":"https://lights.example","scopes":["openid","offline_access"],"client_id":"{{credentials.sso_client_id}}","client_secret":"{{credentials.sso_client_secret}}"}}]}`,
			`[{"format":"bearer"}]`, "null"},
		"a scheme whose name no form can have": {`[{'API key (v2)': []}]`, `'API key (v2)': {type: apiKey, in: cookie, name: key}`, "",
			`{"format":"static","fields":[{"name":"API_key_v2","label":"API key (v2)","type":"password"}]}`,
			`[{"format":"cookie","name":"key","value":"{{credentials.API_key_v2}}"}]`, "null"},
		"one that cannot be used beside one that can": {`[{card: []}, {depotKey: []}]`, key + `, card: {type: mutualTLS}`, "",
			`{"format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"}]`, "null"},
		"schemes that nothing asks for": {``, key, "",
			`{"format":"static","fields":[{"name":"depotKey","label":"depotKey","type":"password"}]}`,
			`[{"format":"query","name":"depot_key","value":"{{credentials.depotKey}}"}]`, "null"},
		"none at all": {`[]`, `{}`, "", `{"format":"none"}`, "null", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			schemes := c.schemes
			if schemes != "{}" {
				schemes = "{" + schemes + "}"
			}
			d, report := take(t, secured(c.security, schemes, c.second))
			if len(report.LeftOut) > 0 {
				t.Fatalf("left out: %v", report.LeftOut)
			}
			check := func(what string, value any, want string) {
				got, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				if want != "" && !sameJSON(t, string(got), want) {
					t.Errorf("%s\ngot  %s\nwant %s", what, got, want)
				}
			}
			check("credentials", d.Credentials, c.credentials)
			check("authorization", d.Authorization, c.authorization)
			check("authorization of one", methodOf(t, d, "stairs", "create").Authorization, c.own)
		})
	}
}

func TestAKeyThatTheAccountHoldsIsNoArgument(t *testing.T) {
	d, _ := take(t, secured(`[{depotKey: []}]`, `{depotKey: {type: apiKey, in: query, name: depot_key}}`,
		`parameters: [{name: depot_key, in: query, schema: {type: string}}, {name: authorization, in: header, schema: {type: string}}, {name: mode, in: query, schema: {type: string}}]`))
	if got := string(methodOf(t, d, "stairs", "create").Doc.QuerySchema); strings.Contains(got, "depot_key") || strings.Contains(got, "uthorization") || !strings.Contains(got, "mode") {
		t.Errorf("the arguments are %s", got)
	}
}

func TestServersBecomeAddresses(t *testing.T) {
	const own = "paths: {/lamps: {post: {}}, /scans: {servers: [{url: 'https://up.example/d04/'}], post: {}}, /old: {post: {servers: [{url: /v0}]}}}"
	for name, c := range map[string]struct{ servers, base, byDefault, guess string }{
		"one":                       {`servers: [{url: 'https://lights.example/v1/'}]`, "{{context.base_url}}", "https://lights.example/v1", ""},
		"variables":                 {`servers: [{url: 'https://{place}.lights.example:{port}/{base}', variables: {place: {default: north}, port: {enum: ['8443', '443'], default: '8443'}, base: {default: v2}}}]`, "{{context.base_url}}", "https://north.lights.example:8443/v2", "place=north, port=8443, base=v2"},
		"several":                   {`servers: [{url: 'https://lights.example'}, {url: 'https://test.lights.example'}]`, "{{context.base_url}}", "https://lights.example", "2 servers"},
		"none":                      {``, "{{context.base_url}}", "", "names no host"},
		"a path alone":              {`servers: [{url: /v3}]`, "{{context.base_url}}/v3", "", "names no host"},
		"what cannot be an address": {`servers: [{url: 'mailto:x'}, {url: 'https://lights.example'}]`, "{{context.base_url}}", "https://lights.example", ""},
		"with a key in it":          {`servers: [{url: 'https://me:secret@lights.example/v1?key=1'}]`, "{{context.base_url}}", "https://lights.example/v1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, report := take(t, "openapi: 3.0.3\ninfo: {title: Lighthouse}\n"+c.servers+"\n"+own+"\n")
			if d.BaseURL != c.base || d.Context[0].Default != c.byDefault {
				t.Errorf("the base is %s, by default %s; want %s, %s", d.BaseURL, d.Context[0].Default, c.base, c.byDefault)
			}
			if guesses := strings.Join(report.Guessed, "\n"); !strings.Contains(guesses, c.guess) {
				t.Errorf("guessed %q, want %q in it", guesses, c.guess)
			}
			if got := methodOf(t, d, "scans", "create").BaseURL; got != "https://up.example/d04" {
				t.Errorf("the server of one path is %q", got)
			}
		})
	}
	d, _ := take(t, "openapi: 3.0.3\ninfo: {title: Lighthouse}\nservers: [{url: 'https://lights.example/v1'}]\n"+own+"\n")
	for _, r := range d.Resources {
		if r.Name == "old" && r.Methods[0].BaseURL != "https://lights.example/v0" {
			t.Errorf("a server that is a path alone becomes %q", r.Methods[0].BaseURL)
		}
	}
}
