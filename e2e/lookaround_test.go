package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// Clients look for a sign-in at every address that some revision or some other server has it at. Where a server has none, each is answered so that they stop looking.
func TestAServerWithoutSignInSaysSoWhereverClientsLook(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		u, err := url.Parse(h.MCPURL)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{
			"/.well-known/oauth-protected-resource" + u.Path, "/.well-known/oauth-protected-resource", u.Path + "/.well-known/oauth-protected-resource",
			"/.well-known/oauth-authorization-server" + u.Path, "/.well-known/oauth-authorization-server", u.Path + "/.well-known/oauth-authorization-server",
			"/.well-known/openid-configuration" + u.Path, "/.well-known/openid-configuration", u.Path + "/.well-known/openid-configuration",
		} {
			got := send(t, "GET", h.APIURL+path, "", "Accept", "application/json", "MCP-Protocol-Version", modern)
			if got.status != 404 || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") || !json.Valid(got.body) {
				t.Errorf("%s is answered %d as %s, want 404 as JSON: %.200s", strings.Replace(path, u.Path, "/mcp/…", 1), got.status, got.header.Get("Content-Type"), got.body)
			}
			if strings.Contains(string(got.body), u.Path) {
				t.Errorf("the answer repeats the server's token: %s", got.body)
			}
		}
		wantTool(t, rpc(t, h.MCPURL, modern, "tools/list", "").want(t, 200).reply(t), listPipelines)
	})
}

func TestAForeignPageIsGrantedNothingBeforeItCallsEither(t *testing.T) {
	h := startDemo(t)
	const foreign = "https://evil.example"
	for name, headers := range map[string][]string{
		"a preflight":                             {"Access-Control-Request-Method", "POST"},
		"one that asks for the MCP headers":       {"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "mcp-method,mcp-param-region"},
		"one that asks to reach into the network": {"Access-Control-Request-Method", "POST", "Access-Control-Request-Private-Network", "true"},
		"a page without an address":               {"Origin", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, "OPTIONS", h.MCPURL, "", append([]string{"Origin", foreign}, headers...)...).want(t, 403)
			for header := range got.header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("it was granted %s: %s", header, got.header.Get(header))
				}
			}
		})
	}
}
