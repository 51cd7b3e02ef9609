package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func callCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "call TOOL [key=value…] [key:=json…]", GroupID: "admin", Args: cobra.MinimumNArgs(1),
		Short:   "Call a tool of an integrated account",
		Long:    "Call a tool of an integrated account. key=value gives a text (or a number, where the tool wants one), key:=json any JSON.",
		Example: "  sluice call list_all_octapipe_pipelines\n  sluice call list_all_octapipe_pipeline_cards pipeline_uuid=… limit=30",
	}
	asJSON := clientFlags(cmd)
	account := cmd.Flags().String("account", "", "the integrated account's id (needed only where there are several)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		arguments := map[string]json.RawMessage{}
		for _, pair := range args[1:] {
			name, value, ok := strings.Cut(pair, "=")
			if !ok || strings.TrimSuffix(name, ":") == "" {
				return fmt.Errorf("%q is no argument: write key=value, or key:=json", pair)
			}
			if key, isJSON := strings.CutSuffix(name, ":"); isJSON {
				if !json.Valid([]byte(value)) {
					return fmt.Errorf("the value of %s is not JSON", key)
				}
				arguments[key] = json.RawMessage(value)
				continue
			}
			arguments[name], _ = json.Marshal(value)
		}
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		id, err := c.account(cmd, *account)
		if err != nil {
			return err
		}
		b, err := c.do(cmd.Context(), http.MethodPost, "/integrated-account/"+url.PathEscape(id)+"/tools/"+url.PathEscape(args[0]), nil, arguments)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(b)) == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), "Done; the vendor sent nothing back.")
			return nil
		}
		if *asJSON {
			_, err = cmd.OutOrStdout().Write(append(bytes.TrimSpace(b), '\n'))
			return err
		}
		var out bytes.Buffer
		if json.Indent(&out, bytes.TrimSpace(b), "", "  ") != nil {
			out = *bytes.NewBuffer(b)
		}
		out.WriteByte('\n')
		_, err = out.WriteTo(cmd.OutOrStdout())
		return err
	}
	return cmd
}

func logCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "log", GroupID: "admin", Short: "Show recorded calls"}
	asJSON := clientFlags(cmd)
	tool := cmd.PersistentFlags().String("tool", "", "only calls of this tool")
	outcome := cmd.PersistentFlags().String("outcome", "", "only calls that ended so: ok, invalid, refused, rate_limited, unsent, unknown, cancelled, started")
	cmd.AddCommand(listCommand(asJSON, "List recorded calls, newest first", "/log", func(*cobra.Command) (string, url.Values, error) {
		q := url.Values{}
		if *tool != "" {
			q.Set("tool_name", *tool)
		}
		if *outcome != "" {
			q.Set("outcome", *outcome)
		}
		return "/log", q, nil
	}, "started_at", "door", "tool_name", "outcome", "status", "duration_ms", "error"))
	return cmd
}
