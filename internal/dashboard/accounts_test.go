package dashboard_test

import (
	"net/http"
	"strings"
	"testing"

	"sluice/internal/account"
	"sluice/internal/confirmation"
	"sluice/internal/permission"
)

func TestAConnectedAccountIsFoundChangedAndDeletedWithWhatGoesWithIt(t *testing.T) {
	h := newHouse(t)
	b := h.as(t, permission.Admin)
	login := h.Sandbox.Login()

	form := []string{"credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", "a wrong one", "context.base_url", h.VendorAt, "name", "Second", "tenant_id", "t-2"}
	r := b.want(b.post("/dashboard/connect/octapipe", form...), http.StatusUnprocessableEntity, `value="`+login.Email+`"`, `value="Second"`, `role="alert"`)
	if strings.Contains(r.text, "a wrong one") {
		t.Error("the password is sent back")
	}
	form[5] = login.Password
	r = b.post("/dashboard/connect/octapipe", form...)
	at := b.want(r, http.StatusSeeOther).Header.Get("Location")
	b.want(b.get(at), http.StatusOK, "Octapipe is connected.", "Second", "No MCP server yet")
	b.want(b.get("/dashboard/accounts"), http.StatusOK, "Second", "Müller &amp; Co", "Active", "never")

	b.want(b.post(at+"/settings", "name", "Renamed", "tenant_id", "t-3", "settings.confirm", "destructive", "settings.retry", "short"), http.StatusSeeOther)
	b.want(b.get(at+"/settings"), http.StatusOK, `value="Renamed"`, `value="t-3"`, "settings are saved")
	id := at[strings.LastIndexByte(at, '/')+1:]
	acct, err := h.Accounts.Get(t.Context(), h.Env, id)
	must(t, err)
	if acct.Settings.Confirm != confirmation.Destructive || acct.Settings.Retry == nil || acct.Settings.Retry.Attempts != 3 {
		t.Errorf("the account's settings are %+v", acct.Settings)
	}

	b.want(b.post(at+"/check"), http.StatusSeeOther)
	b.want(b.post(at+"/disable"), http.StatusSeeOther)
	b.want(b.get(at+"/settings"), http.StatusOK, "Disabled", "/enable")
	b.want(b.post(at+"/enable"), http.StatusSeeOther)
	b.want(b.post(at+"/reconnect", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", "wrong again", "context.base_url", h.VendorAt), http.StatusUnprocessableEntity)
	b.want(b.post(at+"/reconnect", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password, "context.base_url", h.VendorAt), http.StatusSeeOther)
	if acct, err = h.Accounts.Get(t.Context(), h.Env, id); err != nil || acct.Status != account.Active {
		t.Errorf("after it was connected again: %v, %v", acct, err)
	}

	b.want(b.post(at+"/servers/new", "name", "Goes with it", "access", "url"), http.StatusOK)
	b.want(b.get(at+"/delete"), http.StatusOK, "1 MCP server", "Goes with it")
	b.want(b.post(at+"/delete"), http.StatusSeeOther)
	b.want(b.get(at), http.StatusNotFound, "no such integrated account")
}
