package dashboard

import (
	"strings"
	"testing"

	"sluice/internal/permission"
)

// Routes lets the tests of the pages go through all of them.
func Routes() map[string]permission.Permission {
	all := map[string]permission.Permission{}
	for _, r := range routes {
		all[r.pattern] = r.needs
	}
	return all
}

func TestEveryActionNeedsAPermissionThatThoseWhoOnlyLookLack(t *testing.T) {
	harmless := map[string]string{
		"POST /dashboard/accounts/{id}/servers/preview": "computes, and keeps nothing",
		"POST /dashboard/accounts/{id}/tools/{tool}":    "asks for tools:write itself where a tool is not safe",
	}
	for _, r := range routes {
		if !strings.HasPrefix(r.pattern, "POST") || harmless[r.pattern] != "" || strings.HasPrefix(r.pattern, "POST /dashboard/settings/you") {
			continue
		}
		if r.needs == "" || permission.Viewer.Permissions().Has(r.needs) {
			t.Errorf("%s needs %q, which those who only look have", r.pattern, r.needs)
		}
	}
}
