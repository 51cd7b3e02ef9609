package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

// person is somebody who may sign in.
type person struct{ email, password string }

// invite lets somebody in, who then chooses a password.
func (h *house) invite(t *testing.T, role string, transport http.RoundTripper) *person {
	t.Helper()
	p := &person{email: role + "@example.com", password: "correct horse battery"}
	var invitation struct{ URL string }
	h.api(t, "POST", "/user-invitation", fmt.Sprintf(`{"email":%q,"name":"Ada","role":%q}`, p.email, role)).want(t, 201).decode(t, &invitation)
	b := newBrowser(t, transport)
	b.open(t, invitation.URL)
	b.submit(t, invitation.URL, url.Values{"email": {p.email}, "name": {"Ada"}, "password": {p.password}})
	return p
}

// browser is a person's browser without its pictures: it keeps cookies, follows links of Sluice's own, and sends forms.
type browser struct{ client *http.Client }

func newBrowser(t *testing.T, transport http.RoundTripper) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{&http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// open follows an address to a page, or to where another host begins.
func (b *browser) open(t *testing.T, address string) (at *url.URL, page string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b.follow(t, r)
}

func (b *browser) submit(t *testing.T, address string, form url.Values) (at *url.URL, page string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.follow(t, r)
}

func (b *browser) follow(t *testing.T, r *http.Request) (at *url.URL, page string) {
	t.Helper()
	for {
		response, err := b.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		next, err := response.Location()
		if errors.Is(err, http.ErrNoLocation) {
			if response.StatusCode != http.StatusOK {
				t.Fatalf("%s is answered with %d: %s", r.URL, response.StatusCode, body)
			}
			return r.URL, string(body)
		}
		if err != nil {
			t.Fatal(err)
		}
		if next.Host != r.URL.Host {
			return next, ""
		}
		if r, err = http.NewRequestWithContext(t.Context(), http.MethodGet, next.String(), nil); err != nil {
			t.Fatal(err)
		}
	}
}

var hiddenPerson = regexp.MustCompile(`name="person" value="([^"]+)"`)

// allow signs a person in and lets them allow a request. It returns the address that the browser is sent back to.
func (b *browser) allow(t *testing.T, p *person, request string, write bool) *url.URL {
	t.Helper()
	at, page := b.open(t, request)
	if at.Path == "/sign-in" {
		at, page = b.submit(t, at.String(), url.Values{"email": {p.email}, "password": {p.password}, "next": {at.Query().Get("next")}})
	}
	found := hiddenPerson.FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("%s asks nobody for consent: %s", at, page)
	}
	answer := url.Values{"person": {found[1]}, "decision": {"allow"}}
	if write {
		answer.Set("write", "on")
	}
	back, _ := b.submit(t, at.String(), answer)
	return back
}

// signInServer makes an MCP server that people sign in to.
func (h *house) signInServer(t *testing.T) *createdServer {
	t.Helper()
	var made createdServer
	h.api(t, "POST", "/integrated-account/"+h.AccountID+"/mcp", `{"name":"Signed in","config":{"auth":"oauth"}}`).want(t, 201).decode(t, &made)
	if made.Token != "" || !strings.HasSuffix(made.URL, "/mcp/"+made.ID) {
		t.Fatalf("the server has the URL %s and the token %q", made.URL, made.Token)
	}
	return &made
}

// verdict is how the newest attempt to connect went.
func (h *house) verdict(t *testing.T, server *createdServer) (state, client string, steps []string) {
	t.Helper()
	var attempts struct {
		Result []struct {
			State  string
			Client string `json:"client_name"`
			Steps  []struct{ Step string }
		}
	}
	h.api(t, "GET", "/connection-attempt?mcp_server_id="+server.ID, "").want(t, 200).decode(t, &attempts)
	if len(attempts.Result) == 0 {
		t.Fatal("no attempt to connect is kept")
	}
	newest := attempts.Result[0]
	for _, s := range newest.Steps {
		if len(steps) == 0 || steps[len(steps)-1] != s.Step {
			steps = append(steps, s.Step)
		}
	}
	return newest.State, newest.Client, steps
}

const nowhere = "http://127.0.0.1:9/callback" // the browser of these tests goes no further than to here

// signInGoSDK is the official Go client with its own sign-in, at first for the scopes that narrow leaves.
func signInGoSDK(t *testing.T, server *createdServer, b *browser, p *person, transport http.RoundTripper, narrow func([]string) []string) *mcp.ClientSession {
	t.Helper()
	handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			ClientName: "Go client", RedirectURIs: []string{nowhere}, TokenEndpointAuthMethod: "none", GrantTypes: []string{"authorization_code", "refresh_token"},
		}},
		RedirectURL: nowhere, ScopeFilter: narrow, Client: &http.Client{Transport: transport},
		AuthorizationCodeFetcher: func(_ context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
			back := b.allow(t, p, args.URL, true).Query()
			return &auth.AuthorizationResult{Code: back.Get("code"), State: back.Get("state"), Iss: back.Get("iss")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "sluice-e2e-go", Version: "1.0.0"}, nil).Connect(t.Context(),
		&mcp.StreamableClientTransport{Endpoint: server.URL, OAuthHandler: handler, HTTPClient: &http.Client{Transport: transport}}, nil)
	if err != nil {
		t.Fatalf("connect the Go client: %v", err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

func TestTheGoClientSignsInAndAsksForMoreWhereItNeedsMore(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, h *house) {
		server, ada := h.signInServer(t), h.invite(t, "member", http.DefaultTransport)
		asked := 0
		session := signInGoSDK(t, server, newBrowser(t, http.DefaultTransport), ada, http.DefaultTransport, func(scopes []string) []string {
			if asked++; asked == 1 {
				return []string{"tools:read"}
			}
			return scopes
		})
		if _, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_all_octapipe_users", Arguments: map[string]any{}}); err != nil {
			t.Fatalf("a call that changes nothing: %v", err)
		}
		if state, client, steps := h.verdict(t, server); state != "connected" || client != "Go client" {
			t.Errorf("connecting is %s, of %q: %v", state, client, steps)
		}
		got, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "create_a_octapipe_note", Arguments: map[string]any{"content": "Allowed by Ada"}})
		if err != nil {
			t.Fatalf("a call that changes something: %v", err)
		}
		if text, _ := json.Marshal(got.Content); asked < 2 || strings.Contains(string(text), "tools:write") {
			t.Errorf("after %d sign-ins the call is answered with %s", asked, text)
		}
		var log struct {
			Result []struct {
				User  string `json:"user_id"`
				Grant string `json:"oauth_grant_id"`
			}
		}
		h.api(t, "GET", "/log?mcp_server_id="+server.ID, "").want(t, 200).decode(t, &log)
		if len(log.Result) < 2 || !strings.HasPrefix(log.Result[0].User, "usr_") || !strings.HasPrefix(log.Result[0].Grant, "gra_") {
			t.Errorf("the log says %+v", log.Result)
		}
		// What is taken back ends at once.
		var grants struct{ Result []struct{ ID string } }
		h.api(t, "GET", "/mcp-grant?mcp_server_id="+server.ID, "").want(t, 200).decode(t, &grants)
		if len(grants.Result) != 2 {
			t.Errorf("%d grants are kept, want one for each sign-in", len(grants.Result))
		}
	})
}

func TestTheTypeScriptClientSignsInAndRefreshes(t *testing.T) {
	h := startDemo(t)
	server, ada := h.signInServer(t), h.invite(t, "member", http.DefaultTransport)
	cmd := exec.Command(node(t), "clients/oauth.mjs", server.URL, nowhere)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var stderr output
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
		if t.Failed() {
			t.Logf("the client wrote:\n%s", stderr.tail())
		}
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	read := func() map[string]json.RawMessage {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the client wrote no more: %v", lines.Err())
		}
		var line map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line["error"] != nil {
			t.Fatalf("the client says %s", lines.Bytes())
		}
		return line
	}
	var request string
	if err := json.Unmarshal(read()["authorize"], &request); err != nil {
		t.Fatal(err)
	}
	back := newBrowser(t, http.DefaultTransport).allow(t, ada, request, true)
	fmt.Fprintf(in, "{\"back\":%q}\n", back)
	read() // connected
	fmt.Fprintln(in, `{"method":"tools/list"}`)
	if got := read()["result"]; !strings.Contains(string(got), "list_all_octapipe_users") {
		t.Errorf("after a refresh the tools are %.200s", got)
	}
	if state, _, steps := h.verdict(t, server); state != "connected" {
		t.Errorf("connecting is %s: %v", state, steps)
	}
}
