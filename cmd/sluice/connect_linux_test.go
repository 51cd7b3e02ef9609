package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluice/internal/await"
)

// terminal is a pseudo-terminal: what a person would sit at.
type terminal struct {
	keyboard *os.File // what is typed, and what the terminal echoes
	in       *os.File // what the command reads
	echoed   lockedBuffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	c := &terminal{keyboard: keyboard, in: in}
	go func() {
		b := make([]byte, 1024)
		for {
			n, err := keyboard.Read(b)
			if err != nil {
				return
			}
			c.echoed.Write(b[:n])
		}
	}()
	return c
}

// typed runs a command at the terminal, and answers each of its questions.
func (s shell) typed(c *terminal, answers [][2]string, args ...string) (stdout string, err error) {
	s.t.Helper()
	var out bytes.Buffer
	var asked lockedBuffer
	root := newRoot()
	root.SetIn(c.in)
	root.SetOut(&out)
	root.SetErr(&asked)
	root.SetArgs(args)
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(s.t.Context()) }()
	seen := 0
	for _, a := range answers {
		for deadline := time.Now().Add(await.Limit); ; time.Sleep(2 * time.Millisecond) {
			if i := strings.Index(asked.String()[seen:], a[0]); i >= 0 {
				seen += i + len(a[0])
				break
			}
			if time.Now().After(deadline) {
				s.t.Fatalf("the command did not ask %q:\n%s", a[0], asked.String())
			}
		}
		for hidden := strings.Contains(strings.ToLower(a[0]), "password"); hidden; time.Sleep(2 * time.Millisecond) { // until the terminal echoes no more
			state, err := unix.IoctlGetTermios(int(c.in.Fd()), unix.TCGETS)
			if err != nil || state.Lflag&unix.ECHO == 0 {
				break
			}
		}
		fmt.Fprintln(c.keyboard, a[1])
	}
	select {
	case err = <-ended:
	case <-time.After(await.Limit):
		s.t.Fatalf("the command did not end:\n%s", asked.String())
	}
	return out.String(), err
}

func TestAnAccountIsConnectedFromTheShell(t *testing.T) {
	sh := newShell(t, "SLUICE_MASTER_KEY="+masterKey)
	database := filepath.Join(t.TempDir(), "sluice.db")
	var made struct{ Token string }
	sh.json(&made, "token", "create", "--database", database, "--environment", "acme")
	sandbox := sh.start("octapipe", "--listen", "127.0.0.1:0")
	sandboxURL := strings.Fields(sandbox.line(t))[2]
	sandbox.line(t)
	words := sandbox.line(t)
	login := map[string]string{}
	for _, word := range []string{"domain", "email", "password"} {
		_, rest, _ := strings.Cut(words, word+" ")
		login[word], _, _ = strings.Cut(strings.TrimSpace(rest), ",")
	}
	node := sh.start("serve", "--database", database, "--listen", "127.0.0.1:0", "--allow-address", "loopback")
	t.Setenv("SLUICE_URL", node.log(t, `public_url=(\S+)`)[1])
	t.Setenv("SLUICE_TOKEN", made.Token)

	t.Run("by answering questions", func(t *testing.T) {
		sh := shell{t}
		c := newTerminal(t)
		out, err := sh.typed(c, [][2]string{
			{"How to connect Octapipe [Sign in]: ", "1"},
			{"API address [https://api.octapipe.dev]: ", sandboxURL},
			{"Company domain: ", login["domain"]},
			{"Email: ", login["email"]},
			{"Password: ", login["password"]},
		}, "connect", "octapipe", "--name", "Asked")
		if err != nil || !regexp.MustCompile(`^Integrated account acc_\w+ is active\n$`).MatchString(out) {
			t.Fatalf("got %q, %v", out, err)
		}
		if strings.Contains(c.echoed.String(), login["password"]) || !strings.Contains(c.echoed.String(), login["email"]) {
			t.Error("the password was shown while it was typed, or nothing was")
		}
	})
	t.Run("by what the command line and a file say", func(t *testing.T) {
		sh := shell{t}
		file := filepath.Join(t.TempDir(), "password.txt")
		if err := os.WriteFile(file, []byte(login["password"]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		given := []string{"connect", "octapipe", "--context", "base_url=" + sandboxURL, "-c", "domain=" + login["domain"], "-c", "email=" + login["email"]}
		var acct struct{ ID, Status string }
		sh.json(&acct, append(given, "-c", "password=@"+file)...)
		if acct.Status != "active" {
			t.Errorf("got %+v", acct)
		}
		sh.fails("there is no terminal to ask on, and it needs password: give -c password=…, or -c password=@file", given...)
		sh.fails("no such file", append(given, "-c", "password=@"+file+".none")...)
		sh.fails("credentials.passwort is not known", append(given, "-c", "passwort=x", "-c", "password=x")...)
		sh.fails("say what to connect", "connect")
		sh.fails(`no such integration`, "connect", "nothing")
		var again struct{ ID, Status string }
		sh.json(&again, "connect", "--account", acct.ID, "-c", "password=@"+file)
		if again != acct {
			t.Errorf("connected again: got %+v, want %+v", again, acct)
		}
		sh.fails("is of octapipe, not of depot", "connect", "depot", "--account", acct.ID)
	})
	t.Run("by a link that somebody else opens", func(t *testing.T) {
		sh := shell{t}
		sh.fails("redirect_uri is not on the environment's list, which is empty", "connect", "octapipe", "--link", "--redirect-uri", "https://app.example.com/done")
		if out := sh.run("environment", "redirect-uri", "add", "https://app.example.com/done"); out != "https://app.example.com/done\n" {
			t.Errorf("got %q", out)
		}
		sh.fails("must begin with https://", "environment", "redirect-uri", "add", "http://app.example.com/")
		if out := sh.run("connect", "octapipe", "--link", "--no-wait", "--redirect-uri", "https://app.example.com/done"); !strings.Contains(out, "/connect/") {
			t.Errorf("got %q", out)
		}
		sh.run("environment", "redirect-uri", "remove", "https://app.example.com/done")
		waiting := sh.start("connect", "octapipe", "--link", "--tenant", "acme", "--context", "base_url="+sandboxURL)
		page := waiting.log(t, `(http\S+/connect/\S+)`)[1]
		r, err := http.NewRequest(http.MethodPost, page, strings.NewReader(url.Values{"way": {"0"}, "credentials.domain": {login["domain"]}, "credentials.email": {login["email"]}, "credentials.password": {login["password"]}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if line := waiting.line(t); !strings.HasSuffix(line, " is active\n") {
			t.Errorf("got %q", line)
		}
	})
	t.Run("and by what the vendor lets choose", func(t *testing.T) {
		sh := shell{t}
		vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"places":[{"id":1,"name":"Attic"},{"id":2,"name":"Cellar"}]}`)
		}))
		t.Cleanup(vendor.Close)
		folder := filepath.Join(t.TempDir(), "den")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		definition := fmt.Sprintf(`name: den
label: Den
base_url: %s
context: [{name: place, label: Place, choices: {path: /places, items: places, value: id, label: name}}]
credentials: {format: static, fields: [{name: key, type: password}], token: "{{credentials.key}}"}
authorization: {format: bearer}
resources: {foxes: {singular: fox, list: {method: get, path: /foxes}}}
`, vendor.URL)
		if err := os.WriteFile(filepath.Join(folder, "integration.yaml"), []byte(definition), 0o600); err != nil {
			t.Fatal(err)
		}
		sh.run("integration", "put", folder)
		sh.fails("connected but for one thing: choose the Place by PATCH /integrated-account/acc_", "connect", "den", "-c", "key=earth")
		out, err := sh.typed(newTerminal(t), [][2]string{{"Place, by its number: ", "3"}, {"There are 1 to 2.", ""}, {"Place, by its number: ", "2"}}, "connect", "den", "-c", "key=earth", "--json")
		if err != nil || !strings.Contains(out, `"place": "2"`) || !strings.Contains(out, `"status": "active"`) {
			t.Errorf("got %s, %v", out, err)
		}
	})
	t.Run("the environment's client with a vendor", func(t *testing.T) {
		sh := shell{t}
		sh.fails("asks for no OAuth client", "integration", "oauth-client", "set", "octapipe", "--client-id", "x", "--public")
		sh.fails("--client-id is needed", "integration", "oauth-client", "set", "octapipe")
		sh.fails("no terminal to ask for the secret on", "integration", "oauth-client", "set", "octapipe", "--client-id", "x")
		sh.fails("no OAuth client", "integration", "oauth-client", "show", "octapipe")
		sh.fails(`has no command "sett"; did you mean set`, "integration", "oauth-client", "sett")
	})
}
