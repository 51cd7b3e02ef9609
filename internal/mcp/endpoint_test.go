package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/account"
	"sluice/internal/await"
	"sluice/internal/gateway"
	"sluice/internal/integration"
	"sluice/internal/mcp"
	"sluice/internal/mcpserver"
	"sluice/internal/permission"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// harbour is a small vendor: ships can be listed, looked at and scrapped.
func harbour() *integration.Definition {
	ships := &integration.Resource{Name: "ships", Singular: "ship"}
	object := json.RawMessage(`{"type":"object"}`)
	byID := json.RawMessage(`{"type":"object","properties":{"id":{"type":"string","description":"The ship's id."}},"required":["id"]}`)
	ships.Methods = []*integration.Method{
		{Name: "list", HTTPMethod: "get", Path: "/ships", Resource: ships, Doc: &integration.Documentation{Description: "Lists ships.", QuerySchema: object, ResponseSchema: object}},
		{Name: "get", HTTPMethod: "get", Path: "/ships/{{id}}", Resource: ships, Doc: &integration.Documentation{Description: "Gets a ship.", QuerySchema: byID, ResponseSchema: object}},
		{Name: "delete", HTTPMethod: "delete", Path: "/ships/{{id}}", Resource: ships, Doc: &integration.Documentation{Description: "Scraps a ship.", QuerySchema: byID}},
	}
	return &integration.Definition{
		Name: "demo", Label: "Demo Harbour", Instructions: "A ship at sea cannot be scrapped.", BaseURL: "https://harbour.example",
		Pagination: integration.Pagination{Format: "none"}, Resources: integration.Resources{ships}, Digest: "harbour-1",
	}
}

const (
	listShips = "list_all_demo_ships"
	getShip   = "get_single_demo_ship_by_id"
	scrapShip = "delete_a_demo_ship_by_id"
)

// shipyard is the gateway of these tests: its tools are compiled like any, and what a call comes to is told by the test.
type shipyard struct {
	mu      sync.Mutex
	openErr error
	tools   *toolset.Toolset // instead of the harbour's
	results map[string]func(ctx context.Context, arguments string) (*gateway.Result, error)
	calls   []shipyardCall
}

type shipyardCall struct {
	caller    gateway.Caller
	tool      string
	arguments string
}

func (s *shipyard) Open(_ context.Context, server *mcpserver.Server) (*gateway.Caller, error) {
	return s.open(server, false)
}

func (s *shipyard) OpenReading(_ context.Context, server *mcpserver.Server) (*gateway.Caller, error) {
	return s.open(server, true)
}

func (s *shipyard) open(server *mcpserver.Server, readOnly bool) (*gateway.Caller, error) {
	s.mu.Lock()
	err, tools := s.openErr, s.tools
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if tools != nil {
		return &gateway.Caller{Environment: server.Environment, Account: &account.Account{ID: server.AccountID}, Tools: tools, ServerID: server.ID}, nil
	}
	tools, err = toolset.Compile(harbour(), toolset.Options{Methods: server.Config.Methods, ReadOnly: readOnly, StructuredOutput: server.Config.StructuredOutput})
	if err != nil {
		return nil, err
	}
	return &gateway.Caller{Environment: server.Environment, Account: &account.Account{ID: server.AccountID}, Tools: tools, ServerID: server.ID}, nil
}

func (s *shipyard) Call(ctx context.Context, caller *gateway.Caller, name string, arguments []byte) (*gateway.Result, error) {
	s.mu.Lock()
	s.calls = append(s.calls, shipyardCall{*caller, name, string(arguments)})
	result := s.results[name]
	s.mu.Unlock()
	tool, ok := caller.Tools.Tool(name)
	if !ok {
		return nil, fmt.Errorf("%w %q; the nearest is %s", gateway.ErrUnknownTool, name, listShips)
	}
	if result != nil {
		r, err := result(ctx, string(arguments))
		if r != nil {
			r.Tool = tool
		}
		return r, err
	}
	r := &gateway.Result{Tool: tool, Outcome: vendor.OK, Status: 200, Total: -1, Body: []byte(`{"name":"Ägir \"II\"","tons":12345678901234567890.10}`)}
	if name == listShips {
		r.Body, r.Items = []byte(`[{"name":"Ägir"},{"name":"Njord"}]`), 2
	}
	return r, nil
}

// comesTo sets what calls of a tool come to.
func (s *shipyard) comesTo(tool string, result func(ctx context.Context, arguments string) (*gateway.Result, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.results == nil {
		s.results = map[string]func(context.Context, string) (*gateway.Result, error){}
	}
	s.results[tool] = result
}

func (s *shipyard) lastCall(t *testing.T) shipyardCall {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == 0 {
		t.Fatal("no tool was called")
	}
	return s.calls[len(s.calls)-1]
}

func (s *shipyard) callCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

// register is the servers and API tokens of these tests, and the changes to them.
type register struct {
	mu       sync.Mutex
	err      error
	servers  map[string]*mcpserver.Server
	watchers map[*func()]string // the server that each watches
}

const (
	openToken    = "tok-open"
	lockedToken  = "tok-locked"
	shapedToken  = "tok-structured"
	apiToken     = "api-token-of-env-a"
	strangeToken = "api-token-of-env-b"
)

func newRegister() *register {
	return &register{
		watchers: map[*func()]string{},
		servers: map[string]*mcpserver.Server{
			openToken:   {ID: "mcp_open", Environment: "env_a", AccountID: "acc_a", Name: `Fleet "A"`},
			lockedToken: {ID: "mcp_locked", Environment: "env_a", AccountID: "acc_a", Config: mcpserver.Config{RequireAPITokenAuth: true}},
			shapedToken: {ID: "mcp_structured", Environment: "env_a", AccountID: "acc_a", Config: mcpserver.Config{StructuredOutput: true}},
		},
	}
}

func (r *register) ByToken(_ context.Context, token string) (*mcpserver.Server, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return nil, r.err
	}
	if s := r.servers[token]; s != nil && (s.ExpiresAt.IsZero() || time.Now().Before(s.ExpiresAt)) {
		return s, nil
	}
	return nil, fmt.Errorf("find server: %w", mcpserver.ErrNotFound)
}

func (r *register) ByID(ctx context.Context, id string) (*mcpserver.Server, error) {
	return r.ByToken(ctx, id)
}

func (r *register) Identify(_ context.Context, token string) (mcp.APIToken, error) {
	switch token {
	case apiToken:
		return mcp.APIToken{ID: "tok_a", Environment: "env_a", May: permission.Everything}, nil
	case strangeToken:
		return mcp.APIToken{ID: "tok_b", Environment: "env_b", May: permission.Everything}, nil
	}
	return mcp.APIToken{}, nil
}

func (r *register) Watch(server *mcpserver.Server, _ []string, changed func()) (stop func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchers[&changed] = server.ID
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watchers, &changed)
	}
}

func (r *register) watching() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.watchers)
}

// change changes a server's config, nil takes it away, and tells those who watch.
func (r *register) change(token string, config *mcpserver.Config) {
	r.set(token, func(server *mcpserver.Server) bool {
		if config != nil {
			server.Config = *config
		}
		return config != nil
	})
}

// expire gives a server an end, and tells those who watch.
func (r *register) expire(token string, at time.Time) {
	r.set(token, func(server *mcpserver.Server) bool {
		server.ExpiresAt = at
		return true
	})
}

func (r *register) set(token string, change func(*mcpserver.Server) (kept bool)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	server := *r.servers[token]
	if change(&server) {
		r.servers[token] = &server
	} else {
		delete(r.servers, token)
	}
	for w, id := range r.watchers {
		if id == server.ID {
			(*w)()
		}
	}
}

// endpoint is a Handler that listens.
type endpoint struct {
	*httptest.Server
	handler  *mcp.Handler
	shipyard *shipyard
	register *register
	log      *logbook
}

func newEndpoint(t *testing.T, change ...func(*mcp.Options)) *endpoint {
	t.Helper()
	e := &endpoint{shipyard: &shipyard{}, register: newRegister(), log: &logbook{}}
	o := mcp.Options{
		Gateway: e.shipyard, Servers: e.register, APITokens: e.register, Changes: e.register,
		Version: "1.2.3", Log: slog.New(slog.NewTextHandler(e.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	handler := mcp.New(o)
	e.handler = handler
	e.Server = httptest.NewServer(handler)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
		defer cancel()
		if err := handler.Close(ctx); err != nil {
			t.Errorf("streams did not end on Close: %v", err)
		}
		e.Server.Close()
	})
	return e
}

// logbook is a log that can be read while it is written.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// answer is a whole HTTP answer.
type answer struct {
	status int
	header http.Header
	body   string
}

// send makes a raw request. A header with an empty value is not sent.
func (e *endpoint) send(t *testing.T, method, path string, header map[string]string, body string) answer {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, e.URL+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		switch {
		case value == "":
		case name == "Host":
			r.Host = value
		default:
			r.Header[name] = []string{value} // as it is spelled
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(b)}
}

// post sends a message to the open server, as a client of 2025-11-25 would.
func (e *endpoint) post(t *testing.T, body string, header map[string]string) answer {
	t.Helper()
	all := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
	for name, value := range header {
		all[name] = value
	}
	return e.send(t, http.MethodPost, "/mcp/"+openToken, all, body)
}

// modern sends a request of revision 2026-07-28. params are the members of params beside _meta.
func (e *endpoint) modern(t *testing.T, method, params string, header map[string]string) answer {
	t.Helper()
	all := map[string]string{"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
	for name, value := range header {
		all[name] = value
	}
	return e.post(t, modernBody(method, params), all)
}

func modernBody(method, params string) string {
	if params != "" {
		params += ","
	}
	return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":{` + params +
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"case","version":"1"}}}}`
}

// json decodes the answer, numbers as they are spelled.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(a.body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("the answer is not JSON: %v\n%s", err, a.body)
	}
	return v
}

// at is the value at a dotted path of the answer, as JSON; "" if there is none.
func (a answer) at(t *testing.T, path string) string {
	t.Helper()
	var v any = a.json(t)
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[strings.ReplaceAll(part, "·", ".")]
			if !ok {
				return ""
			}
			v = next
		case []any:
			i := int(part[0] - '0')
			if i >= len(x) {
				return ""
			}
			v = x[i]
		default:
			return ""
		}
	}
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func wantStatus(t *testing.T, a answer, status int) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d\n%s", a.status, status, a.body)
	}
}

func wantError(t *testing.T, a answer, status, code int, words ...string) {
	t.Helper()
	wantStatus(t, a, status)
	if got := a.at(t, "error.code"); got != fmt.Sprint(code) {
		t.Errorf("error code %s, want %d\n%s", got, code, a.body)
	}
	message := a.at(t, "error.message")
	for _, w := range words {
		if !strings.Contains(message, w) {
			t.Errorf("the message lacks %q: %s", w, message)
		}
	}
}
