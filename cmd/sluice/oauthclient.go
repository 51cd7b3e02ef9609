package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/spf13/cobra"
)

// oauthClientCommand keeps the OAuth clients that the environment registered with vendors.
func oauthClientCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{Use: "oauth-client", Short: "Set, show and remove the OAuth client that the environment registered with a vendor"}
	path := func(name string) string { return "/integration/" + url.PathEscape(name) + "/oauth-client" }
	show := func(cmd *cobra.Command, answer json.RawMessage) error {
		return printMade(cmd, *asJSON, answer, "OAuth client %s for %s; registered there with the redirect URI %s\n", "client_id", "integration", "redirect_uri")
	}
	set := &cobra.Command{
		Use: "set INTEGRATION", Args: cobra.ExactArgs(1),
		Short:   "Give the client's id and secret; the secret is asked for, and never shown again",
		Example: "  sluice integration oauth-client set shipyard --client-id 1234\n  sluice integration oauth-client set shipyard --client-id 1234 --client-secret @secret.txt",
	}
	id := set.Flags().String("client-id", "", "the client's id at the vendor")
	secret := set.Flags().String("client-secret", "", "@file, or - for standard input (default: asked for)")
	server := set.Flags().String("authorization-server", "", "https://host of the only server that the secret goes to; needed where each account has an address of its own")
	public := set.Flags().Bool("public", false, "the client has no secret")
	set.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		if *id == "" {
			return fmt.Errorf("--client-id is needed: the vendor shows it where the application is registered")
		}
		text := ""
		switch {
		case *public && *secret != "":
			return fmt.Errorf("give either --client-secret or --public")
		case !*public:
			if text, err = clientSecret(cmd, *secret, "--public where there is none"); err != nil {
				return err
			}
		}
		b, err := c.do(cmd.Context(), http.MethodPut, path(args[0]), nil, map[string]string{"client_id": *id, "client_secret": text, "authorization_server": *server})
		if err != nil {
			return err
		}
		return show(cmd, b)
	}
	get := &cobra.Command{Use: "show INTEGRATION", Args: cobra.ExactArgs(1), Short: "Show the client, but for its secret", RunE: func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		b, err := c.do(cmd.Context(), http.MethodGet, path(args[0]), nil, nil)
		if err != nil {
			return err
		}
		return show(cmd, b)
	}}
	remove := &cobra.Command{Use: "remove INTEGRATION", Args: cobra.ExactArgs(1), Short: "Forget the client; accounts that need it end with their tokens", RunE: func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		_, err = c.do(cmd.Context(), http.MethodDelete, path(args[0]), nil, nil)
		return err
	}}
	cmd.AddCommand(set, get, remove)
	return cmd
}

// redirectCommand keeps the pages that links may lead to when they are done.
func redirectCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{Use: "redirect-uri", Short: "List, add and remove the pages that links may lead to when they are done"}
	// change applies a change to the list and prints what it is then.
	change := func(f func(list []string, uri string) ([]string, error)) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			environments, err := c.list(cmd.Context(), "/environment", nil)
			if err != nil {
				return err
			}
			path := fmt.Sprintf("/environment/%v/redirect-uris", environments[0]["id"])
			b, err := c.do(cmd.Context(), http.MethodGet, path, nil, nil)
			if err != nil {
				return err
			}
			var now struct {
				URIs []string `json:"redirect_uris"`
			}
			if err := json.Unmarshal(b, &now); err != nil {
				return fmt.Errorf("read Sluice's answer: %w", err)
			}
			if f != nil {
				if now.URIs, err = f(now.URIs, args[0]); err != nil {
					return err
				}
				if b, err = c.do(cmd.Context(), http.MethodPut, path, nil, now); err != nil {
					return err
				}
			}
			if *asJSON {
				return printJSON(cmd.OutOrStdout(), json.RawMessage(b))
			}
			for _, uri := range now.URIs {
				fmt.Fprintln(cmd.OutOrStdout(), uri)
			}
			return nil
		}
	}
	cmd.AddCommand(
		&cobra.Command{Use: "list", Args: cobra.NoArgs, Short: "List the pages", RunE: change(nil)},
		&cobra.Command{Use: "add URI", Args: cobra.ExactArgs(1), Short: "Add a page", RunE: change(func(list []string, uri string) ([]string, error) {
			if slices.Contains(list, uri) {
				return list, nil
			}
			return append(list, uri), nil
		})},
		&cobra.Command{Use: "remove URI", Args: cobra.ExactArgs(1), Short: "Remove a page", RunE: change(func(list []string, uri string) ([]string, error) {
			i := slices.Index(list, uri)
			if i < 0 {
				return nil, fmt.Errorf("%s is not on the list", uri)
			}
			return slices.Delete(list, i, i+1), nil
		})},
	)
	return cmd
}

// clientSecret is the secret of an OAuth client: as --client-secret says, or asked for. other is the flag for whoever has none to give.
func clientSecret(cmd *cobra.Command, given, other string) (string, error) {
	switch p := newPrompter(cmd); {
	case given != "":
		return value(cmd, given)
	case p.present():
		return p.secret("Client secret")
	}
	return "", fmt.Errorf("there is no terminal to ask for the secret on: give --client-secret @file, or %s", other)
}
