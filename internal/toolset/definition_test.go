package toolset_test

import (
	"encoding/json"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/toolset"
)

// define makes a definition of one resource from its methods, as the loader leaves it.
func define(name, singular string, methods ...*integration.Method) *integration.Definition {
	r := &integration.Resource{Name: name, Singular: singular, Methods: methods}
	for _, m := range methods {
		m.Resource = r
		if m.HTTPMethod == "" {
			m.HTTPMethod = "GET"
		}
	}
	return &integration.Definition{Name: "acme", Digest: "d1", Resources: integration.Resources{r}}
}

func documented(query, body string) *integration.Documentation {
	d := &integration.Documentation{Description: "Does it."}
	if query != "" {
		d.QuerySchema = json.RawMessage(query)
	}
	if body != "" {
		d.BodySchema = json.RawMessage(body)
	}
	return d
}

func compile(t testing.TB, def *integration.Definition, opt toolset.Options) *toolset.Toolset {
	t.Helper()
	s, err := toolset.Compile(def, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// only compiles the one method of a definition.
func only(t testing.TB, def *integration.Definition) *toolset.Tool {
	t.Helper()
	tool, ok := compile(t, def, toolset.Options{}).Operation(def.Resources[0].Name, def.Resources[0].Methods[0].Name)
	if !ok {
		t.Fatal("the method is not in the toolset")
	}
	return tool
}

// cards is a small vendor with a parent, paging, tags and a custom method of each sort.
func cards() *integration.Definition {
	method := func(name, verb, path string, doc *integration.Documentation) *integration.Method {
		return &integration.Method{Name: name, HTTPMethod: verb, Path: path, Doc: doc}
	}
	pipelines := &integration.Resource{Name: "pipelines", Singular: "pipeline", Tags: []string{"pipelines"}, Methods: []*integration.Method{
		method("list", "GET", "/pipelines", documented("", "")),
		method("get", "GET", "/pipelines/{{id}}", documented("", "")),
	}}
	stages := &integration.Resource{Name: "pipeline_stages", Singular: "pipeline_stage", Tags: []string{"pipelines"}, Parent: map[string]string{"pipelines": "pipeline_uuid"}, Methods: []*integration.Method{
		method("list", "GET", "/pipelines/{{query.pipeline_uuid}}/stages", documented(`{"type":"object","properties":{"pipeline_uuid":{"type":"string","format":"uuid"}}}`, "")),
	}}
	const parent = `"pipeline_uuid":{"type":"string","format":"uuid","description":"The pipeline."}`
	body := `{"type":"object","properties":{"pipeline_stage_uuid":{"type":"string","format":"uuid"},"name":{"type":"string","minLength":1},"sla":{"type":"integer","minimum":0},` +
		`"custom_fields_values":{"type":"object"},"priority":{"type":"string","enum":["low","medium","high"]},"note":{"type":["string","null"]}},"required":["pipeline_stage_uuid","name","sla"]}`
	bulk := method("bulk_update", "PUT", "/pipelines/{{query.pipeline_uuid}}/cards/bulk", documented(`{"type":"object","properties":{`+parent+`}}`,
		`{"type":"object","properties":{"filters":{"type":"array","minItems":1,"items":{"type":"object","properties":{"field":{"type":"string"},"operator":{"type":"string","enum":["eq","neq","contains","gt","lt","in"]},"value":{}},"required":["field","operator"],"additionalProperties":false}},"values":{"type":"object","minProperties":1}},"required":["filters","values"]}`))
	bulk.Tags = []string{"bulk"}
	search := method("search", "POST", "/pipelines/{{query.pipeline_uuid}}/cards/search", documented(`{"type":"object","properties":{`+parent+`}}`, `{"type":"object","properties":{"q":{"type":"string"}}}`))
	search.Safe = true
	cards := &integration.Resource{Name: "pipeline_cards", Singular: "pipeline_card", Tags: []string{"pipelines", "cards"}, Parent: map[string]string{"pipelines": "pipeline_uuid"}, Methods: []*integration.Method{
		method("list", "GET", "/pipelines/{{query.pipeline_uuid}}/cards", documented(`{"type":"object","properties":{`+parent+`,"name":{"type":"string"},"tag":{"type":"string"},"page":{"type":"integer"}},"required":["pipeline_uuid"]}`, "")),
		method("create", "POST", "/pipelines/{{query.pipeline_uuid}}/cards", documented(`{"type":"object","properties":{`+parent+`}}`, body)),
		method("update", "PUT", "/pipelines/{{query.pipeline_uuid}}/cards/{{id}}", documented(`{"type":"object","properties":{`+parent+`}}`, body)),
		method("delete", "DELETE", "/pipelines/{{query.pipeline_uuid}}/cards/{{id}}", documented(`{"type":"object","properties":{`+parent+`}}`, "")),
		bulk, search,
		method("bulk_delete", "POST", "/pipelines/{{query.pipeline_uuid}}/cards/bulk-delete", nil),
	}}
	return &integration.Definition{
		Name: "acme", Label: "Acme", Digest: "d1",
		Pagination: integration.Pagination{Format: "page", Page: "page", Size: "limit", MaxSize: 15},
		Resources:  integration.Resources{pipelines, stages, cards},
	}
}
