package gateway

import (
	"encoding/json"
	"fmt"
	"time"

	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// CursorLife is how long a next_cursor can be used.
const CursorLife = 24 * time.Hour

// place is what a cursor holds. What it is bound to (account, tool, arguments but limit) is authenticated and not part of it.
type place struct {
	Token  string `json:"t,omitempty"`
	Size   int    `json:"z,omitempty"`
	Skip   int    `json:"k,omitempty"`
	Seen   uint64 `json:"s,omitempty"`
	Issued int64  `json:"i"` // Unix seconds
}

func bound(c *Caller, tool *toolset.Tool, p *toolset.Prepared) []byte {
	b := make([]byte, 0, len(c.Account.ID)+len(tool.Name)+len(p.Arguments)+2)
	b = append(b, c.Account.ID...)
	b = append(b, 0)
	b = append(append(b, tool.Resource.Name...), '.')
	b = append(b, tool.Method.Name...)
	b = append(b, 0)
	return append(b, p.Arguments...)
}

func (g *Gateway) sealCursor(c *Caller, tool *toolset.Tool, p *toolset.Prepared, at *vendor.Position) (string, error) {
	plain, err := json.Marshal(place{at.Token, at.Size, at.Skip, at.Seen, time.Now().Unix()})
	if err != nil {
		return "", err
	}
	cursor, err := g.sealer.SealCursor(plain, bound(c, tool, p))
	if err != nil {
		return "", fmt.Errorf("seal the cursor of %s: %w", tool.Name, err)
	}
	return cursor, nil
}

// openCursor answers where a list call begins: at the first page, or where its next_cursor says.
func (g *Gateway) openCursor(c *Caller, tool *toolset.Tool, p *toolset.Prepared) (*vendor.Position, *toolset.ArgumentError) {
	if p.Cursor == "" {
		return &vendor.Position{Size: pageSize(c, tool, p.Limit)}, nil
	}
	refuse := func(why string) (*vendor.Position, *toolset.ArgumentError) {
		return nil, &toolset.ArgumentError{Tool: tool.Name, Faults: []toolset.Fault{{Argument: "next_cursor", Message: why}}}
	}
	plain, err := g.sealer.OpenCursor(p.Cursor, bound(c, tool, p))
	if err != nil {
		return refuse("was not made by this tool with these same arguments (only limit may differ): pass it back unchanged with them, or leave it out to start at the first page")
	}
	var at place
	if err := json.Unmarshal(plain, &at); err != nil {
		return refuse("cannot be read: leave it out to start at the first page")
	}
	if time.Since(time.Unix(at.Issued, 0)) > CursorLife {
		return refuse(fmt.Sprintf("is older than %d hours: leave it out to start at the first page", int(CursorLife.Hours())))
	}
	return &vendor.Position{Token: at.Token, Size: at.Size, Skip: at.Skip, Seen: at.Seen}, nil
}

// pageSize is the page to ask the vendor for: the wanted items, or as many as it gives at once. It stays the same for a whole list,
// since the position of a page depends on it.
func pageSize(c *Caller, tool *toolset.Tool, limit int) int {
	paging := tool.Method.Pagination
	if paging == nil {
		paging = &c.Tools.Definition.Pagination
	}
	if limit > 0 && (paging.MaxSize == 0 || limit < paging.MaxSize) {
		return limit
	}
	return paging.MaxSize
}
