package mcp

import (
	"strconv"
	"strings"

	"sluice/internal/jsonscan"
	"sluice/internal/toolset"
)

// appendTools appends the tools member of a tools/list, and nextCursor where the operator wants the list in pages and more follow. A cursor says which list
// it is of: one that was changed in between is begun anew, since nobody could tell which tools were missed.
func (c *call) appendTools(dst []byte, tools *toolset.Toolset) ([]byte, *failure) {
	list := tools.ListJSON()
	switch {
	case c.revision.modern():
		list = tools.HeaderListJSON()
	case !c.revision.structured():
		list = tools.PlainListJSON()
	}
	size := c.h.toolsPage
	if size <= 0 {
		if f := c.noCursor(); f != nil {
			return dst, f
		}
		return append(append(dst, `"tools":`...), list...), nil
	}
	from := 0
	if cursor := text(c.message.params.cursor); cursor != "" {
		key, offset, _ := strings.Cut(cursor, ".")
		n, err := strconv.Atoi(offset)
		if err != nil || key != listKey(tools) || n <= 0 || n >= len(tools.Tools) {
			return dst, invalidParams("Unknown cursor: it is not one of this list's, or the tools have changed since; ask for the list from its beginning, without a cursor.")
		}
		from = n
	}
	dst = append(dst, `"tools":[`...)
	i := 0
	for it := jsonscan.Elements(list); it.Next(); i++ {
		switch {
		case i < from:
			continue
		case i == from+size:
			dst = append(append(append(dst, `],"nextCursor":"`...), listKey(tools)...), '.')
			return append(strconv.AppendInt(dst, int64(i), 10), '"'), nil
		case i > from:
			dst = append(dst, ',')
		}
		dst = append(dst, it.Value()...)
	}
	return append(dst, ']'), nil
}

// listKey tells one list from another.
func listKey(tools *toolset.Toolset) string { return tools.Key[:min(len(tools.Key), 16)] }
