package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func accountCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "account", GroupID: "admin", Short: "Connect, list and delete integrated accounts"}
	asJSON := clientFlags(cmd)
	add := &cobra.Command{
		Use: "add INTEGRATION", Args: cobra.ExactArgs(1),
		Short:   "Connect an account; its credentials are proven with the vendor first",
		Example: "  sluice account add octapipe -c domain=acme -c email=ann@acme.example -c password=@password.txt",
	}
	credentials := add.Flags().StringArrayP("credential", "c", nil, "name=value of a field that the integration asks for; name=@file reads a file, name=- standard input")
	context := add.Flags().StringArray("context", nil, "name=value of what is not secret: base_url=https://…")
	name := add.Flags().String("name", "", "what to call the account")
	tenant := add.Flags().String("tenant", "", "whose account it is, in your own words")
	add.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		body := map[string]any{"integration": args[0]}
		if *name != "" {
			body["name"] = *name
		}
		if *tenant != "" {
			body["tenant_id"] = *tenant
		}
		if body["credentials"], err = credentialPairs(cmd, *credentials); err != nil {
			return err
		}
		if body["context"], err = pairs("--context", *context); err != nil {
			return err
		}
		b, err := c.do(cmd.Context(), http.MethodPost, "/integrated-account", nil, body)
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, b, "Integrated account %s is %s\n", "id", "status")
	}
	cmd.AddCommand(add, retryCommand(asJSON),
		listCommand(asJSON, "List integrated accounts", "/integrated-account", nil, "id", "name", "integration.name", "status", "tenant_id"),
		deleteCommand("Delete an integrated account and the MCP servers on it", func(id string) string { return "/integrated-account/" + url.PathEscape(id) }))
	return cmd
}

func mcpCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "mcp", GroupID: "admin", Short: "Create, list and revoke MCP servers"}
	asJSON := clientFlags(cmd)
	account := cmd.PersistentFlags().String("account", "", "the integrated account's id (needed only where there are several)")
	create := &cobra.Command{
		Use: "create [NAME]", Args: cobra.MaximumNArgs(1),
		Short:   "Create an MCP server; its URL is printed this once",
		Example: "  sluice mcp create \"Read only\" --methods read --tags pipelines --expires-at 2027-01-31T18:00:00Z",
	}
	methods := create.Flags().StringSlice("methods", nil, "groups (read, write, custom) or names of methods; all if left out")
	tags := create.Flags().StringSlice("tags", nil, "tags of tools; all if left out")
	expires := create.Flags().String("expires-at", "", "until when it works, in RFC 3339")
	locked := create.Flags().Bool("require-api-token", false, "the URL alone is then not enough: clients send an API token too")
	structured := create.Flags().Bool("structured-output", false, "answers carry structuredContent")
	confirm := create.Flags().String("confirm", "", "which calls ask a person first: never, destructive (those that delete) or writes (those that change anything)")
	auth := create.Flags().String("auth", "", "oauth: a URL without a secret, to which people sign in (default: a secret URL)")
	config := create.Flags().String("config", "", "the whole config as JSON, instead of the flags above")
	create.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		id, err := c.account(cmd, *account)
		if err != nil {
			return err
		}
		body, settings := map[string]any{}, map[string]any{}
		if len(args) > 0 {
			body["name"] = args[0]
		}
		if *expires != "" {
			body["expires_at"] = *expires
		}
		if len(*methods) > 0 {
			settings["methods"] = *methods
		}
		if len(*tags) > 0 {
			settings["tags"] = *tags
		}
		if *locked {
			settings["require_api_token_auth"] = true
		}
		if *structured {
			settings["structured_output"] = true
		}
		if *auth != "" {
			settings["auth"] = *auth
		}
		if *confirm != "" {
			settings["confirm"] = *confirm
		}
		switch {
		case *config != "" && len(settings) > 0:
			return fmt.Errorf("give either --config or the flags that make one up")
		case *config != "":
			if !json.Valid([]byte(*config)) {
				return fmt.Errorf("--config is not JSON")
			}
			body["config"] = json.RawMessage(*config)
		case len(settings) > 0:
			body["config"] = settings
		}
		b, err := c.do(cmd.Context(), http.MethodPost, "/integrated-account/"+url.PathEscape(id)+"/mcp", nil, body)
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, b, "MCP server %s (%s)\n", "name", "id")
	}
	ofAccount := func(cmd *cobra.Command) (string, url.Values, error) {
		c, err := newClient(cmd)
		if err != nil {
			return "", nil, err
		}
		id, err := c.account(cmd, *account)
		return "/integrated-account/" + url.PathEscape(id) + "/mcp", nil, err
	}
	remove := deleteCommand("Revoke an MCP server", nil)
	remove.RunE = func(cmd *cobra.Command, args []string) error {
		path, _, err := ofAccount(cmd)
		if err != nil {
			return err
		}
		return deleteCommand("", func(id string) string { return path + "/" + url.PathEscape(id) }).RunE(cmd, args)
	}
	cmd.AddCommand(create, listCommand(asJSON, "List MCP servers", "", ofAccount, "id", "name", "config", "expires_at"), remove,
		mcpClientCommand(asJSON), mcpGrantCommand(asJSON), mcpAttemptsCommand(asJSON), mcpDoctorCommand(asJSON))
	return cmd
}

// account is the account that a command means: the one it names, or the only one there is.
func (c *client) account(cmd *cobra.Command, id string) (string, error) {
	if id != "" {
		return id, nil
	}
	accounts, err := c.list(cmd.Context(), "/integrated-account", nil)
	if err != nil {
		return "", err
	}
	if len(accounts) == 1 {
		return fmt.Sprint(accounts[0]["id"]), nil
	}
	if len(accounts) == 0 {
		return "", fmt.Errorf("there is no integrated account yet: `sluice connect` connects one")
	}
	return "", fmt.Errorf("there are %d integrated accounts: say which by --account ID; `sluice account list` shows them", len(accounts))
}

// pairs reads name=value texts.
func pairs(flag string, given []string) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%s wants name=value", flag) // the value may be a secret, so it is not repeated
		}
		values[name] = value
	}
	return values, nil
}

// printMade tells what was made, and what of it is shown only now.
func printMade(cmd *cobra.Command, asJSON bool, made any, format string, members ...string) error {
	if raw, ok := made.(json.RawMessage); ok {
		var object map[string]any
		if err := json.Unmarshal(raw, &object); err != nil {
			return fmt.Errorf("read Sluice's answer: %w", err)
		}
		made = object
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), made)
	}
	object := made.(map[string]any)
	values := make([]any, len(members))
	for i, member := range members {
		values[i] = object[member]
	}
	fmt.Fprintf(cmd.OutOrStdout(), format, values...)
	if config, ok := object["config"].(map[string]any); ok && config["auth"] != nil { // people sign in there, so the URL is no secret
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n", object["url"])
		return nil
	}
	for _, once := range []string{"url", "token", "client_secret"} {
		if object[once] != nil {
			fmt.Fprintf(cmd.OutOrStdout(), "%s (shown this once)\n", object[once])
			break
		}
	}
	return nil
}
