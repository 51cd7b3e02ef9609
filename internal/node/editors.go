package node

import (
	"net/http"

	"sluice/internal/permission"
)

// editors are those who are signed in and may change integrated accounts. It implements connect.Users.
type editors struct{ *Node }

func (e editors) Editor(r *http.Request) (environment string, ok bool, err error) {
	u, err := e.SignIn.Current(r)
	if err != nil || u == nil {
		return "", false, err
	}
	if !u.Permissions().Has(permission.AccountsWrite) {
		return "", true, nil
	}
	return u.Environment, true, nil
}

func (e editors) URL(next string) string { return e.SignIn.URL(next) }
