package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
	"sluice/internal/outbound"
	"sluice/internal/toolset"
)

func importCommand() *cobra.Command {
	var out, name string
	cmd := &cobra.Command{
		Use: "import FILE|URL", Args: cobra.ExactArgs(1),
		Short: "Make a definition's folder of an OpenAPI document; needs no server",
		Long: "Makes a definition of an OpenAPI document (3.0, 3.1, 3.2 or Swagger 2.0, JSON or YAML) and writes it as a folder.\n" +
			"The report on standard output says of each operation which tool it became, or why it was left out.\n" +
			"Again into the same folder, it follows the document and keeps what was changed by hand.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return importDocument(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], out, name)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the folder to write (default: one named like the integration, here)")
	cmd.Flags().StringVar(&name, "name", "", "the integration's name, a part of every tool's (default: made of the document's title)")
	return cmd
}

func importDocument(ctx context.Context, stdout, stderr io.Writer, from, out, name string) error {
	opt := openapi.Options{Name: name, Check: func(d *integration.Definition) error {
		_, err := toolset.Compile(d, toolset.Options{})
		return err
	}}
	document, err := readDocument(ctx, from, &opt)
	if err != nil {
		return err
	}
	if out == "" {
		if opt.Name == "" {
			if opt.Name, err = openapi.NameOf(document); err != nil {
				return fmt.Errorf("import %s: %w", from, err)
			}
		}
		out = opt.Name
	}
	def, report, err := openapi.UpdateFolder(document, opt, out)
	if report != nil {
		if err := printReport(stdout, report); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("import %s: %w", from, err)
	}
	fmt.Fprintf(stderr, "%s: %s, %s left out, %s guessed; written to %s.\n", def.Name, counted(len(report.Tools), "tool"), counted(len(report.LeftOut), "operation"), counted(len(report.Guessed), "thing"), out)
	fmt.Fprintf(stderr, "Read it over, then: sluice integration validate %s\n", out)
	return nil
}

// readDocument reads a file, or what a URL answers. Whoever types a URL may name a machine of their own network.
func readDocument(ctx context.Context, from string, opt *openapi.Options) ([]byte, error) {
	if !strings.HasPrefix(from, "http://") && !strings.HasPrefix(from, "https://") {
		info, err := os.Stat(from)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return nil, fmt.Errorf("there is no file %s: give an OpenAPI document, or a URL that begins with https://", from)
		case err != nil:
			return nil, err
		case info.IsDir():
			return nil, fmt.Errorf("%s is a folder: give an OpenAPI document", from)
		case info.Size() > openapi.MaxDocument:
			return nil, fmt.Errorf("%s has %d bytes, more than the %d that a document may have", from, info.Size(), openapi.MaxDocument)
		}
		return os.ReadFile(filepath.Clean(from))
	}
	opt.Source = from
	client := outbound.New(outbound.Options{Policy: outbound.Policy{AllowPrivate: true}})
	defer client.Close()
	response, err := client.Do(ctx, &outbound.Request{Method: http.MethodGet, URL: from, MaxBody: openapi.MaxDocument})
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetch %s: %w", from, err)
	case response.Location != "":
		return nil, fmt.Errorf("%s leads to another server, %s: give that address, if it is the right one", from, response.Location)
	case response.Status != http.StatusOK:
		return nil, fmt.Errorf("%s answered HTTP %d", from, response.Status)
	}
	return response.Body, nil
}

// printReport prints the report as JSON with a line for each operation.
func printReport(w io.Writer, r *openapi.Report) error {
	var b strings.Builder
	lines := func(name string, n int, item func(int) any) {
		fmt.Fprintf(&b, "  %q: [", name)
		for i := range n {
			line, err := json.Marshal(item(i))
			if err != nil {
				panic(err) // texts alone
			}
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("\n    ")
			b.Write(line)
		}
		if n > 0 {
			b.WriteString("\n  ")
		}
		b.WriteByte(']')
	}
	b.WriteString("{\n")
	lines("tools", len(r.Tools), func(i int) any { return r.Tools[i] })
	b.WriteString(",\n")
	lines("left_out", len(r.LeftOut), func(i int) any { return r.LeftOut[i] })
	b.WriteString(",\n")
	lines("guessed", len(r.Guessed), func(i int) any { return r.Guessed[i] })
	b.WriteString(",\n")
	lines("notes", len(r.Notes), func(i int) any { return r.Notes[i] })
	b.WriteString("\n}\n")
	_, err := io.WriteString(w, b.String())
	return err
}
