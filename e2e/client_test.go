package e2e

import (
	"context"
	"encoding/json"
	"testing"
)

// client is an MCP client that nobody here wrote, connected to one MCP server. A workflow is written once over it, and run by each.
type client interface {
	ListTools(ctx context.Context) ([]tool, error)
	CallTool(ctx context.Context, name string, arguments map[string]any) (*answer, error)
}

// tool is what a client says of a tool.
type tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"inputSchema"`
	Annotations struct {
		ReadOnly    *bool `json:"readOnlyHint"`
		Destructive *bool `json:"destructiveHint"`
		Idempotent  *bool `json:"idempotentHint"`
		OpenWorld   *bool `json:"openWorldHint"`
	} `json:"annotations"`
}

// answer is what a client hands to its model.
type answer struct {
	Content []struct {
		Type string `json:"type"`
		Text string `json:"text"`
		URI  string `json:"uri"`
	} `json:"content"`
	IsError bool `json:"isError"`
}

// text is the answer's only content.
func (a *answer) text(t *testing.T) string {
	t.Helper()
	if len(a.Content) != 1 || a.Content[0].Type != "text" {
		t.Fatalf("answer has %d contents, want one text: %+v", len(a.Content), a.Content)
	}
	return a.Content[0].Text
}

// drivers are the clients that every workflow is run by, in the order of their speed.
var drivers = []struct {
	name    string
	connect func(t *testing.T, url string) client
}{
	{"Go SDK", connectGoSDK},
	{"TypeScript SDK", connectTypeScript},
	{"MCP Inspector", connectInspector},
}

// eachClient runs a test through every client on every database, each time on a Sluice and a sandbox of its own.
func eachClient(t *testing.T, test func(t *testing.T, h *house, connect func(url string) client)) {
	eachDatabase(t, func(t *testing.T, start func(t *testing.T) *house) {
		for _, d := range drivers {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				test(t, start(t), func(url string) client { return d.connect(t, url) })
			})
		}
	})
}

// agent calls tools as a model does: by name, with arguments, reading what comes back as JSON. Anything unexpected ends the test.
type agent struct {
	t *testing.T
	client
}

// call decodes the answer of a tool that must succeed.
func (a agent) call(into any, name string, arguments map[string]any) {
	a.t.Helper()
	got, err := a.CallTool(a.t.Context(), name, arguments)
	if err != nil {
		a.t.Fatalf("call %s with %v: %v", name, arguments, err)
	}
	text := got.text(a.t)
	if got.IsError {
		a.t.Fatalf("call %s with %v: answered with the error %s", name, arguments, text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		a.t.Fatalf("call %s with %v: answer is no JSON (%v): %s", name, arguments, err, text)
	}
}

// refused is the text of a tool's error.
func (a agent) refused(name string, arguments map[string]any) string {
	a.t.Helper()
	got, err := a.CallTool(a.t.Context(), name, arguments)
	if err != nil {
		return err.Error()
	}
	if !got.IsError {
		a.t.Fatalf("call %s with %v: succeeded, want an error", name, arguments)
	}
	return got.text(a.t)
}

// listed is one page of a list tool.
type listed struct {
	Result     []object `json:"result"`
	NextCursor *string  `json:"next_cursor"`
}

// object is an object of the vendor's.
type object map[string]any

func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

func (o object) object(name string) object {
	m, _ := o[name].(map[string]any)
	return m
}

func (o object) list(name string) []object {
	items, _ := o[name].([]any)
	var out []object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// find pages through a list tool until an item's name fits, and says how many pages that took. It follows next_cursor as it was told to:
// unchanged, and until there is none.
func (a agent) find(tool string, arguments map[string]any, member, value string) (object, int) {
	a.t.Helper()
	const most = 500
	arguments = with(arguments, nil)
	for pages := 1; pages <= most; pages++ {
		var page listed
		a.call(&page, tool, arguments)
		for _, item := range page.Result {
			if item.text(member) == value {
				return item, pages
			}
		}
		if page.NextCursor == nil {
			a.t.Fatalf("%s: no item with %s %q in %d pages", tool, member, value, pages)
		}
		arguments["next_cursor"] = *page.NextCursor
	}
	a.t.Fatalf("%s: more than %d pages", tool, most)
	return nil, 0
}

// with is a copy of arguments with more added.
func with(arguments, more map[string]any) map[string]any {
	out := make(map[string]any, len(arguments)+len(more))
	for _, from := range []map[string]any{arguments, more} {
		for name, value := range from {
			out[name] = value
		}
	}
	return out
}
