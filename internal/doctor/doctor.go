// Package doctor walks the way of a client to an MCP server, step by step, and says what it saw: whether the server answers, how it has people sign in, and what
// the limits of well-known clients will make of its tools. It knows the protocols and nothing of Sluice, so it examines any server.
//
// It imports nothing of ours. Examine takes a URL and returns a Report; nothing is changed on the server but that, where a person is to sign in, a client is
// registered there. The files follow the way:
//
//	metadata.go  the challenge, and the two documents that it leads to
//	signin.go    registration, the browser, the token
//	tools.go     what the server offers
//	clients.go   what each client will make of that
package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Level is how good what was seen is.
type Level string

const (
	Good Level = "ok"
	Note Level = "note" // some client may stumble
	Bad  Level = "bad"  // clients will fail
)

// Finding is one thing that was seen.
type Finding struct {
	Step  string `json:"step"`
	Level Level  `json:"level"`
	Words string `json:"words"`
	Mend  string `json:"mend,omitempty"`
}

// Report is all that was seen, in the order of a client's way.
type Report struct {
	URL      string    `json:"url"`
	Findings []Finding `json:"findings"`
	Clients  []Verdict `json:"clients"`
}

// Failed reports whether clients will fail.
func (r *Report) Failed() bool {
	for _, f := range r.Findings {
		if f.Level == Bad {
			return true
		}
	}
	return false
}

// Options say how to examine.
type Options struct {
	URL         string
	AccessToken string             // instead of signing in
	Open        func(string) error // shows a person an address at which to sign in; nil: nobody is there
	Name        string             // what the person calls the server in their client, for clients that join it to the tools' names
	Told        func(Finding)      // is told of each finding at once; nil: nobody is
	HTTP        http.RoundTripper  // nil: http.DefaultTransport
	Wait        time.Duration      // for the person; 0: five minutes
}

type examination struct {
	Options
	report  *Report
	client  http.Client
	access  string
	session string
}

const (
	userAgent = "sluice-doctor"
	maxAnswer = 8 << 20
	revision  = "2025-11-25"
)

// errEnd ends an examination: what follows would depend on what failed, which is in the report.
var errEnd = errors.New("examined as far as it goes")

// Examine walks the way. The error is of something that is no finding about the server, such as a context that ended.
func Examine(ctx context.Context, o Options) (*Report, error) {
	if o.Wait == 0 {
		o.Wait = 5 * time.Minute
	}
	if o.Name == "" {
		o.Name = "sluice"
	}
	e := &examination{Options: o, report: &Report{URL: o.URL}, access: o.AccessToken}
	e.client = http.Client{Transport: o.HTTP, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, step := range []func(context.Context) error{e.address, e.knock, e.browserClients, e.tools} {
		err := step(ctx)
		if errors.Is(err, errEnd) {
			break
		}
		if err != nil {
			return e.report, err
		}
	}
	return e.report, ctx.Err()
}

func (e *examination) say(step string, level Level, words, mend string) {
	f := Finding{step, level, words, mend}
	e.report.Findings = append(e.report.Findings, f)
	if e.Told != nil {
		e.Told(f)
	}
}

// address looks at the URL itself.
func (e *examination) address(context.Context) error {
	u, err := url.Parse(e.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		e.say("address", Bad, fmt.Sprintf("%q is no address of an MCP server.", e.URL), "Give the whole URL, such as https://mcp.example.com/mcp/….")
		return errEnd
	}
	local := isLocal(u.Hostname())
	switch {
	case u.Scheme == "https":
		e.say("address", Good, "The address is https.", "")
	case local:
		e.say("address", Note, "The address is on this machine: clients here reach it, and hosted ones (ChatGPT, Claude on the web) do not.", "For hosted clients, give the server a public address with TLS.")
	default:
		e.say("address", Bad, "The address is not https: clients refuse to sign in, or to connect at all.", "Put TLS before the server, and use the https address.")
	}
	if u.Fragment != "" || strings.HasSuffix(u.Path, "/") && len(u.Path) > 1 {
		e.say("address", Note, "The address ends in a slash or a fragment: clients compare it letter by letter with what the server says of itself.", "Leave that out.")
	}
	return nil
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	at     string
}

func (a *answer) isJSON() bool {
	return strings.Contains(a.header.Get("Content-Type"), "json") && json.Valid(a.body)
}

func (e *examination) send(ctx context.Context, method, address, contentType string, body []byte, headers ...string) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", userAgent)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := e.client.Do(r)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	return &answer{response.StatusCode, response.Header, text, address}, nil
}

// call asks the MCP endpoint. The answer's result is nil where there is none.
func (e *examination) call(ctx context.Context, method, params string) (result json.RawMessage, a *answer, err error) {
	headers := []string{"Accept", "application/json, text/event-stream", "MCP-Protocol-Version", revision}
	if e.access != "" {
		headers = append(headers, "Authorization", "Bearer "+e.access)
	}
	if e.session != "" {
		headers = append(headers, "Mcp-Session-Id", e.session)
	}
	a, err = e.send(ctx, http.MethodPost, e.URL, "application/json", []byte(`{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":`+params+`}`), headers...)
	if err != nil {
		return nil, nil, err
	}
	text := a.body
	if strings.Contains(a.header.Get("Content-Type"), "text/event-stream") {
		text = nil
		for line := range bytes.Lines(a.body) {
			if data, ok := bytes.CutPrefix(line, []byte("data:")); ok {
				text = append(text, bytes.TrimSpace(data)...)
			} else if len(bytes.TrimSpace(line)) == 0 && len(text) > 0 {
				break
			}
		}
	}
	var message struct {
		Result json.RawMessage `json:"result"`
	}
	if json.Unmarshal(text, &message) == nil {
		result = message.Result
	}
	return result, a, nil
}

const initialize = `{"protocolVersion":"` + revision + `","capabilities":{},"clientInfo":{"name":"` + userAgent + `","version":"1"}}`

// knock asks without a token, as a client does first.
func (e *examination) knock(ctx context.Context) error {
	result, a, err := e.call(ctx, "initialize", initialize)
	if err != nil {
		e.say("answer", Bad, fmt.Sprintf("The server does not answer: %v.", err), "See that it runs, that the name leads to it, and that its certificate is good.")
		return errEnd
	}
	switch {
	case a.status == http.StatusUnauthorized && e.access == "":
		return e.signInWay(ctx, a)
	case a.status == http.StatusUnauthorized:
		e.say("answer", Bad, "The access token opens nothing here: "+a.header.Get("WWW-Authenticate"), "Sign in again.")
		return errEnd
	case a.status == http.StatusNotFound:
		e.say("answer", Bad, "There is no MCP server at this address (404): it may be mistyped, revoked or expired.", "Ask for a new URL, or see whether the proxy in front passes the whole path on.")
		return errEnd
	case a.status == http.StatusForbidden:
		e.say("answer", Bad, fmt.Sprintf("The server refuses to be called like this (403): %.300s", a.body), "The name it is called by has to be its public URL's, or an allowed one.")
		return errEnd
	case a.status >= 300 && a.status < 400:
		e.say("answer", Bad, "The address leads on to "+a.header.Get("Location")+": clients do not follow.", "Give clients the address at the end.")
		return errEnd
	case result == nil:
		e.say("answer", Bad, fmt.Sprintf("The answer to initialize is no MCP (HTTP %d): %.200s", a.status, a.body), "See that the address is the MCP endpoint itself.")
		return errEnd
	}
	var hello struct {
		Version string `json:"protocolVersion"`
		Server  struct{ Name, Title, Version string }
	}
	json.Unmarshal(result, &hello)
	e.session = a.header.Get("Mcp-Session-Id")
	e.say("answer", Good, fmt.Sprintf("The server answers without asking who one is, in revision %s.", hello.Version), "")
	return nil
}

// browserClients looks whether clients that run in a browser get as far as asking.
func (e *examination) browserClients(ctx context.Context) error {
	const inspector = "http://localhost:6274"
	a, err := e.send(ctx, http.MethodOptions, e.URL, "", nil, "Origin", inspector, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,mcp-protocol-version")
	if err != nil {
		return err
	}
	allowed := strings.ToLower(a.header.Get("Access-Control-Allow-Headers"))
	switch {
	case a.status == http.StatusUnauthorized:
		e.say("browser clients", Note, "The preflight of a web page is asked for a token, which browsers never send there.", "Let OPTIONS pass the proxy or gateway in front.")
	case a.header.Get("Access-Control-Allow-Origin") == "":
		e.say("browser clients", Note, "Clients in a browser at "+inspector+", such as the MCP Inspector's page, may not call.", "Allow that origin if one is to be used.")
	case !strings.Contains(allowed, "mcp-protocol-version") || !strings.Contains(allowed, "authorization"):
		e.say("browser clients", Note, "Clients in a browser may not send the headers of MCP: allowed are "+allowed+".", "Let the proxy in front pass the server's own CORS headers.")
	default:
		e.say("browser clients", Good, "Clients in a browser may call from "+inspector+".", "")
	}
	return nil
}
