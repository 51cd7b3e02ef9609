package gateway

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sluice/internal/jsonscan"
	"sluice/internal/prose"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// facts are what a question is about, as the vendor tells it now. They cost what has to be read and no more: the pages of a list for a call on many, one call for one
// on a single object, none for what makes something new.
type facts struct {
	matched *matched // a call on all that match
	object  []byte   // a call on one object: what it is now; nil: not known
	report  []byte   // an import: what a dry run of it says

	told []byte // what of this has to be the same when the answer comes
}

// facts finds out what a call would do. A Result is the answer of a call that ends here, since the vendor does not let it be known, or knows no such object.
func (g *Gateway) facts(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared, said *speaking) (*facts, *Result, error) {
	f := &facts{}
	var ended *Result
	var err error
	switch plan := tool.Method.DryRun; {
	case plan != nil && plan.File != "":
		if ended, err = g.dryImport(ctx, c, tool, prepared); err == nil && !ended.Failed() {
			f.report, ended = ended.Body, nil
			sum := sha256.Sum256(f.report)
			f.told = sum[:]
		}
	case plan != nil:
		if f.matched, ended, err = g.match(ctx, c, tool, prepared); f.matched != nil {
			ids := slices.Clone(f.matched.ids)
			slices.Sort(ids)
			sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
			f.told = fmt.Appendf(nil, "%d %t %x", f.matched.count, f.matched.exact, sum)
		}
	default:
		if f.object, ended, err = g.present(ctx, c, tool, prepared); f.object != nil {
			f.told = identity(f.object)
			if tool.Method.Name == "update" {
				for _, change := range changesOf(tool, prepared, f.object, said) {
					f.told = append(append(f.told, change.name...), change.before...)
				}
			}
		}
	}
	if ended != nil {
		ended.Message = prose.Sentence("Nothing was sent. What it would do could not be found out: " + ended.Message)
	}
	return f, ended, err
}

// present reads the object that a call is about, nil where it is about none or where that cannot be read. A Result says that there is none, or that the vendor does
// not answer now.
func (g *Gateway) present(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) ([]byte, *Result, error) {
	id := jsonscan.Member(prepared.Arguments, "id")
	if id == nil || !strings.Contains(tool.Method.Path, "{{id}}") {
		return nil, nil, nil
	}
	response, err := g.read(ctx, c, tool.Resource.Name, "get", id, prepared.Arguments)
	switch {
	case err != nil || response == nil:
		return nil, nil, err
	case response.Outcome == vendor.OK:
		return response.Body, nil, nil
	case response.Outcome == vendor.Refused && response.Status != http.StatusNotFound:
		return nil, nil, nil // whoever may not read it may be let change it all the same
	}
	ended := resultOf(tool, response)
	explain(ended, c.Tools)
	g.lostParent(ctx, c, ended, prepared.Arguments)
	return nil, ended, nil
}

// read gets one object of a resource by its id, a JSON value, under those of its parents that arguments have; nil where the definition has no way to.
func (g *Gateway) read(ctx context.Context, c *Caller, resource, method string, id, arguments []byte) (*vendor.Response, error) {
	getter, ok := c.Tools.Operation(resource, method)
	if !ok || IsFile(getter) {
		return nil, nil
	}
	var asked jsonscan.ObjectBuilder
	for _, parent := range getter.Resource.Parent {
		if value := jsonscan.Member(arguments, parent); value != nil {
			asked.Add(quoted(parent), value)
		}
	}
	asked.Add(quoted("id"), id)
	prepared, err := getter.Prepare(asked.Bytes())
	if err != nil {
		return nil, nil // it wants more than is known here
	}
	response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, requestOf(c, getter, prepared))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", getter.Name, err)
	}
	return response, nil
}

// change is one value that a call sets.
type change struct {
	name   string // the argument, or the key of a custom field
	custom bool
	before []byte // JSON, nil where it is not known
	after  []byte // as the audit shows it: secrets masked
}

// changesOf are the values that a call sets, those of custom fields one by one. What an object that is known has already is left out.
func changesOf(tool *toolset.Tool, prepared *toolset.Prepared, object []byte, said *speaking) []change {
	var all []change
	add := func(name string, custom bool, value, masked, in []byte) {
		before := jsonscan.Member(in, name)
		switch {
		case before != nil && jsonscan.Equal(before, value):
			return
		case !jsonscan.Equal(value, masked):
			before = nil // what may not be shown now may not be shown as it was
		}
		all = append(all, change{name, custom, before, masked})
	}
	fields := tool.Resource.Fields
	for it := jsonscan.Members(prepared.Arguments); it.Next(); {
		raw, _ := jsonscan.Unquote(it.Name())
		name, value := string(raw), it.Value()
		masked := jsonscan.Member(prepared.Masked, name)
		switch {
		case addresses(tool, name):
		case fields != nil && (name == fields.At || fields.Changes != "" && name == fields.Changes) && jsonscan.KindOf(value) == jsonscan.Object:
			custom, _ := jsonscan.Find(object, fields.At)
			for values := jsonscan.Members(value); values.Next(); {
				raw, _ := jsonscan.Unquote(values.Name())
				key := string(raw)
				if name == fields.Changes && said != nil && said.check.Own(key) {
					add(key, false, values.Value(), jsonscan.Member(masked, key), object)
				} else {
					add(key, true, values.Value(), jsonscan.Member(masked, key), custom)
				}
			}
		default:
			add(name, false, value, masked, object)
		}
	}
	return all
}

// addresses reports whether an argument says which objects a call is about, and not what it does to them.
func addresses(tool *toolset.Tool, name string) bool {
	if name == "id" && strings.Contains(tool.Method.Path, "{{id}}") || conditions(tool) == name {
		return true
	}
	for _, parent := range tool.Resource.Parent {
		if parent == name {
			return true
		}
	}
	return false
}

// conditions is the argument that narrows a call on many, "" where there is none.
func conditions(tool *toolset.Tool) string {
	if fields := tool.Resource.Fields; fields != nil && fields.Filters != nil {
		return fields.Filters.Argument
	}
	return ""
}
