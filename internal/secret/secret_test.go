package secret_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sluice/internal/secret"
	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

const masterText = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func load(t *testing.T, storage secret.Storage, source secret.Source) *secret.Keys {
	t.Helper()
	keys, err := secret.Load(t.Context(), storage, source)
	if err != nil {
		t.Fatalf("load the keyset: %v", err)
	}
	return keys
}

func TestWhatOneNodeSealsAnotherOpensAlsoAfterARestart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		one := load(t, st, secret.Given(masterText))
		sealed, err := one.Seal([]byte("hunter2"), []byte("acc_1"))
		if err != nil {
			t.Fatalf("seal: %v", err)
		}
		if bytes.Contains(sealed, []byte("hunter2")) {
			t.Fatal("the sealed bytes show the secret")
		}
		cursor, err := one.SealCursor([]byte("page=2"), []byte("acc_1 list"))
		if err != nil {
			t.Fatalf("seal cursor: %v", err)
		}
		mac, err := one.MAC("link", []byte("file"))
		if err != nil {
			t.Fatalf("MAC: %v", err)
		}

		other := load(t, st, secret.Given(masterText))
		if plain, err := other.Open(sealed, []byte("acc_1")); err != nil || string(plain) != "hunter2" {
			t.Errorf("open: %q, error %v", plain, err)
		}
		if plain, err := other.OpenCursor(cursor, []byte("acc_1 list")); err != nil || string(plain) != "page=2" {
			t.Errorf("open cursor: %q, error %v", plain, err)
		}
		if !other.CheckMAC("link", []byte("file"), mac) {
			t.Error("the MAC does not hold on another node")
		}
		id1, h1 := one.HashToken("token")
		if id2, h2 := other.HashToken("token"); id1 != id2 || h1 != h2 {
			t.Error("two nodes hash a token differently")
		}
	})
}

func TestWhatIsSealedOpensForNothingElse(t *testing.T) {
	keys := load(t, storetest.Open(t, storetest.SQLite(t)), secret.Given(masterText))
	sealed, err := keys.Seal([]byte("hunter2"), []byte("acc_1"))
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	for name, try := range map[string]func() error{
		"another account":  func() error { _, err := keys.Open(sealed, []byte("acc_2")); return err },
		"a changed byte":   func() error { _, err := keys.Open(flip(sealed), []byte("acc_1")); return err },
		"nothing":          func() error { _, err := keys.Open(nil, []byte("acc_1")); return err },
		"one byte missing": func() error { _, err := keys.Open(sealed[1:], []byte("acc_1")); return err },
	} {
		if err := try(); !errors.Is(err, secret.ErrOpen) {
			t.Errorf("%s: got error %v, want ErrOpen", name, err)
		}
	}
	cursor, err := keys.SealCursor([]byte("p"), []byte("list a"))
	if err != nil {
		t.Fatalf("seal cursor: %v", err)
	}
	for _, c := range []string{"", "x", cursor[1:], cursor + "A", cursor + "=", " " + cursor, strings.ToLower(cursor), "2"} {
		if _, err := keys.OpenCursor(c, []byte("list a")); !errors.Is(err, secret.ErrOpen) {
			t.Errorf("cursor %q: got error %v, want ErrOpen", c, err)
		}
	}
	if _, err := keys.OpenCursor(cursor, []byte("list b")); !errors.Is(err, secret.ErrOpen) {
		t.Errorf("a cursor of another list: got error %v, want ErrOpen", err)
	}
	mac, err := keys.MAC("link", []byte("file"))
	if err != nil {
		t.Fatalf("MAC: %v", err)
	}
	if keys.CheckMAC("confirmation", []byte("file"), mac) {
		t.Error("a MAC made for one purpose passes for another")
	}
	if keys.CheckMAC("link", []byte("file"), flip(mac)) || keys.CheckMAC("link", []byte("file"), nil) {
		t.Error("a wrong MAC passes")
	}
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	return b
}

func TestRotationLeavesTheOldGoodAndUsesTheNew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		rotating, other := load(t, st, secret.Given(masterText)), load(t, st, secret.Given(masterText))
		defer st.Subscribe(store.Keysets, func(string) { other.Changed() })()
		before, err := rotating.Seal([]byte("old"), nil)
		if err != nil {
			t.Fatalf("seal: %v", err)
		}
		cursor, err := rotating.SealCursor([]byte("old"), nil)
		if err != nil {
			t.Fatalf("seal cursor: %v", err)
		}
		oldID, oldHash := rotating.HashToken("token")

		if err := rotating.Rotate(t.Context()); err != nil {
			t.Fatalf("rotate: %v", err)
		}
		newID, newHash := rotating.HashToken("token")
		if newID == oldID || newHash == oldHash {
			t.Error("a token is hashed under the old key")
		}
		after, err := rotating.Seal([]byte("new"), nil)
		if err != nil {
			t.Fatalf("seal: %v", err)
		}
		for name, keys := range map[string]*secret.Keys{"the node that rotated": rotating, "another node": other, "one that starts": load(t, st, secret.Given(masterText))} {
			if plain, err := keys.Open(before, nil); err != nil || string(plain) != "old" {
				t.Errorf("%s: what was sealed before: %q, error %v", name, plain, err)
			}
			if plain, err := keys.Open(after, nil); err != nil || string(plain) != "new" {
				t.Errorf("%s: what was sealed after: %q, error %v", name, plain, err)
			}
			if plain, err := keys.OpenCursor(cursor, nil); err != nil || string(plain) != "old" {
				t.Errorf("%s: a cursor from before: %q, error %v", name, plain, err)
			}
			if hashes := keys.TokenHashes("token"); len(hashes) != 2 || hashes[0] != newHash || hashes[1] != oldHash {
				t.Errorf("%s: a token's hashes are not the new and the old one", name)
			}
		}
	})
}

func TestANodeThatMissedTheNewsOfARotationStillOpens(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	rotating, deaf := load(t, st, secret.Given(masterText)), load(t, st, secret.Given(masterText))
	if err := rotating.Rotate(t.Context()); err != nil {
		t.Fatalf("rotate: %v", err)
	}
	sealed, err := rotating.Seal([]byte("new"), nil)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if plain, err := deaf.Open(sealed, nil); err != nil || string(plain) != "new" {
		t.Errorf("got %q, error %v", plain, err)
	}
}

func TestANewMasterKeyReplacesTheOld(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	keys := load(t, st, secret.Given(masterText))
	sealed, err := keys.Seal([]byte("kept"), nil)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	next := strings.Repeat("ab", 32)
	if err := keys.Rewrap(t.Context(), secret.Given(next)); err != nil {
		t.Fatalf("rewrap: %v", err)
	}
	if plain, err := load(t, st, secret.Given(next)).Open(sealed, nil); err != nil || string(plain) != "kept" {
		t.Errorf("with the new master key: %q, error %v", plain, err)
	}
	if _, err := secret.Load(t.Context(), st, secret.Given(masterText)); err == nil || !strings.Contains(err.Error(), "master key does not open") {
		t.Errorf("with the old master key: got error %v", err)
	}
}

func TestNodesThatStartTogetherAgreeOnOneKeyset(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		path := filepath.Join(t.TempDir(), "master.key")
		var mu sync.Mutex
		hashes := map[secret.TokenHash]bool{}
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				keys, err := secret.Load(t.Context(), st, secret.File(path))
				if err != nil {
					t.Errorf("load: %v", err)
					return
				}
				_, h := keys.HashToken("token")
				mu.Lock()
				defer mu.Unlock()
				hashes[h] = true
			})
		}
		wg.Wait()
		if len(hashes) != 1 {
			t.Errorf("%d keysets, want 1", len(hashes))
		}
	})
}

func TestTheMasterKeyFileIsMadeOnceForItsOwnerAlone(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	path := filepath.Join(t.TempDir(), "new", "master.key")
	load(t, st, secret.File(path))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, error %v; want 0600", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (error %v), want the key alone", entries, err)
	}
	load(t, st, secret.File(path))

	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(t.Context(), st, secret.File(path)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: got error %v, want one that says chmod 600", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(t.Context(), st, secret.File(path)); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("a file that is gone: got error %v, want one that says so", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("a new master key was made beside secrets that only the old one opens")
	}
}

func TestAMasterKeyIsTakenInEveryUsualFormAndNeverShown(t *testing.T) {
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = byte(i) | 0xf8
	}
	for text, ok := range map[string]bool{
		masterText:              true,
		masterText + "\n":       true,
		hex.EncodeToString(raw): true,
		"-_j6-_z9_v_4-fr7_P3-__j5-vv8_f7_-Pn6-_z9_v8": true, // base64url without padding
		"":                          false,
		"hunter2":                   false,
		masterText[:40]:             false,
		masterText + "AAAA":         false,
		strings.Repeat("zz", 32):    false,
		"hunter2!" + masterText[8:]: false,
	} {
		key, err := secret.Given(text)(true)
		if (err == nil) != ok {
			t.Errorf("%q: got error %v, want ok %v", text, err, ok)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the key: %v", err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if shown := fmt.Sprintf(verb, key); shown != "[master key]" {
				t.Errorf("%s shows %s", verb, shown)
			}
		}
	}
}

func TestATokenIsLongRandomAndFitsInAURL(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := secret.NewToken(secret.APITokenPrefix)
		body, ok := strings.CutPrefix(token, "slu_")
		if !ok || len(body) != 43 || strings.Trim(body, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("token %q", token)
		}
		if seen[token] {
			t.Fatalf("%q twice", token)
		}
		seen[token] = true
	}
	keys := load(t, storetest.Open(t, storetest.SQLite(t)), secret.Given(masterText))
	if hashes := keys.TokenHashes(strings.Repeat("a", 10000)); hashes != nil {
		t.Error("a text that is too long to be a token is hashed")
	}
	_, a := keys.HashToken(strings.Repeat("a", 300) + "b")
	if _, b := keys.HashToken(strings.Repeat("a", 300) + "c"); a == b {
		t.Error("two long texts with one hash")
	}
}

func BenchmarkHashToken(b *testing.B) {
	keys, err := secret.Load(b.Context(), storetest.Open(b, storetest.SQLite(b)), secret.Given(masterText))
	if err != nil {
		b.Fatal(err)
	}
	token := secret.NewToken("")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			keys.HashToken(token)
		}
	})
}

func BenchmarkSealCursor(b *testing.B) {
	keys, err := secret.Load(b.Context(), storetest.Open(b, storetest.SQLite(b)), secret.Given(masterText))
	if err != nil {
		b.Fatal(err)
	}
	plain, bound := []byte(`{"page":2,"offset":3}`), make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.SealCursor(plain, bound); err != nil {
			b.Fatal(err)
		}
	}
}
