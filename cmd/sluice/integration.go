package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sluice/integrations"
	"sluice/internal/integration"
	"sluice/internal/toolset"
)

func integrationCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "integration", GroupID: "admin", Short: "List and check integrations, and describe their tools"}
	asJSON := clientFlags(cmd)
	cmd.AddCommand(
		importCommand(),
		listCommand(asJSON, "List integrations", "/integration", nil, "name", "label", "tools", "stored", "version"),
		&cobra.Command{
			Use: "validate PATH", Args: cobra.ExactArgs(1),
			Short: "Check a definition's folder; needs no server",
			RunE:  func(cmd *cobra.Command, args []string) error { return validate(cmd.OutOrStdout(), args[0]) },
		},
		&cobra.Command{
			Use: "docs NAME|PATH", Args: cobra.ExactArgs(1),
			Short: "Print the tools of a built-in integration, or of a definition's folder, as Markdown; needs no server",
			RunE:  func(cmd *cobra.Command, args []string) error { return inventory(cmd.OutOrStdout(), args[0]) },
		},
		schemaCommand(), tryCommand(), putCommand(asJSON), versionsCommand(asJSON), overrideCommand(asJSON), oauthClientCommand(asJSON),
	)
	return cmd
}

// schemaCommand prints what editors complete a definition by.
func schemaCommand() *cobra.Command {
	docs, markdown := false, false
	cmd := &cobra.Command{
		Use: "schema", Args: cobra.NoArgs,
		Short: "Print the JSON Schema of integration.yaml, for editors; needs no server",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if markdown {
				page, err := formatPage()
				if err == nil {
					_, err = io.WriteString(cmd.OutOrStdout(), page)
				}
				return err
			}
			schema := integration.Schema()
			if docs {
				schema = integration.DocsSchema()
			}
			_, err := cmd.OutOrStdout().Write(schema)
			return err
		},
	}
	cmd.Flags().BoolVar(&docs, "docs", false, "that of a file in docs/ instead")
	cmd.Flags().BoolVar(&markdown, "markdown", false, "both as a page for people instead")
	cmd.MarkFlagsMutuallyExclusive("docs", "markdown")
	return cmd
}

// validate reports every fault of a definition, each with its file and line.
func validate(w io.Writer, path string) error {
	folder := filepath.Clean(path)
	def, faults := integration.Validate(os.DirFS(folder), ".")
	for _, f := range faults {
		f.File = filepath.Join(folder, f.File)
		if f.Advice {
			f.Message = "advice: " + f.Message
		}
		fmt.Fprintln(w, f)
	}
	if n := len(faults.Fatal()); n > 0 {
		return fmt.Errorf("%s has %s", path, counted(n, "fault"))
	}
	tools, err := toolset.Compile(def, toolset.Options{})
	if err != nil {
		return fmt.Errorf("%s: no tools can be made of it: %w", path, err)
	}
	for _, t := range tools.Tools {
		for _, example := range t.Method.Doc.Examples {
			if _, err := t.Prepare(example.Arguments); err != nil {
				return fmt.Errorf("%s: the example %q is refused: %w", path, example.Title, err)
			}
		}
	}
	fmt.Fprintf(w, "%s is valid: %s.\n", def.Name, counted(len(tools.Tools), "tool"))
	return nil
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// definitionOf finds a built-in definition by name, or reads a folder.
func definitionOf(nameOrPath string) (*integration.Definition, error) {
	all, err := integrations.All()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range all {
		if d.Name == nameOrPath {
			return d, nil
		}
		names = append(names, d.Name)
	}
	if info, err := os.Stat(nameOrPath); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%q is neither a built-in integration (%s) nor a folder", nameOrPath, strings.Join(names, ", "))
	}
	return integration.Load(os.DirFS(nameOrPath), ".")
}

// inventory describes the tools of a definition for people.
func inventory(w io.Writer, nameOrPath string) error {
	def, err := definitionOf(nameOrPath)
	if err != nil {
		return err
	}
	set, err := toolset.Compile(def, toolset.Options{})
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %d tools\n\n", def.Label, len(set.Tools))
	resource := ""
	for _, t := range set.Tools {
		if t.Resource.Name != resource {
			resource = t.Resource.Name
			fmt.Fprintf(&b, "## %s\n\n", strings.ReplaceAll(resource, "_", " "))
			b.WriteString("| tool | changes | tags | what it does |\n| --- | --- | --- | --- |\n")
		}
		changes := "yes"
		switch {
		case t.ReadOnly:
			changes = "no"
		case t.Destructive:
			changes = "deletes"
		}
		tags := append([]string{}, t.Resource.Tags...)
		tags = append(tags, t.Method.Tags...)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", t.Name, changes, strings.Join(tags, ", "), strings.ReplaceAll(t.Description, "|", "\\|"))
		if i := indexAfter(set.Tools, t); i < len(set.Tools) && set.Tools[i].Resource.Name != resource {
			b.WriteByte('\n')
		}
	}
	if prompts := set.Prompts(); len(prompts) > 0 {
		b.WriteString("\n## Prompts\n\n| prompt | asks for | what it does |\n| --- | --- | --- |\n")
		for _, p := range prompts {
			asks := make([]string, len(p.Arguments))
			for i, argument := range p.Arguments {
				if asks[i] = argument.Name; argument.Optional {
					asks[i] += " (optional)"
				}
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, strings.Join(asks, ", "), strings.ReplaceAll(p.Description, "|", "\\|"))
		}
	}
	_, err = io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

func indexAfter(tools []*toolset.Tool, t *toolset.Tool) int {
	for i := range tools {
		if tools[i] == t {
			return i + 1
		}
	}
	return len(tools)
}
