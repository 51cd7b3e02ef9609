package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/integrations"
	"sluice/internal/toolset"
)

func TestEveryBuiltInIntegrationIsDescribedWhole(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	sh := newShell(t)
	for _, def := range all {
		out := sh.run("integration", "docs", def.Name)
		set, err := toolset.Compile(def, toolset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, tool := range set.Tools {
			if n := strings.Count(out, "| `"+tool.Name+"` |"); n != 1 {
				t.Errorf("%s is listed %d times, want once", tool.Name, n)
			}
		}
		if folder := "../../integrations/" + def.Name; sh.run("integration", "docs", folder) != out {
			t.Errorf("the folder %s is described otherwise than the built-in %s", folder, def.Name)
		}
		if valid := sh.run("integration", "validate", "../../integrations/"+def.Name); !strings.HasPrefix(valid, def.Name+" is valid: ") {
			t.Errorf("validate printed %q", valid)
		}
	}
	sh.fails(`"nope" is neither a built-in integration \(directus, octapipe`, "integration", "docs", "nope")
}

func TestAFaultOfADefinitionIsToldWithItsLine(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "broken")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	definition := "name: broken\nlabel: Broken\nbase_url: https://broken.example\ncredentials: {format: none}\nresources:\n  things:\n    singular: thing\n    list: {metod: get, path: /things}\n"
	if err := os.WriteFile(filepath.Join(folder, "integration.yaml"), []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err := newShell(t).try("integration", "validate", folder)
	if err == nil || !strings.Contains(out, filepath.Join(folder, "integration.yaml")+":8:") {
		t.Errorf("validate printed %q and answered %v, want line 8 and an error", out, err)
	}
}
