// Command sluice gives any SaaS account a secure MCP server: it serves, and it is the client of what it serves. One file holds one command.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/internal/spelling"
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
	root.AddGroup(
		&cobra.Group{ID: "run", Title: "Run:"},
		&cobra.Group{ID: "admin", Title: "Administer (a client of the REST API: SLUICE_URL, SLUICE_TOKEN):"},
	)
	root.AddCommand(
		demoCommand(), serveCommand(), octapipeCommand(), stdioCommand(), migrateCommand(), backupCommand(), keyCommand(), versionCommand(),
		environmentCommand(), userCommand(), tokenCommand(), connectCommand(), accountCommand(), mcpCommand(), callCommand(), integrationCommand(), logCommand(), webhookCommand(),
	)
	tidy(root)
	return root
}

// tidy has a command and all below it say in a sentence what was wrong with a line.
func tidy(cmd *cobra.Command) {
	if cmd.HasSubCommands() {
		refuseUnknown(cmd)
	}
	showUse(cmd)
	cmd.SetFlagErrorFunc(explainFlag)
	for _, sub := range cmd.Commands() {
		tidy(sub)
	}
}

// explainFlag says which flag a mistyped one may have been meant to be.
func explainFlag(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := spelling.Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%s has no flag --%s; did you mean --%s?", cmd.CommandPath(), unknown.GetSpecifiedName(), near)
	}
	return fmt.Errorf("%w; `%s --help` lists those of this command", err, cmd.CommandPath())
}

// showUse makes a command that got too few or too many arguments say what it takes: cobra counts them, and leaves which they are to be looked up.
func showUse(cmd *cobra.Command) {
	count := cmd.Args
	if count == nil || cmd.HasSubCommands() {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if count(cmd, args) == nil {
			return nil
		}
		return fmt.Errorf("write it as `%s`; `%s --help` says more", cmd.UseLine(), cmd.CommandPath())
	}
}

// refuseUnknown makes a command that only holds others fail, in a sentence, on a name that none of them has. Cobra would print a group's help and call that a
// success, so that a script with a typing error goes on.
func refuseUnknown(group *cobra.Command) {
	group.SuggestionsMinimumDistance = 2
	group.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			return fmt.Errorf("%s has no command %q; did you mean %s?", cmd.CommandPath(), args[0], strings.Join(near, " or "))
		}
		return fmt.Errorf("%s has no command %q; `%s --help` lists them", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	group.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}
