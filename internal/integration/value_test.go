package integration_test

import (
	"strings"
	"testing"

	"sluice/internal/integration"
)

var enough = integration.Limits{Bytes: 1 << 20, Values: 1000, Depth: 20, Merge: true}

func TestADocumentIsReadByYAML12(t *testing.T) {
	v, faults := integration.ReadValue("d.yaml", []byte(`
langs: [en, no, sv]
lock: [on, off, yes, y]
day: 2020-02-29
"200": {big: 12345678901234567890.10, hex: 0x1F, null: ~}
`), enough)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	want := `{"langs":["en","no","sv"],"lock":["on","off","yes","y"],"day":"2020-02-29","200":{"big":12345678901234567890.10,"hex":31,"null":null}}`
	if got := string(v.JSON()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if at := v.Find("/200/big"); !at.IsNumber() || at.Line() != 5 || at != v.Get("200").Get("big") {
		t.Errorf("the value at /200/big is %q in line %d", at.Scalar(), at.Line())
	}
	if v.Find("/200/none").Exists() || v.Find("langs").Exists() || v.Find("/langs/9").Exists() {
		t.Error("something was found where nothing is")
	}
}

func TestMergeKeysAreTakenWhereTheyAreAllowed(t *testing.T) {
	const document = "base: &base {a: 1, b: 2}\nmore: &more {c: 3, a: 4}\none: {<<: *base, b: 5}\nboth: {<<: [*base, *more], d: 6}\n"
	v, faults := integration.ReadValue("d.yaml", []byte(document), enough)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for path, want := range map[string]string{"/one": `{"b":5,"a":1}`, "/both": `{"d":6,"a":1,"b":2,"c":3}`} {
		if got := string(v.Find(path).JSON()); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	strict := enough
	strict.Merge = false
	if _, faults := integration.ReadValue("d.yaml", []byte(document), strict); len(faults) != 2 {
		t.Errorf("two merge keys make the faults %v", faults)
	}
}

func TestADocumentThatCostsTooMuchIsNotRead(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'h'; c++ {
		was := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+was+", ", 9) + "*" + was + "]\n"
	}
	for name, c := range map[string]struct{ document, words string }{
		"aliases that multiply":      {bomb, "grows past 1000 values"},
		"an alias that holds itself": {"a: &a [*a]", "nested more than 20 deep"},
		"many values in YAML":        {"a: [" + strings.Repeat("[],", 2000) + "]", "more than 1000 values"},
		"many values in JSON":        {`{"a":[` + strings.Repeat("1,", 2000) + `1]}`, "more than 1000 values"},
		"depth in YAML":              {strings.Repeat("[", 50) + strings.Repeat("]", 50), "nested more than 20 deep"},
		"depth in JSON":              {`{"a":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, "nested more than 20 deep"},
		"size":                       {"a: " + strings.Repeat("x", 1<<20), "1048579 bytes, more than the 1048576"},
		"bytes that are no text":     {"a: \xff", "not UTF-8"},
		"nothing":                    {"", "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			v, faults := integration.ReadValue("d", []byte(c.document), enough)
			if v.Exists() || len(faults) == 0 || !strings.Contains(faults.Error(), c.words) {
				t.Errorf("it was read: %t; faults: %v", v.Exists(), faults)
			}
		})
	}
}
