package gateway

import (
	"context"
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
	m, failed, err := g.match(ctx, c, tool, prepared)
	if err != nil || failed != nil {
		if failed != nil {
			failed.Message = "Nothing was changed. What would be could not be found out: " + failed.Message
		}
		return failed, err
	}
	m.last.Body = dryRunReport(tool, m)
	m.last.ContentType = "application/json"
	return m.last, nil
}

// matched is what a call would touch, as a list told it.
type matched struct {
	count   int
	exact   bool     // false: there are at least count
	ids     []string // of those that were seen, in the list's order
	sample  [][]byte
	changes []byte  // the new values, nil where what is matched would go
	last    *Result // of the list's last page
}

// match lists what a call would touch. A Result is the vendor's refusal to list.
func (g *Gateway) match(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) (*matched, *Result, error) {
	plan := tool.Method.DryRun
	lister, ok := c.Tools.Operation(tool.Resource.Name, plan.List)
	if !ok {
		return nil, nil, fmt.Errorf("%s has no method %s to try %s by", tool.Resource.Name, plan.List, tool.Method.Name)
	}
	m := &matched{sample: [][]byte{}}
	var shown jsonscan.ObjectBuilder
	for it := jsonscan.Members(prepared.Arguments); it.Next(); {
		if plan.Changes != "" && jsonscan.NameIs(it.Name(), plan.Changes) {
			m.changes = it.Value()
			continue
		}
		shown.Add(it.Name(), it.Value())
	}
	listing, err := lister.Prepare(shown.Bytes())
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the list for a dry run of %s: %w", tool.Name, err)
	}
	request := requestOf(c, lister, listing)
	request.Page = &vendor.Position{Size: pageSize(c, lister, 0)}
	for page := 1; ; page++ {
		response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, request)
		if err != nil {
			return nil, nil, fmt.Errorf("try %s: %w", tool.Name, err)
		}
		if response.Outcome != vendor.OK {
			failed := resultOf(tool, response)
			explain(failed, c.Tools)
			return nil, failed, nil
		}
		m.last = resultOf(tool, response)
		for it := jsonscan.Elements(response.Body); it.Next(); {
			if len(m.sample) < dryRunSample {
				m.sample = append(m.sample, it.Value())
			}
			m.ids = append(m.ids, identifier(it.Value()))
		}
		m.count += response.Items
		if response.Total > m.count {
			m.count = response.Total
			response.Next = nil
		}
		if request.Page = response.Next; request.Page == nil || page == dryRunPages {
			break
		}
	}
	m.exact = request.Page == nil
	return m, nil, nil
}

// identifier is what tells an item from all others of its kind, "" where it has nothing of the sort.
func identifier(item []byte) string {
	for _, name := range []string{"uuid", "id"} {
		if value := jsonscan.Member(item, name); value != nil {
			return string(value)
		}
	}
	return ""
}

// dryRunReport writes what a dry run found.
func dryRunReport(tool *toolset.Tool, m *matched) []byte {
	at := ""
	if tool.Resource.Fields != nil && !tool.Resource.Fields.Flat {
		at = tool.Resource.Fields.At
	}
	what := "would be deleted"
	if tool.Method.DryRun.Changes != "" {
		what = "would be changed"
	}
	bound := ""
	if !m.exact {
		bound = "at least "
	}
	summary := fmt.Sprintf("Dry run: nothing was changed; %s%d %s. Call again without dry_run to do it.", bound, m.count, what)
	dst := fmt.Appendf(nil, `{"dry_run":true,"summary":%s,"matched":%d,"exact":%t,"sample":[`, jsonscan.AppendQuote(nil, summary), m.count, m.exact)
	for i, item := range m.sample {
		if i > 0 {
			dst = append(dst, ',')
		}
		before, after := differences(item, m.changes, at)
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
	var was, then jsonscan.ObjectBuilder
	for it := jsonscan.Members(changes); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name())
		now := jsonscan.Member(values, string(name))
		if now == nil {
			now = jsonscan.Member(item, string(name))
		}
		if now == nil {
			now = []byte("null")
		}
		was.Add(it.Name(), now)
		then.Add(it.Name(), it.Value())
	}
	return was.Bytes(), then.Bytes()
}
