package integration

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// references are what a template may refer to: the names of each space. A space with nil names is known and empty.
type references map[string][]string

func (r references) spaces() []string {
	var names []string
	for _, space := range []string{"context", "credentials", "token", "query", "arguments"} {
		if _, ok := r[space]; ok {
			names = append(names, space)
		}
	}
	return names
}

// addTo says how a name becomes known in its space.
var addTo = map[string]string{
	"context":     "add it to context",
	"credentials": "add it to the fields of credentials",
	"token":       "only access is known here",
	"arguments":   "add it to the arguments of the prompt",
}

// What a definition makes of values that are long must not fill the machine at every call.
const (
	mostReferences = 20 // in one text
	mostHeaders    = 50
)

// template checks a template's form, and that its references lead somewhere.
func (v *validator) template(p place, source string, refs references) *Template {
	t, err := ParseTemplate(source)
	if err != nil {
		v.fault(p, "is no template: %v", err)
		return nil
	}
	if n := len(t.References()); n > mostReferences {
		v.fault(p, "names %d values, and one text can name %d: each may be long, and every call would carry them", n, mostReferences)
		return nil
	}
	for _, ref := range t.References() {
		names, known := refs[ref.Space]
		switch {
		case ref.Space == "":
			v.fault(p, "refers to {{%s}}, which does not say of what: write {{%s.%s}} or another of %s", ref.Name, refs.spaces()[0], ref.Name, strings.Join(refs.spaces(), ", "))
		case !known:
			v.fault(p, "refers to {{%s}}, and there is no %s here%s", ref, ref.Space, suggest(ref.Space, refs.spaces()))
		case !slices.Contains(names, ref.Name) && ref.Space == "token" && ref.Name == "refresh":
			v.fault(p, "refers to {{token.refresh}}, and no answer gives one: say in login.refresh_token where it stands")
		case !slices.Contains(names, ref.Name) && slices.Contains(v.anyWay()[ref.Space], ref.Name):
			v.fault(p, "refers to {{%s}}, which not every way to connect has: add it to the others, or use what all of them have", ref)
		case !slices.Contains(names, ref.Name):
			mend := near(ref.Name, names)
			if mend == "" {
				mend = ": " + addTo[ref.Space]
			}
			v.fault(p, "refers to {{%s}}, which is not known%s", ref, mend)
		}
	}
	return t
}

// address checks a base URL: an address, or one that the account's context makes.
func (v *validator) address(p place, source string) {
	if source == "" {
		return
	}
	t := v.template(p, source, references{"context": v.def.Context.names()})
	if t == nil {
		return
	}
	if problem := addressProblem(t); problem != "" {
		v.fault(p, "%s", problem)
	}
	for _, ref := range t.References() {
		if f := v.def.Context.find(ref.Name); ref.Space == "context" && f != nil && f.Optional && f.Default == "" {
			v.fault(p, "needs {{%s}}, which is optional and has no default: take optional from it, or give it a default", ref)
		}
	}
}

// addressProblem says what keeps a template from becoming an address that others are built on.
func addressProblem(t *Template) string {
	const want = "write one as https://api.example.com/v2, or {{context.base_url}} where each account has its own"
	sample, _ := t.Expand(func(string, string) (string, bool) { return "x", true })
	if parts := t.Parts(); len(parts) > 0 && parts[0].IsReference() {
		sample = "https://x/" + strings.TrimPrefix(sample, "x")
	}
	u, err := url.Parse(sample)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return "is no address: " + want
	case LinkLocal(u.Hostname()):
		return "is on a link-local address, where no vendor is and a cloud's machines find their own credentials: write the vendor's"
	case u.User != nil:
		return "holds a user name or password: they belong into credentials"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "has a ? or #, and paths follow it: what goes with every call belongs into parameters or headers"
	}
	return ""
}

// LinkLocal reports whether a host is written as an address that reaches no further than the next router (RFC 3927, RFC 4291).
func LinkLocal(host string) bool {
	host, _, _ = strings.Cut(host, "%") // a zone
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.Unmap().IsLinkLocalUnicast() || addr.Unmap().IsLinkLocalMulticast())
}

// target checks where a call outside the resources goes: a path below the base URL, or an address of its own.
func (v *validator) target(p place, source string, refs references) {
	if source == "" {
		return
	}
	t := v.template(p, source, refs)
	if t == nil || strings.HasPrefix(source, "/") || strings.HasPrefix(source, "{{context.") || strings.HasPrefix(source, "{{ context.") {
		return
	}
	if strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://") {
		if u, err := url.Parse(strings.NewReplacer("{{", "", "}}", "").Replace(source)); err != nil || u.Hostname() == "" {
			v.fault(p, "is no address: write one as https://login.example.com/token")
		}
		return
	}
	v.fault(p, "must begin with / or be a whole address: write /%s", source)
}

func (fs Fields) names() []string {
	names := make([]string, min(len(fs), maxFields))
	for i, f := range fs[:len(names)] {
		names[i] = f.Name
	}
	return names
}

func (fs Fields) find(name string) *Field {
	for i := range fs {
		if fs[i].Name == name {
			return &fs[i]
		}
	}
	return nil
}

// path checks a method's path and returns the arguments in it.
func (v *validator) path(p place, source string) (arguments []string) {
	if source == "" {
		return nil
	}
	t, err := ParseTemplate(source)
	switch {
	case err != nil:
		v.fault(p, "is no template: %v", err)
		return nil
	case strings.Contains(source, "://"):
		v.fault(p, "is a whole address: write what follows the base URL here, and base_url beside it where it is another")
		return nil
	case !strings.HasPrefix(source, "/"):
		v.fault(p, "must begin with a slash: write %q", "/"+source)
	}
	way, _, _ := strings.Cut(source, "?")
	if segments := strings.Split(way, "/"); slices.Contains(segments, "..") || slices.Contains(segments, ".") {
		v.fault(p, "has a segment of dots, which leads elsewhere than it seems: write the path without it")
	}
	query := false
	for _, part := range t.Parts() {
		if !part.IsReference() {
			if strings.Contains(part.Literal, "#") {
				v.fault(p, "has a #, and what follows it is never sent: take it out")
			}
			query = query || strings.Contains(part.Literal, "?")
			continue
		}
		switch {
		case part.Space == "query", part.Space == "" && part.Name == "id":
			arguments = append(arguments, part.Name)
		case part.Space == "":
			v.fault(p, "refers to {{%s}}: write {{query.%s}}; only {{id}} needs no query", part.Name, part.Name)
		default:
			v.fault(p, "refers to {{%s}}: only {{id}} and {{query.NAME}} are arguments of a path", part)
		}
		if query {
			v.fault(p, "has {{%s}} after the question mark: take it out there, and describe it in query_schema", part)
		}
	}
	slices.Sort(arguments)
	return slices.Compact(arguments)
}

// inPath writes an argument as a path refers to it.
func inPath(argument string) string {
	if argument == "id" {
		return "{{id}}"
	}
	return fmt.Sprintf("{{query.%s}}", argument)
}
