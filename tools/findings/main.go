// Command findings judges govulncheck's JSON on standard input: it prints each vulnerability that our code reaches once, and exits with 1
// if one of them lies in a module other than the standard library, which is mended by a newer Go and not by us.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// message is the part of govulncheck's output that counts here (golang.org/x/vuln/internal/govulncheck, Message).
type message struct {
	Finding *struct {
		OSV          string `json:"osv"`
		FixedVersion string `json:"fixed_version"`
		// Trace begins at the vulnerable symbol. A finding is told thrice: for the module, for the package if it is imported, for
		// the symbol if it is called.
		Trace []struct {
			Module   string `json:"module"`
			Version  string `json:"version"`
			Package  string `json:"package"`
			Function string `json:"function"`
		} `json:"trace"`
	} `json:"finding"`
}

func main() {
	seen := map[string]bool{}
	failed := false
	for in := json.NewDecoder(os.Stdin); ; {
		var m message
		if err := in.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "findings: read govulncheck's output:", err)
			os.Exit(2)
		}
		if m.Finding == nil || len(m.Finding.Trace) == 0 || m.Finding.Trace[0].Package == "" || seen[m.Finding.OSV] {
			continue
		}
		seen[m.Finding.OSV] = true
		at := m.Finding.Trace[0]
		fmt.Printf("%s in %s %s (%s), mended in %s\n", m.Finding.OSV, at.Module, at.Version, at.Package, m.Finding.FixedVersion)
		failed = failed || at.Module != "stdlib"
	}
	if failed {
		os.Exit(1)
	}
	fmt.Printf("vulnerabilities: %d findings in the standard library, none elsewhere\n", len(seen))
}
