package main

import (
	"fmt"
	"os"
	"strings"

	"sluice/internal/clientconfig"
)

// clientConfigurations is what a person pastes into each client on this machine to reach an MCP server, in the same words as the dashboard and the guides. A client
// that calls from the internet cannot reach this machine, so that there is nothing to paste.
func clientConfigurations(name, url string) string {
	program, err := os.Executable()
	if err != nil {
		program = "sluice"
	}
	var b strings.Builder
	for _, c := range clientconfig.All(clientconfig.Server{Name: name, URL: url, Program: program}) {
		switch c.ID {
		case "claude-code", "gemini-cli", "claude-desktop", "cursor", "vscode", "opencode":
			way := c.Ways[0]
			title := c.Name
			if way.Label != "In a terminal" {
				title += ": " + way.Label
			}
			fmt.Fprintf(&b, "%s\n%s\n", title, indent(way.Text))
		}
	}
	return b.String()
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n  ") + "\n"
}
