package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/environment"
	"sluice/internal/node"
	"sluice/internal/permission"
	"sluice/internal/user"
)

func environmentCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "environment", GroupID: "admin", Short: "Create and list environments, the boundary between tenants"}
	asJSON := clientFlags(cmd)
	create := &cobra.Command{
		Use: "create NAME", Args: cobra.ExactArgs(1),
		Short: "Create an environment and its first API token",
		Long:  "Create an environment and its first API token, which is printed this once.\n\n" + ownDatabaseHelp,
	}
	nodeFlags(create.Flags())
	create.RunE = func(cmd *cobra.Command, args []string) error {
		made := map[string]any{}
		if !ownDatabase(cmd) {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			b, err := c.do(cmd.Context(), http.MethodPost, "/environment", nil, map[string]string{"name": args[0]})
			if err != nil {
				return err
			}
			return printMade(cmd, *asJSON, b, "Environment %s (%s)\n", "name", "id")
		}
		err := withNode(cmd, func(n *node.Node) error {
			e, err := n.Environments.Create(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, text, err := n.Environments.CreateToken(cmd.Context(), e.ID, "First token", "command line", time.Time{})
			made["id"], made["name"], made["token"] = e.ID, e.Name, text
			return err
		})
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, made, "Environment %s (%s)\n", "name", "id")
	}
	cmd.AddCommand(create, listCommand(asJSON, "List the environment of the API token", "/environment", nil, "id", "name", "created_at"), redirectCommand(asJSON))
	return cmd
}

func tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", GroupID: "admin", Short: "Create, list and revoke API tokens"}
	asJSON := clientFlags(cmd)
	create := &cobra.Command{
		Use: "create", Args: cobra.NoArgs,
		Short: "Create an API token, which is printed this once",
		Long:  "Create an API token, which is printed this once.\n\n" + ownDatabaseHelp + "\nThe environment is made too if there is none of its name.",
	}
	nodeFlags(create.Flags())
	name := create.Flags().String("name", "Command line", "what the token is for")
	environmentName := create.Flags().String("environment", "default", "with --database: the environment's name")
	scopes := create.Flags().StringSlice("scope", nil, "a permission that it holds; given several times, or with commas (default: all that you may do yourself)")
	expires := create.Flags().String("expires", "", "when it ends: a time such as 2027-01-31T18:00:00Z (default: never)")
	expiresIn := create.Flags().Duration("expires-in", 0, "how long it holds, such as 720h, in place of --expires")
	create.RunE = func(cmd *cobra.Command, _ []string) error {
		until, err := endOf(*expires, *expiresIn)
		if err != nil {
			return err
		}
		if !ownDatabase(cmd) {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			body := map[string]any{"name": *name}
			if !until.IsZero() {
				body["expires_at"] = until.UTC().Format(time.RFC3339)
			}
			if len(*scopes) > 0 {
				body["scopes"] = *scopes
			}
			b, err := c.do(cmd.Context(), http.MethodPost, "/api-token", nil, body)
			if err != nil {
				return err
			}
			return printMade(cmd, *asJSON, b, "API token %s (%s)\n", "name", "id")
		}
		holds := permission.Everything
		if len(*scopes) > 0 {
			if holds, err = permission.Parse(*scopes); err != nil {
				return fmt.Errorf("--scope %w", err)
			}
		}
		made := map[string]any{}
		err = withNode(cmd, func(n *node.Node) error {
			e, err := environmentNamed(cmd.Context(), n, *environmentName)
			if err != nil {
				return err
			}
			t, text, err := n.Environments.IssueToken(cmd.Context(), environment.TokenDraft{
				Environment: e.ID, Name: *name, Scopes: holds, CreatedBy: user.Operator.ID, ExpiresAt: until,
			})
			if err != nil {
				return err
			}
			made["id"], made["name"], made["environment"], made["scopes"], made["token"] = t.ID, t.Name, e.ID, t.Scopes.Names(), text
			return nil
		})
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, made, "API token %s (%s)\n", "name", "id")
	}
	cmd.AddCommand(create,
		listCommand(asJSON, "List API tokens", "/api-token", nil, "id", "name", "prefix", "user_id", "scopes", "expires_at", "last_used_at"),
		deleteCommand("Revoke an API token", func(id string) string { return "/api-token/" + id }))
	return cmd
}

// environmentNamed is the environment of that name, made where there is none.
func environmentNamed(ctx context.Context, n *node.Node, name string) (*environment.Environment, error) {
	e, err := n.Environments.ByName(ctx, name)
	if errors.Is(err, environment.ErrNotFound) {
		e, err = n.Environments.Create(ctx, name)
	}
	return e, err
}

// endOf reads when something is to end; the zero time is never.
func endOf(at string, in time.Duration) (time.Time, error) {
	switch {
	case at != "" && in != 0:
		return time.Time{}, errors.New("give --expires or --expires-in, not both")
	case in > 0:
		return time.Now().Add(in), nil
	case at == "":
		return time.Time{}, nil
	}
	end, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return end, fmt.Errorf("--expires %q is no time: write it such as 2027-01-31T18:00:00Z", at)
	}
	return end, nil
}

// ownDatabase reports whether a command opens the database itself: because it is told where that is, or because whoever calls it is where Sluice's settings
// are, and says nothing of a Sluice to ask.
func ownDatabase(cmd *cobra.Command) bool {
	if cmd.Flags().Changed("database") || cmd.Flags().Changed("config") {
		return true
	}
	if cmd.Flags().Changed("url") || cmd.Flags().Changed("token") || os.Getenv("SLUICE_URL") != "" || os.Getenv("SLUICE_TOKEN") != "" {
		return false
	}
	return os.Getenv("SLUICE_DATABASE") != "" || os.Getenv("SLUICE_CONFIG") != ""
}

const ownDatabaseHelp = "With --database or --config it opens the database itself: that is how the first one is made. So it does where SLUICE_DATABASE or SLUICE_CONFIG\n" +
	"is set, and neither SLUICE_URL nor SLUICE_TOKEN is."

// withNode opens the installation for one piece of work, and makes one where there is none.
func withNode(cmd *cobra.Command, do func(*node.Node) error) error {
	return openNode(cmd, false, do)
}

// withExistingNode is withNode for work on what is there: a path that is mistyped makes no new installation.
func withExistingNode(cmd *cobra.Command, do func(*node.Node) error) error {
	return openNode(cmd, true, do)
}

func openNode(cmd *cobra.Command, existing bool, do func(*node.Node) error) error {
	s, err := readSettings(cmd)
	if err != nil {
		return err
	}
	s.Existing = existing
	n, err := node.Open(cmd.Context(), s.Settings)
	if err != nil {
		return err
	}
	defer n.Close()
	return do(n)
}

// deleteCommand is a client's command that deletes by id.
func deleteCommand(short string, path func(id string) string) *cobra.Command {
	return &cobra.Command{Use: "delete ID", Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		answer, err := c.do(cmd.Context(), http.MethodDelete, path(args[0]), nil, nil)
		if err != nil {
			return err
		}
		var said struct {
			Message string `json:"message"`
		}
		_ = json.Unmarshal(answer, &said) // most deletions have nothing to say
		fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace("Done. "+said.Message))
		return nil
	}}
}
