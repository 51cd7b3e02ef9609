package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestAPersonStartsAWorkflowFromAPrompt(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		listed := func(url, revision string) (names []string) {
			var list struct {
				Result struct {
					Prompts []struct{ Name string } `json:"prompts"`
				} `json:"result"`
			}
			rpc(t, url, revision, "prompts/list", "").want(t, 200).decode(t, &list)
			for _, p := range list.Result.Prompts {
				names = append(names, p.Name)
			}
			return names
		}
		for _, revision := range []string{legacy, modern} {
			if got := listed(h.MCPURL, revision); !slices.Contains(got, "move_card") || !slices.Contains(got, "change_many_records") {
				t.Errorf("on %s the prompts are %v", revision, got)
			}
			reader := h.mcpServer(t, `{"name":"reader","config":{"methods":["read"]}}`).URL
			if got := listed(reader, revision); !slices.Equal(got, []string{"review_pipeline"}) {
				t.Errorf("on %s a server for reading offers %v, and can carry out review_pipeline alone", revision, got)
			}

			var prompt struct {
				Result struct {
					Messages []struct {
						Role    string
						Content struct{ Type, Text string }
					}
				}
			}
			arguments, _ := json.Marshal(map[string]string{"card": `TechNova "Upgrade"`, "pipeline": "Q3 Renewals", "stage": "Contract Sent"})
			rpc(t, h.MCPURL, revision, "prompts/get", `{"name":"move_card","arguments":`+string(arguments)+`}`).want(t, 200).decode(t, &prompt)
			if len(prompt.Result.Messages) != 1 || !strings.Contains(prompt.Result.Messages[0].Content.Text, `Move the card "TechNova "Upgrade"" of the pipeline "Q3 Renewals" to the stage "Contract Sent"`) {
				t.Errorf("on %s the model is told %+v", revision, prompt.Result.Messages)
			}
		}
	})
}
