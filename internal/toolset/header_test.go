package toolset_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/toolset"
)

func TestParentsAndWhatTheSchemaNamesAreMirroredIntoHeaders(t *testing.T) {
	def := define("cards", "card", &integration.Method{Name: "list", Path: "/pipelines/{{query.pipeline_uuid}}/cards", Doc: documented(`{"type":"object","properties":{
		"pipeline_uuid":{"type":"string"},"region":{"type":"string","x-mcp-header":"Region"},"again":{"type":"string","x-mcp-header":"REGION"},"odd":{"type":"string","x-mcp-header":"a b"},
		"many":{"type":"array","items":{"type":"string"},"x-mcp-header":"Many"},"maybe":{"type":["string","null"],"x-mcp-header":"Maybe"},"pin":{"type":"string","secret":true,"x-mcp-header":"Pin"},
		"dry":{"type":"boolean","x-mcp-header":"Dry"}}}`, "")})
	def.Resources[0].Parent = map[string]string{"pipelines": "pipeline_uuid"}

	s := compile(t, def, toolset.Options{})
	want := []toolset.Header{{Name: "Mcp-Param-Region", Argument: "region", Required: true}, {Name: "Mcp-Param-Dry", Argument: "dry", Required: true}, {Name: "Mcp-Param-Pipeline-Uuid", Argument: "pipeline_uuid"}}
	if got := s.Tools[0].Headers; !slices.Equal(got, want) {
		t.Errorf("mirrored are %v, want %v", got, want)
	}
	if strings.Contains(string(s.ListJSON()), "x-mcp-header") || strings.Contains(string(s.Tools[0].InputSchema), "x-mcp-header") {
		t.Errorf("x-mcp-header is shown where nobody asked for it: %s", s.ListJSON())
	}
	var list []struct {
		InputSchema struct {
			Properties map[string]struct {
				Header string `json:"x-mcp-header"`
			}
		}
	}
	if err := json.Unmarshal(s.HeaderListJSON(), &list); err != nil {
		t.Fatal(err)
	}
	for name, property := range list[0].InputSchema.Properties {
		want := map[string]string{"region": "Region", "dry": "Dry", "pipeline_uuid": "Pipeline-Uuid"}[name]
		if property.Header != want {
			t.Errorf("%s is mirrored into %q, want %q", name, property.Header, want)
		}
	}

	bound := compile(t, def, toolset.Options{Bind: map[string]string{"pipeline_uuid": "p", "region": "eu"}})
	for _, h := range bound.Tools[0].Headers {
		if h.Argument == "pipeline_uuid" || h.Argument == "region" {
			t.Errorf("%s is bound, so no caller can say it, and yet it is mirrored", h.Argument)
		}
	}
}
