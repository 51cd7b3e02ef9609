package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/octapipe"
)

func octapipeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "octapipe", GroupID: "run", Args: cobra.NoArgs,
		Short: "Run the Octapipe sandbox alone: a local stand-in for the service, with sample data",
	}
	address := cmd.Flags().String("listen", "127.0.0.1:8081", "address to listen on")
	data := cmd.Flags().String("data", "", "folder that keeps the data (default: a temporary one, removed at the end)")
	limit := cmd.Flags().Int("rate-limit", 0, "calls a minute for each token; 0: no limit")
	life := cmd.Flags().Duration("token-life", time.Hour, "how long a login's token holds")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log, err := newLog(cmd.ErrOrStderr(), "info", "text")
		if err != nil {
			return err
		}
		l, err := listen(*address)
		if err != nil {
			return err
		}
		defer l.Close()
		sandbox, err := octapipe.Open(octapipe.Config{DataPath: *data, Seed: true, RateLimit: *limit, TokenLife: *life, Log: log})
		if err != nil {
			return err
		}
		defer sandbox.Close()
		login := sandbox.Login()
		fmt.Fprintf(cmd.OutOrStdout(), "Octapipe sandbox   %s\nBoards             %s/\nLogin              domain %s, email %s, password %s\nAPI key            %s\n",
			urlOf(l), urlOf(l), login.Domain, login.Email, login.Password, sandbox.AdminToken())
		return serveUntil(cmd.Context(), l, sandbox.Handler(), log, nil)
	}
	return cmd
}
