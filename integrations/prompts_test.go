package integrations_test

import (
	"regexp"
	"slices"
	"testing"

	"sluice/integrations"
	"sluice/internal/integration"
	"sluice/internal/toolset"
)

// toolName finds the tools that a prompt's text speaks of.
var toolName = regexp.MustCompile(`\b[a-z_]*octapipe_[a-z_]+\b`)

func TestAPromptNeedsTheToolsThatItNames(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	prompts := 0
	for _, d := range all {
		tools, err := toolset.Compile(d, toolset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range d.Prompts {
			prompts++
			var needed []string
			for _, need := range p.Needs {
				for _, r := range d.Resources {
					for _, m := range r.Methods {
						if r.Name+"."+m.Name == need {
							tool, _ := tools.Operation(r.Name, m.Name)
							needed = append(needed, tool.Name)
						}
					}
				}
			}
			named := toolName.FindAllString(p.Text, -1)
			for _, name := range named {
				if !slices.Contains(needed, name) {
					t.Errorf("%s of %s names %s and does not need it", p.Name, d.Name, name)
				}
			}
			for _, name := range needed {
				if !slices.Contains(named, name) {
					t.Errorf("%s of %s needs %s and does not name it", p.Name, d.Name, name)
				}
			}
		}
	}
	if prompts == 0 {
		t.Error("no integration has a prompt, so that the test shows nothing")
	}
}

func TestOctapipesPromptsAreThoseAServerCanCarryOut(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	octapipe := slices.IndexFunc(all, func(d *integration.Definition) bool { return d.Name == "octapipe" })
	if octapipe < 0 {
		t.Fatal("there is no octapipe")
	}
	for _, c := range []struct {
		options toolset.Options
		want    []string
	}{
		{toolset.Options{}, []string{"move_card", "change_many_records", "review_pipeline"}},
		{toolset.Options{Methods: []string{"read"}}, []string{"review_pipeline"}},
		{toolset.Options{Tags: []string{"pipelines", "notes"}}, []string{"move_card", "review_pipeline"}},
		{toolset.Options{Tags: []string{"tasks"}}, nil},
	} {
		tools, err := toolset.Compile(all[octapipe], c.options)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range tools.Prompts() {
			got = append(got, p.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("methods %v, tags %v: offered are %v, want %v", c.options.Methods, c.options.Tags, got, c.want)
		}
	}
}
