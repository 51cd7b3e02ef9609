package mcp_test

import (
	"context"
	"encoding/json"
	"testing"

	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/toolset"
)

func TestAnAnswerThatIsContentIsShownAsSuch(t *testing.T) {
	e := newEndpoint(t)
	r := &integration.Resource{Name: "charts", Singular: "chart"}
	r.Methods = []*integration.Method{{Name: "draw", HTTPMethod: "get", Path: "/chart", Safe: true, Resource: r, Response: integration.Response{Format: "content"},
		Doc: &integration.Documentation{Description: "Draws a chart.", QuerySchema: json.RawMessage(`{"type":"object"}`)}}}
	tools, err := toolset.Compile(&integration.Definition{Name: "demo", Digest: "charts", Resources: integration.Resources{r}}, toolset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e.shipyard.tools = tools
	const draw = "demo_charts_draw"
	const image, audio, link = `{"type":"image","data":"iVBO","mimeType":"image/png"}`, `{"type":"audio","data":"UklG","mimeType":"audio/wav"}`, `{"type":"resource_link","uri":"https://a.example/x","name":"x"}`
	for _, c := range []struct {
		name, body string
		since      int // index of the first revision that knows it; 5: none
	}{
		{"an image", "[" + image + "]", 0},
		{"words, an image and a resource", `[{"type":"text","text":"Seen:"},` + image + `,{"type":"resource","resource":{"uri":"test://x","text":"{}"}}]`, 0},
		{"a sound", "[" + audio + "]", 1},
		{"a link", "[" + link + "]", 2},
		{"a kind that nobody knows", `[{"type":"smell","data":"rose"}]`, 5},
		{"an image without its type", `[{"type":"image","data":"iVBO"}]`, 5},
		{"no list", image, 5},
		{"an empty list", `[]`, 5},
		{"no objects", `["a"]`, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.shipyard.comesTo(draw, func(context.Context, string) (*gateway.Result, error) {
				return &gateway.Result{Status: 200, Total: -1, Body: []byte(c.body)}, nil
			})
			for i, version := range allRevisions {
				a := e.call(t, openToken, version, draw, `{}`)
				wantStatus(t, a, 200)
				if i >= c.since {
					if got := a.at(t, "result.content"); got != compact(t, c.body) {
						t.Errorf("%s: content is %s, want %s", version, got, c.body)
					}
				} else if got := a.at(t, "result.content.0.text"); got != c.body {
					t.Errorf("%s: the text is %s, want %s", version, got, c.body)
				}
			}
		})
	}
}
