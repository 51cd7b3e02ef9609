package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sluice/internal/node"
)

func keyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "key", GroupID: "run", Short: "Change the keys that seal credentials and sign tokens"}
	const afterwards = "Nodes on one PostgreSQL follow at once. A Sluice that runs on the embedded database is restarted."
	rotate := &cobra.Command{
		Use: "rotate", Args: cobra.NoArgs,
		Short: "Add a new key of each kind, which is used from now on",
		Long:  "Add a new key of each kind, which is used from now on. What was sealed and signed before stays good.\n\n" + afterwards,
	}
	nodeFlags(rotate.Flags())
	rotate.RunE = func(cmd *cobra.Command, _ []string) error {
		return withExistingNode(cmd, func(n *node.Node) error {
			if err := n.Keys.Rotate(cmd.Context()); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "New keys are in use.")
			return err
		})
	}
	rewrap := &cobra.Command{
		Use: "rewrap NEW-MASTER-KEY-FILE", Args: cobra.ExactArgs(1),
		Short: "Wrap all keys by another master key",
		Long: "Wrap all keys by the master key in a file. The one before, which the settings name, then opens nothing any more. Nodes that run go on, and need the new one when\n" +
			"they start the next time.",
		Example: "  (umask 077; openssl rand -base64 32 > new.key)\n  sluice key rewrap new.key --database sluice.db --master-key-file master.key",
	}
	nodeFlags(rewrap.Flags())
	rewrap.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := os.Stat(args[0]); err != nil {
			return fmt.Errorf("read the new master key: %w; `openssl rand -base64 32` makes one", err)
		}
		return withExistingNode(cmd, func(n *node.Node) error {
			if err := n.Rewrap(cmd.Context(), args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "The master key is the one in %s from now on: name it by --master-key-file when Sluice starts the next time.\n", args[0])
			return err
		})
	}
	cmd.AddCommand(rotate, rewrap)
	return cmd
}
