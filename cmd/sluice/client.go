package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// callPatience is how long a command waits for an answer: a little longer than Sluice waits for a vendor's.
const callPatience = 6 * time.Minute

// client speaks to Sluice's REST API.
type client struct {
	base, token string
	http        http.Client

	confirmation string // for a call that a person agreed to, or did not
}

// clientFlags are those of every command that is a client.
func clientFlags(cmd *cobra.Command) (asJSON *bool) {
	cmd.PersistentFlags().String("url", "", "Sluice's address (default: SLUICE_URL, or http://127.0.0.1:8080)")
	cmd.PersistentFlags().String("token", "", "API token (better given as SLUICE_TOKEN)")
	return cmd.PersistentFlags().Bool("json", false, "print JSON")
}

func newClient(cmd *cobra.Command) (*client, error) {
	setting := func(flag, variable, otherwise string) string {
		if value, _ := cmd.Flags().GetString(flag); value != "" {
			return value
		}
		if value := os.Getenv(variable); value != "" {
			return value
		}
		return otherwise
	}
	c := &client{base: strings.TrimSuffix(setting("url", "SLUICE_URL", "http://127.0.0.1:8080"), "/"), token: setting("token", "SLUICE_TOKEN", "")}
	if c.token == "" {
		return nil, errors.New("there is no API token: set SLUICE_TOKEN (`sluice token create --database …` makes the first one)")
	}
	if u, err := url.Parse(c.base); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is no address to ask Sluice at: give a whole one, such as http://127.0.0.1:8080, by SLUICE_URL or --url", c.base)
	}
	c.http.Timeout = callPatience
	return c, nil
}

// yamlDocument is a body that is sent as it is, so that what is wrong with it can be told by its lines.
type yamlDocument []byte

// do sends body as JSON, if there is one, and answers what came back, also where it is an error of the API's: that one's sentence.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body any) (json.RawMessage, error) {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var sent io.Reader
	contentType := "application/json"
	if document, ok := body.(yamlDocument); ok {
		contentType, sent = "application/yaml", bytes.NewReader(document)
	} else if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, sent)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("User-Agent", "sluice-cli")
	r.Header.Set("Sluice-Door", "cli")
	r.Header.Set("Prefer", "return=representation")
	if c.confirmation != "" {
		r.Header.Set("Sluice-Confirmation", c.confirmation)
	}
	if body != nil {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("Sluice at %s does not answer: %w", c.base, err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("read Sluice's answer: %w", err)
	}
	if answer.StatusCode >= 400 {
		var p struct {
			Message      string         `json:"message"`
			Confirmation *neededConfirm `json:"confirmation"`
		}
		if json.Unmarshal(b, &p) != nil || p.Message == "" {
			return nil, fmt.Errorf("Sluice at %s answered %s", c.base, answer.Status)
		}
		if p.Confirmation != nil {
			return nil, p.Confirmation
		}
		return nil, errors.New(p.Message)
	}
	return b, nil
}

// list answers all pages of a list.
func (c *client) list(ctx context.Context, path string, query url.Values) ([]map[string]any, error) {
	if query == nil {
		query = url.Values{}
	}
	var all []map[string]any
	for {
		b, err := c.do(ctx, http.MethodGet, path, query, nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Result []map[string]any `json:"result"`
			Next   *string          `json:"next_cursor"`
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&page); err != nil {
			return nil, fmt.Errorf("read Sluice's answer: %w", err)
		}
		all = append(all, page.Result...)
		if page.Next == nil {
			return all, nil
		}
		query.Set("next_cursor", *page.Next)
	}
}

// printJSON prints a value as one indented document.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printTable prints the named columns of each row; a column may lead into an object by a dot.
func printTable(w io.Writer, rows []map[string]any, columns ...string) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(columns, "\t")))
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, column := range columns {
			var value any = row
			for _, step := range strings.Split(column, ".") {
				object, _ := value.(map[string]any)
				value = object[step]
			}
			switch v := value.(type) {
			case nil:
				cells[i] = "-"
			case string:
				cells[i] = v
			default:
				b, _ := json.Marshal(v)
				cells[i] = string(b)
			}
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// listCommand is a client's command that lists.
func listCommand(asJSON *bool, short, path string, query func(*cobra.Command) (string, url.Values, error), columns ...string) *cobra.Command {
	return &cobra.Command{Use: "list", Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		at, values := path, url.Values(nil)
		if query != nil {
			if at, values, err = query(cmd); err != nil {
				return err
			}
		}
		rows, err := c.list(cmd.Context(), at, values)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), rows)
		}
		return printTable(cmd.OutOrStdout(), rows, columns...)
	}}
}
