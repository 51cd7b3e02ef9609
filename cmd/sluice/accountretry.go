package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// retryCommand sets an account's retry policy.
func retryCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "retry ID", Args: cobra.ExactArgs(1),
		Short: "Say how often an account's calls are sent again when the vendor's rate limit refuses them; never, unless this says so",
		Long: "An account passes a vendor's rate limit on, and sends nothing again, until it opts into a retry policy. With one, a call that the vendor refused\n" +
			"for its limit is sent again when the vendor said that it may; a call that only reads also where the vendor is unavailable and says until when.",
		Example: "  sluice account retry acc_… --attempts 3 --longest-wait 30\n  sluice account retry acc_… --off",
	}
	attempts := cmd.Flags().Int("attempts", 0, "how often a request is sent at most, 2 to 5")
	wait := cmd.Flags().Int("longest-wait", 30, "the most seconds to wait before one of them, 1 to 120: where the vendor asks for more, its limit is passed on")
	off := cmd.Flags().Bool("off", false, "send nothing again")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var policy any
		switch {
		case *off == (*attempts != 0):
			return errors.New("give either --attempts N, or --off")
		case !*off:
			policy = map[string]int{"attempts": *attempts, "longest_wait": *wait}
		}
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		b, err := c.do(cmd.Context(), http.MethodPatch, "/integrated-account/"+url.PathEscape(args[0]), nil, map[string]any{"settings": map[string]any{"retry": policy}})
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, b, "Integrated account %s keeps the settings %v\n", "id", "settings")
	}
	return cmd
}
