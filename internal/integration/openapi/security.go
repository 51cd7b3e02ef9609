package openapi

import (
	"fmt"
	"regexp"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// scheme is one of the document's security schemes, as the definition can have it.
type scheme struct {
	name   string // the document's
	field  string // the account's: the same name, where a form can have it
	fields integration.Fields
	how    integration.Authorization
	way    *integration.Credentials // a login of its own, where the document says how tokens are had
	cannot string                   // why it cannot be used
	help   string

	in, parameter string // where an API key stands
}

var notInName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// schemes reads all schemes.
func (d *document) schemes() map[string]*scheme {
	list := d.root.Get("components").Get("securitySchemes")
	if d.swagger {
		list = d.root.Get("securityDefinitions")
	}
	all, taken := map[string]*scheme{}, map[string]bool{}
	for name, v := range list.Members() {
		s := &scheme{name: name}
		s.field = strings.Trim(notInName.ReplaceAllString(ascii(name), "_"), "_-")
		if s.field == "" || s.field[0] >= '0' && s.field[0] <= '9' {
			s.field = strings.TrimRight("key_"+s.field, "_")
		}
		for taken[s.field] {
			s.field += "_" + short(name)
		}
		taken[s.field] = true
		all[name] = s
		v, err := d.resolve(v)
		if err != nil {
			s.cannot = err.Error()
			continue
		}
		s.help = shorten(readable(v.Get("description").Text()), 200)
		s.read(v)
	}
	return all
}

func (s *scheme) secret(name, label string) integration.Field {
	return integration.Field{Name: name, Label: label, Type: "password", Help: s.help}
}

func (s *scheme) read(v integration.Value) {
	kind := strings.ToLower(v.Get("type").Text())
	value := "{{credentials." + s.field + "}}"
	label := line(s.name)
	switch kind {
	case "apikey":
		s.in, s.parameter = strings.ToLower(v.Get("in").Text()), v.Get("name").Scalar()
		if s.parameter == "" || s.in != "header" && s.in != "query" && s.in != "cookie" {
			s.cannot = "it does not say where the key stands"
			return
		}
		s.how = integration.Authorization{Format: s.in, Name: s.parameter, Value: value}
		s.fields = integration.Fields{s.secret(s.field, label)}
	case "basic":
		s.basic()
	case "http":
		switch word := v.Get("scheme").Text(); strings.ToLower(word) {
		case "basic":
			s.basic()
		case "bearer", "":
			s.how = integration.Authorization{Format: "bearer", Value: value}
			s.fields = integration.Fields{s.secret(s.field, label)}
		case "digest", "hoba", "mutual", "negotiate", "ntlm", "scram-sha-1", "scram-sha-256", "vapid", "dpop", "gnap", "privatetoken", "oauth", "hmac", "signature", "aws4-hmac-sha256":
			s.cannot = "it is HTTP " + word + ", in which each request is answered or signed on its own"
		default:
			s.how = integration.Authorization{Format: "header", Name: "Authorization", Value: word + " " + value}
			s.fields = integration.Fields{s.secret(s.field, label)}
		}
	case "oauth2":
		s.how = integration.Authorization{Format: "bearer"}
		s.oauth(v)
	case "openidconnect":
		s.how = integration.Authorization{Format: "bearer"}
		s.openID(v)
	case "mutualtls":
		s.cannot = "it is a client's certificate"
	default:
		s.cannot = fmt.Sprintf("it is of the type %q, which OpenAPI does not have", prose.Clip(kind, 30))
	}
}

func (s *scheme) basic() {
	user, password := s.field+"_username", s.field+"_password"
	s.how = integration.Authorization{Format: "basic", Username: "{{credentials." + user + "}}", Password: "{{credentials." + password + "}}"}
	s.fields = integration.Fields{{Name: user, Label: "User name", Help: s.help}, {Name: password, Label: "Password", Type: "password", Optional: true}}
}

// oauth reads the flows of OAuth 2.0. An access token that somebody already has can be given whatever they are.
func (s *scheme) oauth(v integration.Value) {
	s.fields = integration.Fields{s.secret(s.field, line(s.name)+" access token")}
	flows := map[string]integration.Value{}
	for name, flow := range v.Get("flows").Members() {
		flows[strings.ToLower(name)] = flow
	}
	if flow := v.Get("flow").Text(); flow != "" { // Swagger 2.0
		flows[map[string]string{"application": "clientcredentials", "accesscode": "authorizationcode"}[strings.ToLower(flow)]] = v
	}
	id, secret := s.field+"_client_id", s.field+"_client_secret"
	client := integration.Fields{{Name: id, Label: "Client ID", Help: s.help}, {Name: secret, Label: "Client secret", Type: "password"}}
	oauth := func(flow integration.Value) *integration.OAuth2 {
		return &integration.OAuth2{
			TokenURL: flow.Get("tokenUrl").Text(), Scopes: scopesOf(flow),
			ClientID: "{{credentials." + id + "}}", ClientSecret: "{{credentials." + secret + "}}", ClientAuthentication: "body",
		}
	}
	if flow, ok := flows["clientcredentials"]; ok && isAddress(flow.Get("tokenUrl").Text()) {
		s.way = &integration.Credentials{Label: "Client credentials", Format: "oauth2_client_credentials", Fields: client, OAuth2: oauth(flow)}
		return
	}
	if flow, ok := flows["authorizationcode"]; ok && isAddress(flow.Get("tokenUrl").Text()) && isAddress(flow.Get("authorizationUrl").Text()) {
		s.way = &integration.Credentials{Label: "Sign in", Format: "oauth2_authorization_code", Fields: client, OAuth2: oauth(flow)}
		s.way.OAuth2.AuthorizationURL = flow.Get("authorizationUrl").Text()
	}
}

// openID reads where OpenID Connect Discovery 1.0 tells the rest.
func (s *scheme) openID(v integration.Value) {
	s.fields = integration.Fields{s.secret(s.field, line(s.name)+" access token")}
	issuer, ok := strings.CutSuffix(v.Get("openIdConnectUrl").Text(), "/.well-known/openid-configuration")
	if !ok || !isAddress(issuer) {
		return
	}
	id, secret := s.field+"_client_id", s.field+"_client_secret"
	s.way = &integration.Credentials{Label: "Sign in", Format: "oauth2_authorization_code",
		Fields: integration.Fields{{Name: id, Label: "Client ID", Help: s.help}, {Name: secret, Label: "Client secret", Type: "password"}},
		OAuth2: &integration.OAuth2{Issuer: issuer, Scopes: []string{"openid", "offline_access"}, ClientID: "{{credentials." + id + "}}", ClientSecret: "{{credentials." + secret + "}}"},
	}
}

func isAddress(s string) bool {
	return (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) && !strings.ContainsAny(s, "{} ") && len(s) > len("https://")
}

func scopesOf(flow integration.Value) []string {
	var scopes []string
	for name := range flow.Get("scopes").Members() {
		if name != "" && !strings.ContainsAny(name, " \t\r\n") {
			scopes = append(scopes, name)
		}
	}
	return scopes
}
