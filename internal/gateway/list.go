package gateway

import (
	"bytes"
	"context"
	"fmt"

	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// maxPages bounds the vendor's pages that one call fetches: a limit that needs more is answered with as many, and a cursor.
const maxPages = 20

// list serves one call of a list tool: from where the cursor says, page after page, until limit items are gathered, the vendor's
// list ends, the answer's budget is used up, or maxPages were fetched.
func (g *Gateway) list(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared, request *vendor.Request) (*Result, error) {
	position, wrong := g.openCursor(c, tool, prepared)
	if wrong != nil {
		return invalid(tool, wrong), nil
	}
	var gathered items
	var result *Result
	wanted := wantedOf(c, tool, prepared)
	for page := 1; ; page++ {
		request.Page = position
		response, err := g.vendor.Do(ctx, c.Account, c.Tools.Definition, request)
		if err != nil {
			return nil, fmt.Errorf("call %s: %w", tool.Name, err)
		}
		if response.Outcome != vendor.OK {
			failed := resultOf(tool, response)
			explain(failed, c.Tools)
			if gathered.count == 0 {
				return failed, nil
			}
			result.Partial, result.RateLimit = true, failed.RateLimit
			result.Message = "The list breaks off here: " + failed.Message
			break // position is still where the failed page begins
		}
		result = resultOf(tool, response)
		result.Total = response.Total
		if response.Repeats {
			result.Notes = append(result.Notes, c.Tools.Definition.Label+" gave the same page twice when it was asked for the next one: the list is taken to end there, and may have more.")
		}
		if wanted != nil {
			if response.Body, err = wanted.Of(response.Body); err != nil {
				return nil, fmt.Errorf("read the page of %s: %w", tool.Name, err)
			}
		}
		left := -1
		if prepared.Limit > 0 {
			left = prepared.Limit - gathered.count
		}
		taken, err := gathered.take(response, position.Skip, left, c.MaxBytes)
		if err != nil {
			return nil, fmt.Errorf("read the page of %s: %w", tool.Name, err)
		}
		if taken < response.Items { // the rest of this page is the next call's
			rest := *position
			rest.Skip = taken
			position, result.MoreUnknown = &rest, false
			break
		}
		position, result.MoreUnknown = response.Next, response.MoreUnknown
		if position == nil || page == maxPages || prepared.Limit <= gathered.count {
			break
		}
	}
	result.Body, result.Items = gathered.array(), gathered.count
	if missed := wanted.Missed(prepared.Sparse); missed != "" {
		result.Notes = append(result.Notes, missed)
	}
	if position != nil {
		cursor, err := g.sealCursor(c, tool, prepared, position)
		if err != nil {
			return nil, err
		}
		result.NextCursor = cursor
	}
	return result, nil
}

// wantedOf is what of an answer its caller wants: the fields that the call names, else the short form where the definition has one and the caller is a model,
// which pays for each word. nil: the whole.
func wantedOf(c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) *toolset.Selection {
	switch {
	case prepared.Fields != nil:
		return toolset.Select(prepared.Fields)
	case c.Brief:
		return tool.Brief
	}
	return nil
}

// items gathers a list's items over pages. A single whole page is passed through as it came.
type items struct {
	whole []byte // the one page, untouched
	parts []byte // elements joined by commas, when there is more than one page or less
	count int
}

// take adds a page's items from skip on: at most limit of them (limit < 0: all), and no more than fit into budget bytes in all, but at
// least one. It answers how many of the page's items are now handed out, the skipped ones included.
func (g *items) take(page *vendor.Response, skip, limit, budget int) (handedOut int, err error) {
	if skip == 0 && g.count == 0 && (limit < 0 || page.Items <= limit) && (budget <= 0 || len(page.Body) <= budget) {
		g.whole, g.count = page.Body, page.Items
		return page.Items, nil
	}
	g.spread()
	elements := jsonscan.Elements(page.Body)
	n := 0
	for elements.Next() {
		if n < skip {
			n++
			continue
		}
		element := elements.Value()
		if limit == 0 || budget > 0 && g.count > 0 && len(g.parts)+len(element) > budget {
			break
		}
		if g.count > 0 {
			g.parts = append(g.parts, ',')
		}
		g.parts = append(g.parts, element...)
		g.count++
		n++
		limit--
	}
	return n, elements.Err()
}

// spread turns the whole page into parts, before others are added.
func (g *items) spread() {
	if g.whole == nil {
		return
	}
	page := g.whole
	g.whole = nil
	if g.count > 0 {
		g.parts = append(g.parts, bytes.TrimSpace(page[1:len(page)-1])...)
	}
}

func (g *items) array() []byte {
	if g.whole != nil {
		return g.whole
	}
	out := make([]byte, 0, len(g.parts)+2)
	out = append(out, '[')
	out = append(out, g.parts...)
	return append(out, ']')
}
