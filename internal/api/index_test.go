package api_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestTheAddressItselfTellsWhatIsWhere(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		var told map[string]string
		got := h.send(t, "GET", "/", "").want(200)
		if err := json.Unmarshal(got.body, &told); err != nil {
			t.Fatalf("%v: %s", err, got.body)
		}
		for name, want := range map[string]string{
			"version": "v1.2.3", "mcp": "https://sluice.example.com/mcp/TOKEN", "openapi": "https://sluice.example.com/openapi.json", "dashboard": "https://sluice.example.com/dashboard",
		} {
			equal(t, name, want, told[name])
		}
		h.send(t, "POST", "/", "").refuses(405, "")
	})
}

func TestTheOpenAPIDocumentIsWhole(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		got := h.send(t, "GET", "/openapi.json", "").want(200)
		var doc struct {
			OpenAPI    string
			Components struct{ Schemas map[string]any }
			Paths      map[string]map[string]struct {
				Summary   string
				Responses map[string]any
			}
		}
		if err := json.Unmarshal(got.body, &doc); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Paths) < 15 {
			t.Errorf("got version %q with %d paths", doc.OpenAPI, len(doc.Paths))
		}
		for path, methods := range doc.Paths {
			for method, op := range methods {
				if op.Summary == "" || op.Responses["default"] == nil {
					t.Errorf("%s %s lacks a summary, or says nothing of errors", method, path)
				}
			}
		}
		for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]*)"`).FindAllStringSubmatch(string(got.body), -1) {
			if doc.Components.Schemas[ref[1]] == nil {
				t.Errorf("the document refers to a schema %s that it does not have", ref[1])
			}
		}
	})
}
