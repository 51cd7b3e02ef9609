package e2e

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// What the vendor says comes through as it is: its limits too, and everything but its users' secrets.

func TestSecretsOfTheVendorsUsersNeverComeThrough(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		secrets := []string{"initial_password", "recover_code", "auth_code"}
		pipeline := h.sandboxFind(t, "/pipelines", "name", "Q3 Renewals").text("uuid")
		for tool, c := range map[string]struct{ arguments, vendor string }{
			"list_all_octapipe_users":          {`{}`, "/users"},
			"list_all_octapipe_pipeline_cards": {`{"pipeline_uuid":"` + pipeline + `"}`, "/pipelines/" + pipeline + "/cards"},
		} {
			vendor := string(h.sandbox(t, "GET", c.vendor, "").want(t, 200).body)
			ours := string(rpc(t, h.MCPURL, modern, "tools/call", `{"name":"`+tool+`","arguments":`+c.arguments+`}`).want(t, 200).body)
			proxied := string(h.api(t, "GET", "/proxy/"+strings.TrimPrefix(tool, "list_all_octapipe_")+"?integrated_account_id="+h.AccountID+"&pipeline_uuid="+pipeline, "").body)
			for _, secret := range secrets {
				if !strings.Contains(vendor, secret) {
					t.Errorf("the sandbox's %s has no %s, so that the test shows nothing", c.vendor, secret)
				}
				if strings.Contains(ours, secret) {
					t.Errorf("%s lets %s through", tool, secret)
				}
				if strings.Contains(proxied, secret) {
					t.Errorf("/proxy lets %s through where %s is listed", secret, tool)
				}
			}
		}
	})
}

func TestAVendorsLimitIsPassedOnAndNothingIsTriedAgain(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		_, limited := startProcess(t, regexp.MustCompile(`(?s)^Octapipe sandbox +(\S+)\n.*API key +(\S+)\n`), nil, "octapipe", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--rate-limit", "5")
		vendor := *h
		vendor.OctapipeURL = limited[1]
		m := startMiddleman(t, &vendor)
		server := m.connect(t, h)
		before := len(m.calls()) // connecting may have proven the account by one
		var last *response
		for range 6 {
			last = rpc(t, server.URL, modern, "tools/call", `{"name":"`+listPipelines+`"}`).want(t, 200)
			if last.reply(t).Result.IsError {
				break
			}
		}
		var got struct {
			Result struct {
				IsError bool           `json:"isError"`
				Meta    map[string]any `json:"_meta"`
			} `json:"result"`
		}
		if err := json.Unmarshal(last.body, &got); err != nil {
			t.Fatal(err)
		}
		text := last.reply(t).Result.text(t)
		if !got.Result.IsError || !regexp.MustCompile(`\b[0-9]+ seconds\b`).MatchString(text) {
			t.Errorf("the sixth call in a minute that has five is answered %s, want an error that tells the seconds to wait", text)
		}
		for _, name := range []string{"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} {
			if _, ok := got.Result.Meta[name].(float64); !ok {
				t.Errorf("_meta lacks %s as a number: %v", name, got.Result.Meta)
			}
		}
		if sent := len(m.calls()) - before; sent > 6 {
			t.Errorf("the vendor got %d calls for 6 of ours", sent)
		}
		refusals := h.logged(t, "outcome=rate_limited&mcp_server_id="+server.ID)
		if refusals["status"] != float64(429) {
			t.Errorf("the log has the status %v, want 429", refusals["status"])
		}
	})
}
