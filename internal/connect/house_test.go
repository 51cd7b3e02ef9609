package connect_test

import (
	"encoding/base64"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"sluice/internal/account"
	"sluice/internal/account/oidctest"
	"sluice/internal/integration"
	"sluice/internal/link"
	"sluice/internal/node"
	"sluice/internal/octapipe"
)

// house is a whole Sluice over HTTP, with an environment, an Octapipe and a vendor that is signed in to.
type house struct {
	*node.Node
	url, environment string
	sandbox          *octapipe.Sandbox
	octapipe         string
	provider         *oidctest.Provider
	vendor           *oidctest.Vendor
	context          map[string]string // of the vendor
	log              *strings.Builder
}

func newHouse(t *testing.T, database string, workspaces ...string) *house {
	t.Helper()
	h := &house{log: &strings.Builder{}}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	h.url = server.URL
	var mu sync.Mutex
	var err error
	h.Node, err = node.Open(t.Context(), node.Settings{
		Database: database, MasterKey: base64.StdEncoding.EncodeToString([]byte("an installation's key in a test!")), PublicURL: h.url,
		AllowAddresses: []string{"loopback"}, Version: "test",
		Log: slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) { mu.Lock(); defer mu.Unlock(); return h.log.Write(p) }), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Node.Close)
	handler = h.Handler()
	e, err := h.Environments.Create(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	h.environment = e.ID
	if h.sandbox, err = octapipe.Open(octapipe.Config{Seed: true, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	box := httptest.NewServer(h.sandbox.Handler())
	t.Cleanup(func() {
		box.Close()
		h.sandbox.Close()
	})
	h.octapipe = box.URL

	h.provider = oidctest.New(t, h.url+"/connect/callback")
	h.vendor = oidctest.NewVendor(t, h.provider, workspaces...)
	h.context = map[string]string{"base_url": h.vendor.URL, "issuer": h.provider.URL}
	def, err := integration.Load(os.DirFS("../account/testdata"), "shipyard")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Catalog.Put(t.Context(), h.environment, "test", def); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Accounts.SetVendorClient(t.Context(), h.environment, "shipyard", "test", account.NewVendorClient{ID: oidctest.ClientID, Secret: oidctest.ClientSecret, Server: h.provider.URL}); err != nil {
		t.Fatal(err)
	}
	if err := h.Links.SetRedirectURIs(t.Context(), h.environment, []string{"https://app.example.com/done?from=sluice"}); err != nil {
		t.Fatal(err)
	}
	return h
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// link makes a link and answers its page.
func (h *house) link(t *testing.T, d link.Draft) (*link.Link, string) {
	t.Helper()
	d.Environment, d.CreatedBy = h.environment, "test"
	l, token, err := h.Links.Create(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return l, h.url + "/connect/" + token
}

func (h *house) shipyard() link.Draft {
	return link.Draft{TenantID: "acme", Integration: "shipyard", Context: h.context, RedirectURI: "https://app.example.com/done?from=sluice"}
}

func (h *house) accounts(t *testing.T) []*account.Account {
	t.Helper()
	list, _, err := h.Accounts.List(t.Context(), h.environment, account.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// browser goes from page to page as a person's does. It keeps cookies and follows redirects, within Sluice.
type browser struct {
	http.Client
	at, host string
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	b := &browser{host: h.url}
	b.Jar = jar
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), h.url) {
			return http.ErrUseLastResponse
		}
		b.at = r.URL.String()
		return nil
	}
	return b
}

// seen is a page as a person sees it.
type seen struct {
	status int
	header http.Header
	text   string // without markup
	html   string
}

var markup = regexp.MustCompile(`(?s)<title>.*?</title>|<[^>]*>`)

func (b *browser) do(t *testing.T, r *http.Request) *seen {
	t.Helper()
	b.at = r.URL.String()
	answer, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(string(body), " "))), " ")
	return &seen{answer.StatusCode, answer.Header, text, string(body)}
}

func (b *browser) get(t *testing.T, address string) *seen {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.do(t, r)
}

// send sends the form of the page that the browser is at.
func (b *browser) send(t *testing.T, values ...string) *seen {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, b.at, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", b.host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(t, r)
}

func (s *seen) shows(t *testing.T, status int, texts ...string) *seen {
	t.Helper()
	if s.status != status {
		t.Errorf("got status %d, want %d: %s", s.status, status, s.text)
	}
	for _, text := range texts {
		if !strings.Contains(s.text, text) {
			t.Errorf("the page does not say %q: %s", text, s.text)
		}
	}
	return s
}

// refresh is where the page leads by itself.
func (s *seen) refresh(t *testing.T) string {
	t.Helper()
	_, address, ok := strings.Cut(s.header.Get("Refresh"), "url=")
	if !ok || !strings.Contains(html.UnescapeString(s.html), `href="`+address+`"`) {
		t.Fatalf("the page leads nowhere, or has no link to where it leads (%q): %s", address, s.html)
	}
	return address
}
