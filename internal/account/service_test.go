package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/internal/account"
	"sluice/internal/integration"
	"sluice/internal/store"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
)

func TestAnAccountIsConnectedReadListedChangedAndDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w, h := newWorld(t, st), newHarbor(t)
		a := w.connect(t, h)
		if a.Status != account.Active || a.Context["base_url"] != h.URL || a.Context["pier"] != "north" || a.TenantID != "acme" || !strings.HasPrefix(a.ID, "acc_") {
			t.Errorf("got %+v", a)
		}
		got := w.get(t, a.ID)
		if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", *a) {
			t.Errorf("read back: want %+v, got %+v", a, got)
		}
		if again := w.get(t, a.ID); again != got {
			t.Error("want the same pointer until the account changes")
		}
		if _, err := w.Get(t.Context(), "env_other", a.ID); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("from another environment: want ErrNotFound, got %v", err)
		}

		name := "Quay 2"
		changed, err := w.Update(t.Context(), environment, a.ID, account.Change{Name: &name})
		if err != nil || changed.Name != name || changed.TenantID != "acme" || w.get(t, a.ID).Name != name {
			t.Fatalf("changed: got %+v, %v", changed, err)
		}
		if _, err := w.Update(t.Context(), "env_other", a.ID, account.Change{Name: &name}); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("change from another environment: want ErrNotFound, got %v", err)
		}
		if n := h.logins.Load(); n != 1 {
			t.Errorf("want one login so far, got %d", n)
		}

		if _, err := w.Delete(t.Context(), "env_other", a.ID); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("delete from another environment: want ErrNotFound, got %v", err)
		}
		if _, err := w.Delete(t.Context(), environment, a.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Get(t.Context(), environment, a.ID); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("deleted: want ErrNotFound, got %v", err)
		}
	})
}

func TestAListIsFilteredAndPagesToItsEndOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w, h := newWorld(t, st), newHarbor(t)
		var ids []string
		for range 5 {
			ids = append([]string{w.connect(t, h).ID}, ids...)
		}
		off := account.Disabled
		if _, err := w.Update(t.Context(), environment, ids[2], account.Change{Status: &off}); err != nil {
			t.Fatal(err)
		}
		list := func(f account.Filter) (found []string) {
			for {
				page, next, err := w.List(t.Context(), environment, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range page {
					found = append(found, a.ID)
				}
				if f.Before = next; next == "" {
					return found
				}
			}
		}
		for _, test := range []struct {
			filter account.Filter
			want   []string
		}{
			{account.Filter{Limit: 2}, ids},
			{account.Filter{Limit: 5}, ids},
			{account.Filter{TenantID: "acme", Limit: 2}, ids},
			{account.Filter{TenantID: "other"}, nil},
			{account.Filter{Integration: "harbor", Status: account.Disabled}, ids[2:3]},
			{account.Filter{Integration: "other"}, nil},
		} {
			if got := list(test.filter); fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("%+v: want %v, got %v", test.filter, test.want, got)
			}
		}
	})
}

func TestWhatIsEnteredWronglyIsRefusedByField(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	good := func() account.NewAccount {
		return account.NewAccount{Integration: "harbor", Credentials: map[string]string{"email": "ann@example.com", "password": "tide&tow"}, Context: map[string]string{"base_url": h.URL}}
	}
	tests := []struct {
		name    string
		change  func(*account.NewAccount)
		field   string
		message string
	}{
		{"a field is missing", func(n *account.NewAccount) { delete(n.Credentials, "email") }, "credentials.email", "is required"},
		{"a field is empty", func(n *account.NewAccount) { n.Credentials["password"] = "\n" }, "credentials.password", "is required"},
		{"a field is unknown", func(n *account.NewAccount) { n.Credentials["pasword"] = "x" }, "credentials.pasword", "the fields are email, password, berth (optional)"},
		{"no e-mail address", func(n *account.NewAccount) { n.Credentials["email"] = "Ann <ann@example.com>" }, "credentials.email", "must be an e-mail address"},
		{"a NUL", func(n *account.NewAccount) { n.Credentials["password"] = "a\x00b" }, "credentials.password", "NUL"},
		{"a NUL in the name", func(n *account.NewAccount) { n.Name = "a\x00b" }, "name", "NUL"},
		{"a long tenant", func(n *account.NewAccount) { n.TenantID = strings.Repeat("a", 201) }, "tenant_id", "longer than 200 characters"},
		{"no option", func(n *account.NewAccount) { n.Context["pier"] = "west" }, "context.pier", "must be one of north, south"},
		{"an unknown context", func(n *account.NewAccount) { n.Context["domain"] = "x" }, "context.domain", "the fields are base_url, pier"},
		{"another scheme", func(n *account.NewAccount) { n.Context["base_url"] = "file:///etc/passwd" }, "context.base_url", "https://"},
		{"a password in the address", func(n *account.NewAccount) { n.Context["base_url"] = "https://u:p@example.com" }, "context.base_url", "belong into credentials"},
		{"a query in the address", func(n *account.NewAccount) { n.Context["base_url"] = "https://example.com/?x=" }, "context.base_url", "without ?"},
		{"a wrong password", func(n *account.NewAccount) { n.Credentials["password"] = "ebb&flow" }, "credentials", "were refused by Harbor: Wrong password ••• for ann@example.com."},
		{"a dead API key", func(n *account.NewAccount) { n.Credentials = map[string]string{"api_key": "nonsense"} }, "credentials", "were refused by Harbor: Unauthenticated."},
		{"a forbidden address", func(n *account.NewAccount) { n.Context["base_url"] = "http://169.254.169.254" }, "context.base_url", "the operator of Sluice can allow it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := good()
			test.change(&n)
			_, err := w.Create(t.Context(), environment, n)
			e, ok := errors.AsType[*account.InvalidError](err)
			if !ok || e.Field != test.field || !strings.Contains(e.Message, test.message) {
				t.Errorf("want %s … %s, got %v", test.field, test.message, err)
			}
		})
	}
	if page, _, err := w.List(t.Context(), environment, account.Filter{}); err != nil || len(page) != 0 {
		t.Errorf("want nothing kept, got %v, %v", page, err)
	}
}

func TestAVendorThatCannotBeAskedIsNoFaultOfTheInput(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	for _, status := range []int{500, 503, 429, 302, 404} {
		h.set(func() { h.down = status })
		_, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "harbor",
			Credentials: map[string]string{"email": "ann@example.com", "password": "tide&tow"}, Context: map[string]string{"base_url": h.URL}})
		if e, ok := errors.AsType[*account.UnavailableError](err); !ok || !strings.Contains(e.Error(), fmt.Sprintf("Harbor could not be asked to log in: it answered %d", status)) {
			t.Errorf("status %d: got %v", status, err)
		}
	}
}

// A domain that holds a slash would send the credential to whoever wrote it.
func TestAContextValueCannotBreakOutOfTheHost(t *testing.T) {
	w := newWorld(t, sqlite(t))
	w.def.BaseURL = "https://{{context.domain}}.harbor.example/v2"
	w.def.Context = integration.Fields{{Name: "domain"}}
	w.def.Credentials = integration.Credentials{Format: "none"}
	create := func(domain string) error {
		_, err := w.Create(t.Context(), environment, account.NewAccount{Integration: "harbor", Context: map[string]string{"domain": domain}})
		return err
	}
	if err := create("acme"); err != nil {
		t.Error(err)
	}
	for _, domain := range []string{"evil.example/", "evil.example#", "evil.example?", "a@evil.example/", "evil.example:80/", `evil.example\`, "a b", "%2f"} {
		if e, ok := errors.AsType[*account.InvalidError](create(domain)); !ok || e.Field != "context.domain" {
			t.Errorf("%q: want it refused, got %v", domain, e)
		}
	}
}

func TestCredentialsAreSealedAndNeverShown(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a, b := w.connect(t, h), w.connect(t, h)
	row, err := w.store.GetAccount(t.Context(), db.GetAccountParams{Environment: environment, ID: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%s %s %s %s", row.Credentials, row.Token, row.Context, row.LastError); strings.Contains(text, "tide") || strings.Contains(text, "access-") || strings.Contains(text, "ann@") {
		t.Errorf("the row shows a secret: %q", text)
	}
	c, err := w.Credential(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, "tide") || strings.Contains(text, "access-") {
			t.Errorf("%s shows a secret: %q", format, text)
		}
	}
	if got := c.Mask("token access-1, password tide&tow or tide%26tow or dGlkZSZ0b3c=, ann@example.com"); got != "token •••, password ••• or ••• or •••, ann@example.com" {
		t.Errorf("masked: got %q", got)
	}

	// One account's credentials put into another's row do not open.
	if _, err := w.store.UpdateAccountCredentials(t.Context(), db.UpdateAccountCredentialsParams{Credentials: row.Credentials, Token: row.Token, Context: row.Context,
		Environment: environment, ID: b.ID}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.Publish(t.Context(), store.Accounts, b.ID); err != nil {
		t.Fatal(err)
	}
	if c, err := w.Credential(t.Context(), b); err == nil {
		t.Errorf("another account's credentials open: %v", c)
	}
}

func TestADisabledAccountMakesNoCallsUntilItIsActive(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	set := func(s account.Status) error {
		_, err := w.Update(t.Context(), environment, a.ID, account.Change{Status: &s})
		return err
	}
	if err := set(account.Disabled); err != nil {
		t.Fatal(err)
	}
	_, err := w.Credential(t.Context(), a)
	if e, ok := errors.AsType[*account.StatusError](err); !ok || e.Status != account.Disabled || !strings.Contains(e.Error(), "is disabled") {
		t.Errorf("got %v", err)
	}
	if _, err := w.RefreshCredentials(t.Context(), environment, a.ID); err == nil {
		t.Error("a disabled account was refreshed")
	}
	if err := set(account.Active); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Credential(t.Context(), a); err != nil {
		t.Error(err)
	}
	for _, s := range []account.Status{account.NeedsReauth, account.Connecting, "asleep"} {
		if e, ok := errors.AsType[*account.InvalidError](set(s)); !ok || e.Field != "status" {
			t.Errorf("%s: want it refused, got %v", s, e)
		}
	}
}

func TestChangedCredentialsAndAddressesAreProvenBeforeTheyAreKept(t *testing.T) {
	w, h := newWorld(t, sqlite(t)), newHarbor(t)
	a := w.connect(t, h)
	h.set(func() { h.password = "new&better" })
	_, err := w.Update(t.Context(), environment, a.ID, account.Change{Credentials: map[string]string{"password": "wrong one"}})
	if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Field != "credentials" || !e.Remote {
		t.Fatalf("want the vendor's refusal, got %v", err)
	}
	before, err := w.Credential(t.Context(), a)
	if err != nil || before.Fields["password"] != "tide&tow" {
		t.Fatalf("want the old credential kept, got %v", err)
	}
	if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Credentials: map[string]string{"password": "new&better"}}); err != nil {
		t.Fatal(err)
	}
	after, err := w.Credential(t.Context(), a)
	if err != nil || after.Fields["password"] != "new&better" || after.Fields["email"] != "ann@example.com" || after.Version <= before.Version || after.Token == before.Token {
		t.Fatalf("got %+v, %v", after.Fields, err)
	}

	// Another address gets what is entered for it, never what was entered for the old one, and a login of its own.
	other := newHarbor(t)
	other.set(func() { other.password = "new&better"; other.serial = 100 })
	moved := map[string]*string{"base_url": &other.URL}
	for _, given := range []map[string]string{nil, {"email": "ann@example.com"}, {"email": "ann@example.com", "password": ""}} {
		_, err := w.Update(t.Context(), environment, a.ID, account.Change{Context: moved, Credentials: given})
		if e, ok := errors.AsType[*account.InvalidError](err); !ok || !strings.HasPrefix(e.Field, "credentials.") || !strings.Contains(e.Message, "is required again where context.base_url changes") {
			t.Errorf("with %v: want the credential asked for, got %v", given, err)
		}
	}
	if n := other.logins.Load(); n != 0 {
		t.Fatalf("the other address was sent the credential %d times", n)
	}
	same, pier := h.URL+"/", "north"
	if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Context: map[string]*string{"base_url": &same, "pier": &pier}}); err != nil {
		t.Errorf("what is as it was wants nothing entered again, got %v", err)
	}
	if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Context: moved, Credentials: map[string]string{"email": "ann@example.com", "password": "new&better"}}); err != nil {
		t.Fatal(err)
	}
	if c, err := w.Credential(t.Context(), a); err != nil || c.Token != "access-101" {
		t.Errorf("want the other address's token, got %v", err)
	}
	if got := w.get(t, a.ID).Context["pier"]; got != "north" {
		t.Errorf("want the rest of the context kept, got %q", got)
	}

	// The API key is another way: what was entered for the login goes.
	other.set(func() { other.valid["key-of-the-port"] = true })
	if _, err := w.Update(t.Context(), environment, a.ID, account.Change{Credentials: map[string]string{"api_key": "key-of-the-port"}}); err != nil {
		t.Fatal(err)
	}
	if c, err := w.Credential(t.Context(), a); err != nil || c.Token != "key-of-the-port" || len(c.Fields) != 1 {
		t.Errorf("got %v, %v", c, err)
	}
}
