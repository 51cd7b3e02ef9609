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
// An arrow that nothing runs along any more is taken out. Tests may reach further (storetest, a sandbox to call); what is built may not.
var arrows = map[string][]string{
	".": {},

	// The binary's commands; only they know the sandbox, the bridge and the doctor.
	"cmd/sluice": {
		"internal/node", "internal/oauth", "internal/gateway", "internal/toolset", "internal/account", "internal/mcpserver",
		"internal/user", "internal/environment", "integrations", "internal/integration", "internal/integration/openapi",
		"internal/clientconfig", "internal/permission", "internal/outbound", "internal/store", "internal/octapipe",
		"internal/stdio", "internal/doctor", "internal/spelling",
	},

	// One running Sluice, put together from its parts.
	"internal/node": {
		"internal/mcp", "internal/api", "internal/dashboard", "internal/signin", "internal/oauth", "internal/connect",
		"internal/download", "internal/gateway", "internal/vendor", "internal/toolset", "internal/account", "internal/link",
		"internal/catalog", "internal/mcpserver", "internal/user", "internal/environment", "internal/connection",
		"internal/confirmation", "internal/audit", "internal/webhook", "integrations", "internal/integration",
		"internal/integration/openapi", "internal/page", "internal/permission", "internal/origin", "internal/outbound",
		"internal/secret", "internal/store",
	},

	// Doors: who asks, and in what language.
	"internal/mcp": {
		"internal/oauth", "internal/gateway", "internal/vendor", "internal/toolset", "internal/mcpserver", "internal/permission",
		"internal/origin", "internal/filetype", "internal/jsonscan",
	},
	"internal/api": {
		"internal/oauth", "internal/download", "internal/gateway", "internal/vendor", "internal/toolset", "internal/account",
		"internal/link", "internal/catalog", "internal/mcpserver", "internal/user", "internal/environment", "internal/connection",
		"internal/confirmation", "internal/audit", "internal/webhook", "internal/integration", "internal/integration/openapi",
		"internal/page", "internal/permission", "internal/store", "internal/jsonscan", "internal/prose",
	},
	"internal/dashboard": {
		"internal/oauth", "internal/gateway", "internal/vendor", "internal/toolset", "internal/account", "internal/link",
		"internal/catalog", "internal/mcpserver", "internal/user", "internal/environment", "internal/connection",
		"internal/confirmation", "internal/audit", "internal/webhook", "internal/integration", "internal/integration/openapi",
		"internal/page", "internal/clientconfig", "internal/permission", "internal/jsonscan",
	},
	"internal/signin": {"internal/user", "internal/environment", "internal/page", "internal/secret", "internal/prose"},
	"internal/oauth": {
		"internal/mcpserver", "internal/connection", "internal/page", "internal/permission", "internal/origin", "internal/secret",
		"internal/store", "internal/store/db",
	},
	"internal/connect":  {"internal/account", "internal/link", "internal/catalog", "internal/integration", "internal/page"},
	"internal/download": {"internal/gateway", "internal/vendor"},

	// One call.
	"internal/gateway": {
		"internal/customfield", "internal/vendor", "internal/toolset", "internal/account", "internal/mcpserver",
		"internal/confirmation", "internal/audit", "internal/integration", "internal/filetype", "internal/jsonscan",
		"internal/prose", "internal/table",
	},
	"internal/customfield": {"internal/toolset", "internal/integration", "internal/jsonscan"},
	"internal/vendor": {
		"internal/refusal", "internal/account", "internal/integration", "internal/expression", "internal/outbound",
		"internal/filetype", "internal/jsonscan", "internal/prose",
	},
	"internal/refusal": {"internal/integration", "internal/jsonscan"},
	"internal/toolset": {"internal/integration", "internal/expression", "internal/filetype", "internal/jsonscan", "internal/spelling"},

	// What is kept.
	"internal/account": {
		"internal/refusal", "internal/confirmation", "internal/integration", "internal/outbound", "internal/store",
		"internal/store/db", "internal/jsonscan", "internal/prose",
	},
	"internal/account/oidctest": {},
	"internal/link":             {"internal/account", "internal/secret", "internal/store", "internal/store/db"},
	"internal/catalog": {
		"internal/toolset", "internal/integration", "internal/integration/openapi", "internal/store", "internal/store/db",
		"internal/jsonscan",
	},
	"internal/mcpserver":    {"internal/confirmation", "internal/secret", "internal/store", "internal/store/db", "internal/prose"},
	"internal/user":         {"internal/permission", "internal/origin", "internal/secret", "internal/store", "internal/store/db"},
	"internal/environment":  {"internal/permission", "internal/secret", "internal/store", "internal/store/db"},
	"internal/connection":   {"internal/store", "internal/store/db"},
	"internal/confirmation": {"internal/store", "internal/store/db"},
	"internal/audit":        {"internal/store", "internal/store/db"},
	"internal/webhook":      {"internal/account", "internal/outbound", "internal/store", "internal/store/db"},

	// The ground: these know nothing of a running Sluice.
	"integrations":                 {"internal/integration"},
	"internal/integration":         {"internal/expression", "internal/prose", "internal/spelling"},
	"internal/integration/openapi": {"internal/integration", "internal/prose"},
	"internal/expression":          {"internal/prose"},
	"internal/page":                {},
	"internal/clientconfig":        {},
	"internal/permission":          {},
	"internal/origin":              {},
	"internal/outbound":            {"internal/prose"},
	"internal/secret":              {},
	"internal/store":               {"internal/store/db"},
	"internal/store/db":            {},
	"internal/store/storetest":     {"internal/store"},
	"internal/await":               {},
	"internal/filetype":            {},
	"internal/jsonscan":            {},
	"internal/prose":               {},
	"internal/spelling":            {},
	"internal/table":               {},

	// The sandbox is a vendor: it is reached over HTTP alone, and shares nothing with those who reach it. The bridge and the doctor are clients.
	"internal/octapipe": {},
	"internal/stdio":    {"internal/jsonscan"},
	"internal/doctor":   {},

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
		for _, to := range allowed {
			if !slices.Contains(p.Imports, "sluice/"+to) {
				t.Errorf("the table of arrows lets %s import %s, which it does not: take the arrow out", name, to)
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
