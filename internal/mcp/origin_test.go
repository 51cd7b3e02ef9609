package mcp_test

import (
	"net/http"
	"strings"
	"testing"

	"sluice/internal/mcp"
	"sluice/internal/origin"
)

func TestLetsInOnlyHostsAndPagesThatItKnows(t *testing.T) {
	e := newEndpoint(t, func(o *mcp.Options) {
		o.Origin = policy(t, origin.Settings{
			PublicURL: "https://Sluice.Example:443/base/", Origins: []string{"https://inspector.example"}, Hosts: []string{"sluice.internal"},
		})
	})
	for _, c := range []struct {
		name, host, origin string
		status             int
	}{
		{"no page at all", "", "", 200},
		{"a page of this machine", "", "http://localhost:6274", 200},
		{"a page of this machine by address", "", "http://127.0.0.1:3000", 200},
		{"a page of this machine by IPv6", "", "http://[::1]:3000", 200},
		{"a page of this machine over TLS", "", "https://localhost", 200},
		{"called by the name of this machine", "localhost:8080", "", 200},
		{"called by another address of this machine", "127.0.0.53", "", 200},
		{"called by IPv6", "[::1]:8080", "", 200},
		{"called by the public name", "sluice.example", "", 200},
		{"called by the public name and a port", "sluice.example:8443", "", 200},
		{"called by a name that the operator allows", "Sluice.Internal:80", "", 200},
		{"the public URL's own page", "sluice.example", "https://sluice.example", 200},
		{"a page that the operator allows", "", "https://inspector.example", 200},
		{"a page of this machine, at the public name", "sluice.example", "http://localhost:6274", 403},
		{"a foreign page", "", "https://evil.example", 403},
		{"a foreign page that resolved its name to here", "evil.example", "http://evil.example", 403},
		{"a foreign name without a page", "evil.example", "", 403},
		{"a name that begins like this machine's", "localhost.evil.example", "", 403},
		{"an origin that begins like this machine's", "", "http://localhost.evil.example", 403},
		{"an origin that ends in an allowed one", "", "https://evil.example?https://inspector.example", 403},
		{"the allowed page without TLS", "", "http://inspector.example", 403},
		{"a page without an origin of its own", "", "null", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := e.post(t, listBody, map[string]string{"Host": c.host, "Origin": c.origin})
			wantStatus(t, a, c.status)
			granted := a.header.Get("Access-Control-Allow-Origin")
			if want := c.origin; c.status == 200 && granted != want || c.status != 200 && granted != "" {
				t.Errorf("granted to %q, for a page of %q", granted, c.origin)
			}
			if a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("a page may send cookies")
			}
			if c.status == 403 {
				wantError(t, a, 403, 403)
			}
		})
	}
}

func TestPreflightsNeedNoToken(t *testing.T) {
	e := newEndpoint(t)
	for _, token := range []string{openToken, lockedToken, "unknown"} {
		a := e.send(t, http.MethodOptions, "/mcp/"+token, map[string]string{
			"Origin": "http://localhost:6274", "Access-Control-Request-Method": "POST",
			"Access-Control-Request-Headers": "authorization,content-type,Mcp-Param-Region, x-other",
		}, "")
		wantStatus(t, a, 204)
		headers := a.header.Get("Access-Control-Allow-Headers")
		for _, name := range []string{"authorization", "content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "last-event-id", "mcp-param-region"} {
			if !strings.Contains(headers, name) {
				t.Errorf("the header %s is not allowed: %s", name, headers)
			}
		}
		if strings.Contains(headers, "x-other") {
			t.Errorf("a header of no protocol is allowed: %s", headers)
		}
		if got := a.header.Get("Access-Control-Allow-Methods"); got != "POST, GET, DELETE, OPTIONS" {
			t.Errorf("allowed methods: %q", got)
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); got != "http://localhost:6274" {
			t.Errorf("granted to %q", got)
		}
		if got := a.header.Get("Vary"); got != "Origin" {
			t.Errorf("Vary %q", got)
		}
	}
	a := e.send(t, http.MethodOptions, "/mcp/"+openToken, map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, "")
	if a.status != 403 || a.header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("a foreign page's preflight: status %d, methods %q", a.status, a.header.Get("Access-Control-Allow-Methods"))
	}
}

func TestPagesCanReadAChallenge(t *testing.T) {
	e := newEndpoint(t)
	a := e.send(t, http.MethodPost, "/mcp/"+lockedToken, map[string]string{"Origin": "http://localhost:6274"}, listBody)
	wantStatus(t, a, 401)
	exposed := a.header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"www-authenticate", "mcp-session-id"} {
		if !strings.Contains(exposed, name) {
			t.Errorf("%s is not exposed: %s", name, exposed)
		}
	}
}

func TestPagesOfAnyOriginMayCallWhereTheOperatorSaysSo(t *testing.T) {
	e := newEndpoint(t, func(o *mcp.Options) { o.Origin = policy(t, origin.Settings{Origins: []string{"*"}}) })
	if a := e.post(t, listBody, map[string]string{"Origin": "https://anything.example"}); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://anything.example" {
		t.Errorf("status %d, granted %q", a.status, a.header.Get("Access-Control-Allow-Origin"))
	}
}

func policy(t *testing.T, s origin.Settings) *origin.Policy {
	t.Helper()
	p, err := origin.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
