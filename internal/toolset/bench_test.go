package toolset_test

import (
	"testing"

	"sluice/internal/toolset"
)

func BenchmarkPrepare(b *testing.B) {
	s := compile(b, cards(), toolset.Options{})
	for _, call := range []struct{ name, tool, arguments string }{
		{"list", "list_all_acme_pipeline_cards", `{"pipeline_uuid":"0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e","limit":15}`},
		{"first page without arguments", "list_all_acme_pipelines", `{}`},
		{"update", "update_a_acme_pipeline_card_by_id", `{"pipeline_uuid":"0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e","id":"0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e","pipeline_stage_uuid":"0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e","name":"TechNova Upgrade","sla":24,"custom_fields_values":{"cf_risk_level":"High"}}`},
	} {
		b.Run(call.name, func(b *testing.B) {
			tool, ok := s.Tool(call.tool)
			if !ok {
				b.Fatalf("no tool %s", call.tool)
			}
			arguments := []byte(call.arguments)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tool.Prepare(arguments); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		compile(b, cards(), toolset.Options{})
	}
}
