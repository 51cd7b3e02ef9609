package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/node"
	"sluice/internal/octapipe"
	"sluice/internal/store/storetest"
)

// sandbox is the vendor of all tests that need none of their own: an Octapipe with its sample data, over HTTP.
var sandbox = sync.OnceValue(func() *vendor {
	v, err := newVendor(octapipe.Config{Seed: true})
	if err != nil {
		panic(err)
	}
	return v
})

type vendor struct {
	*octapipe.Sandbox
	url    string
	server *httptest.Server
}

func newVendor(config octapipe.Config) (*vendor, error) {
	config.Log = slog.New(slog.DiscardHandler)
	box, err := octapipe.Open(config)
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(box.Handler())
	return &vendor{box, server.URL, server}, nil
}

func (v *vendor) close() {
	v.server.Close()
	v.Close()
}

func TestMain(m *testing.M) {
	code := m.Run()
	sandbox().close()
	os.Exit(code)
}

// house is a whole Sluice on one database, with two environments that know nothing of each other.
type house struct {
	*node.Node
	url  string
	here *tenant
	log  *lockedBuffer
}

// tenant is an environment with what it has.
type tenant struct {
	house       *house
	environment string
	token       string
	account     string // on the sandbox
}

// onEachDatabase runs a test on SQLite and on PostgreSQL.
func onEachDatabase(t *testing.T, test func(t *testing.T, h *house)) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		h := &house{log: &lockedBuffer{}}
		var err error
		h.Node, err = node.Open(t.Context(), node.Settings{
			Database: database, MasterKeyFile: filepath.Join(t.TempDir(), "master.key"), PublicURL: "https://sluice.example.com",
			AllowAddresses: []string{"loopback"}, AllowFiles: []string{"loopback"}, AllowWebhooks: []string{"loopback"}, Version: "v1.2.3", Log: slog.New(slog.NewTextHandler(h.log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h.Handler())
		h.url = server.URL
		t.Cleanup(func() {
			server.Close()
			h.Close()
			if t.Failed() {
				t.Logf("Sluice logged:\n%s", h.log)
			}
		})
		h.here = h.tenant(t, "here")
		test(t, h)
	})
}

// tenant makes an environment with an API token and an account on the sandbox.
func (h *house) tenant(t *testing.T, name string) *tenant {
	t.Helper()
	e, err := h.Environments.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	n := &tenant{house: h, environment: e.ID}
	if _, n.token, err = h.Environments.CreateToken(t.Context(), e.ID, "test", "test", time.Time{}); err != nil {
		t.Fatal(err)
	}
	n.account = n.connect(t, sandbox())
	return n
}

// connect makes an account on a vendor, past the API.
func (n *tenant) connect(t *testing.T, v *vendor) string {
	t.Helper()
	acct, err := n.house.Accounts.Create(context.Background(), n.environment, account.NewAccount{
		Integration: "octapipe", TenantID: "acme", Name: "Acme",
		Credentials: map[string]string{"api_key": v.AdminToken()}, Context: map[string]string{"base_url": v.url},
	})
	if err != nil {
		t.Fatal(err)
	}
	return acct.ID
}

type response struct {
	t      *testing.T
	call   string
	status int
	header http.Header
	body   []byte
}

// do calls a path of the API with the tenant's token. body is sent as it is if it is a string, else as JSON.
func (n *tenant) do(t *testing.T, method, path string, body any) *response {
	t.Helper()
	var sent string
	switch b := body.(type) {
	case nil:
	case string:
		sent = b
	default:
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		sent = string(text)
	}
	headers := []string{"Authorization", "Bearer " + n.token}
	if body != nil {
		headers = append(headers, "Content-Type", "application/json")
	}
	return n.house.send(t, method, path, sent, headers...)
}

func (h *house) send(t *testing.T, method, path, body string, headers ...string) *response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r.URL.Opaque, r.URL.RawQuery, _ = strings.Cut(path, "?"); r.URL.Opaque != "" { // as it is written, not as it would be put right
		r.URL.Opaque = "//" + r.URL.Host + r.URL.Opaque
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r) // which follows no redirect
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &response{t, method + " " + path, answer.StatusCode, answer.Header, b}
}

func (r *response) want(status int) *response {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: want %d, got %d: %.600s", r.call, status, r.status, r.body)
	}
	return r
}

// object decodes an answer whose numbers keep their digits.
func (r *response) object() map[string]any {
	r.t.Helper()
	var o map[string]any
	r.into(&o)
	return o
}

func (r *response) into(v any) {
	r.t.Helper()
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		r.t.Fatalf("%s: the answer is not the JSON that was wanted: %v: %.600s", r.call, err, r.body)
	}
}

// listed is a list in the shape of all lists.
type listed struct {
	Result     []map[string]any `json:"result"`
	NextCursor *string          `json:"next_cursor"`
	PrevCursor *string          `json:"prev_cursor"`
	Count      *int             `json:"result_count"`
	Partial    *bool            `json:"is_partial_response"`
}

// list decodes a list, and checks its shape.
func (r *response) list() *listed {
	r.t.Helper()
	var members map[string]json.RawMessage
	r.want(200).into(&members)
	for _, name := range []string{"result", "next_cursor", "prev_cursor", "result_count", "is_partial_response"} {
		if _, ok := members[name]; !ok {
			r.t.Fatalf("%s: a list without %s: %.600s", r.call, name, r.body)
		}
	}
	var l listed
	r.into(&l)
	if *l.Count != len(l.Result) {
		r.t.Errorf("%s: result_count is %d, and there are %d", r.call, *l.Count, len(l.Result))
	}
	return &l
}

// problem is an error in the API's shape.
type problem struct {
	StatusCode int             `json:"statusCode"`
	Error      string          `json:"error"`
	Message    string          `json:"message"`
	Field      string          `json:"field"`
	Remote     bool            `json:"is_remote_error"`
	Details    json.RawMessage `json:"details"`
}

// refuses checks that an answer is an error of that status in the API's shape, of the field, and speaks of the words.
func (r *response) refuses(status int, field string, words ...string) *problem {
	r.t.Helper()
	r.want(status)
	if got := r.header.Get("Content-Type"); got != "application/json" {
		r.t.Errorf("%s: an error comes as %q", r.call, got)
	}
	var p problem
	r.into(&p)
	if p.StatusCode != status || p.Error != http.StatusText(status) || p.Message == "" {
		r.t.Errorf("%s: the error is not in its shape: %s", r.call, r.body)
	}
	if field != "any" && p.Field != field {
		r.t.Errorf("%s: want the field %q, got %q: %s", r.call, field, p.Field, r.body)
	}
	for _, word := range words {
		if !strings.Contains(p.Message, word) {
			r.t.Errorf("%s: the message does not speak of %q: %s", r.call, word, p.Message)
		}
	}
	if end := p.Message[len(p.Message)-1:]; !strings.Contains(".?!", end) || strings.HasSuffix(p.Message, "?.") {
		r.t.Errorf("%s: the message is no sentence: %s", r.call, p.Message)
	}
	return &p
}

func (n *tenant) proxy(path string, query ...string) string {
	values := url.Values{"integrated_account_id": {n.account}}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	return "/proxy/" + path + "?" + values.Encode()
}

// find is the uuid of the sandbox's object of that name.
func (n *tenant) find(t *testing.T, name, path string, query ...string) string {
	t.Helper()
	for _, item := range n.do(t, "GET", n.proxy(path, append(query, "limit", "100")...), nil).list().Result {
		if item["name"] == name {
			return fmt.Sprint(item["uuid"])
		}
	}
	t.Fatalf("there is no %s in %s", name, path)
	return ""
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func equal[T comparable](t *testing.T, what string, want, got T) {
	t.Helper()
	if want != got {
		t.Errorf("%s: want %v, got %v", what, want, got)
	}
}
