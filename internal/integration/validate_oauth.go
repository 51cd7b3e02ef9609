package integration

import (
	"slices"
	"strings"
)

// ofFlow are the parameters of an authorization request that are Sluice's own (RFC 6749, 4.1.1; RFC 7636, 4.3).
var ofFlow = []string{"response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method", "grant_type", "client_secret", "response_mode"}

func (v *validator) oauth2(w way, refs references) {
	o, p := w.OAuth2, w.place.at("oauth2")
	switch {
	case o.Issuer != "" && (o.AuthorizationURL != "" || o.TokenURL != ""):
		v.fault(p, "has an issuer, which tells the addresses, and addresses beside it: take one of the two out")
	case o.Issuer != "":
	case o.TokenURL == "":
		v.fault(p, "has no token_url: add the address of the vendor's token endpoint, or the issuer that tells it")
	case w.Format == "oauth2_authorization_code" && o.AuthorizationURL == "":
		v.fault(p, "has no authorization_url, which the format %s needs: add the address of the vendor's page", w.Format)
	}
	v.target(p.at("issuer"), o.Issuer, refs)
	v.target(p.at("authorization_url"), o.AuthorizationURL, refs)
	v.target(p.at("token_url"), o.TokenURL, refs)
	v.target(p.at("revocation_url"), o.RevocationURL, refs)
	v.unique(p.at("scopes"), o.Scopes)
	for i, scope := range o.Scopes {
		if scope == "" || strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r > '~' }) {
			v.fault(p.at("scopes").index(i), "is no scope: write each as an entry of its own, without spaces")
		}
	}
	for name, value := range o.Parameters {
		at := p.at("parameters", name)
		if slices.Contains(ofFlow, name) {
			v.fault(at, "is a parameter that the flow itself sets: take it out")
		}
		v.template(at, value, refs)
	}
	v.word(p.at("client_authentication"), o.ClientAuthentication, clientPlaces)
	for _, part := range []struct{ key, source string }{{"client_id", o.ClientID}, {"client_secret", o.ClientSecret}} {
		if part.source != "" {
			v.template(p.at(part.key), part.source, references{"credentials": refs["credentials"]})
		}
	}
	if o.ClientSecret != "" && o.ClientID == "" {
		v.fault(p.at("client_secret"), "stands without a client_id: add it, or leave both to the environment's own client")
	}
}

// choices checks a field that is asked after the account's credential works.
func (v *validator) choices(at, form place, f Field) {
	p := at.at("choices")
	if form[0] != "context" {
		v.fault(p, "cannot be of a credential: move %s to context, which is what the account holds beside its credential", f.Name)
		return
	}
	for _, beside := range []struct {
		key string
		has bool
	}{{"options", len(f.Options) > 0}, {"default", f.Default != ""}, {"optional", f.Optional}} {
		if beside.has {
			v.fault(at.at(beside.key), "does not go with choices, of which one is taken once the account's credential works: take one of the two out")
		}
	}
	c := f.Choices
	v.word(p.at("method"), strings.ToLower(c.Method), choiceMethods)
	refs := v.everyWay()
	refs["context"] = nil
	for _, before := range v.def.Context {
		if before.Name == f.Name {
			break
		}
		refs["context"] = append(refs["context"], before.Name)
	}
	later := false
	if t, err := ParseTemplate(c.Path); err == nil {
		for _, ref := range t.References() {
			if ref.Space == "context" && v.def.Context.find(ref.Name) != nil && !slices.Contains(refs["context"], ref.Name) {
				v.fault(p.at("path"), "refers to {{%s}}, which is not known before the choice: what is asked first stands first", ref)
				later = true
			}
		}
	}
	if !later {
		v.target(p.at("path"), c.Path, refs)
	}
	v.dotted(p.at("items"), c.Items)
	v.dotted(p.at("value"), c.Value)
	v.dotted(p.at("label"), c.Label)
	v.dotted(p.at("next"), c.Next)
	if c.Cursor != "" && c.Next == "" {
		v.fault(p.at("cursor"), "stands without a next: add the dotted path at which the answer has the cursor")
	}
	if t, err := ParseTemplate(v.def.BaseURL); err == nil && strings.HasPrefix(c.Path, "/") {
		for _, ref := range t.References() {
			if ref.Space == "context" && !slices.Contains(refs["context"], ref.Name) {
				v.fault(p.at("path"), "follows a base URL that needs {{%s}}, which is not known before the choice: write a whole address", ref)
			}
		}
	}
}
