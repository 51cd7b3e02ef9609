package gateway

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/internal/integration"
	"sluice/internal/jsonscan"
	"sluice/internal/prose"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// uuid is what needs no name to be looked up for. An id of another form than a vendor's own is looked for among the ids too.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// named puts ids in the place of names, where a resource's definition lets an argument be given by name. A result is the answer of a call that ends here.
func (g *Gateway) named(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) (*toolset.Prepared, *Result, error) {
	references := tool.Resource.References
	if tool.ReadOnly && !anyNamed(references, prepared.Arguments) {
		return prepared, nil, nil // as nearly all calls are
	}
	changed := false
	arguments := prepared.Arguments
	var faults []toolset.Fault
	for _, argument := range outsideIn(tool.Resource) {
		value := jsonscan.Member(arguments, argument)
		if jsonscan.KindOf(value) != jsonscan.String {
			continue
		}
		raw, _ := jsonscan.Unquote(value)
		if uuid.Match(raw) {
			if tool.ReadOnly || len(faults) > 0 || argument == "id" { // of the object itself the vendor judges
				continue
			}
			fault, err := g.stray(ctx, c, references[argument], arguments, string(raw))
			if err != nil {
				return nil, nil, err
			}
			if fault != "" {
				faults = append(faults, toolset.Fault{Argument: argument, Message: fault})
			}
			continue
		}
		id, fault, failed, err := g.idOf(ctx, c, references[argument], arguments, string(raw), argument == "id")
		switch {
		case err != nil || failed != nil:
			return nil, failed, err
		case fault != "":
			faults = append(faults, toolset.Fault{Argument: argument, Message: fault})
		default:
			changed, arguments = true, replaced(arguments, argument, jsonscan.AppendQuote(nil, id))
			continue
		}
		if isParent(tool.Resource, argument) {
			break // what belongs to it cannot be looked for
		}
	}
	if len(faults) > 0 {
		wrong := invalid(tool, &toolset.ArgumentError{Tool: tool.Name, Faults: faults})
		// Who is wrong about what belongs to a parent is often wrong about the parent.
		if !slices.ContainsFunc(faults, func(f toolset.Fault) bool { return f.Argument == "id" || isParent(tool.Resource, f.Argument) }) {
			if said := g.parentOf(ctx, c, tool, arguments); said != "" {
				wrong.Message = prose.Sentence(wrong.Message) + " " + said
			}
		}
		return nil, wrong, nil
	}
	if !changed {
		return prepared, nil, nil
	}
	again, err := prepareAgain(tool, prepared, arguments)
	return again, nil, err
}

// anyNamed reports whether an argument that may be given by name is given otherwise than by a vendor's id.
func anyNamed(references map[string]integration.Reference, arguments []byte) bool {
	for argument := range references {
		if value := jsonscan.Member(arguments, argument); jsonscan.KindOf(value) == jsonscan.String {
			if raw, _ := jsonscan.Unquote(value); !uuid.Match(raw) {
				return true
			}
		}
	}
	return false
}

// outsideIn are the arguments of a resource that may be given by name: its parents first, since the names of others are in lists that belong to them.
func outsideIn(r *integration.Resource) []string {
	return slices.SortedFunc(maps.Keys(r.References), func(a, b string) int {
		if first, second := isParent(r, a), isParent(r, b); first != second {
			if first {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
}

func isParent(r *integration.Resource, argument string) bool {
	for _, name := range r.Parent {
		if name == argument {
			return true
		}
	}
	return false
}

// replaced is an object with another value for one of its members.
func replaced(object []byte, name string, value []byte) []byte {
	var parts jsonscan.ObjectBuilder
	for it := jsonscan.Members(object); it.Next(); {
		if jsonscan.NameIs(it.Name(), name) {
			parts.Add(it.Name(), value)
		} else {
			parts.Add(it.Name(), it.Value())
		}
	}
	return parts.Bytes()
}

// idOf finds the id of what a name means among a resource's list. What is not found, or is not one only, is said as a fault; own: it is what the call is about,
// and has to be the only one of its name beyond doubt.
func (g *Gateway) idOf(ctx context.Context, c *Caller, reference integration.Reference, arguments []byte, name string, own bool) (id, fault string, failed *Result, err error) {
	lister, entries, whole, failed, err := g.entries(ctx, c, reference, arguments, name)
	if err != nil {
		return "", "", nil, err
	}
	if failed != nil {
		failed.Message = fmt.Sprintf("Nothing was changed, since %q could not be looked up. %s", name, failed.Message)
		return "", "", failed, nil
	}
	var found, names []string
	for _, e := range entries {
		if e.id == name {
			return e.id, "", nil, nil
		}
		names = append(names, e.names[0])
		if slices.ContainsFunc(e.names, func(other string) bool { return strings.EqualFold(strings.TrimSpace(other), strings.TrimSpace(name)) }) {
			found = append(found, e.id)
		}
	}
	one := words(lister.Resource.Singular)
	_, offered := c.Tools.Tool(lister.Name)
	switch {
	case len(found) > 1:
		return "", fmt.Sprintf("is the name of %d here, %s: give the id of the one that is meant", len(found), someOf(found)), nil, nil
	case !whole && (own || len(found) == 0): // what was not read may have the name too
		return "", fmt.Sprintf("%q was looked for among the first %d only, and there are more: give the id of the %s", name, len(entries), one), nil, nil
	case len(found) == 1:
		return found[0], "", nil, nil
	case !offered && (len(lister.Resource.Parent) == 0 || reference.Arguments != nil):
		return "", fmt.Sprintf("%q names no %s here: give the id", name, one), nil, nil // who is not offered the list is not told of it
	case !offered:
		return "", fmt.Sprintf("%q names no %s here: %s", name, one, toolset.Nearest(name, names)), nil, nil
	case len(entries) == 0:
		return "", fmt.Sprintf("%q names no %s here: %s shows them", name, one, lister.Name), nil, nil
	case reference.Arguments != nil && len(entries) <= mostCandidates: // a part of their names was given
		var like []string
		for _, e := range entries {
			like = append(like, fmt.Sprintf("%q (%s)", e.names[0], e.id))
		}
		return "", fmt.Sprintf("%q names no %s here: did you mean %s?", name, one, strings.Join(like, " or ")), nil, nil
	}
	return "", fmt.Sprintf("%q names no %s here: %s %s shows them", name, one, prose.Sentence(toolset.Nearest(name, names)), lister.Name), nil, nil
}

// mostCandidates is how many objects an answer names that a name may mean.
const mostCandidates = 5

// someOf joins ids, and counts those that are too many to be named.
func someOf(ids []string) string {
	if len(ids) > mostCandidates {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:mostCandidates], ", "), len(ids)-mostCandidates)
	}
	return strings.Join(ids, " and ")
}

// stray says what is wrong with an id that a write refers to, "" for nothing: it is none of those that the call's parent has. Of what belongs to no parent, and
// of a list that cannot be read, the vendor judges.
func (g *Gateway) stray(ctx context.Context, c *Caller, reference integration.Reference, arguments []byte, id string) (fault string, err error) {
	r := resource(c.Tools.Definition, reference.Resource)
	if r == nil || len(r.Parent) == 0 {
		return "", nil
	}
	key := c.Account.ID + "\x00" + reference.Resource
	for _, parent := range slices.Sorted(maps.Values(r.Parent)) {
		key += "\x00" + textAt(arguments, parent)
	}
	if g.listed.has(key, id) {
		return "", nil
	}
	reference.Arguments = nil // the ids are wanted, all of them
	lister, entries, whole, failed, err := g.entries(ctx, c, reference, arguments, "")
	if err != nil || failed != nil {
		return "", err
	}
	g.listed.keep(key, entries)
	if !whole || slices.ContainsFunc(entries, func(e entry) bool { return e.id == id }) {
		return "", nil
	}
	return fmt.Sprintf("is no %s here; %s shows them", words(lister.Resource.Singular), lister.Name), nil
}

// entry is what of a list's item a reference can mean.
type entry struct {
	id    string
	names []string // one at least
}

// maxNarrowed is how many pages of a narrowed list are looked through: a name that is in more names is none to tell an object by.
const maxNarrowed = 3

// entries reads the list that a reference's names are in, under those of its parents that the call has, narrowed to a name where the reference says how; whole
// says that there are no more.
func (g *Gateway) entries(ctx context.Context, c *Caller, reference integration.Reference, arguments []byte, name string) (lister *toolset.Tool, all []entry, whole bool, failed *Result, err error) {
	lister, ok := c.Tools.Operation(reference.Resource, "list")
	if !ok {
		return nil, nil, false, nil, fmt.Errorf("%s has no list to find a name in", reference.Resource)
	}
	var parents jsonscan.ObjectBuilder
	for _, parent := range lister.Resource.Parent {
		if value := jsonscan.Member(arguments, parent); value != nil {
			parents.Add(jsonscan.AppendQuote(nil, parent), value)
		}
	}
	pages := maxPages
	if reference.Arguments != nil {
		pages = maxNarrowed
		quoted := jsonscan.AppendQuote(nil, strings.TrimSpace(name))
		narrowed := bytes.ReplaceAll(reference.Arguments, []byte("{{name}}"), quoted[1:len(quoted)-1])
		for it := jsonscan.Members(narrowed); it.Next(); {
			parents.Add(it.Name(), it.Value())
		}
	}
	listing, err := lister.Prepare(parents.Bytes())
	if err != nil {
		return nil, nil, false, nil, fmt.Errorf("prepare %s to find a name: %w", lister.Name, err)
	}
	request := requestOf(c, lister, listing)
	request.Page = &vendor.Position{Size: pageSize(c, lister, 0)}
	for page := 1; ; page++ {
		response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, request)
		if err != nil {
			return nil, nil, false, nil, fmt.Errorf("call %s: %w", lister.Name, err)
		}
		if response.Outcome != vendor.OK {
			failed := resultOf(lister, response)
			explain(failed, c.Tools)
			return lister, nil, false, failed, nil
		}
		for it := jsonscan.Elements(response.Body); it.Next(); {
			one := entry{textAt(it.Value(), reference.ID), []string{nameAt(it.Value(), reference.Name)}}
			if reference.Other != "" {
				one.names = append(one.names, nameAt(it.Value(), reference.Other))
			}
			all = append(all, one)
		}
		if request.Page = response.Next; request.Page == nil || page == pages {
			return lister, all, request.Page == nil, nil, nil
		}
	}
}

// listed remembers for a short time which ids a list had, so that writes in a row ask once. It is dropped whole when it grows past what is useful.
type listed struct {
	mu    sync.Mutex
	lists map[string]listedIDs
}

type listedIDs struct {
	ids map[string]bool
	at  time.Time
}

func (l *listed) has(key, id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.lists[key]
	return known.ids[id] && time.Since(known.at) < fieldsLife
}

func (l *listed) keep(key string, entries []entry) {
	ids := make(map[string]bool, len(entries))
	for _, e := range entries {
		ids[e.id] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lists == nil || len(l.lists) >= maxFieldSets {
		l.lists = map[string]listedIDs{}
	}
	l.lists[key] = listedIDs{ids, time.Now()}
}

// prepareAgain prepares changed arguments of a call that was prepared before.
func prepareAgain(tool *toolset.Tool, before *toolset.Prepared, arguments []byte) (*toolset.Prepared, error) {
	again, err := tool.Prepare(arguments)
	if err != nil {
		return nil, fmt.Errorf("prepare %s again: %w", tool.Name, err)
	}
	again.Ours = before.Ours
	return again, nil
}

// parentOf says, in a sentence, which parent an object has that was not found under the one given, where one cheap call tells; "" otherwise.
func (g *Gateway) parentOf(ctx context.Context, c *Caller, tool *toolset.Tool, arguments []byte) string {
	lookup := tool.Resource.Lookup
	id := textAt(arguments, "id")
	if lookup == nil || id == "" || len(tool.Resource.Parent) != 1 {
		return ""
	}
	var argument, parent string
	for parent, argument = range tool.Resource.Parent {
	}
	if _, bound := c.Tools.Options.Bind[argument]; bound {
		return "" // what lies outside is neither the caller's to reach nor to be told of
	}
	finder, ok := c.Tools.Operation(lookup.Resource, lookup.Method)
	if !ok {
		return ""
	}
	var asked jsonscan.ObjectBuilder
	for _, name := range slices.Sorted(maps.Keys(lookup.Arguments)) {
		value := strings.ReplaceAll(lookup.Arguments[name], "{{id}}", id)
		asked.Add(jsonscan.AppendQuote(nil, name), jsonscan.AppendQuote(nil, value))
	}
	prepared, err := finder.Prepare(asked.Bytes())
	if err != nil {
		return ""
	}
	request := requestOf(c, finder, prepared)
	if finder.IsList() {
		request.Page = &vendor.Position{Size: pageSize(c, finder, 1)}
	}
	response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, request)
	if err != nil || response.Outcome != vendor.OK {
		return ""
	}
	owner := textAt(response.Body, lookup.Parent)
	if owner == "" || owner == textAt(arguments, argument) {
		return ""
	}
	label := ""
	if name := textAt(response.Body, lookup.Name); name != "" {
		label = fmt.Sprintf(" (%q)", name)
	}
	one := parent
	if r := resource(c.Tools.Definition, parent); r != nil && r.Singular != "" {
		one = r.Singular
	}
	return fmt.Sprintf("This %s belongs to the %s %s%s: call again with %s set to that.", words(tool.Resource.Singular), words(one), owner, label, argument)
}

// lostParent adds to a result that may come of a missing or wrong parent which one is right.
func (g *Gateway) lostParent(ctx context.Context, c *Caller, result *Result, arguments []byte) {
	missing := result.Invalid && slices.Contains(slices.Collect(maps.Values(result.Tool.Resource.Parent)), result.Field)
	notFound := result.Outcome == vendor.Refused && result.Status == http.StatusNotFound
	if !missing && !notFound {
		return
	}
	if said := g.parentOf(ctx, c, result.Tool, arguments); said != "" {
		result.Message = prose.Sentence(result.Message) + " " + said
	}
}

// textAt is the text at a dotted path, "" if there is none.
func textAt(doc []byte, path string) string {
	if path == "" {
		return ""
	}
	value, ok := jsonscan.Find(doc, path)
	if !ok || jsonscan.KindOf(value) != jsonscan.String {
		return ""
	}
	b, _ := jsonscan.Unquote(value)
	return string(b)
}

// nameAt is the name at a dotted path, or what the texts at several make together.
func nameAt(doc []byte, paths string) string {
	var parts []string
	for path := range strings.FieldsSeq(paths) {
		if text := textAt(doc, path); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }
