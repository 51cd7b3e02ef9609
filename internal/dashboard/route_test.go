package dashboard

import (
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

func TestEveryPageThatChangesSomethingNeedsAPermissionToChangeIt(t *testing.T) {
	for _, r := range routes {
		if r.pattern[:4] == "POST" && !changing(r) {
			t.Errorf("%s needs %q, which those who only look have", r.pattern, r.needs)
		}
	}
}

func changing(r route) bool {
	switch r.pattern {
	case "POST /dashboard/accounts/{id}/servers/preview", // computes, and keeps nothing
		"POST /dashboard/accounts/{id}/tools/{tool}": // asks for tools:write itself where a tool is not safe
		return true
	}
	return !permission.Viewer.Permissions().Has(r.needs) && r.needs != ""
}
