package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"sluice/internal/store/storetest"
)

func TestKeysAreRotatedAndTheMasterKeyReplacedFromTheShell(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		folder := t.TempDir()
		file := func(name, key string) string {
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString([]byte(key))), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		before, after := file("before.key", "the master key that somebody saw!"[:32]), file("after.key", "the master key that nobody saw..")
		sh := newShell(t)
		old, current := []string{"--database", database, "--master-key-file", before}, []string{"--database", database, "--master-key-file", after}
		var made struct{ Token string }
		sh.json(&made, append([]string{"token", "create"}, old...)...)

		sh.run(append([]string{"key", "rotate"}, old...)...)
		sh.run(append([]string{"key", "rewrap", after}, old...)...)
		sh.fails("master key", append([]string{"key", "rotate"}, old...)...)
		sh.run(append([]string{"key", "rotate"}, current...)...)

		node := sh.start(append([]string{"serve", "--listen", "127.0.0.1:0"}, current...)...)
		t.Setenv("SLUICE_URL", node.log(t, `public_url=(\S+)`)[1])
		t.Setenv("SLUICE_TOKEN", made.Token) // which keys of before hashed
		sh.run("token", "list")
	})
}
