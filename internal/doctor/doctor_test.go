package doctor_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/doctor"
)

// sick is a server with one thing wrong.
type sick struct {
	*httptest.Server
	challenge, resource, metadata string
	status                        int
	tools                         string
}

func start(t *testing.T, change func(*sick)) *sick {
	t.Helper()
	s := &sick{status: 401, tools: `[]`}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.challenge = `Bearer resource_metadata="` + s.URL + `/.well-known/oauth-protected-resource/mcp"`
	s.resource = `{"resource":"` + s.URL + `/mcp","authorization_servers":["` + s.URL + `"]}`
	s.metadata = `{"issuer":"` + s.URL + `","authorization_endpoint":"` + s.URL + `/a","token_endpoint":"` + s.URL + `/t","registration_endpoint":"` + s.URL + `/r","code_challenge_methods_supported":["S256"]}`
	change(s)
	return s
}

func (s *sick) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	document := func(text string) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(text, "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		if text == "" {
			w.WriteHeader(404)
		}
		fmt.Fprint(w, text)
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/.well-known/oauth-protected-resource"):
		document(s.resource)
	case strings.HasPrefix(r.URL.Path, "/.well-known/"):
		document(s.metadata)
	case s.status != 200:
		if s.challenge != "" {
			w.Header().Set("WWW-Authenticate", s.challenge)
		}
		w.WriteHeader(s.status)
	default:
		document(`{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","tools":` + s.tools + `}}`)
	}
}

func TestWhatIsWrongIsSaidWhereItIs(t *testing.T) {
	for name, c := range map[string]struct {
		change      func(*sick)
		step, words string
	}{
		"no challenge":         {func(s *sick) { s.challenge = "" }, "challenge", "no WWW-Authenticate"},
		"a page for metadata":  {func(s *sick) { s.resource = "<html>" }, "resource metadata", "not with JSON"},
		"no metadata":          {func(s *sick) { s.resource = "" }, "resource metadata", "HTTP 404"},
		"metadata of another":  {func(s *sick) { s.resource = strings.Replace(s.resource, "/mcp", "/other", 1) }, "resource metadata", "not the address that was given"},
		"no sign-in metadata":  {func(s *sick) { s.metadata = "" }, "sign-in metadata", "None of the addresses"},
		"another issuer":       {func(s *sick) { s.metadata = strings.Replace(s.metadata, s.URL, "https://evil.example", 1) }, "sign-in metadata", "its issuer is https://evil.example"},
		"no PKCE":              {func(s *sick) { s.metadata = strings.Replace(s.metadata, "S256", "plain", 1) }, "sign-in metadata", "PKCE"},
		"nothing there":        {func(s *sick) { s.status = 404 }, "answer", "404"},
		"a refusal":            {func(s *sick) { s.status = 403 }, "answer", "403"},
		"no tools":             {func(s *sick) { s.status = 200 }, "tools", "no tool"},
		"a choice at the top":  {func(s *sick) { s.status, s.tools = 200, `[{"name":"a","inputSchema":{"oneOf":[{}]}}]` }, "Claude Code", "at its top: a"},
		"a long name":          {func(s *sick) { s.status, s.tools = 200, `[{"name":"`+strings.Repeat("a", 65)+`","inputSchema":{}}]` }, "ChatGPT", "longer than 64"},
		"a name with a dot":    {func(s *sick) { s.status, s.tools = 200, `[{"name":"a.b","inputSchema":{}}]` }, "ChatGPT", "other characters"},
		"a long name together": {func(s *sick) { s.status, s.tools = 200, `[{"name":"`+strings.Repeat("a", 54)+`","inputSchema":{}}]` }, "Cursor", "longer than 60"},
		"an odd argument":      {func(s *sick) { s.status, s.tools = 200, `[{"name":"a","inputSchema":{"properties":{"filter[x]":{}}}}]` }, "Claude", "names of arguments"},
		"an output of no object": {func(s *sick) {
			s.status, s.tools = 200, `[{"name":"a","inputSchema":{},"outputSchema":{"type":"array"}}]`
		}, "VS Code", "no object"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, c.change)
			report, err := doctor.Examine(t.Context(), doctor.Options{URL: s.URL + "/mcp"})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range report.Findings {
				if f.Step == c.step && f.Level == doctor.Bad && strings.Contains(f.Words, c.words) {
					return
				}
			}
			t.Errorf("the findings are %+v, want one of %s with %q", report.Findings, c.step, c.words)
		})
	}
}

func TestAServerInGoodHealthIsSaidToBe(t *testing.T) {
	s := start(t, func(s *sick) {
		s.status, s.tools = 200, `[{"name":"list","inputSchema":{"type":"object","properties":{"a":{"type":"string"}}},"annotations":{"readOnlyHint":true}}]`
	})
	report, err := doctor.Examine(t.Context(), doctor.Options{URL: s.URL + "/mcp"})
	if err != nil || report.Failed() || len(report.Clients) < 5 {
		t.Fatalf("the report is %+v, error %v", report, err)
	}
	for _, v := range report.Clients {
		for _, p := range v.Problems {
			if !strings.Contains(p.Words, "runs elsewhere") {
				t.Errorf("%s: %+v", v.Client, p)
			}
		}
	}
}
