package mcp_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
)

func TestTheToolListComesInPagesWhereTheOperatorAsks(t *testing.T) {
	for _, c := range []struct {
		size int
		want []string
	}{
		{1, []string{listShips, getShip, scrapShip}},
		{2, []string{listShips + " " + getShip, scrapShip}},
		{3, []string{listShips + " " + getShip + " " + scrapShip}},
		{100, []string{listShips + " " + getShip + " " + scrapShip}},
	} {
		t.Run(fmt.Sprintf("of %d", c.size), func(t *testing.T) {
			e := newEndpoint(t, func(o *mcp.Options) { o.ToolsPage = c.size })
			cursor, seen := "", []string{}
			for range 5 {
				a := e.modern(t, "tools/list", `"cursor":"`+cursor+`"`, nil)
				wantStatus(t, a, 200)
				var names []string
				for i := 0; a.at(t, fmt.Sprintf("result.tools.%d", i)) != ""; i++ {
					names = append(names, a.at(t, fmt.Sprintf("result.tools.%d.name", i)))
				}
				seen = append(seen, strings.Join(names, " "))
				if cursor = a.at(t, "result.nextCursor"); cursor == "" {
					break
				}
			}
			if got, want := strings.Join(seen, " | "), strings.Join(c.want, " | "); got != want {
				t.Errorf("the pages are %s, want %s", got, want)
			}
		})
	}

	e := newEndpoint(t, func(o *mcp.Options) { o.ToolsPage = 1 })
	cursor := e.modern(t, "tools/list", "", nil).at(t, "result.nextCursor")
	for _, wrong := range []string{"2", "x.1", cursor + "9", strings.Split(cursor, ".")[0] + ".-1"} {
		wantError(t, e.modern(t, "tools/list", `"cursor":"`+wrong+`"`, nil), 200, -32602, "without a cursor")
	}
	e.register.change(openToken, &mcpserver.Config{Methods: []string{"read"}})
	wantError(t, e.modern(t, "tools/list", `"cursor":"`+cursor+`"`, nil), 200, -32602, "have changed")
}
