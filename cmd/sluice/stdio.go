package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"sluice/internal/stdio"
)

func stdioCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "stdio URL", GroupID: "run", Args: cobra.ExactArgs(1),
		Short: "Bridge an MCP server's URL to stdin and stdout, for clients that only start programs",
	}
	headers := cmd.Flags().StringArrayP("header", "H", nil, `sent with each request: "Authorization: Bearer …"`)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		sent := http.Header{}
		for _, h := range *headers {
			name, value, ok := strings.Cut(h, ":")
			if !ok || strings.TrimSpace(name) == "" {
				return fmt.Errorf("--header is %q; write it as \"Name: value\"", name)
			}
			sent.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
		return stdio.Run(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr(), stdio.Options{Header: sent})
	}
	return cmd
}
