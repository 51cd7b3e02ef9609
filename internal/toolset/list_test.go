package toolset_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/toolset"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTheListIsAsClientsAreToSeeIt(t *testing.T) {
	got := compile(t, cards(), toolset.Options{}).ListJSON()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, got, "", " "); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	pretty.WriteByte('\n')
	const golden = "testdata/cards.json"
	if *update {
		if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pretty.Bytes(), want) {
		t.Errorf("the list differs from %s; if it is meant to, run the test with -update\n%s", golden, pretty.Bytes())
	}
	if again := compile(t, cards(), toolset.Options{}).ListJSON(); !bytes.Equal(got, again) {
		t.Error("two compilations give two lists")
	}
}

func TestASchemaHasWhatModelsProvidersInsistOn(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "put", HTTPMethod: "PUT", Path: "/things", Doc: documented("",
		`{"type":"object","properties":{"l":{"type":["array","null"]},"o":{"type":"object","required":["a","ghost"],"properties":{"a":{"type":"array"}}}}}`)}))
	const want = `{"type":"object","properties":{"l":{"type":["array","null"],"items":{}},"o":{"type":"object","properties":{"a":{"type":"array","items":{}}},"required":["a"]}},"additionalProperties":false}`
	if string(tool.InputSchema) != want {
		t.Errorf("shown %s, want each list with items and each required name with a property: %s", tool.InputSchema, want)
	}
	if said := refusal(t, tool, `{"o":{"a":[]}}`).Error(); !strings.Contains(said, "o.ghost is required") {
		t.Errorf("refused with %s: what is not shown is checked all the same", said)
	}
}

func TestAnnotationsFollowFromTheMethod(t *testing.T) {
	s := compile(t, cards(), toolset.Options{})
	for name, want := range map[string][3]bool{ // read only, destructive, idempotent
		"list_all_acme_pipeline_cards":      {true, false, false},
		"get_single_acme_pipeline_by_id":    {true, false, false},
		"create_a_acme_pipeline_card":       {false, false, false},
		"update_a_acme_pipeline_card_by_id": {false, false, true},
		"delete_a_acme_pipeline_card_by_id": {false, true, false},
		"acme_pipeline_cards_bulk_update":   {false, false, false},
		"acme_pipeline_cards_search":        {true, false, false},
	} {
		tool, ok := s.Tool(name)
		if !ok {
			t.Errorf("no tool %s", name)
			continue
		}
		if got := [3]bool{tool.ReadOnly, tool.Destructive, tool.Idempotent}; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if tool, _ := s.Operation("pipeline_cards", "bulk_delete"); !tool.Destructive || tool.ReadOnly {
		t.Error("bulk_delete is not destructive")
	}
}

// hostile is a schema with all that clients choke on, which the definition may hold all the same.
const hostile = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","$defs":{"node":{"type":"object","properties":{"name":{"type":"string"},"next":{"$ref":"#/$defs/node"}}},"id":{"type":"string","format":"uuid","description":"An id."}},
 "properties":{"tree":{"$ref":"#/$defs/node"},"one":{"$ref":"#/$defs/id"},"kind":{"oneOf":[{"const":"a"},{"const":"b"},{"type":"null"}],"description":"Which."},
 "either":{"anyOf":[{"type":"string"},{"type":"integer"}]},"all":{"allOf":[{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]},{"properties":{"y":{"type":"string"}}}]},
 "maybe":{"type":"string","nullable":true,"x-internal":1,"example":"e"},"conditional":{"type":"object","if":{"required":["a"]},"then":{"required":["b"]}},
 "pattern":{"type":"string","pattern":"^(?!tmp)[a-z]+$"},"bad name!":{"type":"string"},"secret_thing":{"type":"string","secret":true},"free":{"type":"object","patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false}}}`

func TestNothingThatAClientRefusesIsShown(t *testing.T) {
	tool := only(t, define("things", "thing", &integration.Method{Name: "create", HTTPMethod: "POST", Path: "/things", Doc: documented("", hostile)}))
	if bad := regexp.MustCompile(`"(\$ref|\$defs|\$schema|oneOf|anyOf|allOf|not|if|then|const|nullable|x-[a-z]+|secret|example|patternProperties|definitions)":`).FindString(string(tool.InputSchema)); bad != "" {
		t.Errorf("%s is shown in %s", bad, tool.InputSchema)
	}
	want := `{"type":"object","properties":{"tree":{"type":"object","properties":{"name":{"type":"string"},"next":{"type":"object"}}},"one":{"type":"string","description":"An id.","format":"uuid"},` +
		`"kind":{"description":"Which.","enum":["a","b",null]},"either":{"type":["string","integer"]},"all":{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"string"}},"required":["x"]},` +
		`"maybe":{"type":["string","null"]},"conditional":{"type":"object"},"pattern":{"type":"string"},"bad_name":{"type":"string"},"secret_thing":{"type":"string"},"free":{"type":"object"}},"additionalProperties":false}`
	if string(tool.InputSchema) != want {
		t.Errorf("got  %s\nwant %s", tool.InputSchema, want)
	}
	for arguments, good := range map[string]bool{
		`{"tree":{"name":"a","next":{"next":{"name":"b"}}}}`: true, `{"tree":{"next":{"next":{"name":3}}}}`: false,
		`{"one":"` + uuid + `"}`: true, `{"one":"x"}`: false, `{"kind":"a"}`: true, `{"kind":null}`: true, `{"kind":"c"}`: false,
		`{"either":3}`: true, `{"either":"x"}`: true, `{"either":true}`: false, `{"all":{"x":1,"y":"z"}}`: true, `{"all":{"y":"z"}}`: false, `{"all":{"x":1,"y":2}}`: false,
		`{"maybe":null}`: true, `{"conditional":{"a":1}}`: false, `{"conditional":{"a":1,"b":2}}`: true, `{"pattern":"tmpx"}`: true, `{"pattern":7}`: false,
		`{"free":{"x1":1}}`: true, `{"free":{"x1":"a"}}`: false, `{"free":{"y":1}}`: false, `{"bad name!":"x"}`: false, `{"bad_name":"x"}`: true,
	} {
		if _, err := tool.Prepare([]byte(arguments)); (err == nil) != good {
			t.Errorf("%s: got %v, want good to be %v", arguments, err, good)
		}
	}
}

func TestOutputSchemasPromiseLittle(t *testing.T) {
	def := cards()
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			if m.Doc != nil && m.Name != "delete" {
				m.Doc.ResponseSchema = json.RawMessage(`{"type":"object","required":["uuid"],"properties":{"uuid":{"type":"string","format":"uuid"},"tags":{"type":"array","items":{"type":"string","enum":["a"]}},"recover_code":{"type":"string"},"a b":{"type":"integer"}},"additionalProperties":false}`)
			}
		}
	}
	def.SecretFields = []string{"recover_code"}
	s := compile(t, def, toolset.Options{StructuredOutput: true})
	for name, want := range map[string]string{
		"list_all_acme_pipelines":           `{"type":"object","properties":{"result":{"type":"array","items":{"type":["object","null"],"properties":{"uuid":{"type":["string","null"]},"tags":{"type":["array","null"],"items":{"type":["string","null"]}},"a b":{"type":["integer","null"]}}}},"next_cursor":{"type":["string","null"]}},"required":["result"]}`,
		"get_single_acme_pipeline_by_id":    `{"type":"object","properties":{"uuid":{"type":["string","null"]},"tags":{"type":["array","null"],"items":{"type":["string","null"]}},"a b":{"type":["integer","null"]}}}`,
		"delete_a_acme_pipeline_card_by_id": `{"type":"object"}`,
	} {
		tool, _ := s.Tool(name)
		if string(tool.OutputSchema) != want {
			t.Errorf("%s\ngot  %s\nwant %s", name, tool.OutputSchema, want)
		}
	}
	if !strings.Contains(string(s.ListJSON()), `"outputSchema":{"type":"object"`) {
		t.Error("the list has no output schemas")
	}
	if strings.Contains(string(compile(t, def, toolset.Options{}).ListJSON()), "outputSchema") {
		t.Error("output schemas are shown without being asked for")
	}
}

func TestASchemaThatReferencesBlowUpStaysSmall(t *testing.T) {
	var defs []string
	for level := range 12 {
		var properties []string
		for i := range 10 {
			properties = append(properties, fmt.Sprintf(`"p%d":{"$ref":"#/$defs/d%d"}`, i, level+1))
		}
		defs = append(defs, fmt.Sprintf(`"d%d":{"type":"object","properties":{%s}}`, level, strings.Join(properties, ",")))
	}
	bomb := `{"$defs":{` + strings.Join(defs, ",") + `,"d12":{"type":"integer"}},"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}}}`
	tool := only(t, define("things", "thing", &integration.Method{Name: "create", HTTPMethod: "POST", Path: "/things", Doc: documented("", bomb)}))
	if len(tool.InputSchema) > 300<<10 {
		t.Errorf("clients are shown %d bytes", len(tool.InputSchema))
	}
	deep := strings.Repeat(`{"p9":`, 12)
	if _, err := tool.Prepare([]byte(`{"a":` + deep + `1` + strings.Repeat("}", 13))); err != nil {
		t.Error(err)
	}
	if _, err := tool.Prepare([]byte(`{"a":` + deep + `"x"` + strings.Repeat("}", 13))); err == nil {
		t.Error("what is not shown is not checked either")
	}
}
