package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

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
		if os.Getenv("GOGC") == "" {
			// What lives long is a few megabytes, so that the default would collect dozens of times a second under load.
			debug.SetGCPercent(200)
		}
		l, err := listen(s.Listen)
		if err != nil {
			return err
		}
		defer l.Close()
		if s.PublicURL == "" {
			s.PublicURL = urlOf(l)
		}
		var metrics net.Listener
		if s.Metrics != "" {
			if metrics, err = listen(s.Metrics); err != nil {
				return err
			}
			defer metrics.Close()
		}
		n, err := node.Open(cmd.Context(), s.Settings)
		if err != nil {
			return err
		}
		defer n.Close()
		if err := n.Store.ServeAlone(); err != nil {
			return err
		}
		if err := welcome(cmd.Context(), n, s); err != nil {
			return err
		}
		serving, ctx := errgroup.WithContext(cmd.Context())
		if metrics != nil {
			mux := http.NewServeMux()
			mux.Handle("GET /metrics", n.Metrics())
			serving.Go(func() error { return serveUntil(ctx, metrics, mux, s.Log, nil) })
			s.Log.Info("metrics", "url", urlOf(metrics)+"/metrics")
		}
		serving.Go(func() error { return serveUntil(ctx, l, n.Handler(), s.Log, n.Drain) })
		s.Log.Info("listening", "address", l.Addr().String(), "public_url", s.PublicURL, "version", s.Version)
		return serving.Wait()
	}
	return cmd
}

// welcome says what to do with a database that is new: without a first owner or API token nobody can do anything. The address holds the code without which
// no stranger becomes the owner.
func welcome(ctx context.Context, n *node.Node, s *settings) error {
	users, err := n.Users.Count(ctx)
	if err != nil {
		return err
	}
	if users == 0 {
		start, err := n.SignIn.StartURL()
		if err != nil {
			return err
		}
		s.Log.Info("there is no user yet", "next", start)
	}
	environments, _, err := n.Environments.List(ctx, "", 1)
	if err != nil || len(environments) > 0 {
		return err
	}
	database := s.Database
	if strings.Contains(database, "://") { // which may hold a password
		database = "postgres://…"
	}
	s.Log.Info("there is no API token yet", "next", "sluice token create --database "+database)
	return nil
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
