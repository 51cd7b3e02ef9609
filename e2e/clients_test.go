package e2e

import (
	"strings"
	"testing"
)

// moreDrivers are clients that do the first workflow alone: the rest of what Sluice does is the same for all, and the drivers before show it.
var moreDrivers = []struct {
	name    string
	connect func(t *testing.T, url string) client
}{
	{"TypeScript SDK on 2025-11-25", typeScriptOn("typescript", "2025-11-25")},
	{"TypeScript SDK 1.x on 2025-11-25", typeScriptOn("typescript1", "2025-11-25")},
	{"TypeScript SDK 1.x on 2025-06-18", typeScriptOn("typescript1", "2025-06-18")},
	{"TypeScript SDK 1.x on 2025-03-26", typeScriptOn("typescript1", "2025-03-26")},
	{"TypeScript SDK 1.x on HTTP+SSE", typeScriptOn("typescript1", "2024-11-05")},
	{"mcp-remote", connectMCPRemote("http-first")},
	{"mcp-remote on HTTP+SSE", connectMCPRemote("sse-only")},
	{"OpenAI Agents SDK", framework("openai-agents")},
	{"LangChain.js", framework("langchain")},
	{"AI SDK", framework("ai-sdk")},
}

func typeScriptOn(line, revision string) func(t *testing.T, url string) client {
	return func(t *testing.T, url string) client { return startTypeScript(t, line, url, revision) }
}

func framework(name string) func(t *testing.T, url string) client {
	return func(t *testing.T, url string) client { return startNode(t, name, url) }
}

// The demo is enough to show that a client gets along: what the database changes, the other workflows show.
func TestClientsInTheFieldMoveACardAndAttachANote(t *testing.T) {
	for _, d := range moreDrivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			h := startDemo(t)
			c := d.connect(t, h.mcpServer(t, `{"name":"sales","config":{"methods":["read","write"]}}`).URL)
			offered, err := c.ListTools(t.Context())
			if err != nil {
				t.Fatalf("list tools: %v", err)
			}
			if len(offered) == 0 {
				t.Error("the client shows no tools")
			}
			a := agent{t, c}
			a.moveTechNova(h)
			// A tool's error reaches the model in words, whatever the client makes of it.
			if said := a.refused("get_single_octapipe_task_by_id", map[string]any{"id": "019abf00-0000-7000-8000-000000000000"}); !strings.Contains(said, "list_all_octapipe_tasks") {
				t.Errorf("a task that is not there is told as %q, want how to find those that are", said)
			}
		})
	}
}
