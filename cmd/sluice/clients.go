package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// clientConfigurations is what a person pastes into each client to reach an MCP server. Each is in that client's own form: Claude Desktop's file
// starts programs only, so it gets the bridge; Claude Code and VS Code call the transport http; VS Code's servers are under "servers".
func clientConfigurations(name, url string) string {
	program, err := os.Executable()
	if err != nil {
		program = "sluice"
	}
	var b strings.Builder
	section := func(title string, body string) {
		fmt.Fprintf(&b, "%s\n%s\n", title, indent(body))
	}
	section("Claude Code", fmt.Sprintf("claude mcp add --transport http %s %s\n", plainName(name), url))
	section("Claude Desktop: Settings > Developer > Edit Config (or a public URL under Settings > Connectors)",
		configuration("mcpServers", name, map[string]any{"command": program, "args": []string{"stdio", url}}))
	section("Cursor: .cursor/mcp.json", configuration("mcpServers", name, map[string]any{"url": url}))
	section("VS Code: .vscode/mcp.json", configuration("servers", name, map[string]any{"type": "http", "url": url}))
	section("ChatGPT: Settings > Apps > Advanced > Developer mode > Create (it reaches public https URLs only: see docs/clients.md)", url+"\n")
	return b.String()
}

// plainName is a server's name as Claude Code takes one: letters, digits, "-" and "_" only.
func plainName(name string) string {
	plain := strings.FieldsFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && !('0' <= r && r <= '9') && !('a' <= r && r <= 'z') && !('A' <= r && r <= 'Z')
	})
	if len(plain) == 0 {
		return "sluice"
	}
	return strings.Join(plain, "-")
}

func configuration(key, name string, server map[string]any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(map[string]any{key: map[string]any{name: server}}); err != nil {
		panic(err) // strings only
	}
	return b.String()
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n  ") + "\n"
}
