package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

func webhookCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "webhook", GroupID: "admin", Short: "Have a back-end told what happens to integrated accounts"}
	asJSON := clientFlags(cmd)
	at := func(id string) string { return "/webhook/" + url.PathEscape(id) }
	create := &cobra.Command{
		Use: "create URL", Args: cobra.ExactArgs(1),
		Short:   "Send events to a URL; what they are signed with is printed this once",
		Example: "  sluice webhook create https://example.com/hooks/sluice --type integrated_account.needs_reauth",
	}
	types := create.Flags().StringArray("type", nil, "a type of event that is wanted; all if left out")
	create.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		body := map[string]any{"url": args[0]}
		if len(*types) > 0 {
			body["types"] = *types
		}
		b, err := c.do(cmd.Context(), http.MethodPost, "/webhook", nil, body)
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, b, "Webhook %s, signed with %s\n", "id", "secret")
	}
	test := &cobra.Command{
		Use: "test ID", Args: cobra.ExactArgs(1),
		Short: "Send a message of the type webhook.test now, and say what was answered",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			b, err := c.do(cmd.Context(), http.MethodPost, at(args[0])+"/test", nil, nil)
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), b)
		},
	}
	rotate := &cobra.Command{
		Use: "rotate-secret ID", Args: cobra.ExactArgs(1),
		Short: "Give a webhook a new secret; the one before signs too for a day",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			b, err := c.do(cmd.Context(), http.MethodPost, at(args[0])+"/rotate-secret", nil, nil)
			if err != nil {
				return err
			}
			return printMade(cmd, *asJSON, b, "Webhook %s, signed with %s\n", "id", "secret")
		},
	}
	events := listCommand(asJSON, "List what happened to integrated accounts in the last 30 days", "/event", nil, "id", "created_at", "type", "integrated_account_id")
	events.Use = "events"
	cmd.AddCommand(create, test, rotate, events,
		listCommand(asJSON, "List webhooks, and what came of their last deliveries", "/webhook", nil, "id", "url", "enabled", "last_delivery_at", "last_status", "last_error"),
		deleteCommand("Delete a webhook", at))
	return cmd
}
