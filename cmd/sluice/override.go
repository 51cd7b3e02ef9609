package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"sluice/internal/integration"
)

// putCommand stores a definition's folder on the server.
func putCommand(asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use: "put PATH", Args: cobra.ExactArgs(1),
		Short: "Store a definition's folder as an integration of the environment's own, or as its next version",
		RunE: func(cmd *cobra.Command, args []string) error {
			def, err := integration.Load(os.DirFS(filepath.Clean(args[0])), ".")
			if err != nil {
				return err
			}
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			b, err := c.do(cmd.Context(), http.MethodPut, "/integration/"+url.PathEscape(def.Name), nil, json.RawMessage(def.JSON()))
			if err != nil {
				return err
			}
			return printMade(cmd, *asJSON, b, "Integration %s is stored as version %v, with %v tools\n", "name", "version", "tools")
		},
	}
}

// versionsCommand lists what was stored of an integration.
func versionsCommand(asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use: "versions NAME", Args: cobra.ExactArgs(1),
		Short: "List the versions of an integration of the environment's own; the newest is the one that counts",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := newClient(cmd)
			if err != nil {
				return err
			}
			rows, err := c.list(cmd.Context(), "/integration/"+url.PathEscape(args[0])+"/versions", nil)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			return printTable(cmd.OutOrStdout(), rows, "version", "digest", "created_by", "created_at")
		},
	}
}

// overrideCommand shows and sets what of an integration is different.
func overrideCommand(asJSON *bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "override NAME [FILE]", Args: cobra.RangeArgs(1, 2),
		Short: "Make a part of an integration different for this environment, or for one account; without a file, show what is",
		Long: "A file is YAML or JSON of a definition's own shape, with no more in it than what is to be different. Objects are merged, null takes away what is there\n" +
			"(a method: its tool is hidden), all else takes the place of what was. It lands whole or is refused, with file and line; \"-\" reads standard input.",
		Example: "  sluice integration override octapipe eu.yaml\n  sluice integration override octapipe --account acc_… --remove",
	}
	account := cmd.Flags().String("account", "", "the integrated account that it is for; all of the environment if left out")
	remove := cmd.Flags().Bool("remove", false, "take it back")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *remove && len(args) > 1 {
			return errors.New("give either a file or --remove")
		}
		c, err := newClient(cmd)
		if err != nil {
			return err
		}
		path := "/integration/" + url.PathEscape(args[0]) + "/override"
		if *account != "" {
			path = "/integrated-account/" + url.PathEscape(*account) + "/override"
		}
		switch {
		case *remove:
			if _, err := c.do(cmd.Context(), http.MethodDelete, path, nil, nil); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "Done.")
			return nil
		case len(args) > 1:
			document, err := readFile(cmd.InOrStdin(), args[1])
			if err != nil {
				return err
			}
			b, err := c.do(cmd.Context(), http.MethodPut, path, nil, yamlDocument(document))
			if err != nil {
				return err
			}
			return printMade(cmd, *asJSON, b, "The override of %s is stored as version %v\n", "integration", "version")
		}
		b, err := c.do(cmd.Context(), http.MethodGet, path, nil, nil)
		if err != nil {
			return err
		}
		return printJSON(cmd.OutOrStdout(), b)
	}
	return cmd
}

// readFile reads a file, or what stands for one.
func readFile(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(filepath.Clean(name))
}
