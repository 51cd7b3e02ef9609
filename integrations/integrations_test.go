package integrations_test

import (
	"slices"
	"testing"

	"sluice/integrations"
	"sluice/internal/integration"
)

func TestBuiltInDefinitionsLoad(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(d *integration.Definition) bool { return d.Name == "octapipe" }) {
		t.Fatalf("loaded %d definitions, want octapipe among them", len(all))
	}
	for _, d := range all {
		for _, r := range d.Resources {
			for _, m := range r.Methods {
				if m.Doc == nil {
					t.Errorf("%s: %s of %s has no documentation, so it is no tool", d.Name, m.Name, r.Name)
				}
			}
		}
	}
}
