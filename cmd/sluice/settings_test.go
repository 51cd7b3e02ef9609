package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// read reads settings as a command with the given arguments would.
func read(t *testing.T, args ...string) (*settings, error) {
	t.Helper()
	cmd := &cobra.Command{Use: "x"}
	cmd.SetErr(io.Discard)
	nodeFlags(cmd.Flags())
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return readSettings(cmd)
}

func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sluice.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFlagBeatsAVariableBeatsTheFile(t *testing.T) {
	file := configFile(t, "listen: 127.0.0.1:1\ndatabase: file.db\npublic_url: https://file.example/\nallow_address: [loopback, 10.0.0.0/8]\n")
	newShell(t, "SLUICE_DATABASE=variable.db", "SLUICE_PUBLIC_URL=https://variable.example", "SLUICE_ALLOW_ORIGIN=https://a.example,https://b.example")
	s, err := read(t, "--config", file, "--public-url", "https://flag.example/")
	if err != nil {
		t.Fatal(err)
	}
	for what, is := range map[string]struct{ got, want string }{
		"listen":        {s.Listen, "127.0.0.1:1"},
		"database":      {s.Database, "variable.db"},
		"public_url":    {s.PublicURL, "https://flag.example"},
		"allow_address": {join(s.AllowAddresses), "loopback 10.0.0.0/8"},
		"allow_origin":  {join(s.AllowedOrigins), "https://a.example https://b.example"},
	} {
		if is.got != is.want {
			t.Errorf("%s is %q, want %q", what, is.got, is.want)
		}
	}
}

func TestAListIsReadHoweverItIsWritten(t *testing.T) {
	for _, text := range []string{"allow_address: loopback, 10.0.0.0/8\n", "allow_address:\n  - loopback\n  - 10.0.0.0/8\n"} {
		newShell(t)
		s, err := read(t, "--config", configFile(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if got := join(s.AllowAddresses); got != "loopback 10.0.0.0/8" {
			t.Errorf("%q is read as %q", text, got)
		}
	}
	newShell(t, "SLUICE_ALLOW_ADDRESS=loopback, 10.0.0.0/8")
	s, err := read(t)
	if err != nil {
		t.Fatal(err)
	}
	if got := join(s.AllowAddresses); got != "loopback 10.0.0.0/8" {
		t.Errorf("the variable is read as %q", got)
	}
	if s, err = read(t, "--allow-address", "private", "--allow-address", "loopback,::1"); err != nil || join(s.AllowAddresses) != "private loopback ::1" {
		t.Errorf("the flags are read as %q (%v)", join(s.AllowAddresses), err)
	}
}

func TestAVariableThatIsEmptySaysNothing(t *testing.T) {
	newShell(t, "SLUICE_DATABASE=", "SLUICE_LISTEN=", "SLUICE_ALLOW_HOST=")
	s, err := read(t, "--config", configFile(t, "database: file.db\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:8080" || s.Database != "file.db" || len(s.AllowedHosts) > 0 {
		t.Errorf("the settings are %+v", s)
	}
}

func join(list []string) (s string) {
	for i, item := range list {
		if i > 0 {
			s += " "
		}
		s += item
	}
	return s
}

func TestWithoutSettingsTheDefaultsHold(t *testing.T) {
	newShell(t)
	s, err := read(t)
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:8080" || s.Database != "sluice.db" || !slices.Equal(s.AllowAddresses, nil) {
		t.Errorf("the defaults are %+v", s)
	}
}

func TestASettingThatDoesNotExistIsRefused(t *testing.T) {
	sh := newShell(t)
	folder := t.TempDir()
	for name, c := range map[string]struct{ file, variable, want string }{
		"in the file":              {file: "databse: x\n", want: `there is no setting databse; did you mean database\?`},
		"unlike any":               {file: "colour: x\n", want: "there is no setting colour; the settings are .*database"},
		"below another":            {file: "database: {url: x}\n", want: `there is no setting database\.url`},
		"in a variable":            {variable: "SLUICE_DATABSE=x", want: `there is no setting SLUICE_DATABSE; did you mean SLUICE_DATABASE\?`},
		"a value that is missing":  {file: "database:\n", want: "database has no value"},
		"a flag of another kind":   {variable: "SLUICE_EXPIRES_IN=1h", want: "there is no setting SLUICE_EXPIRES_IN"},
		"a log level":              {file: "log_level: loud\n", want: `log_level is "loud"`},
		"a keep-alive of nothing":  {file: "keep_alive: 0s\n", want: `keep_alive is "0s"; it must be a time from 100ms`},
		"a keep-alive in words":    {file: "keep_alive: often\n", want: `keep_alive is "often"`},
		"a page below nothing":     {file: "tools_page: -1\n", want: `tools_page is "-1"`},
		"a page in words":          {variable: "SLUICE_TOOLS_PAGE=ten", want: `tools_page is "ten"`},
		"fewer calls than none":    {file: "calls_per_environment: -1\n", want: `calls_per_environment is "-1"`},
		"a log format":             {file: "log_format: xml\n", want: `log_format is "xml"`},
		"a file that is no YAML":   {file: "a: [\n", want: "read settings from"},
		"an address that is none":  {file: "allow_address: [nowhere]\n", want: "nowhere"},
		"a master key that is not": {file: "master_key: short\n", want: "(?i)master key"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"migrate", "--database", filepath.Join(folder, "sluice.db")}
			if c.file != "" {
				args = append(args, "--config", configFile(t, c.file))
			}
			if c.variable != "" {
				newShell(t, c.variable)
			}
			shell{t}.fails(c.want, args...)
		})
	}
	sh.fails("no such file", "migrate", "--config", filepath.Join(folder, "none.yaml"))
	sh.fails("holds something else", "migrate", "--database", configFile(t, strings.Repeat("listen: here\n", 100)))
}

func TestTheLargestFileIsSaidInMiB(t *testing.T) {
	newShell(t, "SLUICE_MAX_FILE=3")
	if s, err := read(t); err != nil || s.MaxFile != 3<<20 {
		t.Errorf("3 MiB are read as %d bytes (%v)", s.MaxFile, err)
	}
	if s, err := read(t, "--max-file", "2"); err != nil || s.MaxFile != 2<<20 {
		t.Errorf("2 MiB are read as %d bytes (%v)", s.MaxFile, err)
	}
}
