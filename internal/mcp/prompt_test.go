package mcp_test

import (
	"strings"
	"testing"

	"sluice/internal/await"
	"sluice/internal/integration"
	"sluice/internal/mcpserver"
	"sluice/internal/toolset"
)

// withPrompts has the endpoint serve a harbour with a prompt that reads and one that scraps.
func withPrompts(t *testing.T, e *endpoint, methods ...string) {
	t.Helper()
	def := harbour()
	def.Digest = "harbour-prompts"
	def.Prompts = []integration.Prompt{
		{Name: "review_fleet", Description: "Review the fleet.", Text: "List the ships.", Needs: []string{"ships.list"}},
		{Name: "scrap_ship", Description: "Scrap a ship.", Arguments: []integration.PromptArgument{{Name: "ship", Description: "Its name"}, {Name: "reason", Optional: true, Default: "age"}},
			Text: "Scrap {{arguments.ship}} for {{arguments.reason}}.", Needs: []string{"ships.list", "ships.delete"}},
	}
	tools, err := toolset.Compile(def, toolset.Options{Methods: methods})
	if err != nil {
		t.Fatal(err)
	}
	e.shipyard.mu.Lock()
	e.shipyard.tools = tools
	e.shipyard.mu.Unlock()
}

func (e *endpoint) prompt(t *testing.T, name, arguments string) answer {
	t.Helper()
	if arguments != "" {
		arguments = `,"arguments":` + arguments
	}
	return e.modern(t, "prompts/get", `"name":"`+name+`"`+arguments, map[string]string{"Mcp-Name": name})
}

func TestPromptsAreListedAndFilledInInEachRevision(t *testing.T) {
	e := newEndpoint(t)
	withPrompts(t, e)
	a := e.modern(t, "prompts/list", "", nil)
	for path, want := range map[string]string{
		"result.resultType": "complete", "result.cacheScope": "private", "result.ttlMs": "60000", "result.prompts.0.name": "review_fleet", "result.prompts.0.arguments": "",
		"result.prompts.1.arguments.0": `{"description":"Its name","name":"ship","required":true}`, "result.prompts.1.arguments.1.required": "false",
	} {
		if got := a.at(t, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	a = e.prompt(t, "scrap_ship", `{"ship":"Ägir \"II\""}`)
	for path, want := range map[string]string{
		"result.resultType": "complete", "result.description": "Scrap a ship.", "result.messages.0.role": "user", "result.messages.0.content.type": "text",
		"result.messages.0.content.text": `Scrap Ägir "II" for age.`, "result.messages.1": "",
	} {
		if got := a.at(t, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	for _, version := range allRevisions[:4] {
		header := map[string]string{"MCP-Protocol-Version": version}
		if got := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"prompts/list"}`, header).at(t, "result.prompts.1.name"); got != "scrap_ship" {
			t.Errorf("%s lists %q second", version, got)
		}
		got := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"scrap_ship","arguments":{"ship":"Njord","reason":"rust"}}}`, header)
		if got.at(t, "result.messages.0.content.text") != "Scrap Njord for rust." || got.at(t, "result.resultType") != "" {
			t.Errorf("%s is given %s", version, got.body)
		}
	}
}

func TestAPromptThatCannotBeFilledInIsRefusedInWords(t *testing.T) {
	e := newEndpoint(t)
	withPrompts(t, e)
	for name, c := range map[string]struct {
		prompt, arguments string
		words             []string
	}{
		"one that is not there":        {"scrap_ships", `{}`, []string{`"scrap_ships"`, "review_fleet, scrap_ship"}},
		"without what it needs":        {"scrap_ship", ``, []string{"needs ship"}},
		"with nothing for it":          {"scrap_ship", `{"ship":" "}`, []string{"needs ship"}},
		"with what it does not take":   {"scrap_ship", `{"ship":"a","when":"now"}`, []string{`no argument "when"`, "ship, reason"}},
		"with what none of them takes": {"review_fleet", `{"when":"now"}`, []string{"takes no arguments"}},
		"with a number":                {"scrap_ship", `{"ship":5}`, []string{`"ship" is`, "are texts"}},
		"with a list":                  {"scrap_ship", `["ship"]`, []string{"are an object"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, e.prompt(t, c.prompt, c.arguments), 200, -32602, c.words...)
		})
	}
	wantError(t, e.modern(t, "prompts/get", `"name":5`, nil), 200, -32602, "params.name")
	wantError(t, e.modern(t, "prompts/list", `"cursor":"x"`, nil), 200, -32602, "cursor")
}

func TestAServerOffersThePromptsWhoseToolsItHas(t *testing.T) {
	e := newEndpoint(t)
	withPrompts(t, e, "read")
	if a := e.modern(t, "prompts/list", "", nil); a.at(t, "result.prompts.0.name") != "review_fleet" || a.at(t, "result.prompts.1") != "" {
		t.Errorf("a server that only reads lists %s", a.at(t, "result.prompts"))
	}
	wantError(t, e.prompt(t, "scrap_ship", `{"ship":"a"}`), 200, -32602, "this server has review_fleet")

	const want = `{"prompts":{"listChanged":true},"tools":{"listChanged":true}}`
	if got := e.modern(t, "server/discover", "", nil).at(t, "result.capabilities"); got != want {
		t.Errorf("discovered are %s, want %s", got, want)
	}
	for _, version := range allRevisions[:4] {
		if got := e.post(t, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"`+version+`"}}`, nil).at(t, "result.capabilities"); got != want {
			t.Errorf("%s is told of %s, want %s", version, got, want)
		}
	}
	still := newEndpoint(t)
	for _, method := range []string{"server/discover"} {
		if got := still.modern(t, method, "", nil).at(t, "result.capabilities"); strings.Contains(got, "prompts") {
			t.Errorf("an integration without prompts promises %s", got)
		}
	}
}

func TestAStreamTellsOfChangedPromptsToThoseWhoAskedForThem(t *testing.T) {
	e := newEndpoint(t, quickly)
	withPrompts(t, e)
	both := e.listen(t, openToken, `{"toolsListChanged":true,"promptsListChanged":true}`)
	one := e.listen(t, openToken, `{"promptsListChanged":true}`)
	both.next(false)
	one.next(false)
	await.True(t, "both to watch", func() bool { return e.register.watching() == 2 })

	withPrompts(t, e, "read")
	e.register.change(openToken, &mcpserver.Config{})
	for _, want := range []string{"notifications/tools/list_changed", "notifications/prompts/list_changed"} {
		if got := both.next(false).data; !strings.Contains(got, want) {
			t.Errorf("told %s, want %s", got, want)
		}
	}
	if got := one.next(false).data; !strings.Contains(got, "notifications/prompts/list_changed") {
		t.Errorf("told %s, want the prompts", got)
	}
	// The tools change and the prompts do not: who asked for prompts hears nothing until they change too.
	withPrompts(t, e, "read", "delete")
	e.register.change(openToken, &mcpserver.Config{})
	both.next(false)
	both.next(false)
	one.next(false)
	withPrompts(t, e, "list", "delete")
	e.register.change(openToken, &mcpserver.Config{})
	if got := both.next(false).data; !strings.Contains(got, "tools/list_changed") {
		t.Errorf("told %s, want the tools", got)
	}
	e.register.change(openToken, nil)
	if got := one.next(false).data; !strings.Contains(got, `"result"`) {
		t.Errorf("told %s, want nothing before the end", got)
	}
}
