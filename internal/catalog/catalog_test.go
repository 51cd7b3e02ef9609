package catalog_test

import (
	"errors"
	"testing"

	"sluice/internal/await"
	"sluice/internal/catalog"
	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

func definition(t *testing.T, name, label string) *integration.Definition {
	t.Helper()
	d, err := integration.Parse([]byte(`{"name":"` + name + `","label":"` + label + `","base_url":"https://vendor.example",
		"credentials":{"format":"none"},"pagination":{"format":"none"},"resources":{"ships":{"singular":"ship","list":{"method":"get","path":"/ships"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCatalog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		for _, id := range []string{"env_a", "env_b"} {
			if err := st.CreateEnvironment(ctx, db.CreateEnvironmentParams{ID: id, Name: id, CreatedAt: 1, UpdatedAt: 1}); err != nil {
				t.Fatal(err)
			}
		}
		builtin := definition(t, "harbour", "Built in")
		c := catalog.New(st, []*integration.Definition{builtin})
		defer c.Close()
		find := func(environment, name string) *integration.Definition {
			t.Helper()
			d, err := c.Find(ctx, environment, name)
			if err != nil {
				t.Fatalf("Find(%s, %s): %v", environment, name, err)
			}
			return d
		}

		if d := find("env_a", "harbour"); d != builtin {
			t.Errorf("found %v, want the built-in definition", d)
		}
		if _, err := c.Find(ctx, "env_a", "nowhere"); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("an unknown name: %v, want ErrNotFound", err)
		}

		e, err := c.Put(ctx, "env_a", "test", definition(t, "harbour", "Our own"))
		if err != nil || e.Version != 1 {
			t.Fatalf("Put: %+v, %v, want version 1", e, err)
		}
		until(t, func() bool { return find("env_a", "harbour").Label == "Our own" })
		if one, two := find("env_a", "harbour"), find("env_a", "harbour"); one != two {
			t.Error("two calls found two pointers, want one while nothing changes")
		}
		if d := find("env_b", "harbour"); d.Label != "Built in" {
			t.Errorf("another environment sees %q, want the built-in definition", d.Label)
		}

		if e, err = c.Put(ctx, "env_a", "test", definition(t, "harbour", "Our own")); err != nil || e.Version != 1 {
			t.Errorf("the same again: %+v, %v, want version 1 still", e, err)
		}
		if e, err = c.Put(ctx, "env_a", "test", definition(t, "harbour", "Changed")); err != nil || e.Version != 2 {
			t.Errorf("a change: %+v, %v, want version 2", e, err)
		}
		until(t, func() bool { return find("env_a", "harbour").Label == "Changed" })

		if _, err := c.Put(ctx, "env_a", "test", definition(t, "anchors", "Anchors")); err != nil {
			t.Fatal(err)
		}
		list, err := c.List(ctx, "env_a")
		if err != nil || len(list) != 2 || list[0].Definition.Name != "anchors" || list[1].Version != 2 {
			t.Errorf("List: %+v, %v, want anchors and version 2 of harbour", list, err)
		}
	})
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	await.True(t, "the change to be seen", done)
}
