package doctor

import (
	"context"
	"encoding/json"
	"fmt"
)

// tool is what of a tool clients have limits for.
type tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Input       json.RawMessage `json:"inputSchema"`
	Output      json.RawMessage `json:"outputSchema"`
	Annotations map[string]any  `json:"annotations"`
}

// offered is the list of tools as it came.
type offered struct {
	tools []tool
	bytes int
	pages int
}

const maxPages = 50

// tools reads the list of tools and has each client's limits held against it.
func (e *examination) tools(ctx context.Context) error {
	o := &offered{}
	for cursor := ""; o.pages < maxPages; {
		params := `{}`
		if cursor != "" {
			quoted, _ := json.Marshal(cursor)
			params = `{"cursor":` + string(quoted) + `}`
		}
		result, a, err := e.call(ctx, "tools/list", params)
		if err != nil {
			return err
		}
		var page struct {
			Tools []tool `json:"tools"`
			Next  string `json:"nextCursor"`
		}
		if result == nil || json.Unmarshal(result, &page) != nil {
			e.say("tools", Bad, fmt.Sprintf("The list of tools cannot be read (HTTP %d): %.300s", a.status, a.body), "")
			return errEnd
		}
		o.tools, o.bytes, o.pages = append(o.tools, page.Tools...), o.bytes+len(result), o.pages+1
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(o.tools) == 0 {
		e.say("tools", Bad, "The server offers no tool.", "Widen its filters.")
		return nil
	}
	e.say("tools", Good, fmt.Sprintf("%d tools, %d kB of list, about %d tokens.", len(o.tools), (o.bytes+500)/1000, tokens(o.bytes)), "")
	if o.pages > 1 {
		e.say("tools", Note, fmt.Sprintf("The list comes in %d pages, of which many clients read the first alone.", o.pages), "Give the whole list in one page (--tools-page 0).")
	}
	e.report.Clients = judge(o, e.URL, e.Name)
	for _, v := range e.report.Clients {
		for _, problem := range v.Problems {
			e.say(v.Client, problem.Level, problem.Words, problem.Mend)
		}
		if len(v.Problems) == 0 {
			e.say(v.Client, Good, "Nothing stands in its way.", "")
		}
	}
	return nil
}

// tokens is about how many a model reads JSON as.
func tokens(bytes int) int { return bytes * 10 / 35 }
