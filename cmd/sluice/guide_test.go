package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/await"
	"sluice/internal/integration"
)

// guide is docs/integrations.md, taken apart.
type guide struct {
	program string            // that plays the vendor
	files   map[string]string // YAML blocks that begin with a file's name
	parts   []string          // the other YAML blocks: parts of a definition
	lines   []string          // commands, in order
}

// readGuide reads the page, with the vendor at another address than the page's.
func readGuide(t *testing.T, address string) *guide {
	t.Helper()
	page, err := os.ReadFile("../../docs/integrations.md")
	if err != nil {
		t.Fatal(err)
	}
	g := &guide{files: map[string]string{}}
	text := strings.ReplaceAll(string(page), "127.0.0.1:9090", address)
	for _, block := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)```").FindAllStringSubmatch(text, -1) {
		switch block[1] {
		case "go":
			g.program += block[2]
		case "sh":
			g.lines = append(g.lines, strings.Split(strings.TrimSpace(block[2]), "\n")...)
		case "yaml":
			if name := regexp.MustCompile(`^# (\S+\.yaml)\n`).FindStringSubmatch(block[2]); name != nil {
				g.files[name[1]] = block[2]
			} else {
				g.parts = append(g.parts, block[2])
			}
		}
	}
	return g
}

func TestEveryPieceOfTheGuideIsValid(t *testing.T) {
	g := readGuide(t, "127.0.0.1:9090")
	def, err := integration.ParseFiles(map[string][]byte{"integration.yaml": []byte(g.files["depot/integration.yaml"]), "docs/parcels.yaml": []byte(g.files["depot/docs/parcels.yaml"])})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.parts) < 5 {
		t.Fatalf("found %d parts of a definition on the page", len(g.parts))
	}
	for _, part := range append(g.parts, g.files["eu.yaml"]) {
		if _, err := def.Override([]byte(part)); err != nil {
			t.Errorf("%v in\n%s", err, part)
		}
	}
}

func TestTheGuideLeadsFromNothingToAVendorThatWorks(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	g := readGuide(t, address)
	folder := t.TempDir()
	t.Chdir(folder)
	g.files["depot.go"] = g.program
	for name, content := range g.files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", "depot.program", "depot.go").CombinedOutput(); err != nil {
		t.Fatalf("build the vendor: %v\n%s", err, out)
	}
	vendor := exec.CommandContext(t.Context(), "./depot.program")
	if err := vendor.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { vendor.Process.Kill(); vendor.Wait() })
	for deadline := time.Now().Add(await.Limit); ; time.Sleep(10 * time.Millisecond) {
		if answer, err := http.Get("http://" + address + "/v1/parcels"); err == nil {
			answer.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the vendor does not answer")
		}
	}

	sh := newShell(t)
	ran, account := map[string]string{}, ""
	for _, line := range g.lines {
		args := fields(line)
		switch {
		case args[0] == "export", strings.Contains(line, "FILE|URL"): // the one is done below, the other is no command but its shape
			continue
		case args[1] == "token":
			var made struct{ Token string }
			sh.json(&made, args[1:]...)
			t.Setenv("SLUICE_TOKEN", made.Token)
			continue
		case args[1] == "serve":
			r := sh.start(append(args[1:], "--listen", "127.0.0.1:0")...)
			t.Setenv("SLUICE_URL", r.log(t, `(http://127\.0\.0\.1:\d+)`)[1])
			continue
		}
		for i := range args {
			if args[i] == "acc_…" {
				args[i] = account
			}
		}
		ran[line] = sh.run(args[1:]...)
		if strings.Contains(line, "account add") {
			var accounts []struct{ ID string }
			sh.json(&accounts, "account", "list")
			account = accounts[0].ID
		}
	}
	for line, want := range map[string]string{
		"sluice integration validate depot":           "depot is valid: 2 tools",
		"sluice integration put depot":                "version 1, with 2 tools",
		"sluice call list_all_depot_parcels limit=10": `"to": "Ben"`,
		"sluice integration override depot":           "eu.depot.example",
		`sluice mcp create "Depot"`:                   "/mcp/",
	} {
		if !strings.Contains(ran[line], want) {
			t.Errorf("%s printed %q, want %q in it", line, ran[line], want)
		}
	}
	if listed := ran["sluice call list_all_depot_parcels limit=10"]; strings.Count(listed, `"weight"`) != 2 {
		t.Errorf("the list is %s, want both parcels", listed)
	}
	if _, _, err := sh.try("call", "create_a_depot_parcel", "to=Ann"); err == nil || !strings.Contains(err.Error(), "weight is required") {
		t.Errorf("a parcel without a weight: %v", err)
	}
}

// fields are a command's words; what stands in quotes is one.
func fields(line string) []string {
	var words []string
	for _, word := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, word[1]+word[2])
	}
	return words
}

func TestThePageOfTheFormatIsWhatTheProgramPrints(t *testing.T) {
	const page = "../../docs/definition-format.md"
	printed := newShell(t).run("integration", "schema", "--markdown")
	if *update {
		if err := os.WriteFile(page, []byte(printed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != printed {
		t.Errorf("the format has changed since %s was written: go test ./cmd/sluice -run Page -update writes it anew", page)
	}
	var schema struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(integration.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for name := range schema.Defs {
		if !strings.Contains(printed, "\n## "+name+"\n") {
			t.Errorf("the page says nothing of %s", name)
		}
	}
}
