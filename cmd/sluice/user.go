package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sluice/internal/node"
	"sluice/internal/permission"
	"sluice/internal/user"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", GroupID: "admin", Short: "Create, invite, change and remove the people who sign in"}
	asJSON := clientFlags(cmd)
	cmd.AddCommand(
		userCreateCommand(asJSON), userInviteCommand(asJSON), userPasswordLinkCommand(asJSON), userUpdateCommand(asJSON),
		listCommand(asJSON, "List the environment's users", "/user", nil, "id", "email", "name", "role", "last_sign_in_at"),
		listInvitationsCommand(asJSON), userProviderCommand(asJSON),
		deleteCommand("Remove a user, with their sessions and API tokens", func(id string) string { return "/user/" + id }),
	)
	return cmd
}

func userCreateCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "create EMAIL", Args: cobra.ExactArgs(1),
		Short: "Create a user where the database is: so the first owner is made",
		Long: "Create a user where the database is: so the first owner is made. The link that is printed chooses their password, once; or give one by --password-stdin.\n" +
			"From elsewhere, people are let in by an invitation: `sluice user invite`.",
	}
	nodeFlags(cmd.Flags())
	owner := cmd.Flags().Bool("owner", false, "make them an owner: short for --role owner")
	role := cmd.Flags().String("role", string(permission.Member), "owner, admin, member or viewer")
	name := cmd.Flags().String("name", "", "what they are called (default: made of the address)")
	environmentName := cmd.Flags().String("environment", "default", "the environment's name; it is made too if there is none of it")
	fromInput := cmd.Flags().Bool("password-stdin", false, "read the password from standard input")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *owner && cmd.Flags().Changed("role") && *role != string(permission.Owner) {
			return fmt.Errorf("--owner and --role %s contradict each other: give one of them", *role)
		}
		d := user.Draft{Email: args[0], Name: *name, Role: permission.Role(*role)}
		if *owner {
			d.Role = permission.Owner
		}
		if *fromInput {
			line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("read the password: %w", err)
			}
			if d.Password = strings.TrimRight(line, "\r\n"); d.Password == "" {
				return errors.New("standard input holds no password")
			}
		}
		made := map[string]any{}
		err := withNode(cmd, func(n *node.Node) error {
			e, err := environmentNamed(cmd.Context(), n, *environmentName)
			if err != nil {
				return err
			}
			d.Environment = e.ID
			u, err := n.Users.Create(cmd.Context(), d, user.Operator)
			if err != nil {
				return err
			}
			made["id"], made["email"], made["role"], made["environment"] = u.ID, u.Email, string(u.Role), e.ID
			if d.Password != "" {
				return nil
			}
			made["url"], err = passwordLink(cmd, n, u)
			return err
		})
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, made, "%s (%s) is a user of the role %s.\n", "email", "id", "role")
	}
	return cmd
}

// passwordLink makes a link at the address under which this installation is reached or, where no setting tells that, at the one that it listens on.
func passwordLink(cmd *cobra.Command, n *node.Node, u *user.User) (string, error) {
	token, _, err := n.Users.NewLink(cmd.Context(), u.Environment, u.ID, user.PasswordLink, user.PasswordLinkLife, user.Operator)
	if err != nil {
		return "", err
	}
	link := n.SignIn.PasswordURL(token)
	if n.Settings.PublicURL == "" {
		listen, _ := cmd.Flags().GetString("listen")
		link = "http://" + cmp.Or(os.Getenv("SLUICE_LISTEN"), listen) + link
	}
	return link, nil
}

func userInviteCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{Use: "invite EMAIL", Args: cobra.ExactArgs(1), Short: "Invite somebody by a link, which holds for a week and works once"}
	role := cmd.Flags().String("role", string(permission.Member), "owner, admin, member or viewer")
	name := cmd.Flags().String("name", "", "what they are called")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		body := map[string]any{"email": args[0], "role": *role}
		if *name != "" {
			body["name"] = *name
		}
		b, err := c.do(cmd.Context(), http.MethodPost, "/user-invitation", nil, body)
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, b, "%s is invited as %s. Send them this link:\n", "email", "role")
	}
	return cmd
}

func userPasswordLinkCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "password-link ID|EMAIL", Args: cobra.ExactArgs(1),
		Short: "Make a link by which a user chooses another password, once",
		Long:  "Make a link by which a user chooses another password, once.\n\n" + ownDatabaseHelp + "\nThere it wants the email address, and is the way back in for an owner who has lost the password.",
	}
	nodeFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !ownDatabase(cmd) {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			id, err := c.userID(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			b, err := c.do(cmd.Context(), http.MethodPost, "/user/"+id+"/password-link", nil, nil)
			if err != nil {
				return err
			}
			return printMade(cmd, *asJSON, b, "")
		}
		made := map[string]any{}
		err := withNode(cmd, func(n *node.Node) error {
			u, err := n.Users.ByEmail(cmd.Context(), args[0])
			if errors.Is(err, user.ErrNotFound) {
				return fmt.Errorf("there is no user with the address %s", args[0])
			}
			if err != nil {
				return err
			}
			made["url"], err = passwordLink(cmd, n, u)
			return err
		})
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, made, "")
	}
	return cmd
}

func userUpdateCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{Use: "update ID|EMAIL", Args: cobra.ExactArgs(1), Short: "Change a user's role or name"}
	role := cmd.Flags().String("role", "", "owner, admin, member or viewer")
	name := cmd.Flags().String("name", "", "what they are called")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body := map[string]any{}
		if cmd.Flags().Changed("role") {
			body["role"] = *role
		}
		if cmd.Flags().Changed("name") {
			body["name"] = *name
		}
		if len(body) == 0 {
			return errors.New("say what to change: --role or --name")
		}
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		id, err := c.userID(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		b, err := c.do(cmd.Context(), http.MethodPatch, "/user/"+id, nil, body)
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, b, "%s (%s) is a user of the role %s.\n", "email", "id", "role")
	}
	return cmd
}

func listInvitationsCommand(asJSON *bool) *cobra.Command {
	cmd := listCommand(asJSON, "List invitations that nobody has accepted yet", "/user-invitation", nil, "id", "email", "role", "created_by", "expires_at")
	cmd.Use = "invitations"
	return cmd
}

// userID is a user's id, where the address was given.
func (c *client) userID(ctx context.Context, given string) (string, error) {
	if !strings.Contains(given, "@") {
		return given, nil
	}
	users, err := c.list(ctx, "/user", nil)
	if err != nil {
		return "", err
	}
	for _, u := range users {
		if email, _ := u["email"].(string); strings.EqualFold(email, given) {
			return u["id"].(string), nil
		}
	}
	return "", fmt.Errorf("there is no user with the address %s in this environment", given)
}
