package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var status = regexp.MustCompile(`HTTP (\d+)\n`)

// Whoever comes from another platform finds the calls that the page names, with the shapes that it says.
func TestThePageOnMigratingSaysWhatIsSo(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is not installed, and the page's lines are for it: install it")
	}
	h := startDemo(t)
	pipeline := h.sandboxFind(t, "/pipelines", "name", "Q3 Renewals").text("uuid")
	card := h.sandboxFind(t, "/pipelines/"+pipeline+"/cards", "name", "TechNova Upgrade").text("uuid")
	stage := h.sandboxFind(t, "/pipelines/"+pipeline+"/stages", "name", "In Review").text("uuid")
	calls, answers := 0, ""
	for _, b := range h.guide(t, "migrating.md") {
		if b.language != "sh" {
			continue
		}
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", `curl() { command curl -w '%{stderr}HTTP %{http_code}\n' "$@"; }`+"\n"+b.text)
		cmd.Env = append(os.Environ(), "SLUICE_URL="+h.APIURL, "SLUICE_TOKEN="+h.APIToken, "ACCOUNT="+h.AccountID, "PIPELINE="+pipeline, "STAGE="+stage, "CARD="+card)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v in\n%s\n%s", err, b.text, out)
		}
		want := "2"
		if strings.Contains(b.text, "# 428") {
			want = "428"
		}
		for _, got := range status.FindAllStringSubmatch(string(out), -1) {
			calls++
			if !strings.HasPrefix(got[1], want) {
				t.Errorf("answered %s, want %s…, in\n%s\n%s", got[1], want, b.text, out)
			}
		}
		answers += string(out)
	}
	if calls < 12 {
		t.Errorf("the page has %d calls", calls)
	}
	for _, part := range []string{`"next_cursor":`, `"is_partial_response":false`, `"query_schema":`, `"body_schema":`, `"ai_readiness":`, `"url":`, `"link_token":`, `"status":"active"`, `"confirmation":`} {
		if !strings.Contains(answers, part) {
			t.Errorf("no answer has %s", part)
		}
	}
	// The proxy takes an update as the vendor's own answer shows it.
	if sla := string(h.sandbox(t, "GET", "/pipelines/"+pipeline+"/cards/"+card, "").want(t, 200).body); !strings.Contains(sla, `"sla":48`) {
		t.Errorf("the card is %s, want it changed by the page's call and not deleted", sla)
	}
}
