package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"sluice/internal/store/storetest"
)

func TestPeopleAndTheirTokensAreKeptFromTheShell(t *testing.T) {
	database := storetest.SQLite(t)
	sh := newShell(t)
	var owner struct{ ID, Email, Role, URL string }
	sh.json(&owner, "user", "create", "--owner", "Ada@Example.com", "--database", database, "--public-url", "https://sluice.example.com/")
	if owner.Role != "owner" || owner.Email != "ada@example.com" || !strings.HasPrefix(owner.URL, "https://sluice.example.com/password/") {
		t.Fatalf("the first owner is %+v", owner)
	}
	sh.fails("already", "user", "create", "ada@example.com", "--database", database)
	sh.fails("contradict", "user", "create", "bob@example.com", "--owner", "--role", "viewer", "--database", database)
	sh.fails("there are owner, admin, member, viewer", "user", "create", "bob@example.com", "--role", "root", "--database", database)
	sh.fails("no user with the address", "user", "password-link", "nobody@example.com", "--database", database)
	var made struct {
		Token  string
		Scopes []string
	}
	sh.fails("nothing:read", "token", "create", "--scope", "nothing:read", "--database", database)
	sh.fails("2027-01-31", "token", "create", "--expires", "tomorrow", "--database", database)
	sh.fails("not both", "token", "create", "--expires", "2099-01-31T18:00:00Z", "--expires-in", "1h", "--database", database)
	sh.json(&made, "token", "create", "--scope", "users:read,users:write", "--scope", "tokens:write,accounts:read,servers:read,tools:read,logs:read,integrations:read,webhooks:read",
		"--expires", "2099-01-31T18:00:00Z", "--database", database)
	if len(made.Scopes) != 9 {
		t.Errorf("the token's scopes are %v", made.Scopes)
	}

	node := sh.start("serve", "--database", database, "--listen", "127.0.0.1:0")
	address := node.log(t, `public_url=(\S+)`)[1]
	t.Setenv("SLUICE_URL", address)
	t.Setenv("SLUICE_TOKEN", made.Token)
	sh.fails("another Sluice serves .*PostgreSQL", "serve", "--database", database, "--listen", "127.0.0.1:0")
	sh.fails("Nobody gives what they have not.*accounts:write", "user", "invite", "bob@example.com") // as a member
	var invited struct{ ID, URL string }
	sh.json(&invited, "user", "invite", "bob@example.com", "--role", "viewer", "--name", "Bob")
	if out := sh.run("user", "invitations"); !strings.Contains(out, "bob@example.com") {
		t.Errorf("the invitations lack bob:\n%s", out)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	bob := &http.Client{Jar: jar}
	post := func(at string, form url.Values) string {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", address)
		answer, err := bob.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s is answered %d: %s", at, answer.StatusCode, body)
		}
		return string(body)
	}
	post(invited.URL, url.Values{"name": {"Bob"}, "password": {"a good long password"}})
	var users []struct{ ID, Email, Role string }
	sh.json(&users, "user", "list")
	if len(users) != 2 || users[0].Email != "bob@example.com" || users[0].Role != "viewer" {
		t.Fatalf("the users are %+v, want bob, a viewer, and ada", users)
	}
	sh.fails("may do more than you", "user", "update", "ada@example.com", "--role", "viewer")
	sh.fails("may do more than you", "user", "password-link", "ada@example.com")
	sh.fails("say what to change", "user", "update", "bob@example.com")
	if out := sh.run("user", "update", "bob@example.com", "--name", "Robert"); !strings.Contains(out, "bob@example.com") {
		t.Errorf("update printed %q", out)
	}
	var link struct{ URL string }
	sh.json(&link, "user", "password-link", "bob@example.com")
	if !strings.HasPrefix(link.URL, address+"/password/") {
		t.Errorf("the link is %s", link.URL)
	}
	provider := []string{"user", "provider", "set", "--issuer", "https://login.example.com", "--client-id", "1234", "--domain", "example.com,@Example.org"}
	sh.fails("environment:write", append(provider, "--client-secret", "shush")...)
	var all struct{ Token string }
	sh.json(&all, "token", "create", "--database", database)
	t.Setenv("SLUICE_TOKEN", all.Token)
	sh.fails("no OpenID provider", "user", "provider", "show")
	sh.fails(`required flag.* "domain"`, "user", "provider", "set", "--issuer", "https://login.example.com", "--client-id", "1234")
	sh.fails("no terminal to ask for the secret on", provider...)
	sh.fails("client_secret is required", append(provider, "--keep-secret")...)
	sh.run(append(provider, "--client-secret", "shush", "--role", "viewer")...)
	var set struct {
		Label    string
		Domains  []string
		Role     string
		Required bool
	}
	sh.json(&set, append(provider, "--keep-secret", "--label", "Example ID", "--required")...)
	if set.Label != "Example ID" || strings.Join(set.Domains, " ") != "example.com example.org" || set.Role != "" || !set.Required {
		t.Errorf("the provider is %+v", set)
	}
	if out := sh.run("user", "provider", "show"); !strings.Contains(out, "Example ID (https://login.example.com)") || strings.Contains(out, "shush") {
		t.Errorf("show printed %q", out)
	}
	sh.run("user", "provider", "remove")
	sh.fails("no OpenID provider", "user", "provider", "show")
	t.Setenv("SLUICE_TOKEN", made.Token)
	sh.run("user", "delete", users[0].ID)
	sh.fails("no user with the address bob@example.com", "user", "update", "bob@example.com", "--role", "viewer")
	if err := node.stop(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}
