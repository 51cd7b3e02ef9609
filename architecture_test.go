package sluice

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows is the architecture as a table: each package of the module, and those of ours that it may import. Everything runs one way, from the
// doors down: a package knows those below it and none above. A new package is entered here first, which is the moment to ask where it stands.
// Tests may reach further (storetest, a sandbox to call); what is built may not.
var arrows = map[string][]string{
	".": {},

	// The binary's commands; only they know the sandbox and the bridge.
	"cmd/sluice": {"internal/clientconfig", "internal/doctor", "internal/oauth", "integrations", "internal/node", "internal/api", "internal/octapipe", "internal/stdio", "internal/account", "internal/mcpserver", "internal/environment",
		"internal/catalog", "internal/integration", "internal/integration/openapi", "internal/toolset", "internal/gateway", "internal/outbound", "internal/store", "internal/permission", "internal/user"},

	// One running Sluice, put together from its parts.
	"internal/node": {"integrations", "internal/dashboard", "internal/connection", "internal/oauth", "internal/connect", "internal/link", "internal/page", "internal/webhook", "internal/api", "internal/mcp", "internal/download", "internal/gateway", "internal/toolset", "internal/vendor", "internal/account", "internal/mcpserver",
		"internal/environment", "internal/audit", "internal/catalog", "internal/confirmation", "internal/integration", "internal/integration/openapi", "internal/origin", "internal/outbound", "internal/secret", "internal/signin", "internal/store", "internal/user", "internal/permission"},

	// Doors: who asks, and in what language.
	"internal/connect":  {"internal/link", "internal/account", "internal/catalog", "internal/integration", "internal/page"},
	"internal/download": {"internal/gateway", "internal/vendor"},
	"internal/signin":   {"internal/prose", "internal/page", "internal/user", "internal/environment", "internal/secret"},
	"internal/mcp":      {"internal/filetype", "internal/gateway", "internal/toolset", "internal/vendor", "internal/account", "internal/mcpserver", "internal/integration", "internal/jsonscan", "internal/oauth", "internal/origin", "internal/permission"},
	"internal/api": {"internal/prose", "internal/connection", "internal/oauth", "internal/link", "internal/webhook", "internal/download", "internal/gateway", "internal/toolset", "internal/vendor", "internal/account", "internal/mcpserver", "internal/environment", "internal/audit",
		"internal/catalog", "internal/integration", "internal/integration/openapi", "internal/jsonscan", "internal/page", "internal/permission", "internal/store", "internal/user", "internal/confirmation"},

	"internal/oauth": {"internal/connection", "internal/mcpserver", "internal/origin", "internal/page", "internal/permission", "internal/secret", "internal/store", "internal/store/db"},

	"internal/dashboard": {"internal/page", "internal/permission", "internal/user", "internal/confirmation", "internal/webhook", "internal/oauth", "internal/connection", "internal/link", "internal/clientconfig", "internal/gateway", "internal/toolset", "internal/vendor", "internal/account", "internal/mcpserver",
		"internal/environment", "internal/audit", "internal/catalog", "internal/integration", "internal/integration/openapi", "internal/jsonscan"},

	// One call.
	"internal/gateway": {"internal/prose", "internal/table", "internal/toolset", "internal/customfield", "internal/vendor", "internal/account", "internal/mcpserver", "internal/audit", "internal/catalog", "internal/integration",
		"internal/filetype", "internal/jsonscan", "internal/confirmation"},
	"internal/vendor":      {"internal/prose", "internal/account", "internal/filetype", "internal/refusal", "internal/expression", "internal/outbound", "internal/integration", "internal/jsonscan"},
	"internal/refusal":     {"internal/integration", "internal/jsonscan"},
	"internal/customfield": {"internal/toolset", "internal/integration", "internal/jsonscan"},
	"internal/toolset":     {"internal/expression", "internal/filetype", "internal/integration", "internal/jsonscan", "internal/spelling"},

	// What is kept.
	"internal/account":     {"internal/prose", "internal/confirmation", "internal/refusal", "internal/integration", "internal/jsonscan", "internal/outbound", "internal/store", "internal/store/db", "internal/secret"},
	"internal/link":        {"internal/account", "internal/store", "internal/store/db", "internal/secret"},
	"internal/catalog":     {"internal/integration", "internal/integration/openapi", "internal/toolset", "internal/jsonscan", "internal/store", "internal/store/db"},
	"internal/mcpserver":   {"internal/prose", "internal/confirmation", "internal/store", "internal/store/db", "internal/secret"},
	"internal/user":        {"internal/origin", "internal/permission", "internal/store", "internal/store/db", "internal/secret"},
	"internal/environment": {"internal/permission", "internal/store", "internal/store/db", "internal/secret"},
	"internal/connection":  {"internal/store", "internal/store/db"},
	"internal/audit":       {"internal/store", "internal/store/db"},
	"internal/webhook":     {"internal/account", "internal/outbound", "internal/store", "internal/store/db"},

	"internal/confirmation": {"internal/store", "internal/store/db"},

	// The ground: these know nothing of Sluice.
	"integrations":                 {"internal/integration"},
	"internal/integration":         {"internal/prose", "internal/expression", "internal/spelling"},
	"internal/integration/openapi": {"internal/prose", "internal/integration"},
	"internal/permission":          {},
	"internal/filetype":            {},
	"internal/page":                {},
	"internal/clientconfig":        {},
	"internal/prose":               {},
	"internal/spelling":            {},
	"internal/table":               {},
	"internal/expression":          {"internal/prose"},
	"internal/jsonscan":            {},
	"internal/origin":              {},
	"internal/outbound":            {"internal/prose"},
	"internal/secret":              {},
	"internal/store":               {"internal/store/db"},
	"internal/store/db":            {},
	"internal/store/storetest":     {"internal/store"},

	"internal/account/oidctest": {},

	// The sandbox is a vendor: it is reached over HTTP alone, and shares nothing with those who reach it. The bridge is a client.
	"internal/octapipe": {},
	"internal/doctor":   {},
	"internal/stdio":    {"internal/jsonscan"},

	// Both drive the built binary from outside.
	"e2e":   {},
	"bench": {},
}

// apart names the packages whose tests, too, keep to the table.
var apart = []string{"internal/octapipe", "internal/jsonscan"}

func TestPackagesImportOnlyWhatTheArchitectureAllows(t *testing.T) {
	var names []string
	for _, p := range listPackages(t) {
		name := filepath.ToSlash(p.Dir)
		names = append(names, name)
		allowed, listed := arrows[name]
		if !listed {
			t.Errorf("package %s is not in the table of arrows: enter it with the packages it may import", name)
			continue
		}
		imports := p.Imports
		if slices.Contains(apart, name) {
			imports = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
		}
		for _, path := range imports {
			if path != "sluice" && !strings.HasPrefix(path, "sluice/") {
				continue
			}
			if to := within(path); to != name && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s, which the table of arrows does not allow", name, to)
			}
		}
	}
	for name := range arrows {
		if !slices.Contains(names, name) {
			t.Errorf("the table of arrows lists %s, which is no package", name)
		}
	}
}

func TestTheTableOfArrowsHasNoCircle(t *testing.T) {
	const entered, left = 1, 2
	state := map[string]int{}
	var visit func(name string, way []string)
	visit = func(name string, way []string) {
		way = append(way, name)
		switch state[name] {
		case entered:
			t.Errorf("the arrows run in a circle: %s", strings.Join(way, " → "))
			return
		case left:
			return
		}
		state[name] = entered
		for _, to := range arrows[name] {
			visit(to, way)
		}
		state[name] = left
	}
	for name := range arrows {
		visit(name, nil)
	}
}

func TestTheArchitecturePageNamesEveryPackage(t *testing.T) {
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range arrows {
		if name != "." && !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/architecture.md does not say what %s holds", name)
		}
	}
}

// within is a package's path inside the module.
func within(importPath string) string {
	if importPath == "sluice" {
		return "."
	}
	return strings.TrimPrefix(importPath, "sluice/")
}

// listPackages reads the imports of each package in this module. It reads the files itself, where asking "go list" would hide from the cache of
// test results what this test depends on.
func listPackages(t *testing.T) []*build.Package {
	t.Helper()
	var packages []*build.Package
	err := filepath.WalkDir(".", func(dir string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			return nil
		case dir != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "node_modules"):
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && dir != "." {
			return fs.SkipDir // a module of its own
		}
		p, err := build.ImportDir(dir, 0)
		if _, none := errors.AsType[*build.NoGoError](err); none {
			return nil
		} else if err != nil {
			return err
		}
		packages = append(packages, p)
		return nil
	})
	if err != nil {
		t.Fatalf("read the module's packages: %v", err)
	}
	return packages
}
