package integration_test

import (
	"strings"
	"testing"

	"sluice/internal/integration"
)

// said is what is told of the yard after a change, a line each.
func said(t *testing.T, old, new string) string {
	t.Helper()
	_, faults := integration.Validate(written(t, old, new), ".")
	var lines []string
	for _, f := range faults {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// wantSaid checks that each of the parts is told, and nothing where there are none.
func wantSaid(t *testing.T, got string, parts ...string) {
	t.Helper()
	if len(parts) == 0 && got != "" {
		t.Errorf("want nothing to be told, got\n%s", got)
	}
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("want it told that\n%s\ngot\n%s", part, got)
		}
	}
}

func TestAPromptAsksForWhatItsTextSaysAndCountsOnToolsThatThereAre(t *testing.T) {
	const sound = `{name: berth_ship, description: Berth a ship., arguments: [{name: ship}, {name: reason, optional: true, default: none}], text: "Berth {{arguments.ship}} ({{arguments.reason}}).", needs: [ships.find, ships.create]}`
	for name, test := range map[string]struct {
		old, new string
		want     []string
	}{
		"sound":                              {"", "", nil},
		"a name with a space":                {"berth_ship", "Berth ship", []string{"prompts[0].name is no name for a prompt", "as in berth_ship"}},
		"a name that clients cut":            {"berth_ship", strings.Repeat("b", 65), []string{"prompts[0].name has 65 characters, and clients take 64"}},
		"no text":                            {`text: "Berth {{arguments.ship}} ({{arguments.reason}}).", `, "", []string{"prompts[0] has no text: add what the model is to do"}},
		"an argument misspelt":               {"{{arguments.ship}}", "{{arguments.shp}}", []string{`refers to {{arguments.shp}}, which is not known; did you mean "ship"?`, "prompts[0].arguments[0] is asked for, and the text never says {{arguments.ship}}"}},
		"an argument without its space":      {"{{arguments.ship}}", "{{ship}}", []string{"write {{arguments.ship}} or another of arguments"}},
		"a credential":                       {"{{arguments.ship}}", "{{credentials.password}} {{arguments.ship}}", []string{"there is no credentials here"}},
		"two arguments of one name":          {"{name: ship}", "{name: ship}, {name: ship}", []string{`prompts[0].arguments[1].name is "ship" a second time`}},
		"a default that is never used":       {"optional: true, ", "", []string{"prompts[0].arguments[1].default is never used"}},
		"a resource that there is not":       {"ships.find", "shps.find", []string{`prompts[0].needs[0] is "shps.find", and there is no resource "shps"; did you mean "ships"?`}},
		"a method that there is not":         {"ships.find", "ships.fnd", []string{`prompts[0].needs[0] is "ships.fnd", and ships has no such method; did you mean "find"?`}},
		"a method twice":                     {"ships.find", "ships.create", []string{`prompts[0].needs[1] is "ships.create" a second time`}},
		"a key that there is not":            {"needs:", "tools:", []string{`"tools" is not known in prompts[0]`}},
		"a second prompt of the same name":   {"needs: [ships.find, ships.create]}", "needs: [ships.find]}, {name: berth_ship, description: x, text: y}", []string{`prompts[1].name is "berth_ship" a second time`}},
		"a default for more than one line":   {"default: none", `default: "one\ntwo"`, nil},
		"an argument of another kind's name": {"{name: ship}", "{name: Ship}", []string{"prompts[0].arguments[0].name is no name for an argument"}},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(sound, test.old) {
				t.Fatalf("the test changes nothing: there is no %q", test.old)
			}
			wantSaid(t, said(t, "secret_fields: [pin]", "secret_fields: [pin]\nprompts: ["+strings.Replace(sound, test.old, test.new, 1)+"]"), test.want...)
		})
	}
}

func TestAMethodMayNameItsTool(t *testing.T) {
	const get = `    get: {method: get, path: "/docks/{{id}}"}`
	named := func(name string) string {
		return strings.Replace(get, "method: get", "method: get, tool: "+name, 1)
	}
	d, err := integration.Load(written(t, get, named("dock-Info")), ".")
	if err != nil {
		t.Fatal(err)
	}
	docks, _ := d.Resource("docks")
	m, _ := docks.Method("get")
	if got := integration.ToolName(d, docks, m); got != "dock-Info" {
		t.Errorf("the tool is called %q, want dock-Info", got)
	}
	wantSaid(t, said(t, get, named("dock.info")), "resources.docks.get.tool is no name that every client takes")
	wantSaid(t, said(t, get, named("list_all_yard_docks")), "makes the tool list_all_yard_docks, and so does docks.list")
}

func TestASchemaIsShownWordForWordOnlyWhereItSaysAllThereIs(t *testing.T) {
	const find = "find:\n  description: Find a ship's dock.\n"
	wantSaid(t, said(t, find, find+"  verbatim: true\n"))
	for name, test := range map[string]struct{ old, new, want string }{
		"two schemas":                {"bulk_move:\n", "bulk_move:\n  verbatim: true\n", "bulk_move.verbatim shows one schema word for word, and there are two"},
		"a page":                     {"list:\n  description: List docks.\n", "list:\n  verbatim: true\n  description: List docks.\n", "list.verbatim leaves no place for limit and next_cursor"},
		"custom fields":              {find, find + "  verbatim: true\n  query_schema: {type: object}\n", "find.verbatim shows one schema word for word, and there are two"},
		"a body that is no more":     {"body_schema: {type: object, required: [ship_id], properties: {ship_id: {type: string}}}", "verbatim: true\n  body_schema: {type: array, items: {type: string}}", "find.body_schema is shown word for word, and a tool's schema is one of type: object"},
		"a name that is refused":     {"body_schema: {type: object, required: [ship_id], properties: {ship_id: {type: string}}}", `verbatim: true` + "\n" + `  body_schema: {type: object, properties: {"ship[id]": {type: string}}}`, "find.verbatim shows clients the names as they are"},
		"an argument of live fields": {"body_schema: {type: object, required: [ship_id], properties: {ship_id: {type: string}}}", `verbatim: true` + "\n" + `  body_schema: {type: object, properties: {fields: {type: object}}}`, "find.verbatim leaves no place for the custom fields of ships"},
	} {
		t.Run(name, func(t *testing.T) {
			wantSaid(t, said(t, test.old, test.new), test.want)
		})
	}
}

func TestAHeaderMirrorsAnArgumentThatOneCanCarry(t *testing.T) {
	const ship = "properties: {ship_id: {type: string}}"
	schema := func(s string) string { return "properties: {ship_id: " + s + "}" }
	for name, test := range map[string]struct{ schema, want string }{
		"a text":                     {"{type: string, x-mcp-header: Ship}", ""},
		"a whole number":             {"{type: integer, x-mcp-header: Ship-Id}", ""},
		"a name with a space":        {"{type: string, x-mcp-header: Ship Id}", `find.body_schema.properties.ship_id.x-mcp-header is "Ship Id", which no header can be named`},
		"a name with a line break":   {`{type: string, x-mcp-header: "Ship\r\nX: y"}`, "which no header can be named"},
		"an empty name":              {`{type: string, x-mcp-header: ""}`, "which no header can be named"},
		"a number for a name":        {"{type: string, x-mcp-header: 5}", "x-mcp-header must be a text, not a number"},
		"a number, which may round":  {"{type: number, x-mcp-header: Ship}", "names a header for what clients cannot repeat in one"},
		"a list":                     {"{type: array, items: {type: string}, x-mcp-header: Ship}", "names a header for what clients cannot repeat in one"},
		"a text or null":             {`{type: [string, "null"], x-mcp-header: Ship}`, "names a header for what clients cannot repeat in one"},
		"a property of an argument":  {"{type: object, properties: {id: {type: string, x-mcp-header: Ship}}}", "names a header for what clients cannot repeat in one"},
		"a branch of an argument":    {"{anyOf: [{type: string, x-mcp-header: Ship}]}", "names a header for what clients cannot repeat in one"},
		"two arguments, one header":  {"{type: string, x-mcp-header: Ship}, name: {type: string, x-mcp-header: SHIP}", `find.body_schema.properties.name.x-mcp-header is "SHIP", which ship_id has already: capitals do not tell headers apart`},
		"two arguments, two headers": {"{type: string, x-mcp-header: Ship}, name: {type: string, x-mcp-header: Name}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := said(t, ship, schema(test.schema))
			if test.want == "" {
				wantSaid(t, got)
			} else {
				wantSaid(t, got, test.want)
			}
		})
	}
}
