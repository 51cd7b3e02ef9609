package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sluice/internal/node"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", GroupID: "run", Args: cobra.NoArgs,
		Short: "Run Sluice",
		Long:  "Run Sluice until it is told to stop. Settings come from flags, SLUICE_* variables and a YAML file (--config).",
	}
	nodeFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := readSettings(cmd)
		if err != nil {
			return err
		}
		l, err := listen(s.Listen)
		if err != nil {
			return err
		}
		defer l.Close()
		if s.PublicURL == "" {
			s.PublicURL = urlOf(l)
		}
		n, err := node.Open(cmd.Context(), s.Settings)
		if err != nil {
			return err
		}
		defer n.Close()
		s.Log.Info("listening", "address", l.Addr().String(), "public_url", s.PublicURL, "version", s.Version)
		return serveUntil(cmd.Context(), l, n.Handler(), s.Log, n.Drain)
	}
	return cmd
}

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", GroupID: "run", Args: cobra.NoArgs,
		Short: "Bring the database to this version, and end",
	}
	nodeFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := readSettings(cmd)
		if err != nil {
			return err
		}
		n, err := node.Open(cmd.Context(), s.Settings)
		if err != nil {
			return err
		}
		n.Close()
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "The database is up to date.")
		return err
	}
	return cmd
}
