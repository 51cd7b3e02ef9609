package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

const (
	// dryRunPages bounds the vendor's pages that a dry run counts on: what has more is told as "at least".
	dryRunPages = 100
	// dryRunSample is how many of what would be touched a dry run shows.
	dryRunSample = 5
)

// dryRun tells what a call would do, and changes nothing: it lists what the call would touch, counts it, and shows a sample before and after.
func (g *Gateway) dryRun(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) (*Result, error) {
	plan := tool.Method.DryRun
	if plan.File != "" {
		return g.dryImport(ctx, c, tool, prepared)
	}
	lister, ok := c.Tools.Operation(tool.Resource.Name, plan.List)
	if !ok {
		return nil, fmt.Errorf("%s has no method %s to try %s by", tool.Resource.Name, plan.List, tool.Method.Name)
	}
	var shown objectParts
	var changes []byte
	for it := jsonscan.Members(prepared.Arguments); it.Next(); {
		if plan.Changes != "" && jsonscan.NameIs(it.Name(), plan.Changes) {
			changes = it.Value()
			continue
		}
		shown.add(it.Name(), it.Value())
	}
	listing, err := lister.Prepare(shown.object())
	if err != nil {
		return nil, fmt.Errorf("prepare the list for a dry run of %s: %w", tool.Name, err)
	}
	request := requestOf(c, lister, listing)
	request.Page = &vendor.Position{Size: pageSize(c, lister, 0)}
	count, sample := 0, [][]byte{}
	result := &Result{}
	for page := 1; ; page++ {
		response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, request)
		if err != nil {
			return nil, fmt.Errorf("try %s: %w", tool.Name, err)
		}
		if response.Outcome != vendor.OK {
			failed := resultOf(tool, response)
			explain(failed, c.Tools)
			failed.Message = "Nothing was changed. What would be could not be found out: " + failed.Message
			return failed, nil
		}
		*result = *resultOf(tool, response)
		for it := jsonscan.Elements(response.Body); len(sample) < dryRunSample && it.Next(); {
			sample = append(sample, it.Value())
		}
		count += response.Items
		if response.Total > count {
			count = response.Total
			response.Next = nil
		}
		if request.Page = response.Next; request.Page == nil || page == dryRunPages {
			break
		}
	}
	result.Body = dryRunReport(tool, count, request.Page == nil, sample, changes)
	result.ContentType = "application/json"
	return result, nil
}

// dryRunReport writes what a dry run found.
func dryRunReport(tool *toolset.Tool, count int, exact bool, sample [][]byte, changes []byte) []byte {
	at := ""
	if tool.Resource.Fields != nil && !tool.Resource.Fields.Flat {
		at = tool.Resource.Fields.At
	}
	what := "would be deleted"
	if tool.Method.DryRun.Changes != "" {
		what = "would be changed"
	}
	bound := ""
	if !exact {
		bound = "at least "
	}
	summary := fmt.Sprintf("Dry run: nothing was changed; %s%d %s. Call again without dry_run to do it.", bound, count, what)
	dst := fmt.Appendf(nil, `{"dry_run":true,"summary":%s,"matched":%d,"exact":%t,"sample":[`, jsonscan.AppendQuote(nil, summary), count, exact)
	for i, item := range sample {
		if i > 0 {
			dst = append(dst, ',')
		}
		before, after := differences(item, changes, at)
		dst = fmt.Appendf(dst, `{%s"before":%s,"after":%s}`, identity(item), before, after)
	}
	return append(dst, "]}"...)
}

// identity is what tells one item from another: its id and name, where it has them.
func identity(item []byte) []byte {
	var dst []byte
	for _, name := range []string{"uuid", "id", "name"} {
		if value, ok := jsonscan.Find(item, name); ok {
			dst = append(append(append(jsonscan.AppendQuote(dst, name), ':'), value...), ',')
		}
	}
	return dst
}

// differences shows only what would change: the values of now, and those of then. Without changes the item would be gone.
func differences(item, changes []byte, at string) (before, after []byte) {
	values, _ := jsonscan.Find(item, at)
	if changes == nil {
		if values == nil {
			values = []byte("{}")
		}
		return values, []byte("null")
	}
	var was, then objectParts
	for it := jsonscan.Members(changes); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name())
		now := member(values, string(name))
		if now == nil {
			now = member(item, string(name))
		}
		if now == nil {
			now = []byte("null")
		}
		was.add(it.Name(), now)
		then.add(it.Name(), it.Value())
	}
	return was.object(), then.object()
}

// member is the value of an object's own member of that very name, nil if there is none.
func member(object []byte, name string) json.RawMessage {
	if jsonscan.KindOf(object) != jsonscan.Object {
		return nil
	}
	for it := jsonscan.Members(object); it.Next(); {
		if jsonscan.NameIs(it.Name(), name) {
			return it.Value()
		}
	}
	return nil
}

// objectParts puts an object together of raw spans.
type objectParts struct{ dst []byte }

func (o *objectParts) add(name, value []byte) {
	o.dst = append(append(append(append(o.dst, ','), name...), ':'), value...)
}

func (o *objectParts) object() []byte {
	if o.dst == nil {
		return []byte("{}")
	}
	o.dst[0] = '{'
	return append(o.dst, '}')
}
