package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sluice/internal/store"
)

func backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "backup FILE", GroupID: "run", Args: cobra.ExactArgs(1),
		Short: "Write the embedded database as it is now to a new file",
		Long: "Write the embedded database as it is now to a new file, while Sluice goes on. Keep the master key too, in another place: without it no credential in\n" +
			"the backup can be read. PostgreSQL is backed up by its own tools, such as pg_dump.",
		Example: "  sluice backup sluice-monday.db --database sluice.db",
	}
	nodeFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := readSettings(cmd)
		if err != nil {
			return err
		}
		st, err := store.Open(cmd.Context(), s.Database, store.Options{Log: s.Log, Existing: true})
		if err != nil {
			return err
		}
		defer st.Close()
		if err := st.Backup(cmd.Context(), args[0]); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "The database is backed up to %s.\n", args[0])
		return err
	}
	return cmd
}
