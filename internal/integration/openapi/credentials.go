package openapi

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// demand is what a call needs: one of several sets of schemes, each set whole ("Security Requirement Object"). None at all is a call without a credential.
type demand [][]string

func (d demand) key() string {
	var all []string
	for _, set := range d {
		set = slices.Clone(set)
		slices.Sort(set)
		all = append(all, strings.Join(set, "\x00"))
	}
	slices.Sort(all)
	return strings.Join(all, "\x01")
}

// demandOf reads a list of requirements. What nobody needs to give is not asked for where something else will do.
func demandOf(v integration.Value) demand {
	var d demand
	for alternative := range v.Items() {
		var set []string
		for name := range alternative.Members() {
			set = append(set, name)
		}
		if len(set) > 0 {
			d = append(d, set)
		}
	}
	return d
}

// auth is the document's security, as the definition has it.
type auth struct {
	schemes map[string]*scheme
	silent  demand // what an operation needs that says nothing of it
	main    demand // what most operations need: the definition's own
	open    bool   // …and can do without
}

// demand is what an operation needs.
func (b *builder) demand(o *operation) (demand, error) {
	own := o.own.Get("security")
	d := b.auth.silent
	if own.IsList() {
		d = demandOf(own)
	}
	if len(d) == 0 {
		return nil, nil
	}
	var usable demand
	var why error
	for _, set := range d {
		if err := b.usable(set); err != nil {
			why = err
			continue
		}
		usable = append(usable, set)
	}
	if len(usable) == 0 {
		return nil, why
	}
	return usable, nil
}

func (b *builder) usable(set []string) error {
	for _, name := range set {
		s, known := b.auth.schemes[name]
		switch {
		case !known:
			return fmt.Errorf("it needs the security scheme %s, which the document does not describe", prose.Clip(name, 60))
		case s.cannot != "":
			return fmt.Errorf("it needs the security scheme %s, which cannot be used: %s", prose.Clip(name, 60), s.cannot)
		}
	}
	return nil
}

// security finds out what calls need: what the document says for all; where it says nothing for all, what most operations say.
func (b *builder) security(all []*operation) {
	b.auth.schemes = b.document.schemes()
	if list := b.root.Get("security"); list.IsList() {
		b.auth.main = demandOf(list)
		b.auth.silent = b.auth.main
		b.auth.open = optional(list)
		return
	}
	counts, most, open, silent := map[string]int{}, 0, 0, 0
	for _, o := range all {
		list := o.own.Get("security")
		d := demandOf(list)
		if len(d) == 0 {
			open++
		}
		if !list.IsList() {
			silent++
			continue
		}
		counts[d.key()]++
		if n := counts[d.key()]; n > most && len(d) > 0 {
			most, b.auth.main, b.auth.open = n, d, optional(list)
		}
	}
	if len(counts) > 0 {
		// By the word, an operation that says nothing where nothing is said for all needs none (OpenAPI 3.2, "Security Requirement"); documents that name schemes in some
		// places mostly forgot them in the others, and a credential that is not needed does no harm with the vendor it is for.
		if need := b.main(); silent > 0 && len(need) > 0 {
			b.auth.silent = need
			b.guess("%d of %d operations do not say whether they need a credential: they are taken to need what most others do", silent, len(all))
			return
		}
		if open > most {
			b.auth.main = nil
		}
		return
	}
	var names []string
	for _, name := range sortedKeys(b.auth.schemes) {
		if b.auth.schemes[name].cannot == "" {
			b.auth.main = append(b.auth.main, []string{name})
			names = append(names, name)
		}
	}
	b.auth.silent = b.auth.main
	if len(names) > 0 {
		b.guess("the document describes %s and does not say which calls need it: all are taken to", strings.Join(names, ", "))
	}
}

// optional reports whether a list of requirements has an empty one: a call without a credential is as good ("Security Requirement Object").
func optional(list integration.Value) bool {
	for alternative := range list.Items() {
		if alternative.IsObject() && alternative.Len() == 0 {
			return true
		}
	}
	return false
}

// main is what most operations need, as far as it can be used.
func (b *builder) main() demand {
	return slices.DeleteFunc(slices.Clone(b.auth.main), func(set []string) bool { return b.usable(set) != nil })
}

// credentials make the account's form, and how the credential is put on requests. each are the demands of the operations that became methods.
func (b *builder) credentials(each []demand) {
	main := b.main()
	var ways []integration.Credentials
	var extra [][]string // of each way, the schemes that it lacks for some operations
	for _, set := range main {
		for _, way := range b.ways(set) {
			ways, extra = append(ways, way), append(extra, lacking(set, each))
		}
	}
	if len(ways) == 0 {
		if extra = [][]string{lacking(nil, each)}; len(extra[0]) == 0 {
			b.def.Credentials = integration.Credentials{Format: "none"}
			return
		}
		ways = []integration.Credentials{{Format: "static"}}
	}
	for i := range ways {
		for _, name := range extra[i] {
			for _, f := range b.auth.schemes[name].fields {
				if !slices.ContainsFunc(ways[i].Fields, func(have integration.Field) bool { return have.Name == f.Name }) {
					f.Optional = true
					ways[i].Fields = append(ways[i].Fields, f)
				}
			}
			if ways[i].Format == "static" && ways[i].Token == "" && isToken(b.auth.schemes[name]) {
				ways[i].Token = "{{credentials." + b.auth.schemes[name].field + "}}"
			}
		}
	}
	ways = distinct(ways)
	for _, w := range ways {
		if w.Format == "oauth2_authorization_code" {
			b.guess("signing in by OAuth is described; an access token can be given instead")
			break
		}
	}
	if b.auth.open {
		for i := range ways {
			for j := range ways[i].Fields {
				ways[i].Fields[j].Optional = true
			}
		}
		b.guess("calls can be made without a credential: an account may leave it out")
	}
	b.def.Credentials = ways[0]
	if len(ways) == 1 {
		b.def.Credentials.Label = ""
	} else {
		b.def.Credentials.Alternatives = ways[1:]
	}
	b.def.Authorization = b.authorizations(main)
}

// lacking are the schemes that whoever has those of a set lacks for the operations of some demands.
func lacking(have []string, each []demand) []string {
	var lacks []string
	for _, d := range each {
		if slices.ContainsFunc(d, func(set []string) bool {
			return !slices.ContainsFunc(set, func(name string) bool { return !slices.Contains(have, name) })
		}) {
			continue
		}
		for _, set := range d {
			for _, name := range set {
				if !slices.Contains(have, name) && !slices.Contains(lacks, name) {
					lacks = append(lacks, name)
				}
			}
		}
	}
	return lacks
}

// isToken reports whether a scheme's credential is an access token, which an account keeps in a place of its own.
func isToken(s *scheme) bool { return s.how.Format == "bearer" && s.how.Value == "" }

// ways are the ways to have all that a set of schemes needs: those that work with what is pasted first.
func (b *builder) ways(set []string) []integration.Credentials {
	pasted := integration.Credentials{Format: "static"}
	var login *integration.Credentials
	var labels []string
	for _, name := range set {
		s := b.auth.schemes[name]
		labels = append(labels, line(name))
		if isToken(s) {
			pasted.Token = "{{credentials." + s.field + "}}"
			if s.way == nil {
				b.guess("%s is OAuth or OpenID Connect in a way that cannot be gone through: an account is given an access token", name)
			} else if login == nil {
				way := *s.way
				login = &way
			}
		}
		pasted.Fields = append(pasted.Fields, s.fields...)
	}
	pasted.Label = strings.Join(labels, " and ")
	if login == nil {
		return []integration.Credentials{pasted}
	}
	for _, name := range set {
		if s := b.auth.schemes[name]; !isToken(s) {
			login.Fields = append(slices.Clip(login.Fields), s.fields...)
		}
	}
	login.Label += " (" + pasted.Label + ")"
	if login.Format == "oauth2_client_credentials" {
		return []integration.Credentials{*login, pasted}
	}
	return []integration.Credentials{pasted, *login}
}

// distinct drops ways that ask for the same as an earlier one.
func distinct(ways []integration.Credentials) []integration.Credentials {
	const most = 8
	seen := map[string]bool{}
	return slices.DeleteFunc(ways, func(w integration.Credentials) bool {
		var names []string
		for _, f := range w.Fields {
			if !f.Optional {
				names = append(names, f.Name)
			}
		}
		slices.Sort(names)
		key := strings.Join(names, " ")
		if seen[key] || len(seen) >= most {
			return true
		}
		seen[key] = true
		return false
	})
}

// authorizations are what puts the credentials of some sets on a request. Those that an account has no value for are left out of its requests.
func (b *builder) authorizations(d demand) integration.Authorizations {
	all := integration.Authorizations{}
	for _, set := range d {
		for _, name := range set {
			if how := b.auth.schemes[name].how; !slices.Contains(all, how) {
				all = append(all, how)
			}
		}
	}
	return all
}

// sends reports whether one of the schemes is the parameter: the account holds its value then, and no call gives it.
func (b *builder) sends(d demand, p *parameter) bool {
	for _, set := range d {
		for _, name := range set {
			if s := b.auth.schemes[name]; s.in == p.in && (s.parameter == p.name || s.in == "header" && strings.EqualFold(s.parameter, p.name)) {
				return true
			}
		}
	}
	return false
}
