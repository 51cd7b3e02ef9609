package catalog_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sluice/internal/catalog"
	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

func TestOverridesAreFollowedAtOnceAndStayWithTheirOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		for _, id := range []string{"env_a", "env_b"} {
			if err := st.CreateEnvironment(ctx, db.CreateEnvironmentParams{ID: id, Name: id, CreatedAt: 1, UpdatedAt: 1}); err != nil {
				t.Fatal(err)
			}
		}
		c := catalog.New(st, []*integration.Definition{definition(t, "harbour", "Built in")})
		defer c.Close()
		label := func(environment, account string) string {
			t.Helper()
			d, err := c.FindFor(ctx, environment, "harbour", account)
			if err != nil {
				t.Fatalf("FindFor(%s, %s): %v", environment, account, err)
			}
			return d.Label + " " + d.BaseURL
		}
		base := label("env_b", "")
		base = strings.TrimPrefix(base, "Built in ")

		put := func(account, document string) error {
			_, err := c.PutOverride(ctx, "env_a", "test", "harbour", account, []byte(document))
			return err
		}
		if err := put("", `{"label":"Ours"}`); err != nil {
			t.Fatal(err)
		}
		if err := put("acc_1", `{"base_url":"https://eu.example"}`); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return label("env_a", "acc_1") == "Ours https://eu.example" })
		if got := label("env_a", "acc_2"); got != "Ours "+base {
			t.Errorf("another account follows %q, want the environment's override alone", got)
		}
		if got := label("env_b", "acc_1"); got != "Built in "+base {
			t.Errorf("another environment follows %q", got)
		}
		one, _ := c.FindFor(ctx, "env_a", "harbour", "acc_1")
		if again, _ := c.FindFor(ctx, "env_a", "harbour", "acc_1"); again != one {
			t.Error("two calls found two pointers, want one while nothing changes")
		}

		var broken *catalog.OverrideError
		if err := put("", `{"base_url":"nowhere"}`); !errors.As(err, &broken) || broken.Account != "" {
			t.Errorf("an override that makes no definition: %v", err)
		}
		if err := put("", `{"resources":{"ships":{"wreck":{"method":"post","path":"/wrecks"}}}}`); err != nil {
			t.Fatal(err)
		}
		if err := put("acc_1", `{"resources":{"ships":{"wreck":null}}}`); err != nil {
			t.Fatal(err)
		}
		if err := put("", ""); !errors.As(err, &broken) || broken.Account != "acc_1" {
			t.Errorf("what takes an account's override its ground: %v, want it refused for acc_1", err)
		}
		until(t, func() bool {
			d, err := c.FindFor(ctx, "env_a", "harbour", "acc_2")
			return err == nil && d.Label == "Built in"
		})

		if err := put("acc_1", ""); err != nil {
			t.Fatal(err)
		}
		if err := put("", ""); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return label("env_a", "acc_1") == "Built in "+base })
		if o, err := c.GetOverride(ctx, "env_a", "harbour", "acc_1"); err != nil || o.Document != nil || o.Version != 3 {
			t.Errorf("the account's override is %+v, %v; want none, at version 3", o, err)
		}
	})
}

func TestAChangeThatALeavesAServerWithoutToolsIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		ctx := t.Context()
		if err := st.CreateEnvironment(ctx, db.CreateEnvironmentParams{ID: "env_a", Name: "a", CreatedAt: 1, UpdatedAt: 1}); err != nil {
			t.Fatal(err)
		}
		account := db.CreateAccountParams{ID: "acc_1", Environment: "env_a", Integration: "harbour", Status: "active", Context: "{}", Credentials: []byte{}, Token: []byte{}, CreatedAt: 1, UpdatedAt: 1}
		if err := st.CreateAccount(ctx, account); err != nil {
			t.Fatal(err)
		}
		err := st.CreateMCPServer(ctx, db.CreateMCPServerParams{ID: "mcp_1", Environment: "env_a", AccountID: "acc_1", Name: "Lists", Config: `{"methods":["list"]}`, CreatedBy: "test", KeyID: "k", TokenHash: []byte("h"), CreatedAt: 1, UpdatedAt: 1})
		if err != nil {
			t.Fatal(err)
		}
		c := catalog.New(st, []*integration.Definition{definition(t, "harbour", "Built in")})
		defer c.Close()
		c.Check(func(d *integration.Definition, config string) error {
			if ships, _ := d.Resource("ships"); config != "" {
				if _, there := ships.Method("list"); !there {
					return errors.New("nothing lists")
				}
			}
			return nil
		})
		hide := []byte(`{"resources":{"ships":{"list":null,"get":{"method":"get","path":"/ships/{{id}}"}}}}`)
		refused := func(what string, err error) {
			t.Helper()
			var inUse *catalog.InUseError
			if !errors.As(err, &inUse) || inUse.Server != "mcp_1" || !strings.Contains(err.Error(), `"Lists"`) {
				t.Errorf("%s: %v, want it refused for the server's sake", what, err)
			}
		}
		_, err = c.PutOverride(ctx, "env_a", "test", "harbour", "", hide)
		refused("the environment's override", err)
		_, err = c.PutOverride(ctx, "env_a", "test", "harbour", "acc_1", hide)
		refused("the account's override", err)
		without, err := definition(t, "harbour", "Without").Override(hide)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Put(ctx, "env_a", "test", without)
		refused("a definition", err)
		if _, err := c.PutOverride(ctx, "env_a", "test", "harbour", "acc_2", hide); err != nil {
			t.Errorf("another account's override: %v, want it taken", err)
		}
		if d, err := c.FindFor(context.Background(), "env_a", "harbour", "acc_1"); err != nil || d.Label != "Built in" {
			t.Errorf("what was refused is followed: %v, %v", d, err)
		}
	})
}
