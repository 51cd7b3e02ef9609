package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/await"
)

// asProgram makes the test binary be the program itself, so that what only main does (signals, exit codes, standard error) is tested without a build.
const asProgram = "RUN_AS_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is sluice as a process of its own, with only the given variables beside what any process has.
func program(t *testing.T, variables []string, args ...string) (cmd *exec.Cmd, temporary string) {
	t.Helper()
	temporary = t.TempDir()
	cmd = exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(variables, asProgram+"=1", "TMPDIR="+temporary, "HOME="+temporary, "PATH="+os.Getenv("PATH"))
	cmd.Dir = temporary
	return cmd, temporary
}

func TestTheProgramsExitCodesAndWords(t *testing.T) {
	for name, c := range map[string]struct {
		args           []string
		variables      []string
		code           int
		stdout, stderr string // what they contain
	}{
		"the version":                   {args: []string{"version"}, stdout: "sluice "},
		"the version by a flag":         {args: []string{"--version"}, stdout: "sluice "},
		"help":                          {args: []string{"--help"}, stdout: "sluice demo"},
		"nothing at all":                {args: nil, stdout: "Usage:"},
		"help of a command":             {args: []string{"serve", "--help"}, stdout: "--public-url"},
		"a group of commands":           {args: []string{"mcp"}, stdout: "create"},
		"a mistyped command":            {args: []string{"tokn"}, code: 1, stderr: "token"},
		"a mistyped command in a group": {args: []string{"token", "creat"}, code: 1, stderr: "create"},
		"a mistyped flag":               {args: []string{"serve", "--listn", "x"}, code: 1, stderr: "sluice serve has no flag --listn; did you mean --listen?"},
		"a flag unlike any":             {args: []string{"serve", "--colour", "x"}, code: 1, stderr: "`sluice serve --help`"},
		"no port to listen on":          {args: []string{"serve", "--listen", "localhost"}, code: 1, stderr: "127.0.0.1:8080"},
		"an address of another machine": {args: []string{"serve", "--listen", "192.0.2.1:0"}, code: 1, stderr: "this machine has no such address"},
		"a folder as the database":      {args: []string{"serve", "--listen", "127.0.0.1:0", "--database", "."}, code: 1, stderr: "is a folder"},
		"keys of no database":           {args: []string{"key", "rotate", "--database", "no.db"}, code: 1, stderr: "no.db: no such file"},
		"a new master key that is none": {args: []string{"key", "rewrap", "no.key", "--database", "no.db"}, code: 1, stderr: "openssl rand"},
		"no token":                      {args: []string{"account", "list"}, code: 1, stderr: "sluice: there is no API token: set SLUICE_TOKEN"},
		"nobody there":                  {args: []string{"account", "list"}, variables: []string{"SLUICE_URL=http://127.0.0.1:9", "SLUICE_TOKEN=slu_x"}, code: 1, stderr: "sluice: Sluice at http://127.0.0.1:9 does not answer"},
		"an address that is none":       {args: []string{"account", "list"}, variables: []string{"SLUICE_URL=localhost:8080", "SLUICE_TOKEN=slu_x"}, code: 1, stderr: "http://"},
		"a mistyped variable":           {args: []string{"serve", "--listen", "127.0.0.1:0"}, variables: []string{"SLUICE_DATABSE=x"}, code: 1, stderr: "SLUICE_DATABSE"},
		"a demo without its key's home": {args: []string{"demo", "--database", "postgres://x"}, code: 1, stderr: "--data"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, _ := program(t, c.variables, c.args...)
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("want exit code %d, got %d (%v)\n%s%s", c.code, code, err, stdout.String(), stderr.String())
			}
			if !strings.Contains(stdout.String(), c.stdout) || c.stdout == "" && stdout.Len() > 0 {
				t.Errorf("standard output: want %q, got %q", c.stdout, stdout.String())
			}
			if !strings.Contains(stderr.String(), c.stderr) || c.stderr == "" && stderr.Len() > 0 {
				t.Errorf("standard error: want %q, got %q", c.stderr, stderr.String())
			}
			if strings.Contains(stderr.String(), "slu_x") {
				t.Errorf("standard error holds the token: %s", stderr.String())
			}
		})
	}
}

func TestASignalEndsTheDemoAndLeavesNothingBehind(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			// A client's variables are no settings of a demo.
			cmd, temporary := program(t, []string{"SLUICE_URL=http://127.0.0.1:9", "SLUICE_TOKEN=slu_x"}, "demo", "--json", "--listen", "127.0.0.1:0", "--octapipe-listen", "127.0.0.1:0")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(out)
			line, err := lines.ReadString('\n')
			if err != nil || !json.Valid([]byte(line)) {
				t.Fatalf("want one line of JSON, got %q (%v)\n%s", line, err, stderr.String())
			}
			if kept, _ := filepath.Glob(filepath.Join(temporary, "*")); len(kept) == 0 {
				t.Error("the demo keeps nothing in the temporary folder, so this test shows nothing")
			}
			cmd.Process.Signal(signal)
			rest, _ := lines.ReadString(0)
			kill := time.AfterFunc(await.Limit, func() { cmd.Process.Kill() })
			defer kill.Stop()
			if err := cmd.Wait(); err != nil {
				t.Errorf("the demo ended with %v\n%s", err, stderr.String())
			}
			if rest != "" || stderr.Len() > 0 {
				t.Errorf("want no other line, got %q and on standard error %q", rest, stderr.String())
			}
			if left, _ := filepath.Glob(filepath.Join(temporary, "*")); len(left) > 0 {
				t.Errorf("the demo left %v behind", left)
			}
		})
	}
}

func TestServeIsNotDisturbedByAClientsVariables(t *testing.T) {
	cmd, folder := program(t, []string{"SLUICE_URL=http://127.0.0.1:9", "SLUICE_TOKEN=slu_x", "SLUICE_LISTEN=127.0.0.1:0", "SLUICE_PUBLIC_URL="}, "serve")
	errors, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(await.Limit, func() { cmd.Process.Kill() })
	defer kill.Stop()
	lines := bufio.NewScanner(errors)
	up, said := false, ""
	for !up && lines.Scan() {
		said += lines.Text() + "\n"
		up = strings.Contains(lines.Text(), "public_url=http://127.0.0.1:")
	}
	if !up {
		t.Fatalf("serve did not come up: %v\n%s", cmd.Wait(), said)
	}
	if !strings.Contains(said, "sluice token create --database sluice.db") {
		t.Errorf("serve does not say how the first API token is made: %s", said)
	}
	if !strings.Contains(said, "/start?code=") {
		t.Errorf("serve does not say where the first owner is made: %s", said)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	for lines.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	for _, file := range []string{"sluice.db", "master.key"} {
		info, err := os.Stat(filepath.Join(folder, file))
		if err != nil {
			t.Errorf("serve keeps no %s: %v", file, err)
		} else if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", file, info.Mode())
		}
	}
}
