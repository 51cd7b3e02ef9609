package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// sandboxLogin is how one signs in to the sandbox: its seed has this one administrator.
const sandboxLogin = `{"domain":"northwind","email":"ada.lindqvist@northwind.example","password":"octapipe-sandbox"}`

// middleman stands between Sluice and the sandbox: it tells what Sluice sent, and can hold an answer back.
type middleman struct {
	URL string

	mu   sync.Mutex
	sent []string    // method and path of each call but logins
	last http.Header // of the last of them
	held *hold
}

// hold is a call that reached the vendor and whose answer is kept back.
type hold struct {
	method   string
	arrived  chan struct{} // closed when the call is with the vendor and done there
	released chan struct{} // close to let the answer go
}

func startMiddleman(t *testing.T, h *house) *middleman {
	t.Helper()
	target, err := url.Parse(h.OctapipeURL)
	if err != nil {
		t.Fatal(err)
	}
	m := &middleman{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			m.mu.Lock()
			held := m.held
			if held == nil || held.method != r.Request.Method || r.Request.URL.Path == "/login" {
				m.mu.Unlock()
				return nil
			}
			m.held = nil
			m.mu.Unlock()
			close(held.arrived)
			<-held.released
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			m.mu.Lock()
			m.sent = append(m.sent, r.Method+" "+r.URL.RequestURI())
			m.last = r.Header.Clone()
			m.mu.Unlock()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	m.URL = server.URL
	return m
}

// calls is what has reached the vendor so far.
func (m *middleman) calls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.sent...)
}

// header is what the last call said in a header.
func (m *middleman) header(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last.Get(name)
}

// holdNext keeps back the answer to the next call with that method. It is released at the test's end at the latest.
func (m *middleman) holdNext(t *testing.T, method string) *hold {
	held := &hold{method: method, arrived: make(chan struct{}), released: make(chan struct{})}
	m.mu.Lock()
	m.held = held
	m.mu.Unlock()
	t.Cleanup(held.release)
	return held
}

func (h *hold) release() {
	select {
	case <-h.released:
	default:
		close(h.released)
	}
}

// connect makes an account whose vendor is the middleman, and an MCP server on it for everything.
func (m *middleman) connect(t *testing.T, h *house) *createdServer {
	t.Helper()
	var account struct {
		ID string `json:"id"`
	}
	h.api(t, "POST", "/integrated-account", `{"integration":"octapipe","name":"through a middleman","context":{"base_url":"`+m.URL+`"},"credentials":`+sandboxLogin+`}`).
		want(t, 200, 201).decode(t, &account)
	var made createdServer
	h.api(t, "POST", "/integrated-account/"+account.ID+"/mcp", `{"name":"watched","config":{"methods":["read","write"]}}`).want(t, 200, 201).decode(t, &made)
	return &made
}
