package integration_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"sluice/internal/integration"
)

// What is easily taken for harmless.
func TestWhatLooksHarmlessAndIsNotIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		old, new, want string
		advice         bool
	}{
		"a path that climbs out of the base URL": {"path: /parcels/find", "path: /parcels/../find",
			"integration.yaml:25:7: resources.parcels.find.path has a segment of dots, which leads elsewhere than it seems: write the path without it", false},
		"a secret where everybody sees it": {"{name: base_url,", "{name: base_url, type: password,",
			"integration.yaml:5:22: context[0].type cannot be password, since a context is shown to whoever sees the account: move base_url to the fields of credentials", false},
		"things without a name for one of them": {"    singular: parcel\n", "",
			"integration.yaml:17:3: resources.parcels has no singular, so that its tool is called create_a_depot_parcels: add what one of them is called", true},
		"a field that no template can name": {"name: api_key,", "name: api.key,",
			"integration.yaml:8:13: credentials.fields[0].name is no name for a field: write letters, digits, - and _, beginning with a letter, as in api_key", false},
		"a field in capitals, as security schemes are named": {"api_key", "depotKey", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			files := depot()
			source := string(files["integration.yaml"])
			if !strings.Contains(source, test.old) {
				t.Fatalf("the test breaks nothing: there is no %q", test.old)
			}
			fsys := fstest.MapFS{"integration.yaml": {Data: []byte(strings.ReplaceAll(source, test.old, test.new))}}
			for name, data := range files {
				if fsys[name] == nil {
					fsys[name] = &fstest.MapFile{Data: data}
				}
			}
			_, faults := integration.Validate(fsys, ".")
			var told, fatal bool
			for _, f := range faults {
				told = told || f.String() == test.want
				fatal = fatal || !f.Advice
			}
			if told != (test.want != "") {
				t.Errorf("want the fault %q, got\n%v", test.want, faults)
			}
			if wantFatal := test.want != "" && !test.advice; fatal != wantFatal {
				t.Errorf("want fatal: %v, got\n%v", wantFatal, faults)
			}
		})
	}
}
