package permission_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/internal/permission"
)

func TestEachRoleMayDoAllThatTheNextMayAndMore(t *testing.T) {
	roles := permission.Roles()
	for i, r := range roles[:len(roles)-1] {
		next := roles[i+1]
		if !r.Permissions().HasAll(next.Permissions()) {
			t.Errorf("%s lacks %v of what %s may", r, next.Permissions().Without(r.Permissions()), next)
		}
		if next.Permissions().HasAll(r.Permissions()) {
			t.Errorf("%s may do all that %s may", next, r)
		}
	}
	if got := permission.Owner.Permissions(); got != permission.Everything || len(got.Names()) != len(permission.All()) {
		t.Errorf("an owner may %v, want everything", got)
	}
	if got := permission.Role("root").Permissions(); got != 0 {
		t.Errorf("a role that is none may %v", got)
	}
}

func TestAViewerChangesNothing(t *testing.T) {
	for _, name := range permission.Viewer.Permissions().Names() {
		if !strings.HasSuffix(name, ":read") {
			t.Errorf("a viewer may %s", name)
		}
	}
}

func TestNoRoleButTheOwnersCouldMakeItselfOne(t *testing.T) {
	for _, r := range permission.Roles()[1:] {
		if r.Permissions().Has(permission.EnvironmentWrite) {
			t.Errorf("%s may change how people sign in", r)
		}
	}
}

func TestNamesAreReadAsTheyAreTold(t *testing.T) {
	for _, p := range permission.All() {
		s, err := permission.Parse([]string{string(p)})
		if err != nil || s != permission.Of(p) || !s.Has(p) || s.String() != string(p) {
			t.Errorf("%s: read as %v, error %v", p, s, err)
		}
	}
	some := []string{"logs:read", "accounts:read", "logs:read"}
	s, err := permission.Parse(some)
	if want := []string{"accounts:read", "logs:read"}; err != nil || !slices.Equal(s.Names(), want) {
		t.Errorf("%v is read as %v (%v), want %v", some, s.Names(), err, want)
	}
	for _, wrong := range []string{"", "logs", "logs:write", "Logs:read", "*"} {
		if _, err := permission.Parse([]string{wrong}); err == nil || !strings.Contains(err.Error(), "accounts:read") {
			t.Errorf("%q: got error %v, want one that names the permissions", wrong, err)
		}
		if permission.Everything.Has(permission.Permission(wrong)) {
			t.Errorf("everything holds %q", wrong)
		}
	}
	for _, r := range permission.Roles() {
		if got, err := permission.ParseRole(string(r)); err != nil || got != r {
			t.Errorf("%s is read as %q, error %v", r, got, err)
		}
	}
	if _, err := permission.ParseRole("Owner"); err == nil || !strings.Contains(err.Error(), "owner, admin, member, viewer") {
		t.Errorf("a role that is none: got error %v", err)
	}
}
