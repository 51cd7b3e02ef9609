package vendor_test

import (
	"context"
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
	"sluice/internal/integration"
	"sluice/internal/outbound"
	"sluice/internal/secret"
	"sluice/internal/store/db"
	"sluice/internal/store/storetest"
	"sluice/internal/vendor"
)

// world is a client over real accounts and a real HTTP server, which plays the vendor.
type world struct {
	*vendor.Client
	accounts *account.Service
	account  *account.Account
	def      *integration.Definition
	server   *httptest.Server

	mu   sync.Mutex
	seen []seen
}

// seen is a request as it arrived.
type seen struct {
	Method, URI, Body string
	Header            http.Header
}

type definitions struct{ def *integration.Definition }

func (d definitions) Find(context.Context, string, string) (*integration.Definition, error) {
	return d.def, nil
}

func (d definitions) FindFor(context.Context, string, string, string) (*integration.Definition, error) {
	return d.def, nil
}

// newWorld connects an account to a vendor that answers by h. change may alter the definition before that; by default nothing authenticates a call.
func newWorld(t testing.TB, change func(*integration.Definition), h http.HandlerFunc) *world {
	t.Helper()
	return newWorldWith(t, change, nil, outbound.Options{}, h)
}

func newWorldWith(t testing.TB, change func(*integration.Definition), credentials map[string]string, o outbound.Options, h http.HandlerFunc) *world {
	t.Helper()
	w := &world{}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.seen = append(w.seen, seen{r.Method, r.RequestURI, string(body), r.Header})
		w.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		h(rw, r)
	}))
	t.Cleanup(w.server.Close)
	w.def = &integration.Definition{Name: "harbor", Label: "Harbor", BaseURL: "{{context.base_url}}/v1",
		Context: integration.Fields{{Name: "base_url", Format: "uri"}}, Credentials: integration.Credentials{Format: "none"}}
	if change != nil {
		change(w.def)
	}
	st := storetest.Open(t, storetest.SQLite(t))
	keys, err := secret.Load(t.Context(), st, secret.Given(strings.Repeat("2a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.CreateEnvironment(t.Context(), db.CreateEnvironmentParams{ID: "env_test", Name: "test"}); err != nil {
		t.Fatal(err)
	}
	o.Policy.AllowPrivate = true
	out := outbound.New(o)
	t.Cleanup(out.Close)
	w.accounts = account.New(account.Config{Store: st, Sealer: keys, Definitions: definitions{w.def}, Outbound: out, Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(w.accounts.Close)
	if w.account, err = w.accounts.Create(t.Context(), "env_test", account.NewAccount{Integration: "harbor", Credentials: credentials,
		Context: map[string]string{"base_url": w.server.URL}}); err != nil {
		t.Fatal(err)
	}
	w.Client = vendor.New(w.accounts, out, out)
	w.forget()
	return w
}

// requests are those that arrived since forget.
func (w *world) requests() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]seen(nil), w.seen...)
}

func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = nil
}

func (w *world) do(t testing.TB, req *vendor.Request) *vendor.Response {
	t.Helper()
	r, err := w.Do(t.Context(), w.account, w.def, req)
	if err != nil {
		t.Fatal(err)
	}
	if (r.Problem != nil) != (r.Outcome != vendor.OK) {
		t.Fatalf("want a problem unless all is well, got %+v", r)
	}
	return r
}

func read(path string) *vendor.Request {
	return &vendor.Request{Method: &integration.Method{Name: "get", HTTPMethod: "GET"}, Path: path}
}

func write(path string) *vendor.Request {
	return &vendor.Request{Method: &integration.Method{Name: "create", HTTPMethod: "POST"}, Path: path, Body: []byte(`{"a":1}`), ContentType: "application/json"}
}

func answer(status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for line := range strings.Lines(header) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			w.Header().Add(name, value)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const typeJSON = "Content-Type: application/json"

func TestARequestIsBuiltByTheDefinition(t *testing.T) {
	w := newWorldWith(t, func(d *integration.Definition) {
		d.Headers = map[string]string{"X-Version": "7", "X-Domain": "{{credentials.domain}}"}
		d.Credentials = integration.Credentials{Format: "static", Fields: integration.Fields{{Name: "key", Type: "password"}, {Name: "domain"}}}
		d.Authorization = integration.Authorizations{{Format: "query", Name: "api_key", Value: "{{credentials.key}}"}, {Format: "cookie", Name: "sid", Value: "{{credentials.key}}"},
			{Format: "header", Name: "X-Key", Value: "{{credentials.key}}"}}
	}, map[string]string{"key": "k&1", "domain": "acme"}, outbound.Options{}, answer(200, typeJSON, `{}`))
	req := write("/ships/a%2Fb")
	req.Query, req.Trace = "q=1&q=%2B2&api_key=mine", vendor.NewTrace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a=1,b=2", "tenant=7")
	req.Header = [][2]string{{"Cookie", "theme=dark"}, {"X-Many", "1"}, {"X-Many", "2"}, {"x-key", "mine"}, {"X-Version", "8"}}
	req.Method.Headers = map[string]string{"X-Method": "m"}
	if r := w.do(t, req); r.Outcome != vendor.OK {
		t.Fatalf("got %+v", r.Problem)
	}
	got := w.requests()[0]
	if want := "/v1/ships/a%2Fb?q=1&q=%2B2&api_key=k%261"; got.URI != want || got.Method != "POST" || got.Body != `{"a":1}` {
		t.Errorf("want %s, got %+v", want, got)
	}
	for name, want := range map[string]string{"X-Version": "[8]", "X-Domain": "[acme]", "X-Method": "[m]", "X-Key": "[k&1]", "Cookie": "[theme=dark; sid=k&1]", "X-Many": "[1 2]",
		"Content-Type": "[application/json]", "Accept": "[application/json]", "Traceparent": "[" + req.Trace.Parent + "]", "Tracestate": "[a=1,b=2]", "Baggage": "[tenant=7]"} {
		if got := fmt.Sprint(got.Header[name]); got != want {
			t.Errorf("%s: want %s, got %s", name, want, got)
		}
	}

	// A method's own authorization takes the place of the definition's, an empty one too.
	w.forget()
	req = read("/open")
	req.Method.Authorization = &integration.Authorizations{}
	w.do(t, req)
	if got := w.requests()[0]; got.URI != "/v1/open" || got.Header.Get("X-Key") != "" || got.Header.Get("Cookie") != "" {
		t.Errorf("want no credential, got %+v", got)
	}
}

func TestAnAnswerComesAsJSONWithoutItsSecrets(t *testing.T) {
	change := func(d *integration.Definition) {
		d.SecretFields = []string{"pin"}
		d.Resources = integration.Resources{{Name: "cards", Fields: &integration.FieldSource{At: "values"}}}
	}
	tests := []struct{ name, header, body, wantType, want string }{
		{"numbers and order", typeJSON, ` { "b": 12345678901234567890.10, "a": [1e5, null, "\u00fc\u0041"], "a": 2 } `, "application/json", `{"b":12345678901234567890.10,"a":[1e5,null,"ü\u0041"],"a":2}`},
		{"secrets at every depth", typeJSON, `{"pin":1,"user":{"pin":{"x":[1]},"p\u0069n":2,"name":"a"},"all":[{"pin":"3"},{"k":"pin"}]}`, "application/json", `{"user":{"name":"a"},"all":[{},{"k":"pin"}]}`},
		{"an empty list for an empty object", typeJSON, `{"values": [ ],"tags":[],"x":{"values":[]},"y":{"values":[1]},"text":"\"values\":[]"}`, "application/json", `{"values":{},"tags":[],"x":{"values":{}},"y":{"values":[1]},"text":"\"values\":[]"}`},
		{"JSON of another type", "Content-Type: application/vnd.api+json; charset=utf-8", `{"a":1}`, "application/json", `{"a":1}`},
		{"JSON said to be text", "Content-Type: text/html", `[1]`, "application/json", `[1]`},
		{"JSON without a type", "Content-Type: ", "\xef\xbb\xbf{\"a\":1}", "application/json", `{"a":1}`},
		{"text", "Content-Type: text/plain", "a \"b\"\nü", "application/json", `"a \"b\"\nü"`},
		{"a number as text", "Content-Type: text/plain", "42", "application/json", `"42"`},
		{"CSV", "Content-Type: text/csv", "a;b\r\n1;2", "application/json", `"a;b\r\n1;2"`},
		{"broken JSON", typeJSON, `{"a":`, "application/json", `"{\"a\":"`},
		{"JSON in Latin-1", "Content-Type: application/json; charset=ISO-8859-1", "{\"n\":\"Z\xfcrich\"}", "application/json", `{"n":"Zürich"}`},
		{"text in Windows-1252", "Content-Type: text/plain; charset=windows-1252", "\x80 5", "application/json", `"€ 5"`},
		{"a charset that is not so", "Content-Type: application/json; charset=latin1", `{"n":"Zürich"}`, "application/json", `{"n":"Zürich"}`},
		{"a charset that is none", "Content-Type: application/json; charset=klingon", `{"n":1}`, "application/json", `{"n":1}`},
		{"bytes", "Content-Type: image/png", "\x89PNG\x00", "image/png", "\x89PNG\x00"},
		{"nothing", typeJSON, "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, change, answer(200, test.header, test.body))
			r := w.do(t, read("/x"))
			if r.Outcome != vendor.OK || r.ContentType != test.wantType || string(r.Body) != test.want || r.Total != -1 {
				t.Errorf("want %s %s, got %+v %s", test.wantType, test.want, r, r.Body)
			}
			if test.body == "" && r.Body != nil {
				t.Error("want nil for an empty answer")
			}
		})
	}
	w := newWorld(t, change, answer(204, "", ""))
	if r := w.do(t, write("/x")); r.Outcome != vendor.OK || r.Status != 204 || r.Body != nil {
		t.Errorf("204: got %+v", r)
	}
}

func TestAVendorThatAnswersWithTheCredentialIsMasked(t *testing.T) {
	const key = "key-7f6a5e4d3c2b1a"
	w := newWorldWith(t, func(d *integration.Definition) {
		d.Credentials = integration.Credentials{Format: "static", Fields: integration.Fields{{Name: "key", Type: "password"}}}
		d.Authorization = integration.Authorizations{{Format: "header", Name: "X-Key", Value: "{{credentials.key}}"}}
	}, map[string]string{"key": key}, outbound.Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"me":{"key":%q,"name":"Ann"}}`, r.Header.Get("X-Key"))
	})
	if r := w.do(t, read("/me")); string(r.Body) != `{"me":{"key":"•••","name":"Ann"}}` {
		t.Errorf("got %s", r.Body)
	}
}

func TestWhatWasMadeOrAcceptedSaysWhereItIs(t *testing.T) {
	for status, want := range map[int]string{201: "/v1/jobs/7", 202: "/v1/jobs/7", 200: ""} {
		w := newWorld(t, nil, answer(status, "Location: /v1/jobs/7", ""))
		if r := w.do(t, write("/jobs")); r.Outcome != vendor.OK || r.Status != status || r.Location != want {
			t.Errorf("%d: got %+v, want it at %q", status, r, want)
		}
	}
}

func TestAnAnswerIsShapedByTheMethodsExpression(t *testing.T) {
	w := newWorld(t, func(d *integration.Definition) {
		d.Resources = integration.Resources{{Methods: []*integration.Method{{Name: "get", HTTPMethod: "GET", Response: integration.Response{Expression: ".data | {id, n: .nr}"}}}}}
	}, answer(200, typeJSON, `{"data":{"id":"a","nr":1.50,"more":1}}`))
	req := read("/x")
	req.Method = w.def.Resources[0].Methods[0]
	if r := w.do(t, req); string(r.Body) != `{"id":"a","n":1.50}` {
		t.Errorf("got %s", r.Body)
	}
}

func TestARefusalKeepsTheVendorsWordsAndAddsWhatToDo(t *testing.T) {
	change := func(d *integration.Definition) {
		d.SecretFields = []string{"pin"}
		d.Credentials = integration.Credentials{Format: "static", Token: "{{credentials.key}}", Fields: integration.Fields{{Name: "key", Type: "password"}}}
		d.Authorization = integration.Authorizations{{Format: "bearer"}}
		d.Errors.Scope = "needs"
	}
	tests := []struct {
		name           string
		req            *vendor.Request
		status         int
		header, body   string
		outcome        vendor.Outcome
		message        string
		fields, detail string
	}{
		{"values", write("/x"), 422, typeJSON, `{"message":"Invalid.","errors":{"sla":["must be whole"]},"pin":"1"}`, vendor.Refused,
			"Harbor does not accept the values (422): Invalid.", "map[sla:[must be whole]]", `{"message":"Invalid.","errors":{"sla":["must be whole"]}}`},
		{"a missing permission", read("/x"), 403, typeJSON, `{"message":"No.","needs":"ships:read"}`, vendor.Refused,
			"Harbor says that a permission is missing (403): No. Missing: ships:read. The account stays connected; whoever administers it in Harbor can grant the permission.", "map[]", `{"message":"No.","needs":"ships:read"}`},
		{"not there", read("/x"), 404, typeJSON, `{"message":"Not Found"}`, vendor.Refused, "Harbor knows no such thing (404).", "map[]", `{"message":"Not Found"}`},
		{"a conflict", write("/x"), 409, typeJSON, `{"message":"Stale."}`, vendor.Refused, "Harbor refused it because of a conflict (409): Stale. Read what is there now before deciding how to go on.", "map[]", `{"message":"Stale."}`},
		{"a page of HTML", read("/x"), 500, "Content-Type: text/html", "<html><title>Oops</title><body><h1>It broke</h1></body>", vendor.Refused,
			"Harbor failed (500): Oops It broke. The call only reads: it can be repeated.", "map[]", `"Oops It broke"`},
		{"a write that failed", write("/x"), 500, "", "", vendor.Refused, "Harbor failed (500). It may have been done: check before repeating.", "map[]", ``},
		{"a write that the vendor's front lost", write("/x"), 504, "", "", vendor.Unknown, "Harbor failed (504). It may have been done: check before repeating.", "map[]", ``},
		{"a read that the vendor's front lost", read("/x"), 502, "", "", vendor.Refused, "Harbor failed (502). The call only reads: it can be repeated.", "map[]", ``},
		{"a refusal without end", read("/x"), 400, typeJSON, `{"message":"No.","page":"` + strings.Repeat("a", 40<<10) + `"}`, vendor.Refused, "Harbor does not accept the values (400): No.", "map[]", `"No."`},
		{"the credential in the text", read("/x"), 400, typeJSON, `{"message":"Bad key tide-and-tow.","again":"tide-and-tow"}`, vendor.Refused,
			"Harbor does not accept the values (400): Bad key •••.", "map[]", `{"message":"Bad key •••.","again":"•••"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorldWith(t, change, map[string]string{"key": "tide-and-tow"}, outbound.Options{}, answer(test.status, test.header, test.body))
			r := w.do(t, test.req)
			if r.Outcome != test.outcome || r.Status != test.status || r.Problem.Message != test.message || fmt.Sprint(r.Problem.Fields) != test.fields || string(r.Problem.Details) != test.detail || r.Body != nil {
				t.Errorf("got %d %d %q %v %s", r.Outcome, r.Status, r.Problem.Message, r.Problem.Fields, r.Problem.Details)
			}
		})
	}
}

func TestASuccessWithAnErrorInsideIsARefusal(t *testing.T) {
	w := newWorld(t, func(d *integration.Definition) {
		d.Errors = integration.Errors{When: ".errors", Message: "errors.0.message"}
		d.RateLimit = integration.RateLimit{When: `any(.errors[]?; .code == "THROTTLED")`, Reset: ".cost.reset"}
	}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/v1/wrong":
			io.WriteString(w, `{"data":null,"errors":[{"message":"No such ship."}]}`)
		case "/v1/limit":
			io.WriteString(w, `{"errors":[{"message":"Slow down.","code":"THROTTLED"}],"cost":{"reset":12}}`)
		default:
			io.WriteString(w, `{"data":{}}`)
		}
	})
	if r := w.do(t, read("/right")); r.Outcome != vendor.OK {
		t.Errorf("got %+v", r.Problem)
	}
	if r := w.do(t, read("/wrong")); r.Outcome != vendor.Refused || r.Status != 200 || r.Problem.Message != "Harbor refused the call: No such ship." {
		t.Errorf("got %d %+v", r.Outcome, r.Problem)
	}
	if r := w.do(t, read("/limit")); r.Outcome != vendor.RateLimited || r.RateLimit.RetryAfter != 12 || r.Problem.Message != "Harbor's rate limit is reached: try again in 12 seconds (Slow down)." {
		t.Errorf("got %+v %+v", r, r.Problem)
	}
}

func TestAnEmptyListStaysOneWhereValuesStandAmongAnItemsOwnMembers(t *testing.T) {
	w := newWorld(t, func(d *integration.Definition) {
		d.Resources = integration.Resources{{Name: "cards", Fields: &integration.FieldSource{At: "values", Flat: true}}}
	}, answer(200, typeJSON, `{"values":[]}`))
	if r := w.do(t, read("/")); string(r.Body) != `{"values":[]}` {
		t.Errorf("got %s", r.Body)
	}
}

func TestWhatAVendorsWordsDoNotTellTheDefinitionDoes(t *testing.T) {
	w := newWorld(t, func(d *integration.Definition) {
		d.Errors.Hints = []integration.Hint{
			{When: `.code == 7`, Say: "Ships lie in docks"},
			{When: `.code | startswith("7")`, Say: "Never said: it does not hold for a number."},
			{When: `.code >= 7`, Say: "Not said beside the first."},
		}
	}, func(w http.ResponseWriter, r *http.Request) {
		code := strings.TrimPrefix(r.URL.Path, "/v1/")
		answer(400, typeJSON, `{"message":"No.","code":`+code+`}`)(w, r)
	})
	for path, want := range map[string]string{
		"/7": "Harbor does not accept the values (400): No. Ships lie in docks.",
		"/6": "Harbor does not accept the values (400): No.",
		"/x": "Harbor does not accept the values (400): ",
	} {
		if r := w.do(t, read(path)); r.Outcome != vendor.Refused || !strings.HasPrefix(r.Problem.Message, want) || path != "/x" && r.Problem.Message != want {
			t.Errorf("%s is answered %q, want %q", path, r.Problem.Message, want)
		}
	}
}

func TestARedirectOfAWriteOrToAnotherOriginIsAProblem(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other origin was called") }))
	t.Cleanup(other.Close)
	w := newWorld(t, nil, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/here":
			http.Redirect(w, r, "/v1/there?key=hush", http.StatusTemporaryRedirect)
		case "/v1/there":
			answer(200, typeJSON, `{"ok":true}`)(w, r)
		case "/v1/away":
			http.Redirect(w, r, other.URL+"/x?key=hush", http.StatusFound)
		}
	})
	if r := w.do(t, read("/here")); r.Outcome != vendor.OK || string(r.Body) != `{"ok":true}` {
		t.Errorf("a read within one origin: got %+v", r)
	}
	w.forget()
	for _, req := range []*vendor.Request{read("/away"), write("/away"), write("/here")} {
		r := w.do(t, req)
		if r.Outcome != vendor.Refused || !strings.Contains(r.Problem.Message, "Harbor sends the call elsewhere") || strings.Contains(r.Problem.Message, "hush") {
			t.Errorf("%s %s: got %d %+v", req.Method.HTTPMethod, req.Path, r.Outcome, r.Problem)
		}
	}
	if n := len(w.requests()); n != 3 {
		t.Errorf("want each sent once, got %d", n)
	}
}

func TestWhatBecameOfALostCallIsToldByWhetherItMayHaveBeenDone(t *testing.T) {
	w := newWorldWith(t, nil, nil, outbound.Options{Timeout: 2 * time.Second, MaxBody: 4 << 10}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/lost":
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		case "/v1/cut":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"a":`)
		case "/v1/large":
			io.WriteString(w, strings.Repeat(" ", 5<<10))
		case "/v1/brotli":
			w.Header().Set("Content-Encoding", "br")
			io.WriteString(w, "?")
		case "/v1/cut-refusal":
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(422)
			io.WriteString(w, `{"message`)
		}
	})
	const check = "it may have been done: check before repeating"
	tests := []struct {
		path        string
		write       bool
		outcome     vendor.Outcome
		status      int
		has, hasNot string
	}{
		{"/lost", true, vendor.Unknown, 0, check, "can be repeated"},
		{"/lost", false, vendor.Unsent, 0, "it can be repeated", check},
		{"/cut", true, vendor.Unknown, 200, check, "can be repeated"},
		{"/cut", false, vendor.Unsent, 200, "it can be repeated", check},
		{"/large", true, vendor.Unknown, 200, check, "Ask for less"},
		{"/large", false, vendor.Unsent, 200, "larger than 4 KiB. Ask for less", check},
		{"/brotli", true, vendor.Unknown, 200, check, "repeated."},
		{"/brotli", false, vendor.Unsent, 200, `its coding is "br"`, check},
		{"/cut-refusal", true, vendor.Refused, 422, "does not accept the values", check},
	}
	for _, test := range tests {
		w.forget()
		req := read(test.path)
		if test.write {
			req = write(test.path)
		}
		r := w.do(t, req)
		if m := r.Problem.Message; r.Outcome != test.outcome || r.Status != test.status || !strings.Contains(m, test.has) || strings.Contains(m, test.hasNot) {
			t.Errorf("%s, write %v: got %d %d %q", test.path, test.write, r.Outcome, r.Status, m)
		}
		if n := len(w.requests()); test.write && n != 1 {
			t.Errorf("%s: want the write sent once, got %d", test.path, n)
		}
	}
	w.server.Close()
	for _, req := range []*vendor.Request{read("/x"), write("/x")} {
		if r := w.do(t, req); r.Outcome != vendor.Unsent || r.Status != 0 || !strings.Contains(r.Problem.Message, "Nothing was sent to Harbor") {
			t.Errorf("nobody listens: got %d %q", r.Outcome, r.Problem.Message)
		}
	}
}

func TestWhenTheCallerGoesAwayAReadStopsAndAWriteIsFinished(t *testing.T) {
	begun, release := make(chan struct{}, 1), make(chan struct{})
	w := newWorld(t, nil, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-release:
			answer(201, typeJSON, `{"done":true}`)(w, r)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if r, err := w.Do(ctx, w.account, w.def, read("/x")); err != nil || r.Outcome != vendor.Unsent {
		t.Errorf("a read: got %+v, %v", r, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	go func() { <-begun; cancel(); close(release) }()
	if r, err := w.Do(ctx, w.account, w.def, write("/x")); err != nil || r.Outcome != vendor.OK || string(r.Body) != `{"done":true}` {
		t.Errorf("a write: got %+v, %v", r, err)
	}
	w.forget()
	if r, err := w.Do(ctx, w.account, w.def, write("/x")); err != nil || r.Outcome != vendor.Unsent || len(w.requests()) != 0 {
		t.Errorf("a caller that was gone before: got %+v, %v, and %d requests", r, err, len(w.requests()))
	}
}

func TestAnAnswerIsReadForWhatItIs(t *testing.T) {
	object := &integration.Documentation{ResponseSchema: []byte(`{"type":"object"}`)}
	for name, test := range map[string]struct {
		header, body string
		outcome      vendor.Outcome
		want         string
	}{
		"a plain text":               {"Content-Type: text/plain", "OK", vendor.OK, `"OK"`},
		"a page that says otherwise": {"Content-Type: text/plain", "\n <!DOCTYPE html>", vendor.Unknown, ""},
		"broken JSON":                {typeJSON, `{"a":`, vendor.Unknown, ""},
		"white space":                {typeJSON, " \r\n", vendor.OK, ""},
		"UTF-16 that is not named":   {typeJSON, "\xff\xfe{\x00\"\x00a\x00\"\x00:\x001\x00}\x00", vendor.OK, `{"a":1}`},
		"UTF-16, the other way":      {typeJSON, "\xfe\xff\x00{\x00\"\x00a\x00\"\x00:\x001\x00}", vendor.OK, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil, answer(200, test.header, test.body))
			request := write("/x")
			request.Method.Doc = object
			if r := w.do(t, request); r.Outcome != test.outcome || string(r.Body) != test.want {
				t.Errorf("want outcome %d with %q, got %d with %q (%+v)", test.outcome, test.want, r.Outcome, r.Body, r.Problem)
			}
		})
	}
}

func TestAPageWhereAnObjectIsDocumentedIsNoSuccess(t *testing.T) {
	w := newWorld(t, nil, answer(200, "Content-Type: text/html", "<html>Sign in to the guest network</html>"))
	object := &integration.Documentation{ResponseSchema: []byte(`{"type":"object"}`)}
	for _, test := range []struct {
		name    string
		request *vendor.Request
		doc     *integration.Documentation
		outcome vendor.Outcome
		has     string
	}{
		{"a read", read("/x"), object, vendor.Refused, "Harbor answered 200, but not as its definition in Sluice says: its answer is a page where an object was expected"},
		{"a write", write("/x"), object, vendor.Unknown, "it may have been done: check before repeating"},
		{"a text that is documented", read("/x"), &integration.Documentation{ResponseSchema: []byte(`{"type":"string"}`)}, vendor.OK, ""},
		{"nothing documented", read("/x"), nil, vendor.OK, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.request.Method.Doc = test.doc
			r := w.do(t, test.request)
			said := ""
			if r.Problem != nil {
				said = r.Problem.Message
			}
			if r.Outcome != test.outcome || r.Status != 200 || !strings.Contains(said, test.has) {
				t.Errorf("want outcome %d with %q, got %d with status %d and %q", test.outcome, test.has, r.Outcome, r.Status, said)
			}
		})
	}
}
