// Package integrations holds the definitions that come with the binary, one folder a vendor. It imports integration, to load them.
package integrations

import (
	"embed"
	"fmt"

	"sluice/internal/integration"
)

//go:embed */integration.yaml */docs
var files embed.FS

// All loads every definition, in the order of the folders' names. An error is a fault of the build: tests load them too.
func All() ([]*integration.Definition, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	all := make([]*integration.Definition, 0, len(entries))
	for _, e := range entries {
		d, err := integration.Load(files, e.Name())
		if err != nil {
			return nil, fmt.Errorf("load the built-in integration %s: %w", e.Name(), err)
		}
		all = append(all, d)
	}
	return all, nil
}
