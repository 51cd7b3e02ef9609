package integrations_test

import (
	"testing"

	"sluice/integrations"
)

func TestBuiltInDefinitionsLoad(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 || all[0].Name != "octapipe" {
		t.Fatalf("loaded %v, want octapipe among them", all)
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
