package integration_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/integration"
)

func TestATemplatePutsValuesWhereItRefersToThem(t *testing.T) {
	values := map[string]string{".id": "7", "context.base_url": "https://depot.example", "token.access": "t{{id}}", "credentials.api-key": "k"}
	lookup := func(space, name string) (string, bool) { value, ok := values[space+"."+name]; return value, ok }
	for _, test := range []struct{ source, want string }{
		{"", ""},
		{"plain", "plain"},
		{"{{context.base_url}}/v2", "https://depot.example/v2"},
		{"/a/{{ id }}/b/{{id}}", "/a/7/b/7"},
		{"Bearer {{token.access}}", "Bearer t{{id}}"}, // a value is no template
		{"{{credentials.api-key}}", "k"},
		{"{ } {x}", "{ } {x}"},
	} {
		template, err := integration.ParseTemplate(test.source)
		if err != nil {
			t.Errorf("%q: %v", test.source, err)
			continue
		}
		if got, err := template.Expand(lookup); err != nil || got != test.want {
			t.Errorf("%q: want %q, got %q, %v", test.source, test.want, got, err)
		}
	}
}

func TestATemplateSaysWhatIsWrongWithIt(t *testing.T) {
	for source, want := range map[string]string{
		"/a/{{id":               "opens braces that are not closed",
		"/a/id}}":               "closes braces that were not opened",
		"{{}}":                  "{{}} is no reference",
		"{{a.b.c}}":             "{{a.b.c}} is no reference",
		"{{a b}}":               "{{a b}} is no reference",
		"{{context.domain}}.io": "context.domain is not set",
	} {
		template, err := integration.ParseTemplate(source)
		if err == nil {
			_, err = template.Expand(func(string, string) (string, bool) { return "", false })
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error that says %q, got %v", source, want, err)
		}
	}
}

func TestPartsOfATemplateMakeItUpAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var source strings.Builder
		for range rapid.IntRange(0, 6).Draw(t, "pieces") {
			if rapid.Bool().Draw(t, "reference") {
				source.WriteString("{{" + rapid.StringMatching(`([a-z]{1,5}\.)?[a-z_]{1,8}`).Draw(t, "name") + "}}")
			} else {
				source.WriteString(rapid.StringMatching(`[a-z/?=&ü ]{0,9}`).Draw(t, "literal"))
			}
		}
		template, err := integration.ParseTemplate(source.String())
		if err != nil {
			t.Fatal(err)
		}
		var again strings.Builder
		for _, part := range template.Parts() {
			if part.IsReference() {
				again.WriteString("{{" + part.String() + "}}")
			} else {
				again.WriteString(part.Literal)
			}
		}
		if again.String() != source.String() || template.String() != source.String() {
			t.Fatalf("want %q, got %q", source.String(), again.String())
		}
	})
}

func TestToolNamesFollowTheRuleAndFitWhereverTheyGo(t *testing.T) {
	d := &integration.Definition{Name: "depot"}
	parcels := &integration.Resource{Name: "parcels", Singular: "parcel"}
	for method, want := range map[string]string{
		"list": "list_all_depot_parcels", "get": "get_single_depot_parcel_by_id", "create": "create_a_depot_parcel",
		"update": "update_a_depot_parcel_by_id", "delete": "delete_a_depot_parcel_by_id", "bulk_update": "depot_parcels_bulk_update",
	} {
		if got := integration.ToolName(d, parcels, &integration.Method{Name: method}); got != want {
			t.Errorf("%s: want %s, got %s", method, want, got)
		}
	}
	long := strings.Repeat("very_", 14)
	first := integration.ToolName(d, parcels, &integration.Method{Name: long + "long"})
	second := integration.ToolName(d, parcels, &integration.Method{Name: long + "wide"})
	if len(first) != integration.MaxToolName || len(second) != integration.MaxToolName || first == second {
		t.Errorf("want two different names of %d characters, got %s and %s", integration.MaxToolName, first, second)
	}
	if again := integration.ToolName(d, parcels, &integration.Method{Name: long + "long"}); again != first {
		t.Errorf("want the same name each time, got %s and %s", first, again)
	}
}

func TestWhoseHostAnAddressLeadsToIsSaidByTheTemplateOrByAValue(t *testing.T) {
	for source, want := range map[string]string{
		"{{context.base_url}}/token": "context.base_url", "https://{{context.host}}/token": "context.host", "https://{{context.host}}": "context.host",
		"https://login.{{context.domain}}:8443/token": "context.domain", "https://{{context.team}}.example.com/token": "", "https://example.com/{{context.team}}": "",
		"/token": "", "https://example.com": "", "": "",
	} {
		template, err := integration.ParseTemplate(source)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p := template.Domain(); p != nil {
			got = p.String()
		}
		if got != want {
			t.Errorf("%q leads to a host by %q, want %q", source, got, want)
		}
	}
}
