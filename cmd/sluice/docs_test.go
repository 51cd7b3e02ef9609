package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sluice/integrations"
)

var update = flag.Bool("update", false, "write the pages of docs/ that are made by the program anew")

func TestThePagesOfToolsAreWhatTheProgramPrints(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		page := "../../docs/" + d.Name + "-tools.md"
		printed := newShell(t).run("integration", "docs", d.Name)
		if *update {
			if err := os.WriteFile(page, []byte(printed), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		written, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if string(written) != printed {
			t.Errorf("the definition has changed since %s was written: go test ./cmd/sluice -run Page -update writes it anew", page)
		}
	}
}

func TestThePageOfVendorsKnowsThemAll(t *testing.T) {
	all, err := integrations.All()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/vendors.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		var tools int
		for _, r := range d.Resources {
			tools += len(r.Methods)
		}
		if row := fmt.Sprintf("| `%s` | [%d](%s-tools.md) |", d.Name, tools, d.Name); !strings.Contains(string(page), row) {
			t.Errorf("docs/vendors.md has no row that begins with %s", row)
		}
	}
}

func TestTheSchemasOfADefinitionArePrinted(t *testing.T) {
	sh := newShell(t)
	var definition, docs struct {
		Ref string `json:"$ref"`
	}
	sh.json(&definition, "integration", "schema")
	sh.json(&docs, "integration", "schema", "--docs")
	if definition.Ref != "#/$defs/Definition" || docs.Ref != "#/$defs/Docs" {
		t.Errorf("want the schema of a definition and that of its documentation, got %s and %s", definition.Ref, docs.Ref)
	}
}
