package toolset_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"sluice/integrations"
	"sluice/internal/toolset"
)

// Every tool that comes with the binary is one that every client takes.
func TestBuiltInToolsAreCleanAndSmall(t *testing.T) {
	definitions, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	toolName, argumentName := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`), regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)
	refused := regexp.MustCompile(`"(\$ref|\$defs|oneOf|anyOf|allOf|secret|nullable|const)":`)
	for _, def := range definitions {
		s := compile(t, def, toolset.Options{})
		var listed []struct {
			Name, Title, Description string
			InputSchema              struct {
				Type                 string
				Properties           map[string]json.RawMessage
				Required             []string
				AdditionalProperties *bool
			}
			Annotations map[string]bool
		}
		if err := json.Unmarshal(s.ListJSON(), &listed); err != nil || len(listed) != len(s.Tools) {
			t.Fatalf("%s: %d of %d tools can be read (%v)", def.Name, len(listed), len(s.Tools), err)
		}
		seen := map[string]bool{}
		for i, tool := range listed {
			if !toolName.MatchString(tool.Name) || seen[tool.Name] {
				t.Errorf("%s: the name is not legal and unique", tool.Name)
			}
			seen[tool.Name] = true
			if tool.Description == "" || tool.Title == "" || len(tool.Annotations) != 4 {
				t.Errorf("%s: description, title or a hint is missing: %+v", tool.Name, tool)
			}
			schema := tool.InputSchema
			if schema.Type != "object" || schema.AdditionalProperties == nil || *schema.AdditionalProperties {
				t.Errorf("%s: the schema is no closed object", tool.Name)
			}
			for name := range schema.Properties {
				if !argumentName.MatchString(name) {
					t.Errorf("%s: the argument %q has a name that clients refuse", tool.Name, name)
				}
			}
			for _, name := range schema.Required {
				if schema.Properties[name] == nil {
					t.Errorf("%s: %s is required and not there", tool.Name, name)
				}
			}
			if bad := refused.FindString(string(s.Tools[i].InputSchema)); bad != "" {
				t.Errorf("%s shows %s", tool.Name, bad)
			}
			if s.Tools[i].IsList() != (schema.Properties["next_cursor"] != nil && strings.Contains(string(schema.Properties["next_cursor"]), "unchanged")) {
				t.Errorf("%s: next_cursor does not go with lists", tool.Name)
			}
			for _, example := range s.Tools[i].Method.Doc.Examples {
				if _, err := s.Tools[i].Prepare(example.Arguments); err != nil {
					t.Errorf("%s: its example %q is refused: %v", tool.Name, example.Title, err)
				}
			}
		}
		if most := 760 * len(s.Tools); len(s.ListJSON()) > most {
			t.Errorf("%s: the list has %d bytes, want at most %d: every client pays for them in each conversation", def.Name, len(s.ListJSON()), most)
		}
	}
}
