package connect_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/internal/account"
	"sluice/internal/link"
	"sluice/internal/store/storetest"
)

func TestALinkThatLeadsNowhereSaysSo(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	b := h.browser()
	for _, token := range []string{"nothing", strings.Repeat("x", 43), strings.Repeat("x", 5000), "%00"} {
		b.get(t, h.url+"/connect/"+token).shows(t, 404, "There is no such link")
	}
	b.get(t, h.url+"/connect/a/b/c").shows(t, 404, "No such page")
	_, page := h.link(t, h.shipyard())
	if err := h.Store.Exec(t.Context(), "UPDATE link_tokens SET expires_at = 1000"); err != nil {
		t.Fatal(err)
	}
	b.get(t, page).shows(t, 410, "This link has expired", "1970-01-01")
	b.send(t, "way", "0").shows(t, 410, "This link has expired")
	l, page := h.link(t, link.Draft{TenantID: "acme", Integration: "octapipe"})
	if err := h.Store.Exec(t.Context(), "UPDATE link_tokens SET integration = 'gone' WHERE id = '"+l.ID+"'"); err != nil {
		t.Fatal(err)
	}
	b.get(t, page).shows(t, 410, "is not there any more")
}

func TestAnAnswerThatBelongsNowhereIsNotTaken(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	callback := h.url + "/connect/callback"
	b := h.browser()
	for _, query := range []string{"", "?code=x", "?state=x&code=x", "?state=" + strings.Repeat("x", 43) + "&code=x"} {
		b.get(t, callback+query).shows(t, 400, "This answer cannot be taken")
	}
	begin := func() (back *url.URL, page string) {
		_, page = h.link(t, h.shipyard())
		b.get(t, page)
		return h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)), page
	}

	// Somebody has another person sign in for them.
	back, page := begin()
	h.browser().get(t, back.String()).shows(t, 403, "It was asked for in another browser")
	b.get(t, back.String()).shows(t, 400, "it was taken before")
	b.get(t, page).shows(t, 200, "Connect Shipyard")

	// The state of one flow with the code of another.
	one, _ := begin()
	two, _ := begin()
	q := one.Query()
	q.Set("code", two.Query().Get("code"))
	b.get(t, callback+"?"+q.Encode()).shows(t, 200, "The account is not connected", "Shipyard did not take its own answer")

	// It took too long.
	back, page = begin()
	if err := h.Store.Exec(t.Context(), "UPDATE vendor_authorizations SET expires_at = 1000"); err != nil {
		t.Fatal(err)
	}
	b.get(t, back.String()).shows(t, 400, "it took too long")

	// The person, or the vendor, says no. The link can be used again, and whoever sent the person hears of it.
	for answer, text := range map[string]string{"error=access_denied": "The access to Shipyard was declined.", "error=server_error&error_description=Sorry": "Shipyard did not allow it (server_error): Sorry."} {
		b.get(t, page)
		at, err := url.Parse(b.send(t, "way", "0").refresh(t))
		if err != nil {
			t.Fatal(err)
		}
		got := b.get(t, callback+"?state="+at.Query().Get("state")+"&"+answer).shows(t, 200, text, "Try again", "Back to app.example.com")
		if code := strings.TrimPrefix(strings.Split(answer, "&")[0], "error="); !strings.Contains(got.html, "error="+code) || !strings.Contains(got.html, "status=error") {
			t.Errorf("the page does not lead back with %s: %s", code, got.html)
		}
	}

	// The provider is down, and comes back.
	back, page = begin()
	h.provider.Down(503)
	b.get(t, back.String()).shows(t, 502, "Shipyard could not be asked", "Nothing was lost")
	h.provider.Down(0)
	b.get(t, page).shows(t, 200, "Connect Shipyard")
	if list := h.accounts(t); len(list) != 0 {
		t.Fatalf("accounts were kept: %+v", list)
	}
	b.get(t, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String()).shows(t, 200, "Shipyard is connected")
}

func TestALinkConnectsOneAccountHoweverOftenItIsUsedAtOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		h := newHouse(t, database, "North")
		_, page := h.link(t, link.Draft{TenantID: "acme", Integration: "octapipe", Context: map[string]string{"base_url": h.octapipe}})
		login := h.sandbox.Login()
		var wg sync.WaitGroup
		var mu sync.Mutex
		count := map[int]int{}
		for range 6 {
			b := h.browser()
			b.get(t, page)
			wg.Go(func() {
				got := b.send(t, "way", "0", "credentials.domain", login.Domain, "credentials.email", login.Email, "credentials.password", login.Password)
				mu.Lock()
				defer mu.Unlock()
				count[got.status]++
			})
		}
		wg.Wait()
		if count[200] != 1 || count[410] != 5 || len(h.accounts(t)) != 1 {
			t.Errorf("got the answers %v and %d accounts", count, len(h.accounts(t)))
		}

		// Two flows of one link, both of which come back.
		_, page = h.link(t, h.shipyard())
		var backs []string
		b := h.browser()
		for range 2 {
			b.get(t, page)
			backs = append(backs, h.provider.SignIn(t, b.send(t, "way", "0").refresh(t)).String())
		}
		b.get(t, backs[0]).shows(t, 200, "Shipyard is connected")
		b.get(t, backs[1]).shows(t, 410, "This link was used already")
		if n := len(h.accounts(t)); n != 2 {
			t.Errorf("%d accounts, want 2", n)
		}
	})
}

func TestALinkToConnectAgainLeadsTheCredentialNowhereElse(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t))
	login := h.sandbox.Login()
	acct, err := h.Accounts.Create(t.Context(), h.environment, account.NewAccount{Integration: "octapipe", Context: map[string]string{"base_url": h.octapipe},
		Credentials: map[string]string{"domain": login.Domain, "email": login.Email, "password": login.Password}})
	if err != nil {
		t.Fatal(err)
	}
	var heard atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	defer elsewhere.Close()
	_, page := h.link(t, link.Draft{AccountID: acct.ID})
	b := h.browser()
	for _, sent := range [][]string{
		{"choice", "context.base_url", "context.base_url", elsewhere.URL},
		{"way", "0", "context.base_url", elsewhere.URL},
		{"way", "0", "context.base_url", elsewhere.URL, "credentials.domain", login.Domain, "credentials.email", login.Email},
	} {
		b.get(t, page)
		b.send(t, sent...)
		if n := heard.Load(); n != 0 {
			t.Fatalf("%q sent the credential elsewhere", sent)
		}
	}
	if now, err := h.Accounts.Get(t.Context(), h.environment, acct.ID); err != nil || now.Context["base_url"] != h.octapipe || now.Status != account.Active {
		t.Errorf("the account is %+v, %v", now, err)
	}
}

func TestTheEnvironmentsClientIsShownWhereTheEnvironmentSaysAlone(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t), "North")
	var heard atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	defer elsewhere.Close()
	_, page := h.link(t, link.Draft{TenantID: "acme", Integration: "shipyard"})
	b := h.browser()
	b.get(t, page).shows(t, 200, "Connect Shipyard")
	b.send(t, "way", "0", "context.base_url", h.vendor.URL, "context.issuer", elsewhere.URL).shows(t, 422, "its secret goes to no other")
	if n := heard.Load(); n != 0 {
		t.Errorf("a stranger's issuer was asked %d times", n)
	}
	_, page = h.link(t, h.shipyard())
	b.get(t, page)
	b.send(t, "way", "0", "context.issuer", elsewhere.URL).shows(t, 200, "On to Shipyard") // what the link gives holds
	// Nor is it by what somebody who may make links, and no more, writes into one.
	there := h.shipyard()
	there.Context = map[string]string{"base_url": h.vendor.URL, "issuer": elsewhere.URL}
	_, page = h.link(t, there)
	b.get(t, page)
	b.send(t, "way", "0").shows(t, 422, "its secret goes to no other")
	if n := heard.Load(); n != 0 {
		t.Errorf("a stranger's issuer was asked %d times", n)
	}
}
