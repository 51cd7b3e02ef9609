package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestThePageRunsNothingAndLoadsNothingFromElsewhere(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		got := h.send(t, "GET", "/", "").want(200)
		page := string(got.body)
		policy := got.header.Get("Content-Security-Policy")
		style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page)
		hash := sha256.Sum256([]byte(style[1]))
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'") {
			t.Errorf("the policy does not let the page's own style through, or more than that: %s", policy)
		}
		for _, forbidden := range []string{"<script", "style=", "onclick", "src=", "slu_", h.here.account} {
			if strings.Contains(page, forbidden) {
				t.Errorf("the page holds %q", forbidden)
			}
		}
		for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			h.send(t, "GET", "/"+link[1], "").want(200)
		}
		for _, word := range []string{"v1.2.3", "https://sluice.example.com/mcp/TOKEN", "sluice token create", "openapi.json", "docs/clients.md"} {
			if !strings.Contains(page, word) {
				t.Errorf("the page does not speak of %s", word)
			}
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
