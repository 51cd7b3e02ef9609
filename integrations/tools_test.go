package integrations_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/integrations"
	"sluice/internal/integration"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Callers keep tools' names in their prompts, filters and code: a name that changes breaks them, so each change shows in testdata.
func TestToolsKeepTheirNames(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		var names strings.Builder
		for _, r := range d.Resources {
			for _, m := range r.Methods {
				names.WriteString(integration.ToolName(d, r, m) + "\n")
			}
		}
		golden := filepath.Join("testdata", d.Name+".tools.txt")
		if *update {
			if err := os.WriteFile(golden, []byte(names.String()), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatalf("%v; -update writes it", err)
		}
		if got := names.String(); got != string(want) {
			t.Errorf("%s: the tools' names differ from %s; where that is meant, -update writes it anew. want\n%s\ngot\n%s", d.Name, golden, want, got)
		}
	}
}
