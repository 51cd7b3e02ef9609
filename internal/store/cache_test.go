package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

// row is something cached: what was read, and as the how manieth.
type row struct {
	id   string
	read int
}

func newCache(t *testing.T, max int) (st *store.Store, get func(key string) *row, reads *int) {
	t.Helper()
	st = storetest.Open(t, storetest.SQLite(t))
	cache := store.NewCache[string](st, store.Servers, max, func(r *row) string { return r.id })
	t.Cleanup(cache.Close)
	reads = new(int)
	return st, func(key string) *row {
		t.Helper()
		r, err := cache.Get(t.Context(), key, func(context.Context) (*row, error) {
			*reads++
			return &row{"id of " + key, *reads}, nil
		})
		if err != nil {
			t.Fatalf("get: %v", err)
		}
		return r
	}, reads
}

func publish(t *testing.T, st *store.Store, key string) {
	t.Helper()
	if err := st.Publish(t.Context(), store.Servers, key); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

func TestACachedValueStaysTheSameUntilItsOwnChange(t *testing.T) {
	st, get, _ := newCache(t, 10)
	a, b := get("a"), get("b")
	publish(t, st, "id of c")
	if get("a") != a || get("b") != b {
		t.Error("a value was read again although another changed")
	}
	publish(t, st, "id of a")
	if get("a") == a || get("b") != b {
		t.Error("want the changed value read again, and the other not")
	}
	b = get("b")
	publish(t, st, "")
	if get("b") == b {
		t.Error("a value is kept although everything was to be dropped")
	}
}

func TestACacheHoldsNoMoreThanItMayAndStillAnswers(t *testing.T) {
	_, get, reads := newCache(t, 10)
	for range 3 {
		for i := range 100 {
			if r := get(fmt.Sprint(i)); r.id != fmt.Sprintf("id of %d", i) {
				t.Fatalf("%d is answered by %s", i, r.id)
			}
		}
	}
	if *reads < 3*90 {
		t.Errorf("%d reads of 300: more than 10 values were kept", *reads)
	}
	before := *reads
	get("99") // the last one in is there
	if *reads != before {
		t.Error("the newest value was not kept")
	}
}

func TestWhatWasReadBeforeAChangeIsNotKept(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	cache := store.NewCache[string](st, store.Servers, 10, func(r *row) string { return r.id })
	defer cache.Close()
	read := func(meanwhile func()) func(context.Context) (*row, error) {
		return func(context.Context) (*row, error) {
			meanwhile()
			return &row{id: "id"}, nil
		}
	}
	old, err := cache.Get(t.Context(), "a", read(func() { publish(t, st, "id") })) // the change comes between the read and the keeping
	if err != nil {
		t.Fatal(err)
	}
	if again, err := cache.Get(t.Context(), "a", read(func() {})); err != nil || again == old {
		t.Errorf("what was read before the change was kept (error %v)", err)
	}
}

func TestACacheAsksEachTimeWhileNoNewsReachesIt(t *testing.T) {
	st, get, reads := newCache(t, 10)
	get("a")
	st.Deafen(true)
	get("a")
	get("b")
	get("b")
	if *reads != 4 {
		t.Errorf("%d reads, want one at each of 4 calls", *reads)
	}
	st.Deafen(false)
	get("b")
	get("b")
	if *reads != 5 {
		t.Errorf("%d reads, want what was read without news not kept, and then kept", *reads)
	}
}

func TestWhatIsNotFoundIsAskedAgain(t *testing.T) {
	st := storetest.Open(t, storetest.SQLite(t))
	cache := store.NewCache[string](st, store.Servers, 10, func(r *row) string { return r.id })
	defer cache.Close()
	missing := errors.New("missing")
	if _, err := cache.Get(t.Context(), "a", func(context.Context) (*row, error) { return nil, missing }); !errors.Is(err, missing) {
		t.Fatalf("got error %v, want the reader's own", err)
	}
	if r, err := cache.Get(t.Context(), "a", func(context.Context) (*row, error) { return &row{id: "id"}, nil }); err != nil || r.id != "id" {
		t.Errorf("once it is there: %+v, error %v", r, err)
	}
}
