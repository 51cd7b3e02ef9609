package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func callCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "call TOOL [key=value…] [key:=json…]", GroupID: "admin", Args: cobra.MinimumNArgs(1),
		Short: "Call a tool of an integrated account, or of an MCP server",
		Long: "Call a tool of an integrated account, or with --mcp of an MCP server (with --token, if that server asks for an API token).\n\n" +
			"key=value gives a text, or what the tool wants that the text says (limit=30, filters='[…]'); key:=json gives that JSON.\n\n" +
			"Where the account or the MCP server asks a person before it deletes or changes, the question is put here, on a terminal; --yes agrees beforehand.",
		Example: "  sluice call list_all_octapipe_pipelines\n  sluice call list_all_octapipe_pipeline_cards pipeline_uuid=… limit=30",
	}
	asJSON := clientFlags(cmd)
	account := cmd.Flags().String("account", "", "the integrated account's id (needed only where there are several)")
	server := cmd.Flags().String("mcp", "", "an MCP server's URL: call its tool, as an MCP client would")
	yes := cmd.Flags().BoolP("yes", "y", false, "agree beforehand where the call asks a person first")
	cmd.MarkFlagsMutuallyExclusive("account", "mcp")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		arguments, err := toolArguments(args[1:])
		if err != nil {
			return err
		}
		var b []byte
		if *server != "" {
			b, err = callServer(cmd, whoIsAt(cmd, *yes), *server, args[0], arguments)
		} else {
			b, err = callAccount(cmd, whoIsAt(cmd, *yes), *account, args[0], arguments)
		}
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

// toolArguments reads key=value and key:=json.
func toolArguments(given []string) (map[string]json.RawMessage, error) {
	arguments := map[string]json.RawMessage{}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		key, isJSON := strings.CutSuffix(name, ":")
		switch {
		case !ok || key == "":
			return nil, fmt.Errorf("%q is no argument: write key=value, or key:=json", pair)
		case arguments[key] != nil:
			return nil, fmt.Errorf("%s is given twice; a list is one argument: %s:='[…]'", key, key)
		case isJSON && !json.Valid([]byte(value)):
			return nil, fmt.Errorf("the value of %s is not JSON", key)
		case isJSON:
			arguments[key] = json.RawMessage(value)
		default:
			text, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			arguments[key] = text
		}
	}
	return arguments, nil
}

// callAccount calls a tool of an integrated account over the REST API.
func callAccount(cmd *cobra.Command, p *person, account, tool string, arguments map[string]json.RawMessage) ([]byte, error) {
	c, err := newClient(cmd)
	if err != nil {
		return nil, err
	}
	id, err := c.account(cmd, account)
	if err != nil {
		return nil, err
	}
	call := func() ([]byte, error) {
		return c.do(cmd.Context(), http.MethodPost, "/integrated-account/"+url.PathEscape(id)+"/tools/"+url.PathEscape(tool), nil, arguments)
	}
	for range mostQuestions {
		b, err := call()
		needed, ok := errors.AsType[*neededConfirm](err)
		if !ok {
			return b, err
		}
		agrees, err := p.agrees(needed.Question)
		if err != nil {
			return nil, err
		}
		c.confirmation = needed.Token
		if !agrees {
			c.confirmation += ";declined" // for the log; it answers that nothing was sent
		}
	}
	return nil, errChangesAllTheTime
}

func logCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "log", GroupID: "admin", Short: "Show recorded calls"}
	asJSON := clientFlags(cmd)
	tool := cmd.PersistentFlags().String("tool", "", "only calls of this tool")
	outcome := cmd.PersistentFlags().String("outcome", "", "only calls that ended so: ok, invalid, refused, rate_limited, unsent, unknown, cancelled, asked, declined, started")
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
