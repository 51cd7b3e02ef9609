package integration_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/integrations"
	"sluice/internal/integration"
)

// crane is a definition of one documented method whose body schema is the one given.
func crane(schema, examples string) []byte {
	return fmt.Appendf(nil, `{"name":"crane","label":"Crane","base_url":"https://crane.example","credentials":{"format":"none"},
		"resources":{"lifts":{"singular":"lift","create":{"method":"post","path":"/lifts"}}},
		"docs":{"lifts":{"create":{"description":"Lift.","body_schema":%s%s}}}}`, schema, examples)
}

// Schemas that are small and would keep whoever checks by them busy for ever: without their bounds this test would not end.
func TestASchemaThatHasNoEndIsRefusedAtOnce(t *testing.T) {
	var doubling strings.Builder
	for i := range 40 {
		fmt.Fprintf(&doubling, `"d%d":{"anyOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
	}
	many := strings.TrimSuffix(strings.Repeat(`{"type":"string"},`, 5001), ",")
	// Each level of a value is checked twice by each level of the schema, which no count of references shows.
	const descent = `{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"allOf":[{"properties":{"a":{"$ref":"#/$defs/x"}}},{"properties":{"a":{"$ref":"#/$defs/x"}}}]}}}`
	for name, test := range map[string]struct{ schema, examples, want string }{
		"references that double": {`{"$ref":"#/$defs/d0","$defs":{` + doubling.String() + `"d40":{"type":"object"}}}`, "",
			"integration.yaml:3:52: create.body_schema applies more than 10000 schemas to one value, since its references multiply: combine fewer"},
		"a reference in a circle": {`{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"$ref":"#/$defs/a"}}}`, "",
			"integration.yaml:3:52: create.body_schema refers to itself without going deeper, so that it has no meaning: take the circle of $ref out"},
		"more schemas than anybody needs": {`{"type":"object","properties":{"a":{"prefixItems":[` + many + `]}}}`, "", "is one of more than 5000 schemas in one: leave out what a caller does not need"},
		"an example that doubles with each level": {descent, `,"examples":[{"title":"Deep","arguments":` + strings.Repeat(`{"a":`, 60) + `{}` + strings.Repeat("}", 60) + `}]`,
			"create.examples[0].arguments takes more than 200000 steps to check: make the example smaller, or the schema simpler"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := integration.Parse(crane(test.schema, test.examples))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %.400v", test.want, err)
			}
		})
	}
}

func TestASchemaThatGoesDeeperIntoItselfIsTaken(t *testing.T) {
	d, err := integration.Parse(crane(`{"type":"object","properties":{"parts":{"type":"array","items":{"$ref":"#"}}}}`, `,"examples":[{"title":"Two levels","arguments":{"parts":[{"parts":[]}]}}]`))
	if err != nil || len(d.Resources[0].Methods[0].Doc.Examples) != 1 {
		t.Errorf("want it taken with its example, got %v", err)
	}
}

func TestFormsAndWaysToConnectAreAsManyAsAPersonCanTake(t *testing.T) {
	fields, ways := strings.Repeat("  - {name: a}\n", 201), strings.Repeat("    - {format: none}\n", 33)
	for _, test := range []struct{ old, new, want string }{
		{"context:\n", "context:\n" + fields, "integration.yaml:4:1: context has 202 fields, and a form can have 200: leave out what need not be asked"},
		{"  alternatives:\n", "  alternatives:\n" + ways, "integration.yaml:24:3: credentials.alternatives are 34, and there can be 32: leave out what nobody chooses"},
	} {
		_, faults := integration.Validate(written(t, test.old, test.new), ".")
		if !strings.Contains(faults.Error(), test.want) {
			t.Errorf("want %q among\n%s", test.want, faults)
		}
	}
}

func TestWhatEveryCallWouldCarryIsBounded(t *testing.T) {
	headers := make([]string, 51)
	for i := range headers {
		headers[i] = fmt.Sprintf(`"X-H%d":"1"`, i)
	}
	for given, want := range map[string]string{
		`{"X-Big":"` + strings.Repeat("{{context.big}}", 21) + `"}`: "names 21 values, and one text can name 20",
		"{" + strings.Join(headers, ",") + "}":                      "headers are 51, and there can be 50",
	} {
		_, err := integration.Parse([]byte(`{"name":"crane","label":"Crane","base_url":"https://crane.example","context":[{"name":"big"}],"credentials":{"format":"none"},"headers":` + given + `,
			"resources":{"lifts":{"list":{"method":"get","path":"/lifts"}}}}`))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestFaultsAreCountedOutWhenThereAreTooMany(t *testing.T) {
	var resources strings.Builder
	for i := range 500 {
		fmt.Fprintf(&resources, "  r%d: {Tags: [a], list: {method: get, path: /r, pagination: {format: none, total: x}}}\n", i)
	}
	_, faults := integration.Validate(written(t, "resources:\n", "resources:\n"+resources.String()), ".")
	if n := len(faults.Fatal()); n != 200 {
		t.Errorf("want 200 faults told, got %d", n)
	}
	last := faults[len(faults)-1]
	if want := "there is more to say, when this is mended"; last.Message != want || !last.Advice {
		t.Errorf("want the last to be %q as advice, got %s", want, last)
	}
}

// Advice never stands in the way of a fault, however much there is of it.
func TestAFaultBehindMuchAdviceIsFatal(t *testing.T) {
	var resources strings.Builder
	for i := range 500 {
		fmt.Fprintf(&resources, "  r%d: {list: {method: get, path: /r, pagination: {format: none, total: x}}}\n", i)
	}
	_, faults := integration.Validate(written(t, "resources:\n", "resources:\n"+resources.String()+"  last: {list: {method: get, path: r}}\n"), ".")
	if fatal := faults.Fatal(); len(fatal) != 1 || !strings.Contains(fatal[0].Message, "must begin with a slash") {
		t.Errorf("want the one fault, got %v", fatal)
	}
}

func TestToolsOfOneNameAreRefusedAndLongNamesTold(t *testing.T) {
	const definition = `
name: crane
label: Crane
base_url: https://crane.example
credentials: {format: none}
pagination: {format: none}
resources:
  lifts:
    singular: lift
    create: {method: post, path: /lifts}
    raise_to_the_height_where_the_wind_is_felt_and_the_view_is_best: {method: post, path: /lifts/raise}
  old_lifts:
    singular: lift
    create: {method: post, path: /old-lifts}
docs:
  lifts:
    create: {description: Lift.}
    raise_to_the_height_where_the_wind_is_felt_and_the_view_is_best: {description: Raise.}
  old_lifts:
    create: {description: Lift as before.}
`
	want := "integration.yaml:11:5: resources.lifts.raise_to_the_height_where_the_wind_is_felt_and_the_view_is_best makes a tool's name of 75 characters, " +
		"crane_lifts_raise_to_the_height_where_the_wind_is_felt_and_the_view_is_best, and clients take 64: it is cut to crane_lifts_raise_to_the_height_where_the_wind_is_fel_9f2fd01819\n" +
		"integration.yaml:14:5: resources.old_lifts.create makes the tool create_a_crane_lift, and so does lifts.create: give one of the two another name, or its resource another singular"
	faults := validated(t, definition)
	if got := faults.Error(); got != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
	if len(faults) == 2 && (!faults[0].Advice || faults[1].Advice) {
		t.Errorf("want the long name as advice and the equal ones as a fault, got %+v", faults)
	}
}

func BenchmarkParse(b *testing.B) {
	all, err := integrations.All()
	if err != nil {
		b.Fatal(err)
	}
	document := all[0].JSON()
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := integration.Parse(document); err != nil {
			b.Fatal(err)
		}
	}
}
