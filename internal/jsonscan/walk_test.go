package jsonscan_test

import (
	"strings"
	"testing"

	"sluice/internal/jsonscan"
)

// rebuilt goes into each array and object by iterators, down to some depth, and passes what is below as a whole.
func rebuilt(dst, value []byte, depth int) ([]byte, error) {
	it, end := jsonscan.Iterator{}, byte(']')
	switch kind := jsonscan.KindOf(value); {
	case depth > 0 && kind == jsonscan.Array:
		it, dst = jsonscan.Elements(value), append(dst, '[')
	case depth > 0 && kind == jsonscan.Object:
		it, end, dst = jsonscan.Members(value), '}', append(dst, '{')
	default:
		return append(dst, value...), jsonscan.Check(value, jsonscan.Lenient)
	}
	for it.Next() {
		if end == '}' {
			dst = append(append(dst, it.Name()...), ':')
		}
		var err error
		if dst, err = rebuilt(dst, it.Value(), depth-1); err != nil {
			return dst, err
		}
		dst = append(dst, ',')
	}
	return append(dst, end), it.Err()
}

// walked is rebuilt by one walker.
func walked(dst []byte, w *jsonscan.Walker, depth int) []byte {
	kind := w.Kind()
	if depth == 0 || kind != jsonscan.Array && kind != jsonscan.Object {
		return append(dst, w.Value()...)
	}
	end := byte(']')
	if kind == jsonscan.Object {
		end = '}'
	}
	dst = append(dst, byte(kind))
	for w.Enter(); w.Next(kind); {
		if kind == jsonscan.Object {
			dst = append(append(dst, w.Name()...), ':')
		}
		dst = append(walked(dst, w, depth-1), ',')
	}
	return append(dst, end)
}

func FuzzWalkerFindsWhatIteratorsFind(f *testing.F) {
	addSeeds(f)
	for _, seed := range []string{`{"a":{"b":[{"c":1},[],{}]},"d":"e"} x`, `[{}{}]`, `{"a" 1}`, `{a:1}`, `[1 2]`, `{"a":{"b":}}`, `[[1,],2]`, `{"a":[1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if tooDeepOrMarked(doc) {
			return
		}
		for depth := range 4 {
			want, wantErr := rebuilt(nil, doc, depth)
			w := jsonscan.Walk(doc)
			got := walked(nil, &w, depth)
			if err := w.Err(); (err == nil) != (wantErr == nil) {
				t.Fatalf("%d deep: got error %v, want %v", depth, err, wantErr)
			}
			if wantErr == nil && strings.TrimSpace(string(got)) != strings.TrimSpace(string(want)) {
				t.Fatalf("%d deep:\ngot  %s\nwant %s", depth, got, want)
			}
		}
	})
}

func TestAWalkerGoesNoDeeperThanAScan(t *testing.T) {
	for _, c := range []struct {
		depth int
		good  bool
	}{{jsonscan.LenientDepth, true}, {jsonscan.LenientDepth + 1, false}} {
		doc := []byte(strings.Repeat("[", c.depth) + strings.Repeat("]", c.depth))
		w := jsonscan.Walk(doc)
		walked(nil, &w, c.depth)
		if err := w.Err(); (err == nil) != c.good || (jsonscan.Check(doc, jsonscan.Lenient) == nil) != c.good {
			t.Errorf("%d levels: the walker says %v, the scan %v", c.depth, err, jsonscan.Check(doc, jsonscan.Lenient))
		}
	}
}

func TestAWalkerAllocatesNothing(t *testing.T) {
	doc := []byte(`[{"a":{"b":[1,2]},"c":"d"},{"a":null}]`)
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		w := jsonscan.Walk(doc)
		walked(dst[:0], &w, 3)
		if w.Err() != nil {
			t.Error(w.Err())
		}
	}); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}
