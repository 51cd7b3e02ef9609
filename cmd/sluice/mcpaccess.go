package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sluice/internal/doctor"
)

// mcpClientCommand is about the programs that connect to MCP servers which people sign in to.
func mcpClientCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{Use: "client", Short: "Enter by hand, list and remove the programs that people sign in"}
	create := &cobra.Command{
		Use: "create NAME", Args: cobra.ExactArgs(1),
		Short:   "Enter a program that asks for a client id; most register themselves",
		Example: "  sluice mcp client create ChatGPT --redirect-uri https://chatgpt.com/connector_platform_oauth_redirect",
	}
	redirects := create.Flags().StringSlice("redirect-uri", nil, "where it has the browser sent back to; given several times for several")
	confidential := create.Flags().Bool("secret", false, "give it a secret too, where it can keep one")
	create.MarkFlagRequired("redirect-uri")
	create.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		b, err := c.do(cmd.Context(), http.MethodPost, "/mcp-client", nil, map[string]any{"name": args[0], "redirect_uris": *redirects, "confidential": *confidential})
		if err != nil {
			return err
		}
		return printMade(cmd, *asJSON, b, "Client %s, whose client id is %s\n", "name", "id")
	}
	cmd.AddCommand(create, listCommand(asJSON, "List the programs", "/mcp-client", nil, "id", "name", "kind", "mcp_server_id", "last_used_at"),
		deleteCommand("Remove a program, and revoke all that was granted to it", func(id string) string { return "/mcp-client/" + url.PathEscape(id) }))
	return cmd
}

// mcpGrantCommand is about what people allowed.
func mcpGrantCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{Use: "grant", Short: "List and revoke what people allowed programs to do at MCP servers"}
	list := listCommand(asJSON, "List what people allowed", "", func(cmd *cobra.Command) (string, url.Values, error) {
		return "/mcp-grant", values(cmd, "mcp-server", "mcp_server_id", "user", "user_id"), nil
	}, "id", "client_name", "user_id", "mcp_server_id", "scopes", "last_used_at")
	list.Flags().String("mcp-server", "", "only of this MCP server")
	list.Flags().String("user", "", "only of this user")
	cmd.AddCommand(list, deleteCommand("Revoke what a person allowed", func(id string) string { return "/mcp-grant/" + url.PathEscape(id) }))
	return cmd
}

// values are query parameters by the flags that set them, as pairs.
func values(cmd *cobra.Command, pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if text, _ := cmd.Flags().GetString(pairs[i]); text != "" {
			v.Set(pairs[i+1], text)
		}
	}
	return v
}

// mcpAttemptsCommand tells how clients' attempts to connect went.
func mcpAttemptsCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "attempts [ID]", Args: cobra.MaximumNArgs(1),
		Short: "Show how clients' attempts to connect went: which step failed or never came, and the mend",
	}
	server := cmd.Flags().String("mcp-server", "", "only at this MCP server")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		if len(args) > 0 {
			b, err := c.do(cmd.Context(), http.MethodGet, "/connection-attempt/"+url.PathEscape(args[0]), nil, nil)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd.OutOrStdout(), b)
			}
			return printAttempt(cmd.OutOrStdout(), b)
		}
		query := url.Values{"limit": {"20"}}
		if *server != "" {
			query.Set("mcp_server_id", *server)
		}
		b, err := c.do(cmd.Context(), http.MethodGet, "/connection-attempt", query, nil)
		if err != nil {
			return err
		}
		var page struct {
			Result []map[string]any `json:"result"`
		}
		if err := json.Unmarshal(b, &page); err != nil {
			return fmt.Errorf("read Sluice's answer: %w", err)
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), page.Result)
		}
		return printTable(cmd.OutOrStdout(), page.Result, "id", "started_at", "client_name", "state", "step", "message")
	}
	return cmd
}

func printAttempt(w io.Writer, b []byte) error {
	var a struct {
		ID, State, Step, Message, Mend string
		Client                         string `json:"client_name"`
		Agent                          string `json:"user_agent"`
		Steps                          []struct {
			Step, At, Fault, Detail string
			Status                  int
		}
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return fmt.Errorf("read Sluice's answer: %w", err)
	}
	fmt.Fprintf(w, "%s: %s (%s)\n%s\n", a.ID, a.State, strings.Join(strings.Fields(a.Client+" "+a.Agent), " "), a.Message)
	if a.Mend != "" {
		fmt.Fprintln(w, a.Mend)
	}
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, s := range a.Steps {
		status := "-"
		if s.Status != 0 {
			status = fmt.Sprint(s.Status)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", s.At, s.Step, status, strings.TrimSpace(s.Fault+" "+s.Detail))
	}
	return t.Flush()
}

// mcpDoctorCommand walks a client's way to a server.
func mcpDoctorCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor URL", Args: cobra.ExactArgs(1),
		Short: "Walk a client's way to an MCP server, and say what stands in it",
		Long: "Walk a client's way to an MCP server, and say what stands in it: the answer, the sign-in, the tools, and what the limits of well-known clients will make of these.\n" +
			"It works for any MCP server, and needs no API token.",
	}
	signIn := cmd.Flags().Bool("sign-in", false, "sign in too: a page opens in the browser")
	access := cmd.Flags().String("access-token", "", "an access token, instead of signing in")
	name := cmd.Flags().String("name", "sluice", "what the server is called in the client")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out := cmd.OutOrStdout()
		o := doctor.Options{URL: args[0], AccessToken: *access, Name: *name}
		if !*asJSON {
			o.Told = func(f doctor.Finding) { printFinding(out, f) }
		}
		if *signIn {
			o.Open = func(address string) error {
				fmt.Fprintf(cmd.ErrOrStderr(), "Sign in at:\n%s\n", address)
				openBrowser(address)
				return nil
			}
		}
		report, err := doctor.Examine(cmd.Context(), o)
		if err != nil {
			return err
		}
		if *asJSON {
			if err := printJSON(out, report); err != nil {
				return err
			}
		}
		if report.Failed() {
			return errors.New("clients will fail at what is marked bad")
		}
		return nil
	}
	return cmd
}

func printFinding(w io.Writer, f doctor.Finding) {
	fmt.Fprintf(w, "%-5s %s: %s\n", f.Level, f.Step, f.Words)
	if f.Mend != "" && f.Level != doctor.Good {
		fmt.Fprintf(w, "      → %s\n", f.Mend)
	}
}

// openBrowser shows an address where there is a screen; where there is none, the address was printed.
func openBrowser(address string) {
	program := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[runtime.GOOS]
	if program == nil {
		program = []string{"xdg-open"}
	}
	if path, err := exec.LookPath(program[0]); err == nil {
		if c := exec.Command(path, append(program[1:], address)...); c.Start() == nil {
			go c.Wait()
		}
	}
}
