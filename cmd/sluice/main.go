// Command sluice gives any SaaS account a secure MCP server: it serves, and it is the client of what it serves. One file holds one command.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // whoever asks twice does not want to wait for what is under way
	root := newRoot()
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "sluice: "+err.Error())
		}
		stop()
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "sluice",
		Short:         "A secure MCP server for any SaaS account",
		Long:          "Sluice turns an account of a SaaS into MCP servers: URLs for ChatGPT, Claude, Cursor or any agent,\neach with the tools you choose, checked and recorded.\n\nTry it with sluice demo.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.SetVersionTemplate("sluice {{.Version}}\n")
	root.SuggestionsMinimumDistance = 2
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run:"},
		&cobra.Group{ID: "admin", Title: "Administer (a client of the REST API: SLUICE_URL, SLUICE_TOKEN):"},
	)
	root.AddCommand(
		demoCommand(), serveCommand(), octapipeCommand(), stdioCommand(), migrateCommand(), versionCommand(),
		environmentCommand(), tokenCommand(), accountCommand(), mcpCommand(), callCommand(), integrationCommand(), logCommand(),
	)
	return root
}
