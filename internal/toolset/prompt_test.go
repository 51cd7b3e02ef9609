package toolset_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/toolset"
)

// withPrompts is cards with a prompt that only reads and one that writes.
func withPrompts() *integration.Definition {
	def := cards()
	def.Prompts = []integration.Prompt{
		{Name: "review_cards", Description: "Review cards.", Text: "Look at the cards.", Needs: []string{"pipeline_cards.list"}},
		{Name: "move_card", Title: "Move it", Description: "Move a card.", Arguments: []integration.PromptArgument{{Name: "card", Description: "Its name"}, {Name: "reason", Optional: true, Default: "none given"}},
			Text: "Move {{arguments.card}}. Reason: {{ arguments.reason }}.", Needs: []string{"pipeline_cards.list", "pipeline_cards.update"}},
		{Name: "clean_up", Description: "Clean up.", Text: "Delete.", Needs: []string{"pipeline_cards.bulk_delete"}}, // which is not documented
	}
	return def
}

func TestAPromptIsOfferedWhereAllItsToolsAre(t *testing.T) {
	for name, test := range map[string]struct {
		options toolset.Options
		want    string
	}{
		"everything":                          {toolset.Options{}, "review_cards move_card"},
		"reading":                             {toolset.Options{Methods: []string{"read"}}, "review_cards"},
		"other resources":                     {toolset.Options{Tags: []string{"nobody"}}, ""},
		"one pipeline, whose cards are there": {toolset.Options{Bind: map[string]string{"pipeline_uuid": "0191b0c8-0000-7000-8000-000000000001"}}, "review_cards move_card"},
	} {
		var listed []struct{ Name string }
		s := compile(t, withPrompts(), test.options)
		if err := json.Unmarshal(s.PromptsJSON(), &listed); err != nil {
			t.Fatalf("%s: %v: %s", name, err, s.PromptsJSON())
		}
		var names []string
		for _, p := range listed {
			names = append(names, p.Name)
			if _, ok := s.Prompt(p.Name); !ok {
				t.Errorf("%s: %s is listed and not found", name, p.Name)
			}
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%s: offered are %q, want %q", name, got, test.want)
		}
		if _, ok := s.Prompt("clean_up"); ok {
			t.Errorf("%s: a prompt is found whose tool is no tool", name)
		}
	}
}

func TestAPromptIsListedWithWhatItAsksFor(t *testing.T) {
	const want = `[{"name":"review_cards","title":"Review cards","description":"Review cards."},{"name":"move_card","title":"Move it","description":"Move a card.","arguments":[` +
		`{"name":"card","description":"Its name","required":true},{"name":"reason","required":false}]}]`
	if got := string(compile(t, withPrompts(), toolset.Options{}).PromptsJSON()); got != want {
		t.Errorf("listed are\n%s\nwant\n%s", got, want)
	}
	if got := string(compile(t, cards(), toolset.Options{}).PromptsJSON()); got != "[]" {
		t.Errorf("a definition without prompts lists %s", got)
	}
}

func TestAPromptsTextHoldsWhatWasGiven(t *testing.T) {
	p, ok := compile(t, withPrompts(), toolset.Options{}).Prompt("move_card")
	if !ok {
		t.Fatal("the prompt is not offered")
	}
	for _, test := range []struct {
		given map[string]string
		want  string
	}{
		{map[string]string{"card": "Acme", "reason": "signed"}, "Move Acme. Reason: signed."},
		{map[string]string{"card": "Acme"}, "Move Acme. Reason: none given."},
		{map[string]string{"card": "Acme", "reason": " "}, "Move Acme. Reason: none given."},
		{map[string]string{"card": "{{arguments.reason}}", "reason": "signed"}, "Move {{arguments.reason}}. Reason: signed."},
	} {
		if got, err := p.Text(test.given); err != nil || got != test.want {
			t.Errorf("with %v the text is %q, %v; want %q", test.given, got, err, test.want)
		}
	}
	if text, err := p.Text(map[string]string{"reason": "signed"}); err == nil || !strings.Contains(err.Error(), "arguments.card") {
		t.Errorf("without what it needs, the text is %q, %v", text, err)
	}
}

func TestASchemaIsShownAsItIsWrittenWhereItsAuthorAsks(t *testing.T) {
	const written = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","$defs":{"place":{"$anchor":"place","type":"object"}},"properties":{"at":{"$ref":"#/$defs/place"},` +
		`"phone":{"type":"string","x-mcp-header":"Phone"},"email":{"type":"string"}},"allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],"additionalProperties":false}`
	doc := documented("", strings.ReplaceAll(written, ",", ", "))
	doc.Verbatim = true
	def := define("people", "person", &integration.Method{Name: "call", HTTPMethod: "POST", Path: "/calls", Doc: doc})

	tools := compile(t, def, toolset.Options{})
	tool := tools.Tools[0]
	if got := string(tool.InputSchema); got != written {
		t.Errorf("the schema is shown as\n%s\nwant\n%s", got, written)
	}
	for _, list := range [][]byte{tools.ListJSON(), tools.HeaderListJSON()} {
		if strings.Count(string(list), written) != 1 {
			t.Errorf("the list does not show it so: %s", list)
		}
	}
	if len(tool.Headers) != 1 || tool.Headers[0].Name != "Mcp-Param-Phone" || !tool.Headers[0].Required {
		t.Errorf("mirrored are %v, want what the schema says", tool.Headers)
	}
	if _, err := tool.Prepare([]byte(`{"at":{}}`)); err == nil {
		t.Error("arguments that no branch takes pass")
	}
	if _, err := tool.Prepare([]byte(`{"email":"a@b.example"}`)); err != nil {
		t.Errorf("arguments that a branch takes are refused: %v", err)
	}

	bound := compile(t, def, toolset.Options{Bind: map[string]string{"email": "a@b.example"}}).Tools[0]
	if strings.Contains(string(bound.InputSchema), "email") {
		t.Errorf("what is bound is shown to callers: %s", bound.InputSchema)
	}
}
