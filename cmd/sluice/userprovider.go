package main

import (
	"encoding/json"
	"net/http"

	"github.com/spf13/cobra"
)

// userProviderCommand keeps the OpenID provider by which the environment's people sign in.
func userProviderCommand(asJSON *bool) *cobra.Command {
	const path = "/openid-provider"
	cmd := &cobra.Command{Use: "provider", Short: "Set, show and remove the OpenID provider by which people sign in"}
	show := func(cmd *cobra.Command, answer json.RawMessage) error {
		return printMade(cmd, *asJSON, answer, "%s (%s): people of %v sign in by it, passwords switched off: %v\n", "label", "issuer", "domains", "required")
	}
	set := &cobra.Command{
		Use: "set", Args: cobra.NoArgs,
		Short: "Set the provider, in place of the one before; its secret is asked for, and never shown again",
		Example: "  sluice user provider set --issuer https://login.example.com --client-id 1234 --domain example.com --role viewer\n" +
			"  sluice user provider set --issuer https://login.example.com --client-id 1234 --client-secret @secret.txt --domain example.com,example.org",
	}
	label := set.Flags().String("label", "", "what people call it (default: the issuer's host)")
	issuer := set.Flags().String("issuer", "", "its URL, as its tokens name it")
	id := set.Flags().String("client-id", "", "the client's id there")
	secret := set.Flags().String("client-secret", "", "@file, or - for standard input (default: asked for)")
	keep := set.Flags().Bool("keep-secret", false, "the one of before stays")
	domains := set.Flags().StringSlice("domain", nil, "whose email addresses it speaks for; may be given several times")
	role := set.Flags().String("role", "", "of whoever signs in the first time: owner, admin, member or viewer (default: only who was invited)")
	required := set.Flags().Bool("required", false, "switch passwords off, but for owners")
	set.MarkFlagsMutuallyExclusive("client-secret", "keep-secret")
	for _, name := range []string{"issuer", "client-id", "domain"} {
		_ = set.MarkFlagRequired(name)
	}
	set.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		body := map[string]any{"label": *label, "issuer": *issuer, "client_id": *id, "domains": *domains, "required": *required}
		if *role != "" {
			body["role"] = *role
		}
		if !*keep {
			if body["client_secret"], err = clientSecret(cmd, *secret, "--keep-secret for the one of before"); err != nil {
				return err
			}
		}
		b, err := c.do(cmd.Context(), http.MethodPut, path, nil, body)
		if err != nil {
			return err
		}
		return show(cmd, b)
	}
	ask := func(method string, then func(*cobra.Command, json.RawMessage) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, _ []string) error {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			b, err := c.do(cmd.Context(), method, path, nil, nil)
			if err != nil {
				return err
			}
			return then(cmd, b)
		}
	}
	cmd.AddCommand(set,
		&cobra.Command{Use: "show", Args: cobra.NoArgs, Short: "Show the provider, but for its secret", RunE: ask(http.MethodGet, show)},
		&cobra.Command{Use: "remove", Args: cobra.NoArgs, Short: "Let nobody sign in by a provider any more", RunE: ask(http.MethodDelete, func(*cobra.Command, json.RawMessage) error { return nil })},
	)
	return cmd
}
