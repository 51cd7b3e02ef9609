// Package mcp is the door for MCP clients: POST /mcp/{token}, or /mcp/{mcp_id} where people sign in, in every revision of the protocol, and the streams beside it. It knows the
// protocol and nothing of any vendor: one JSON-RPC message is taken apart by scanning, the MCP server behind the token is found, the tool's
// name and the bytes of its arguments go to the gateway, and the outcome comes back as one text of JSON.
//
// It imports gateway, mcpserver, oauth, vendor (for the words of an outcome) and jsonscan. Requests enter at Handler.ServeHTTP. The files follow
// the way of a request:
//
//	mcp.go       who may be asked what: Handler and what it depends on
//	identify.go  who asks: the server behind the URL, and the person or API token beside it
//	post.go      one POST: who, which types, the body, one message or a batch, the answer in one write
//	message.go   the bytes of a message → its parts
//	revision.go  which revision a message speaks, and whether its headers agree with it
//	param.go     whether the headers that mirror arguments agree with these
//	dispatch.go  method → answer
//	result.go    a tool call's outcome → a CallToolResult
//	page.go      tools/list, whole or in pages
//	reply.go     JSON-RPC answers and errors as bytes
//	prompt.go    prompts/list and prompts/get
//	slow.go      an answer that takes long becomes a stream that shows it is alive
//	events.go    server-sent events
//	stream.go    a stream that tells of changes; line.go is its connection, listen.go and sse.go begin one
//
// The endpoint keeps no sessions: every answer follows from the request alone, so any node can give it, also after a restart. The one exception
// is the HTTP+SSE transport of 2024-11-05 (sse.go), where an answer travels on another connection than its question.
package mcp

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"sluice/internal/gateway"
	"sluice/internal/mcpserver"
	"sluice/internal/oauth"
	"sluice/internal/origin"
	"sluice/internal/permission"
)

// Gateway makes tool calls. *gateway.Gateway is one.
type Gateway interface {
	// Open returns the tools behind an MCP server, and for whom they are called. The Caller is new, for the door to complete.
	Open(ctx context.Context, server *mcpserver.Server) (*gateway.Caller, error)
	// OpenReading is Open for somebody who may change nothing.
	OpenReading(ctx context.Context, server *mcpserver.Server) (*gateway.Caller, error)
	// Call makes one call. An error is ours (unknown tool, database down); what the arguments or the vendor are to blame for is in the Result.
	// The arguments are the caller's again when Call returns.
	Call(ctx context.Context, caller *gateway.Caller, tool string, arguments []byte) (*gateway.Result, error)
}

// Servers finds MCP servers. *mcpserver.Service is one.
type Servers interface {
	// ByToken returns the server behind a token, or an error that wraps mcpserver.ErrNotFound if none is: unknown, revoked or expired.
	ByToken(ctx context.Context, token string) (*mcpserver.Server, error)
	// ByID does so for a server that people sign in to, whose URL holds its id.
	ByID(ctx context.Context, id string) (*mcpserver.Server, error)
}

// SignIns tells whose an access token is, for servers that people sign in to. *oauth.Service is one.
type SignIns interface {
	// Access returns what a bearer token gives at a server, or an *oauth.Denied with the challenge that tells the client where to get one.
	Access(ctx context.Context, server *mcpserver.Server, bearer string) (*oauth.Access, error)
	// NeedsWrite is the challenge to a client that may read, and called a tool that changes something.
	NeedsWrite(server *mcpserver.Server, tool string) *oauth.Denied
	// Challenged is told of each challenge, and Called of each call: together they show how connecting went.
	Challenged(server *mcpserver.Server, r *http.Request, revision string, denied *oauth.Denied)
	Called(ctx context.Context, server *mcpserver.Server, access *oauth.Access, method, revision, userAgent string, status int)
}

// APITokens tells whose an API token is, for servers that want one beside their URL.
type APITokens interface {
	// Identify returns what is known of an API token: nothing, if it is unknown, revoked or expired.
	Identify(ctx context.Context, token string) (APIToken, error)
}

// APIToken is what a door has to know of an API token.
type APIToken struct {
	ID          string
	UserID      string // whose it is; "": nobody's own
	Environment string
	May         permission.Set
	ExpiresAt   time.Time // zero: never
}

// Changes tells when a server's tools, or the right to them, may have changed, on whichever node the change was made.
type Changes interface {
	// Watch has changed called after each change that may concern the server (its config, its end, the definition, live fields) or what gives a right to it:
	// the API token, the access token and its grant, the user, by their ids. changed does not block. stop ends the watch.
	Watch(server *mcpserver.Server, rights []string, changed func()) (stop func())
}

// Options is what a Handler needs. Gateway and Servers are required.
type Options struct {
	Gateway   Gateway
	Servers   Servers
	APITokens APITokens // nil: a server that wants an API token refuses everybody
	SignIns   SignIns   // nil: there are no servers that people sign in to
	Changes   Changes   // nil: no list_changed notifications are offered

	Origin *origin.Policy // nil: only this machine, and no web page but its own

	Version   string        // of Sluice, for serverInfo
	Log       *slog.Logger  // nil: slog.Default
	KeepAlive time.Duration // between the signs of life on a stream; 0: 20 s, under every proxy's usual minute
	SlowAfter time.Duration // how long an answer may take before it becomes a stream, if the client takes one; 0: KeepAlive / 2
	ToolsPage int           // tools in one answer to tools/list; 0: all, since many clients read only the first page
	MaxBody   int64         // bytes of one POST; 0: 4 MiB
	Streams   int           // open at a time on one MCP server; 0: 10,000
	Patience  time.Duration // how long a write to a stream may take, after which its reader counts as gone; 0: 10 s
}

// pageMethods are those that a web page may use.
const pageMethods = "POST, GET, DELETE, OPTIONS"

// Path is where the Handler is mounted; the token follows.
const Path = "/mcp/"

// Handler serves the endpoints of all MCP servers. Close ends its streams.
type Handler struct {
	gateway   Gateway
	servers   Servers
	apiTokens APITokens
	signIns   SignIns
	changes   Changes
	origin    *origin.Policy
	log       *slog.Logger
	keepAlive time.Duration
	slowAfter time.Duration
	toolsPage int
	maxBody   int64
	patience  time.Duration

	maxStreams int

	serverInfo   string // the JSON of serverInfo
	metaOpen     string // the start of every modern result's _meta
	publicPrefix string // path of the public URL, before Path

	closing  chan struct{}
	closed   sync.Once
	mu       sync.Mutex // guards the maps, and streams.Add against Close
	sessions map[string]*session
	open     map[*stream]struct{}
	streams  sync.WaitGroup

	streamsOf map[string]int // how many are open, by the id of an MCP server
}

// New returns a Handler.
func New(o Options) *Handler {
	if o.Origin == nil {
		o.Origin = &origin.Policy{}
	}
	h := &Handler{
		gateway: o.Gateway, servers: o.Servers, apiTokens: o.APITokens, signIns: o.SignIns, changes: o.Changes,
		origin: o.Origin, log: o.Log, keepAlive: o.KeepAlive, slowAfter: o.SlowAfter, toolsPage: o.ToolsPage, maxBody: o.MaxBody, patience: o.Patience,
		publicPrefix: o.Origin.PublicPath(),
		closing:      make(chan struct{}), sessions: map[string]*session{}, open: map[*stream]struct{}{}, streamsOf: map[string]int{}, maxStreams: o.Streams,
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.keepAlive <= 0 {
		h.keepAlive = 20 * time.Second
	}
	if h.slowAfter <= 0 {
		h.slowAfter = h.keepAlive / 2
	}
	if h.maxStreams <= 0 {
		h.maxStreams = 10000
	}
	if h.maxBody <= 0 {
		h.maxBody = 4 << 20
	}
	if h.patience <= 0 {
		h.patience = 10 * time.Second
	}
	version := o.Version
	if version == "" {
		version = "devel"
	}
	h.serverInfo = string(appendImplementation(nil, "", version))
	h.metaOpen = `"_meta":{"` + metaServerInfo + `":` + h.serverInfo
	return h
}

// ServeHTTP answers one request to /mcp/{token}.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.recover(w, r)
	if !h.origin.Admit(w, r, pageMethods, refuse) {
		return
	}
	token, ok := tokenOf(r.URL.Path)
	if !ok {
		refuse(w, http.StatusNotFound, noServerWords)
		return
	}
	switch r.Method {
	case http.MethodPost:
		h.post(w, r, token)
	case http.MethodGet:
		h.get(w, r, token)
	default:
		// DELETE ends a session, and there is none (2025-11-25, Session Management, 5).
		w.Header().Set("Allow", "POST, GET, OPTIONS")
		refuse(w, http.StatusMethodNotAllowed, "This is an MCP endpoint: send JSON-RPC messages by POST. It keeps no sessions, so there is none to end.")
	}
}

// tokenOf cuts the token out of a path. A slash at its end, as people paste one, does no harm.
func tokenOf(path string) (string, bool) {
	token, ok := strings.CutPrefix(path, Path)
	token = strings.TrimSuffix(token, "/")
	return token, ok && token != "" && !strings.Contains(token, "/")
}

// recover turns a panic into an answer and a log entry. The path is not logged: it holds the token.
func (h *Handler) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	id := newRequestID()
	h.log.ErrorContext(r.Context(), "mcp: panic", "request_id", id, "panic", v, "stack", string(debug.Stack()))
	if w.Header()[unbuffering] != nil {
		panic(http.ErrAbortHandler) // the answer has begun; that it breaks off is all that can be said
	}
	refuse(w, http.StatusInternalServerError, internalWords(id))
}

// Close ends all streams with a proper good-bye, and waits for them until ctx ends. Answers under way are not touched: http.Server.Shutdown waits for them.
func (h *Handler) Close(ctx context.Context) error {
	h.closed.Do(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		close(h.closing)
		for s := range h.open {
			s.wake()
		}
	})
	done := make(chan struct{})
	go func() {
		h.streams.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
