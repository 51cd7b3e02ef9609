// Command pocketbase is PocketBase as it comes, which the tests of integrations/pocketbase call. It is a module of its own so that nothing of it is in Sluice.
package main

import (
	"fmt"
	"os"

	"github.com/pocketbase/pocketbase"
)

func main() {
	if err := pocketbase.NewWithConfig(pocketbase.Config{}).Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
