package main

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/store/storetest"
)

// masterKey is what a test's PostgreSQL installations are given.
var masterKey = base64.StdEncoding.EncodeToString([]byte("an installation's key in a test!"))

func TestAnInstallationIsSetUpAndUsedFromTheShell(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		sh := newShell(t, "SLUICE_MASTER_KEY="+masterKey)
		var made struct{ ID, Environment, Token string }
		sh.json(&made, "token", "create", "--database", database, "--environment", "acme")
		if !strings.HasPrefix(made.Token, "slu_") || !strings.HasPrefix(made.Environment, "env_") {
			t.Fatalf("the first token is %+v", made)
		}
		if out := sh.run("migrate", "--database", database); !strings.Contains(out, "up to date") {
			t.Errorf("migrate printed %q", out)
		}
		sandbox := sh.start("octapipe", "--listen", "127.0.0.1:0")
		sandboxURL := strings.Fields(sandbox.line(t))[2]
		sandbox.line(t)
		login := sandbox.line(t)

		node := sh.start("serve", "--database", database, "--listen", "127.0.0.1:0", "--allow-address", "loopback", "--metrics-listen", "127.0.0.1:0")
		metricsURL := node.log(t, `msg=metrics url=(\S+)`)[1]
		url := node.log(t, `public_url=(\S+)`)[1]
		t.Setenv("SLUICE_URL", url)
		sh.fails("no API token: set SLUICE_TOKEN", "account", "list")
		t.Setenv("SLUICE_TOKEN", made.Token)
		sh.fails("no integrated account yet", "call", "list_all_octapipe_pipelines")

		credentials := []string{"account", "add", "octapipe", "--name", "Sales", "--context", "base_url=" + sandboxURL}
		for _, word := range []string{"domain", "email", "password"} {
			_, value, _ := strings.Cut(login, word+" ")
			value, _, _ = strings.Cut(strings.TrimSpace(value), ",")
			if word == "password" {
				sh.fails("credentials.*refused", append(credentials, "-c", "password=wrong")...)
			}
			credentials = append(credentials, "-c", word+"="+value)
		}
		var account struct{ ID, Status string }
		sh.json(&account, credentials...)
		if account.Status != "active" {
			t.Errorf("the account is %s, want active", account.Status)
		}
		if out := sh.run("account", "list"); !strings.Contains(out, account.ID) || !strings.Contains(out, "Sales") {
			t.Errorf("account list lacks the account:\n%s", out)
		}

		var server struct {
			ID, URL string
			Config  map[string]any
		}
		sh.json(&server, "mcp", "create", "Read only", "--methods", "read", "--tags", "pipelines")
		if !strings.HasPrefix(server.URL, url+"/mcp/") {
			t.Errorf("the MCP server's URL is %s, want one below %s/mcp/", server.URL, url)
		}
		if out := sh.run("mcp", "list"); !strings.Contains(out, `"methods":["read"]`) || strings.Contains(out, server.URL) {
			t.Errorf("mcp list lacks the config, or shows the URL again:\n%s", out)
		}
		for _, bad := range []struct {
			want string
			args []string
		}{
			{`no method "raed"`, []string{"--methods", "raed"}},
			{"expires_at lies in the past", []string{"--expires-at", "2020-01-01T00:00:00Z"}},
			{"config.nope is not known", []string{"--config", `{"nope":1}`}},
			{"--config is not JSON", []string{"--config", `{`}},
			{"either --config or the flags", []string{"--config", `{}`, "--methods", "read"}},
		} {
			sh.fails(bad.want, append([]string{"mcp", "create", "x"}, bad.args...)...)
		}

		var pipelines struct{ Result []struct{ UUID, Name string } }
		sh.json(&pipelines, "call", "list_all_octapipe_pipelines", "limit=2")
		if len(pipelines.Result) != 2 {
			t.Errorf("limit=2 lists %d pipelines", len(pipelines.Result))
		}
		var onServer struct{ Result []struct{ UUID string } }
		sh.json(&onServer, "call", "list_all_octapipe_pipelines", "limit:=2", "--mcp", server.URL)
		if len(onServer.Result) != 2 || onServer.Result[0].UUID != pipelines.Result[0].UUID {
			t.Errorf("through the MCP server the call lists %v, want %v", onServer, pipelines)
		}
		sh.fails("limit must be a whole number", "call", "list_all_octapipe_pipelines", "limit=many")
		sh.fails(`^Octapipe knows no such thing \(404\): [^\n{]*\.$`, "call", "get_single_octapipe_pipeline_by_id", "id=00000000-0000-4000-8000-000000000000")
		sh.fails("limit must be a whole number", "call", "list_all_octapipe_pipelines", "limit=many", "--mcp", server.URL)
		sh.fails("create_a_octapipe_task", "call", "create_a_octapipe_task", "--mcp", server.URL) // the server offers reads only

		var calls []struct {
			Door, Outcome string
			ToolName      string `json:"tool_name"`
		}
		sh.json(&calls, "log", "list", "--tool", "list_all_octapipe_pipelines", "--outcome", "ok")
		if len(calls) != 2 || calls[0].Door != "mcp" || calls[1].Door != "cli" {
			t.Errorf("the log has %+v, want one call by mcp after one by cli", calls)
		}

		metrics := body(t, metricsURL)
		for _, want := range []string{
			`sluice_call_duration_seconds_count{door="cli",outcome="ok",write="false"} 1`,
			`sluice_call_duration_seconds_count{door="mcp",outcome="ok",write="false"} 1`,
			`sluice_call_duration_seconds_count{door="mcp",outcome="invalid",write="false"} 1`,
			"go_goroutines ",
		} {
			if !strings.Contains(metrics, want) {
				t.Errorf("the metrics lack %s", want)
			}
		}
		if status := get(t, url+"/metrics", made.Token); status != http.StatusNotFound {
			t.Errorf("the metrics are answered %d at the public address, want 404", status)
		}

		sh.run("mcp", "delete", server.ID)
		sh.fails("no such MCP server", "mcp", "delete", server.ID)
		sh.fails(".", "call", "list_all_octapipe_pipelines", "--mcp", server.URL)
		var second struct{ ID, Token string }
		sh.json(&second, "token", "create", "--name", "Short", "--expires-in", "1h")
		if status := get(t, url+"/environment", second.Token); status != http.StatusOK {
			t.Errorf("the second token is answered %d", status)
		}
		sh.run("token", "delete", second.ID)
		if status := get(t, url+"/environment", second.Token); status != http.StatusUnauthorized {
			t.Errorf("the token that was revoked is answered %d, want 401", status)
		}
		sh.run("account", "delete", account.ID)
		sh.fails("no integrated account yet", "mcp", "list")
		if err := node.stop(); err != nil {
			t.Errorf("serve ended with %v", err)
		}
		sh.fails("does not answer", "account", "list")
	})
}

func TestATokenIsMadeWhereTheSettingsAre(t *testing.T) {
	database := storetest.SQLite(t)
	newShell(t).fails("no API token", "token", "create")

	var first, second, third struct{ Environment, Token string }
	sh := newShell(t, "SLUICE_DATABASE="+database)
	sh.json(&first, "token", "create")
	newShell(t).json(&second, "token", "create", "--config", configFile(t, "database: "+database+"\n"))
	newShell(t, "SLUICE_CONFIG="+configFile(t, "database: "+database+"\n")).json(&third, "token", "create")
	if first.Token == "" || first.Environment == "" || second.Environment != first.Environment || third.Environment != first.Environment {
		t.Errorf("want three tokens of one environment, got %+v, %+v, %+v", first, second, third)
	}
	// Who names a Sluice to ask means that one.
	newShell(t, "SLUICE_DATABASE="+database, "SLUICE_URL=http://127.0.0.1:9", "SLUICE_TOKEN=slu_x").fails("127.0.0.1:9 does not answer", "token", "create")
	newShell(t, "SLUICE_DATABASE="+database).fails("127.0.0.1:9 does not answer", "token", "create", "--url", "http://127.0.0.1:9", "--token", "slu_x")
}

func TestPostgreSQLWantsItsMasterKeyGiven(t *testing.T) {
	newShell(t).fails("PostgreSQL needs a master key", "token", "create", "--database", storetest.PostgreSQL(t))
}

func TestWhatIsMistypedIsToldInASentence(t *testing.T) {
	sh := newShell(t, "SLUICE_TOKEN=slu_x", "SLUICE_URL=http://127.0.0.1:1")
	for _, c := range []struct {
		want string
		args []string
	}{
		{`^sluice has no command "dmeo"; did you mean demo\?$`, []string{"dmeo"}},
		{`^sluice has no command "frobnicate"; .sluice --help. lists them$`, []string{"frobnicate"}},
		{`^write it as .sluice account add INTEGRATION \[flags\].; .sluice account add --help. says more$`, []string{"account", "add"}},
		{`^write it as .sluice stdio URL \[flags\].; `, []string{"stdio", "http://127.0.0.1/mcp/a", "b"}},
		{`^sluice token has no command "creat"; did you mean create\?$`, []string{"token", "creat"}},
		{`"pipeline" is no argument`, []string{"call", "tool", "pipeline"}},
		{`"=x" is no argument`, []string{"call", "tool", "=x"}},
		{"value of filters is not JSON", []string{"call", "tool", "filters:=["}},
		{"limit is given twice", []string{"call", "tool", "limit=1", "limit=2"}},
		{"account mcp", []string{"call", "tool", "--account", "acc_x", "--mcp", "http://x/mcp/y"}},
		{"--mcp wants an MCP server's whole URL", []string{"call", "tool", "--mcp", "token"}},
		{"MCP server at 127.0.0.1:1 does not answer: dial", []string{"call", "tool", "--mcp", "http://127.0.0.1:1/mcp/secret"}},
		{"Sluice at http://127.0.0.1:1 does not answer: dial", []string{"account", "list"}},
		{"--credential wants name=value$", []string{"account", "add", "octapipe", "-c", "secret"}},
		{"^write it as .sluice stdio URL", []string{"stdio"}},
	} {
		sh.fails(c.want, c.args...)
	}
	if _, _, err := sh.try("call", "tool", "--mcp", "http://127.0.0.1:1/mcp/secret"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error of a call by a URL is %v, want one without its token", err)
	}
}
