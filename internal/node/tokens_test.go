package node

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/await"
	"sluice/internal/environment"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
	"sluice/internal/store/storetest"
	"sluice/internal/user"
)

func TestAnAPITokenBesideTheURLOpensNoMoreThanItsScopesAndItsUser(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		n := open(t, database)
		acct, _ := connected(t, n)
		_, serverToken, err := n.Servers.Create(t.Context(), mcpserver.Draft{
			Environment: acct.Environment, AccountID: acct.ID, Name: "Locked", Config: []byte(`{"require_api_token_auth":true,"methods":["list","create"],"tags":["notes"]}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		member, err := n.Users.Create(t.Context(), user.Draft{Environment: acct.Environment, Email: "ada@example.com", Role: permission.Member}, user.Operator)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(n.Handler())
		defer server.Close()
		issue := func(userID string, scopes ...permission.Permission) string {
			_, text, err := n.Environments.IssueToken(t.Context(), environment.TokenDraft{
				Environment: acct.Environment, Name: "x", UserID: userID, Scopes: permission.Of(scopes...),
			})
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		// tools lists the tools that a token is shown: their names are in the answer.
		tools := func(token string) (status int, body string) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/mcp/"+serverToken, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/json, text/event-stream")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			b, _ := io.ReadAll(answer.Body)
			return answer.StatusCode, string(b)
		}
		const read, write = "list_all_octapipe_notes", "create_a_octapipe_note"
		check := func(what, token string, wantStatus int, reads, writes bool) {
			t.Helper()
			status, body := tools(token)
			if status != wantStatus || strings.Contains(body, read) != reads || strings.Contains(body, write) != writes {
				t.Errorf("%s: status %d, reads %v, writes %v: %.300s", what, status, strings.Contains(body, read), strings.Contains(body, write), body)
			}
		}
		both := issue(member.ID, permission.ToolsRead, permission.ToolsWrite)
		check("both scopes", both, 200, true, true)
		check("reading alone", issue("", permission.ToolsRead), 200, true, false)
		check("another scope", issue("", permission.LogsRead), 403, false, false)
		check("nobody's", "slu_nobody", 401, false, false)

		viewer := permission.Viewer
		if _, err := n.Users.Update(t.Context(), member.Environment, member.ID, user.Change{Role: &viewer}, user.Operator); err != nil {
			t.Fatal(err)
		}
		await.True(t, "the new role to hold", func() bool {
			_, body := tools(both)
			return strings.Contains(body, read) && !strings.Contains(body, write)
		})
		if err := n.Users.Delete(t.Context(), member.Environment, member.ID, user.Operator); err != nil {
			t.Fatal(err)
		}
		await.True(t, "the token to end with its user", func() bool {
			status, _ := tools(both)
			return status == http.StatusUnauthorized
		})
	})
}
