package integration

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/internal/expression"
	"sluice/internal/prose"
)

// validator checks what no type can: that names are names, references lead somewhere, words are known ones, and each part has what it needs.
type validator struct {
	doc    document
	def    *Definition
	faults Faults
	told   map[bool]int // faults and advice
	ways   []way        // to connect, the main one first

	compiled map[string]*jsonschema.Schema // by their JSON
}

// place is where something stands: the keys that lead to it from the top of integration.yaml, a list's places by their numbers. For documentation it
// begins with docs and the resource.
type place []string

// at is a place below.
func (p place) at(keys ...string) place { return append(slices.Clip(p), keys...) }

func (p place) index(i int) place { return p.at(strconv.Itoa(i)) }

// String is the place in words: resources.users.list.path. The documentation's file is named beside it and not repeated.
func (p place) String() string {
	if len(p) > 1 && p[0] == docsDir {
		p = p[2:]
	}
	if len(p) == 0 {
		return "the definition"
	}
	var b strings.Builder
	for i, key := range p {
		if _, err := strconv.Atoi(key); err == nil {
			b.WriteString("[" + key + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(key)
	}
	return b.String()
}

// fault says what is wrong at a place, in a sentence that goes on from the place's name.
func (v *validator) fault(p place, format string, args ...any) { v.report(p, false, format, args...) }

// advise is fault for what keeps nothing from working.
func (v *validator) advise(p place, format string, args ...any) { v.report(p, true, format, args...) }

func (v *validator) report(p place, advice bool, format string, args ...any) {
	if v.told[advice]++; v.told[advice] > maxFaults+1 {
		return
	}
	f := v.locate(p)
	f.Message = prose.Clip(p.String()+" "+fmt.Sprintf(format, args...), maxMessage)
	f.Advice = advice
	v.faults = append(v.faults, f)
}

// locate finds the line of a place: that of the deepest key on the way there that is written down.
func (v *validator) locate(p place) Fault {
	file, n, rest := v.root(p)
	f := Fault{File: file, Line: n.line, Column: n.column}
	for _, key := range rest {
		if n.kind == list {
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(n.items) {
				break
			}
			n = n.items[i]
			f.Line, f.Column = n.line, n.column
			continue
		}
		i := slices.IndexFunc(n.members, func(m member) bool { return m.key == key })
		if i < 0 {
			break
		}
		f.Line, f.Column = n.members[i].line, n.members[i].column
		n = n.members[i].value
	}
	if n.override {
		f.File = overrideFile
	}
	return f
}

// root is the file that a place is in, its tree, and the rest of the way.
func (v *validator) root(p place) (file string, n *node, rest place) {
	if len(p) > 1 && p[0] == docsDir {
		if d, ok := v.doc.docs[p[1]]; ok {
			return d.file, d.root, p[2:]
		}
	}
	return mainFile, v.doc.main, p
}

// node is what stands at a place, nil if nothing does.
func (v *validator) node(p place) *node {
	_, n, rest := v.root(p)
	for _, key := range rest {
		if n != nil && n.kind == list {
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(n.items) {
				return nil
			}
			n = n.items[i]
			continue
		}
		n = n.get(key)
	}
	return n
}

// has reports whether a key is written at a place.
func (v *validator) has(p place, key string) bool { return v.node(p.at(key)) != nil }

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// name checks a name that becomes a part of others. A name that is missing was told when it was read.
func (v *validator) name(p place, what, name string) {
	if name != "" && !nameForm.MatchString(name) {
		v.fault(p, "is no name for %s: write small letters, digits and underscores, beginning with a letter, as in %s", what, suggestName(name))
	}
}

// suggestName is the name that was most likely meant.
func suggestName(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(prose.Clip(name, 64)) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9' && b.Len() > 0:
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	if s := strings.Trim(b.String(), "_"); s != "" {
		return s
	}
	return "pipeline_cards"
}

// definition checks everything.
func (v *validator) definition() {
	d := v.def
	v.ways = waysOf(&d.Credentials)
	v.name(place{"name"}, "an integration", d.Name)
	v.form(place{"context"}, d.Context)
	v.address(place{"base_url"}, d.BaseURL)
	v.credentials()
	v.authorization(place{"authorization"}, d.Authorization)
	v.headers(place{"headers"}, d.Headers, v.everyWay())
	v.rateLimit()
	v.pagination(place{"pagination"}, &d.Pagination)
	v.errorPlaces()
	v.unique(place{"secret_fields"}, d.SecretFields)
	if len(d.Resources) == 0 && v.has(nil, "resources") {
		v.fault(place{"resources"}, "is empty: add a resource with its methods")
	}
	for _, r := range d.Resources {
		v.resource(r)
	}
	v.toolNames()
	v.prompts()
}

func (v *validator) rateLimit() {
	p, r := place{"rate_limit"}, &v.def.RateLimit
	for _, source := range []struct{ key, value string }{{"limit", r.Limit}, {"remaining", r.Remaining}, {"reset", r.Reset}, {"retry_after", r.RetryAfter}} {
		if path, inBody := strings.CutPrefix(source.value, "."); inBody {
			v.dotted(p.at(source.key), path)
		} else if source.value != "" && !isHeaderName(source.value) {
			v.fault(p.at(source.key), "is neither a header's name nor a place in the body: write X-RateLimit-Limit or .meta.limit")
		}
	}
	for i, status := range r.Status {
		if status < 200 || status > 599 {
			v.fault(p.at("status").index(i), "is no HTTP status: write a number from 200 to 599")
		}
	}
	v.jq(p.at("when"), r.When)
}

func (v *validator) errorPlaces() {
	p, e := place{"errors"}, &v.def.Errors
	v.dotted(p.at("message"), e.Message)
	v.dotted(p.at("code"), e.Code)
	v.dotted(p.at("fields"), e.Fields)
	v.dotted(p.at("scope"), e.Scope)
	v.jq(p.at("when"), e.When)
	for i, hint := range e.Hints {
		v.jq(p.at("hints").index(i).at("when"), hint.When)
	}
}

// dotted checks a dotted path into an answer, such as data.items.
func (v *validator) dotted(p place, path string) {
	switch {
	case path == "":
	case strings.HasPrefix(path, "$.") || strings.HasPrefix(path, "."):
		v.fault(p, "is a dotted path and begins with a name: write %s", strings.TrimLeft(path, "$."))
	case strings.ContainsAny(path, "[]"):
		v.fault(p, "is a dotted path, where a place in a list is a number: write %s", strings.NewReplacer("[]", "", "[", ".", "]", "").Replace(path))
	case slices.Contains(strings.Split(path, "."), ""):
		v.fault(p, "has an empty step in %q: write names with one dot between two, as in data.items", path)
	}
}

// jq checks an expression.
func (v *validator) jq(p place, source string) {
	if source == "" {
		return
	}
	if _, err := expression.Compile(source); err != nil {
		v.fault(p, "cannot be used: %v", err)
	}
}

// unique checks a list of words for what is empty or comes twice.
func (v *validator) unique(p place, words []string) {
	seen := make(map[string]bool, len(words))
	for i, word := range words {
		switch {
		case word == "":
			v.fault(p.index(i), "is empty: take it out")
		case seen[word]:
			v.fault(p.index(i), "is %q a second time: take it out", word)
		}
		seen[word] = true
	}
}

// tags checks words that people filter by, on a command line with commas between them.
func (v *validator) tags(p place, tags []string) {
	v.unique(p, tags)
	for i, tag := range tags {
		if strings.ContainsAny(tag, ",\n\r\t") || tag != strings.TrimSpace(tag) {
			v.fault(p.index(i), "is no tag: write one word, or several with _ between, without commas")
		}
	}
}

// headers checks header names and the templates of their values.
func (v *validator) headers(p place, headers map[string]string, refs references) {
	if len(headers) > mostHeaders {
		v.fault(p, "are %d, and there can be %d: leave out what no call needs", len(headers), mostHeaders)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		v.headerName(p.at(name), name)
		v.template(p.at(name), headers[name], refs)
		if strings.ContainsAny(headers[name], "\r\n\x00") {
			v.fault(p.at(name), "has a line break, which no header can carry: write it in one line")
		}
	}
}

// own are headers that the HTTP client writes from what the request is.
var own = []string{"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "proxy-authorization", "proxy-connection"}

func (v *validator) headerName(p place, name string) {
	switch {
	case !isHeaderName(name):
		v.fault(p, "is no header's name: write letters, digits and hyphens, as in X-Request-Source")
	case slices.Contains(own, strings.ToLower(name)):
		v.fault(p, "is a header that belongs to the connection: take it out")
	}
}

// isHeaderName reports whether a text is a token (RFC 9110, 5.6.2).
func isHeaderName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return name != ""
}
